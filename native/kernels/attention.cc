// SPDX-License-Identifier: MIT
#include "core/parallel.h"
#include "kernels/reductions.h"
#include "kernels/simd_math.h"
#include "kernels/slots.h"
#include "kernels/table.h"

// Attention tile by tile (Dao et al. 2022): kTile queries meet kTile keys, the softmax runs along,
// and the way back makes the weights anew from the logarithm of their sums. Matrices that several
// tiles read are packed once. Every output is summed over tiles in ascending order.
extern "C" const cresset::GemmTable* KERNEL_EXPORT(gemm)() noexcept;

namespace cresset {
namespace {

constexpr int64_t kTile = 64;
constexpr int64_t kManyHeads = 8;  // from so many on each is one thread's, which then need not make
                                   //   the weights twice on the way back

template <class T>
constexpr int kType = sizeof(T) == 4 ? static_cast<int>(ComputeType::Float32)
                                     : static_cast<int>(ComputeType::Float64);

int64_t min(int64_t a, int64_t b) { return a < b ? a : b; }
int64_t blocks_of(int64_t n) { return (n + kTile - 1) / kTile; }

template <class F>
void parallel(int64_t n, const F& f) {
  parallel_for(
      n, 1,
      [](void* ctx, int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) (*static_cast<const F*>(ctx))(i);
      },
      const_cast<F*>(&f));
}

// One set of packed blocks: `bytes` each.
struct Panels {
  char* data;
  int64_t bytes;
  char* at(int64_t i) const { return data + i * bytes; }
};
// What of one matrix of the stack several tiles read: by blocks of keys, and of queries.
struct Packed {
  Panels keys_by_width, keys, values_by_width, values, queries, dy;
  void* delta;  // sum of dy y for each query
};

template <class T>
struct Head {
  const T *q, *k, *v, *dy;
  const char* mask;
  T *y, *log_sum, *dq, *dk, *dv;
  Packed packed;
};

// A working set in scratch, handed out piece by piece.
class Layout {
 public:
  explicit Layout(char* base) : base_(base) {}
  char* take(int64_t bytes) {
    char* const at = base_ + used_;
    used_ += (bytes + 63) & ~int64_t{63};
    return at;
  }
  int64_t used() const { return used_; }

 private:
  char* const base_;
  int64_t used_ = 0;
};

template <class T>
class Attention {
 public:
  explicit Attention(const AttentionArgs& args)
      : a(args), gemm_(*KERNEL_EXPORT(gemm)()), packs_(args.slots), tiles_(args.slots) {
    for (int d = 0; d < a.dims; ++d) heads_ *= a.shape[d];
  }

  int64_t scratch_bytes() const {
    const int64_t sets = many() ? a.slots : 1;
    return sets * pack_bytes() + a.slots * kTileBytes;
  }
  void forward() {
    for_each_head([this](const Head<T>& h) {
      parallel(key_blocks(), [&](int64_t j) {
        pack(h.k, a.k.row, j, a.keys, a.width, true, h.packed.keys_by_width);
        pack(h.v, a.v.row, j, a.keys, a.value_width, false, h.packed.values);
      });
      parallel(query_blocks(), [&](int64_t i) { forward_block(h, i); });
    });
  }
  void backward() {
    for_each_head([this](const Head<T>& h) {
      pack_for_backward(h);
      parallel(many() ? 1 : key_blocks(), [&](int64_t j) {
        for (int64_t end = many() ? key_blocks() : j + 1; j < end; ++j) keys_gradient(h, j, many());
      });
      if (!many()) parallel(query_blocks(), [&](int64_t i) { queries_gradient(h, i); });
    });
  }

 private:
  static constexpr int64_t kTileBytes = 2 * kTile * kTile * static_cast<int64_t>(sizeof(T));

  bool many() const { return heads_ >= kManyHeads; }
  int64_t key_blocks() const { return blocks_of(a.keys); }
  int64_t query_blocks() const { return blocks_of(a.queries); }
  // Blocks of keys that a block of queries sees, from the first on.
  int64_t seen_blocks(int64_t i) const {
    return a.causal ? min(i + 1, key_blocks()) : key_blocks();
  }

