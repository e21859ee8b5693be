// SPDX-License-Identifier: MIT
#include <algorithm>

#include "ops/gradient.h"
#include "ops/indexing.h"
#include "ops/math.h"

// Along one dimension by an index of the result's (gather) or the source's (scatter) shape; the
// other dimensions go one to one.
namespace cresset {
namespace {

// Does the index stay inside `shape`, `dim` aside (or not)?
void check_index_shape(const char* op, const Tensor& index, const Dims& shape, int dim,
                       const char* what) {
  const Dims have = as_vector(index).shape(), room = shape.empty() ? Dims{1} : shape;
  bool fits = have.size() == room.size();
  for (int d = 0; fits && d < have.size(); ++d) fits = d == dim || have[d] <= room[d];
  if (fits || index.numel() == 0) return;
  fail(ErrorKind::Shape, "%s: an index of shape %s does not fit %s of shape %s along dimension %d",
       op, to_string(index.shape()).c_str(), what, to_string(shape).c_str(), dim);
}

template <class T>
void gather_rows(const Transfer& t, int64_t o, int64_t m0, int64_t m1, int64_t i0, int64_t i1) {
  T* const y = reinterpret_cast<T*>(t.to.data) + t.to.outer.at(o);
  const T* const x = reinterpret_cast<const T*>(t.from.data) + t.from.outer.at(o);
  for (int64_t m = m0; m < m1; ++m) {
    const int64_t* const index = t.index + (o * t.middle() + m) * t.inner();
    T* const to = y + t.to.middle.at(m);
    for (int64_t i = i0; i < i1; ++i)
      to[t.to.inner.at(i)] = x[index[i] * t.step + t.from.inner.at(i)];
  }
}

struct Set {
  template <class T>
  static T join(T, T b) {
    return b;
  }
};
struct Add {
  template <class T>
  static T join(T a, T b) {
    return a + b;
  }
};
struct Multiply {
  template <class T>
  static T join(T a, T b) {
    return a * b;
  }
};
// NaN wins.
struct Largest {
  template <class T>
  static T join(T a, T b) {
    return a > b || a != a ? a : b;
  }
};
struct Smallest {
  template <class T>
  static T join(T a, T b) {
    return a < b || a != a ? a : b;
  }
};

template <class T, class Join>
void scatter_rows(const Transfer& t, int64_t o, int64_t m0, int64_t m1, int64_t i0, int64_t i1) {
  T* const y = reinterpret_cast<T*>(t.to.data) + t.to.outer.at(o);
  const T* const x = reinterpret_cast<const T*>(t.from.data) + t.from.outer.at(o);
  for (int64_t m = m0; m < m1; ++m) {
    const int64_t* const index = t.index + (o * t.middle() + m) * t.inner();
    const T* const from = x + t.from.middle.at(m);
    for (int64_t i = i0; i < i1; ++i) {
      T& to = y[index[i] * t.step + t.to.inner.at(i)];
      to = Join::join(to, from[t.from.inner.at(i)]);
    }
  }
}

using RowsFn = decltype(Transfer::rows);
constexpr RowsFn kGatherRows[] = {gather_rows<uint8_t>, gather_rows<uint16_t>,
                                  gather_rows<uint32_t>, gather_rows<uint64_t>};
constexpr RowsFn kSetRows[] = {scatter_rows<uint8_t, Set>, scatter_rows<uint16_t, Set>,
                               scatter_rows<uint32_t, Set>, scatter_rows<uint64_t, Set>};
// Sums and products of integers wrap: they run unsigned.
template <class Join, class Int>
constexpr RowsFn kJoinRows[] = {scatter_rows<Int, Join>, scatter_rows<float, Join>,
                                scatter_rows<double, Join>};

void rule_gather(Args args, Meta* out) {
  const Tensor &x = args[0].tensor(), &index = args[2].tensor();
  require_integers("gather", index);
  const int dim = normalize_dim("gather", args[1].integer(), x.ndim());
  check_index_shape("gather", index, x.shape(), dim, "a tensor");
  *out = Meta(x.dtype(), index.shape());
}

void call_gather(Args args, Tensor* out) {
  if (out->numel() == 0) return;
  const Tensor x = as_vector(args[0].tensor()), y = as_vector(*out);
  const int dim = normalize_dim("gather", args[1].integer(), x.ndim());
  const Tensor index =
      checked_index("gather", as_vector(args[2].tensor()), x.size(dim), dim, false);
  const Transfer t{Blocks(y, y.shape(), y.strides(), dim, 1),
                   Blocks(x, y.shape(), x.strides(), dim, 1), index.data<int64_t>(),
                   x.strides()[dim], kGatherRows[__builtin_ctz(item_size(x.dtype()))]};
  run_transfer(t, false);
}

void gradient_gather(Gradient& ctx);

void rule_scatter(Args args, Meta* out) {
  const Tensor &x = args[0].tensor(), &index = args[2].tensor(), &source = args[3].tensor();
  require_integers("scatter", index);
  require_same_dtype("scatter", x, source);
  const int dim = normalize_dim("scatter", args[1].integer(), x.ndim());
  check_index_shape("scatter", index, x.shape(), dim, "a tensor");
  if (!source.wrapped_number()) check_index_shape("scatter", index, source.shape(), -1, "a source");
  *out = Meta(x.dtype(), x.shape());
}

// Writes the source into `target`, in whose dtype `rows` works.
void scatter_into(const Tensor& target, Args args, RowsFn rows) {
  const Tensor& source = args[3].tensor();
  if (args[2].tensor().numel() == 0) return;
  const Tensor y = as_vector(target), x = as_vector(cast_data(source, y.dtype()));
  const int dim = normalize_dim("scatter", args[1].integer(), y.ndim());
  const Tensor index =
      checked_index("scatter", as_vector(args[2].tensor()), y.size(dim), dim, false);
  const Dims strides = source.wrapped_number() ? Dims::filled(index.ndim(), 0) : x.strides();
  const Transfer t{Blocks(y, index.shape(), y.strides(), dim, 1),
                   Blocks(x, index.shape(), strides, dim, 1), index.data<int64_t>(),
                   y.strides()[dim], rows};
  run_transfer(t, true);
}

void call_scatter(Args args, Tensor* out) {
  scatter_into(*out, args, kSetRows[__builtin_ctz(item_size(out->dtype()))]);
}

// In the compute type, rounded once.
template <class Join, class Int>
void call_join(Args args, Tensor* out) {
  const Tensor y = cast_data(*out, compute_dtype(out->dtype()));
  scatter_into(y, args, kJoinRows<Join, Int>[static_cast<int>(compute_type(y.dtype()))]);
  if (!y.same(*out)) copy_into(*out, y);
}

// What backward shares: the arguments as they were and g at the places they were written to.
struct Written {
  Gradient& ctx;
  const int dim;
  const Tensor index;

