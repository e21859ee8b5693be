// SPDX-License-Identifier: MIT
#pragma once
#include "core/parallel.h"
#include "kernels/conv_pack.h"

// Convolutions of one channel a group, without packing: vectors of positions, or of channels where
// those lie side by side. The chains of FMAs are those of the packed kernel.
namespace cresset {
namespace {

constexpr int64_t kGrainOutputs = 16384;
constexpr int64_t kMaxTaps = 64;  // of vectors of channels

inline bool rows_are_dense(const ConvArgs& a) { return a.xs[4] == 1 || a.dims[2].in == 1; }
inline bool is_depthwise(const ConvArgs& a) {
  if (a.channels != 1 || a.groups < 2) return false;
  const bool side_by_side = a.xs[1] == 1 && a.ys[1] == 1 && a.rows == 1 && taps_of(a) <= kMaxTaps;
  return rows_are_dense(a) || side_by_side;
}

// x[l * step] for l < n where position i + l * step lies in [0, in), else zero; x is at i.
template <class T>
SIMD_INLINE Vec<T> load_inside(const T* x, int64_t i, int64_t in, int64_t step, int64_t n) {
  constexpr int64_t kL = kLanes<T>;
  n = min(n, kL);
  const int64_t from = i < 0 ? ceil_div(-i, step) : 0;
  const int64_t to = min(n, i < in ? (in - 1 - i) / step + 1 : 0);
  if (from >= to) return Vec<T>{};
  if (step == 1) return load_between(x, static_cast<int>(from), static_cast<int>(to), Vec<T>{});
  if (step == 2) return load_every_other(x, static_cast<int>(from), static_cast<int>(to), Vec<T>{});
  T lanes[kL] = {};
  for (int64_t l = from; l < to; ++l) lanes[l] = x[l * step];
  return load(lanes);
}

// f(tap, its element at i2 = offset of the last dimension, that offset) for the taps that output
// row (j0, j1) meets, in ascending order.
template <class T, class F>
SIMD_INLINE void each_row_tap(const ConvArgs& a, const T* x, int64_t j0, int64_t j1, F f) {
  const ConvDim* d = a.dims;
  for (int64_t t0 = 0; t0 < d[0].taps; ++t0)
    for (int64_t t1 = 0; t1 < d[1].taps; ++t1) {
      const int64_t i0 = j0 * d[0].step + d[0].offset[t0], i1 = j1 * d[1].step + d[1].offset[t1];
      if (i0 < 0 || i0 >= d[0].in || i1 < 0 || i1 >= d[1].in) continue;
      const T* row = x + i0 * a.xs[2] + i1 * a.xs[3];
      for (int64_t t2 = 0; t2 < d[2].taps; ++t2)
        f((t0 * d[1].taps + t1) * d[2].taps + t2, row, d[2].offset[t2]);
    }
}

// One row of x's plane by one filter.
template <class T>
struct DepthwisePlane {
  static constexpr int64_t kL = kLanes<T>;
  const ConvArgs& a;
  const T *x, *w;
  T *y, bias;
  int64_t low, high;  // outputs [low, high) of a row meet inputs alone

  DepthwisePlane(const ConvArgs& a, int64_t index) : a(a) {
    const int64_t channel = index % (a.groups * a.rows), sample = index / (a.groups * a.rows);
    x = static_cast<const T*>(a.x) + sample * a.xs[0] + channel / a.rows * a.xs[1];
    w = static_cast<const T*>(a.w) + channel * taps_of(a);
    y = static_cast<T*>(a.y) + sample * a.ys[0] + channel * a.ys[1];
    bias = a.bias ? static_cast<const T*>(a.bias)[channel] : T(0);
    const ConvDim& d = a.dims[2];
    int64_t least = 0, most = 0;
    for (int64_t t = 0; t < d.taps; ++t) {
      least = min(least, d.offset[t]);
      most = max(most, d.offset[t]);
    }
    low = ceil_div(-least, d.step);
    high = d.in > most ? (d.in - 1 - most) / d.step + 1 : 0;
  }

