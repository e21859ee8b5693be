// SPDX-License-Identifier: MIT
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "check.h"
#include "core/parallel.h"
#include "kernels/table.h"

// What the tests of the kernel families share.
namespace cresset {

template <class T>
constexpr int kType = static_cast<int>(sizeof(T) == 4 ? ComputeType::Float32
                                                      : ComputeType::Float64);
template <>
inline constexpr int kType<int64_t> = static_cast<int>(ComputeType::Int64);

template <class T>
constexpr T kInfinity = std::numeric_limits<T>::infinity();
template <class T>
constexpr T kNaN = std::numeric_limits<T>::quiet_NaN();

// Calls test(name) with each instruction set of this machine in use.
template <class Test>
void for_each_isa(Test test) {
  for (const char* const* isa = available_isas(); *isa; ++isa) {
    CHECK(set_isa(*isa) == nullptr, "%s", *isa);
    test(*isa);
  }
}

// compute() gives a vector: the same bits on every instruction set with FMA and for any number of
// threads.
template <class Compute>
void check_same_bits(Compute compute, const char* what) {
  decltype(compute()) first;
  for_each_isa([&](const char* isa) {
    if (std::strcmp(isa, "baseline") == 0) return;
    for (int threads = 1; threads <= 3; ++threads) {
      set_num_threads(threads);
      const auto result = compute();
      if (first.empty()) first = result;
      const size_t bytes = result.size() * sizeof result[0];
      CHECK(result.size() == first.size() &&
                (bytes == 0 || std::memcmp(result.data(), first.data(), bytes) == 0),
            "%s: other bits on %s with %d threads", what, isa, threads);
    }
  });
  set_num_threads(default_num_threads());
}

template <class T>
std::vector<T> random_values(int64_t n, double lo, double hi, uint64_t seed = 1) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> distribution(lo, hi);
  std::vector<T> values(n);
  for (T& value : values) value = static_cast<T>(distribution(random));
  return values;
}

// |got - want| in units of want's last place; 0 for equal values, NaN against NaN included.
template <class T>
double ulps(T got, long double want) {
  const T rounded = static_cast<T>(want);
  if (got == rounded || (std::isnan(got) && std::isnan(rounded))) return 0;
  if (!std::isfinite(got) || !std::isfinite(rounded)) return kInfinity<double>;
  const T away = std::nextafter(std::fabs(rounded), kInfinity<T>);
  const long double unit = static_cast<long double>(away) - std::fabs(rounded);
  return static_cast<double>(std::fabs(got - want) / unit);
}

}  // namespace cresset
