// SPDX-License-Identifier: MIT
#include "kernels.h"

using namespace cresset;

namespace {

// The row's function as C++ and Python define it. Exact, but for those with a tolerance below.
namespace reference {

template <class T>
T add(T a, T b) {
  return a + b;
}
template <class T>
T sub(T a, T b) {
  return a - b;
}
template <class T>
T mul(T a, T b) {
  return a * b;
}
template <class T>
T div(T a, T b) {
  return a / b;
}
template <class T>
T pow(T a, T b) {
  return static_cast<T>(std::pow(static_cast<long double>(a), static_cast<long double>(b)));
}
template <class T>
T fmod(T a, T b) {
  return std::fmod(a, b);
}
template <class T>
T remainder(T a, T b) {
  const T r = std::fmod(a, b);
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}
template <class T>
T floor_divide(T a, T b) {
  if (b == 0) return a / b;
  const T quotient = std::rint((a - remainder(a, b)) / b);
  return quotient == 0 ? std::copysign(T(0), a / b) : quotient;
}
template <class T>
T maximum(T a, T b) {
  return std::isnan(a) || std::isnan(b) ? kNaN<T> : a > b ? a : b;
}
template <class T>
T minimum(T a, T b) {
  return std::isnan(a) || std::isnan(b) ? kNaN<T> : a < b ? a : b;
}
template <class T>
T fmax(T a, T b) {
  return std::fmax(a, b);
}
template <class T>
T fmin(T a, T b) {
  return std::fmin(a, b);
}
template <class T>
T atan2(T a, T b) {
  return static_cast<T>(std::atan2(static_cast<long double>(a), static_cast<long double>(b)));
}
template <class T>
T hypot(T a, T b) {
  return static_cast<T>(std::hypot(static_cast<long double>(a), static_cast<long double>(b)));
}
template <class T>
T copysign(T a, T b) {
  return std::copysign(a, b);
}
template <class T>
T logaddexp(T a, T b) {
  if (std::isinf(a) && a == b) return a;
  const long double larger = maximum(a, b);
  return static_cast<T>(larger + log1pl(expl(-fabsl(static_cast<long double>(a) - b))));
}
template <class T>
T xlogy(T a, T b) {
  if (std::isnan(b)) return b;
  return a == 0 ? 0 : static_cast<T>(a * logl(b));
}

}  // namespace reference

template <class T>
struct Row {
  BinaryOp op;
  T (*want)(T, T);
  double ulps, absolute;  // the latter in units of the type's epsilon
};
#define ROW(name, ...) \
  { BinaryOp::name, reference::name<T>, __VA_ARGS__ }
template <class T>
const Row<T> kRows[] = {
    ROW(add, 0, 0),     ROW(sub, 0, 0),     ROW(mul, 0, 0),       ROW(div, 0, 0),
    ROW(pow, 2, 0),     ROW(fmod, 0, 0),    ROW(remainder, 0, 0), ROW(floor_divide, 0, 0),
    ROW(maximum, 0, 0), ROW(minimum, 0, 0), ROW(fmax, 0, 0),      ROW(fmin, 0, 0),
    ROW(atan2, 2, 0),   ROW(hypot, 2, 0),   ROW(copysign, 0, 0),  ROW(logaddexp, 4, 4),
    ROW(xlogy, 4, 0),
};

// Every pair of special values, then random ones.
template <class T>
void fill_operands(std::vector<T>& a, std::vector<T>& b) {
  const T special[] = {T(0),    T(-0.0),  T(1),         T(-1),         T(2.5), T(-2.5),
                       T(1e30), T(1e-30), kInfinity<T>, -kInfinity<T>, kNaN<T>};
  for (T x : special)
    for (T y : special) a.push_back(x), b.push_back(y);
  const auto more_a = random_values<T>(2000, -9, 9, 1), more_b = random_values<T>(2000, -9, 9, 2);
  a.insert(a.end(), more_a.begin(), more_a.end());
  b.insert(b.end(), more_b.begin(), more_b.end());
}

template <class T>
void check_floats(const char* isa) {
  std::vector<T> a, b;
  fill_operands(a, b);
  std::vector<T> z(a.size());
  for (const Row<T>& row : kRows<T>) {
    const int op = static_cast<int>(row.op);
    kernels().binary->fn[op][kType<T>](a.size(), z.data(), 1, a.data(), 1, b.data(), 1);
    for (size_t i = 0; i < a.size(); ++i) {
      const T want = row.want(a[i], b[i]);
      const double off = ulps(z[i], want);
      CHECK(off <= row.ulps ||
                std::fabs(z[i] - want) <= row.absolute * std::numeric_limits<T>::epsilon(),
            "op %d on %s: f(%g, %g) = %.17g, not %.17g", op, isa, static_cast<double>(a[i]),
            static_cast<double>(b[i]), static_cast<double>(z[i]), static_cast<double>(want));
    }
  }
}

// Comparisons and logic, on floats and integers alike.
template <class T>
void check_flags(const std::vector<T>& a, const std::vector<T>& b) {
  const struct {
    BinaryOp op;
    bool (*want)(T, T);
  } rows[] = {
      {BinaryOp::eq, [](T x, T y) { return x == y; }},
      {BinaryOp::ne, [](T x, T y) { return x != y; }},
      {BinaryOp::lt, [](T x, T y) { return x < y; }},
      {BinaryOp::le, [](T x, T y) { return x <= y; }},
      {BinaryOp::gt, [](T x, T y) { return x > y; }},
      {BinaryOp::ge, [](T x, T y) { return x >= y; }},
      {BinaryOp::logical_and, [](T x, T y) { return x != 0 && y != 0; }},
      {BinaryOp::logical_or, [](T x, T y) { return x != 0 || y != 0; }},
      {BinaryOp::logical_xor, [](T x, T y) { return (x != 0) != (y != 0); }},
  };
  std::vector<uint8_t> z(a.size());
  for (const auto& row : rows) {
    const BinaryFn fn = kernels().binary->fn[static_cast<int>(row.op)][kType<T>];
    fn(a.size(), z.data(), 1, a.data(), 1, b.data(), 1);
    for (size_t i = 0; i < a.size(); ++i)
      CHECK(z[i] == row.want(a[i], b[i]), "op %d", static_cast<int>(row.op));
  }
}

void check_integers() {
  constexpr int64_t kMin = INT64_MIN, kMax = INT64_MAX;
  const struct {
    BinaryOp op;
    int64_t a, b, want;
  } rows[] = {
      {BinaryOp::add, kMax, 1, kMin},
      {BinaryOp::sub, kMin, 1, kMax},
      {BinaryOp::mul, kMax, 2, -2},
      {BinaryOp::floor_divide, -7, 2, -4},
      {BinaryOp::floor_divide, 7, -2, -4},
      {BinaryOp::floor_divide, -8, 2, -4},
      {BinaryOp::floor_divide, kMin, -1, kMin},
      {BinaryOp::floor_divide, 5, 0, 0},
      {BinaryOp::remainder, -7, 2, 1},
      {BinaryOp::remainder, 7, -2, -1},
      {BinaryOp::remainder, kMin, -1, 0},
      {BinaryOp::remainder, 5, 0, 0},
      {BinaryOp::fmod, -7, 2, -1},
      {BinaryOp::fmod, 7, -2, 1},
      {BinaryOp::fmod, kMin, -1, 0},
      {BinaryOp::fmod, 5, 0, 0},
      {BinaryOp::pow, 3, 4, 81},
      {BinaryOp::pow, -3, 3, -27},
      {BinaryOp::pow, 3, 41, -420491770248316829},  // 3^41 mod 2^64
      {BinaryOp::pow, 0, 0, 1},
      {BinaryOp::pow, 2, -1, 0},
      {BinaryOp::pow, -1, -3, -1},
      {BinaryOp::pow, 1, kMin, 1},
      {BinaryOp::maximum, kMin, kMax, kMax},
      {BinaryOp::minimum, kMin, kMax, kMin},
      {BinaryOp::bitwise_and, 12, 10, 8},
      {BinaryOp::bitwise_or, 12, 10, 14},
      {BinaryOp::bitwise_xor, 12, 10, 6},
      {BinaryOp::bitwise_left_shift, 3, 2, 12},
      {BinaryOp::bitwise_left_shift, 3, 64, 0},
      {BinaryOp::bitwise_left_shift, 3, -1, 0},
      {BinaryOp::bitwise_right_shift, -8, 1, -4},
      {BinaryOp::bitwise_right_shift, -8, 64, -1},
      {BinaryOp::bitwise_right_shift, 8, 64, 0},
      {BinaryOp::bitwise_right_shift, -8, -1, -1},
  };
  for (const auto& row : rows) {
    int64_t z = 42;
    kernels().binary->fn[static_cast<int>(row.op)][0](1, &z, 1, &row.a, 1, &row.b, 1);
    CHECK(z == row.want, "op %d: f(%lld, %lld) = %lld", static_cast<int>(row.op),
          static_cast<long long>(row.a), static_cast<long long>(row.b), static_cast<long long>(z));
  }
}

// Every combination of strides gives what the contiguous loop gives, and in place too.
template <class T>
void check_strides(BinaryOp op) {
  const BinaryFn fn = kernels().binary->fn[static_cast<int>(op)][kType<T>];
  const auto a = random_values<T>(2000, 1, 9, 3), b = random_values<T>(2000, 1, 9, 4);
  for (int64_t n : {0, 1, 15, 16, 17, 255, 256, 257, 600}) {
    for (int strides = 0; strides < 27; ++strides) {
      const int64_t zs = strides % 3 == 0 ? 2 : strides % 3, as = strides / 3 % 3, bs = strides / 9;
      std::vector<T> left(n + 1), right(n + 1), want(n + 1), got(2 * n + 1, T(42));
      for (int64_t i = 0; i < n; ++i) left[i] = a[i * as], right[i] = b[i * bs];
      fn(n, want.data(), 1, left.data(), 1, right.data(), 1);
      fn(n, got.data(), zs, a.data(), as, b.data(), bs);
      fn(n, left.data(), 1, left.data(), 1, right.data(), 1);
      for (int64_t i = 0; i < n; ++i)
        CHECK(got[i * zs] == want[i] && left[i] == want[i], "strides %d", strides);
      CHECK(got[n * zs] == T(42), "wrote beyond");
    }
  }
}

template <class T>
void check_fused() {
  const auto g = random_values<T>(100, -2, 2, 5), y = random_values<T>(100, -1, 1, 6);
  auto run = [&](FusedOp op) {
    std::vector<T> dx(g.size());
    kernels().binary->fused[static_cast<int>(op)][kType<T>](g.size(), dx.data(), 1, g.data(), 1,
                                                            y.data(), 1);
    return dx;
  };
  const auto relu = run(FusedOp::relu_backward), tanh = run(FusedOp::tanh_backward);
  const auto sigmoid = run(FusedOp::sigmoid_backward);
  for (size_t i = 0; i < g.size(); ++i) {
    CHECK(relu[i] == (y[i] > 0 ? g[i] : 0), "relu");
    CHECK(tanh[i] == g[i] * (1 - y[i] * y[i]), "tanh");
    CHECK(sigmoid[i] == g[i] * (y[i] * (1 - y[i])), "sigmoid");
  }
  const struct {
    FusedOp op;
    long double (*of)(long double);
  } activations[] = {
      {FusedOp::silu_backward, [](long double x) { return x / (1 + std::exp(-x)); }},
      {FusedOp::gelu_backward,
       [](long double x) { return x * std::erfc(-x / std::sqrt(2.0L)) / 2; }},
      {FusedOp::gelu_tanh_backward,
       [](long double x) {
         const long double inner =
             std::sqrt(2 / 3.14159265358979323846L) * (x + 0.044715L * x * x * x);
         return x * (1 + std::tanh(inner)) / 2;
       }},
  };
  for (const auto& activation : activations) {
    const auto got = run(activation.op);
    for (size_t i = 0; i < g.size(); ++i) {
      const long double x = y[i], step = 1e-6L;
      const long double slope = (activation.of(x + step) - activation.of(x - step)) / (2 * step);
      CHECK(std::fabs(got[i] - g[i] * slope) <= (sizeof(T) == 4 ? 2e-6 : 1e-10), "activation");
    }
  }
}

template <class T>
void check_bits() {
  std::vector<T> a, b;
  fill_operands(a, b);
  for (const Row<T>& row : kRows<T>) {
    auto compute = [&] {
      std::vector<T> z(a.size());
      kernels().binary->fn[static_cast<int>(row.op)][kType<T>](a.size(), z.data(), 1, a.data(), 1,
                                                               b.data(), 1);
      for (T& value : z)
        if (std::isnan(value)) value = 0;  // a NaN's sign is nobody's business
      return z;
    };
    check_same_bits(compute, "binary");
  }
}

template <class T>
void check_type(const char* isa) {
  std::vector<T> a, b;
  fill_operands(a, b);
  check_floats<T>(isa);
  check_flags<T>(a, b);
  for (BinaryOp op : {BinaryOp::add, BinaryOp::pow, BinaryOp::maximum}) check_strides<T>(op);
  check_fused<T>();
}

}  // namespace

int main() {
  for_each_isa([](const char* isa) {
    check_type<float>(isa);
    check_type<double>(isa);
    check_flags<int64_t>({0, 1, -1, 5, INT64_MIN, 0}, {0, -1, -1, 0, INT64_MAX, 7});
    check_integers();
  });
  check_bits<float>();
  check_bits<double>();
  return finish();
}
