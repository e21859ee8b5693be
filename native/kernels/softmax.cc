// SPDX-License-Identifier: MIT
#include "core/parallel.h"
#include "kernels/elementwise.h"
#include "kernels/reductions.h"
#include "kernels/simd_math.h"
#include "kernels/simd_transpose.h"
#include "kernels/table.h"

// Every row is read twice or three times while it lies in the cache. Outputs may be the inputs.
namespace cresset {
namespace {

constexpr int64_t kGrainItems = 16384;  // per piece of the parallel loop

// y[i] = f(a[i], b[i]) along one row.
template <class T, class F>
SIMD_INLINE void map_row(int64_t n, T* y, const T* a, const T* b, F f) {
  int64_t i = 0;
  for (; i + kLanes<T> <= n; i += kLanes<T>) store(y + i, f(load(a + i), load(b + i)));
  if (i < n) {
    put<T>(y + i, n - i, f(load_first(a + i, n - i, T(0)), load_first(b + i, n - i, T(0))));
  }
}
// A maximum that NaN may pass by: with one in the row the sum is NaN, and so is every result.
struct Largest {
  template <class T>
  static constexpr T kNeutral = kLowest<T>;
  template <class V>
  SIMD_INLINE static V combine(V a, V b) {
    if constexpr (std::is_same_v<V, Vec<float>>) return greater(a, b);
    return a > b ? a : b;
  }
};
template <class T>
SIMD_INLINE Vec<T> max_of_row(int64_t n, const T* x) {
  return splat(static_cast<T>(reduce_items<Largest, T>(
      n, [=](int64_t i, int64_t left) { return load_first(x + i, left, kLowest<T>); })));
}

// The second pass, in which there is most to compute, asks for the next row and its target.
// exp(x - max) is at most 1. A row of -inf alone gives NaN (inf - inf), as any NaN does; lanes
// past the end are exp(-inf) = 0.
template <class T>
struct Softmax {
  static constexpr bool kFetches = false;
  SIMD_INLINE static void row(int64_t n, T* y, const T* x, const T*) {
    const Vec<T> max = max_of_row(n, x);
    const double sum = reduce_items<reduction::sum, T>(n, [=](int64_t i, int64_t left) {
      __builtin_prefetch(x + n + i);
      __builtin_prefetch(y + n + i, 1);
      const Vec<T> e = vexp_below_one(load_first(x + i, left, kLowest<T>) - max);
      put<T>(y + i, left, e);
      return e;
    });
    const Vec<T> scale = splat(static_cast<T>(1 / sum));
    map_row(n, y, y, y, [=](Vec<T> v, Vec<T>) { return v * scale; });
  }
};

// (x - max) - log(sum(exp(x - max)))
template <class T>
struct LogSoftmax {
  static constexpr bool kFetches = false;
  SIMD_INLINE static void row(int64_t n, T* y, const T* x, const T*) {
    const Vec<T> max = max_of_row(n, x);
    const double sum = reduce_items<reduction::sum, T>(n, [=](int64_t i, int64_t left) {
      __builtin_prefetch(x + n + i);
      __builtin_prefetch(y + n + i, 1);
      return vexp_below_one(load_first(x + i, left, kLowest<T>) - max);
    });
    const Vec<T> log_sum = vlog(splat(static_cast<T>(sum)));
    map_row(n, y, x, x, [=](Vec<T> v, Vec<T>) { return (v - max) - log_sum; });
  }
};

template <class T>
struct SoftmaxBackward {
  static constexpr bool kFetches = true;
  SIMD_INLINE static void row(int64_t n, T* dx, const T* y, const T* g) {
    const double dot = reduce_items<reduction::sum, T>(n, [=](int64_t i, int64_t left) {
      return load_first(y + i, left, T(0)) * load_first(g + i, left, T(0));
    });
    const Vec<T> sum = splat(static_cast<T>(dot));
    map_row(n, dx, y, g, [=](Vec<T> vy, Vec<T> vg) { return vy * (vg - sum); });
  }
};

template <class T>
struct LogSoftmaxBackward {
  static constexpr bool kFetches = true;
  SIMD_INLINE static void row(int64_t n, T* dx, const T* y, const T* g) {
    const Vec<T> sum = splat(static_cast<T>(reduce_run<reduction::sum>(g, n)));
    map_row(n, dx, y, g, [=](Vec<T> vy, Vec<T> vg) { return vg - vexp(vy) * sum; });
  }
};

template <class Row, class T>
void over_rows(int64_t rows, int64_t cols, void* y, const void* a, const void* b) {
  struct Job {
    int64_t cols;
    T* y;
    const T* a;
    const T* b;
  } job = {cols, static_cast<T*>(y), static_cast<const T*>(a), static_cast<const T*>(b)};
  const int64_t grain = cols < kGrainItems && cols > 0 ? kGrainItems / cols : 1;
  parallel_for(
      rows, grain,
      [](void* ctx, int64_t begin, int64_t end) {
        const Job& j = *static_cast<Job*>(ctx);
        for (int64_t r = begin * j.cols; r < end * j.cols; r += j.cols) {
          if (Row::kFetches) {
            fetch_row(j.a + r + j.cols, j.cols);
            if (j.b != j.a) fetch_row(j.b + r + j.cols, j.cols);
          }
          Row::row(j.cols, j.y + r, j.a + r, j.b + r);
        }
      },
      &job);
}

// Rows of few columns, as many as there are lanes: column by column in registers, so that each
// function is called for all of them. A row's maximum and sum are the trees of reduce_short.
template <class T>
constexpr int kFewColumns = kShortRun<T>;

template <class T>
SIMD_INLINE void load_columns(int64_t rows, int64_t cols, const T* x, Vec<T>* columns) {
  for (int first = 0; first < kFewColumns<T>; first += kLanes<T>) {
    Vec<T> square[kLanes<T>];
    for (int r = 0; r < kLanes<T>; ++r)
      square[r] = r < rows && first < cols
                      ? load_first(x + r * cols + first, cols - first, kLowest<T>)
                      : splat(kLowest<T>);
    transpose<T>(square);
    for (int c = 0; c < kLanes<T>; ++c) columns[first + c] = square[c];
  }
}
template <class T>
SIMD_INLINE void store_columns(int64_t rows, int64_t cols, T* y, const Vec<T>* columns) {
  for (int first = 0; first < kFewColumns<T> && first < cols; first += kLanes<T>) {
    Vec<T> square[kLanes<T>];
    for (int c = 0; c < kLanes<T>; ++c) square[c] = columns[first + c];
    transpose<T>(square);
    for (int r = 0; r < kLanes<T> && r < rows; ++r)
      put<T>(y + r * cols + first, cols - first, square[r]);
  }
}
template <class Op, class T>
SIMD_INLINE Vec<T> combine_columns(const Vec<T>* columns) {
  Vec<T> tree[kFewColumns<T>];
  for (int c = 0; c < kFewColumns<T>; ++c) tree[c] = columns[c];
  for (int half = kFewColumns<T> / 2; half > 0; half /= 2)
    for (int c = 0; c < half; ++c) tree[c] = Op::combine(tree[c], tree[c + half]);
  return tree[0];
}

template <class T, bool kLog>
void few_columns(int64_t rows, int64_t cols, T* y, const T* x) {
  Vec<T> v[kFewColumns<T>], e[kFewColumns<T>] = {};
  load_columns(rows, cols, x, v);
  const Vec<T> max = combine_columns<Largest, T>(v);
  for (int c = 0; c < cols; ++c) e[c] = vexp_below_one(v[c] = v[c] - max);
  const Vec<T> sum = combine_columns<reduction::sum, T>(e);
  const Vec<T> last = kLog ? vlog(sum) : T(1) / sum;
  for (int c = 0; c < cols; ++c) v[c] = kLog ? v[c] - last : e[c] * last;
  store_columns(rows, cols, y, v);
}

template <class T, bool kLog>
void forward(int64_t rows, int64_t cols, void* y, const void* x) {
  if (cols > kFewColumns<T> || rows < kLanes<T>)
    return over_rows<std::conditional_t<kLog, LogSoftmax<T>, Softmax<T>>, T>(rows, cols, y, x, x);
  struct Job {
    int64_t rows, cols;
    T* y;
    const T* x;
  } job = {rows, cols, static_cast<T*>(y), static_cast<const T*>(x)};
  parallel_for((rows + kLanes<T> - 1) / kLanes<T>, kGrainItems / (kFewColumns<T> * kLanes<T>),
               [](void* ctx, int64_t begin, int64_t end) {
                 const Job& j = *static_cast<Job*>(ctx);
                 for (int64_t r = begin * kLanes<T>; r < end * kLanes<T>; r += kLanes<T>)
                   few_columns<T, kLog>(j.rows - r, j.cols, j.y + r * j.cols, j.x + r * j.cols);
               },
               &job);
}
template <template <class> class Row, class T>
void backward(int64_t rows, int64_t cols, void* dx, const void* y, const void* g) {
  over_rows<Row<T>, T>(rows, cols, dx, y, g);
}

constexpr SoftmaxTable kTable = {
    {nullptr, forward<float, false>, forward<double, false>},
    {nullptr, forward<float, true>, forward<double, true>},
    {nullptr, backward<SoftmaxBackward, float>, backward<SoftmaxBackward, double>},
    {nullptr, backward<LogSoftmaxBackward, float>, backward<LogSoftmaxBackward, double>},
};

}  // namespace
}  // namespace cresset

extern "C" const cresset::SoftmaxTable* KERNEL_EXPORT(softmax)() noexcept {
  return &cresset::kTable;
}
