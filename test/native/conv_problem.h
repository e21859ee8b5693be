// SPDX-License-Identifier: MIT
#pragma once
#include <algorithm>
#include <cstdlib>

#include "core/half.h"
#include "kernels.h"

// Convolutions that the tests of their kernels compute.
namespace cresset {

struct Case {
  int64_t samples, groups, channels, rows;
  int64_t in[3], kernel[3], stride[3], padding[3], dilation[3];
  bool channels_last, bias;
};

// What sums are made in; bfloat16 lies as uint16_t.
template <class T>
using Sum = std::conditional_t<std::is_same_v<T, uint16_t>, float, T>;

template <class T>
std::vector<T> random_items(int64_t n, uint64_t seed) {
  const std::vector<Sum<T>> values = random_values<Sum<T>>(n, -1, 1, seed);
  std::vector<T> items(n);
  std::transform(values.begin(), values.end(), items.begin(), [](auto x) {
    if constexpr (std::is_same_v<T, uint16_t>)
      return float_to_bfloat16(x);
    else
      return x;
  });
  return items;
}

template <class T>
struct Problem {
  Case c;
  int64_t out[3], inputs, outputs, taps;
  std::vector<int64_t> offsets[3];
  std::vector<T> x, w, y;
  std::vector<Sum<T>> bias;
  ConvArgs a{};

  explicit Problem(const Case& shape) : Problem(shape, shape.channels_last, shape.channels_last) {}
  Problem(const Case& shape, bool x_channels_last, bool y_channels_last)
      : c(shape), inputs(1), outputs(1), taps(1) {
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
    x = random_items<T>(c.samples * c.groups * c.channels * inputs, 1);
    w = random_items<T>(c.groups * c.rows * c.channels * taps, 2);
    y = random_items<T>(c.samples * c.groups * c.rows * outputs, 3);
    bias = random_values<Sum<T>>(c.groups * c.rows, -1, 1, 4);
    a.samples = c.samples;
    a.groups = c.groups;
    a.channels = c.channels;
    a.rows = c.rows;
    a.x = x.data();
    a.w = w.data();
    a.y = y.data();
    a.bias = c.bias ? bias.data() : nullptr;
    set_strides(a.xs, c.groups * c.channels, c.in, x_channels_last);
    set_strides(a.ys, c.groups * c.rows, out, y_channels_last);
  }
  static void set_strides(int64_t* s, int64_t channels, const int64_t* sizes, bool channels_last) {
    const int64_t pixel = channels_last ? channels : 1;
    s[4] = pixel;
    s[3] = s[4] * sizes[2];
    s[2] = s[3] * sizes[1];
    s[1] = channels_last ? 1 : s[2] * sizes[0];
    s[0] = sizes[0] * sizes[1] * sizes[2] * channels;
  }
  Problem(const Problem&) = delete;  // `a` points into it
  Problem& operator=(const Problem&) = delete;

  void run(ConvFn kernel, ConvScratchFn bytes) {
    a.slots = num_threads();
    a.scratch = std::aligned_alloc(64, (bytes(a) + 127) / 64 * 64);
    kernel(a);
    std::free(a.scratch);
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

inline const Case kCases[] = {
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

}  // namespace cresset
