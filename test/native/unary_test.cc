// SPDX-License-Identifier: MIT
#include "kernels.h"

using namespace cresset;

namespace {

using Real = long double;

// The row's function in extended precision, from the C library or its definition.
namespace reference {

constexpr Real kPi = 3.14159265358979323846264338327950288L;

Real abs(Real x) { return fabsl(x); }
Real neg(Real x) { return -x; }
Real sign(Real x) { return (x > 0) - (x < 0); }
Real square(Real x) { return x * x; }
Real reciprocal(Real x) { return 1 / x; }
Real sqrt(Real x) { return sqrtl(x); }
Real rsqrt(Real x) { return 1 / sqrtl(x); }
Real exp(Real x) { return expl(x); }
Real exp2(Real x) { return exp2l(x); }
Real expm1(Real x) { return expm1l(x); }
Real log(Real x) { return logl(x); }
Real log2(Real x) { return log2l(x); }
Real log10(Real x) { return log10l(x); }
Real log1p(Real x) { return log1pl(x); }
Real sin(Real x) { return sinl(x); }
Real cos(Real x) { return cosl(x); }
Real tan(Real x) { return tanl(x); }
Real asin(Real x) { return asinl(x); }
Real acos(Real x) { return acosl(x); }
Real atan(Real x) { return atanl(x); }
Real sinh(Real x) { return sinhl(x); }
Real cosh(Real x) { return coshl(x); }
Real tanh(Real x) { return tanhl(x); }
Real asinh(Real x) { return asinhl(x); }
Real acosh(Real x) { return acoshl(x); }
Real atanh(Real x) { return atanhl(x); }
Real sigmoid(Real x) { return 1 / (1 + expl(-x)); }
Real log_sigmoid(Real x) { return -log1pl(expl(-x)); }
Real logit(Real x) { return logl(x / (1 - x)); }
Real erf(Real x) { return erfl(x); }
Real erfc(Real x) { return erfcl(x); }
Real lgamma(Real x) { return lgammal(x); }
Real sinc(Real x) { return x == 0 ? 1 : sinl(kPi * x) / (kPi * x); }
Real floor(Real x) { return floorl(x); }
Real ceil(Real x) { return ceill(x); }
Real round(Real x) { return rintl(x); }
Real trunc(Real x) { return truncl(x); }
Real frac(Real x) { return x - truncl(x); }
Real relu(Real x) { return x < 0 ? 0 : x; }
Real silu(Real x) { return x / (1 + expl(-x)); }
Real gelu(Real x) { return 0.5L * x * erfcl(-x * sqrtl(0.5L)); }
Real gelu_tanh(Real x) { return x / (1 + expl(-2 * sqrtl(2 / kPi) * (x + 0.044715L * x * x * x))); }
Real isnan(Real x) { return std::isnan(x); }
Real isinf(Real x) { return std::isinf(x); }
Real isfinite(Real x) { return std::isfinite(x); }
Real signbit(Real x) { return std::signbit(x); }
Real logical_not(Real x) { return x == 0; }

// erfinv, digamma and trigamma by bisection of erf and by differences of lgamma's series.
Real erfinv(Real x) {
  if (x == 0) return x;
  if (fabsl(x) >= 1) return fabsl(x) == 1 ? copysignl(INFINITY, x) : NAN;
  Real lo = 0, hi = 8;
  for (int i = 0; i < 80; ++i) {
    const Real mid = (lo + hi) / 2;
    const bool below = fabsl(x) < 0.5L ? erfl(mid) < fabsl(x) : erfcl(mid) > 1 - fabsl(x);
    (below ? lo : hi) = mid;
  }
  return copysignl((lo + hi) / 2, x);
}
// The series of the definition, sum 1/(k+1) - 1/(k+x), its tail past N by Euler-Maclaurin.
Real digamma(Real x) {
  constexpr int kTerms = 2000;
  Real sum = 0;
  for (int k = kTerms - 1; k >= 0; --k) sum -= 1 / (x + k);
  const Real z = x + kTerms;
  return sum + logl(z) - 1 / (2 * z) - 1 / (12 * z * z) + 1 / (120 * z * z * z * z);
}
Real trigamma(Real x) {
  constexpr int kTerms = 2000;
  Real sum = 0;
  for (int k = kTerms - 1; k >= 0; --k) sum += 1 / ((x + k) * (x + k));
  const Real z = x + kTerms;
  return sum + 1 / z + 1 / (2 * z * z) + 1 / (6 * z * z * z) - 1 / (30 * z * z * z * z * z);
}

}  // namespace reference

// Where the op is compared, and how far off it may be: in ULP of the result for each type, or
// absolutely where the formula cancels.
struct Row {
  UnaryOp op;
  Real (*want)(Real);
  double lo, hi, float_ulps, double_ulps, absolute;
};
#define ROW(name, ...) \
  { UnaryOp::name, reference::name, __VA_ARGS__ }
const Row kRows[] = {
    ROW(abs, -9, 9, 0, 0, 0),
    ROW(neg, -9, 9, 0, 0, 0),
    ROW(sign, -2, 2, 0, 0, 0),
    ROW(square, -9, 9, 0.6, 0.6, 0),
    ROW(reciprocal, -9, 9, 0.6, 0.6, 0),
    ROW(sqrt, -1, 90, 0.6, 0.6, 0),
    ROW(rsqrt, -1, 90, 2, 2, 0),
    ROW(exp, -100, 100, 2, 2, 0),
    ROW(exp2, -140, 140, 2, 2, 0),
    ROW(expm1, -20, 20, 2, 2, 0),
    ROW(log, -1, 1e6, 2, 2, 0),
    ROW(log2, -1, 1e6, 2, 2, 0),
    ROW(log10, -1, 1e6, 2, 2, 0),
    ROW(log1p, -1.5, 30, 2, 2, 0),
    ROW(sin, -100, 100, 2, 2, 0),
    ROW(cos, -100, 100, 2, 2, 0),
    ROW(tan, -100, 100, 3, 3, 0),
    ROW(asin, -1.1, 1.1, 2, 2, 0),
    ROW(acos, -1.1, 1.1, 2, 2, 0),
    ROW(atan, -50, 50, 2, 2, 0),
    ROW(sinh, -80, 80, 2, 3, 0),
    ROW(cosh, -80, 80, 2, 3, 0),
    ROW(tanh, -12, 12, 2, 2, 0),
    ROW(asinh, -1e4, 1e4, 2, 2, 0),
    ROW(acosh, 0.5, 1e4, 2, 2, 0),
    ROW(atanh, -1.1, 1.1, 2, 2, 0),
    ROW(sigmoid, -90, 90, 3, 3, 0),
    ROW(log_sigmoid, -90, 90, 3, 3, 0),
    ROW(logit, 0, 1, 4, 4, 4e-16),
    ROW(erf, -6, 6, 2, 2, 0),
    ROW(erfc, -6, 6, 2, 3, 0),
    ROW(erfinv, -1.05, 1.05, 2, 4, 0),
    ROW(lgamma, -4.9, 60, 2, 5, 1e-14),
    ROW(digamma, 0.01, 90, 2, 8, 1e-14),
    ROW(trigamma, 0.01, 90, 2, 8, 0),
    ROW(sinc, -1, 1, 5, 5, 3e-16),
    ROW(floor, -90, 90, 0, 0, 0),
    ROW(ceil, -90, 90, 0, 0, 0),
    ROW(round, -90, 90, 0, 0, 0),
    ROW(trunc, -90, 90, 0, 0, 0),
    ROW(frac, -90, 90, 0, 0, 0),
    ROW(relu, -9, 9, 0, 0, 0),
    ROW(silu, -80, 80, 4, 4, 0),
    ROW(gelu, -8, 8, 4, 4, 1e-15),
    ROW(gelu_tanh, -8, 8, 150, 150, 0),  // the argument's error grows in the left tail
    ROW(isnan, -1, 1, 0, 0, 0),
    ROW(isinf, -1, 1, 0, 0, 0),
    ROW(isfinite, -1, 1, 0, 0, 0),
    ROW(signbit, -1, 1, 0, 0, 0),
    ROW(logical_not, -1, 1, 0, 0, 0),
};

bool is_predicate(UnaryOp op) {
  switch (op) {
#define UNARY(name, rule, ...) \
  case UnaryOp::name:          \
    return #rule[0] == 'P';
#include "ops/unary.def"
#undef UNARY
    default:
      return false;
  }
}

template <class T>
std::vector<T> inputs(const Row& row) {
  std::vector<T> x = random_values<T>(3001, row.lo, row.hi);
  for (double special : {0.0, -0.0, 0.5, -0.5, 1.5, 2.5, 1.0, -1.0})
    if (special >= row.lo && special <= row.hi) x.push_back(static_cast<T>(special));
  if (is_predicate(row.op)) x.insert(x.end(), {kInfinity<T>, -kInfinity<T>, kNaN<T>, T(-0.0)});
  return x;
}

template <class T>
void check_row(const Row& row, const char* isa) {
  const std::vector<T> x = inputs<T>(row);
  const UnaryFn fn = kernels().unary->fn[static_cast<int>(row.op)][kType<T>];
  std::vector<T> y(x.size());
  std::vector<uint8_t> flags(x.size());
  const bool predicate = is_predicate(row.op);
  fn(x.size(), predicate ? static_cast<void*>(flags.data()) : y.data(), 1, x.data(), 1);
  const double limit = sizeof(T) == 4 ? row.float_ulps : row.double_ulps;
  const double absolute = row.absolute * (sizeof(T) == 4 ? 1e9 : 1);
  for (size_t i = 0; i < x.size(); ++i) {
    const Real want = row.want(x[i]);
    const T got = predicate ? flags[i] : y[i];
    CHECK(ulps(got, want) <= limit || std::fabs(got - want) <= absolute,
          "op %d on %s: f(%.9g) = %.17g, not %.17Lg", static_cast<int>(row.op), isa,
          static_cast<double>(x[i]), static_cast<double>(got), want);
  }
}

// Every length up to two vectors and a bit, and every kind of stride, against the contiguous loop.
template <class T>
void check_strides(UnaryOp op) {
  const UnaryFn fn = kernels().unary->fn[static_cast<int>(op)][kType<T>];
  if (!fn || is_predicate(op)) return;
  const std::vector<T> x = random_values<T>(2000, 0.1, 0.9);
  for (int64_t n : {0, 1, 7, 15, 16, 17, 33, 255, 256, 257, 600}) {
    for (int64_t xs : {0, 1, 3}) {
      for (int64_t ys : {1, 2}) {
        std::vector<T> packed(n + 1), want(n + 1), got(2 * n + 1, T(42));
        for (int64_t i = 0; i < n; ++i) packed[i] = x[i * xs];
        fn(n, want.data(), 1, packed.data(), 1);
        fn(n, got.data(), ys, x.data(), xs);
        for (int64_t i = 0; i < n; ++i)
          CHECK(std::memcmp(&got[i * ys], &want[i], sizeof(T)) == 0, "op %d, strides %d %d",
                static_cast<int>(op), static_cast<int>(xs), static_cast<int>(ys));
        CHECK(got[n * ys] == T(42) && (ys == 1 || n == 0 || got[1] == T(42)), "wrote beyond");
      }
    }
  }
}

void check_integers() {
  constexpr int64_t kMin = INT64_MIN, kMax = INT64_MAX;
  const int64_t x[] = {0, 1, -1, 7, -7, kMin, kMax};
  auto run = [&](UnaryOp op) {
    std::vector<int64_t> y(7);
    kernels().unary->fn[static_cast<int>(op)][0](7, y.data(), 1, x, 1);
    return y;
  };
  using V = std::vector<int64_t>;
  CHECK(run(UnaryOp::abs) == (V{0, 1, 1, 7, 7, kMin, kMax}), "abs");
  CHECK(run(UnaryOp::neg) == (V{0, -1, 1, -7, 7, kMin, -kMax}), "neg");
  CHECK(run(UnaryOp::sign) == (V{0, 1, -1, 1, -1, -1, 1}), "sign");
  CHECK(run(UnaryOp::square) == (V{0, 1, 1, 49, 49, 0, 1}), "square");
  CHECK(run(UnaryOp::relu) == (V{0, 1, 0, 7, 0, 0, kMax}), "relu");
  CHECK(run(UnaryOp::floor) == (V{0, 1, -1, 7, -7, kMin, kMax}), "floor");
  CHECK(run(UnaryOp::bitwise_not) == (V{-1, -2, 0, -8, 6, kMax, kMin}), "bitwise_not");
}

// Poles, signs and NaN that the random ranges do not reach.
void check_special(const char* isa) {
  auto at = [](UnaryOp op, double x) {
    double y;
    kernels().unary->fn[static_cast<int>(op)][kType<double>](1, &y, 1, &x, 1);
    return y;
  };
  CHECK(at(UnaryOp::digamma, 0.0) == -kInfinity<double> && std::isnan(at(UnaryOp::digamma, -3)),
        "%s", isa);
  CHECK(std::fabs(at(UnaryOp::digamma, -0.5) - 0.03648997397857652) < 1e-15, "%s", isa);
  CHECK(std::fabs(at(UnaryOp::digamma, 1) + 0.57721566490153286) < 1e-15, "%s", isa);
  CHECK(at(UnaryOp::digamma, kInfinity<double>) == kInfinity<double>, "%s", isa);
  CHECK(std::fabs(at(UnaryOp::trigamma, -0.5) - 8.934802200544679) < 1e-13, "%s", isa);
  CHECK(at(UnaryOp::trigamma, -2) == kInfinity<double>, "%s", isa);
  CHECK(at(UnaryOp::erfinv, 1) == kInfinity<double> && std::isnan(at(UnaryOp::erfinv, 2)), "%s",
        isa);
  CHECK(std::signbit(at(UnaryOp::round, -0.5)) && at(UnaryOp::round, 2.5) == 2, "%s", isa);
  CHECK(std::isnan(at(UnaryOp::relu, kNaN<double>)) && at(UnaryOp::sign, kNaN<double>) == 0, "%s",
        isa);
  CHECK(at(UnaryOp::sinc, 0) == 1, "%s", isa);
}

template <class T>
void check_bits(const Row& row) {
  const std::vector<T> x = inputs<T>(row);
  if (is_predicate(row.op)) return;
  auto compute = [&] {
    std::vector<T> y(x.size());
    kernels().unary->fn[static_cast<int>(row.op)][kType<T>](x.size(), y.data(), 1, x.data(), 1);
    return y;
  };
  check_same_bits(compute, "unary");
}

}  // namespace

int main() {
  for_each_isa([](const char* isa) {
    for (const Row& row : kRows) {
      check_row<float>(row, isa);
      check_row<double>(row, isa);
    }
    for (int op = 0; op < kUnaryOpCount; ++op) {
      check_strides<float>(static_cast<UnaryOp>(op));
      check_strides<double>(static_cast<UnaryOp>(op));
    }
    check_integers();
    check_special(isa);
  });
  for (const Row& row : kRows) {
    check_bits<float>(row);
    check_bits<double>(row);
  }
  return finish();
}
