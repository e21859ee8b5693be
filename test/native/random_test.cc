// SPDX-License-Identifier: MIT
#include <algorithm>

#include "kernels.h"

using namespace cresset;

namespace {

// Philox4x32-10 word by word, as the paper gives it.
struct Philox {
  uint32_t c[4];
  Philox(uint32_t c0, uint32_t c1, uint32_t c2, uint32_t c3, uint32_t k0, uint32_t k1)
      : c{c0, c1, c2, c3} {
    for (int round = 0; round < 10; ++round, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
      const uint64_t p0 = uint64_t(0xD2511F53u) * c[0], p1 = uint64_t(0xCD9E8D57u) * c[2];
      const uint32_t next[4] = {uint32_t(p1 >> 32) ^ c[1] ^ k0, uint32_t(p1),
                                uint32_t(p0 >> 32) ^ c[3] ^ k1, uint32_t(p0)};
      std::copy(next, next + 4, c);
    }
  }
  bool is(uint32_t a, uint32_t b, uint32_t d, uint32_t e) const {
    return c[0] == a && c[1] == b && c[2] == d && c[3] == e;
  }
};

// The known answers published with the authors' library.
void check_known_answers() {
  constexpr uint32_t kAll = 0xffffffffu;
  CHECK(Philox(0, 0, 0, 0, 0, 0).is(0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u), "zeros");
  CHECK(Philox(kAll, kAll, kAll, kAll, kAll, kAll)
            .is(0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu),
        "ones");
  CHECK(Philox(0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u, 0xa4093822u, 0x299f31d0u)
            .is(0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u),
        "pi");
}

void check_words() {
  for (uint64_t seed : {uint64_t(0), uint64_t(0x0123456789abcdef)}) {
    for (uint64_t offset : {uint64_t(0), uint64_t(3), (uint64_t(1) << 34) - 5}) {
      std::vector<uint32_t> y(1000);
      kernels().random->bits(y.size(), y.data(), seed, offset);
      for (size_t i = 0; i < y.size(); ++i) {
        const uint64_t counter = (offset + i) / 4;
        const Philox want(uint32_t(counter), uint32_t(counter >> 32), 0, 0, uint32_t(seed),
                          uint32_t(seed >> 32));
        CHECK(y[i] == want.c[(offset + i) % 4], "word %d", static_cast<int>(i));
      }
    }
  }
}

using Fill = void (*)(int64_t n, void* y, uint64_t offset);

// Value i of a call at `offset` is value 0 of a call at `offset + i`, for any cut into pieces.
template <class T>
void check_positions(Fill fill) {
  const int64_t n = 40000;
  std::vector<T> whole(n), piece(n);
  fill(n, whole.data(), 7);
  for (int64_t cut : {1, 2, 3, 255, 256, 257, 20001}) {
    fill(cut, piece.data(), 7);
    fill(n - cut, piece.data() + cut, 7 + cut);
    CHECK(piece == whole, "cut at %d", static_cast<int>(cut));
  }
}

struct Moments {
  double mean = 0, variance = 0, skewness = 0, kurtosis = 0;
  template <class T>
  explicit Moments(const std::vector<T>& x) {
    for (T v : x) mean += static_cast<double>(v) / x.size();
    for (T v : x) variance += (v - mean) * (v - mean) / x.size();
    for (T v : x) skewness += std::pow((v - mean) / std::sqrt(variance), 3) / x.size();
    for (T v : x) kurtosis += std::pow((v - mean) / std::sqrt(variance), 4) / x.size();
  }
};

// Six standard errors wide.
template <class T>
void check_distributions() {
  const int64_t n = 1000000;
  std::vector<T> x(n);
  kernels().random->uniform[kType<T>](n, x.data(), 11, 5, -2, 6);
  const Moments uniform(x);
  CHECK(std::fabs(uniform.mean - 2) < 6 * 8 / std::sqrt(12.0 * n), "mean %g", uniform.mean);
  CHECK(std::fabs(uniform.variance - 64 / 12.0) < 0.04, "variance %g", uniform.variance);
  CHECK(*std::min_element(x.begin(), x.end()) >= -2 && *std::max_element(x.begin(), x.end()) < 6,
        "");
  kernels().random->normal[kType<T>](n, x.data(), 11, 5, 3, 2);
  const Moments normal(x);
  CHECK(std::fabs(normal.mean - 3) < 6 * 2 / std::sqrt(n), "mean %g", normal.mean);
  CHECK(std::fabs(normal.variance / 4 - 1) < 6 * std::sqrt(2.0 / n), "variance %g",
        normal.variance);
  CHECK(std::fabs(normal.skewness) < 6 * std::sqrt(6.0 / n), "skewness %g", normal.skewness);
  CHECK(std::fabs(normal.kurtosis - 3) < 6 * std::sqrt(24.0 / n), "kurtosis %g", normal.kurtosis);
  for (T v : x) CHECK(std::isfinite(v), "finite");
  // A range one rounding step wide still excludes its end.
  const T one = 1, next = std::nextafter(one, T(2));
  kernels().random->uniform[kType<T>](1000, x.data(), 1, 0, one, next);
  for (int i = 0; i < 1000; ++i) CHECK(x[i] == one, "below the end");
}

void check_randint() {
  std::vector<int64_t> x(700000);
  kernels().random->randint(x.size(), x.data(), 3, 0, -3, 4);
  int64_t counts[7] = {};
  for (int64_t v : x) {
    CHECK(v >= -3 && v < 4, "range");
    ++counts[v + 3];
  }
  for (int64_t count : counts)
    CHECK(std::abs(count - 100000) < 6 * 293, "count %d", static_cast<int>(count));
  kernels().random->randint(100, x.data(), 3, 0, INT64_MIN, INT64_MAX);
  CHECK(*std::min_element(x.begin(), x.begin() + 100) < -(INT64_MAX / 2), "whole range");
}

template <class T>
void check_dropout() {
  const int64_t n = 400000;
  const auto x = random_values<T>(n, -3, 3);
  std::vector<T> y(n);
  std::vector<uint8_t> mask(n);
  for (double keep : {0.0, 0.25, 0.9, 1.0}) {
    kernels().random->dropout[kType<T>](n, y.data(), mask.data(), x.data(), 5, 9, keep);
    double kept = 0;
    for (int64_t i = 0; i < n; ++i) {
      CHECK(mask[i] <= 1 && y[i] == (mask[i] ? x[i] * static_cast<T>(1 / keep) : 0), "value");
      kept += mask[i];
    }
    CHECK(std::fabs(kept / n - keep) <= 6 * std::sqrt(keep * (1 - keep) / n), "kept %g", kept / n);
  }
}

template <class T>
void uniform(int64_t n, void* y, uint64_t offset) {
  kernels().random->uniform[kType<T>](n, y, 42, offset, -1, 1);
}
template <class T>
void normal(int64_t n, void* y, uint64_t offset) {
  kernels().random->normal[kType<T>](n, y, 42, offset, 0, 1);
}
void randint(int64_t n, void* y, uint64_t offset) {
  kernels().random->randint(n, static_cast<int64_t*>(y), 42, offset, 0, 1000);
}
void bits(int64_t n, void* y, uint64_t offset) {
  kernels().random->bits(n, static_cast<uint32_t*>(y), 42, offset);
}

template <class T>
void check_type() {
  check_positions<T>(uniform<T>);
  check_positions<T>(normal<T>);
  check_distributions<T>();
  check_dropout<T>();
}
template <class T>
void check_bits(Fill fill) {
  check_same_bits(
      [&] {
        std::vector<T> y(50000);
        fill(y.size(), y.data(), 3);
        return y;
      },
      "random");
}

}  // namespace

int main() {
  check_known_answers();
  for_each_isa([](const char*) {
    check_words();
    check_type<float>();
    check_type<double>();
    check_positions<int64_t>(randint);
    check_positions<uint32_t>(bits);
    check_randint();
  });
  check_bits<float>(uniform<float>);
  check_bits<double>(uniform<double>);
  check_bits<float>(normal<float>);
  check_bits<double>(normal<double>);
  return finish();
}
