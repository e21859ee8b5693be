// SPDX-License-Identifier: MIT
#pragma once
#include "ops/copy.h"

// Every op as a C++ function, recorded like a call from JavaScript: gradients are written in
// these. Rows of the .def files come first; the structured families follow.
namespace cresset {

#define UNARY(name, ...) Tensor name(const Tensor& x);
#include "ops/unary.def"
#undef UNARY

#define BINARY(name, ...)                                                              \
  Tensor name(const Tensor& a, const Tensor& b);                                       \
  inline Tensor name(const Tensor& a, double b) { return name(a, wrapped_scalar(b)); } \
  inline Tensor name(double a, const Tensor& b) { return name(wrapped_scalar(a), b); }
#include "ops/binary.def"
#undef BINARY

// An empty `dims` reduces all dimensions.
#define REDUCE(name, ...) Tensor name(const Tensor& x, const Dims& dims = {}, bool keepdim = false);
#include "ops/reduce.def"
#undef REDUCE

inline Tensor operator+(const Tensor& a, const Tensor& b) { return add(a, b); }
inline Tensor operator+(const Tensor& a, double b) { return add(a, b); }
inline Tensor operator+(double a, const Tensor& b) { return add(a, b); }
inline Tensor operator-(const Tensor& a, const Tensor& b) { return sub(a, b); }
inline Tensor operator-(const Tensor& a, double b) { return sub(a, b); }
inline Tensor operator-(double a, const Tensor& b) { return sub(a, b); }
inline Tensor operator*(const Tensor& a, const Tensor& b) { return mul(a, b); }
inline Tensor operator*(const Tensor& a, double b) { return mul(a, b); }
inline Tensor operator*(double a, const Tensor& b) { return mul(a, b); }
inline Tensor operator/(const Tensor& a, const Tensor& b) { return div(a, b); }
inline Tensor operator/(const Tensor& a, double b) { return div(a, b); }
inline Tensor operator/(double a, const Tensor& b) { return div(a, b); }

Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b);
Tensor where(const Tensor& condition, const Tensor& a, double b);
Tensor where(const Tensor& condition, double a, const Tensor& b);

// Views (ops/view.cc); reshape copies where a view cannot do.
Tensor reshape(const Tensor& x, const Dims& shape);
Tensor permute(const Tensor& x, const Dims& dims);
Tensor transpose(const Tensor& x, int dim0, int dim1);
Tensor expand(const Tensor& x, const Dims& shape);
Tensor slice(const Tensor& x, int dim, int64_t start, int64_t stop, int64_t step = 1);
// Zeros of `shape` that hold g from `start` on along `dim`.
Tensor embed(const Tensor& g, const Dims& shape, int dim, int64_t start);
Tensor unsqueeze(const Tensor& x, int dim);
Tensor squeeze(const Tensor& x, int dim);
Tensor as_strided(const Tensor& x, const Dims& shape, const Dims& strides, int64_t offset);
// Sums a broadcast tensor back to `shape`.
Tensor sum_to(const Tensor& x, const Dims& shape);

// matrix product of the last two dimensions, broadcast over the others (ops/matmul.cc)
Tensor matmul(const Tensor& a, const Tensor& b);

// The op that does `op` and then relu, or then adds a contiguous tensor of the result's shape and
// floating dtype, its last argument, in one kernel call with the same bits; null: there is none.
const Op* relu_epilogue(const Op& op);
const Op* add_epilogue(const Op& op);

// Running sum along `dim`, from the end if `reverse` (ops/scan.cc).
Tensor cumsum(const Tensor& x, int dim, bool reverse = false);

// Joining (ops/join.cc).
Tensor cat(const Tensors& tensors, int dim);

// Indexing (ops/index.cc). `indices` is (K, ...): index tensors of one shape, stacked, for
// dimensions dim, dim + 1 ... dim + K - 1.
Tensor index(const Tensor& x, const Tensor& indices, int dim);
Tensor index_put(const Tensor& x, const Tensor& indices, const Tensor& values, int dim,
                 bool accumulate);

// Along one dimension, elementwise in the others (ops/scatter.cc).
Tensor gather(const Tensor& x, int dim, const Tensor& index);
Tensor scatter(const Tensor& x, int dim, const Tensor& index, const Tensor& source);
Tensor scatter_add(const Tensor& x, int dim, const Tensor& index, const Tensor& source);

// ops/softmax.cc
Tensor softmax(const Tensor& x, int dim);
Tensor log_softmax(const Tensor& x, int dim);

}  // namespace cresset