  explicit Written(Gradient& ctx)
      : ctx(ctx),
        dim(static_cast<int>(ctx.arg(1).integer())),
        index(ctx.x(2).ndim() ? ctx.x(2) : reshape(ctx.x(2), {1})) {}
  Tensor at(const Tensor& x) const { return gather(x, dim, index); }
  Tensor sum_into(const Tensor& x, const Tensor& values) const {
    return scatter_add(x, dim, index, values);
  }
  // The part of the source that was read.
  Tensor source() const {
    Tensor s = ctx.x(3);
    if (s.ndim() == 0) return reshape(s, index.shape());
    for (int d = 0; d < s.ndim(); ++d)
      if (s.size(d) != index.size(d)) s = slice(s, d, 0, index.size(d));
    return s;
  }
  // A gradient for that part, with zeros for the rest.
  void set_source(const Tensor& g) const {
    const Dims& shape = ctx.shape(3);
    if (shape.empty() || g.shape() == shape) return ctx.set(3, reshape(g, shape));
    const Tensor all = zeros(shape, g.dtype());
    Tensor part = all;
    for (int d = 0; d < g.ndim(); ++d) part = slice(part, d, 0, g.size(d));
    copy_(part, g);
    ctx.set(3, all);
  }
};

void gradient_scatter(Gradient& ctx) {
  const Written w(ctx);
  if (ctx.needs(0)) ctx.set(0, scatter(ctx.g(), w.dim, w.index, wrapped_scalar(0.0)));
  if (ctx.needs(3)) w.set_source(w.at(ctx.g()));
}

void gradient_scatter_add(Gradient& ctx) {
  const Written w(ctx);
  if (ctx.needs(0)) ctx.set(0, ctx.g());
  if (ctx.needs(3)) w.set_source(w.at(ctx.g()));
}

// Equal candidates share the gradient.
void gradient_scatter_extreme(Gradient& ctx) {
  const Written w(ctx);
  const Tensor y = ctx.output(), g = ctx.g();
  const Tensor own = cast(eq(ctx.x(0), y), g.dtype());
  const Tensor written = cast(eq(w.source(), w.at(y)), g.dtype());
  const Tensor share = g / w.sum_into(own, written);
  if (ctx.needs(0)) ctx.set(0, share * own);
  if (ctx.needs(3)) w.set_source(w.at(share) * written);
}

Tensor scatter_prod(const Tensor& x, int dim, const Tensor& index, const Tensor& source);

// The product without the factor itself: by division, except for zeros.
void gradient_scatter_prod(Gradient& ctx) {
  const Written w(ctx);
  const Tensor x = ctx.x(0), source = w.source(), g = ctx.g();
  if (ctx.needs(0)) {
    const Tensor ones = full(ctx.shape(0), 1.0, g.dtype());
    ctx.set(0, g * scatter_prod(ones, w.dim, w.index, source));
  }
  if (!ctx.needs(3)) return;
  const Tensor zero = eq(source, 0.0);
  const Tensor zeros_there =
      w.at(w.sum_into(zeros(ctx.shape(0), g.dtype()), cast(zero, g.dtype())));
  const Tensor only_zero = logical_and(zero, eq(zeros_there, 1.0));
  const Tensor others = scatter_prod(x, w.dim, w.index, where(only_zero, 1.0, source));
  const Tensor by_division = w.at(g * ctx.output()) / where(zero, 1.0, source);
  w.set_source(where(only_zero, w.at(g * others), by_division));
}

constexpr Saves kIndexOnly = saves_input(2);
constexpr Saves kAll = saves_input(0) | saves_input(2) | saves_input(3) | saves_output(0);
#define SIGNATURE "x: Tensor, dim: int, index: Tensor, source: Scalar -> Tensor"

const Op ops[] = {
    checking_values({"gather", "x: Tensor, dim: int, index: Tensor -> Tensor", rule_gather,
                     call_gather, gradient_gather, kIndexOnly}),
    checking_values({"scatter", SIGNATURE, rule_scatter, call_scatter, gradient_scatter, kIndexOnly,
                     1, false, true}),
    checking_values({"scatter_add", SIGNATURE, rule_scatter, call_join<Add, uint64_t>,
                     gradient_scatter_add, kIndexOnly, 1, false, true}),
    checking_values({"scatter_prod", SIGNATURE, rule_scatter, call_join<Multiply, uint64_t>,
                     gradient_scatter_prod, kAll, 1, false, true}),
    checking_values({"scatter_amax", SIGNATURE, rule_scatter, call_join<Largest, int64_t>,
                     gradient_scatter_extreme, kAll, 1, false, true}),
    checking_values({"scatter_amin", SIGNATURE, rule_scatter, call_join<Smallest, int64_t>,
                     gradient_scatter_extreme, kAll, 1, false, true}),
};
enum { kGather, kScatter, kScatterAdd, kScatterProd };

void gradient_gather(Gradient& ctx) {
  const Value args[] = {zeros(ctx.shape(0), ctx.dtype(0)), ctx.arg(1).integer(), ctx.x(2), ctx.g()};
  ctx.set(0, apply_in_place(ops[kScatterAdd], args));
}

Tensor scatter_prod(const Tensor& x, int dim, const Tensor& index, const Tensor& source) {
  return call(ops[kScatterProd], x, dim, index, source);
}

}  // namespace

OpSpan scatter_ops() { return ops; }

Tensor gather(const Tensor& x, int dim, const Tensor& index) {
  return call(ops[kGather], x, dim, index);
}
Tensor scatter(const Tensor& x, int dim, const Tensor& index, const Tensor& source) {
  return call(ops[kScatter], x, dim, index, source);
}
Tensor scatter_add(const Tensor& x, int dim, const Tensor& index, const Tensor& source) {
  return call(ops[kScatterAdd], x, dim, index, source);
}

}  // namespace cresset
