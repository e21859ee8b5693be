// SPDX-License-Identifier: MIT
#include "core/parallel.h"
#include "kernels/reductions.h"
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

  void max() const {
    each_output([&](int64_t at, int64_t j0, int64_t j1, int64_t j2) {
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
    });
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

  void average() const {
    each_output([&](int64_t at, int64_t j0, int64_t j1, int64_t j2) {
      T sum[kN];
      for (int64_t c = 0; c < n; ++c) sum[c] = T(0);
      each_input(j0, j1, j2, [&](int64_t from, int64_t) {
        for (int64_t c = 0; c < n; ++c) sum[c] += x[from + c];
      });
      const T divisor = count(j0, j1, j2);
      for (int64_t c = 0; c < n; ++c) y[at + c] = sum[c] / divisor;
    });
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
