// SPDX-License-Identifier: MIT
#include "ops/gradient.h"
#include "ops/math.h"
#include "ops/recurrent.h"

// Long short-term memory over a sequence, gates in the order i, f, g, o.
namespace cresset {
namespace {

constexpr int64_t kGates = 4;

void rule_lstm(Args args, Meta* out) {
  const Tensor &x = args[0].tensor(), &w = args[3].tensor();
  check_recurrent("lstm_sequence", kGates, x, w, {&args[1].tensor(), &args[2].tensor()});
  const Dims state{x.size(0), x.size(1), w.size(1)};
  out[0] = out[1] = Meta(x.dtype(), state);
  out[2] = Meta(x.dtype(), x.shape());
}

void call_lstm(Args args, Tensor* out) {
  if (out[0].numel() == 0) return;
  const Tensor x = contiguous_data(args[0].tensor()), w = contiguous_data(args[3].tensor());
  const Tensor h0 = contiguous_data(args[1].tensor()), c0 = contiguous_data(args[2].tensor());
  const Steps s(w, x.size(0), x.size(1), args[4].boolean());
  const StateWeights weights(s, w, false);
  const int64_t state = s.batch * s.hidden * s.item, row = kGates * s.hidden;
  if (x.bytes() != out[2].bytes()) copy_into(out[2], x);
  const auto cell = kernels().recurrent->lstm[s.type];
  for_each_step(s, false, [&](const StepBlock& b) {
    const char* h = b.before < 0 ? h0.bytes() : out[0].bytes() + b.before * state;
    const char* c = b.before < 0 ? c0.bytes() : out[1].bytes() + b.before * state;
    const int64_t at = b.state_at(s) * s.item, gates_at = b.gates_at(s, kGates) * s.item;
    char* const gates = out[2].bytes() + gates_at;
    for (int64_t gate = 0; gate < kGates; ++gate) {
      char* const target = gates + gate * s.hidden * s.item;
      prefetch_rows(s, b, target, row);
      weights.multiply(b, gate, h, target, row, true);
    }
    cell(b.cell(s), {gates, c + at, out[1].bytes() + b.step * state + at,
                     out[0].bytes() + b.step * state + at});
  });
}

// dh, dc?, gates, c, c0, w_hh -> dgates, dh0, dc0
void rule_backward(Args args, Meta* out) {
  const Tensor &gates = args[2].tensor(), &c0 = args[4].tensor();
  check_recurrent("lstm_sequence_backward", kGates, gates, args[5].tensor(), {&c0});
  out[0] = Meta(gates.dtype(), gates.shape());
  out[1] = out[2] = Meta(c0.dtype(), c0.shape());
}

void call_backward(Args args, Tensor* out) {
  if (out[0].numel() == 0) return;
  const Tensor dh_all = contiguous_data(args[0].tensor());
  const Tensor dc_all = args[1].given() ? contiguous_data(args[1].tensor()) : Tensor();
  const Tensor gates = contiguous_data(args[2].tensor()), c = contiguous_data(args[3].tensor());
  const Tensor c0 = contiguous_data(args[4].tensor()), w = contiguous_data(args[5].tensor());
  const Steps s(w, gates.size(0), gates.size(1), args[6].boolean());
  const StateWeights weights(s, w, true);
  const int64_t state = s.batch * s.hidden * s.item, all_gates = kGates * state;
  const Tensor &dgates = out[0], &dh = out[1], &dc = out[2];
  fill(dc, wrapped_scalar(0.0));
  const auto cell = kernels().recurrent->lstm_backward[s.type];
  for_each_step(s, true, [&](const StepBlock& b) {
    const int64_t at = b.state_at(s) * s.item, gates_at = b.gates_at(s, kGates) * s.item;
    const char* const before = b.before < 0 ? c0.bytes() : c.bytes() + b.before * state;
    for (int64_t gate = 0; gate < kGates; ++gate) {
      const int64_t part = gates_at + gate * s.hidden * s.item;
      prefetch_rows(s, b, gates.bytes() + part, kGates * s.hidden);
      prefetch_rows(s, b, dgates.bytes() + part, kGates * s.hidden);
    }
    prefetch_rows(s, b, before + at, s.hidden);
    copy_rows(s, b, dh.bytes() + at, s.hidden, dh_all.bytes() + b.step * state + at, s.hidden);
    if (b.after >= 0) weights.multiply_back(b, dgates.bytes() + b.after * all_gates, dh.bytes());
    if (dc_all.defined()) add_rows(s, b, dc.bytes() + at, dc_all.bytes() + b.step * state + at);
    cell(b.cell(s),
         {gates.bytes() + gates_at, before + at, c.bytes() + b.step * state + at, nullptr},
         {dgates.bytes() + gates_at, dh.bytes() + at, dc.bytes() + at});
  });
  fill(dh, wrapped_scalar(0.0));
  weights.add_start_gradient(dgates, dh);
}

// The same by ops, for gradients of gradients; gate gradients may have arrived by then.
void gradient_by_ops(Gradient& ctx, Tensor& dgates, Tensor& dh, Tensor& dc) {
  const Tensor c = ctx.output(1), gates = ctx.output(2);
  const Tensor dh_all = ctx.g(0), dc_all = ctx.g(1), &c0 = ctx.x(2), &w = ctx.x(3);
  const bool reverse = ctx.arg(4).boolean();
  const int64_t steps = c.size(0);
  Tensors found(steps);
  dh = zeros_like(c0), dc = zeros_like(c0);
  for (int64_t time = steps - 1; time >= 0; --time) {
    const int64_t step = reverse ? steps - 1 - time : time, before = reverse ? step + 1 : step - 1;
    const Tensor a = step_of(gates, step), i = part_of(a, 0, 4), f = part_of(a, 1, 4),
                 g = part_of(a, 2, 4), o = part_of(a, 3, 4), t = tanh(step_of(c, step));
    dh = dh + step_of(dh_all, step);
    dc = dc + step_of(dc_all, step) + dh * o * (1.0 - square(t));
    const Tensor last = time > 0 ? step_of(c, before) : c0;
    Tensor d = cat({dc * g, dc * last, dc * i, dh * t}, 1);
    if (ctx.has_g(2)) d = d + step_of(ctx.g(2), step);
    found[step] = d * cat({i * (1.0 - i), f * (1.0 - f), 1.0 - square(g), o * (1.0 - o)}, 1);
    dh = matmul(found[step], w);
    dc = dc * f;
  }
  dgates = stack_steps(found);
}

Outputs run_backward(Gradient& ctx);

void gradient_lstm(Gradient& ctx) {
  Outputs d;
  if (ctx.differentiable() || ctx.has_g(2)) {
    gradient_by_ops(ctx, d.t[0], d.t[1], d.t[2]);
  } else {
    d = run_backward(ctx);
  }
  for (int i = 0; i < 3; ++i) ctx.set(i, d.t[i]);
  if (ctx.needs(3))
    ctx.set(3, state_weights_gradient(d.t[0], ctx.output(0), ctx.x(1), ctx.arg(4).boolean()));
}

const Op ops[] = {
    {.name = "lstm_sequence",
     .signature = "gates_x: Tensor, h0: Tensor, c0: Tensor, w_hh: Tensor, reverse: bool -> "
                  "Tensor, Tensor, Tensor",
     .rule = rule_lstm,
     .call = call_lstm,
     .gradient = gradient_lstm,
     .saves = saves_input(1) | saves_input(2) | saves_input(3) | saves_output(0) | saves_output(1) |
              saves_output(2),
     .outputs = 3,
     .overwrites = {0, 2}},
    {.name = "lstm_sequence_backward",
     .signature = "dh: Tensor, dc: Tensor?, gates: Tensor, c: Tensor, c0: Tensor, w_hh: Tensor, "
                  "reverse: bool -> Tensor, Tensor, Tensor",
     .rule = rule_backward,
     .call = call_backward,
     .outputs = 3,
     .overwrites = {2, 0}},
};

Outputs run_backward(Gradient& ctx) {
  const Value args[] = {ctx.g(0),      ctx.has_g(1) ? Value(ctx.g(1)) : Value(),
                        ctx.output(2), ctx.output(1),
                        ctx.x(2),      ctx.x(3),
                        ctx.arg(4)};
  return apply_op(ops[1], args);
}

}  // namespace

OpSpan lstm_ops() { return ops; }

}  // namespace cresset
