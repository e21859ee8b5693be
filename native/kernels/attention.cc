// SPDX-License-Identifier: MIT
#include "core/parallel.h"
#include "kernels/attention_products.h"
#include "kernels/counts.h"
#include "kernels/reductions.h"
#include "kernels/simd_math.h"
#include "kernels/slots.h"
#include "kernels/table.h"

// Attention block by block (Dao et al. 2022): kBlockRows queries meet kBlockRows keys, the softmax
// runs along, and the way back makes the weights anew from the logarithm of their sums. Every
// output is summed over blocks in ascending order.
namespace cresset {
namespace {

constexpr int64_t kManyHeads = 8;  // from so many on each is one thread's, which then need not make
                                   //   the weights twice on the way back
template <class T>
constexpr int kRowVectors = static_cast<int>(kBlockRows) / kLanes<T>;

int64_t blocks_of(int64_t n) { return ceil_div(n, kBlockRows); }

template <class F>
void parallel(int64_t n, const F& f) {
  parallel_for(
      n, 1,
      [](void* ctx, int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) (*static_cast<const F*>(ctx))(i);
      },
      const_cast<F*>(&f));
}

// What of one matrix of the stack several blocks read: by blocks of keys, and of queries.
template <class T>
struct Packed {
  Panels<T> keys_by_width, keys, values_by_width, values, queries, dy;
  T* delta;  // sum of dy y for each query
};

// A matrix of the stack.
template <class T>
struct Matrix {
  T* data;
  int64_t row;
  T* at(int64_t r) const { return data + r * row; }
};
template <class T>
struct Head {
  Matrix<T> q, k, v, y, dy, dq, dk, dv;
  const char* mask;
  T* log_sum;
  Packed<T> packed;
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
  explicit Attention(const AttentionArgs& args) : a(args), packs_(args.slots), blocks_(args.slots) {
    for (int d = 0; d < a.dims; ++d) heads_ *= a.shape[d];
  }

