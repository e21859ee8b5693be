// SPDX-License-Identifier: MIT
#include "ops/copy.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>

#include "core/parallel.h"
#include "ops/elementwise.h"
#include "ops/gradient.h"
#include "ops/recorder.h"

namespace cresset {
namespace {

void rule_cast(Args args, Meta* out) { *out = Meta(args[1].dtype(), args[0].tensor().shape()); }
void rule_same(Args args, Meta* out) {
  *out = Meta(args[0].tensor().dtype(), args[0].tensor().shape());
}
void rule_copy(Args args, Meta* out) {
  const Tensor &target = args[0].tensor(), &source = args[1].tensor();
  if (!broadcasts_to(source.shape(), target.shape()))
    fail(ErrorKind::Shape, "copy_: shape %s cannot be broadcast to %s",
         to_string(source.shape()).c_str(), to_string(target.shape()).c_str());
  *out = Meta(target.dtype(), target.shape());
}
void call_copy_input(Args args, Tensor* out) { copy_into(out[0], args[0].tensor()); }
void call_copy_source(Args args, Tensor* out) { copy_into(out[0], args[1].tensor()); }
void gradient_pass(Gradient& ctx) { ctx.set(0, ctx.g()); }
void gradient_copy(Gradient& ctx) {
  if (ctx.needs(0)) ctx.set(0, zeros(ctx.shape(0), ctx.dtype(0)));
  if (ctx.needs(1)) ctx.set(1, ctx.g());
}

template <int kInput>
bool row_copy(Args args, DType out, RowKernel* kernel) {
  kernel->in = args[kInput].tensor().dtype();
  kernel->out = out;
  kernel->unary = kernels().cast->fn[static_cast<int>(kernel->in)][static_cast<int>(out)];
  kernel->first = kInput;
  return true;
}

const Op ops[] = {
    {"cast", "x: Tensor, dtype: dtype -> Tensor", rule_cast, call_copy_input, gradient_pass,
     kSaveNothing, 1, false, false, false, row_copy<0>},
    {"clone", "x: Tensor -> Tensor", rule_same, call_copy_input, gradient_pass, kSaveNothing, 1,
     false, false, false, row_copy<0>},
    {"copy", "x: Tensor, source: Scalar -> Tensor", rule_copy, call_copy_source, gradient_copy,
     kSaveNothing, 1, true, false, false, row_copy<1>},
};
enum { kCast, kClone, kCopy };

// Two layouts whose unit strides lie in different dimensions, which are copied tile by tile; the
// other dimensions make a stack.
class TransposedCopy {
 public:
  TransposedCopy(const Tensor& target, const Tensor& source)
      : tensors_{&target, &source}, walk_(tensors_, 2) {
    const int last = walk_.shape.size() - 1;
    for (int d = 0; d < last; ++d)
      if (walk_.strides[1][d] == 1 && walk_.shape[d] > 1) cols_dim_ = d;
    if (cols_dim_ < 0 || walk_.strides[0][last] != 1 || walk_.strides[1][last] == 1) {
      cols_dim_ = -1;
      return;
    }
    rows_ = walk_.shape[last];
    cols_ = walk_.shape[cols_dim_];
    past_caches_ = walk_.count() * walk_.item[0] >= kPastCaches;
    row_tiles_ = (rows_ + kTileRows - 1) / kTileRows;
    col_tiles_ = (cols_ + kTileCols - 1) / kTileCols;
  }
  // Narrow matrices gain nothing.
  bool pays() const { return cols_dim_ >= 0 && rows_ >= kLeast && cols_ >= kLeast; }
  void run() const {
    parallel_for(
        walk_.count() / (rows_ * cols_) * row_tiles_ * col_tiles_, 1,
        [](void* ctx, int64_t begin, int64_t end) {
          for (int64_t i = begin; i < end; ++i) static_cast<const TransposedCopy*>(ctx)->tile(i);
        },
        const_cast<TransposedCopy*>(this));
  }

 private:
  static constexpr int64_t kLeast = 8, kTileRows = 64, kTileCols = 512;

