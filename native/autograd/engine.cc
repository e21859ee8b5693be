// SPDX-License-Identifier: MIT
#include "autograd/engine.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "ops/math.h"

namespace cresset {
namespace {

// A gradient in the shape and dtype of what it belongs to.
Tensor fitted(const char* op, Tensor g, const Dims& shape, DType dtype) {
  if (g.shape() != shape) {
    if (broadcasts_to(shape, g.shape())) {
      g = sum_to(g, shape);
    } else if (broadcasts_to(g.shape(), shape)) {
      g = expand(g, shape);
    } else {
      fail(ErrorKind::Shape, "%s: a gradient of shape %s does not fit an input of shape %s", op,
           to_string(g.shape()).c_str(), to_string(shape).c_str());
    }
  }
  return cast(g, dtype);
}

Part fitted(const char* op, Part part, Dims shape, DType dtype) {
  if (!part.whole()) shape[part.dim] = part.g.size(part.dim);
  part.g = fitted(op, std::move(part.g), shape, dtype);
  return part;
}

// What arrived for one tensor.
class Arrivals {
 public:
  void add(Part part) {
    if (part.whole()) {
      add_to_sum(std::move(part.g));
    } else {
      parts_.push_back(std::move(part));
    }
  }
  // All of it; undefined if nothing arrived.
  Tensor total(const Dims& shape) {
    if (fill(shape)) {
      Tensors list;
      for (Part& part : parts_) list.push_back(std::move(part.g));
      add_to_sum(cat(list, parts_[0].dim));
    } else {
      for (const Part& part : parts_) add_to_sum(embed(part.g, shape, part.dim, part.start));
    }
    parts_.clear();
    return std::move(sum_);
  }

 private:
  void add_to_sum(Tensor g) { sum_ = sum_.defined() ? cresset::add(sum_, g) : std::move(g); }
  // Do the parts make up the tensor, side by side? Then they are put in order.
  bool fill(const Dims& shape) {
    if (parts_.size() < 2) return false;
    const int dim = parts_[0].dim;
    Parts sorted = parts_;
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const Part& a, const Part& b) { return a.start < b.start; });
    int64_t at = 0;
    for (const Part& part : sorted) {
      if (part.dim != dim || part.start != at) return false;
      at += part.g.size(dim);
    }
    if (at != shape[dim]) return false;
    parts_ = std::move(sorted);
    return true;
  }

  Tensor sum_;
  Parts parts_;
};

void accumulate(const Tensor& leaf, const Tensor& g, bool create_graph) {
  const Tensor present = gradient_of(leaf);
  if (!present.defined()) {
    const bool sole = g.impl()->refs.load() == 1 && g.impl()->storage.use_count() == 1;
    set_gradient(leaf, create_graph || (sole && g.contiguous()) ? g : clone(g));
  } else if (create_graph) {
    set_gradient(leaf, add(present, g));
  } else {
    static const Op* const add_op = find_op("add");
    const Value args[] = {present, g};
    apply_in_place(*add_op, args);
  }
}

// A gradient to be captured instead of (or on its way to) going on.
struct Captures {
  std::unordered_map<const TensorImpl*, int> leaves;
  std::unordered_map<const Node*, std::vector<std::pair<int, int>>> nodes;  // output, slot
  Tensors found;
};

class Run {
 public:
  Run(const BackwardOptions& options, Captures* captures)
      : options_(options), captures_(captures) {}

  void add(const Edge& edge, Part part) {
    if (edge.leaf.defined()) return reach_leaf(edge.leaf, std::move(part));
    Node* node = edge.node.get();
    auto [at, fresh] = pending_.try_emplace(node);
    if (fresh) {
      at->second.node = edge.node;
      at->second.arrived.resize(node->outputs.size());
      heap_.push_back(node);
      std::push_heap(heap_.begin(), heap_.end(), older);
    }
    at->second.arrived[edge.output].add(std::move(part));
  }

  void run() {
    if (captures_) find_needed();
    while (!heap_.empty()) {
      std::pop_heap(heap_.begin(), heap_.end(), older);
      Node* const node = heap_.back();
      heap_.pop_back();
      auto at = pending_.find(node);
      Pending task = std::move(at->second);
      pending_.erase(at);
      Tensors grads(node->outputs.size());
      for (size_t i = 0; i < grads.size(); ++i)
        grads[i] = task.arrived[i].total(node->outputs[i].shape);
      step(*node, grads);
    }
  }

 private:
  struct Pending {
    Ref<Node> node;
    PooledVector<Arrivals> arrived;
  };
  static bool older(const Node* a, const Node* b) { return a->sequence < b->sequence; }

  void reach_leaf(const Tensor& leaf, Part part) {
    Arrivals only;
    only.add(std::move(part));
    Tensor g = only.total(leaf.shape());
    if (!captures_) return accumulate(leaf, g, options_.create_graph);
    const auto at = captures_->leaves.find(leaf.impl());
    if (at == captures_->leaves.end()) return;
    Tensor& slot = captures_->found[at->second];
    slot = slot.defined() ? cresset::add(slot, g) : std::move(g);
  }