  // The usual 3 x 3, a strip of a vector of columns at a time, whose weights and masks stay in
  // registers.
  bool runs_by_strips() const {
    const ConvDim* d = a.dims;
    return d[0].taps == 1 && d[0].in == 1 && d[0].out == 1 && d[0].offset[0] == 0 &&
           d[1].taps == 3 && d[2].taps == 3 && d[2].step <= 2 && d[2].in > 1 && a.ys[4] == 1;
  }
  template <int kStep>
  void run_strip(int64_t j2) const {
    const ConvDim height = a.dims[1], width = a.dims[2];
    const int64_t n = min(kL, width.out - j2), x_row = a.xs[3], y_row = a.ys[3];
    const T *taps[3], *const image = x;
    int from[3], to[3];
    for (int t = 0; t < 3; ++t) {
      const int64_t i = j2 * kStep + width.offset[t];
      const int64_t end = min(n, (width.in - i + kStep - 1) / kStep);
      taps[t] = image + i;
      to[t] = static_cast<int>(max(0, end));
      from[t] = static_cast<int>(min(to[t], max(0, (kStep - 1 - i) / kStep)));
    }
    Vec<T> weights[9];
    for (int t = 0; t < 9; ++t) weights[t] = splat(w[t]);
    const Vec<T> start = splat(bias);
    T* out = y + j2;
    for (int64_t j1 = 0; j1 < height.out; ++j1, out += y_row) {
      Vec<T> sum = start;
      for (int t1 = 0; t1 < 3; ++t1) {
        const int64_t i1 = j1 * height.step + height.offset[t1];
        if (i1 < 0 || i1 >= height.in) continue;
        for (int t2 = 0; t2 < 3; ++t2) {
          const T* row = taps[t2] + i1 * x_row;
          sum = fma(weights[t1 * 3 + t2],
                    kStep == 1 ? load_between(row, from[t2], to[t2], Vec<T>{})
                               : load_every_other(row, from[t2], to[t2], Vec<T>{}),
                    sum);
        }
      }
      store_first(out, n, sum);
    }
  }