  void tile(int64_t i) const {
    const int last = walk_.shape.size() - 1;
    const int64_t row = i % row_tiles_ * kTileRows, col = i / row_tiles_ % col_tiles_ * kTileCols;
    int64_t matrix = i / (row_tiles_ * col_tiles_);
    const int64_t ys = walk_.strides[0][cols_dim_], xs = walk_.strides[1][last];
    int64_t y = row + col * ys, x = row * xs + col;
    for (int d = last - 1; d >= 0; --d) {
      if (d == cols_dim_) continue;
      y += matrix % walk_.shape[d] * walk_.strides[0][d];
      x += matrix % walk_.shape[d] * walk_.strides[1][d];
      matrix /= walk_.shape[d];
    }
    const int item = walk_.item[0];
    kernels().cast->transpose[std::countr_zero(static_cast<unsigned>(item))](
        std::min(kTileRows, rows_ - row), std::min(kTileCols, cols_ - col),
        walk_.data[0] + y * item, ys, walk_.data[1] + x * item, xs, past_caches_);
    if (past_caches_) std::atomic_thread_fence(std::memory_order_seq_cst);
  }

  const Tensor* tensors_[2];
  const Walk walk_;
  int cols_dim_ = -1;
  bool past_caches_ = false;
  int64_t rows_ = 0, cols_ = 0, row_tiles_ = 0, col_tiles_ = 0;
};

bool copy_transposed(const Tensor& target, const Tensor& source) {
  if (target.dtype() != source.dtype() || source.contiguous() || target.numel() < 256) return false;
  const TransposedCopy copy(target, source);
  if (copy.pays()) copy.run();
  return copy.pays();
}

}  // namespace

OpSpan copy_ops() { return ops; }

void copy_into(const Tensor& target, const Tensor& source) {
  if (target.numel() == 0) return;
  if (target.dtype() == source.dtype() && target.contiguous() && source.contiguous() &&
      target.numel() == source.numel() && target.numel() <= 4096) {
    std::memmove(target.bytes(), source.bytes(), target.numel() * item_size(target.dtype()));
    return;
  }
  if (may_overlap(target, source) && !same_view(target, source)) {
    const Tensor separate = empty(source.shape(), source.dtype());
    copy_into(separate, source);
    return copy_into(target, separate);
  }
  if (copy_transposed(target, source)) return;
  const CastFn fn =
      kernels().cast->fn[static_cast<int>(source.dtype())][static_cast<int>(target.dtype())];
  run_unary(fn, source.dtype(), target.dtype(), target, source);
}

void fill(const Tensor& target, const Tensor& scalar) { copy_into(target, scalar); }

Tensor contiguous_data(const Tensor& x) {
  if (x.contiguous()) return x;
  Tensor y = empty(x.shape(), x.dtype());
  copy_into(y, x);
  return y;
}

Tensor cast_data(const Tensor& x, DType dtype) {
  if (x.dtype() == dtype) return x;
  Tensor y = empty(x.shape(), dtype);
  copy_into(y, x);
  return y;
}

Tensor cast(const Tensor& x, DType dtype) {
  return x.dtype() == dtype ? x : call(ops[kCast], x, dtype);
}
Tensor clone(const Tensor& x) { return call(ops[kClone], x); }
Tensor contiguous(const Tensor& x) { return x.contiguous() ? x : clone(x); }
Tensor copy_(const Tensor& target, const Tensor& source) {
  const Value args[] = {target, source};
  return apply_in_place(ops[kCopy], args);
}

// Recorded like any op; otherwise without the detour.
Tensor recorded_full(const Dims& shape, const Tensor& value, DType dtype) {
  return call(create_ops()[0], shape, value, dtype);
}

Tensor zeros(const Dims& shape, DType dtype) {
  if (active_recorder()) return recorded_full(shape, wrapped_scalar(0.0), dtype);
  Tensor y = empty(shape, dtype);
  std::memset(y.storage().data, 0, y.storage().bytes);
  return y;
}
Tensor full(const Dims& shape, double value, DType dtype) {
  if (active_recorder()) return recorded_full(shape, wrapped_scalar(value), dtype);
  Tensor y = empty(shape, dtype);
  copy_into(y, wrapped_scalar(value));
  return y;
}
Tensor zeros_like(const Tensor& x) { return zeros(x.shape(), x.dtype()); }

}  // namespace cresset
