// SPDX-License-Identifier: MIT
#pragma once
#include "kernels/simd.h"

namespace cresset {
namespace {

SIMD_INLINE int64_t min(int64_t a, int64_t b) { return a < b ? a : b; }
SIMD_INLINE int64_t max(int64_t a, int64_t b) { return a > b ? a : b; }
SIMD_INLINE int64_t clamp(int64_t x, int64_t low, int64_t high) { return min(max(x, low), high); }
SIMD_INLINE int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
SIMD_INLINE int64_t round_up(int64_t a, int64_t b) { return ceil_div(a, b) * b; }

}  // namespace
}  // namespace cresset
