// SPDX-License-Identifier: MIT
#include "graph/recorder.h"

#include <cstring>

#include "ops/copy.h"

namespace cresset::graph {
namespace {

// Position of the seed among a random op's arguments, its offset follows; else -1.
int seed_position(const Op& op) {
  const char* const at = std::strstr(op.signature, "seed: int, offset: int");
  if (!at) return -1;
  int position = 0;
  for (const char* p = op.signature; p < at; ++p) position += *p == ':';
  return position;
}

}  // namespace

bool wants_gradient(const Tensor& x) {
  const GradState* const state = grad_state(x);
  return state && (state->requires_grad || state->node);
}

GraphRecorder::GraphRecorder(std::function<int()> locate)
    : locate_(std::move(locate)), previous_(set_recorder(this)) {
  watchers.fetch_add(1);
}

GraphRecorder::~GraphRecorder() { restore(); }

Tensor GraphRecorder::placeholder(const Dims& shape, DType dtype) {
  check_shape("compile", shape);
  storages_.push_back(Storage::placeholder(numel(shape) * item_size(dtype)));
  owned_.insert(storages_.back().get());
  return wrap_storage(storages_.back(), shape, dtype);
}

Tensor GraphRecorder::add_input(const Tensor& like) {
  const Tensor x = placeholder(like.shape(), like.dtype());
  if (requires_grad(like)) ensure_grad_state(x).requires_grad = true;
  graph_.inputs.push_back(x);
  return x;
}

Tensor GraphRecorder::add_number() {
  const Tensor x = placeholder({}, DType::Float64);
  x.impl()->wrapped_number = true;
  graph_.numbers.push_back(x);
  return x;
}

Tensor GraphRecorder::add_numbers(int64_t n) {
  graph_.numbers.push_back(placeholder({n}, DType::Float64));
  return graph_.numbers.back();
}

Tensor GraphRecorder::make(const Meta& meta, Args args) {
  return meta.view_of < 0 ? placeholder(meta.shape, meta.dtype) : make_output(meta, args);
}

void GraphRecorder::check_args(const Op& op, Args args) {
  if (op.reads_values) need_values(op.name);
  for_each_tensor(args, [&](const Tensor& t, int, int) {
    if (!t.storage().data && !is_ours(t))
      fail(ErrorKind::State,
           "%s: got a tensor of another recording, whose values exist in that recording only",
           op.name);
    if (is_ours(t) || t.wrapped_number() || leaves_.contains(t.impl())) return;
    const GradState* const state = grad_state(t);
    if (state && state->parent.defined()) return;
    leaves_.emplace(t.impl(), graph_.leaves.size());
    graph_.leaves.push_back({t, wants_gradient(t)});
  });
}

void GraphRecorder::append(const Op& op, Args args, const Tensor* out, int outputs,
                           Tensors written) {
  Instruction& next = graph_.code.emplace_back();
  next.op = &op;
  next.args.assign(args.begin(), args.end());
  for (int i = 0; i < outputs; ++i) next.out[i] = out[i];
  next.written = std::move(written);
  next.site = locate_();
  next.seed_arg = seed_position(op);
  if (next.seed_arg >= 0) next.draw = graph_.draws++;
}

Outputs GraphRecorder::apply(const Op& op, Args args) {
  check_args(op, args);
  Meta metas[kMaxOutputs];
  op.rule(args, metas);
  Outputs out;
  Tensors written;
  for (int i = 0; i < op.outputs; ++i) {
    out.t[i] = make(metas[i], args);
    if (metas[i].view_of < 0) written.push_back(out.t[i]);
  }
  if (!written.empty()) append(op, args, out.t, op.outputs, std::move(written));
  if (gradients_wanted(args)) record(op, args, out.t);
  if (metas[0].view_of >= 0) track_view(op, args, out.t[0]);
  return out;
}

Tensor GraphRecorder::apply_in_place(const Op& op, Args args) {
  check_args(op, args);
  const Tensor target = args[0].tensor();
  Meta metas[kMaxOutputs];
  op.rule(args, metas);
  const bool direct = check_in_place_result(op, args, metas[0]);
  Tensor out[kMaxOutputs];
  for (int i = 0; i < op.outputs; ++i) out[i] = i == 0 && direct ? target : make(metas[i], args);
  remember(target);
  append(op, args, out, op.outputs, Tensors(out, out + op.outputs));
  if (!direct) {
    static const Op* const copy = find_op("copy");
    const Value copied[] = {target, out[0]};
    append(*copy, copied, &target, 1, {target});
  }
  if (gradients_wanted(args)) {
    record_in_place(op, args, target);
  } else {
    target.bump_version();
  }
  return target;
}

void GraphRecorder::apply_update(const Op& op, Args args, const Tensors& written) {
  check_args(op, args);
  append(op, args, nullptr, 0, written);
  for (const Tensor& x : written) {
    remember(x);
    x.bump_version();
  }
}

void GraphRecorder::touch_gradient(const Tensor& leaf, bool read) {
  const bool is_input = is_ours(leaf);
  if (is_input) {
    bool found = false;
    for (const Tensor& input : graph_.inputs) found = found || input.same(leaf);
    if (!found) return;
  }
  if (slots_.contains(leaf.impl())) return;
  GradState& state = ensure_grad_state(leaf);
  slots_.emplace(leaf.impl(), graph_.gradients.size());
  GradientSlot& slot = graph_.gradients.emplace_back(GradientSlot{leaf, read, {}, {}});
  before_.push_back(state.grad);
  if (!read || !state.grad.defined()) return;
  slot.entry = placeholder(state.grad.shape(), state.grad.dtype());
  state.grad = slot.entry;
}

// Before x, which may come from outside, is changed.
void GraphRecorder::remember(const Tensor& x) {
  if (is_ours(x)) return;
  versions_.try_emplace(&x.storage(), x.impl()->storage, x.version());
  for (Tensor at = x; at.defined();) {
    const GradState* const state = grad_state(at);
    if (!state) return;
    histories_.push_back({at, state->node, state->output, state->version});
    at = state->parent;
  }
}

void GraphRecorder::restore() {
  if (!active_) return;
  active_ = false;
  set_recorder(previous_);
  watchers.fetch_sub(1);
  for (size_t i = 0; i < before_.size(); ++i) {
    GradState& state = ensure_grad_state(graph_.gradients[i].leaf);
    graph_.gradients[i].after = std::exchange(state.grad, before_[i]);
  }
  for (auto& [storage, saved] : versions_) storage->version = saved.second;
  // The first memory of a tensor is the one from before.
  for (size_t i = histories_.size(); i-- > 0;) {
    GradState& state = ensure_grad_state(histories_[i].x);
    state.node = histories_[i].node;
    state.output = histories_[i].output;
    state.version = histories_[i].version;
  }
}

Graph GraphRecorder::finish(const Tensors& outputs) {
  restore();
  graph_.outputs = outputs;
  return std::move(graph_);
}

}  // namespace cresset::graph
