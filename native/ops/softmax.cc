// SPDX-License-Identifier: MIT
#include "ops/softmax.h"

#include "kernels/table.h"
#include "ops/gradient.h"
#include "ops/math.h"

namespace cresset {
namespace {

using Forward = void (*const*)(int64_t rows, int64_t cols, void* y, const void* x);
using Backward = void (*const*)(int64_t rows, int64_t cols, void* dx, const void* y, const void* g);

int type_of(const Tensor& x) { return static_cast<int>(compute_type(x.dtype())); }
int64_t columns(const Tensor& x) { return x.ndim() == 0 ? 1 : x.size(x.ndim() - 1); }

Tensor rows_of(const Tensor& x, int dim, DType type) {
  return contiguous_data(cast_data(dim_last(x, dim), type));
}

// Runs make(y) on contiguous rows along `dim` of `out`, in memory of its own if need be.
template <class Make>
void fill_rows(const Tensor& out, int dim, Make make) {
  if (out.numel() == 0) return;
  const Tensor target = dim_last(out, dim);
  const DType type = compute_dtype(out.dtype());
  if (target.contiguous() && out.dtype() == type) return make(target);
  const Tensor y = empty(target.shape(), type);
  make(y);
  copy_into(target, y);
}

int dim_of(const char* op, Args args) {
  return normalize_dim(op, args[1].integer(), args[0].tensor().ndim());
}

void rule(const char* op, Args args, Meta* out) {
  const Tensor& x = args[0].tensor();
  dim_of(op, args);
  if (!is_float(x.dtype()))
    fail(ErrorKind::DType, "%s: expected a floating dtype, got %s; pass a dtype or convert first",
         op, name(x.dtype()));
  *out = Meta(x.dtype(), x.shape());
}

void run(const char* op, Forward table, Args args, const Tensor& out) {
  const int dim = dim_of(op, args);
  fill_rows(out, dim, [&](const Tensor& y) {
    const Tensor x = rows_of(args[0].tensor(), dim, y.dtype());
    table[type_of(y)](y.numel() / columns(y), columns(y), y.bytes(), x.bytes());
  });
}

// Backward from the output y, as ops of their own: (y, g, dim).
void rule_backward(Args args, Meta* out) {
  *out = Meta(args[0].tensor().dtype(), args[0].tensor().shape());
}
void run_backward(Backward table, Args args, const Tensor& out) {
  const Tensor &y = args[0].tensor(), &g = args[1].tensor();
  const int dim = static_cast<int>(args[2].integer());
  fill_rows(out, dim, [&](const Tensor& dx) {
    const Tensor y_rows = rows_of(y, dim, dx.dtype()), g_rows = rows_of(g, dim, dx.dtype());
    table[type_of(dx)](dx.numel() / columns(dx), columns(dx), dx.bytes(), y_rows.bytes(),
                       g_rows.bytes());
  });
}
void call_softmax_backward(Args args, Tensor* out) {
  run_backward(kernels().softmax->softmax_backward, args, *out);
}
void call_log_softmax_backward(Args args, Tensor* out) {
  run_backward(kernels().softmax->log_softmax_backward, args, *out);
}
constexpr Op kBackward = {"softmax_backward", "y: Tensor, g: Tensor, dim: int -> Tensor",
                          rule_backward, call_softmax_backward};
constexpr Op kLogBackward = {"log_softmax_backward", "y: Tensor, g: Tensor, dim: int -> Tensor",
                             rule_backward, call_log_softmax_backward};

void rule_softmax(Args args, Meta* out) { rule("softmax", args, out); }
void call_softmax(Args args, Tensor* out) {
  run("softmax", kernels().softmax->softmax, args, *out);
}
void gradient_softmax(Gradient& ctx) {
  const Tensor y = ctx.output(), g = ctx.g();
  const int dim = normalize_dim("softmax", ctx.arg(1).integer(), y.ndim());
  if (!ctx.differentiable()) return ctx.set(0, call(kBackward, y, g, dim));
  ctx.set(0, y * (g - sum(g * y, {dim}, true)));
}

void rule_log_softmax(Args args, Meta* out) { rule("log_softmax", args, out); }
void call_log_softmax(Args args, Tensor* out) {
  run("log_softmax", kernels().softmax->log_softmax, args, *out);
}
void gradient_log_softmax(Gradient& ctx) {
  const Tensor y = ctx.output(), g = ctx.g();
  const int dim = normalize_dim("log_softmax", ctx.arg(1).integer(), y.ndim());
  if (!ctx.differentiable()) return ctx.set(0, call(kLogBackward, y, g, dim));
  ctx.set(0, g - exp(y) * sum(g, {dim}, true));
}

const Op ops[] = {
    {"softmax", "x: Tensor, dim: int -> Tensor", rule_softmax, call_softmax, gradient_softmax,
     saves_output(0)},
    {"log_softmax", "x: Tensor, dim: int -> Tensor", rule_log_softmax, call_log_softmax,
     gradient_log_softmax, saves_output(0)},
};

}  // namespace

OpSpan softmax_ops() { return ops; }

Tensor softmax(const Tensor& x, int dim) { return call(ops[0], x, dim); }
Tensor log_softmax(const Tensor& x, int dim) { return call(ops[1], x, dim); }

Tensor dim_last(const Tensor& x, int dim) {
  if (dim >= x.ndim() - 1) return x;
  Dims shape = x.shape(), strides = x.strides();
  shape.erase(dim);
  strides.erase(dim);
  shape.push_back(x.size(dim));
  strides.push_back(x.strides()[dim]);
  return view_of(x, shape, strides, x.offset());
}

void log_softmax_rows(const Tensor& y, const Tensor& x) {
  if (y.numel() == 0) return;
  kernels().softmax->log_softmax[type_of(y)](y.numel() / columns(y), columns(y), y.bytes(),
                                             x.bytes());
}

}  // namespace cresset
