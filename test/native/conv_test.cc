// SPDX-License-Identifier: MIT
#include <cstdlib>

#include "kernels.h"

using namespace cresset;

namespace {

struct Case {
  int64_t samples, groups, channels, rows;
  int64_t in[3], kernel[3], stride[3], padding[3], dilation[3];
  bool channels_last, bias;
};

template <class T>
struct Problem {
  Case c;
  int64_t out[3], inputs, outputs, taps;
  std::vector<int64_t> offsets[3];
  std::vector<T> x, w, y, bias;
  ConvArgs a{};

  explicit Problem(const Case& shape) : c(shape), inputs(1), outputs(1), taps(1) {
    for (int d = 0; d < 3; ++d) {
      const int64_t reach = c.dilation[d] * (c.kernel[d] - 1) + 1;
      out[d] = (c.in[d] + 2 * c.padding[d] - reach) / c.stride[d] + 1;
      inputs *= c.in[d];
      outputs *= out[d];
      taps *= c.kernel[d];
      for (int64_t k = 0; k < c.kernel[d]; ++k)
        offsets[d].push_back(k * c.dilation[d] - c.padding[d]);
      a.dims[d] = {out[d], c.in[d], c.stride[d], c.kernel[d], offsets[d].data()};
    }
    x = random_values<T>(c.samples * c.groups * c.channels * inputs, -1, 1, 1);
    w = random_values<T>(c.groups * c.rows * c.channels * taps, -1, 1, 2);
    y = random_values<T>(c.samples * c.groups * c.rows * outputs, -1, 1, 3);
    bias = random_values<T>(c.groups * c.rows, -1, 1, 4);
    a.samples = c.samples;
    a.groups = c.groups;
    a.channels = c.channels;
    a.rows = c.rows;
    a.x = x.data();
    a.w = w.data();
    a.y = y.data();
    a.bias = c.bias ? bias.data() : nullptr;
    set_strides(a.xs, c.groups * c.channels, c.in);
    set_strides(a.ys, c.groups * c.rows, out);
  }
  void set_strides(int64_t* s, int64_t channels, const int64_t* sizes) const {
    const int64_t pixel = c.channels_last ? channels : 1;
    s[4] = pixel;
    s[3] = s[4] * sizes[2];
    s[2] = s[3] * sizes[1];
    s[1] = c.channels_last ? 1 : s[2] * sizes[0];
    s[0] = sizes[0] * sizes[1] * sizes[2] * channels;
  }
  void run(ConvFn kernel, ConvScratchFn bytes) {
    a.slots = num_threads();
    a.scratch = std::aligned_alloc(64, (bytes(a) + 127) / 64 * 64);
    kernel(a);
    std::free(a.scratch);
  }
  std::vector<T> forward() {
    run(kernels().conv->conv[kType<T>], kernels().conv->scratch[kType<T>]);
    return y;
  }
  std::vector<T> weight() {
    run(kernels().conv_weight->gradient[kType<T>], kernels().conv_weight->scratch[kType<T>]);
    return w;
  }

  // Calls f(index of x, of w, of y) for every product, for each output in the order of the sum.
  template <class F>
  void each_product(F f) const {
    for (int64_t n = 0; n < c.samples * c.groups * c.rows * outputs; ++n) {
      const int64_t q = n % outputs, m = n / outputs % c.rows, g = n / outputs / c.rows % c.groups,
                    s = n / outputs / c.rows / c.groups;
      const int64_t j[3] = {q / out[2] / out[1], q / out[2] % out[1], q % out[2]};
      for (int64_t k = 0; k < c.channels * taps; ++k) {
        const int64_t t = k % taps, channel = k / taps;
        const int64_t tap[3] = {t / c.kernel[2] / c.kernel[1], t / c.kernel[2] % c.kernel[1],
                                t % c.kernel[2]};
        int64_t from = s * a.xs[0] + (g * c.channels + channel) * a.xs[1];
        bool inside = true;
        for (int d = 0; d < 3; ++d) {
          const int64_t i = j[d] * c.stride[d] + offsets[d][tap[d]];
          inside = inside && i >= 0 && i < c.in[d];
          from += i * a.xs[2 + d];
        }
        const int64_t to = s * a.ys[0] + (g * c.rows + m) * a.ys[1] + j[0] * a.ys[2] +
                           j[1] * a.ys[3] + j[2] * a.ys[4];
        if (inside) f(from, (g * c.rows + m) * c.channels * taps + k, to);
      }
    }
  }
};

const Case kCases[] = {
    {2, 1, 3, 5, {1, 7, 9}, {1, 3, 3}, {1, 1, 1}, {0, 1, 1}, {1, 1, 1}, false, true},
    {2, 1, 40, 50, {1, 6, 11}, {1, 3, 3}, {1, 1, 1}, {0, 1, 1}, {1, 1, 1}, false, false},
    {3, 1, 40, 50, {1, 6, 11}, {1, 3, 3}, {1, 2, 2}, {0, 1, 1}, {1, 1, 1}, true, true},
    {2, 3, 20, 18, {1, 9, 8}, {1, 3, 2}, {1, 2, 1}, {0, 2, 1}, {1, 2, 1}, true, false},
    {2, 4, 1, 2, {1, 5, 5}, {1, 3, 3}, {1, 1, 1}, {0, 1, 1}, {1, 1, 1}, false, true},
    {2, 3, 1, 2, {1, 9, 37}, {1, 3, 3}, {1, 2, 2}, {0, 1, 1}, {1, 1, 1}, false, true},
    {2, 3, 1, 1, {1, 6, 40}, {1, 3, 3}, {1, 1, 1}, {0, 2, 3}, {1, 1, 2}, false, false},
    {2, 2, 3, 4, {5, 4, 6}, {2, 3, 2}, {2, 1, 1}, {1, 1, 0}, {1, 1, 2}, false, true},
    {1, 1, 2, 3, {1, 1, 700}, {1, 1, 300}, {1, 1, 1}, {0, 0, 7}, {1, 1, 1}, false, true},
    {5, 1, 70, 33, {1, 1, 16}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}, {1, 1, 1}, false, false},
    {3, 2, 33, 35, {1, 7, 9}, {1, 3, 3}, {1, 1, 1}, {0, 2, 0}, {1, 1, 1}, false, true},
    {1, 1, 130, 150, {1, 4, 70}, {1, 3, 3}, {1, 1, 1}, {0, 1, 1}, {1, 1, 1}, false, true},
    {1, 8, 32, 32, {1, 4, 130}, {1, 3, 3}, {1, 1, 1}, {0, 1, 1}, {1, 1, 1}, false, false},
    {1, 1, 40, 50, {1, 8, 7}, {1, 3, 3}, {1, 1, 1}, {0, 1, 1}, {1, 1, 1}, false, true},
    {9, 1, 64, 100, {1, 4, 4}, {1, 3, 3}, {1, 1, 1}, {0, 1, 1}, {1, 1, 1}, false, false},
};

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
  const std::vector<T> got = problem.forward();
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
  const std::vector<T> got = problem.weight();
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
    check_same_bits([&] { return Problem<float>(shape).forward(); }, "conv");
    check_same_bits([&] { return Problem<float>(shape).weight(); }, "gradient of the weight");
  }
  return finish();
}
