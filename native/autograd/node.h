// SPDX-License-Identifier: MIT
#pragma once
#include <vector>

#include "ops/gradient.h"

// The tape: a node per recorded call, edges to the nodes that made its inputs. Nodes made later
// have a higher sequence number, so running them in descending order is a topological order.
namespace cresset {

struct Node;

// Where a gradient goes: output `output` of `node`, or a leaf tensor.
struct Edge {
  Ref<Node> node;
  int output = 0;
  Tensor leaf;
  bool valid() const { return node || leaf.defined(); }
};

struct NodeInput {
  int arg;   // position among the op's arguments
  int item;  // in a list argument, else -1
  DType dtype;
  Dims shape;
  Edge edge;
};

struct NodeOutput {
  DType dtype;
  Dims shape;
};

struct Node : Pooled {
  std::atomic<int64_t> refs{1};
  const uint64_t sequence;
  uint64_t session;  // of the tapes it was recorded for, 0 if not for tapes alone
  PooledVector<NodeInput> inputs;
  PooledVector<NodeOutput> outputs;

  Node();
  virtual ~Node() = default;
  virtual const char* name() const = 0;
  // grads[i] may be undefined (zero); results[j] belongs to inputs[j] and may stay undefined.
  virtual void backward(const Tensors& grads, bool create_graph, Parts& results) = 0;
  // Frees what was saved; another backward is then an error.
  virtual void release() = 0;

  void add_input(const Tensor& x, int arg, int item = -1);
  void add_output(const Tensor& y) { outputs.push_back({y.dtype(), y.shape()}); }
  // Chains of any length are freed without recursion.
  static void destroy(Node* node) noexcept;
};

// What autograd knows of a tensor.
struct GradState : AutogradState {
  bool requires_grad = false;  // a leaf that collects a gradient
  int watchers = 0;            // recording tapes that watch this leaf
  int64_t variable = 0;        // its number, if it is a leaf for every recording tape
  uint64_t accessed = 0;       // when a tape last used the variable
  Tensor grad;
  Ref<Node> node;
  int output = 0;
  // A view: `parent` seen through `op` and `args` (args[0] left out). When the storage's version is
  // no longer `version`, another view may have been written to and `node` is made anew.
  Tensor parent;
  const Op* op = nullptr;
  Values args;
  uint32_t version = 0;
};

GradState* grad_state(const Tensor& x);  // may be null
GradState& ensure_grad_state(const Tensor& x);
// Would an op on x be recorded now?
bool requires_grad(const Tensor& x);
bool is_leaf(const Tensor& x);
// The gradient of a leaf, which a recorder may hold back.
Tensor gradient_of(const Tensor& leaf);
void set_gradient(const Tensor& leaf, const Tensor& gradient);
// Where the gradient of x goes, also if the tape that recorded it has ended.
Edge edge_of(const Tensor& x);
void set_node(const Tensor& x, Ref<Node> node, int output);
// After an in-place change of x recorded by `node`: x and everything it is a view of continue
// from there.
void rebase(const Tensor& x, Ref<Node> node);
// Makes x a leaf again.
void forget(const Tensor& x);

// What tapes say (tape.cc).
uint64_t new_sequence() noexcept;
uint64_t tape_session() noexcept;                  // 0: none records
bool is_active(const GradState& state) noexcept;   // does it require a gradient by itself, now?
bool is_dormant(const GradState& state) noexcept;  // would it if a tape recorded?
void note_input(Node& node, const Edge& edge);

bool grad_enabled() noexcept;
bool set_grad_enabled(bool enabled) noexcept;  // returns the previous mode
struct GradMode {
  explicit GradMode(bool enabled) : previous(set_grad_enabled(enabled)) {}
  ~GradMode() { set_grad_enabled(previous); }
  bool previous;
};

// A tensor kept for backward, without keeping its node's consumers alive.
class SavedTensor {
 public:
  SavedTensor() = default;
  SavedTensor(const Tensor& x, bool is_output);
  // `self` re-attaches a saved output; State error if the tensor was changed in place since.
  Tensor unpack(const char* op, bool create_graph, Node* self, int output) const;
  bool defined() const { return data_.defined(); }

 private:
  Tensor data_;
  Edge edge_;
  uint32_t version_ = 0;
  bool is_output_ = false;
};

}  // namespace cresset
