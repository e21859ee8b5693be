// SPDX-License-Identifier: MIT
#pragma once
#include "kernels/simd_transpose.h"

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

// What multiply reads for each step: A's kRows x kPairs pairs, rows of kPairs words a_row bytes
// apart, and B's kPairs x kColumns, rows b_row bytes apart. each(f) calls f(a, b) for every step.
// Here both lie packed, step after step.
struct Packed {
  static constexpr int64_t a_row = kPairs * sizeof(uint32_t), b_row = kColumns * sizeof(uint32_t);
  const uint32_t *a, *b;
  int64_t steps;

  template <class F>
  SIMD_INLINE void each(F f) const {
    for (int64_t i = 0; i < steps; ++i) f(a + i * kRows * kPairs, b + i * kPairs * kColumns);
  }
};

// The same with A's rows where they lie.
struct InPlace {
  static constexpr int64_t b_row = Packed::b_row;
  const uint16_t* a;
  int64_t a_row;
  const uint32_t* b;
  int64_t steps;

  template <class F>
  SIMD_INLINE void each(F f) const {
    for (int64_t i = 0; i < steps; ++i) f(a + i * 2 * kPairs, b + i * kPairs * kColumns);
  }
};

// Packs half of a step of B: up to 16 columns, `column` items apart, whose steps lie together;
// `left` of these are there.
SIMD_INLINE void pack_columns(const uint16_t* x, int64_t column, int64_t columns, int64_t left,
                              uint32_t* out) {
  Vec<float> square[kPairs] = {};
  for (int64_t i = 0; i < columns && i < kPairs; ++i)
    square[i] = (Vec<float>)load_halves_wide(x + i * column, left);
  transpose<float>(square);
  for (int64_t i = 0; i < kPairs; ++i) store(out + i * kColumns, (Vec<uint32_t>)square[i]);
}

// sums (kRows x kColumns; of one group of 16 rows or both), or zero, plus the products of all
// steps. Values below 2^-126 count as zero.
template <int kGroups, class Operands>
__attribute__((noinline)) void multiply(const Operands& operands, bool from_zero, float* sums) {
  constexpr int64_t kRow = kColumns * sizeof *sums, kGroup = kRows / 2, kRight = kColumns / 2;
  const int64_t a_row = operands.a_row, b_row = operands.b_row;
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
  operands.each([&](const void* a, const void* b) {
    _tile_loadd(6, b, b_row);
    _tile_loadd(4, a, a_row);
    _tile_dpbf16ps(0, 4, 6);
    _tile_loadd(7, static_cast<const uint32_t*>(b) + kRight, b_row);
    _tile_dpbf16ps(1, 4, 7);
    if constexpr (kGroups == 2) {
      _tile_loadd(5, static_cast<const char*>(a) + kGroup * a_row, a_row);
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
    }
  });
  _tile_stored(0, sums, kRow);
  _tile_stored(1, sums + kRight, kRow);
  if constexpr (kGroups == 2) {
    _tile_stored(2, sums + kGroup * kColumns, kRow);
    _tile_stored(3, sums + kGroup * kColumns + kRight, kRow);
  }
}

// Of a tile that has so many rows.
template <class Operands>
SIMD_INLINE void multiply(int64_t rows, const Operands& operands, bool from_zero, float* sums) {
  rows > kRows / 2 ? multiply<2>(operands, from_zero, sums)
                   : multiply<1>(operands, from_zero, sums);
}

}  // namespace tiles
}  // namespace
}  // namespace cresset
