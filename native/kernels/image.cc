// SPDX-License-Identifier: MIT
#include "core/parallel.h"
#include "kernels/simd.h"
#include "kernels/table.h"

namespace cresset {
namespace {

constexpr int64_t kGrainItems = 32768;

struct Job {
  int64_t cols;
  float* y;
  const uint8_t* x;
  const int64_t* index;
  float mean, std;

  static void rows(void* ctx, int64_t begin, int64_t end) {
    const Job job = *static_cast<Job*>(ctx);
    for (int64_t r = begin; r < end; ++r) {
      float* __restrict__ to = job.y + r * job.cols;
      const uint8_t* __restrict__ from = job.x + job.index[r] * job.cols;
      for (int64_t j = 0; j < job.cols; ++j) to[j] = (from[j] / 255.0f - job.mean) / job.std;
    }
  }
};

void gather_normalize(int64_t rows, int64_t cols, float* y, const uint8_t* x, const int64_t* index,
                      float mean, float std) {
  Job job = {cols, y, x, index, mean, std};
  parallel_for(rows, cols < kGrainItems && cols > 0 ? kGrainItems / cols : 1, Job::rows, &job);
}

constexpr ImageTable kTable = {gather_normalize};

}  // namespace
}  // namespace cresset

extern "C" const cresset::ImageTable* KERNEL_EXPORT(image)() noexcept { return &cresset::kTable; }
