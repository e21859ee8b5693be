// SPDX-License-Identifier: MIT
#include <limits>

#include "kernels/table.h"
#include "ops/elementwise.h"
#include "ops/gradient.h"
#include "ops/math.h"
#include "ops/scratch.h"

// softmax(q k^T scale + mask) v without the matrix of weights, over stacks that broadcast.
namespace cresset {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr const char* kName = "scaledDotProductAttention";

Dims stack_shape(const Tensor& x) {
  Dims shape = x.shape();
  shape.erase(shape.size() - 1);
  shape.erase(shape.size() - 1);
  return shape;
}
Dims with_matrix(Dims stack, int64_t rows, int64_t columns) {
  stack.push_back(rows);
  stack.push_back(columns);
  return stack;
}
int64_t rows(const Tensor& x) { return x.size(x.ndim() - 2); }
int64_t columns(const Tensor& x) { return x.size(x.ndim() - 1); }

void check_matrices(const Tensor& q, const Tensor& k, const Tensor& v) {
  for (const Tensor* x : {&q, &k, &v})
    if (x->ndim() < 2)
      fail(ErrorKind::Shape, "%s: expected query, key and value of 2 dimensions or more, got %s",
           kName, to_string(x->shape()).c_str());
  if (columns(q) != columns(k) || rows(k) != rows(v))
    fail(ErrorKind::Shape, "%s: query %s, key %s and value %s do not fit", kName,
         to_string(q.shape()).c_str(), to_string(k.shape()).c_str(), to_string(v.shape()).c_str());
  if ((q.dtype() != DType::Float32 && q.dtype() != DType::Float64) || k.dtype() != q.dtype() ||
      v.dtype() != q.dtype())
    fail(ErrorKind::DType,
         "%s: expected query, key and value of one dtype, float32 or float64, got %s, %s and %s",
         kName, name(q.dtype()), name(k.dtype()), name(v.dtype()));
}

// The stack's shape, broadcast over all arguments.
Dims check_arguments(const Tensor& q, const Tensor& k, const Tensor& v, const Value& mask) {
  check_matrices(q, k, v);
  Dims stack = broadcast_shapes(kName, stack_shape(q),
                                broadcast_shapes(kName, stack_shape(k), stack_shape(v)));
  if (!mask.given()) return stack;
  const Dims scores = with_matrix(stack, rows(q), rows(k));
  const Dims all = broadcast_shapes(kName, scores, mask.tensor().shape());
  if (all[all.size() - 2] != rows(q) || all.back() != rows(k))
    fail(ErrorKind::Shape, "%s: attnMask: expected a shape that broadcasts to %s, got %s", kName,
         to_string(scores).c_str(), to_string(mask.tensor().shape()).c_str());
  Dims result;
  for (int i = 0; i < all.size() - 2; ++i) result.push_back(all[i]);
  return result;
}

// A tensor as the kernel reads it; what `strides` points to lives as long as this.
struct Stacked {
  Tensor x;
  Dims strides;

  Stacked() = default;
  Stacked(const Tensor& source, const Dims& stack)
      : x(columns(source) <= 1 || source.strides()[source.ndim() - 1] == 1
              ? source
              : contiguous_data(source)) {
    Dims full = stack;
    full.push_back(rows(x));
    full.push_back(columns(x));
    strides = broadcast_strides(x.shape(), x.strides(), full);
  }
  MatrixStack get() const { return {x.bytes(), strides[strides.size() - 2], strides.begin()}; }
};

struct Mask {
  Tensor x;
  Dims strides;