  Panels panels(Layout& layout, int64_t blocks, int64_t n, int64_t k) const {
    const int64_t bytes = (gemm_.packed_bytes[kType<T>](n, k) + 63) & ~int64_t{63};
    return {layout.take(blocks * bytes), bytes};
  }
  Packed packed_at(Layout& layout) const {
    const int64_t keys = key_blocks(), queries = query_blocks();
    Packed p{};
    p.keys_by_width = panels(layout, keys, kTile, a.width);
    if (!a.dq) {
      p.values = panels(layout, keys, a.value_width, kTile);
      return p;
    }
    p.keys = panels(layout, keys, a.width, kTile);
    p.values_by_width = panels(layout, keys, kTile, a.value_width);
    p.queries = panels(layout, queries, a.width, kTile);
    p.dy = panels(layout, queries, a.value_width, kTile);
    p.delta = layout.take(a.queries * static_cast<int64_t>(sizeof(T)));
    return p;
  }
  int64_t pack_bytes() const {
    Layout layout(nullptr);
    packed_at(layout);
    return layout.used();
  }

  template <class F>
  void for_each_head(const F& f) {
    if (!many()) {
      for (int64_t i = 0; i < heads_; ++i) f(head(i, 0));
      return;
    }
    parallel(heads_, [&](int64_t i) {
      const int64_t slot = packs_.take();
      f(head(i, slot));
      packs_.give_back(slot);
    });
  }
  int64_t offset(const MatrixStack& m, int64_t head) const {
    int64_t at = 0;
    for (int d = a.dims - 1; d >= 0; --d) {
      at += head % a.shape[d] * m.stack[d];
      head /= a.shape[d];
    }
    return at;
  }
  T* matrix(const MatrixStack& m, int64_t head) const {
    return m.data ? static_cast<T*>(m.data) + offset(m, head) : nullptr;
  }
  Head<T> head(int64_t i, int64_t slot) const {
    const int64_t mask_item = a.mask_allows ? 1 : static_cast<int64_t>(sizeof(T));
    const auto dense = [&](void* data, int64_t size) { return static_cast<T*>(data) + i * size; };
    Layout layout(static_cast<char*>(a.scratch) + a.slots * kTileBytes + slot * pack_bytes());
    Head<T> h{};
    h.q = matrix(a.q, i);
    h.k = matrix(a.k, i);
    h.v = matrix(a.v, i);
    h.dy = matrix(a.dy, i);
    if (a.mask.data) h.mask = static_cast<char*>(a.mask.data) + offset(a.mask, i) * mask_item;
    h.y = dense(a.y, a.queries * a.value_width);
    h.log_sum = dense(a.log_sum, a.queries);
    if (a.dq) {
      h.dq = dense(a.dq, a.queries * a.width);
      h.dk = dense(a.dk, a.keys * a.width);
      h.dv = dense(a.dv, a.keys * a.value_width);
    }
    h.packed = packed_at(layout);
    return h;
  }

  // Block i of kTile rows: as the rows of B, or, transposed, as its columns.
  void pack(const T* x, int64_t row, int64_t i, int64_t rows, int64_t width, bool transposed,
            const Panels& to) const {
    const int64_t count = min(kTile, rows - i * kTile);
    GemmArgs g{};
    g.n = transposed ? count : width;
    g.k = transposed ? width : count;
    g.b = x + i * kTile * row;
    g.ldb = row;
    g.tb = transposed;
    gemm_.pack[kType<T>](g, to.at(i));
  }
  // c (m x n) = [c +] a b, b packed.
  void multiply(int64_t m, int64_t n, int64_t k, const T* x, int64_t row, bool transposed,
                const char* packed, T* c, int64_t c_row, bool accumulate) const {
    GemmArgs g{};
    g.m = m;
    g.n = n;
    g.k = k;
    g.a = x;
    g.lda = row;
    g.ta = transposed;
    g.packed_b = packed;
    g.c = c;
    g.ldc = c_row;
    g.accumulate = accumulate;
    gemm_.gemm[kType<T>](g);
  }

  void pack_for_backward(const Head<T>& h) const {
    parallel(key_blocks(), [&](int64_t j) {
      pack(h.k, a.k.row, j, a.keys, a.width, true, h.packed.keys_by_width);
      pack(h.k, a.k.row, j, a.keys, a.width, false, h.packed.keys);
      pack(h.v, a.v.row, j, a.keys, a.value_width, true, h.packed.values_by_width);
    });
    parallel(query_blocks(), [&](int64_t i) {
      pack(h.q, a.q.row, i, a.queries, a.width, false, h.packed.queries);
      pack(h.dy, a.dy.row, i, a.queries, a.value_width, false, h.packed.dy);
      for (int64_t r = i * kTile; r < min(a.queries, (i + 1) * kTile); ++r) {
        const T *y = h.y + r * a.value_width, *dy = h.dy + r * a.dy.row;
        const double dot =
            reduce_items<reduction::sum, T>(a.value_width, [=](int64_t c, int64_t n) {
              return load_first(y + c, n, T(0)) * load_first(dy + c, n, T(0));
            });
        static_cast<T*>(h.packed.delta)[r] = static_cast<T>(dot);
      }
    });
  }

