// SPDX-License-Identifier: MIT
#pragma once
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "ops/op.h"

// A recorded function: calls in order, over tensors whose storages have no memory yet. Views share
// their storage as always, so aliasing needs no bookkeeping of its own.
namespace cresset::graph {

struct Fused;  // graph/fusion.h

// One call that a replay makes.
struct Instruction {
  const Op* op = nullptr;
  Values args;
  Tensor out[kMaxOutputs];
  Tensors written;    // the outputs, or the arguments that an update changes
  int draw = -1;      // which random draw gives its seed and offset,
  int seed_arg = -1;  // the arguments from here on
  int site = -1;      // where in the user's program it was recorded
  std::shared_ptr<Fused> fused;
};

// The gradient of a leaf that the function reads or replaces.
struct GradientSlot {
  Tensor leaf;
  bool read;     // its value before is used, so whether there is one belongs to the signature
  Tensor entry;  // stands for that value
  Tensor after;  // what the function leaves; undefined: none
};

struct Graph {
  std::vector<Instruction> code;
  Tensors inputs;
  Tensors numbers;  // float64 placeholders whose values each run brings along
  Tensors outputs;
  std::vector<GradientSlot> gradients;
  std::vector<std::pair<Tensor, bool>> leaves;  // tensors from outside, and `wants_gradient`
  int draws = 0;
};

// Does a tensor from outside require a gradient by itself, whether or not a tape records now?
bool wants_gradient(const Tensor& x);

}  // namespace cresset::graph
