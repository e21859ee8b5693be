// SPDX-License-Identifier: MIT
#pragma once
#include "kernels/counts.h"
#include "kernels/simd_transpose.h"

// bfloat16 matrices as pairs of steps of k, the earlier one in the upper half.
namespace cresset {
namespace {

constexpr int64_t kLines = 16;  // rows or columns that are packed together

// Lines of A (rows) or B (columns) from `at` on.
struct Lines {
  const uint16_t* x;
  int64_t line, step;  // strides; one of them is 1
  int64_t k;

  const uint16_t* at(int64_t i) const { return x + i * line; }
};
Lines lines_of(const void* x, int64_t ld, bool along_k, int64_t k) {
  return {static_cast<const uint16_t*>(x), along_k ? ld : 1, along_k ? 1 : ld, k};
}

SIMD_INLINE Vec<uint32_t> pair_up(Halves early, Halves late) {
  return widen(early) << 16 | widen(late);
}

// The pairs of kLines lines from `first` on, `count` of them there, at steps p and p + 1; the rest
// zero.
SIMD_INLINE Vec<uint32_t> pairs_across(const Lines& lines, int64_t first, int64_t count,
                                       int64_t p) {
  const uint16_t* const x = lines.at(first) + p * lines.step;
  const Halves early = p < lines.k ? load_halves(x, count) : Halves{};
  const Halves late = p + 1 < lines.k ? load_halves(x + lines.step, count) : Halves{};
  return pair_up(early, late);
}
// kLines pairs along line i from step p on.
SIMD_INLINE Vec<uint32_t> pairs_along(const Lines& lines, int64_t i, int64_t p) {
  const uint16_t* const x = lines.at(i) + p;
  const Vec<uint32_t> pairs = load_halves_wide(x, lines.k - p);
  return pairs << 16 | pairs >> 16;
}

// Pair p of line i of `lines`, whose steps lie together, goes to out[p * out_step + i]; up to
// kLines of them, the rest zero.
void pack_squares(const Lines& lines, int64_t first, int64_t count, uint32_t* out,
                  int64_t out_step) {
  for (int64_t p = 0; p < lines.k; p += 2 * kLines) {
    Vec<float> square[kLines];
    for (int64_t i = 0; i < kLines; ++i)
      square[i] = i < count ? (Vec<float>)pairs_along(lines, first + i, p) : Vec<float>{};
    transpose<float>(square);
    const int64_t pairs = min(ceil_div(lines.k - p, 2), kLines);
    for (int64_t i = 0; i < pairs; ++i, out += out_step) store(out, (Vec<uint32_t>)square[i]);
  }
}

}  // namespace
}  // namespace cresset
