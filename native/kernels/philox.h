// SPDX-License-Identifier: MIT
#pragma once
#include "kernels/simd.h"

// Philox4x32-10: J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as easy as
// 1, 2, 3" (SC 2011). Four 32-bit words per counter, any counter at any time.
namespace cresset {
namespace {

struct PhiloxStream {
  uint64_t seed;
  uint64_t stream;  // the counter's upper half: streams never overlap
};

// The words of counters [first, first + kLanes<uint64_t>), counter by counter. Lanes hold 32-bit
// words in their lower halves; what is above is never read.
SIMD_INLINE void philox_vector(uint32_t* words, PhiloxStream key, uint64_t first) {
  typedef Vec<uint64_t> V;
  const V low_half = splat<uint64_t>(0xffffffffu);
  const V counter = first + load(kIota<uint64_t>);
  V c0 = counter, c1 = counter >> 32;
  V c2 = splat(key.stream), c3 = splat(key.stream >> 32);
  uint32_t k0 = static_cast<uint32_t>(key.seed), k1 = static_cast<uint32_t>(key.seed >> 32);
  for (int round = 0; round < 10; ++round, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
    const V p0 = mul_low_halves(c0, splat<uint64_t>(0xD2511F53u));
    const V p1 = mul_low_halves(c2, splat<uint64_t>(0xCD9E8D57u));
    c0 = (p1 >> 32) ^ c1 ^ splat<uint64_t>(k0);
    c1 = p1;
    c2 = (p0 >> 32) ^ c3 ^ splat<uint64_t>(k1);
    c3 = p0;
  }
  const V front = (c0 & low_half) | (c1 << 32), back = (c2 & low_half) | (c3 << 32);
  uint64_t pairs[2 * kLanes<uint64_t>];
  for (int lane = 0; lane < kLanes<uint64_t>; ++lane) {
    pairs[2 * lane] = front[lane];
    pairs[2 * lane + 1] = back[lane];
  }
  __builtin_memcpy(words, pairs, sizeof pairs);
}

// 4 * count words; `words` has room for whole vectors.
__attribute__((noinline)) void philox(uint32_t* words, PhiloxStream key, uint64_t first,
                                      int64_t count) {
  constexpr int kStep = kLanes<uint64_t>;
  for (int64_t i = 0; i < count; i += kStep) philox_vector(words + 4 * i, key, first + i);
}

}  // namespace
}  // namespace cresset
