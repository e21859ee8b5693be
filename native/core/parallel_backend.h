// SPDX-License-Identifier: MIT
#pragma once
#include <stdint.h>

// What parallel.cc and its two backends share; nobody else includes this.
namespace cresset {

using LoopBody = void (*)(void* ctx, int64_t begin, int64_t end);

struct Loop {
  LoopBody body;
  void* ctx;
  int64_t n, grain;

  int64_t chunks() const { return n / grain + (n % grain != 0); }
  void run(int64_t chunk) const {
    const int64_t begin = chunk * grain;
    body(ctx, begin, n - begin < grain ? n : begin + grain);
  }
};

// Whether this thread is inside a loop, so that nested ones run in place.
extern constinit thread_local bool inside_loop;
// What thread_index() gives.
extern constinit thread_local int index_of_thread;

// Runs every chunk and returns how many threads took part; at most `threads`, the caller among
// them.
int pool_run(const Loop& loop, int threads) noexcept;
// How many helper threads may take part from now on.
void pool_resize(int helpers) noexcept;

// The OpenMP module's only export: calls chunk(ctx, i) for all i < chunks.
using OpenMPRun = int (*)(int64_t chunks, void (*chunk)(void* ctx, int64_t i), void* ctx,
                          int threads);

}  // namespace cresset
