// SPDX-License-Identifier: MIT
#include "core/parallel.h"
#include "ops/elementwise.h"
#include "ops/gradient.h"
#include "ops/math.h"

namespace cresset {
namespace {

void rule_where(Args args, Meta* out) {
  const Tensor &c = args[0].tensor(), &a = args[1].tensor(), &b = args[2].tensor();
  if (c.dtype() != DType::Bool && c.dtype() != DType::UInt8)
    fail(ErrorKind::DType, "where: expected a bool condition, got dtype %s", name(c.dtype()));
  *out = Meta(result_type(a, b), broadcast_shapes("where", c.shape(),
                                                  broadcast_shapes("where", a.shape(), b.shape())));
}

struct Loop {
  Walk walk;
  WhereFn fn;
};

void call_where(Args args, Tensor* out) {
  if (out->numel() == 0) return;
  const Tensor& c = args[0].tensor();
  const Tensor a = cast_data(args[1].tensor(), out->dtype());
  const Tensor b = cast_data(args[2].tensor(), out->dtype());
  const Tensor* tensors[] = {out, &c, &a, &b};
  const int size = __builtin_ctz(item_size(out->dtype()));
  const Loop loop{Walk(tensors, 4), kernels().cast->where[size]};
  parallel_for(
      loop.walk.count(), 1 << 15,
      [](void* ctx, int64_t begin, int64_t end) {
        const Loop& loop = *static_cast<const Loop*>(ctx);
        for_each_run(loop.walk, begin, end,
                     [&](int64_t n, char* const* data, const int64_t* strides) {
                       loop.fn(n, data[0], reinterpret_cast<const uint8_t*>(data[1]), strides[1],
                               data[2], strides[2], data[3], strides[3]);
                     });
      },
      const_cast<Loop*>(&loop));
}

bool row_where(Args, DType out, RowKernel* kernel) {
  kernel->in = kernel->out = out;
  kernel->where = kernels().cast->where[__builtin_ctz(item_size(out))];
  return true;
}

void gradient_where(Gradient& ctx) {
  const Tensor& condition = ctx.x(0);
  if (ctx.needs(1)) ctx.set(1, where(condition, ctx.g(), 0.0));
  if (ctx.needs(2)) ctx.set(2, where(condition, 0.0, ctx.g()));
}

const Op ops[] = {
    {"where", "condition: Tensor, a: Scalar, b: Scalar -> Tensor", rule_where, call_where,
     gradient_where, saves_input(0), 1, false, false, false, row_where},
};

}  // namespace

OpSpan where_ops() { return ops; }

Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b) {
  return call(ops[0], condition, a, b);
}
Tensor where(const Tensor& condition, const Tensor& a, double b) {
  return where(condition, a, wrapped_scalar(b));
}
Tensor where(const Tensor& condition, double a, const Tensor& b) {
  return where(condition, wrapped_scalar(a), b);
}

}  // namespace cresset