  Mask(const Value& mask, const Dims& scores, DType dtype) {
    if (!mask.given()) return;
    const Tensor& source = mask.tensor();
    x = source.dtype() == DType::Bool ? source : cast_data(source, dtype);
    strides = broadcast_strides(x.shape(), x.strides(), scores);
  }
  void give_to(AttentionArgs& args) const {
    if (!x.defined()) return;
    args.mask = {x.bytes(), strides[strides.size() - 2], strides.begin()};
    args.mask_column = strides.back();
    args.mask_allows = x.dtype() == DType::Bool;
  }
};

AttentionArgs kernel_args(const Dims& stack, const Stacked& q, const Stacked& k, const Stacked& v,
                          const Mask& mask, bool causal, double scale) {
  AttentionArgs args{};
  args.queries = rows(q.x);
  args.keys = rows(k.x);
  args.width = columns(q.x);
  args.value_width = columns(v.x);
  args.dims = stack.size();
  args.shape = stack.begin();
  args.q = q.get();
  args.k = k.get();
  args.v = v.get();
  mask.give_to(args);
  args.causal = causal;
  args.scale = scale;
  args.slots = scratch_slots();
  return args;
}

void rule_attention(Args args, Meta* out) {
  const Tensor &q = args[0].tensor(), &v = args[2].tensor();
  Dims stack = check_arguments(q, args[1].tensor(), v, args[3]);
  out[0] = Meta(q.dtype(), with_matrix(stack, rows(q), columns(v)));
  stack.push_back(rows(q));
  out[1] = Meta(q.dtype(), stack);
}

void call_attention(Args args, Tensor* out) {
  const Tensor &q = args[0].tensor(), &k = args[1].tensor(), &v = args[2].tensor();
  if (out[0].numel() == 0 || rows(k) == 0) {
    if (out[0].numel() > 0) fill(out[0], wrapped_scalar(0.0));
    if (out[1].numel() > 0) fill(out[1], wrapped_scalar(kInfinity));
    return;
  }
  const Dims stack = stack_shape(out[0]);
  const Stacked sq(q, stack), sk(k, stack), sv(v, stack);
  const Mask mask(args[3], with_matrix(stack, rows(q), rows(k)), q.dtype());
  AttentionArgs a = kernel_args(stack, sq, sk, sv, mask, args[4].boolean(), args[5].number());
  const Stacked y(out[0], stack);
  a.y = y.get();
  a.log_sum = out[1].bytes();
  const int type = static_cast<int>(compute_type(q.dtype()));
  const Tensor memory = scratch(kernels().attention->scratch[type](a));
  a.scratch = memory.bytes();
  kernels().attention->forward[type](a);
}

// dy, q, k, v, mask?, y, log_sum, causal, scale -> dq, dk, dv over the whole stack
void rule_backward(Args args, Meta* out) {
  const Tensor &dy = args[0].tensor(), &k = args[2].tensor();
  const Dims stack = stack_shape(dy);
  out[0] = Meta(dy.dtype(), with_matrix(stack, rows(dy), columns(k)));
  out[1] = Meta(dy.dtype(), with_matrix(stack, rows(k), columns(k)));
  out[2] = Meta(dy.dtype(), with_matrix(stack, rows(k), columns(dy)));
}

void call_backward(Args args, Tensor* out) {
  const Tensor &dy = args[0].tensor(), &q = args[1].tensor(), &k = args[2].tensor();
  if (dy.numel() == 0 || rows(k) == 0) {
    for (int i = 0; i < 3; ++i)
      if (out[i].numel() > 0) fill(out[i], wrapped_scalar(0.0));
    return;
  }
  const Dims stack = stack_shape(dy);
  const Stacked sq(q, stack), sk(k, stack), sv(args[3].tensor(), stack), sdy(dy, stack);
  const Mask mask(args[4], with_matrix(stack, rows(q), rows(k)), q.dtype());
  AttentionArgs a = kernel_args(stack, sq, sk, sv, mask, args[7].boolean(), args[8].number());
  const Stacked y(args[5].tensor(), stack), dq(out[0], stack), dk(out[1], stack), dv(out[2], stack);
  const Tensor log_sum = contiguous_data(args[6].tensor());
  a.y = y.get();
  a.log_sum = log_sum.bytes();
  a.dy = sdy.get();
  a.dq = dq.get();
  a.dk = dk.get();
  a.dv = dv.get();
  const int type = static_cast<int>(compute_type(q.dtype()));
  const Tensor memory = scratch(kernels().attention->scratch[type](a));
  a.scratch = memory.bytes();
  kernels().attention->backward[type](a);
}

// bool [queries, keys]: query i sees keys 0 ... i.
Tensor causal_mask(int64_t queries, int64_t keys) {
  const Tensor mask = empty({queries, keys}, DType::Bool);
  for (int64_t i = 0; i < queries; ++i)
    for (int64_t j = 0; j < keys; ++j) mask.data<uint8_t>()[i * keys + j] = j <= i;
  return mask;
}
Tensor swapped(const Tensor& x) { return transpose(x, -2, -1); }

// For gradients of gradients and that of an added mask.
void gradient_by_ops(Gradient& ctx) {
  const Tensor &q = ctx.x(0), &k = ctx.x(1), &v = ctx.x(2), g = ctx.g();
  const Value& mask = ctx.arg(3);
  const double scale = ctx.arg(5).number();
  Tensor scores = matmul(q, swapped(k)) * scale;
  if (mask.given())
    scores = mask.tensor().dtype() == DType::Bool ? where(mask.tensor(), scores, -kInfinity)
                                                  : scores + mask.tensor();
  if (ctx.arg(4).boolean()) scores = where(causal_mask(rows(q), rows(k)), scores, -kInfinity);
  const Tensor blind = unsqueeze(eq(ctx.output(1), kInfinity), -1);
  const Tensor w = where(blind, 0.0, softmax(where(blind, 0.0, scores), -1));
  const Tensor dw = matmul(g, swapped(v)), ds = w * (dw - sum(dw * w, {-1}, true));
  if (ctx.needs(0)) ctx.set(0, matmul(ds, k) * scale);
  if (ctx.needs(1)) ctx.set(1, matmul(swapped(ds), q) * scale);
  if (ctx.needs(2)) ctx.set(2, matmul(swapped(w), g));
  if (ctx.needs(3)) ctx.set(3, ds);
}

Outputs run_backward(Gradient& ctx);

void gradient_attention(Gradient& ctx) {
  if (ctx.differentiable() || ctx.needs(3)) return gradient_by_ops(ctx);
  const Outputs d = run_backward(ctx);
  for (int i = 0; i < 3; ++i) ctx.set(i, d.t[i]);
}

const Op ops[] = {
    {.name = "attention",
     .signature = "q: Tensor, k: Tensor, v: Tensor, mask: Tensor?, causal: bool, scale: float -> "
                  "Tensor, Tensor",
     .rule = rule_attention,
     .call = call_attention,
     .gradient = gradient_attention,
     .saves = saves_input(0) | saves_input(1) | saves_input(2) | saves_input(3) | saves_output(0) |
              saves_output(1),
     .outputs = 2,
     .any_rows = 1},
    {.name = "attention_backward",
     .signature = "dy: Tensor, q: Tensor, k: Tensor, v: Tensor, mask: Tensor?, y: Tensor, "
                  "log_sum: Tensor, causal: bool, scale: float -> Tensor, Tensor, Tensor",
     .rule = rule_backward,
     .call = call_backward,
     .outputs = 3,
     .any_rows = 7},
};

Outputs run_backward(Gradient& ctx) {
  const Value args[] = {ctx.g(),       ctx.arg(0),    ctx.arg(1), ctx.arg(2), ctx.arg(3),
                        ctx.output(0), ctx.output(1), ctx.arg(4), ctx.arg(5)};
  return apply_op(ops[1], args);
}

}  // namespace

OpSpan attention_ops() { return ops; }

}  // namespace cresset