  int64_t scratch_bytes() const {
    const int64_t sets = many() ? a.slots : 1;
    return sets * pack_bytes() + a.slots * kBlockBytes;
  }
  void forward() {
    for_each_head([this](const Head<T>& h) {
      parallel(key_blocks(), [&](int64_t j) {
        pack(h.k, j, a.keys, a.width, true, h.packed.keys_by_width);
        pack(h.v, j, a.keys, a.value_width, false, h.packed.values);
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
  static constexpr int64_t kScoreItems = kBlockRows * kScoreRow<T>;
  static constexpr int64_t kBlockBytes = 2 * kScoreItems * static_cast<int64_t>(sizeof(T));

  bool many() const { return heads_ >= kManyHeads; }
  int64_t key_blocks() const { return blocks_of(a.keys); }
  int64_t query_blocks() const { return blocks_of(a.queries); }
  // Blocks of keys that a block of queries sees, from the first on.
  int64_t seen_blocks(int64_t i) const {
    return a.causal ? min(i + 1, key_blocks()) : key_blocks();
  }
  int64_t rows(int64_t i) const { return min(kBlockRows, a.queries - i * kBlockRows); }
  int64_t columns(int64_t j) const { return min(kBlockRows, a.keys - j * kBlockRows); }
  Triangle on_diagonal(int64_t i, int64_t j, Triangle part) const {
    return a.causal && i == j ? part : Triangle::kNone;
  }

  Panels<T> panels(Layout& layout, int64_t blocks, int64_t n, int64_t steps) const {
    constexpr int64_t kC = kTileColumns<T>;
    Panels<T> p{nullptr, (n + kC - 1) / kC, steps};
    char* const data = layout.take(blocks * p.items() * static_cast<int64_t>(sizeof(T)));
    p.data = reinterpret_cast<T*>(data);
    return p;
  }
  Packed<T> packed_at(Layout& layout) const {
    const int64_t keys = key_blocks(), queries = query_blocks();
    Packed<T> p{};
    p.keys_by_width = panels(layout, keys, kBlockRows, a.width);
    if (!a.dq.data) {
      p.values = panels(layout, keys, a.value_width, kBlockRows);
      return p;
    }
    p.keys = panels(layout, keys, a.width, kBlockRows);
    p.values_by_width = panels(layout, keys, kBlockRows, a.value_width);
    p.queries = panels(layout, queries, a.width, kBlockRows);
    p.dy = panels(layout, queries, a.value_width, kBlockRows);
    p.delta = reinterpret_cast<T*>(layout.take(a.queries * static_cast<int64_t>(sizeof(T))));
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
  Matrix<T> matrix(const MatrixStack& m, int64_t head) const {
    return {m.data ? static_cast<T*>(m.data) + offset(m, head) : nullptr, m.row};
  }
  Head<T> head(int64_t i, int64_t slot) const {
    const int64_t mask_item = a.mask_allows ? 1 : static_cast<int64_t>(sizeof(T));
    Layout layout(static_cast<char*>(a.scratch) + a.slots * kBlockBytes + slot * pack_bytes());
    Head<T> h{};
    h.q = matrix(a.q, i);
    h.k = matrix(a.k, i);
    h.v = matrix(a.v, i);
    h.y = matrix(a.y, i);
    h.dy = matrix(a.dy, i);
    h.dq = matrix(a.dq, i);
    h.dk = matrix(a.dk, i);
    h.dv = matrix(a.dv, i);
    if (a.mask.data) h.mask = static_cast<char*>(a.mask.data) + offset(a.mask, i) * mask_item;
    h.log_sum = static_cast<T*>(a.log_sum) + i * a.queries;
    h.packed = packed_at(layout);
    return h;
  }

  void pack(const Matrix<T>& x, int64_t i, int64_t count, int64_t width, bool transposed,
            const Panels<T>& to) const {
    const int64_t first = i * kBlockRows;
    pack_block(x.at(first), x.row, min(kBlockRows, count - first), width, transposed, to, i);
  }
  void pack_for_backward(const Head<T>& h) const {
    parallel(key_blocks(), [&](int64_t j) {
      pack(h.k, j, a.keys, a.width, true, h.packed.keys_by_width);
      pack(h.k, j, a.keys, a.width, false, h.packed.keys);
      pack(h.v, j, a.keys, a.value_width, true, h.packed.values_by_width);
    });
    parallel(query_blocks(), [&](int64_t i) {
      pack(h.q, i, a.queries, a.width, false, h.packed.queries);
      pack(h.dy, i, a.queries, a.value_width, false, h.packed.dy);
      for (int64_t r = i * kBlockRows; r < i * kBlockRows + rows(i); ++r) {
        const T *y = h.y.at(r), *dy = h.dy.at(r);
        const double dot =
            reduce_items<reduction::sum, T>(a.value_width, [=](int64_t c, int64_t n) {
              return load_first(y + c, n, T(0)) * load_first(dy + c, n, T(0));
            });
        h.packed.delta[r] = static_cast<T>(dot);
      }
    });
  }

  // A block's scores, or their like from dy and v: x of queries i times the packed keys j.
  void scores(const Matrix<T>& x, int64_t i, int64_t j, int64_t width, const Panels<T>& keys,
              T* p) const {
    multiply_block<T>({rows(i), columns(j), width, x.at(i * kBlockRows), x.row, false, keys.at(j),
                       keys.panel_items(), p, kScoreRow<T>, false,
                       on_diagonal(i, j, Triangle::kResult)});
  }
  // y of queries i += p times the packed values j.
  void add_to_queries(const T* p, int64_t i, int64_t j, int64_t width, const Panels<T>& values,
                      const Matrix<T>& y) const {
    multiply_block<T>({rows(i), width, columns(j), p, kScoreRow<T>, false, values.at(j),
                       values.panel_items(), y.at(i * kBlockRows), y.row, j > 0,
                       on_diagonal(i, j, Triangle::kLower)});
  }
  // y of keys j += p^T times the packed values i.
  void add_to_keys(const T* p, int64_t i, int64_t j, int64_t width, const Panels<T>& values,
                   const Matrix<T>& y, bool more) const {
    multiply_block<T>({columns(j), width, rows(i), p, kScoreRow<T>, true, values.at(i),
                       values.panel_items(), y.at(j * kBlockRows), y.row, more,
                       on_diagonal(i, j, Triangle::kUpper)});
  }

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
  // Of a block's keys, from the first on.
  int64_t seen_keys(int64_t query, int64_t j) const {
    const int64_t n = columns(j);
    return a.causal ? min(n, query - j * kBlockRows + 1) : n;
  }
  // The scaled and masked score of keys c ..., `left` of which the query sees.
  SIMD_INLINE Vec<T> score(const Head<T>& h, int64_t query, int64_t j, const T* p, int64_t c,
                           int64_t left) const {
    Vec<T> x = load(p + c) * splat(static_cast<T>(a.scale));
    if (h.mask) x = masked(h, x, query, j * kBlockRows + c, left);
    return first_lanes<T>(x, left, splat(kLowest<T>));
  }
  static void scale_row(T* y, int64_t n, T factor) {
    for (int64_t c = 0; c < n; c += kLanes<T>)
      store_first(y + c, n - c, load_first(y + c, n - c, T(0)) * splat(factor));
  }

  void forward_block(const Head<T>& h, int64_t i) {
    const int64_t slot = blocks_.take(), first = i * kBlockRows;
    T* const p = block(slot);
    T largest[kBlockRows];
    double sum[kBlockRows];
    for (int64_t j = 0; j < seen_blocks(i); ++j) {
      scores(h.q, i, j, a.width, h.packed.keys_by_width, p);
      for (int64_t r = 0; r < rows(i); ++r)
        add_weights(h, first + r, j, p + r * kScoreRow<T>, largest[r], sum[r]);
      add_to_queries(p, i, j, a.value_width, h.packed.values, h.y);
    }
    for (int64_t r = 0; r < rows(i); ++r) finish_row(h, first + r, largest[r], sum[r]);
    blocks_.give_back(slot);
  }
  // One query's weights of a block, relative to the largest score so far; what was summed before
  // is brought to the same scale.
  void add_weights(const Head<T>& h, int64_t query, int64_t j, T* p, T& largest,
                   double& sum) const {
    constexpr int kL = kLanes<T>, kVectors = kRowVectors<T>;
    const int64_t seen = seen_keys(query, j);
    Vec<T> x[kVectors], tree[kVectors];
#pragma GCC unroll 32
    for (int v = 0; v < kVectors; ++v)
      tree[v] = x[v] =
          v * kL < seen ? score(h, query, j, p, v * kL, seen - v * kL) : splat(kLowest<T>);
    const T before = j > 0 ? largest : kLowest<T>;
    largest = reduction::amax::combine(before, combine_lanes<reduction::amax, T>(tree));
    const T reference = reference_of(largest);
#pragma GCC unroll 32
    for (int v = 0; v < kVectors; ++v) {
      tree[v] = v * kL < seen ? vexp(x[v] - splat(reference)) : Vec<T>{};
      store(p + v * kL, tree[v]);
    }
    const double found = static_cast<double>(combine_lanes<reduction::sum, T>(tree));
    if (j == 0) {
      sum = found;
      return;
    }
    const T fade = vexp(splat(before - reference))[0];
    if (fade != T(1)) scale_row(h.y.at(query), a.value_width, fade);
    sum = sum * static_cast<double>(fade) + found;
  }
  static T reference_of(T largest) { return largest == kLowest<T> ? T(0) : largest; }

  void finish_row(const Head<T>& h, int64_t query, T largest, double sum) const {
    const bool blind = sum == 0;
    const T log_sum = vlog(splat(static_cast<T>(sum)))[0];
    h.log_sum[query] = blind ? kLargest<T> : reference_of(largest) + log_sum;
    scale_row(h.y.at(query), a.value_width, blind ? T(0) : static_cast<T>(1 / sum));
  }

  T* block(int64_t slot) const { return static_cast<T*>(a.scratch) + slot * 2 * kScoreItems; }
  // The weights p of a block and the gradient ds of q k^T.
  void block_gradient(const Head<T>& h, int64_t i, int64_t j, T* p, T* ds) const {
    scores(h.q, i, j, a.width, h.packed.keys_by_width, p);
    scores(h.dy, i, j, a.value_width, h.packed.values_by_width, ds);
    for (int64_t r = 0; r < rows(i); ++r)
      row_gradient(h, i * kBlockRows + r, j, p + r * kScoreRow<T>, ds + r * kScoreRow<T>);
  }
  void row_gradient(const Head<T>& h, int64_t query, int64_t j, T* p, T* ds) const {
    constexpr int kL = kLanes<T>;
    const int64_t seen = seen_keys(query, j);
    const Vec<T> log_sum = splat(h.log_sum[query]), delta = splat(h.packed.delta[query]);
    const Vec<T> scale = splat(static_cast<T>(a.scale));
    int64_t c = 0;
    for (; c < seen; c += kL) {
      const Vec<T> w = vexp(score(h, query, j, p, c, seen - c) - log_sum);
      const Vec<T> g = first_lanes<T>(load(ds + c), seen - c, Vec<T>{}) - delta;
      store(p + c, w);
      store(ds + c, w * g * scale);
    }
    for (; c < kBlockRows; c += kL) {
      store(p + c, Vec<T>{});
      store(ds + c, Vec<T>{});
    }
  }

  void keys_gradient(const Head<T>& h, int64_t j, bool with_queries) {
    const int64_t slot = blocks_.take(), first = a.causal ? j : 0;
    T *const p = block(slot), *const ds = p + kScoreItems;
    for (int64_t i = first; i < query_blocks(); ++i) {
      block_gradient(h, i, j, p, ds);
      add_to_keys(p, i, j, a.value_width, h.packed.dy, h.dv, i > first);
      add_to_keys(ds, i, j, a.width, h.packed.queries, h.dk, i > first);
      if (with_queries) add_to_queries(ds, i, j, a.width, h.packed.keys, h.dq);
    }
    for (int64_t r = 0; first >= query_blocks() && r < columns(j); ++r) {
      __builtin_memset(h.dk.at(j * kBlockRows + r), 0, a.width * sizeof(T));
      __builtin_memset(h.dv.at(j * kBlockRows + r), 0, a.value_width * sizeof(T));
    }
    blocks_.give_back(slot);
  }
  void queries_gradient(const Head<T>& h, int64_t i) {
    const int64_t slot = blocks_.take();
    T *const p = block(slot), *const ds = p + kScoreItems;
    for (int64_t j = 0; j < seen_blocks(i); ++j) {
      block_gradient(h, i, j, p, ds);
      add_to_queries(ds, i, j, a.width, h.packed.keys, h.dq);
    }
    blocks_.give_back(slot);
  }

  const AttentionArgs& a;
  Slots packs_, blocks_;
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
