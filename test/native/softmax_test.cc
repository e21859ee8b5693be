// SPDX-License-Identifier: MIT
#include "kernels.h"

using namespace cresset;

namespace {

template <class T>
struct Results {
  std::vector<T> softmax, log_softmax, softmax_dx, log_softmax_dx;
};

template <class T>
Results<T> run(int64_t rows, int64_t cols, const std::vector<T>& x, const std::vector<T>& g) {
  const SoftmaxTable& table = *kernels().softmax;
  const std::vector<T> empty(x.size());
  Results<T> r = {empty, empty, empty, empty};
  table.softmax[kType<T>](rows, cols, r.softmax.data(), x.data());
  table.log_softmax[kType<T>](rows, cols, r.log_softmax.data(), x.data());
  table.softmax_backward[kType<T>](rows, cols, r.softmax_dx.data(), r.softmax.data(), g.data());
  table.log_softmax_backward[kType<T>](rows, cols, r.log_softmax_dx.data(), r.log_softmax.data(),
                                       g.data());
  return r;
}

template <class T>
void check_row(const Results<T>& r, const T* x, const T* g, int64_t first, int64_t cols) {
  long double max = -kInfinity<long double>, sum = 0, dot = 0, total = 0;
  for (int64_t j = 0; j < cols; ++j) max = std::max<long double>(max, x[j]);
  for (int64_t j = 0; j < cols; ++j) sum += expl(x[j] - max);
  for (int64_t j = 0; j < cols; ++j) dot += expl(x[j] - max) / sum * g[j], total += g[j];
  const long double eps = std::numeric_limits<T>::epsilon();
  for (int64_t j = 0; j < cols; ++j) {
    const long double log_y = x[j] - max - logl(sum), y = expl(log_y);
    const int64_t i = first + j;
    CHECK(fabsl(r.softmax[i] - y) <= eps * y * (8 - log_y), "softmax");
    CHECK(fabsl(r.log_softmax[i] - log_y) <= 4 * eps * (fabsl(log_y) + 1), "log_softmax");
    CHECK(fabsl(r.softmax_dx[i] - y * (g[j] - dot)) <= eps * y * (32 - log_y), "backward");
    const long double dx = g[j] - y * total;
    CHECK(fabsl(r.log_softmax_dx[i] - dx) <= 32 * eps * (1 + y * sqrtl(cols)), "log backward");
  }
}

template <class T>
void check_shape(int64_t rows, int64_t cols) {
  const auto x = random_values<T>(rows * cols, -20, 20),
             g = random_values<T>(rows * cols, -1, 1, 2);
  const Results<T> r = run<T>(rows, cols, x, g);
  for (int64_t row = 0; row < rows; ++row)
    check_row<T>(r, x.data() + row * cols, g.data() + row * cols, row * cols, cols);
  std::vector<T> in_place = x;
  kernels().softmax->log_softmax[kType<T>](rows, cols, in_place.data(), in_place.data());
  CHECK(in_place == r.log_softmax, "in place");
}

template <class T>
void check_special() {
  constexpr T kInf = kInfinity<T>;
  auto softmax = [](std::vector<T> x) {
    kernels().softmax->softmax[kType<T>](1, x.size(), x.data(), x.data());
    return x;
  };
  for (T y : softmax({-kInf, -kInf, -kInf})) CHECK(std::isnan(y), "all -inf");
  for (T y : softmax({1, kNaN<T>, 2})) CHECK(std::isnan(y), "NaN");
  CHECK(softmax({-kInf, 3, -kInf}) == (std::vector<T>{0, 1, 0}), "masked");
  CHECK(softmax({T(1e30), T(1e30)}) == (std::vector<T>{T(0.5), T(0.5)}), "huge");
}

template <class T>
void check_bits(int64_t rows, int64_t cols) {
  const auto x = random_values<T>(rows * cols, -20, 20),
             g = random_values<T>(rows * cols, -1, 1, 2);
  check_same_bits([&] { return run<T>(rows, cols, x, g).softmax; }, "softmax");
  check_same_bits([&] { return run<T>(rows, cols, x, g).log_softmax; }, "log_softmax");
  check_same_bits([&] { return run<T>(rows, cols, x, g).softmax_dx; }, "softmax_backward");
  check_same_bits([&] { return run<T>(rows, cols, x, g).log_softmax_dx; }, "log_softmax_backward");
}

}  // namespace

int main() {
  const int64_t shapes[][2] = {{0, 5},   {5, 0},    {3, 1},    {7, 10},  {4, 64},
                               {2, 100}, {64, 257}, {2, 5000}, {35, 10}, {40, 16}};
  for_each_isa([&](const char*) {
    for (const auto& shape : shapes) {
      check_shape<float>(shape[0], shape[1]);
      check_shape<double>(shape[0], shape[1]);
    }
    check_special<float>();
    check_special<double>();
  });
  for (const auto& shape : shapes) {
    check_bits<float>(shape[0], shape[1]);
    check_bits<double>(shape[0], shape[1]);
  }
  return finish();
}