  // The scores of a tile; row r begins at p + r kTile.
  void scores(const Head<T>& h, int64_t i, int64_t j, T* p) const {
    multiply(rows(i), columns(j), a.width, h.q + i * kTile * a.q.row, a.q.row, false,
             h.packed.keys_by_width.at(j), p, kTile, false);
  }
  int64_t rows(int64_t i) const { return min(kTile, a.queries - i * kTile); }
  int64_t columns(int64_t j) const { return min(kTile, a.keys - j * kTile); }

  Vec<T> masked(const Head<T>& h, Vec<T> x, int64_t query, int64_t key, int64_t n) const {
    const int64_t at = query * a.mask.row + key * a.mask_column;
    T lanes[kLanes<T>] = {};
    for (int64_t l = 0; l < n && l < kLanes<T>; ++l) {
      const int64_t place = at + l * a.mask_column;
      lanes[l] = a.mask_allows ? T(h.mask[place] != 0)
                               : static_cast<const T*>(static_cast<const void*>(h.mask))[place];
    }
    const Vec<T> mask = load(lanes);
    if (!a.mask_allows) return x + mask;
    return mask != T(0) ? x : splat(kLowest<T>);
  }
  // Scales and masks a row of scores; gives the number of keys from the block's first on that the
  // query may see.
  int64_t finish_scores(const Head<T>& h, int64_t query, int64_t j, T* p) const {
    int64_t seen = columns(j);
    if (a.causal) seen = min(seen, query - j * kTile + 1);
    const Vec<T> scale = splat(static_cast<T>(a.scale));
    for (int64_t c = 0; c < seen; c += kLanes<T>) {
      Vec<T> x = load_first(p + c, seen - c, T(0)) * scale;
      if (h.mask) x = masked(h, x, query, j * kTile + c, seen - c);
      store_first(p + c, seen - c, x);
    }
    return seen > 0 ? seen : 0;
  }
  // p = exp(p - reference), 0 for keys that are not seen; gives the sum.
  double exponentiate(T* p, int64_t seen, int64_t columns, T reference) const {
    const Vec<T> shift = splat(reference);
    const double sum = reduce_items<reduction::sum, T>(seen, [=](int64_t c, int64_t n) {
      const Vec<T> e = vexp(load_first(p + c, n, kLowest<T>) - shift);
      store_first(p + c, n, e);
      return e;
    });
    for (int64_t c = seen; c < columns; ++c) p[c] = T(0);
    return sum;
  }
  static void scale_row(T* y, int64_t n, T factor) {
    for (int64_t c = 0; c < n; c += kLanes<T>)
      store_first(y + c, n - c, load_first(y + c, n - c, T(0)) * splat(factor));
  }

  void forward_block(const Head<T>& h, int64_t i) {
    const int64_t slot = tiles_.take();
    T* const p = tile(slot);
    T largest[kTile];
    double sum[kTile];
    for (int64_t j = 0; j < seen_blocks(i); ++j) {
      scores(h, i, j, p);
      for (int64_t r = 0; r < rows(i); ++r)
        add_weights(h, i * kTile + r, j, p + r * kTile, largest[r], sum[r]);
      multiply(rows(i), a.value_width, columns(j), p, kTile, false, h.packed.values.at(j),
               h.y + i * kTile * a.value_width, a.value_width, j > 0);
    }
    for (int64_t r = 0; r < rows(i); ++r) finish_row(h, i * kTile + r, largest[r], sum[r]);
    tiles_.give_back(slot);
  }
  // One query's weights of a tile, relative to the largest score so far; what was summed before is
  // brought to the same scale.
  void add_weights(const Head<T>& h, int64_t query, int64_t j, T* p, T& largest,
                   double& sum) const {
    const int64_t seen = finish_scores(h, query, j, p);
    const T here = static_cast<T>(reduce_run<reduction::amax>(p, seen));
    const T before = j > 0 ? largest : kLowest<T>;
    largest = reduction::amax::combine(before, here);
    const T reference = reference_of(largest);
    const double found = exponentiate(p, seen, columns(j), reference);
    if (j == 0) {
      sum = found;
      return;
    }
    const T fade = vexp(splat(before - reference))[0];
    if (fade != T(1)) scale_row(h.y + query * a.value_width, a.value_width, fade);
    sum = sum * static_cast<double>(fade) + found;
  }
  static T reference_of(T largest) { return largest == kLowest<T> ? T(0) : largest; }

