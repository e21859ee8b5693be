// SPDX-License-Identifier: MIT
#pragma once
#include <stdint.h>

// The only place that knows threads, and the only part of `core` that kernels may call.
namespace cresset {

// Calls body(ctx, begin, end) for consecutive pieces of [0, n), each of at most `grain` items.
// The pieces depend on n and grain alone, never on the number of threads, so a body that writes
// disjoint outputs gives the same bits for any thread count. Nested calls run in the caller.
// Exceptions must not leave `body`.
void parallel_for(int64_t n, int64_t grain, void (*body)(void* ctx, int64_t begin, int64_t end),
                  void* ctx) noexcept;

// A number below num_threads() that tells the threads of one loop apart and stays a thread's own:
// 0 in the caller. Hints at which working memory a piece finds in its core's caches.
int thread_index() noexcept;

// No loop follows for now: threads that look out for one give their cores back.
void rest_helpers() noexcept;

enum class ParallelBackend : uint8_t { Pool, OpenMP };

struct ParallelStats {
  int64_t loops;        // parallel_for calls that were split
  int64_t chunks;       // pieces they were split into
  int64_t max_threads;  // the most threads that took part in one loop
};

int num_threads() noexcept;
// n >= 1; takes effect for the next loop. Values beyond kMaxThreads are clamped.
void set_num_threads(int n) noexcept;
inline constexpr int kMaxThreads = 256;
// What affinity and the cgroup's CPU quota give.
int default_num_threads() noexcept;

ParallelBackend parallel_backend() noexcept;
// False (and nothing changes) when the OpenMP module cannot be loaded; `why` then points to the
// loader's message, valid until the next call.
bool set_parallel_backend(ParallelBackend backend, const char** why) noexcept;
// Null, or why CRESSET_NUM_THREADS or CRESSET_PARALLEL cannot be honoured; to be reported on
// loading.
const char* parallel_error() noexcept;

ParallelStats parallel_stats() noexcept;
void reset_parallel_stats() noexcept;

}  // namespace cresset
