// SPDX-License-Identifier: MIT
#include "autograd/node.h"

#include "ops/math.h"
#include "ops/recorder.h"

namespace cresset {
namespace {

std::atomic<uint64_t> next_sequence{1};
thread_local bool t_grad_enabled = true;

// Runs a view op on a gradient or puts a gradient back into zeros: what a write through a view
// means for the tensor behind it.
struct ScatterNode : Node {
  const Op& op;
  Values args;  // args[0] is filled in per call

  ScatterNode(const Op& op, Values args) : op(op), args(std::move(args)) {}
  const char* name() const override { return "view_scatter"; }
  void release() override {}

  void backward(const Tensors& grads, bool, Parts& results) override {
    if (!grads[0].defined()) return;
    // inputs[0]: the old value, hidden where the view was written; inputs[1]: the new part.
    Values values = args;
    if (inputs[0].edge.valid()) {
      const Tensor rest = clone(grads[0]);
      values[0] = rest;
      copy_(apply_op(op, values).t[0], wrapped_scalar(0.0));
      results[0] = rest;
    }
    values[0] = grads[0];
    results[1] = apply_op(op, values).t[0];
  }
};

// Nodes whose last reference went away while another is being freed wait here.
thread_local std::vector<Node*>* t_dying = nullptr;

}  // namespace

uint64_t new_sequence() noexcept { return next_sequence.fetch_add(1, std::memory_order_relaxed); }

Node::Node() : sequence(new_sequence()), session(tape_session()) {}

void Node::add_input(const Tensor& x, int arg, int item) {
  inputs.push_back({arg, item, x.dtype(), x.shape(), requires_grad(x) ? edge_of(x) : Edge()});
  if (inputs.back().edge.valid()) note_input(*this, inputs.back().edge);
}

void Node::destroy(Node* node) noexcept {
  if (t_dying) {
    t_dying->push_back(node);
    return;
  }
  std::vector<Node*> dying{node};
  t_dying = &dying;
  while (!dying.empty()) {
    Node* last = dying.back();
    dying.pop_back();
    delete last;
  }
  t_dying = nullptr;
}

GradState* grad_state(const Tensor& x) { return static_cast<GradState*>(x.impl()->autograd); }

GradState& ensure_grad_state(const Tensor& x) {
  if (!x.impl()->autograd) x.impl()->autograd = new GradState;
  return *grad_state(x);
}

bool requires_grad(const Tensor& x) {
  for (const GradState* state = grad_state(x); state;
       state = state->parent.defined() ? grad_state(state->parent) : nullptr) {
    if (is_active(*state)) return true;
  }
  return false;
}

bool is_leaf(const Tensor& x) { return !requires_grad(x) || !edge_of(x).node; }

Tensor gradient_of(const Tensor& leaf) {
  if (Recorder* active = active_recorder()) active->touch_gradient(leaf, true);
  const GradState* state = grad_state(leaf);
  return state ? state->grad : Tensor();
}

void set_gradient(const Tensor& leaf, const Tensor& gradient) {
  if (Recorder* active = active_recorder()) active->touch_gradient(leaf, false);
  if (gradient.defined() || grad_state(leaf)) ensure_grad_state(leaf).grad = gradient;
}

void set_node(const Tensor& x, Ref<Node> node, int output) {
  GradState& state = ensure_grad_state(x);
  state.node = std::move(node);
  state.output = output;
  state.version = x.version();
}

bool grad_enabled() noexcept { return t_grad_enabled; }
bool set_grad_enabled(bool enabled) noexcept { return std::exchange(t_grad_enabled, enabled); }

Ref<Node> make_op_node(const Op& op, Args args);  // record.cc

Edge edge_of(const Tensor& x) {
  GradState* state = grad_state(x);
  if (!state) return {};
  if (state->parent.defined() && state->version != x.version() && requires_grad(state->parent)) {
    Values args = state->args;
    args[0] = state->parent;
    Ref<Node> node = make_op_node(*state->op, args);
    node->add_output(x);
    set_node(x, std::move(node), 0);
  }
  if (state->node) return {state->node, state->output, {}};
  if (state->requires_grad || state->watchers || state->variable) return {nullptr, 0, x};
  return {};
}

void rebase(const Tensor& x, Ref<Node> node) {
  GradState& state = ensure_grad_state(x);
  if (state.parent.defined()) {
    const Tensor parent = state.parent;
    Ref<Node> scatter(new ScatterNode(*state.op, state.args));
    scatter->session = node->session;
    scatter->add_input(parent, 0);
    scatter->inputs.push_back({1, -1, x.dtype(), x.shape(), {node, 0, {}}});
    scatter->add_output(parent);
    rebase(parent, std::move(scatter));
  }
  set_node(x, std::move(node), 0);
}

void forget(const Tensor& x) {
  GradState& state = ensure_grad_state(x);
  state.node = {};
  state.parent = {};
}

SavedTensor::SavedTensor(const Tensor& x, bool is_output)
    : version_(x.version()), is_output_(is_output) {
  const Edge edge = is_output ? Edge() : edge_of(x);
  if (edge.valid() && requires_grad(x)) edge_ = edge;
  // Leaves may be kept as they are: they have no node that could lead back here.
  data_ = (is_output || edge.node) ? alias_of(x) : x;
}

Tensor SavedTensor::unpack(const char* op, bool create_graph, Node* self, int output) const {
  if (data_.version() != version_)
    fail(ErrorKind::State,
         "%s: a tensor of shape %s that its gradient needs was changed in place "
         "(saved at version %u, now at version %u)",
         op, to_string(data_.shape()).c_str(), version_, data_.version());
  if (!create_graph || (!is_output_ && !edge_.node)) return data_;
  const Tensor x = alias_of(data_);
  if (is_output_) {
    set_node(x, Ref<Node>::share(self), output);
  } else {
    set_node(x, edge_.node, edge_.output);
  }
  return x;
}

}  // namespace cresset
