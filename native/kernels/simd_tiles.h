// SPDX-License-Identifier: MIT
#pragma once
#include "kernels/simd.h"

// AMX: two by two of its registers of 16 x 16 sums, as one tile of 32 x 32.
namespace cresset {
namespace {
namespace tiles {

constexpr int64_t kRows = 32, kColumns = 32, kPairs = 16;

// Palette 1: registers of 16 rows of 64 bytes.
struct alignas(64) Config {
  uint8_t palette = 1, start_row = 0, reserved[14] = {};
  uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
constexpr Config kConfig;

// The registers belong to a thread from a Scope's beginning to its end.
class Scope {
 public:
  Scope() { _tile_loadconfig(&kConfig); }
  ~Scope() { _tile_release(); }
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;
};

// sums (kRows x kColumns; of one group of 16 rows or both), or zero, plus the products of `steps`
// blocks of A, kRows x kPairs pairs each, and of B, kPairs x kColumns. Values below 2^-126 count as
// zero.
template <int kGroups>
__attribute__((noinline)) void multiply(int64_t steps, const uint32_t* a, const uint32_t* b,
                                        bool from_zero, float* sums) {
  constexpr int64_t kARow = kPairs * sizeof *a, kBRow = kColumns * sizeof *b,
                    kRow = kColumns * sizeof *sums;
  constexpr int64_t kGroup = kRows / 2, kRight = kColumns / 2;
  asm volatile("" ::: "memory");  // the loads below do not tell the compiler that they read
  if (from_zero) {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  } else {
    _tile_loadd(0, sums, kRow);
    _tile_loadd(1, sums + kRight, kRow);
    if constexpr (kGroups == 2) {
      _tile_loadd(2, sums + kGroup * kColumns, kRow);
      _tile_loadd(3, sums + kGroup * kColumns + kRight, kRow);
    }
  }
  for (; steps > 0; --steps, a += kRows * kPairs, b += kPairs * kColumns) {
    _tile_loadd(6, b, kBRow);
    _tile_loadd(4, a, kARow);
    _tile_dpbf16ps(0, 4, 6);
    _tile_loadd(7, b + kRight, kBRow);
    _tile_dpbf16ps(1, 4, 7);
    if constexpr (kGroups == 2) {
      _tile_loadd(5, a + kGroup * kPairs, kARow);
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
    }
  }
  _tile_stored(0, sums, kRow);
  _tile_stored(1, sums + kRight, kRow);
  if constexpr (kGroups == 2) {
    _tile_stored(2, sums + kGroup * kColumns, kRow);
    _tile_stored(3, sums + kGroup * kColumns + kRight, kRow);
  }
}

}  // namespace tiles
}  // namespace
}  // namespace cresset
