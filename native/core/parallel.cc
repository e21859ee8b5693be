// SPDX-License-Identifier: MIT
#include "core/parallel.h"

#include <dlfcn.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "core/cpu_count.h"
#include "core/parallel_backend.h"

namespace cresset {

constinit thread_local bool inside_loop = false;
constinit thread_local int index_of_thread = 0;

namespace {

// Trivially destroyed: loops may still run while the process exits.
struct State {
  std::atomic<int> threads;
  std::atomic<ParallelBackend> backend;
  std::atomic<OpenMPRun> openmp;
  std::atomic<pid_t> openmp_process;
  std::atomic<int64_t> loops, chunks, max_threads;
};
constinit State state{};

// libgomp's threads do not survive a fork, and it would wait for them forever.
bool openmp_usable() {
  return state.backend.load(std::memory_order_relaxed) == ParallelBackend::OpenMP &&
         state.openmp_process.load(std::memory_order_relaxed) == getpid();
}

int openmp_run(const Loop& loop, int threads) {
  const auto chunk = [](void* ctx, int64_t i) {
    const bool outer = inside_loop;
    inside_loop = true;
    static_cast<const Loop*>(ctx)->run(i);
    inside_loop = outer;
  };
  return state.openmp.load(std::memory_order_acquire)(loop.chunks(), chunk,
                                                      const_cast<Loop*>(&loop), threads);
}

void count(int64_t chunks, int threads) {
  state.loops.fetch_add(1, std::memory_order_relaxed);
  state.chunks.fetch_add(chunks, std::memory_order_relaxed);
  int64_t most = state.max_threads.load(std::memory_order_relaxed);
  while (threads > most &&
         !state.max_threads.compare_exchange_weak(most, threads, std::memory_order_relaxed)) {
  }
}

// The OpenMP module lies beside the binary this function is in.
OpenMPRun load_openmp(const char** why) {
  thread_local char message[512];
  char path[4096];
  Dl_info info;
  const char* slash = nullptr;
  if (dladdr(reinterpret_cast<void*>(load_openmp), &info) && info.dli_fname)
    slash = std::strrchr(info.dli_fname, '/');
  const int folder = slash ? static_cast<int>(slash - info.dli_fname) : 1;
  std::snprintf(path, sizeof path, "%.*s/cresset_openmp.so", folder, slash ? info.dli_fname : ".");
  void* module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  void* run = module ? dlsym(module, "cresset_openmp_run") : nullptr;
  if (!run) {
    const char* reason = dlerror();
    std::snprintf(message, sizeof message, "the OpenMP backend cannot be loaded: %s",
                  reason ? reason : "cresset_openmp_run is missing");
    *why = message;
  }
  return reinterpret_cast<OpenMPRun>(run);
}

void apply_threads(int n) {
  n = n < 1 ? 1 : n > kMaxThreads ? kMaxThreads : n;
  state.threads.store(n, std::memory_order_relaxed);
  pool_resize(n - 1);
}

// Null, or why not.
const char* apply_backend(ParallelBackend backend) {
  const char* why = nullptr;
  if (backend == ParallelBackend::OpenMP && !state.openmp.load(std::memory_order_acquire)) {
    const OpenMPRun run = load_openmp(&why);
    if (!run) return why;
    state.openmp_process.store(getpid(), std::memory_order_relaxed);
    state.openmp.store(run, std::memory_order_release);
  }
  state.backend.store(backend, std::memory_order_relaxed);
  return nullptr;
}

// The environment, read once; keeps what is wrong with it for parallel_error().
struct Environment {
  char error[640] = "";

  Environment() {
    apply_threads(default_num_threads());
    if (const char* text = std::getenv("CRESSET_NUM_THREADS"); text && *text) {
      char* end;
      const long n = std::strtol(text, &end, 10);
      if (*end == '\0' && n >= 1)
        apply_threads(n > kMaxThreads ? kMaxThreads : static_cast<int>(n));
      else
        std::snprintf(error, sizeof error,
                      "CRESSET_NUM_THREADS: expected an integer of at least 1, got '%.64s'", text);
    }
    if (const char* text = std::getenv("CRESSET_PARALLEL"); text && *text) {
      const bool openmp = std::strcmp(text, "openmp") == 0;
      if (!openmp && std::strcmp(text, "pool") != 0)
        std::snprintf(error, sizeof error,
                      "CRESSET_PARALLEL: expected 'pool' or 'openmp', got '%.64s'", text);
      else if (const char* why = openmp ? apply_backend(ParallelBackend::OpenMP) : nullptr)
        std::snprintf(error, sizeof error, "CRESSET_PARALLEL: %s", why);
    }
  }
};

const Environment& environment() {
  static const Environment instance;
  return instance;
}

}  // namespace

void parallel_for(int64_t n, int64_t grain, LoopBody body, void* ctx) noexcept {
  if (n <= 0) return;
  const Loop loop{body, ctx, n, grain < 1 ? 1 : grain};
  const int64_t chunks = loop.chunks();
  const int threads = chunks > 1 && !inside_loop ? num_threads() : 1;
  if (threads == 1) {
    for (int64_t i = 0; i < chunks; ++i) loop.run(i);
    return;
  }
  inside_loop = true;
  const int took_part = openmp_usable() ? openmp_run(loop, threads) : pool_run(loop, threads);
  inside_loop = false;
  count(chunks, took_part);
}

int thread_index() noexcept { return index_of_thread; }

int num_threads() noexcept {
  environment();
  return state.threads.load(std::memory_order_relaxed);
}

void set_num_threads(int n) noexcept {
  environment();
  apply_threads(n);
}

int default_num_threads() noexcept { return available_cpus(); }

const char* parallel_error() noexcept {
  const char* error = environment().error;
  return *error ? error : nullptr;
}

ParallelBackend parallel_backend() noexcept {
  environment();
  return state.backend.load(std::memory_order_relaxed);
}

bool set_parallel_backend(ParallelBackend backend, const char** why) noexcept {
  environment();
  const char* reason = apply_backend(backend);
  if (why) *why = reason;
  return reason == nullptr;
}

ParallelStats parallel_stats() noexcept {
  return {state.loops.load(std::memory_order_relaxed), state.chunks.load(std::memory_order_relaxed),
          state.max_threads.load(std::memory_order_relaxed)};
}

void reset_parallel_stats() noexcept {
  state.loops.store(0, std::memory_order_relaxed);
  state.chunks.store(0, std::memory_order_relaxed);
  state.max_threads.store(0, std::memory_order_relaxed);
}

}  // namespace cresset
