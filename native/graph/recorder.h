// SPDX-License-Identifier: MIT
#pragma once
#include <unordered_set>

#include "autograd/node.h"
#include "graph/graph.h"
#include "ops/recorder.h"

namespace cresset::graph {

// Takes the calls of this thread down from construction to `finish` or destruction. Rules run and
// autograd records as always; no kernel runs, and what the calls change in tensors from outside
// (gradients, versions, history) is put back in the end.
class GraphRecorder : public Recorder {
 public:
  // `locate` gives a number for the present place in the user's program.
  explicit GraphRecorder(std::function<int()> locate);
  ~GraphRecorder() override;

  Tensor add_input(const Tensor& like);
  // A scalar that behaves as a number, or a vector of n.
  Tensor add_number();
  Tensor add_numbers(int64_t n);
  Graph finish(const Tensors& outputs);

  Outputs apply(const Op& op, Args args) override;
  Tensor apply_in_place(const Op& op, Args args) override;
  void apply_update(const Op& op, Args args, const Tensors& written) override;
  void touch_gradient(const Tensor& leaf, bool read) override;

 private:
  // What a tensor from outside had before.
  struct History {
    Tensor x;
    Ref<Node> node;
    int output;
    uint32_t version;
  };

  Tensor placeholder(const Dims& shape, DType dtype);
  Tensor make(const Meta& meta, Args args);
  bool is_ours(const Tensor& x) const { return owned_.contains(&x.storage()); }
  void check_args(const Op& op, Args args);
  void append(const Op& op, Args args, const Tensor* out, int outputs, Tensors written);
  void remember(const Tensor& x);
  void restore();

  std::function<int()> locate_;
  Recorder* const previous_;
  bool active_ = true;
  Graph graph_;
  std::vector<Ref<Storage>> storages_;
  std::unordered_set<const Storage*> owned_;
  std::unordered_map<const TensorImpl*, size_t> slots_, leaves_;
  Tensors before_;  // gradients, as the slots
  std::unordered_map<Storage*, std::pair<Ref<Storage>, uint32_t>> versions_;
  std::vector<History> histories_;
};

}  // namespace cresset::graph
