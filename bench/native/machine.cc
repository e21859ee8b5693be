// SPDX-License-Identifier: MIT
// What this machine can do at most: float32 FMAs and memory traffic of all threads together. Prints one JSON line
// { "gflops": …, "gbs": … }. Compiled for the machine it runs on; the floors of the bench rows come from it.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <thread>
#include <vector>

namespace {

#if defined(__AVX512F__)
constexpr int kBytes = 64;
#elif defined(__AVX__)
constexpr int kBytes = 32;
#else
constexpr int kBytes = 16;
#endif
typedef float Vec __attribute__((vector_size(kBytes)));
constexpr int kLanes = kBytes / sizeof(float);

double seconds_of(int threads, const std::function<void(int)>& work) {
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::thread> others;
  for (int t = 1; t < threads; ++t) others.emplace_back(work, t);
  work(0);
  for (auto& thread : others) thread.join();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Enough independent chains to hide the latency of one.
void run_fmas(int64_t rounds) {
  constexpr int kChains = 16;
  Vec acc[kChains], scale = Vec{} + 0.999f, shift = Vec{} + 0.001f;
  for (auto& a : acc) a = Vec{} + 1.0f;
  asm volatile("" : "+x"(scale), "+x"(shift));
  for (int64_t i = 0; i < rounds; ++i)
#pragma GCC unroll 16
    for (auto& a : acc) a = a * scale + shift;
  for (auto& a : acc) asm volatile("" : : "x"(a));
}

double best_gflops(int threads) {
  constexpr int64_t kRounds = 20'000'000;
  double best = 0;
  for (int i = 0; i < 5; ++i) {
    const double seconds = seconds_of(threads, [](int) { run_fmas(kRounds); });
    best = std::max(best, 2.0 * 16 * kLanes * kRounds * threads / seconds / 1e9);
  }
  return best;
}

// The best of reading alone and of z = x + y; the latter counts two reads and one write.
double best_gbs(int threads) {
  constexpr int64_t kCount = int64_t{1} << 24;
  std::vector<float> x(kCount, 1.0f), y(kCount, 2.0f), z(kCount, 0.0f);
  std::vector<float> sums(64 * threads);
  const auto part = [&](int t, auto body) {
    body(kCount / kLanes * t / threads, kCount / kLanes * (t + 1) / threads);
  };
  typedef float Loose __attribute__((vector_size(kBytes), aligned(4)));
  auto load = [](const float* p, int64_t i) { return reinterpret_cast<const Loose*>(p)[i]; };
  double best = 0;
  for (int i = 0; i < 8; ++i) {
    const double reading = seconds_of(threads, [&](int t) {
      part(t, [&](int64_t begin, int64_t end) {
        Loose sum[4] = {};
        for (int64_t k = begin; k + 4 <= end; k += 4)
          for (int j = 0; j < 4; ++j) sum[j] += load(x.data(), k + j);
        sums[64 * t] = (sum[0] + sum[1] + sum[2] + sum[3])[0];
      });
    });
    const double adding = seconds_of(threads, [&](int t) {
      part(t, [&](int64_t begin, int64_t end) {
        for (int64_t k = begin; k < end; ++k)
          reinterpret_cast<Loose*>(z.data())[k] = load(x.data(), k) + load(y.data(), k);
      });
    });
    asm volatile("" : : "r"(sums.data()), "r"(z.data()) : "memory");
    best = std::max({best, 4.0 * kCount / reading / 1e9, 12.0 * kCount / adding / 1e9});
  }
  return best;
}

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : 1;
  std::printf("{\"gflops\": %.1f, \"gbs\": %.1f}\n", best_gflops(threads), best_gbs(threads));
}
