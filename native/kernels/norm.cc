// SPDX-License-Identifier: MIT
#include "core/parallel.h"
#include "kernels/brain_half.h"
#include "kernels/norm_columns.h"
#include "kernels/reductions.h"
#include "kernels/table.h"

// Normalisation over rows (layer norm) and over channels (batch norm), both ways. Statistics take
// two passes over values that lie in the cache.
namespace cresset {
namespace {

constexpr int64_t kGrainItems = 16384;
constexpr int64_t kMaxParts = 64, kMinPartRows = 16;

template <class T>
SIMD_INLINE T reciprocal_root(T variance, double eps) {
  return static_cast<T>(1 / __builtin_sqrt(static_cast<double>(variance) + eps));
}

// f(i, left) for the vectors of a row; `left` lanes exist.
template <class T, class F>
SIMD_INLINE void each_vector(int64_t n, F f) {
  for (int64_t i = 0; i < n; i += kLanes<T>) f(i, n - i);
}

// Rows of a channel in [outer, channels, inner].
template <class T, class Row>
SIMD_INLINE double sum_rows(const BatchNormArgs& a, int64_t channel, Row row) {
  double total = 0;
  for (int64_t o = 0; o < a.outer; ++o) total += row((o * a.channels + channel) * a.inner);
  return total;
}

// Channels of values that lie as S and compute as T.

// The mean and the variance (by n).
template <class T, class S>
void find_statistics(const BatchNormArgs& a, int64_t channel) {
  const S* x = static_cast<const S*>(a.x);
  const double n = static_cast<double>(a.outer * a.inner);
  const T mean = static_cast<T>(
      sum_rows<T>(a, channel,
                  [&](int64_t at) { return reduce_run<reduction::sum, S, T>(x + at, a.inner); }) /
      n);
  const Vec<T> centre = splat(mean);
  const double squares = sum_rows<T>(a, channel, [&](int64_t at) {
    return reduce_items<reduction::sum, T>(a.inner, [&](int64_t i, int64_t left) {
      const Vec<T> d = load_first(x + at + i, left, mean) - centre;
      return d * d;
    });
  });
  static_cast<T*>(a.mean)[channel] = mean;
  static_cast<T*>(a.var)[channel] = static_cast<T>(squares / n);
}

template <class T, class S>
void normalize_channel(const BatchNormArgs& a, int64_t channel) {
  if (a.training) find_statistics<T, S>(a, channel);
  const S* x = static_cast<const S*>(a.x);
  S* y = static_cast<S*>(a.y);
  const T rstd = reciprocal_root(static_cast<T*>(a.var)[channel], a.eps);
  const Vec<T> mean = splat(static_cast<T*>(a.mean)[channel]);
  const Vec<T> scale = splat(a.weight ? static_cast<const T*>(a.weight)[channel] * rstd : rstd);
  const Vec<T> shift = splat(a.bias ? static_cast<const T*>(a.bias)[channel] : T(0));
  for (int64_t o = 0; o < a.outer; ++o) {
    const int64_t at = (o * a.channels + channel) * a.inner;
    each_vector<T>(a.inner, [&](int64_t i, int64_t left) {
      store_first(y + at + i, left, fma(load_first(x + at + i, left) - mean, scale, shift));
    });
  }
}

// With d = x - mean and r = 1 / sqrt(var + eps): dx = w r (g - sum(g) / n - d r^2 sum(g d) / n).
template <class T, class S>
void channel_gradient(const BatchNormArgs& a, int64_t channel) {
  const S* x = static_cast<const S*>(a.x);
  const S* g = static_cast<const S*>(a.g);
  S* dx = static_cast<S*>(a.y);
  const T mean = static_cast<T*>(a.mean)[channel];
  const T rstd = reciprocal_root(static_cast<T*>(a.var)[channel], a.eps);
  const Vec<T> centre = splat(mean);
  double sum_g = 0, sum_gd = 0;
  for (int64_t o = 0; o < a.outer; ++o) {
    const int64_t at = (o * a.channels + channel) * a.inner;
    sum_g += reduce_run<reduction::sum, S, T>(g + at, a.inner);
    sum_gd += reduce_items<reduction::sum, T>(a.inner, [&](int64_t i, int64_t left) {
      return load_first(g + at + i, left, T(0)) * (load_first(x + at + i, left, mean) - centre);
    });
  }
  static_cast<T*>(a.dweight)[channel] = static_cast<T>(sum_gd * rstd);
  static_cast<T*>(a.dbias)[channel] = static_cast<T>(sum_g);
  const double n = static_cast<double>(a.outer * a.inner);
  const Vec<T> scale = splat(a.weight ? static_cast<const T*>(a.weight)[channel] * rstd : rstd);
  const Vec<T> shift = splat(a.training ? static_cast<T>(sum_g / n) : T(0));
  const Vec<T> slope = splat(a.training ? static_cast<T>(sum_gd / n * rstd * rstd) : T(0));
  for (int64_t o = 0; o < a.outer; ++o) {
    const int64_t at = (o * a.channels + channel) * a.inner;
    each_vector<T>(a.inner, [&](int64_t i, int64_t left) {
      const Vec<T> d = load_first(x + at + i, left) - centre;
      store_first(dx + at + i, left, (load_first(g + at + i, left) - shift - d * slope) * scale);
    });
  }
}

template <class T, class S = T>
void batch_norm(const BatchNormArgs& a) {
  if constexpr (sizeof(S) == sizeof(T))
    if (a.inner == 1) return normalize_columns<T>(a);
  const int64_t items = a.outer * a.inner + 1;
  parallel_for(
      a.channels, items < kGrainItems ? kGrainItems / items : 1,
      [](void* ctx, int64_t begin, int64_t end) {
        const BatchNormArgs& a = *static_cast<const BatchNormArgs*>(ctx);
        for (int64_t c = begin; c < end; ++c) normalize_channel<T, S>(a, c);
      },
      const_cast<BatchNormArgs*>(&a));
}
template <class T, class S = T>
void batch_norm_backward(const BatchNormArgs& a) {
  if constexpr (sizeof(S) == sizeof(T))
    if (a.inner == 1) return column_gradients<T>(a);
  const int64_t items = a.outer * a.inner + 1;
  parallel_for(
      a.channels, items < kGrainItems ? kGrainItems / items : 1,
      [](void* ctx, int64_t begin, int64_t end) {
        const BatchNormArgs& a = *static_cast<const BatchNormArgs*>(ctx);
        for (int64_t c = begin; c < end; ++c) channel_gradient<T, S>(a, c);
      },
      const_cast<BatchNormArgs*>(&a));
}

// Each pass over a row asks for one part of the next.
template <class T>
void normalize_row(const LayerNormArgs& a, int64_t row) {
  const int64_t n = a.cols;
  const T* x = static_cast<const T*>(a.x) + row * n;
  T* y = static_cast<T*>(a.y) + row * n;
  const double total = reduce_items<reduction::sum, T>(n, [&](int64_t i, int64_t left) {
    __builtin_prefetch(x + n + i);
    return load_first(x + i, left, T(0));
  });
  const T mean = static_cast<T>(total / static_cast<double>(n));
  const Vec<T> centre = splat(mean);
  const double squares = reduce_items<reduction::sum, T>(n, [&](int64_t i, int64_t left) {
    const Vec<T> d = load_first(x + i, left, mean) - centre;
    return d * d;
  });
  const T rstd = reciprocal_root(static_cast<T>(squares / static_cast<double>(n)), a.eps);
  static_cast<T*>(a.mean)[row] = mean;
  static_cast<T*>(a.rstd)[row] = rstd;
  const Vec<T> scale = splat(rstd);
  const T* weight = static_cast<const T*>(a.weight);
  const T* bias = static_cast<const T*>(a.bias);
  each_vector<T>(n, [&](int64_t i, int64_t left) {
    __builtin_prefetch(y + n + i, 1);
    Vec<T> v = (load_first(x + i, left) - centre) * scale;
    if (weight) v = v * load_first(weight + i, left);
    if (bias) v = v + load_first(bias + i, left);
    store_first(y + i, left, v);
  });
}

// With h = (x - mean) r: dx = r (g w - mean(g w) - h mean(g w h)); g h and g are added to the part.
template <class T>
void row_gradient(const LayerNormArgs& a, int64_t row, T* dweight, T* dbias) {
  const int64_t n = a.cols;
  const T* x = static_cast<const T*>(a.x) + row * n;
  const T* g = static_cast<const T*>(a.g) + row * n;
  T* dx = static_cast<T*>(a.y) + row * n;
  const T* weight = static_cast<const T*>(a.weight);
  const T mean = static_cast<T*>(a.mean)[row];
  const Vec<T> centre = splat(mean), rstd = splat(static_cast<T*>(a.rstd)[row]);
  const auto weighted = [&](int64_t i, int64_t left) {
    const Vec<T> v = load_first(g + i, left, T(0));
    return weight ? v * load_first(weight + i, left, T(0)) : v;
  };
  const auto height = [&](int64_t i, int64_t left) {
    return (load_first(x + i, left, mean) - centre) * rstd;
  };
  const double sum = reduce_items<reduction::sum, T>(n, [&](int64_t i, int64_t left) {
    __builtin_prefetch(x + n + i);
    return weighted(i, left);
  });
  const double dot = reduce_items<reduction::sum, T>(n, [&](int64_t i, int64_t left) {
    __builtin_prefetch(g + n + i);
    return weighted(i, left) * height(i, left);
  });
  const Vec<T> shift = splat(static_cast<T>(sum / static_cast<double>(n)));
  const Vec<T> slope = splat(static_cast<T>(dot / static_cast<double>(n)));
  each_vector<T>(n, [&](int64_t i, int64_t left) {
    const Vec<T> h = height(i, left), v = load_first(g + i, left, T(0));
    __builtin_prefetch(dx + n + i, 1);
    store_first(dx + i, left, (weighted(i, left) - shift - h * slope) * rstd);
    if (!weight) return;
    store_first(dweight + i, left, fma(v, h, load_first(dweight + i, left)));
    store_first(dbias + i, left, load_first(dbias + i, left) + v);
  });
}

int64_t part_rows(int64_t rows) {
  const int64_t least = (rows + kMaxParts - 1) / kMaxParts;
  return least > kMinPartRows ? least : kMinPartRows;
}
int64_t parts_of(int64_t rows) { return (rows + part_rows(rows) - 1) / part_rows(rows); }

template <class T>
void layer_norm(const LayerNormArgs& a) {
  parallel_for(
      a.rows, a.cols < kGrainItems && a.cols > 0 ? kGrainItems / a.cols : 1,
      [](void* ctx, int64_t begin, int64_t end) {
        const LayerNormArgs& a = *static_cast<const LayerNormArgs*>(ctx);
        for (int64_t r = begin; r < end; ++r) normalize_row<T>(a, r);
      },
      const_cast<LayerNormArgs*>(&a));
}

// A part's sums lie in scratch: the weight's, then the bias'.
template <class T>
void gradient_part(const LayerNormArgs& a, int64_t part) {
  T* sums = static_cast<T*>(a.scratch) + part * 2 * a.cols;
  if (a.weight) __builtin_memset(sums, 0, 2 * a.cols * sizeof(T));
  const int64_t size = part_rows(a.rows), first = part * size;
  for (int64_t r = first; r < a.rows && r < first + size; ++r)
    row_gradient<T>(a, r, sums, sums + a.cols);
}
template <class T>
void add_parts(const LayerNormArgs& a, int64_t column, int64_t end) {
  const int64_t parts = parts_of(a.rows);
  for (int64_t c = column; c < end; ++c) {
    double weight = 0, bias = 0;
    for (int64_t part = 0; part < parts; ++part) {
      const T* sums = static_cast<const T*>(a.scratch) + part * 2 * a.cols;
      weight += sums[c];
      bias += sums[a.cols + c];
    }
    static_cast<T*>(a.dweight)[c] = static_cast<T>(weight);
    static_cast<T*>(a.dbias)[c] = static_cast<T>(bias);
  }
}
template <class T>
void layer_norm_backward(const LayerNormArgs& a) {
  parallel_for(
      parts_of(a.rows), 1,
      [](void* ctx, int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i)
          gradient_part<T>(*static_cast<const LayerNormArgs*>(ctx), i);
      },
      const_cast<LayerNormArgs*>(&a));
  if (!a.weight) return;
  parallel_for(
      a.cols, 1024,
      [](void* ctx, int64_t begin, int64_t end) {
        add_parts<T>(*static_cast<const LayerNormArgs*>(ctx), begin, end);
      },
      const_cast<LayerNormArgs*>(&a));
}
template <class T>
int64_t layer_norm_scratch(int64_t rows, int64_t cols) {
  return parts_of(rows) * 2 * cols * static_cast<int64_t>(sizeof(T));
}

constexpr NormTable kTable = {
    {nullptr, batch_norm<float>, batch_norm<double>},
    {nullptr, batch_norm_backward<float>, batch_norm_backward<double>},
    batch_norm<float, BrainHalf>,
    batch_norm_backward<float, BrainHalf>,
    {nullptr, layer_norm<float>, layer_norm<double>},
    {nullptr, layer_norm_backward<float>, layer_norm_backward<double>},
    {nullptr, layer_norm_scratch<float>, layer_norm_scratch<double>},
};

}  // namespace
}  // namespace cresset

extern "C" const cresset::NormTable* KERNEL_EXPORT(norm)() noexcept { return &cresset::kTable; }
