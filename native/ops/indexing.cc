// SPDX-License-Identifier: MIT
#include "ops/indexing.h"

#include <algorithm>

#include "core/error.h"
#include "core/parallel.h"
#include "ops/copy.h"

namespace cresset {
namespace {

constexpr int64_t kGrain = 1 << 15;

// Does one stride cover dimensions [begin, end)? Those of size 1 do not count.
bool single_stride(const Dims& shape, const Dims& strides, int begin, int end, int64_t* stride) {
  int64_t run = 1;
  bool first = true;
  for (int d = end - 1; d >= begin; --d) {
    if (shape[d] == 1) continue;
    if (first) *stride = strides[d];
    if (!first && strides[d] != *stride * run) return false;
    first = false;
    run *= shape[d];
  }
  return true;
}

void fill_offsets(const Dims& shape, const Dims& strides, int begin, int end, int64_t* offsets) {
  int64_t count = 1;
  offsets[0] = 0;
  // Each dimension, from the last one, repeats what is there already.
  for (int d = end - 1; d >= begin; --d) {
    for (int64_t k = shape[d] - 1; k > 0; --k)
      for (int64_t i = 0; i < count; ++i) offsets[k * count + i] = offsets[i] + k * strides[d];
    count *= shape[d];
  }
}

void rows_body(void* ctx, int64_t begin, int64_t end) {
  const Transfer& t = *static_cast<const Transfer*>(ctx);
  const int64_t middle = t.middle();
  while (begin < end) {
    const int64_t m = begin % middle, n = std::min(middle - m, end - begin);
    t.rows(t, begin / middle, m, m + n, 0, t.inner());
    begin += n;
  }
}

void columns_body(void* ctx, int64_t begin, int64_t end) {
  const Transfer& t = *static_cast<const Transfer*>(ctx);
  const int64_t inner = t.inner();
  while (begin < end) {
    const int64_t i = begin % inner, n = std::min(inner - i, end - begin);
    t.rows(t, begin / inner, 0, t.middle(), i, i + n);
    begin += n;
  }
}

}  // namespace

Axis::Axis(const Dims& shape, const Dims& strides, int begin, int end) {
  for (int d = begin; d < end; ++d) size_ *= shape[d];
  if (size_ == 0 || single_stride(shape, strides, begin, end, &stride_)) return;
  table_ = empty({size_}, DType::Int64);
  fill_offsets(shape, strides, begin, end, table_.data<int64_t>());
  offsets_ = table_.data<int64_t>();
}

Axis::Axis(const Tensor& offsets)
    : size_(offsets.numel()), offsets_(offsets.data<int64_t>()), table_(offsets) {}

Blocks::Blocks(const Tensor& x, const Dims& shape, const Dims& strides, int dim, int count)
    : data(x.bytes()),
      outer(shape, strides, 0, dim),
      middle(shape, strides, dim, dim + count),
      inner(shape, strides, dim + count, shape.size()) {}

void run_transfer(const Transfer& t, bool ordered) {
  const int64_t inner = t.inner(), middle = t.middle();
  if (t.outer() == 0 || middle == 0 || inner == 0) return;
  void* ctx = const_cast<Transfer*>(&t);
  if (ordered || inner >= kGrain) {
    // At least a cache line's worth of columns each.
    parallel_for(t.outer() * inner, std::max<int64_t>(kGrain / middle, 64), columns_body, ctx);
  } else {
    parallel_for(t.outer() * middle, std::max<int64_t>(kGrain / inner, 1), rows_body, ctx);
  }
}

void require_integers(const char* op, const Tensor& index) {
  if (category(index.dtype()) != Category::Int)
    fail(ErrorKind::DType, "%s: expected an index of an integer dtype, got %s", op,
         name(index.dtype()));
}

Tensor checked_index(const char* op, const Tensor& index, int64_t size, int dim, bool wrap) {
  Tensor own = empty(index.shape(), DType::Int64);
  copy_into(own, index);
  int64_t* const values = own.data<int64_t>();
  bool bad = false;
  for (int64_t i = 0; i < own.numel(); ++i) {
    const int64_t v = values[i];
    const int64_t moved = wrap && v < 0 ? v + size : v;
    bad |= static_cast<uint64_t>(moved) >= static_cast<uint64_t>(size);
    values[i] = bad ? v : moved;
  }
  for (int64_t i = 0; bad && i < own.numel(); ++i)
    if (values[i] >= size || values[i] < (wrap ? -size : 0))
      fail(ErrorKind::Range, "%s: index %lld is out of range for dimension %d of size %lld", op,
           static_cast<long long>(values[i]), dim, static_cast<long long>(size));
  return own;
}

Tensor as_vector(const Tensor& x) { return x.ndim() == 0 ? view_of(x, {1}, {1}, x.offset()) : x; }

void require_same_dtype(const char* op, const Tensor& x, const Tensor& values) {
  if (values.wrapped_number() || values.dtype() == x.dtype()) return;
  fail(ErrorKind::DType, "%s: expected values of the tensor's dtype %s, got %s", op,
       name(x.dtype()), name(values.dtype()));
}

}  // namespace cresset
