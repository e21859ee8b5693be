// SPDX-License-Identifier: MIT
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <utility>
#include <vector>

#include "check.h"
#include "core/parallel.h"
#include "kernels/table.h"

using namespace cresset;

namespace {

template <class T>
constexpr int kType = static_cast<int>(sizeof(T) == 4 ? ComputeType::Float32
                                                      : ComputeType::Float64);
template <>
constexpr int kType<int64_t> = static_cast<int>(ComputeType::Int64);

struct Shape {
  int64_t m, n, k;
  bool ta, tb, accumulate, bias, relu;
  int64_t padding;  // of every leading dimension
};

template <class T>
struct Matrix {
  int64_t rows, columns, ld;
  std::vector<T> data;
  Matrix(int64_t rows, int64_t columns, int64_t padding)
      : rows(rows), columns(columns), ld(columns + padding), data(rows * ld + 1) {}
  T& at(int64_t i, int64_t j) { return data[i * ld + j]; }
};

template <class T>
Matrix<T> random_matrix(int64_t rows, int64_t columns, int64_t padding, std::mt19937_64& random) {
  Matrix<T> m(rows, columns, padding);
  for (T& x : m.data)
    if constexpr (std::is_integral_v<T>)
      x = static_cast<T>(random());
    else
      x = static_cast<T>(std::uniform_real_distribution<double>(-1, 1)(random));
  return m;
}

// One output by the contract: a chain of fused multiply-adds in ascending k.
template <class T>
T expected(const Shape& s, Matrix<T>& a, Matrix<T>& b, const std::vector<T>& bias, T c, int64_t i,
           int64_t j, bool fused) {
  T sum = s.accumulate ? c : T(0);
  for (int64_t p = 0; p < s.k; ++p) {
    const T x = s.ta ? a.at(p, i) : a.at(i, p), y = s.tb ? b.at(j, p) : b.at(p, j);
    if constexpr (std::is_integral_v<T>)
      sum = static_cast<T>(static_cast<uint64_t>(sum) +
                           static_cast<uint64_t>(x) * static_cast<uint64_t>(y));
    else
      sum = fused ? std::fma(x, y, sum) : x * y + sum;
  }
  if (s.bias) {
    if constexpr (std::is_integral_v<T>)
      sum = static_cast<T>(static_cast<uint64_t>(sum) + static_cast<uint64_t>(bias[j]));
    else
      sum += bias[j];
  }
  return s.relu && sum < T(0) ? T(0) : sum;
}

template <class T>
void check_shape(const Shape& s, std::mt19937_64& random) {
  Matrix<T> a = s.ta ? random_matrix<T>(s.k, s.m, s.padding, random)
                     : random_matrix<T>(s.m, s.k, s.padding, random);
  Matrix<T> b = s.tb ? random_matrix<T>(s.n, s.k, s.padding, random)
                     : random_matrix<T>(s.k, s.n, s.padding, random);
  const Matrix<T> start = random_matrix<T>(s.m, s.n, s.padding, random);
  const std::vector<T> bias = random_matrix<T>(1, s.n, 0, random).data;
  Matrix<T> c = start;
  const GemmTable& table = *kernels().gemm;
  const int64_t slots = 3;
  void* scratch =
      std::aligned_alloc(64, table.scratch[kType<T>](s.m, s.n, s.k, slots) / 64 * 64 + 64);
  // The chains are made once; every number of threads gives the same bits.
  for (int threads = 1; threads <= 3; ++threads) {
    const Matrix<T> before = std::exchange(c, start);
    set_num_threads(threads);
    table.gemm[kType<T>]({s.m, s.n, s.k, a.data.data(), a.ld, s.ta, b.data.data(), b.ld, s.tb,
                          c.data.data(), c.ld, s.accumulate, s.bias ? bias.data() : nullptr, s.relu,
                          scratch, slots});
    CHECK(threads == 1 ||
              std::memcmp(before.data.data(), c.data.data(), c.data.size() * sizeof(T)) == 0,
          "other bits by %d threads", threads);
  }
  std::free(scratch);
  Matrix<T> by_packed = start;
  void* packed = std::aligned_alloc(64, (table.packed_bytes[kType<T>](s.n, s.k) + 64) / 64 * 64);
  GemmArgs args{s.m,
                s.n,
                s.k,
                a.data.data(),
                a.ld,
                s.ta,
                b.data.data(),
                b.ld,
                s.tb,
                by_packed.data.data(),
                by_packed.ld,
                s.accumulate,
                s.bias ? bias.data() : nullptr,
                s.relu,
                nullptr};
  table.pack[kType<T>](args, packed);
  args.b = nullptr;
  args.packed_b = packed;
  table.gemm[kType<T>](args);
  std::free(packed);
  CHECK(std::memcmp(by_packed.data.data(), c.data.data(), c.data.size() * sizeof(T)) == 0,
        "other bits from a packed B");
  const bool fused = std::strcmp(kernels().isa, "baseline") != 0;
  for (int64_t i = 0; i < s.m; ++i)
    for (int64_t j = 0; j < s.n; ++j) {
      T want = expected(s, a, b, bias, start.data[i * c.ld + j], i, j, fused), got = c.at(i, j);
      CHECK(std::memcmp(&want, &got, sizeof(T)) == 0,
            "%s: %ld x %ld x %ld, ta %d, tb %d: C[%ld, %ld] is %.17g, not %.17g", kernels().isa,
            long(s.m), long(s.n), long(s.k), s.ta, s.tb, long(i), long(j), double(got),
            double(want));
    }
  for (int64_t i = 0; i < s.m; ++i)
    for (int64_t j = s.n; j < c.ld; ++j)
      CHECK(c.at(i, j) == start.data[i * c.ld + j], "the padding of C is not to be touched");
}

template <class T>
void check_small(std::mt19937_64& random) {
  const int64_t sizes[] = {0, 1, 2, 3, 5, 8, 11, 12, 13, 16, 17, 31, 32, 33, 48, 64, 100, 150};
  const auto size = [&] { return sizes[random() % (sizeof sizes / sizeof *sizes)]; };
  for (int round = 0; round < 100; ++round) {
    const uint64_t bits = random();
    check_shape<T>({size(), size(), size(), bool(bits & 1), bool(bits & 2), bool(bits & 4),
                    bool(bits & 8), bool(bits & 16), int64_t(bits >> 5 & 3)},
                   random);
  }
}

// Shapes of training, and those that take several blocks of rows, columns and steps.
template <class T>
void check_large(std::mt19937_64& random) {
  for (int transposes = 0; transposes < 4; ++transposes) {
    const bool ta = transposes & 1, tb = transposes & 2;
    check_shape<T>({64, 128, 784, ta, tb, false, true, true, 0}, random);
    check_shape<T>({128, 784, 64, ta, tb, true, false, false, 0}, random);
    check_shape<T>({1, 300, 1600, ta, tb, false, false, false, 0}, random);
    check_shape<T>({300, 1, 700, ta, tb, false, false, false, 0}, random);
    check_shape<T>({2, 2100, 20, ta, tb, false, true, false, 1}, random);
    check_shape<T>({290, 70, 800, ta, tb, false, false, false, 5}, random);
    check_shape<T>({3, 2350, 790, ta, tb, false, false, false, 0}, random);
    check_shape<T>({30, 70, 1030, ta, tb, false, true, false, 0}, random);
    check_shape<T>({32, 70, 400, ta, tb, false, true, true, 2}, random);
    check_shape<T>({16, 300, 900, ta, tb, false, false, true, 0}, random);
    check_shape<T>({7, 310, 901, ta, tb, false, true, true, 2}, random);
    check_shape<T>({3, 2301, 1003, ta, tb, true, true, false, 1}, random);  // B comes from memory
    check_shape<T>({8, 2300, 1002, ta, tb, false, false, true, 0}, random);
    check_shape<T>({125, 260, 300, ta, tb, false, true, false, 3}, random);
    // The first tiles pack B: block by block, and in several visits of one pass.
    check_shape<T>({200, 290, 700, ta, tb, false, true, true, 2}, random);
    check_shape<T>({130, 203, 600, ta, tb, true, false, true, 1}, random);
    check_shape<T>({400, 600, 20, ta, tb, false, false, false, 0}, random);
  }
}

// NaN and infinity reach the outputs they belong to, through the epilogue too.
void check_nan() {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float a[] = {1, nan}, b[] = {0, 1};
  float c[4];
  alignas(64) char scratch[4096];
  CHECK(kernels().gemm->scratch[1](2, 2, 1, 1) <= int64_t(sizeof scratch));
  kernels().gemm->gemm[1]({2, 2, 1, a, 1, false, b, 2, false, c, 2, false, nullptr, true, scratch});
  CHECK(c[0] == 0 && c[1] == 1 && std::isnan(c[2]) && std::isnan(c[3]));
}

}  // namespace

int main() {
  const GemmTable* tested = nullptr;
  for (const char* const* isa = available_isas(); *isa; ++isa) {
    CHECK(set_isa(*isa) == nullptr);
    // One instruction set may have another's products.
    if (std::exchange(tested, kernels().gemm) == kernels().gemm) continue;
    for (int seed = 1; seed <= 3; ++seed) {
      std::mt19937_64 random(seed);
      check_small<float>(random);
      check_small<double>(random);
      check_small<int64_t>(random);
    }
    std::mt19937_64 random(0);
    check_large<float>(random);
    check_large<double>(random);
    check_large<int64_t>(random);
    check_nan();
    std::printf("%s: ok\n", *isa);
  }
  CHECK(set_isa("mmx") != nullptr);
  return finish();
}
