// SPDX-License-Identifier: MIT
#pragma once
#include "core/tensor.h"
#include "kernels/table.h"

// Promotion, broadcasting and stride collapsing, once for all elementwise ops.
namespace cresset {

// PyTorch's result dtype of several tensors: numbers and zero-dim tensors count by category only.
class ResultType {
 public:
  void add(const Tensor& x);
  DType get() const;

 private:
  DType of_[3] = {};  // tensors with dimensions, zero-dim tensors, numbers
  bool seen_[3] = {};
};
DType result_type(const Tensor& a, const Tensor& b);

// Outputs of so many bytes are found in no cache afterwards and are written past them.
inline constexpr int64_t kPastCaches = 32 << 20;

// Up to kMaxOperands tensors walked in step; the first is the output. Dimensions that are adjacent
// in all of them are merged, so most loops end up with one.
inline constexpr int kMaxOperands = 12;
struct Walk {
  int operands;
  Dims shape;
  Dims strides[kMaxOperands];
  char* data[kMaxOperands];
  int item[kMaxOperands];  // bytes

  // `tensors[0]` has the full shape; the others broadcast to it.
  Walk(const Tensor* const* tensors, int operands);
  int64_t count() const { return numel(shape); }
};

// Calls f(n, data, strides) for innermost runs that cover elements [begin, end) in row-major
// order of walk.shape.
template <class F>
void for_each_run(const Walk& walk, int64_t begin, int64_t end, F f) {
  const int inner = walk.shape.size() - 1;
  const int64_t length = walk.shape[inner];
  int64_t at = begin % length, rest = begin / length;
  Dims index = Dims::filled(inner, 0);
  int64_t row[kMaxOperands] = {}, strides[kMaxOperands];  // row: where the run's row begins
  for (int k = 0; k < walk.operands; ++k) strides[k] = walk.strides[k][inner];
  for (int d = inner - 1; d >= 0; rest /= walk.shape[d--]) {
    index[d] = rest % walk.shape[d];
    for (int k = 0; k < walk.operands; ++k) row[k] += index[d] * walk.strides[k][d];
  }
  while (begin < end) {
    char* data[kMaxOperands];
    for (int k = 0; k < walk.operands; ++k)
      data[k] = walk.data[k] + (row[k] + at * strides[k]) * walk.item[k];
    const int64_t n = length - at < end - begin ? length - at : end - begin;
    f(n, data, strides);
    begin += n;
    at = 0;
    for (int d = inner - 1; d >= 0; --d) {
      for (int k = 0; k < walk.operands; ++k) row[k] += walk.strides[k][d];
      if (++index[d] < walk.shape[d]) break;
      index[d] = 0;
      for (int k = 0; k < walk.operands; ++k) row[k] -= walk.shape[d] * walk.strides[k][d];
    }
  }
}

// What an elementwise call does to each element: one of three kinds of kernel, the dtype of its
// inputs (where's condition aside) and of its result. `first` is the position of the first input
// among the call's arguments.
struct RowKernel {
  UnaryFn unary = nullptr;
  BinaryFn binary = nullptr;
  WhereFn where = nullptr;
  DType in, out;
  int first = 0;
  int inputs() const { return where ? 3 : binary ? 2 : 1; }
};

// A kernel over dtypes of its own; operands of another dtype are converted in tiles that stay in
// the first-level cache. fn takes (n, out, in...) as UnaryFn and BinaryFn do.
void run_unary(UnaryFn fn, DType in, DType out, const Tensor& y, const Tensor& x);
void run_binary(BinaryFn fn, DType in, DType out, const Tensor& z, const Tensor& a,
                const Tensor& b);

}  // namespace cresset
