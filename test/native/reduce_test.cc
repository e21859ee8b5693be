// SPDX-License-Identifier: MIT
#include <numeric>

#include "kernels.h"

using namespace cresset;

namespace {

struct Shape {
  int64_t outer, n, inner;
};
// Around lanes, blocks of 4096, runs of 32768, tiles of 256 columns and chunks of 256 rows.
const Shape kShapes[] = {
    {1, 1, 1},      {3, 7, 1},      {5, 10, 1},   {2, 63, 1},    {2, 64, 1},
    {2, 65, 1},     {2, 4096, 1},   {1, 5000, 1}, {1, 32768, 1}, {3, 70000, 1},
    {1, 900001, 1}, {1, 1, 5},      {2, 3, 10},   {2, 100, 7},   {1, 300, 128},
    {2, 1000, 3},   {1, 9000, 300}, {3, 2, 1000}, {20, 300, 17}, {1, 257, 256},
};

template <class T, class Y>
std::vector<Y> run(ReduceOp op, const Shape& s, const std::vector<T>& x) {
  std::vector<Y> y(s.outer * s.inner);
  kernels().reduce->fn[static_cast<int>(op)][kType<T>](s.outer, s.n, s.inner, y.data(), x.data());
  return y;
}

template <class T>
std::vector<T> values(const Shape& s, bool special) {
  const int64_t n = s.outer * s.n * s.inner;
  std::vector<T> x = random_values<T>(n, -4, 4, n);
  if (special && n > 2) {
    if (std::numeric_limits<T>::has_infinity) x[n / 3] = kInfinity<T>;
    x[n / 2] = std::numeric_limits<T>::has_quiet_NaN ? kNaN<T> : std::numeric_limits<T>::min();
  }
  return x;
}

// The definition, item after item; sums and their magnitudes in extended precision.
template <class T>
struct Expected {
  long double sum = 0, magnitude = 0, product = 1;
  uint64_t wrapped_sum = 0, wrapped_product = 1;
  int64_t smallest = 0, largest = 0;
  bool any = false, all = true;

