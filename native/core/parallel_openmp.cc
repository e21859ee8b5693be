// SPDX-License-Identifier: MIT
#include <stdint.h>

// A module of its own, so that the addon also loads where libgomp is missing.
extern "C" __attribute__((visibility("default"))) int cresset_openmp_run(
    int64_t chunks, void (*chunk)(void* ctx, int64_t i), void* ctx, int threads) {
  int took_part = 0;
#pragma omp parallel num_threads(threads) reduction(+ : took_part)
  {
    bool worked = false;
#pragma omp for schedule(dynamic, 1) nowait
    for (int64_t i = 0; i < chunks; ++i) {
      worked = true;
      chunk(ctx, i);
    }
    took_part += worked;
  }
  return took_part;
}
