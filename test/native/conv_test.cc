// SPDX-License-Identifier: MIT
#include "conv_problem.h"

using namespace cresset;

namespace {

template <class T>
std::vector<T> forward(Problem<T>&& problem) {
  problem.run(kernels().conv->conv[kType<T>], kernels().conv->scratch[kType<T>]);
  return problem.y;
}
template <class T>
std::vector<T> weight(Problem<T>&& problem) {
  problem.run(kernels().conv_weight->gradient[kType<T>], kernels().conv_weight->scratch[kType<T>]);
  return problem.w;
}

// Kernels of 3 x 3 at stride 1 with many channels in float32 go through Winograd's transforms.
template <class T>
bool is_transformed(const Problem<T>& problem) {
  const Case& c = problem.c;
  const auto plain = [&](int d) {
    return c.kernel[d] == 3 && c.stride[d] == 1 && c.dilation[d] == 1 && problem.out[d] >= 4;
  };
  return sizeof(T) == 4 && c.kernel[0] == 1 && c.in[0] == 1 && plain(1) && plain(2) &&
         !c.channels_last && c.channels >= 32 && c.rows >= 32 &&
         c.samples * ((problem.out[1] + 1) / 2) * ((problem.out[2] + 1) / 2) > 16;
}

// Each output is one chain from its bias on, or close to it.
template <class T>
void check_forward(const Case& shape, const char* isa) {
  Problem<T> problem(shape);
  std::vector<T> want(problem.y.size(), T(0)), size = want;
  const bool fused = std::strcmp(isa, "baseline") != 0;
  if (shape.bias)
    problem.each_product([&](int64_t, int64_t w, int64_t y) {
      want[y] = problem.bias[w / (shape.channels * problem.taps)];
    });
  problem.each_product([&](int64_t x, int64_t w, int64_t y) {
    const T a = problem.w[w], b = problem.x[x];
    want[y] = fused ? std::fma(a, b, want[y]) : a * b + want[y];
    size[y] += std::fabs(a * b);
  });
  const T tolerance = is_transformed(problem) ? 4 * std::numeric_limits<T>::epsilon() : 0;
  const std::vector<T> got = forward(std::move(problem));
  for (size_t i = 0; i < want.size(); ++i)
    CHECK(std::fabs(got[i] - want[i]) <= tolerance * size[i],
          "%s: case %ld: y[%zu] is %.9g, not %.9g", isa, long(&shape - kCases), i, double(got[i]),
          double(want[i]));
}

template <class T>
void check_weight(const Case& shape, const char* isa) {
  Problem<T> problem(shape);
  // Not long double: an emulated arm64 takes minutes for it.
  std::vector<double> want(problem.w.size(), 0), size(problem.w.size(), 0);
  problem.each_product([&](int64_t x, int64_t w, int64_t y) {
    want[w] += static_cast<double>(problem.x[x]) * problem.y[y];
    size[w] += std::fabs(problem.x[x] * problem.y[y]);
  });
  const std::vector<T> got = weight(std::move(problem));
  for (size_t i = 0; i < want.size(); ++i)
    CHECK(std::fabs(got[i] - want[i]) <= 8 * std::numeric_limits<T>::epsilon() * (size[i] + 1),
          "%s: case %ld: w[%zu] is %.9g, not %.9g", isa, long(&shape - kCases), i, double(got[i]),
          double(want[i]));
}

}  // namespace

int main() {
  for_each_isa([](const char* isa) {
    for (const Case& shape : kCases) {
      check_forward<float>(shape, isa);
      check_forward<double>(shape, isa);
      check_weight<float>(shape, isa);
      check_weight<double>(shape, isa);
    }
  });
  for (const Case& shape : kCases) {
    check_same_bits([&] { return forward(Problem<float>(shape)); }, "conv");
    check_same_bits([&] { return weight(Problem<float>(shape)); }, "gradient of the weight");
  }
  return finish();
}
