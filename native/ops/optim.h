// SPDX-License-Identifier: MIT
#pragma once
#include "kernels/table.h"
#include "ops/op.h"

// Fused optimizer steps: one pass over all parameters of a group. They change parameters and
// state in place and are never recorded.
namespace cresset {

// Lists of equal length; `grads[i]` undefined: parameter i stays as it is. State lists that an
// algorithm does not use may be empty.
struct OptimizerLists {
  Tensors params, grads, state1, state2, state3;
};
// `steps` holds a scalar for each parameter, the steps it has taken so far; those that take part
// are counted up. Bias corrections in `args` are computed from it.
void adam_step(const OptimizerLists& lists, const Tensors& steps, const AdamArgs& args);
void sgd_step(const OptimizerLists& lists, const SgdArgs& args);
// For a recorder. `numbers` is a float64 vector with the fields that are given to a step, in their
// order and flags as 0 or 1, so that replays may change them.
void record_adam(const OptimizerLists& lists, const Tensors& steps, const Tensor& numbers);
void record_sgd(const OptimizerLists& lists, const Tensor& numbers);

// Keras' forms. Learning rate and the count of steps so far are tensors of one element, the same
// for all parameters, and only read. Adam's eps is added to the uncorrected root; SGD's momentum
// buffer (state1) holds steps instead of gradients.
void keras_adam_step(const OptimizerLists& lists, const Tensor& iterations,
                     const Tensor& learning_rate, AdamArgs args);
void keras_sgd_step(const OptimizerLists& lists, const Tensor& learning_rate, SgdArgs args);

}  // namespace cresset
