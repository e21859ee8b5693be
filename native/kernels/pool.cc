// SPDX-License-Identifier: MIT
#include "core/parallel.h"
#include "kernels/reductions.h"
#include "kernels/simd_steps.h"
#include "kernels/table.h"

// Pools over windows of up to three dimensions. A piece of work is one channel of one sample, or,
// where the channels lie side by side, a block of them.
namespace cresset {
namespace {

constexpr int kChannelBlock = 64;
constexpr int64_t kGrainItems = 16384;

int64_t inputs_of(const PoolArgs& a) { return a.dims[0].in * a.dims[1].in * a.dims[2].in; }
int64_t outputs_of(const PoolArgs& a) { return a.dims[0].out * a.dims[1].out * a.dims[2].out; }
// A dilated window may see nothing; its index must exist all the same.
int64_t first_of(const PoolDim& d, int64_t j) { return d.start[j] < d.in ? d.start[j] : d.in - 1; }
bool channels_last(const PoolArgs& a) { return a.xs[1] == 1 && a.channels > 1; }

// Outputs [low, high) of the last dimension whose windows are of one size and a fixed stride apart.
struct Regular {
  int64_t low = 0, high = 0, stride = 1;

  explicit Regular(const PoolDim& d) {
    const auto size = [&](int64_t j) { return d.end[j] - d.start[j]; };
    int64_t largest = 0;
    for (int64_t j = 0; j < d.out; ++j) largest = size(j) > largest ? size(j) : largest;
    while (low < d.out && size(low) < largest) ++low;
    if (low + 1 < d.out) stride = d.start[low + 1] - d.start[low];
    for (high = low; high < d.out; ++high)
      if (size(high) != largest || d.start[high] != d.start[low] + (high - low) * stride) break;
  }
};

// One sample's channels [channel, channel + n), n at most kN.
template <class T, int kN>
struct Piece {
  const PoolArgs& a;
  const int64_t n;
  T *x, *y;
  int64_t* indices;

  Piece(const PoolArgs& a, int64_t sample, int64_t channel, int64_t count)
      : a(a),
        n(kN == 1 ? 1 : count),
        x(static_cast<T*>(a.x) + sample * a.xs[0] + channel * a.xs[1]),
        y(static_cast<T*>(a.y) + sample * a.ys[0] + channel * a.ys[1]),
        indices(a.indices ? a.indices + sample * a.ys[0] + channel * a.ys[1] : nullptr) {}

  // f(offset in y, output position per dimension) for each output.
  template <class F>
  SIMD_INLINE void each_output(F f) const {
    for (int64_t j0 = 0; j0 < a.dims[0].out; ++j0)
      for (int64_t j1 = 0; j1 < a.dims[1].out; ++j1)
        for (int64_t j2 = 0; j2 < a.dims[2].out; ++j2)
          f(j0 * a.ys[2] + j1 * a.ys[3] + j2 * a.ys[4], j0, j1, j2);
  }
  // f(offset in x, position) for each input of a window.
  template <class F>
  SIMD_INLINE void each_input(int64_t j0, int64_t j1, int64_t j2, F f) const {
    const PoolDim &d0 = a.dims[0], &d1 = a.dims[1], &d2 = a.dims[2];
    for (int64_t i0 = d0.start[j0]; i0 < d0.end[j0]; i0 += d0.step)
      for (int64_t i1 = d1.start[j1]; i1 < d1.end[j1]; i1 += d1.step)
        for (int64_t i2 = d2.start[j2]; i2 < d2.end[j2]; i2 += d2.step)
          f(i0 * a.xs[2] + i1 * a.xs[3] + i2 * a.xs[4], (i0 * d1.in + i1) * d2.in + i2);
  }
  SIMD_INLINE T count(int64_t j0, int64_t j1, int64_t j2) const {
    return static_cast<T>(a.dims[0].count[j0] * a.dims[1].count[j1] * a.dims[2].count[j2]);
  }