  void step(Node& node, const Tensors& grads) {
    if (captures_) {
      const auto at = captures_->nodes.find(&node);
      if (at != captures_->nodes.end())
        for (const auto& [output, slot] : at->second) captures_->found[slot] = grads[output];
      if (!needed_.contains(&node)) return;
    }
    Parts results(node.inputs.size());
    node.backward(grads, options_.create_graph, results);
    for (size_t i = 0; i < results.size(); ++i) {
      const NodeInput& in = node.inputs[i];
      if (!results[i].g.defined() || !in.edge.valid()) continue;
      Part part = fitted(node.name(), std::move(results[i]), in.shape, in.dtype);
      if (!captures_ || leads_to_capture(in.edge)) add(in.edge, std::move(part));
    }
    if (!options_.retain_graph) node.release();
  }

  bool leads_to_capture(const Edge& edge) const {
    if (edge.leaf.defined()) return captures_->leaves.contains(edge.leaf.impl());
    return needed_.contains(edge.node.get()) || captures_->nodes.contains(edge.node.get());
  }

  // The nodes from which a captured tensor can be reached: only these run.
  void find_needed() {
    std::vector<Node*> order;
    std::unordered_set<Node*> seen(heap_.begin(), heap_.end());
    std::vector<Node*> stack(heap_.begin(), heap_.end());
    while (!stack.empty()) {
      Node* node = stack.back();
      stack.pop_back();
      order.push_back(node);
      if (node->sequence < options_.since) continue;
      for (const NodeInput& in : node->inputs)
        if (in.edge.node && seen.insert(in.edge.node.get()).second)
          stack.push_back(in.edge.node.get());
    }
    std::sort(order.begin(), order.end(), older);
    for (Node* node : order) {
      if (node->sequence < options_.since) continue;
      for (const NodeInput& in : node->inputs)
        if (in.edge.valid() && leads_to_capture(in.edge)) needed_.insert(node);
    }
  }

  const BackwardOptions options_;
  Captures* const captures_;
  std::unordered_map<Node*, Pending> pending_;
  std::unordered_set<const Node*> needed_;
  std::vector<Node*> heap_;
};

Tensor root_gradient(const char* op, const Tensor& root, const Tensor& gradient) {
  if (!gradient.defined()) {
    if (root.numel() != 1)
      fail(ErrorKind::Shape,
           "%s: a root of shape %s needs a gradient of its shape (only one element needs none)", op,
           to_string(root.shape()).c_str());
    return full(root.shape(), 1.0, root.dtype());
  }
  if (gradient.shape() != root.shape())
    fail(ErrorKind::Shape, "%s: got a gradient of shape %s for a root of shape %s", op,
         to_string(gradient.shape()).c_str(), to_string(root.shape()).c_str());
  return cast(gradient, root.dtype());
}

void start(const char* op, Run& run, const Tensors& roots, const Tensors& gradients,
           const BackwardOptions& options) {
  for (size_t i = 0; i < roots.size(); ++i) {
    const Edge edge = edge_of(roots[i]);
    if (!edge.valid() && options.of_tape) continue;
    if (!edge.valid())
      fail(ErrorKind::State, "%s: root %zu does not require a gradient and has no history", op, i);
    run.add(edge, root_gradient(op, roots[i], i < gradients.size() ? gradients[i] : Tensor()));
  }
}

}  // namespace

void backward(const Tensors& roots, const Tensors& gradients, const BackwardOptions& options) {
  const GradMode mode(options.create_graph);
  Run run(options, nullptr);
  start("backward", run, roots, gradients, options);
  run.run();
}

Tensors grad(const Tensors& roots, const Tensors& inputs, const Tensors& gradients,
             const BackwardOptions& options) {
  const GradMode mode(options.create_graph);
  Captures captures;
  captures.found.resize(inputs.size());
  for (int i = 0; i < static_cast<int>(inputs.size()); ++i) {
    const Edge edge = edge_of(inputs[i]);
    if (edge.node) {
      captures.nodes[edge.node.get()].push_back({edge.output, i});
    } else if (edge.leaf.defined() || options.of_tape) {
      captures.leaves.emplace(inputs[i].impl(), i);
    } else {
      fail(ErrorKind::State, "grad: input %d does not require a gradient", i);
    }
  }
  Run run(options, &captures);
  start("grad", run, roots, gradients, options);
  run.run();
  // A leaf that was given twice is captured once.
  for (int i = 0; i < static_cast<int>(inputs.size()); ++i) {
    const auto at = captures.leaves.find(inputs[i].impl());
    if (at != captures.leaves.end()) captures.found[i] = captures.found[at->second];
  }
  return captures.found;
}

Tensor detach(const Tensor& x) { return alias_of(x); }

void set_requires_grad(const Tensor& x, bool value) {
  if (value && !is_float(x.dtype()))
    fail(ErrorKind::DType, "requiresGrad: only floating point tensors have gradients, got dtype %s",
         name(x.dtype()));
  if (const GradState* state = grad_state(x); state && is_dormant(*state)) forget(x);
  if (edge_of(x).node) {
    if (value) return;
    fail(ErrorKind::State, "requiresGrad: only a leaf can be told not to; use detach()");
  }
  ensure_grad_state(x).requires_grad = value;
}

Tensor get_grad(const Tensor& x) { return gradient_of(x); }

void set_grad(const Tensor& x, const Tensor& grad) {
  if (grad.defined() && (grad.shape() != x.shape() || grad.dtype() != x.dtype()))
    fail(ErrorKind::Shape, "grad: expected a %s tensor of shape %s, got %s of shape %s",
         name(x.dtype()), to_string(x.shape()).c_str(), name(grad.dtype()),
         to_string(grad.shape()).c_str());
  set_gradient(x, grad);
}

}  // namespace cresset