  void finish_row(const Head<T>& h, int64_t query, T largest, double sum) const {
    const bool blind = sum == 0;
    const T log_sum = vlog(splat(static_cast<T>(sum)))[0];
    h.log_sum[query] = blind ? kLargest<T> : reference_of(largest) + log_sum;
    scale_row(h.y + query * a.value_width, a.value_width, blind ? T(0) : static_cast<T>(1 / sum));
  }

  T* tile(int64_t slot) const {
    return static_cast<T*>(a.scratch) + slot * (kTileBytes / static_cast<int64_t>(sizeof(T)));
  }
  // The weights p of a tile and the gradient ds of q k^T.
  void tile_gradient(const Head<T>& h, int64_t i, int64_t j, T* p, T* ds) const {
    const int64_t n = columns(j);
    scores(h, i, j, p);
    multiply(rows(i), n, a.value_width, h.dy + i * kTile * a.dy.row, a.dy.row, false,
             h.packed.values_by_width.at(j), ds, kTile, false);
    for (int64_t r = 0; r < rows(i); ++r) {
      const int64_t query = i * kTile + r;
      T *const w = p + r * kTile, *const d = ds + r * kTile;
      exponentiate(w, finish_scores(h, query, j, w), n, h.log_sum[query]);
      const Vec<T> delta = splat(static_cast<const T*>(h.packed.delta)[query]);
      const Vec<T> scale = splat(static_cast<T>(a.scale));
      for (int64_t c = 0; c < n; c += kLanes<T>) {
        const Vec<T> g = load_first(d + c, n - c, T(0)) - delta;
        store_first(d + c, n - c, load_first(w + c, n - c, T(0)) * g * scale);
      }
    }
  }
  void add_queries_gradient(const Head<T>& h, int64_t i, int64_t j, const T* ds) const {
    multiply(rows(i), a.width, columns(j), ds, kTile, false, h.packed.keys.at(j),
             h.dq + i * kTile * a.width, a.width, j > 0);
  }

  void keys_gradient(const Head<T>& h, int64_t j, bool with_queries) {
    const int64_t slot = tiles_.take(), first = a.causal ? j : 0, n = columns(j);
    T *const p = tile(slot), *const ds = p + kTile * kTile;
    T *const dk = h.dk + j * kTile * a.width, *const dv = h.dv + j * kTile * a.value_width;
    for (int64_t i = first; i < query_blocks(); ++i) {
      tile_gradient(h, i, j, p, ds);
      multiply(n, a.value_width, rows(i), p, kTile, true, h.packed.dy.at(i), dv, a.value_width,
               i > first);
      multiply(n, a.width, rows(i), ds, kTile, true, h.packed.queries.at(i), dk, a.width,
               i > first);
      if (with_queries) add_queries_gradient(h, i, j, ds);
    }
    if (first >= query_blocks()) {
      __builtin_memset(dk, 0, n * a.width * sizeof(T));
      __builtin_memset(dv, 0, n * a.value_width * sizeof(T));
    }
    tiles_.give_back(slot);
  }
  void queries_gradient(const Head<T>& h, int64_t i) {
    const int64_t slot = tiles_.take();
    T *const p = tile(slot), *const ds = p + kTile * kTile;
    for (int64_t j = 0; j < seen_blocks(i); ++j) {
      tile_gradient(h, i, j, p, ds);
      add_queries_gradient(h, i, j, ds);
    }
    tiles_.give_back(slot);
  }

  const AttentionArgs& a;
  const GemmTable& gemm_;
  Slots packs_, tiles_;
  int64_t heads_ = 1;
};

template <class T>
void forward(const AttentionArgs& args) {
  Attention<T>(args).forward();
}
template <class T>
void backward(const AttentionArgs& args) {
  Attention<T>(args).backward();
}
template <class T>
int64_t scratch(const AttentionArgs& args) {
  return Attention<T>(args).scratch_bytes();
}

constexpr AttentionTable kTable = {
    {nullptr, forward<float>, forward<double>},
    {nullptr, backward<float>, backward<double>},
    {nullptr, scratch<float>, scratch<double>},
};

}  // namespace
}  // namespace cresset

extern "C" const cresset::AttentionTable* KERNEL_EXPORT(attention)() noexcept {
  return &cresset::kTable;
}