  // f(position in the output row) for the outputs outside the regular ones, `rows(j2, n)` for
  // vectors of those.
  template <class Edge, class Vector>
  SIMD_INLINE static void each_of_row(const Regular& regular, int64_t out, Edge edge,
                                      Vector vector) {
    for (int64_t j = 0; j < regular.low; ++j) edge(j);
    for (int64_t j = regular.low; j < regular.high; j += kLanes<T>) vector(j, regular.high - j);
    for (int64_t j = regular.high; j < out; ++j) edge(j);
  }

  // A vector of outputs from j2 on, n of them.
  SIMD_INLINE void max_vector(int64_t j0, int64_t j1, int64_t j2, int64_t n, int64_t stride,
                              int64_t at) const {
    using Index = typename BitsOf<T>::type;
    Vec<T> best = splat(kLowest<T>);
    const Bits<T> steps = load(kIota<Index>) * static_cast<Index>(stride);
    Bits<T> index = steps;
    bool first = true;
    each_input(j0, j1, j2, [&](int64_t from, int64_t position) {
      const Bits<T> here = steps + static_cast<Index>(position);
      if (first) index = here;
      first = false;
      const Vec<T> v = load_steps(x + from, stride, n);
      const Bits<T> wins = (v > best) | (v != v);
      best = wins ? v : best;
      index = wins ? here : index;
    });
    store_first(y + at, n, best);
    Index positions[kLanes<T>];
    store(positions, index);
    for (int64_t i = 0; i < n && i < kLanes<T>; ++i) indices[at + i] = positions[i];
  }
  void max_rows(const Regular& regular) const {
    for (int64_t j0 = 0; j0 < a.dims[0].out; ++j0)
      for (int64_t j1 = 0; j1 < a.dims[1].out; ++j1) {
        const int64_t row = j0 * a.ys[2] + j1 * a.ys[3];
        each_of_row(
            regular, a.dims[2].out, [&](int64_t j2) { max_of(row + j2, j0, j1, j2); },
            [&](int64_t j2, int64_t left) {
              max_vector(j0, j1, j2, left, regular.stride, row + j2);
            });
      }
  }

  void max() const {
    const Regular regular(a.dims[2]);
    const int64_t largest = sizeof(T) == 4 ? INT32_MAX : INT64_MAX;
    if (kN == 1 && a.xs[4] == 1 && a.ys[4] == 1 && regular.high - regular.low > 1 &&
        a.dims[0].in * a.dims[1].in * a.dims[2].in < largest)
      return max_rows(regular);
    each_output([&](int64_t at, int64_t j0, int64_t j1, int64_t j2) { max_of(at, j0, j1, j2); });
  }
  // One output of every channel.
  SIMD_INLINE void max_of(int64_t at, int64_t j0, int64_t j1, int64_t j2) const {
    T best[kN];
    int64_t index[kN];
    const int64_t first =
        (first_of(a.dims[0], j0) * a.dims[1].in + first_of(a.dims[1], j1)) * a.dims[2].in +
        first_of(a.dims[2], j2);
    for (int64_t c = 0; c < n; ++c) {
      best[c] = kLowest<T>;
      index[c] = first;
    }
    each_input(j0, j1, j2, [&](int64_t from, int64_t position) {
      for (int64_t c = 0; c < n; ++c) {
        const T value = x[from + c];
        const bool wins = value > best[c] || value != value;
        best[c] = wins ? value : best[c];
        index[c] = wins ? position : index[c];
      }
    });
    for (int64_t c = 0; c < n; ++c) {
      y[at + c] = best[c];
      indices[at + c] = index[c];
    }
  }

  void max_backward() const {
    const int64_t pixel = a.dims[2].in > 1   ? a.xs[4]
                          : a.dims[1].in > 1 ? a.xs[3]
                          : a.dims[0].in > 1 ? a.xs[2]
                                             : 0;
    each_output([&](int64_t at, int64_t, int64_t, int64_t) {
      for (int64_t c = 0; c < n; ++c) x[indices[at + c] * pixel + c] += y[at + c];
    });
  }