  void run() const {
    if (runs_by_strips()) {
      for (int64_t j2 = 0; j2 < a.dims[2].out; j2 += kL)
        a.dims[2].step == 1 ? run_strip<1>(j2) : run_strip<2>(j2);
      return;
    }
    for (int64_t j0 = 0; j0 < a.dims[0].out; ++j0)
      for (int64_t j1 = 0; j1 < a.dims[1].out; ++j1)
        for (int64_t j2 = 0; j2 < a.dims[2].out; j2 += kL) run_vector(j0, j1, j2);
  }
  void run_vector(int64_t j0, int64_t j1, int64_t j2) const {
    const int64_t n = min(kL, a.dims[2].out - j2), step = a.dims[2].step;
    const bool inside = j2 >= low && j2 + n <= high;
    Vec<T> sum = splat(bias);
    each_row_tap(a, x, j0, j1, [&](int64_t t, const T* row, int64_t offset) {
      const int64_t i = j2 * step + offset;
      const Vec<T> v =
          inside ? load_steps(row + i, step, n) : load_inside(row + i, i, a.dims[2].in, step, n);
      sum = fma(splat(w[t]), v, sum);
    });
    T* to = y + j0 * a.ys[2] + j1 * a.ys[3] + j2 * a.ys[4];
    a.ys[4] == 1 ? store_first(to, n, sum) : store_strided(to, a.ys[4], n, sum);
  }
};

// A vector of channels of one sample.
template <class T>
void depthwise_channels(const ConvArgs& a, int64_t sample, int64_t channel) {
  const int64_t taps = taps_of(a), n = min(kLanes<T>, a.groups - channel);
  Vec<T> w[kMaxTaps];
  for (int64_t t = 0; t < taps; ++t)
    w[t] = load_strided(static_cast<const T*>(a.w) + channel * taps + t, taps, n, T(0));
  const Vec<T> bias =
      a.bias ? load_first(static_cast<const T*>(a.bias) + channel, n, T(0)) : Vec<T>{};
  const T* x = static_cast<const T*>(a.x) + sample * a.xs[0] + channel;
  T* y = static_cast<T*>(a.y) + sample * a.ys[0] + channel;
  for (int64_t j0 = 0; j0 < a.dims[0].out; ++j0)
    for (int64_t j1 = 0; j1 < a.dims[1].out; ++j1)
      for (int64_t j2 = 0; j2 < a.dims[2].out; ++j2) {
        Vec<T> sum = bias;
        each_row_tap(a, x, j0, j1, [&](int64_t t, const T* row, int64_t offset) {
          const int64_t i = j2 * a.dims[2].step + offset;
          const bool inside = i >= 0 && i < a.dims[2].in;
          sum = fma(w[t], inside ? load_first(row + i * a.xs[4], n, T(0)) : Vec<T>{}, sum);
        });
        store_first(y + j0 * a.ys[2] + j1 * a.ys[3] + j2 * a.ys[4], n, sum);
      }
}

template <class T>
void depthwise(const ConvArgs& a) {
  const bool dense = rows_are_dense(a);
  const int64_t blocks = dense ? a.groups * a.rows : ceil_div(a.groups, kLanes<T>);
  const int64_t outputs = positions_of(a) * (dense ? 1 : kLanes<T>);
  parallel_for(
      a.samples * blocks, max(1, kGrainOutputs / outputs),
      [](void* ctx, int64_t begin, int64_t end) {
        const ConvArgs& a = *static_cast<const ConvArgs*>(ctx);
        const int64_t blocks = ceil_div(a.groups, kLanes<T>);
        for (int64_t i = begin; i < end; ++i)
          rows_are_dense(a) ? DepthwisePlane<T>(a, i).run()
                            : depthwise_channels<T>(a, i / blocks, i % blocks * kLanes<T>);
      },
      const_cast<ConvArgs*>(&a));
}

// The gradient of one filter: 64 bytes of sums for each tap, over all samples and rows, combined
// by halves.
template <class T>
void depthwise_filter_gradient(const ConvArgs& a, int64_t channel, Vec<T>* sums) {
  constexpr int64_t kL = kLanes<T>, kVirtual = 64 / static_cast<int64_t>(sizeof(T));
  constexpr int64_t kVectors = kVirtual / kL;
  const int64_t taps = taps_of(a), step = a.dims[2].step;
  for (int64_t i = 0; i < taps * kVectors; ++i) sums[i] = Vec<T>{};
  for (int64_t s = 0; s < a.samples; ++s) {
    const T* x = static_cast<const T*>(a.x) + s * a.xs[0] + channel / a.rows * a.xs[1];
    const T* y = static_cast<const T*>(a.y) + s * a.ys[0] + channel * a.ys[1];
    for (int64_t j0 = 0; j0 < a.dims[0].out; ++j0)
      for (int64_t j1 = 0; j1 < a.dims[1].out; ++j1)
        for (int64_t j2 = 0; j2 < a.dims[2].out; j2 += kL) {
          const int64_t n = a.dims[2].out - j2, vector = j2 / kL % kVectors;
          const Vec<T> g = load_first(y + j0 * a.ys[2] + j1 * a.ys[3] + j2, n, T(0));
          each_row_tap(a, x, j0, j1, [&](int64_t t, const T* row, int64_t offset) {
            const int64_t i = j2 * step + offset;
            Vec<T>& sum = sums[t * kVectors + vector];
            sum = fma(g, load_inside(row + i, i, a.dims[2].in, step, n), sum);
          });
        }
  }
  T* out = static_cast<T*>(a.w) + channel * taps;
  for (int64_t t = 0; t < taps; ++t) {
    T lanes[kVirtual];
    __builtin_memcpy(lanes, sums + t * kVectors, sizeof lanes);
    for (int64_t half = kVirtual / 2; half > 0; half /= 2)
      for (int64_t i = 0; i < half; ++i) lanes[i] += lanes[i + half];
    out[t] = lanes[0];
  }
}

}  // namespace
}  // namespace cresset
