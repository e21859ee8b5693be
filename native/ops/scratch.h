// SPDX-License-Identifier: MIT
#pragma once
#include <algorithm>

#include "core/parallel.h"
#include "core/tensor.h"

namespace cresset {

// Working memory of a kernel call: every op asks here, so that there is one place to plan it.
inline Tensor scratch(int64_t bytes) { return empty({std::max<int64_t>(bytes, 1)}, DType::UInt8); }

// How many working sets a kernel needs whose chunks each take one.
inline int64_t scratch_slots() { return std::min(num_threads(), 64); }

}  // namespace cresset
