// SPDX-License-Identifier: MIT
#include "kernels.h"

using namespace cresset;

namespace {

constexpr int64_t kRows = 3, kUnits = 21, kHidden = 40, kFirst = 7;  // a block inside wider rows

template <class T>
double sigmoid(T x) {
  return 1 / (1 + std::exp(-static_cast<double>(x)));
}

template <class T>
void check_close(T got, double want, const char* what) {
  CHECK(std::fabs(got - want) <= (sizeof(T) == 4 ? 1e-6 : 1e-14), "%s: %s: %.17g, not %.17g",
        kernels().isa, what, double(got), want);
}

// The block's formulas in double; what lies outside it is not touched.
template <class T>
void check_lstm() {
  const std::vector<T> start = random_values<T>(kRows * 4 * kHidden, -6, 6);
  const std::vector<T> before = random_values<T>(kRows * kHidden, -2, 2, 2);
  std::vector<T> gates = start, c(kRows * kHidden, T(9)), h = c;
  kernels().recurrent->lstm[kType<T>](
      {kRows, kUnits, kHidden},
      {gates.data() + kFirst, before.data() + kFirst, c.data() + kFirst, h.data() + kFirst});
  for (int64_t r = 0; r < kRows; ++r)
    for (int64_t u = 0; u < kHidden; ++u) {
      const int64_t at = r * kHidden + u, gate = r * 4 * kHidden + u;
      if (u < kFirst || u >= kFirst + kUnits) {
        CHECK(c[at] == T(9) && h[at] == T(9) && gates[gate] == start[gate]);
        continue;
      }
      const double i = sigmoid(start[gate]), f = sigmoid(start[gate + kHidden]);
      const double g = std::tanh(double(start[gate + 2 * kHidden]));
      const double o = sigmoid(start[gate + 3 * kHidden]), cell = f * before[at] + i * g;
      check_close(gates[gate], i, "i");
      check_close(gates[gate + kHidden], f, "f");
      check_close(gates[gate + 2 * kHidden], g, "g");
      check_close(gates[gate + 3 * kHidden], o, "o");
      check_close(c[at], cell, "c");
      check_close(h[at], o * std::tanh(cell), "h");
    }
}

template <class T>
void check_gru() {
  const std::vector<T> start = random_values<T>(kRows * 3 * kHidden, -6, 6);
  const std::vector<T> y = random_values<T>(kRows * kHidden, -6, 6, 3);
  const std::vector<T> before = random_values<T>(kRows * kHidden, -1, 1, 2);
  std::vector<T> gates = start, h(kRows * kHidden, T(9));
  kernels().recurrent->gru[kType<T>](
      {kRows, kUnits, kHidden},
      {gates.data() + kFirst, y.data() + kFirst, before.data() + kFirst, h.data() + kFirst});
  for (int64_t r = 0; r < kRows; ++r)
    for (int64_t u = kFirst; u < kFirst + kUnits; ++u) {
      const int64_t at = r * kHidden + u, gate = r * 3 * kHidden + u;
      const double reset = sigmoid(start[gate]), z = sigmoid(start[gate + kHidden]);
      const double n = std::tanh(start[gate + 2 * kHidden] + reset * y[at]);
      check_close(gates[gate + 2 * kHidden], n, "n");
      check_close(h[at], (1 - z) * n + z * before[at], "h");
    }
}

// A float cell forward and backward.
std::vector<float> lstm_values() {
  const int64_t n = kRows * kHidden;
  std::vector<float> gates = random_values<float>(4 * n, -5, 5), dgates(4 * n), c(n), h(n);
  const std::vector<float> before = random_values<float>(n, -2, 2, 2);
  const std::vector<float> dh = random_values<float>(n, -1, 1, 3);
  std::vector<float> dc = random_values<float>(n, -1, 1, 4);
  const CellBlock block{kRows, kHidden, kHidden};
  const LstmState state{gates.data(), before.data(), c.data(), h.data()};
  kernels().recurrent->lstm[kType<float>](block, state);
  kernels().recurrent->lstm_backward[kType<float>](block, state,
                                                   {dgates.data(), dh.data(), dc.data()});
  for (const auto* part : {&gates, &c, &h, &dc})
    dgates.insert(dgates.end(), part->begin(), part->end());
  return dgates;
}

}  // namespace

int main() {
  for_each_isa([](const char* isa) {
    check_lstm<float>();
    check_lstm<double>();
    check_gru<float>();
    check_gru<double>();
    std::printf("%s: ok\n", isa);
  });
  check_same_bits(lstm_values, "lstm");
  return finish();
}
