// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "check.h"
#include "kernels/table.h"

using namespace cresset;

namespace {

constexpr int kFloat = static_cast<int>(ComputeType::Float32);
constexpr double kMaxUlp = 2, kMaxUlpWithoutFma = 2.5;
constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

struct Function {
  const char* name;
  UnaryOp op;
  double (*reference)(double);
};
double sigmoid(double x) {
  return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x));
}
const Function kFunctions[] = {
    {"exp", UnaryOp::exp, std::exp},       {"exp2", UnaryOp::exp2, std::exp2},
    {"expm1", UnaryOp::expm1, std::expm1}, {"log", UnaryOp::log, std::log},
    {"log2", UnaryOp::log2, std::log2},    {"log10", UnaryOp::log10, std::log10},
    {"log1p", UnaryOp::log1p, std::log1p}, {"sin", UnaryOp::sin, std::sin},
    {"cos", UnaryOp::cos, std::cos},       {"tan", UnaryOp::tan, std::tan},
    {"asin", UnaryOp::asin, std::asin},    {"acos", UnaryOp::acos, std::acos},
    {"atan", UnaryOp::atan, std::atan},    {"sinh", UnaryOp::sinh, std::sinh},
    {"cosh", UnaryOp::cosh, std::cosh},    {"tanh", UnaryOp::tanh, std::tanh},
    {"asinh", UnaryOp::asinh, std::asinh}, {"acosh", UnaryOp::acosh, std::acosh},
    {"atanh", UnaryOp::atanh, std::atanh}, {"sigmoid", UnaryOp::sigmoid, sigmoid},
    {"erf", UnaryOp::erf, std::erf},       {"erfc", UnaryOp::erfc, std::erfc},
};

float from_bits(uint32_t bits) {
  float x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

// Distance in units of the last place of the float nearest to `want`; specials must be equal.
double ulps(float got, double want) {
  if (std::isnan(want) || std::isnan(got)) return std::isnan(want) == std::isnan(got) ? 0 : kInf;
  if (std::signbit(got) != std::signbit(want)) return kInf;
  if (static_cast<float>(want) == got) return 0;
  if (want == 0 || std::isinf(want)) return kInf;
  const double finite = std::isinf(got) ? std::copysign(0x1p128, got) : got;
  const int exponent = std::max(std::ilogb(want) - 23, -149);
  return std::fabs(finite - want) / std::ldexp(1.0, exponent);
}

// Every sign and exponent with mantissas at a stride, and where special cases begin.
std::vector<float> arguments(uint64_t stride) {
  std::vector<float> x = {0.0f,       -0.0f,      1.0f,      -1.0f,   kInf,       -kInf,
                          kNan,       0.5f,       -0.5f,     2.0f,    88.7f,      88.8f,
                          -87.4f,     -103.9f,    -104.1f,   127.9f,  128.0f,     -149.0f,
                          -150.0f,    0x1p-126f,  0x1p-149f, 0x1p20f, 1048577.0f, 3.1415927f,
                          1.5707964f, 8388608.0f, 0.625f,    0.9f,    4.0f};
  for (uint64_t bits = 0; bits < 1ull << 32; bits += stride)
    x.push_back(from_bits(static_cast<uint32_t>(bits)));
  for (int i = -200000; i <= 200000; i += 3) x.push_back(static_cast<float>(i) * 1e-4f);
  return x;
}

void check_function(const Function& f, const std::vector<float>& x) {
  const auto n = static_cast<int64_t>(x.size());
  std::vector<float> fused;
  for (const char* const* isa = available_isas(); *isa; ++isa) {
    CHECK(set_isa(*isa) == nullptr);
    const bool fma = std::strcmp(*isa, "baseline") != 0;
    const double limit = fma ? kMaxUlp : kMaxUlpWithoutFma;
    std::vector<float> y(n);
    kernels().unary->fn[static_cast<int>(f.op)][kFloat](n, y.data(), 1, x.data(), 1);
    double worst = 0;
    for (int64_t i = 0; i < n; ++i) {
      const double want = f.reference(x[i]), distance = ulps(y[i], want);
      CHECK(distance <= limit, "%s: %s(%.9g) is %.9g, not %.9g: %g ULP", *isa, f.name, x[i], y[i],
            want, distance);
      worst = std::max(worst, distance);
    }
    std::printf("%-8s %-8s %.3f ULP\n", f.name, *isa, worst);
    if (!fma) continue;
    if (fused.empty()) fused = y;
    for (int64_t i = 0; i < n; ++i)
      CHECK(std::memcmp(&y[i], &fused[i], sizeof(float)) == 0 || std::isnan(y[i]),
            "%s(%.9g) differs between instruction sets", f.name, x[i]);
  }
}

void check_pow() {
  const float special[] = {0,           -0.0f,
                           1,           -1,
                           2,           -2,
                           3,           -3,
                           0.5f,        -0.5f,
                           1.5f,        kInf,
                           -kInf,       kNan,
                           0x1p-149f,   3e38f,
                           -3e38f,      127,
                           -149,        33,
                           -33,         8388607.0f,
                           8388609.0f,  16777215.0f,
                           16777216.0f, 4294967296.0f,
                           0.99999994f, 1.0000001f,
                           1e-20f};
  std::vector<float> x, y;
  for (float a : special)
    for (float b : special) x.push_back(a), y.push_back(b);
  for (uint32_t i = 0; i < 100000; ++i) {
    x.push_back(from_bits((i * 2654435761u) & 0x7fffffff));
    y.push_back(static_cast<float>(static_cast<int32_t>(i * 40503u % 4000000) - 2000000) * 1e-5f);
  }
  const auto n = static_cast<int64_t>(x.size());
  for (const char* const* isa = available_isas(); *isa; ++isa) {
    CHECK(set_isa(*isa) == nullptr);
    std::vector<float> z(n);
    kernels().binary->fn[static_cast<int>(BinaryOp::pow)][kFloat](n, z.data(), 1, x.data(), 1,
                                                                  y.data(), 1);
    for (int64_t i = 0; i < n; ++i) {
      const double want = std::pow(static_cast<double>(x[i]), static_cast<double>(y[i]));
      CHECK(ulps(z[i], want) <= kMaxUlp, "%s: pow(%.9g, %.9g) is %.9g, not %.9g", *isa, x[i], y[i],
            z[i], want);
    }
  }
}

}  // namespace

// simd_math_test [STRIDE]: a smaller stride, 1 for every float, sweeps denser.
int main(int argc, char** argv) {
  const long stride = argc > 1 ? std::atol(argv[1]) : 40013;
  CHECK(stride > 0, "STRIDE: expected a positive integer");
  const std::vector<float> x = arguments(static_cast<uint64_t>(stride));
  for (const Function& f : kFunctions) check_function(f, x);
  check_pow();
  return finish();
}
