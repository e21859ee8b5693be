// SPDX-License-Identifier: MIT
#pragma once
#include <algorithm>

#include "core/parallel.h"
#include "ops/op.h"

// Ops that work along one dimension, line by line.
namespace cresset {

// The lines of a contiguous tensor seen as (outer, n, inner). A scalar is one line of one element.
struct Lines {
  int64_t outer = 1, n = 1, inner = 1;

  Lines(const Dims& shape, int dim) {
    for (int i = 0; i < dim; ++i) outer *= shape[i];
    if (!shape.empty()) n = shape[dim];
    for (int i = dim + 1; i < shape.size(); ++i) inner *= shape[i];
  }
  int64_t count() const { return outer * inner; }
  int64_t start(int64_t line) const { return line / inner * n * inner + line % inner; }
};

// Calls f(line) for lines [begin, end) in parallel; `work` is the number of elements in one.
template <class F>
void for_each_line(int64_t begin, int64_t end, int64_t work, const F& f) {
  struct Loop {
    int64_t begin;
    const F& f;
  } loop{begin, f};
  parallel_for(
      end - begin, std::max<int64_t>(1, (1 << 15) / std::max<int64_t>(1, work)),
      [](void* ctx, int64_t from, int64_t to) {
        const Loop& loop = *static_cast<const Loop*>(ctx);
        for (int64_t i = from; i < to; ++i) loop.f(loop.begin + i);
      },
      &loop);
}

// Calls f with a value of the C++ type in which `dtype` is computed.
template <class F>
void with_compute_type(DType dtype, const F& f) {
  switch (compute_dtype(dtype)) {
    case DType::Int64:
      return f(int64_t{});
    case DType::Float32:
      return f(float{});
    default:
      return f(double{});
  }
}

// The dimension argument at `position`.
inline int dim_of(const char* op, Args args, int position = 1) {
  return normalize_dim(op, args[position].integer(), args[0].tensor().ndim());
}

}  // namespace cresset
