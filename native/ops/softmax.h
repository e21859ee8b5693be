// SPDX-License-Identifier: MIT
#pragma once
#include "ops/op.h"

namespace cresset {

// x with dimension `dim` moved to the end: a view, not recorded.
Tensor dim_last(const Tensor& x, int dim);
// log_softmax over the last dimension of contiguous memory of a compute type, not recorded.
void log_softmax_rows(const Tensor& y, const Tensor& x);

}  // namespace cresset
