// SPDX-License-Identifier: MIT
#pragma once
#include "kernels/simd.h"

// A bfloat16 as it lies in memory; it computes as float.
namespace cresset {
namespace {

struct BrainHalf {
  uint16_t bits;
};

SIMD_INLINE float value(BrainHalf x) {
  return __builtin_bit_cast(float, static_cast<uint32_t>(x.bits) << 16);
}
// Rounds to nearest even; a NaN keeps its sign and upper bits and becomes quiet.
SIMD_INLINE BrainHalf to_brain_half(float x) {
  const auto bits = __builtin_bit_cast(uint32_t, x);
  const uint32_t rounded = bits + 0x7fffu + (bits >> 16 & 1);
  const uint32_t nan = bits | 0x400000u;
  return {static_cast<uint16_t>((x != x ? nan : rounded) >> 16)};
}

typedef uint16_t BrainHalves __attribute__((vector_size(kVectorBytes / 2)));

// The first n of a vector, `fill` for the rest; memory past them is not touched.
SIMD_INLINE Vec<float> load_first(const BrainHalf* p, int64_t n, float fill = 1) {
  if (n < kLanes<float>) {
    float items[kLanes<float>];
    for (int i = 0; i < kLanes<float>; ++i) items[i] = i < n ? value(p[i]) : fill;
    return load(items);
  }
  BrainHalves halves;
  __builtin_memcpy(&halves, p, sizeof halves);
  return (Vec<float>)(__builtin_convertvector(halves, Vec<uint32_t>) << 16);
}
// Rounds and stores the first n.
SIMD_INLINE void store_first(BrainHalf* p, int64_t n, Vec<float> x) {
  const BrainHalves halves = __builtin_convertvector(round_to_bfloat16(x), BrainHalves);
  const size_t bytes = n < kLanes<float> ? n * sizeof *p : sizeof halves;
  __builtin_memcpy(p, &halves, bytes);
}

}  // namespace
}  // namespace cresset
