// SPDX-License-Identifier: MIT
#include "ops/gradient.h"
#include "ops/math.h"
#include "ops/recurrent.h"

// Gated recurrent units over a sequence, gates in the order r, z, n. Kept for the gradient, in one
// tensor [steps, batch, 4 * hidden]: r, z, n and the state's part of n.
namespace cresset {
namespace {

constexpr int64_t kGates = 3, kKept = 4;

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
  out[0] = Meta(x.dtype(), {x.size(0), x.size(1), w.size(1)});
  out[1] = Meta(x.dtype(), {x.size(0), x.size(1), kKept * w.size(1)});
}

void call_gru(Args args, Tensor* out) {
  if (out[0].numel() == 0) return;
  const Tensor x = contiguous_data(args[0].tensor()), h0 = contiguous_data(args[1].tensor());
  const Tensor w = contiguous_data(args[2].tensor());
  const Tensor bias = args[3].given() ? contiguous_data(args[3].tensor()) : Tensor();
  const Steps s(w, x.size(0), x.size(1), args[4].boolean());
  const StateWeights weights(s, w, false);
  const int64_t state = s.batch * s.hidden * s.item, gate_bytes = s.hidden * s.item;
  const int64_t row = kKept * s.hidden, x_row = kGates * s.hidden;
  const auto cell = kernels().recurrent->gru[s.type];
  for_each_step(s, false, [&](const StepBlock& b) {
    const char* const h = b.before < 0 ? h0.bytes() : out[0].bytes() + b.before * state;
    const int64_t at = b.state_at(s) * s.item;
    char* const kept = out[1].bytes() + b.gates_at(s, kKept) * s.item;
    const char* const inputs = x.bytes() + b.gates_at(s, kGates) * s.item;
    for (int64_t gate = 0; gate < kGates; ++gate) {
      copy_rows(s, b, kept + gate * gate_bytes, row, inputs + gate * gate_bytes, x_row);
      const bool candidate = gate == kGates - 1;
      const char* const offset =
          bias.defined() ? bias.bytes() + gate * gate_bytes + b.unit * s.item : nullptr;
      weights.multiply(b, gate, h, kept + (gate + candidate) * gate_bytes, row, !candidate, offset);
    }
    cell(b.cell(s), {kept, h + at, out[0].bytes() + b.step * state + at});
  });
}

// dh, gates, h, h0, w_hh -> dgates_x, dgates_h, dh0
void rule_backward(Args args, Meta* out) {
  const Tensor &dh = args[0].tensor(), &h0 = args[3].tensor(), &w = args[4].tensor();
  const Meta gates(dh.dtype(), {dh.size(0), dh.size(1), w.size(0)});
  out[0] = out[1] = gates;
  out[2] = Meta(h0.dtype(), h0.shape());
}

void call_backward(Args args, Tensor* out) {
  if (out[0].numel() == 0) return;
  const Tensor dh_all = contiguous_data(args[0].tensor());
  const Tensor kept = contiguous_data(args[1].tensor()), h = contiguous_data(args[2].tensor());
  const Tensor h0 = contiguous_data(args[3].tensor()), w = contiguous_data(args[4].tensor());
  const Steps s(w, h.size(0), h.size(1), args[5].boolean());
  const StateWeights weights(s, w, true);
  const int64_t state = s.batch * s.hidden * s.item, all_gates = kGates * state;
  const Tensor &from_x = out[0], &from_h = out[1], &dh = out[2];
  fill(dh, wrapped_scalar(0.0));
  const auto cell = kernels().recurrent->gru_backward[s.type];
  for_each_step(s, true, [&](const StepBlock& b) {
    const int64_t at = b.state_at(s) * s.item, gates_at = b.gates_at(s, kGates) * s.item;
    const char* const before = b.before < 0 ? h0.bytes() : h.bytes() + b.before * state;
    if (b.after >= 0) weights.multiply_back(b, from_h.bytes() + b.after * all_gates, dh.bytes());
    add_rows(s, b, dh.bytes() + at, dh_all.bytes() + b.step * state + at);
    cell(b.cell(s), {kept.bytes() + b.gates_at(s, kKept) * s.item, before + at, nullptr},
         {from_x.bytes() + gates_at, from_h.bytes() + gates_at, dh.bytes() + at});
  });
  weights.add_start_gradient(from_h, dh);
}

// The same by ops, for gradients of gradients; gradients of what was kept may have arrived.
void gradient_by_ops(Gradient& ctx, Tensor& from_x, Tensor& from_h, Tensor& dh) {
  const Tensor h = ctx.output(0), kept = ctx.output(1), dh_all = ctx.g(0), dkept_all = ctx.g(1);
  const Tensor &h0 = ctx.x(1), &w = ctx.x(2);
  const bool reverse = ctx.arg(4).boolean();
  const int64_t steps = h.size(0);
  Tensors x_parts(steps), h_parts(steps);
  dh = zeros_like(h0);
  for (int64_t time = steps - 1; time >= 0; --time) {
    const int64_t step = reverse ? steps - 1 - time : time, before = reverse ? step + 1 : step - 1;
    const Tensor a = step_of(kept, step), r = part_of(a, 0, 4), z = part_of(a, 1, 4),
                 n = part_of(a, 2, 4), y = part_of(a, 3, 4), d = step_of(dkept_all, step);
    const Tensor last = time > 0 ? step_of(h, before) : h0;
    dh = dh + step_of(dh_all, step);
    const Tensor dn = (dh * (1.0 - z) + part_of(d, 2, 4)) * (1.0 - square(n));
    const Tensor dz = (dh * (last - n) + part_of(d, 1, 4)) * (z * (1.0 - z));
    const Tensor dr = (dn * y + part_of(d, 0, 4)) * (r * (1.0 - r));
    x_parts[step] = cat({dr, dz, dn}, 1);
    h_parts[step] = cat({dr, dz, dn * r + part_of(d, 3, 4)}, 1);
    dh = dh * z + matmul(h_parts[step], w);
  }
  from_x = stack_steps(x_parts);
  from_h = stack_steps(h_parts);
}

Outputs run_backward(Gradient& ctx);

void gradient_gru(Gradient& ctx) {
  Outputs d;
  if (ctx.differentiable() || ctx.has_g(1)) {
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
    {"gru_sequence",
     "gates_x: Tensor, h0: Tensor, w_hh: Tensor, b_hh: Tensor?, reverse: bool -> Tensor, Tensor",
     rule_gru, call_gru, gradient_gru,
     saves_input(1) | saves_input(2) | saves_output(0) | saves_output(1), 2},
    {"gru_sequence_backward",
     "dh: Tensor, kept: Tensor, h: Tensor, h0: Tensor, w_hh: Tensor, reverse: bool -> Tensor, "
     "Tensor, Tensor",
     rule_backward, call_backward, nullptr, kSaveNothing, 3},
};

Outputs run_backward(Gradient& ctx) {
  const Value args[] = {ctx.g(0), ctx.output(1), ctx.output(0), ctx.x(1), ctx.x(2), ctx.arg(4)};
  return apply_op(ops[1], args);
}

}  // namespace

OpSpan gru_ops() { return ops; }

}  // namespace cresset
