// SPDX-License-Identifier: MIT
#include "core/parallel.h"
#include "kernels/simd.h"
#include "kernels/table.h"

namespace cresset {
namespace {

constexpr int64_t kGrainItems = 16384;
constexpr int64_t kAheadBytes = 4096;  // of rows, to fetch before they are read

// 1 / 255 in two parts: a byte times it is then right to the last bit in two steps.
constexpr float kPart = 0x1.010102p-8f, kRest = 1 / 255.0 - 0x1.010102p-8;

struct Divisions {
  Vec<float> mean, std;
  SIMD_INLINE Vec<float> operator()(Vec<float> x) const { return (x / 255.0f - mean) / std; }
};
// The same with the remainder of a first quotient by std instead of a division.
struct Reciprocals {
  Vec<float> mean, std, inverse;
  SIMD_INLINE Vec<float> operator()(Vec<float> x) const {
    const Vec<float> from_mean = fma(x, splat(kPart), x * kRest) - mean;
    const Vec<float> quotient = from_mean * inverse;
    return fma(fma(-quotient, std, from_mean), inverse, quotient);
  }
};

// Does the short way give the bits of the divisions for each of the 256 values? It takes as long as
// 256 pixels by division.
bool is_exact(const Reciprocals& scale) {
  const Divisions exact = {scale.mean, scale.std};
  uint8_t bytes[256];
  for (int i = 0; i < 256; ++i) bytes[i] = static_cast<uint8_t>(i);
  Vec<int32_t> differ = {};
  for (int i = 0; i < 256; i += kLanes<float>) {
    const Vec<float> x = load_bytes(bytes + i);
    differ |= (Vec<int32_t>)scale(x) ^ (Vec<int32_t>)exact(x);
  }
  return !any(differ != 0);
}

template <class Scale>
SIMD_INLINE void convert_row(float* to, const uint8_t* from, int64_t n, const Scale& scale) {
  int64_t j = 0;
  for (; j + kLanes<float> <= n; j += kLanes<float>) store(to + j, scale(load_bytes(from + j)));
  if (j == n) return;
  uint8_t rest[kLanes<float>] = {};
  for (int64_t i = j; i < n; ++i) rest[i - j] = from[i];
  store_first(to + j, n - j, scale(load_bytes(rest)));
}

template <class Scale>
struct Job {
  int64_t rows, cols;
  float* y;
  const uint8_t* x;
  const int64_t* index;
  Scale scale;

  static void convert(void* ctx, int64_t begin, int64_t end) {
    const Job& job = *static_cast<Job*>(ctx);
    const Scale scale = job.scale;
    const int64_t ahead = job.cols > 0 ? 1 + kAheadBytes / job.cols : 1;
    for (int64_t r = begin; r < begin + ahead && r < end; ++r) job.prefetch(r);
    for (int64_t r = begin; r < end; ++r) {
      if (r + ahead < end) job.prefetch(r + ahead);
      convert_row(job.y + r * job.cols, job.x + job.index[r] * job.cols, job.cols, scale);
    }
  }
  // Rows come in random order, which the hardware cannot foresee.
  SIMD_INLINE void prefetch(int64_t r) const {
    const uint8_t* row = x + index[r] * cols;
    for (int64_t j = 0; j < cols; j += 64) __builtin_prefetch(row + j, 0, 2);
  }
  void run() {
    parallel_for(rows, cols < kGrainItems && cols > 0 ? kGrainItems / cols : 1, convert, this);
  }
};

void gather_normalize(int64_t rows, int64_t cols, float* y, const uint8_t* x, const int64_t* index,
                      float mean, float std) {
  const Reciprocals scale = {splat(mean), splat(std), splat(1 / std)};
  if (is_exact(scale)) {
    Job<Reciprocals>{rows, cols, y, x, index, scale}.run();
  } else {
    Job<Divisions>{rows, cols, y, x, index, {scale.mean, scale.std}}.run();
  }
}

constexpr ImageTable kTable = {gather_normalize};

}  // namespace
}  // namespace cresset

extern "C" const cresset::ImageTable* KERNEL_EXPORT(image)() noexcept { return &cresset::kTable; }
