// SPDX-License-Identifier: MIT
#include "ops/gradient.h"
#include "ops/math.h"
#include "ops/recurrent.h"

// The plain recurrent layer: h' = tanh or relu of the input's part plus the state's.
namespace cresset {
namespace {

void rule_rnn(Args args, Meta* out) {
  const Tensor &x = args[0].tensor(), &w = args[2].tensor();
  check_recurrent("rnn_sequence", 1, x, w, {&args[1].tensor()});
  *out = Meta(x.dtype(), x.shape());
}

void call_rnn(Args args, Tensor* out) {
  if (out->numel() == 0) return;
  const Tensor x = contiguous_data(args[0].tensor()), h0 = contiguous_data(args[1].tensor());
  const Tensor w = contiguous_data(args[2].tensor());
  const bool relu = args[3].boolean();
  const Steps s(w, x.size(0), x.size(1), args[4].boolean());
  const StateWeights weights(s, w, false);
  const int64_t state = s.batch * s.hidden * s.item, row = s.hidden * s.item;
  const UnaryFn tanh = kernels().unary->fn[static_cast<int>(UnaryOp::tanh)][s.type];
  for_each_step(s, false, [&](const StepBlock& b) {
    const char* const before = b.before < 0 ? h0.bytes() : out->bytes() + b.before * state;
    const int64_t at = b.step * state + b.state_at(s) * s.item;
    char* const h = out->bytes() + at;
    copy_rows(s, b, h, s.hidden, x.bytes() + at, s.hidden);
    weights.multiply(b, 0, before, h, s.hidden, true, nullptr, relu);
    for (int64_t r = 0; !relu && r < b.rows; ++r) tanh(b.units, h + r * row, 1, h + r * row, 1);
  });
}

// dh, h, h0, w_hh -> dx, dh0
void rule_backward(Args args, Meta* out) {
  const Tensor &h = args[1].tensor(), &h0 = args[2].tensor();
  out[0] = Meta(h.dtype(), h.shape());
  out[1] = Meta(h0.dtype(), h0.shape());
}

void call_backward(Args args, Tensor* out) {
  if (out[0].numel() == 0) return;
  const Tensor dh_all = contiguous_data(args[0].tensor()), h = contiguous_data(args[1].tensor());
  const Tensor w = contiguous_data(args[3].tensor());
  const Steps s(w, h.size(0), h.size(1), args[5].boolean());
  const StateWeights weights(s, w, true);
  const int64_t state = s.batch * s.hidden * s.item, row = s.hidden * s.item;
  const Tensor &dx = out[0], &dh = out[1];
  const FusedOp op = args[4].boolean() ? FusedOp::relu_backward : FusedOp::tanh_backward;
  const BinaryFn derive = kernels().binary->fused[static_cast<int>(op)][s.type];
  for_each_step(s, true, [&](const StepBlock& b) {
    const int64_t in_state = b.state_at(s) * s.item, at = b.step * state + in_state;
    char* const d = dh.bytes() + in_state;
    copy_rows(s, b, d, s.hidden, dh_all.bytes() + at, s.hidden);
    if (b.after >= 0) weights.multiply_back(b, dx.bytes() + b.after * state, dh.bytes());
    for (int64_t r = 0; r < b.rows; ++r)
      derive(b.units, dx.bytes() + at + r * row, 1, d + r * row, 1, h.bytes() + at + r * row, 1);
  });
  fill(dh, wrapped_scalar(0.0));
  weights.add_start_gradient(dx, dh);
}

// The same by ops, for gradients of gradients.
void gradient_by_ops(Gradient& ctx, Tensor& dx, Tensor& dh) {
  const Tensor h = ctx.output(), dh_all = ctx.g();
  const bool relu = ctx.arg(3).boolean(), reverse = ctx.arg(4).boolean();
  const int64_t steps = h.size(0);
  Tensors found(steps);
  dh = zeros_like(ctx.x(1));
  for (int64_t time = steps - 1; time >= 0; --time) {
    const int64_t step = reverse ? steps - 1 - time : time;
    const Tensor y = step_of(h, step), d = dh + step_of(dh_all, step);
    found[step] = relu ? where(gt(y, 0.0), d, 0.0) : d * (1.0 - square(y));
    dh = matmul(found[step], ctx.x(2));
  }
  dx = stack_steps(found);
}

Outputs run_backward(Gradient& ctx);

void gradient_rnn(Gradient& ctx) {
  Outputs d;
  if (ctx.differentiable()) {
    gradient_by_ops(ctx, d.t[0], d.t[1]);
  } else {
    d = run_backward(ctx);
  }
  for (int i = 0; i < 2; ++i) ctx.set(i, d.t[i]);
  if (ctx.needs(2))
    ctx.set(2, state_weights_gradient(d.t[0], ctx.output(), ctx.x(1), ctx.arg(4).boolean()));
}

const Op ops[] = {
    {"rnn_sequence", "x: Tensor, h0: Tensor, w_hh: Tensor, relu: bool, reverse: bool -> Tensor",
     rule_rnn, call_rnn, gradient_rnn, saves_input(1) | saves_input(2) | saves_output(0)},
    {"rnn_sequence_backward",
     "dh: Tensor, h: Tensor, h0: Tensor, w_hh: Tensor, relu: bool, reverse: bool -> Tensor, Tensor",
     rule_backward, call_backward, nullptr, kSaveNothing, 2},
};

Outputs run_backward(Gradient& ctx) {
  const Value args[] = {ctx.g(), ctx.output(), ctx.x(1), ctx.x(2), ctx.arg(3), ctx.arg(4)};
  return apply_op(ops[1], args);
}

}  // namespace

OpSpan rnn_ops() { return ops; }

}  // namespace cresset
