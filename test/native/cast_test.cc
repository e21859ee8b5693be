// SPDX-License-Identifier: MIT
#include "kernels.h"

using namespace cresset;

namespace {

CastFn cast(DType from, DType to) {
  return kernels().cast->fn[static_cast<int>(from)][static_cast<int>(to)];
}
template <class To, class From>
To one(DType from, DType to, From x) {
  To y;
  cast(from, to)(1, &y, 1, &x, 1);
  return y;
}

// What 16 bits mean, from the formats' definitions: 1 sign, e exponent, m fraction bits.
double decode(uint16_t bits, int fraction_bits, int bias) {
  const int exponent = (bits & 0x7fff) >> fraction_bits;
  const int fraction = bits & ((1 << fraction_bits) - 1);
  const int largest = (1 << (15 - fraction_bits)) - 1;
  const double sign = bits & 0x8000 ? -1 : 1;
  if (exponent == largest) return fraction ? kNaN<double> : sign * kInfinity<double>;
  if (exponent == 0) return sign * std::ldexp(fraction, 1 - bias - fraction_bits);
  return sign * std::ldexp((1 << fraction_bits) + fraction, exponent - bias - fraction_bits);
}

// All 65536 values one way, and back: the values themselves, the midpoints to both neighbours
// (even wins) and what lies just beside the midpoints.
void check_half(DType half, int fraction_bits, int bias) {
  const uint16_t infinity = static_cast<uint16_t>(0x7fff >> fraction_bits << fraction_bits);
  for (int i = 0; i < 0x10000; ++i) {
    const uint16_t bits = static_cast<uint16_t>(i);
    const double value = decode(bits, fraction_bits, bias);
    const float wide = one<float>(half, DType::Float32, bits);
    CHECK(std::isnan(value) ? std::isnan(wide) : wide == value && std::signbit(wide) == (i >> 15),
          "%04x", i);
    const uint16_t back = one<uint16_t>(DType::Float32, half, wide);
    CHECK(std::isnan(value) ? std::isnan(decode(back, fraction_bits, bias)) : back == bits, "%04x",
          i);
    if ((bits & 0x7fff) >= infinity) continue;
    // Beyond the largest value the next step up counts as infinity.
    const double step =
        std::ldexp(1, std::max(((bits & 0x7fff) >> fraction_bits), 1) - bias - fraction_bits);
    const float middle = static_cast<float>(value + (i >> 15 ? -step : step) / 2);
    const uint16_t up = bits + 1, even = bits & 1 ? up : bits;
    CHECK(one<uint16_t>(DType::Float32, half, middle) == even, "middle above %04x", i);
    const float below = std::nextafterf(middle, 0.0f);
    const float above = std::nextafterf(middle, i >> 15 ? -kInfinity<float> : kInfinity<float>);
    CHECK(one<uint16_t>(DType::Float32, half, below) == bits, "below %04x", i);
    CHECK(one<uint16_t>(DType::Float32, half, above) == up, "above %04x", i);
  }
}

template <class From>
void check_to_integers(DType from) {
  const struct {
    double x;
    int64_t want;
  } rows[] = {{0.9, 0},
              {-0.9, 0},
              {1.5, 1},
              {-2.5, -2},
              {300, 300},
              {-1, -1},
              {1e9, 1000000000},
              {4294967296.0, 4294967296},
              {1e30, INT64_MAX},
              {-1e30, INT64_MIN},
              {kInfinity<double>, INT64_MAX},
              {-kInfinity<double>, INT64_MIN},
              {kNaN<double>, 0},
              {-9223372036854775808.0, INT64_MIN},
              {9223372036854775808.0, INT64_MAX}};
  for (const auto& row : rows) {
    const From x = static_cast<From>(row.x);
    CHECK(one<int64_t>(from, DType::Int64, x) == row.want, "%g", row.x);
    CHECK(one<int32_t>(from, DType::Int32, x) == static_cast<int32_t>(row.want), "%g", row.x);
    CHECK(one<int16_t>(from, DType::Int16, x) == static_cast<int16_t>(row.want), "%g", row.x);
    CHECK(one<int8_t>(from, DType::Int8, x) == static_cast<int8_t>(row.want), "%g", row.x);
    CHECK(one<uint8_t>(from, DType::UInt8, x) == static_cast<uint8_t>(row.want), "%g", row.x);
    CHECK(one<uint8_t>(from, DType::Bool, x) == (row.x != 0), "%g", row.x);
  }
}

void check_pairs() {
  CHECK(one<uint8_t>(DType::Int64, DType::UInt8, int64_t(-1)) == 255, "wraps");
  CHECK(one<int8_t>(DType::UInt8, DType::Int8, uint8_t(200)) == -56, "wraps");
  CHECK(one<uint8_t>(DType::Int64, DType::Bool, int64_t(256)) == 1, "bool is != 0");
  CHECK(one<uint8_t>(DType::Float16, DType::Bool, uint16_t(0x8000)) == 0, "-0 is false");
  CHECK(one<uint8_t>(DType::Float16, DType::Bool, uint16_t(1)) == 1, "denormal is true");
  CHECK(one<uint8_t>(DType::Float64, DType::Bool, kNaN<double>) == 1, "NaN is true");
  CHECK(one<float>(DType::Int64, DType::Float32, int64_t(16777217)) == 16777216.0f, "rounds");
  CHECK(one<float>(DType::Float64, DType::Float32, 1e300) == kInfinity<float>, "overflows");
  CHECK(one<uint16_t>(DType::Int32, DType::Float16, 70000) == 0x7c00, "overflows");
  CHECK(one<double>(DType::BFloat16, DType::Float64, uint16_t(0x3f80)) == 1.0, "one");
}

// All pairs of types: strides and lengths agree with the contiguous loop.
void check_strides() {
  std::vector<uint8_t> x(8 * 2000);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<uint8_t>(i * 37 % 64);
  for (int from = 0; from < kDTypeCount; ++from) {
    for (int to = 0; to < kDTypeCount; ++to) {
      const int in = kDTypeInfo[from].bytes, out = kDTypeInfo[to].bytes;
      const CastFn fn = kernels().cast->fn[from][to];
      for (int64_t n : {0, 1, 17, 256, 600}) {
        for (int64_t xs : {0, 1, 3}) {
          std::vector<uint8_t> packed(8 * n + 8), want(8 * n + 8), got(16 * n + 8, 0xee);
          for (int64_t i = 0; i < n; ++i) std::memcpy(&packed[i * in], &x[i * xs * in], in);
          fn(n, want.data(), 1, packed.data(), 1);
          fn(n, got.data(), 2, x.data(), xs);
          for (int64_t i = 0; i < n; ++i)
            CHECK(std::memcmp(&got[2 * i * out], &want[i * out], out) == 0, "%d to %d", from, to);
          CHECK(got[2 * n * out] == 0xee, "wrote beyond");
        }
      }
    }
  }
}

template <class T>
void check_where(int log2_size) {
  const auto a = random_values<T>(900, 0, 100, 1), b = random_values<T>(900, 0, 100, 2);
  std::vector<uint8_t> c(900);
  for (size_t i = 0; i < c.size(); ++i) c[i] = i * 7 % 3 == 0;
  for (int64_t n : {0, 1, 100, 300}) {
    for (int strides = 0; strides < 27; ++strides) {
      const int64_t cs = strides % 3, as = strides / 3 % 3, bs = strides / 9;
      std::vector<T> y(n + 1, T(101));
      kernels().cast->where[log2_size](n, y.data(), c.data(), cs, a.data(), as, b.data(), bs);
      for (int64_t i = 0; i < n; ++i) CHECK(y[i] == (c[i * cs] ? a[i * as] : b[i * bs]), "where");
      CHECK(y[n] == T(101), "wrote beyond");
    }
  }
}

// The first line in it.
template <class T>
T* aligned(T* p) {
  return reinterpret_cast<T*>((reinterpret_cast<uintptr_t>(p) + 63) & ~uintptr_t{63});
}

// Sizes around the squares that go by vectors; rows are padded on both sides, or begin with a line.
template <class T>
void check_transpose(int log2_size) {
  constexpr int64_t kLine = 64 / sizeof(T);
  for (bool past_caches : {false, true})
    for (int64_t rows : {1, 8, 15, 16, 33, 64})
      for (int64_t cols : {1, 16, 31, 70}) {
        const int64_t xs = cols + 3, ys = past_caches ? (rows / kLine + 1) * kLine : rows + 2;
        const auto x = random_values<T>(rows * xs, 0, 100, 3);
        std::vector<T> memory(cols * ys + kLine, T(101));
        T* const y = aligned(memory.data());
        kernels().cast->transpose[log2_size](rows, cols, y, ys, x.data(), xs, past_caches);
        for (int64_t c = 0; c < cols; ++c)
          for (int64_t r = 0; r < ys; ++r)
            CHECK(y[c * ys + r] == (r < rows ? x[r * xs + c] : T(101)), "transpose");
      }
}

void check_move() {
  const auto x = random_values<uint8_t>(1000, 0, 100, 4);
  for (int64_t bytes : {0, 1, 15, 63, 64, 65, 200, 700})
    for (int64_t to : {0, 1, 16, 40, 63}) {
      std::vector<uint8_t> y(1000, 101);
      uint8_t* const first = aligned(y.data()) + to;
      kernels().cast->move(bytes, first, x.data() + 3);
      const int64_t at = first - y.data();
      for (int64_t i = 0; i < 1000; ++i)
        CHECK(y[i] == (i >= at && i < at + bytes ? x[i - at + 3] : 101), "move");
    }
}

}  // namespace

int main() {
  for_each_isa([](const char*) {
    check_half(DType::Float16, 10, 15);
    check_half(DType::BFloat16, 7, 127);
    check_to_integers<float>(DType::Float32);
    check_to_integers<double>(DType::Float64);
    check_pairs();
    check_strides();
    check_where<uint8_t>(0);
    check_where<int16_t>(1);
    check_where<float>(2);
    check_where<double>(3);
    check_transpose<uint8_t>(0);
    check_transpose<int16_t>(1);
    check_transpose<float>(2);
    check_transpose<double>(3);
    check_move();
  });
  return finish();
}
