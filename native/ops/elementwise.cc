// SPDX-License-Identifier: MIT
#include "ops/elementwise.h"

#include <algorithm>
#include <atomic>

#include "core/parallel.h"

namespace cresset {
namespace {

constexpr int64_t kGrain = 1 << 15;  // elements a chunk; well under 1 ms for every kernel
constexpr int64_t kTile = 512;
constexpr int64_t kTilesAhead = 2;
constexpr int64_t kFetched = 1 << 17;  // elements: fewer are mostly where the op before left them

// Of arrays that come from memory, or from the third cache where a function takes long to compute,
// the processor's own fetching ahead gives half of what this gives.
void fetch(const char* from, int64_t bytes) {
  for (int64_t i = 0; i < bytes; i += 64) __builtin_prefetch(from + i);
}

bool mergeable(const Walk& w, int d) {
  for (int k = 0; k < w.operands; ++k)
    if (w.strides[k][d] != w.strides[k][d + 1] * w.shape[d + 1]) return false;
  return true;
}

void collapse(Walk& w) {
  for (int d = w.shape.size() - 1; d >= 0 && w.shape.size() > 1; --d) {
    if (w.shape[d] != 1) continue;
    w.shape.erase(d);
    for (int k = 0; k < w.operands; ++k) w.strides[k].erase(d);
  }
  for (int d = w.shape.size() - 2; d >= 0; --d) {
    if (!mergeable(w, d)) continue;
    w.shape[d] *= w.shape[d + 1];
    w.shape.erase(d + 1);
    for (int k = 0; k < w.operands; ++k) {
      w.strides[k][d] = w.strides[k][d + 1];
      w.strides[k].erase(d + 1);
    }
  }
  // Transposed operands: let the output's smallest stride run innermost.
  const int last = w.shape.size() - 1;
  int best = last;
  for (int d = 0; d < last; ++d)
    if (w.strides[0][d] < w.strides[0][best] && w.strides[0][d] > 0) best = d;
  if (best == last) return;
  std::swap(w.shape[best], w.shape[last]);
  for (int k = 0; k < w.operands; ++k) std::swap(w.strides[k][best], w.strides[k][last]);
}

// One operand's run as the kernel's dtype: itself, or a converted copy in the tile.
struct Converter {
  CastFn cast;  // null: no conversion
  int item;

  Converter(DType from, DType to)
      : cast(from == to ? nullptr
                        : kernels().cast->fn[static_cast<int>(from)][static_cast<int>(to)]),
        item(item_size(from)) {}
};

struct Loop {
  const Walk& walk;
  UnaryFn unary;
  BinaryFn binary;
  Converter in, in2, out;
  const bool past_caches = goes_past_caches();
  const bool fetches = past_caches || walk.count() >= kFetched;

  // Long runs that no input lies under: its lines are in the cache already.
  bool goes_past_caches() const {
    const int last = walk.shape.size() - 1;
    if (out.cast || walk.count() * out.item < kPastCaches) return false;
    for (int k = 1; k < walk.operands; ++k)
      if (walk.data[k] == walk.data[0]) return false;
    return walk.strides[0][last] == 1 && walk.shape[last] >= kTile;
  }

  void tile(int64_t n, char* const* data, const int64_t* strides, int64_t from) const {
    alignas(64) char buffer[3][kTile * 8];
    const void* inputs[2];
    int64_t input_strides[2] = {1, 1};
    const Converter* converters[] = {&in, &in2};
    for (int k = 0; k < walk.operands - 1; ++k) {
      const Converter& c = *converters[k];
      const int64_t stride = strides[k + 1];
      const char* p = data[k + 1] + from * stride * c.item;
      input_strides[k] = stride;
      inputs[k] = p;
      if (fetches && stride == 1) fetch(p + kTilesAhead * n * c.item, n * c.item);
      if (!c.cast) continue;
      c.cast(stride == 0 ? 1 : n, buffer[k], 1, p, stride);
      inputs[k] = buffer[k];
      input_strides[k] = stride == 0 ? 0 : 1;
    }
    char* target = data[0] + from * strides[0] * out.item;
    const bool buffered = out.cast || past_caches;
    void* y = buffered ? buffer[2] : target;
    const int64_t ys = buffered ? 1 : strides[0];
    if (unary) {
      unary(n, y, ys, inputs[0], input_strides[0]);
    } else {
      binary(n, y, ys, inputs[0], input_strides[0], inputs[1], input_strides[1]);
    }
    if (out.cast) out.cast(n, target, strides[0], y, 1);
    if (past_caches) kernels().cast->move(n * out.item, target, y);
  }

