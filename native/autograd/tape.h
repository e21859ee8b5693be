// SPDX-License-Identifier: MIT
#pragma once
#include <vector>

#include "autograd/node.h"

// Tapes in TensorFlow's sense: while one records on this thread, variables and watched tensors
// require gradients. The outermost opens a session; what it recorded is a constant to everything
// outside.
namespace cresset {

// Begins a tape's scope and returns its time: nodes from then on are the tape's. `resumed` is the
// time of an earlier scope of the same tape, or 0.
uint64_t enter_tape(bool watch_variables, uint64_t resumed);
// Ends the innermost scope; the numbers of the variables that were used in it.
std::vector<int64_t> leave_tape();
int tapes_recording() noexcept;

// Makes x a leaf for every tape that records; `number` is what JavaScript knows it by.
void make_variable(const Tensor& x, int64_t number);
// One more (1) or one less (-1) recording tape watches x.
void watch(const Tensor& x, int change);

}  // namespace cresset
