// SPDX-License-Identifier: MIT
#include "ops/gradient.h"
#include "ops/math.h"
#include "ops/recurrent.h"

// Gated recurrent units over a sequence, gates in the order r, z, n; y is the state's part of n.
namespace cresset {
namespace {

constexpr int64_t kGates = 3;

void rule_gru(Args args, Meta* out) {
  const Tensor &x = args[0].tensor(), &w = args[2].tensor();
  check_recurrent("gru_sequence", kGates, x, w, {&args[1].tensor()});
  if (args[3].given()) {
    const Tensor& bias = args[3].tensor();
    if (bias.shape() != Dims{w.size(0)} || bias.dtype() != x.dtype())
      fail(ErrorKind::Shape, "gru_sequence: b_hh: expected %s of shape [%lld], got %s of shape %s",
           name(x.dtype()), static_cast<long long>(w.size(0)), name(bias.dtype()),
           to_string(bias.shape()).c_str());
  }
  out[0] = out[2] = Meta(x.dtype(), {x.size(0), x.size(1), w.size(1)});
  out[1] = Meta(x.dtype(), x.shape());
}

void call_gru(Args args, Tensor* out) {
  if (out[0].numel() == 0) return;
  const Tensor x = contiguous_data(args[0].tensor()), h0 = contiguous_data(args[1].tensor());
  const Tensor w = contiguous_data(args[2].tensor());
  const Tensor bias = args[3].given() ? contiguous_data(args[3].tensor()) : Tensor();
  const Steps s(w, x.size(0), x.size(1), args[4].boolean());
  const StateWeights weights(s, w, false);
  const int64_t state = s.batch * s.hidden * s.item, row = kGates * s.hidden;
  if (x.bytes() != out[1].bytes()) copy_into(out[1], x);
  const auto cell = kernels().recurrent->gru[s.type];
  for_each_step(s, false, [&](const StepBlock& b) {
    const char* const h = b.before < 0 ? h0.bytes() : out[0].bytes() + b.before * state;
    const int64_t in_state = b.state_at(s) * s.item, at = b.step * state + in_state;
    char* const gates = out[1].bytes() + b.gates_at(s, kGates) * s.item;
    char* const y = out[2].bytes() + at;
    for (int64_t gate = 0; gate < kGates; ++gate) {
      char* const target = gates + gate * s.hidden * s.item;
      prefetch_rows(s, b, target, row);
      const char* const offset =
          bias.defined() ? bias.bytes() + (gate * s.hidden + b.unit) * s.item : nullptr;
      if (gate < 2)
        weights.multiply(b, gate, h, target, row, true, offset);
      else
        weights.multiply(b, gate, h, y, s.hidden, false, offset);
    }
    cell(b.cell(s), {gates, y, h + in_state, out[0].bytes() + at});
  });
}

// dh, gates, y, h, h0, w_hh -> dgates_x, dgates_h, dh0
void rule_backward(Args args, Meta* out) {
  const Tensor &gates = args[1].tensor(), &h0 = args[4].tensor();
  out[0] = out[1] = Meta(gates.dtype(), gates.shape());
  out[2] = Meta(h0.dtype(), h0.shape());
}

void call_backward(Args args, Tensor* out) {
  if (out[0].numel() == 0) return;
  const Tensor dh_all = contiguous_data(args[0].tensor());
  const Tensor gates = contiguous_data(args[1].tensor()), y = contiguous_data(args[2].tensor());
  const Tensor h = contiguous_data(args[3].tensor()), h0 = contiguous_data(args[4].tensor());
  const Tensor w = contiguous_data(args[5].tensor());
  const Steps s(w, h.size(0), h.size(1), args[6].boolean());
  const StateWeights weights(s, w, true);
  const int64_t state = s.batch * s.hidden * s.item, all_gates = kGates * state;
  const Tensor &from_x = out[0], &from_h = out[1], &dh = out[2];
  fill(dh, wrapped_scalar(0.0));
  const auto cell = kernels().recurrent->gru_backward[s.type];
  for_each_step(s, true, [&](const StepBlock& b) {
    const int64_t in_state = b.state_at(s) * s.item, at = b.step * state + in_state;
    const int64_t gates_at = b.gates_at(s, kGates) * s.item;
    const char* const before = b.before < 0 ? h0.bytes() : h.bytes() + b.before * state;
    for (int64_t gate = 0; gate < kGates; ++gate)
      for (const Tensor* x : {&gates, &from_x, &from_h})
        prefetch_rows(s, b, x->bytes() + gates_at + gate * s.hidden * s.item, kGates * s.hidden);
    if (b.after >= 0) weights.multiply_back(b, from_h.bytes() + b.after * all_gates, dh.bytes());
    add_rows(s, b, dh.bytes() + in_state, dh_all.bytes() + at);
    cell(b.cell(s), {gates.bytes() + gates_at, y.bytes() + at, before + in_state, nullptr},
         {from_x.bytes() + gates_at, from_h.bytes() + gates_at, dh.bytes() + in_state});
  });
  weights.add_start_gradient(from_h, dh);
}

// The same by ops, for gradients of gradients; gradients of what was kept may have arrived.
void gradient_by_ops(Gradient& ctx, Tensor& from_x, Tensor& from_h, Tensor& dh) {
  const Tensor h = ctx.output(0), gates = ctx.output(1), y_all = ctx.output(2);
  const Tensor dh_all = ctx.g(0), dgates = ctx.g(1), dy = ctx.g(2);
  const Tensor &h0 = ctx.x(1), &w = ctx.x(2);
  const bool reverse = ctx.arg(4).boolean();
  const int64_t steps = h.size(0);
  Tensors x_parts(steps), h_parts(steps);
  dh = zeros_like(h0);
  for (int64_t time = steps - 1; time >= 0; --time) {
    const int64_t step = reverse ? steps - 1 - time : time, before = reverse ? step + 1 : step - 1;
    const Tensor a = step_of(gates, step), r = part_of(a, 0, 3), z = part_of(a, 1, 3),
                 n = part_of(a, 2, 3), y = step_of(y_all, step), d = step_of(dgates, step);
    const Tensor last = time > 0 ? step_of(h, before) : h0;
    dh = dh + step_of(dh_all, step);
    const Tensor dn = (dh * (1.0 - z) + part_of(d, 2, 3)) * (1.0 - square(n));
    const Tensor dz = (dh * (last - n) + part_of(d, 1, 3)) * (z * (1.0 - z));
    const Tensor dr = (dn * y + part_of(d, 0, 3)) * (r * (1.0 - r));
    x_parts[step] = cat({dr, dz, dn}, 1);
    h_parts[step] = cat({dr, dz, dn * r + step_of(dy, step)}, 1);
    dh = dh * z + matmul(h_parts[step], w);
  }
  from_x = stack_steps(x_parts);
  from_h = stack_steps(h_parts);
}

Outputs run_backward(Gradient& ctx);

void gradient_gru(Gradient& ctx) {
  Outputs d;
  if (ctx.differentiable() || ctx.has_g(1) || ctx.has_g(2)) {
    gradient_by_ops(ctx, d.t[0], d.t[1], d.t[2]);
  } else {
    d = run_backward(ctx);
  }
  ctx.set(0, d.t[0]);
  ctx.set(1, d.t[2]);
  if (ctx.needs(2))
    ctx.set(2, state_weights_gradient(d.t[1], ctx.output(0), ctx.x(1), ctx.arg(4).boolean()));
  if (ctx.needs(3)) ctx.set(3, sum(d.t[1], {0, 1}));
}

const Op ops[] = {
    {.name = "gru_sequence",
     .signature = "gates_x: Tensor, h0: Tensor, w_hh: Tensor, b_hh: Tensor?, reverse: bool -> "
                  "Tensor, Tensor, Tensor",
     .rule = rule_gru,
     .call = call_gru,
     .gradient = gradient_gru,
     .saves = saves_input(1) | saves_input(2) | saves_output(0) | saves_output(1) | saves_output(2),
     .outputs = 3,
     .overwrites = {0, 1}},
    {.name = "gru_sequence_backward",
     .signature = "dh: Tensor, gates: Tensor, y: Tensor, h: Tensor, h0: Tensor, w_hh: Tensor, "
                  "reverse: bool -> Tensor, Tensor, Tensor",
     .rule = rule_backward,
     .call = call_backward,
     .outputs = 3,
     .overwrites = {1, 0}},
};

Outputs run_backward(Gradient& ctx) {
  const Value args[] = {ctx.g(0), ctx.output(1), ctx.output(2), ctx.output(0),
                        ctx.x(1), ctx.x(2),      ctx.arg(4)};
  return apply_op(ops[1], args);
}

}  // namespace

OpSpan gru_ops() { return ops; }

}  // namespace cresset
