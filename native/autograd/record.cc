// SPDX-License-Identifier: MIT
#include "autograd/node.h"
#include "ops/gradient.h"
#include "ops/math.h"

// The hooks that `ops` calls: from an op call to a node of the tape.
namespace cresset {
namespace {

struct OpNode : Node {
  const Op& op;
  Values args;  // tensors are kept apart, in `saved`
  PooledVector<SavedTensor> saved;
  SavedTensor saved_outputs[kMaxOutputs];
  bool released = false;

  explicit OpNode(const Op& op) : op(op) {}
  const char* name() const override { return op.name; }
  void release() override {
    released = true;
    saved.clear();
    for (SavedTensor& s : saved_outputs) s = SavedTensor();
  }
  void backward(const Tensors& grads, bool create_graph, Parts& results) override;
};

class OpGradient : public Gradient {
 public:
  OpGradient(OpNode& node, const Tensors& grads, bool create_graph, Parts& results)
      : node_(node), grads_(grads), create_graph_(create_graph), results_(results) {}

  const Value& arg(int i) override {
    static const Value kAbsent;
    if (i >= static_cast<int>(node_.args.size())) return kAbsent;
    if (i < static_cast<int>(node_.saved.size()) && node_.saved[i].defined()) {
      if (!unpacked_[i].given())
        unpacked_[i] = node_.saved[i].unpack(node_.op.name, create_graph_, nullptr, 0);
      return unpacked_[i];
    }
    return node_.args[i];
  }
  Tensor output(int i) override {
    return node_.saved_outputs[i].unpack(node_.op.name, create_graph_, &node_, i);
  }
  Tensor g(int i) override {
    if (grads_[i].defined()) return grads_[i];
    return zeros(node_.outputs[i].shape, node_.outputs[i].dtype);
  }
  bool has_g(int i) const override { return grads_[i].defined(); }
  const Dims& shape(int arg, int item) const override { return input(arg, item).shape; }
  DType dtype(int arg, int item) const override { return input(arg, item).dtype; }
  bool needs(int arg, int item) const override { return input(arg, item).edge.valid(); }
  void set(int arg, Part gradient, int item) override {
    results_[&input(arg, item) - node_.inputs.data()] = std::move(gradient);
  }
  bool differentiable() const override { return create_graph_; }

 private:
  const NodeInput& input(int arg, int item) const {
    for (const NodeInput& in : node_.inputs)
      if (in.arg == arg && in.item == item) return in;
    static const NodeInput kAbsent{};
    return kAbsent;
  }
  OpNode& node_;
  const Tensors& grads_;
  const bool create_graph_;
  Parts& results_;
  Value unpacked_[kMaxArgs];
};

void OpNode::backward(const Tensors& grads, bool create_graph, Parts& results) {
  if (!op.gradient) fail(ErrorKind::State, "%s: this op has no gradient", op.name);
  if (released)
    fail(ErrorKind::State,
         "%s: backward a second time through a graph whose saved tensors have been freed; "
         "pass retainGraph: true the first time",
         op.name);
  OpGradient ctx(*this, grads, create_graph, results);
  op.gradient(ctx);
}

bool any_requires_grad(Args args) {
  bool found = false;
  for_each_tensor(args, [&](const Tensor& t, int, int) {
    found = found || (t.defined() && t.impl()->autograd && requires_grad(t));
  });
  return found;
}

Ref<OpNode> make_node(const Op& op, Args args) {
  Ref<OpNode> node(new OpNode(op));
  node->inputs.reserve(args.size());
  for_each_tensor(args, [&](const Tensor& t, int arg, int item) { node->add_input(t, arg, item); });
  node->args.reserve(args.size());
  for (int i = 0; i < static_cast<int>(args.size()); ++i) {
    const bool holds_tensors = args[i].is_tensor() || args[i].is_tensors();
    node->args.push_back(holds_tensors ? Value() : args[i]);
    if (!args[i].is_tensor() || !(op.saves & saves_input(i))) continue;
    node->saved.resize(args.size());
    node->saved[i] = SavedTensor(args[i].tensor(), false);
  }
  return node;
}

bool differentiable(const Tensor& output) { return is_float(output.dtype()); }

}  // namespace

Ref<Node> make_op_node(const Op& op, Args args) { return Ref<Node>(make_node(op, args).release()); }

bool gradients_wanted(Args args) { return grad_enabled() && any_requires_grad(args); }

void record(const Op& op, Args args, Tensor* outputs) {
  if (op.outputs == 1 && !differentiable(outputs[0])) return;
  Ref<OpNode> node = make_node(op, args);
  for (int i = 0; i < op.outputs; ++i) {
    node->add_output(outputs[i]);
    if (op.saves & saves_output(i)) node->saved_outputs[i] = SavedTensor(outputs[i], true);
    if (differentiable(outputs[i])) set_node(outputs[i], Ref<Node>::share(node.get()), i);
  }
}

void track_view(const Op& op, Args args, const Tensor& output) {
  if (!grad_enabled() || !differentiable(output)) return;
  const GradState* const base = grad_state(args[0].tensor());
  if (base && is_dormant(*base)) return;
  GradState& state = ensure_grad_state(output);
  state.parent = args[0].tensor();
  state.op = &op;
  state.args.assign(args.begin(), args.end());
  state.args[0] = Value();
  state.version = output.version();
}

void check_in_place(const Op& op, const Tensor& target) {
  if (!grad_enabled()) return;
  for (Tensor x = target; x.defined();) {
    const GradState* state = grad_state(x);
    if (!state) return;
    if (!state->node && is_active(*state))
      fail(ErrorKind::State,
           "%s_: a leaf that requires a gradient%s cannot be changed in place; use noGrad", op.name,
           x.same(target) ? "" : " (here seen through a view)");
    x = state->parent;
  }
}

void record_in_place(const Op& op, Args args, const Tensor& target) {
  // Saved before the version moves on: a gradient that needs the overwritten value then fails.
  Ref<OpNode> node = make_node(op, args);
  target.bump_version();
  node->add_output(target);
  if (op.saves & saves_output(0)) node->saved_outputs[0] = SavedTensor(target, true);
  rebase(target, Ref<Node>(node.release()));
}

}  // namespace cresset
