// SPDX-License-Identifier: MIT
#include "core/parallel.h"
#include "kernels/simd.h"
#include "kernels/table.h"

namespace cresset {
namespace {

constexpr int64_t kGrainItems = 16384;

SIMD_INLINE void convert_row(float* to, const uint8_t* from, int64_t n, Vec<float> mean,
                             Vec<float> std) {
  int64_t j = 0;
  for (; j + kLanes<float> <= n; j += kLanes<float>) {
    store(to + j, (load_bytes(from + j) / 255.0f - mean) / std);
  }
  for (; j < n; ++j) to[j] = (from[j] / 255.0f - mean[0]) / std[0];
}

struct Job {
  int64_t rows, cols;
  float* y;
  const uint8_t* x;
  const int64_t* index;
  float mean, std;

  static void convert(void* ctx, int64_t begin, int64_t end) {
    const Job& job = *static_cast<Job*>(ctx);
    const Vec<float> mean = splat(job.mean), std = splat(job.std);
    for (int64_t r = begin; r < end; ++r) {
      job.prefetch(r + 2);
      convert_row(job.y + r * job.cols, job.x + job.index[r] * job.cols, job.cols, mean, std);
    }
  }
  // Rows come in random order, which the hardware cannot foresee.
  SIMD_INLINE void prefetch(int64_t r) const {
    if (r >= rows) return;
    const uint8_t* row = x + index[r] * cols;
    for (int64_t j = 0; j < cols; j += 64) __builtin_prefetch(row + j);
  }
};

void gather_normalize(int64_t rows, int64_t cols, float* y, const uint8_t* x, const int64_t* index,
                      float mean, float std) {
  Job job = {rows, cols, y, x, index, mean, std};
  parallel_for(rows, cols < kGrainItems && cols > 0 ? kGrainItems / cols : 1, Job::convert, &job);
}

constexpr ImageTable kTable = {gather_normalize};

}  // namespace
}  // namespace cresset

extern "C" const cresset::ImageTable* KERNEL_EXPORT(image)() noexcept { return &cresset::kTable; }
