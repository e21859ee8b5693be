// SPDX-License-Identifier: MIT
// What this machine can do at most: multiply-adds of float32 and of bfloat16 and memory traffic of
// all threads together. Prints one JSON line { "gflops": …, "bf16Gflops": …, "gbs": … }. Compiled
// for the machine it runs on; the floors of the bench rows come from it.
#include <sys/mman.h>
#if defined(__AMX_BF16__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <thread>
#include <vector>
#if defined(__SSE__)
#include <immintrin.h>
#endif

namespace {

#if defined(__AVX512F__)
constexpr int kBytes = 64;
#define STREAM(p, v) _mm512_stream_ps(p, reinterpret_cast<__m512>(v))
#elif defined(__AVX__)
constexpr int kBytes = 32;
#define STREAM(p, v) _mm256_stream_ps(p, reinterpret_cast<__m256>(v))
#elif defined(__SSE__)
constexpr int kBytes = 16;
#define STREAM(p, v) _mm_stream_ps(p, reinterpret_cast<__m128>(v))
#else
constexpr int kBytes = 16;
#define STREAM(p, v) *reinterpret_cast<Vec*>(p) = v
#endif
typedef float Vec __attribute__((vector_size(kBytes)));
constexpr int kLanes = kBytes / sizeof(float);

Vec load(const float* p) { return *reinterpret_cast<const Vec*>(p); }
void store(float* p, Vec v) { STREAM(p, v); }

double seconds_of(int threads, const std::function<void(int)>& work) {
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::thread> others;
  for (int t = 1; t < threads; ++t) others.emplace_back(work, t);
  work(0);
  for (auto& thread : others) thread.join();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Enough independent chains to hide the latency of one, few enough to stay in 16 registers.
constexpr int kChains = 12;

void run_fmas(int64_t rounds) {
  Vec acc[kChains], scale = Vec{} + 0.999f, shift = Vec{} + 0.001f;
  for (auto& a : acc) a = Vec{} + 1.0f;
  asm volatile("" : "+x"(scale), "+x"(shift));
  for (int64_t i = 0; i < rounds; ++i)
#pragma GCC unroll 16
    for (auto& a : acc) a = a * scale + shift;
  for (auto& a : acc) asm volatile("" : : "x"(a));
}

// `run(rounds)` does `flops` a round in each thread.
double best_rate(int threads, double flops, int64_t rounds, void (*run)(int64_t)) {
  double best = 0;
  for (int i = 0; i < 20; ++i) {
    const double seconds = seconds_of(threads, [=](int) { run(rounds); });
    best = std::max(best, flops * rounds * threads / seconds / 1e9);
  }
  return best;
}

double best_gflops(int threads) {
  return best_rate(threads, 2.0 * kChains * kLanes, 20'000'000, run_fmas);
}

#if defined(__AVX512BF16__)
void run_dots(int64_t rounds) {
  __m512 acc[kChains] = {};
  __m512bh x{}, y{};
  asm volatile("" : "+v"(x), "+v"(y));
  for (int64_t i = 0; i < rounds; ++i)
#pragma GCC unroll 16
    for (auto& a : acc) a = _mm512_dpbf16_ps(a, x, y);
  for (auto& a : acc) asm volatile("" : : "v"(a));
}
#endif

#if defined(__AMX_BF16__)
// Four registers of 16 x 16 sums, 32 steps of k each.
void run_tiles(int64_t rounds) {
  struct alignas(64) {
    uint8_t palette = 1, start_row = 0, reserved[14] = {};
    uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
    uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
  } static const config;
  _tile_loadconfig(&config);
  _tile_zero(4);
  _tile_zero(5);
  _tile_zero(6);
  _tile_zero(7);
  for (int64_t i = 0; i < rounds; ++i) {
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  _tile_release();
}
bool may_use_tiles() {
  constexpr int kRequestPermission = 0x1023, kTileData = 18;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}
#endif

// Without an instruction for bfloat16 it is multiplied as float32.
double best_bf16_gflops(int threads, double gflops) {
#if defined(__AMX_BF16__)
  if (may_use_tiles()) return best_rate(threads, 2.0 * 4 * 16 * 16 * 32, 2'000'000, run_tiles);
#endif
#if defined(__AVX512BF16__)
  return std::max(gflops, best_rate(threads, 2.0 * kChains * 32, 20'000'000, run_dots));
#else
  static_cast<void>(threads);
  return gflops;
#endif
}

// Each thread writes its own pages first, in large pages where the system has them.
float* make_stream(int64_t count) {
  const size_t bytes = count * sizeof(float);
  auto* data = static_cast<float*>(std::aligned_alloc(2 << 20, bytes));
#ifdef MADV_HUGEPAGE
  madvise(data, bytes, MADV_HUGEPAGE);
#endif
  std::fill_n(data, count, 1.0f);
  return data;
}

double read_stream(const float* x, int64_t count) {
  Vec sum[8] = {};
  for (int64_t i = 0; i < count; i += 8 * kLanes)
    for (int j = 0; j < 8; ++j) sum[j] += load(x + i + j * kLanes);
  for (auto& s : sum) asm volatile("" : : "x"(s));
  return 4.0 * count;
}

double add_streams(const float* x, const float* y, float* z, int64_t count) {
  for (int64_t i = 0; i < count; i += kLanes) store(z + i, load(x + i) + load(y + i));
  return 12.0 * count;
}

double copy_stream(const float* x, float* z, int64_t count) {
  for (int64_t i = 0; i < count; i += kLanes) store(z + i, load(x + i));
  return 8.0 * count;
}

// The best of reading, z = x + y and z = x over 64 MB an array, all threads at once, written past
// the caches.
double best_gbs(int threads) {
  const int64_t count = (int64_t{1} << 24) / threads / 1024 * 1024;
  std::barrier together(threads);
  double best = 0;
  seconds_of(threads, [&](int t) {
    float *x = make_stream(count), *y = make_stream(count), *z = make_stream(count);
    for (int i = 0; i < 30; ++i) {
      together.arrive_and_wait();
      const auto start = std::chrono::steady_clock::now();
      const double bytes = i % 3 == 0   ? read_stream(x, count)
                           : i % 3 == 1 ? add_streams(x, y, z, count)
                                        : copy_stream(x, z, count);
      together.arrive_and_wait();
      const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
      if (t == 0) best = std::max(best, bytes * threads / seconds.count() / 1e9);
    }
    for (float* stream : {x, y, z}) std::free(stream);
  });
  return best;
}

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : 1;
  const double gflops = best_gflops(threads);
  std::printf("{\"gflops\": %.1f, \"bf16Gflops\": %.1f, \"gbs\": %.1f}\n", gflops,
              best_bf16_gflops(threads, gflops), best_gbs(threads));
}