  SIMD_INLINE void average_vector(int64_t j0, int64_t j1, int64_t j2, int64_t n, int64_t stride,
                                  int64_t at) const {
    T divisors[kLanes<T>];
    for (int64_t i = 0; i < kLanes<T>; ++i) divisors[i] = i < n ? count(j0, j1, j2 + i) : T(1);
    Vec<T> sum{};
    each_input(j0, j1, j2,
               [&](int64_t from, int64_t) { sum = sum + load_steps(x + from, stride, n); });
    store_first(y + at, n, sum / load(divisors));
  }
  void average() const {
    const Regular regular(a.dims[2]);
    if (kN > 1 || a.xs[4] != 1 || a.ys[4] != 1 || regular.high - regular.low < 2) {
      return each_output(
          [&](int64_t at, int64_t j0, int64_t j1, int64_t j2) { average_of(at, j0, j1, j2); });
    }
    for (int64_t j0 = 0; j0 < a.dims[0].out; ++j0)
      for (int64_t j1 = 0; j1 < a.dims[1].out; ++j1) {
        const int64_t row = j0 * a.ys[2] + j1 * a.ys[3];
        each_of_row(
            regular, a.dims[2].out, [&](int64_t j2) { average_of(row + j2, j0, j1, j2); },
            [&](int64_t j2, int64_t left) {
              average_vector(j0, j1, j2, left, regular.stride, row + j2);
            });
      }
  }
  SIMD_INLINE void average_of(int64_t at, int64_t j0, int64_t j1, int64_t j2) const {
    T sum[kN];
    for (int64_t c = 0; c < n; ++c) sum[c] = T(0);
    each_input(j0, j1, j2, [&](int64_t from, int64_t) {
      for (int64_t c = 0; c < n; ++c) sum[c] += x[from + c];
    });
    const T divisor = count(j0, j1, j2);
    for (int64_t c = 0; c < n; ++c) y[at + c] = sum[c] / divisor;
  }

  void average_backward() const {
    each_output([&](int64_t at, int64_t j0, int64_t j1, int64_t j2) {
      const T divisor = count(j0, j1, j2);
      T share[kN];
      for (int64_t c = 0; c < n; ++c) share[c] = y[at + c] / divisor;
      each_input(j0, j1, j2, [&](int64_t to, int64_t) {
        for (int64_t c = 0; c < n; ++c) x[to + c] += share[c];
      });
    });
  }
};

enum class Action { kMax, kMaxBackward, kAverage, kAverageBackward };
template <class T, Action kAction, int kN>
void run_piece(const PoolArgs& a, int64_t sample, int64_t channel, int64_t count) {
  const Piece<T, kN> piece(a, sample, channel, count);
  if constexpr (kAction == Action::kMax) piece.max();
  if constexpr (kAction == Action::kMaxBackward) piece.max_backward();
  if constexpr (kAction == Action::kAverage) piece.average();
  if constexpr (kAction == Action::kAverageBackward) piece.average_backward();
}

template <class T, Action kAction>
void pool(const PoolArgs& a) {
  const int64_t block = channels_last(a) ? kChannelBlock : 1;
  const int64_t blocks = (a.channels + block - 1) / block;
  const int64_t items = block * (inputs_of(a) + outputs_of(a)) + 1;
  parallel_for(
      a.samples * blocks, items < kGrainItems ? kGrainItems / items : 1,
      [](void* ctx, int64_t begin, int64_t end) {
        const PoolArgs& a = *static_cast<const PoolArgs*>(ctx);
        const bool last = channels_last(a);
        const int64_t block = last ? kChannelBlock : 1;
        const int64_t blocks = (a.channels + block - 1) / block;
        for (int64_t i = begin; i < end; ++i) {
          const int64_t sample = i / blocks, channel = i % blocks * block;
          const int64_t count = a.channels - channel < block ? a.channels - channel : block;
          last ? run_piece<T, kAction, kChannelBlock>(a, sample, channel, count)
               : run_piece<T, kAction, 1>(a, sample, channel, 1);
        }
      },
      const_cast<PoolArgs*>(&a));
}

#define POOL(action) \
  { pool<int64_t, action>, pool<float, action>, pool<double, action> }
constexpr PoolTable kTable = {POOL(Action::kMax), POOL(Action::kMaxBackward),
                              POOL(Action::kAverage), POOL(Action::kAverageBackward)};

}  // namespace
}  // namespace cresset

extern "C" const cresset::PoolTable* KERNEL_EXPORT(pool)() noexcept { return &cresset::kTable; }
