// SPDX-License-Identifier: MIT
#pragma once
#include "core/tensor.h"

// What indexed reads and writes share: checked indices, and loops over tensors seen as
// (outer, middle, inner) around the indexed dimensions.
namespace cresset {

// A stretch of dimensions of a strided tensor walked as one: element i lies at(i) elements on.
class Axis {
 public:
  Axis() = default;  // one element
  Axis(const Dims& shape, const Dims& strides, int begin, int end);
  explicit Axis(const Tensor& offsets);  // int64, contiguous

  int64_t size() const { return size_; }
  int64_t at(int64_t i) const { return offsets_ ? offsets_[i] : i * stride_; }
  bool dense() const { return !offsets_ && stride_ == 1; }

 private:
  int64_t size_ = 1, stride_ = 1;
  const int64_t* offsets_ = nullptr;  // where no single stride would do
  Tensor table_;
};

struct Blocks {
  char* data;
  Axis outer, middle, inner;

  // `x` seen under `shape` (its own, or one it is read or broadcast to), its dimensions
  // [dim, dim + count) in the middle.
  Blocks(const Tensor& x, const Dims& shape, const Dims& strides, int dim, int count);
};

// to[o, m, i] is written from from[o, m, i] by `rows`, for all o < outer and so on.
struct Transfer {
  Blocks to, from;
  // gather and scatter: (outer, middle, inner), contiguous; replaces the middle position of one
  // side.
  const int64_t* index = nullptr;
  int64_t step = 0;
  // Handles [m0, m1) x [i0, i1) of one outer position.
  void (*rows)(const Transfer& t, int64_t o, int64_t m0, int64_t m1, int64_t i0, int64_t i1);

  int64_t outer() const { return to.outer.size(); }
  int64_t middle() const { return to.middle.size(); }
  int64_t inner() const { return to.inner.size(); }
};

// Runs a transfer in parallel. If `ordered`, the middle positions of each (outer, inner) follow
// one another in one thread: targets may repeat, and sums come out in the same order.
void run_transfer(const Transfer& transfer, bool ordered);

// The index as an int64 copy of its own, so that nothing can change after the check; every entry is
// in [0, size), or in [-size, size) and moved up if `wrap`. RangeError otherwise.
Tensor checked_index(const char* op, const Tensor& index, int64_t size, int dim, bool wrap);
void require_integers(const char* op, const Tensor& index);

// A zero-dim tensor as a vector.
Tensor as_vector(const Tensor& x);
// Tensors that are written into x must have its dtype; numbers are converted.
void require_same_dtype(const char* op, const Tensor& x, const Tensor& values);

}  // namespace cresset