  Expected(const T* x, int64_t n, int64_t stride) {
    const T* min = x;
    const T* max = x;
    for (int64_t r = 0; r < n; ++r) {
      const T* item = x + r * stride;
      const bool nan = *item != *item;
      sum += *item;
      magnitude += fabsl(static_cast<long double>(*item));
      product *= *item;
      if constexpr (std::is_integral_v<T>) {
        wrapped_sum += static_cast<uint64_t>(*item);
        wrapped_product *= static_cast<uint64_t>(*item);
      }
      any = any || *item != 0;
      all = all && *item != 0;
      if (*item > *max || (nan && *max == *max)) max = item, largest = r;
      if (*item < *min || (nan && *min == *min)) min = item, smallest = r;
    }
  }
};

template <class T>
bool same(T got, T want) {
  return got == want || (got != got && want != want);
}
template <class T>
bool near(T got, long double want, long double scale) {
  if (std::isnan(want) || std::isinf(want) || std::isinf(static_cast<T>(want)))
    return same<T>(got, static_cast<T>(want));
  return fabsl(got - want) <= 8 * std::numeric_limits<T>::epsilon() * scale + 1e-37L;
}

template <class T>
void check_shape(const Shape& s, bool special) {
  const std::vector<T> x = values<T>(s, special);
  const auto sum = run<T, T>(ReduceOp::sum, s, x), prod = run<T, T>(ReduceOp::prod, s, x);
  const auto amax = run<T, T>(ReduceOp::amax, s, x), amin = run<T, T>(ReduceOp::amin, s, x);
  const auto any = run<T, uint8_t>(ReduceOp::any, s, x), all = run<T, uint8_t>(ReduceOp::all, s, x);
  const auto argmax = run<T, int64_t>(ReduceOp::argmax, s, x);
  const auto argmin = run<T, int64_t>(ReduceOp::argmin, s, x);
  for (int64_t i = 0; i < s.outer * s.inner; ++i) {
    const T* column = &x[i / s.inner * s.n * s.inner + i % s.inner];
    const Expected<T> want(column, s.n, s.inner);
    if constexpr (std::is_integral_v<T>) {
      CHECK(sum[i] == static_cast<T>(want.wrapped_sum), "sum");
      CHECK(prod[i] == static_cast<T>(want.wrapped_product), "prod");
    } else {
      CHECK(near<T>(sum[i], want.sum, want.magnitude), "sum of %d: %g, not %Lg",
            static_cast<int>(s.n), static_cast<double>(sum[i]), want.sum);
      if (s.n <= 100) CHECK(near<T>(prod[i], want.product, s.n * fabsl(want.product)), "prod");
    }
    CHECK(same(amax[i], column[want.largest * s.inner]), "amax");
    CHECK(same(amin[i], column[want.smallest * s.inner]), "amin");
    CHECK(argmax[i] == want.largest && argmin[i] == want.smallest, "argmax, argmin");
    CHECK(any[i] == want.any && all[i] == want.all, "any, all");
  }
}

template <class T>
void check_edges() {
  for (const Shape& s : {Shape{3, 0, 1}, Shape{2, 0, 3}}) {
    const std::vector<T> x(1);
    const size_t n = s.outer * s.inner;
    CHECK((run<T, T>(ReduceOp::sum, s, x)) == std::vector<T>(n, 0), "empty sum");
    CHECK((run<T, T>(ReduceOp::prod, s, x)) == std::vector<T>(n, 1), "empty prod");
    CHECK((run<T, uint8_t>(ReduceOp::any, s, x)) == std::vector<uint8_t>(n, 0), "empty any");
    CHECK((run<T, uint8_t>(ReduceOp::all, s, x)) == std::vector<uint8_t>(n, 1), "empty all");
  }
  CHECK((run<T, T>(ReduceOp::sum, {0, 5, 1}, {T(1)})).empty(), "no rows");
  for (int64_t inner : {1, 2}) {  // ties go to the first, an extreme in any lane is found
    for (int64_t n : {3, 40, 5000, 40000}) {
      for (int64_t at : {int64_t(0), n / 2, n - 1}) {
        std::vector<T> x(n * inner, T(1));
        const Shape s = {1, n, inner};
        CHECK((run<T, int64_t>(ReduceOp::argmax, s, x)[0]) == 0, "tie");
        x[at * inner] = T(2);
        CHECK((run<T, int64_t>(ReduceOp::argmax, s, x)[0]) == at, "argmax");
        x[at * inner] = T(0);
        CHECK((run<T, int64_t>(ReduceOp::argmin, s, x)[0]) == at, "argmin");
        CHECK((run<T, uint8_t>(ReduceOp::all, s, x)[0]) == 0, "all");
      }
    }
  }
}

template <class T>
void check_bits(const Shape& s) {
  const std::vector<T> x = values<T>(s, false);
  check_same_bits([&] { return run<T, T>(ReduceOp::sum, s, x); }, "sum");
  check_same_bits([&] { return run<T, T>(ReduceOp::prod, s, x); }, "prod");
  check_same_bits([&] { return run<T, int64_t>(ReduceOp::argmax, s, x); }, "argmax");
}

// 0.1 sixteen million times: a plain float32 sum is off by 30 %.
void check_accuracy() {
  const int64_t n = 1 << 24;
  const std::vector<float> x(n, 0.1f);
  const double want = static_cast<double>(0.1f) * n;
  const float whole = run<float, float>(ReduceOp::sum, {1, n, 1}, x)[0];
  const float column = run<float, float>(ReduceOp::sum, {1, n / 4, 4}, x)[0];
  CHECK(std::fabs(whole - want) <= 2e-6 * want, "%.9g, not %.9g", whole, want);
  CHECK(std::fabs(column - want / 4) <= 2e-6 * want / 4, "%.9g, not %.9g", column, want / 4);
}

}  // namespace

int main() {
  for_each_isa([](const char*) {
    for (const Shape& shape : kShapes) {
      for (bool special : {false, true}) {
        check_shape<int64_t>(shape, special);
        check_shape<float>(shape, special);
        check_shape<double>(shape, special);
      }
    }
    check_edges<int64_t>();
    check_edges<float>();
    check_edges<double>();
    check_accuracy();
  });
  for (const Shape& shape : kShapes) {
    check_bits<float>(shape);
    check_bits<double>(shape);
  }
  return finish();
}
