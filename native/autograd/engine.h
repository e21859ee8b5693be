// SPDX-License-Identifier: MIT
#pragma once
#include "autograd/node.h"

namespace cresset {

struct BackwardOptions {
  bool retain_graph = false;
  bool create_graph = false;
  // For a tape: what was recorded before `since` is constant, and so is a root or input without
  // history.
  bool of_tape = false;
  uint64_t since = 0;
};

// Accumulates d(sum of roots * gradients) into the `grad` of every leaf. An undefined gradient
// means 1 and needs a one-element root.
void backward(const Tensors& roots, const Tensors& gradients, const BackwardOptions& options);

// The gradients of `inputs`, undefined where a root does not depend on one; leaves stay untouched.
Tensors grad(const Tensors& roots, const Tensors& inputs, const Tensors& gradients,
             const BackwardOptions& options);

// x without its history, on the same storage.
Tensor detach(const Tensor& x);
void set_requires_grad(const Tensor& x, bool value);
Tensor get_grad(const Tensor& x);
void set_grad(const Tensor& x, const Tensor& grad);

}  // namespace cresset