  void run(int64_t begin, int64_t end) const {
    const bool tiled = in.cast || in2.cast || out.cast || fetches;
    for_each_run(walk, begin, end, [&](int64_t n, char* const* data, const int64_t* strides) {
      const int64_t step = tiled ? kTile : n;
      for (int64_t i = 0; i < n; i += step) tile(std::min(step, n - i), data, strides, i);
    });
    if (past_caches) std::atomic_thread_fence(std::memory_order_seq_cst);
  }

  void run_all() const {
    const int64_t n = walk.count();
    if (n == 0) return;
    if (n <= kGrain) return run(0, n);
    parallel_for(
        n, kGrain,
        [](void* ctx, int64_t begin, int64_t end) {
          static_cast<const Loop*>(ctx)->run(begin, end);
        },
        const_cast<Loop*>(this));
  }
};

// Small tensors are the many: what needs neither a walk nor a conversion nor a second chunk.
bool is_one_run(const Tensor& y, const Tensor& x, DType kernel_dtype) {
  return y.numel() <= kGrain && x.dtype() == kernel_dtype && x.contiguous() &&
         x.shape() == y.shape();
}

// The kernel writes `computed`; stored as the output's dtype.
Converter storing(DType computed, DType stored) {
  Converter c(computed, stored);
  c.item = item_size(stored);
  return c;
}

}  // namespace

void ResultType::add(const Tensor& x) {
  const int rank = x.wrapped_number() ? 2 : x.ndim() == 0 ? 1 : 0;
  of_[rank] = seen_[rank] ? promote(of_[rank], x.dtype()) : x.dtype();
  seen_[rank] = true;
}

DType ResultType::get() const {
  // A float number alone makes the default float type, not float64.
  const DType number = is_float(of_[2]) ? kDefaultFloat : of_[2];
  bool any = false;
  DType type = DType::Bool;
  for (int rank = 0; rank < 3; ++rank) {
    if (!seen_[rank]) continue;
    const DType t = rank == 2 ? number : of_[rank];
    if (!any || category(t) > category(type)) type = t;
    any = true;
  }
  return type;
}

DType result_type(const Tensor& a, const Tensor& b) {
  if (a.dtype() == b.dtype() && !a.wrapped_number() && !b.wrapped_number()) return a.dtype();
  ResultType type;
  type.add(a);
  type.add(b);
  return type.get();
}

Walk::Walk(const Tensor* const* tensors, int operands) : operands(operands) {
  const Tensor& first = *tensors[0];
  bool flat = true;
  for (int k = 0; k < operands; ++k) {
    data[k] = tensors[k]->bytes();
    item[k] = item_size(tensors[k]->dtype());
    flat = flat && tensors[k]->contiguous() && tensors[k]->shape() == first.shape();
  }
  if (flat || first.ndim() == 0) {
    shape = {first.numel()};
    for (int k = 0; k < operands; ++k) strides[k] = {1};
    return;
  }
  shape = first.shape();
  for (int k = 0; k < operands; ++k)
    strides[k] = broadcast_strides(tensors[k]->shape(), tensors[k]->strides(), shape);
  collapse(*this);
}

void run_unary(UnaryFn fn, DType in, DType out, const Tensor& y, const Tensor& x) {
  if (is_one_run(y, y, out) && is_one_run(y, x, in))
    return fn(y.numel(), y.bytes(), 1, x.bytes(), 1);
  const Tensor* tensors[] = {&y, &x};
  const Walk walk(tensors, 2);
  Loop{walk, fn, nullptr, {x.dtype(), in}, {in, in}, storing(out, y.dtype())}.run_all();
}

void run_binary(BinaryFn fn, DType in, DType out, const Tensor& z, const Tensor& a,
                const Tensor& b) {
  if (is_one_run(z, z, out) && is_one_run(z, a, in) && is_one_run(z, b, in))
    return fn(z.numel(), z.bytes(), 1, a.bytes(), 1, b.bytes(), 1);
  const Tensor* tensors[] = {&z, &a, &b};
  const Walk walk(tensors, 3);
  Loop{walk, nullptr, fn, {a.dtype(), in}, {b.dtype(), in}, storing(out, z.dtype())}.run_all();
}

}  // namespace cresset
