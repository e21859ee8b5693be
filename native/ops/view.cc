// SPDX-License-Identifier: MIT
#include <algorithm>

#include "ops/elementwise.h"
#include "ops/gradient.h"
#include "ops/math.h"

// Ops whose result shares the argument's memory.
namespace cresset {

// Walks both shapes from the right in groups of equal size; each group must be one run of memory
// in x.
bool view_strides(const Tensor& x, const Dims& shape, Dims* strides) {
  *strides = contiguous_strides(shape);
  if (x.contiguous()) return true;
  Dims from_shape, from_strides;  // without dimensions of size 1
  for (int i = 0; i < x.ndim(); ++i) {
    if (x.size(i) == 1) continue;
    from_shape.push_back(x.size(i));
    from_strides.push_back(x.strides()[i]);
  }
  int from = from_shape.size() - 1, to = shape.size() - 1;
  while (from >= 0) {
    int64_t run = from_shape[from], covered = 1;
    const int64_t base = from_strides[from];
    for (--from; from >= 0 && from_strides[from] == from_shape[from + 1] * from_strides[from + 1];
         --from)
      run *= from_shape[from];
    for (; to >= 0 && (covered < run || shape[to] == 1); --to) {
      (*strides)[to] = base * covered;
      covered *= shape[to];
    }
    if (covered != run) return false;
  }
  return true;
}

namespace {

Dims infer_shape(const char* op, const Tensor& x, Dims shape) {
  int unknown = -1;
  for (int i = 0; i < shape.size(); ++i) {
    if (shape[i] != -1) continue;
    if (unknown >= 0)
      fail(ErrorKind::Shape, "%s: shape %s has more than one -1", op, to_string(shape).c_str());
    unknown = i;
  }
  Dims known = shape;
  if (unknown >= 0) known[unknown] = 1;
  check_shape(op, known);
  const int64_t n = numel(known);
  if (unknown >= 0 && n > 0 && x.numel() % n == 0) shape[unknown] = x.numel() / n;
  if ((unknown >= 0 && shape[unknown] < 0) || numel(shape) != x.numel())
    fail(ErrorKind::Shape, "%s: a tensor of shape %s (%lld elements) cannot become %s", op,
         to_string(x.shape()).c_str(), static_cast<long long>(x.numel()), to_string(shape).c_str());
  return shape;
}

void rule_reshape(Args args, Meta* out) {
  const Tensor& x = args[0].tensor();
  const Dims shape = infer_shape("reshape", x, args[1].dims());
  Dims strides;
  *out = view_strides(x, shape, &strides) ? Meta::view(x, shape, strides, x.offset())
                                          : Meta(x.dtype(), shape);
}

void call_reshape(Args args, Tensor* out) {
  const Tensor& x = args[0].tensor();
  if (&out->storage() == &x.storage()) return;
  copy_into(view_of(*out, x.shape(), contiguous_strides(x.shape()), 0), x);
}

void rule_view(Args args, Meta* out) {
  const Tensor& x = args[0].tensor();
  const Dims shape = infer_shape("view", x, args[1].dims());
  Dims strides;
  if (!view_strides(x, shape, &strides))
    fail(ErrorKind::Shape,
         "view: shape %s with strides %s cannot be seen as %s without a copy; use reshape",
         to_string(x.shape()).c_str(), to_string(x.strides()).c_str(), to_string(shape).c_str());
  *out = Meta::view(x, shape, strides, x.offset());
}

void gradient_reshape(Gradient& ctx) { ctx.set(0, reshape(ctx.g(), ctx.shape(0))); }

Dims permutation(const Tensor& x, const Dims& dims) {
  if (dims.size() != x.ndim())
    fail(ErrorKind::Shape, "permute: got %d dims %s for a tensor of shape %s", dims.size(),
         to_string(dims).c_str(), to_string(x.shape()).c_str());
  Dims order;
  for (int64_t dim : dims) {
    const int d = normalize_dim("permute", dim, x.ndim());
    if (order.contains(d))
      fail(ErrorKind::Range, "permute: dim %d appears twice in %s", d, to_string(dims).c_str());
    order.push_back(d);
  }
  return order;
}

void rule_permute(Args args, Meta* out) {
  const Tensor& x = args[0].tensor();
  Dims shape, strides;
  for (int64_t d : permutation(x, args[1].dims())) {
    shape.push_back(x.size(d));
    strides.push_back(x.strides()[d]);
  }
  *out = Meta::view(x, shape, strides, x.offset());
}

void gradient_permute(Gradient& ctx) {
  const Dims& dims = ctx.arg(1).dims();
  Dims inverse = dims;
  for (int i = 0; i < dims.size(); ++i) inverse[normalize_dim("permute", dims[i], dims.size())] = i;
  ctx.set(0, permute(ctx.g(), inverse));
}

void rule_expand(Args args, Meta* out) {
  const Tensor& x = args[0].tensor();
  Dims shape = args[1].dims();
  const int shift = shape.size() - x.ndim();
  for (int i = shift; i >= 0 && i < shape.size(); ++i)
    if (shape[i] == -1) shape[i] = x.size(i - shift);
  check_shape("expand", shape);
  if (!broadcasts_to(x.shape(), shape))
    fail(ErrorKind::Shape, "expand: shape %s cannot be expanded to %s",
         to_string(x.shape()).c_str(), to_string(args[1].dims()).c_str());
  *out = Meta::view(x, shape, broadcast_strides(x.shape(), x.strides(), shape), x.offset());
}

void gradient_pass(Gradient& ctx) { ctx.set(0, ctx.g()); }

// A selection of elements: shape, strides and offset in terms of the argument's own.
struct Geometry {
  Dims shape, strides;
  int64_t offset;
};

// start and stop as in Python: negative counts from the end, out of range is clamped; a negative
// step runs backwards.
Geometry slice_geometry(const Geometry& x, Args args) {
  const int dim = normalize_dim("slice", args[1].integer(), x.shape.size());
  if (x.shape.empty()) fail(ErrorKind::Shape, "slice: a zero-dim tensor has nothing to slice");
  const int64_t n = x.shape[dim], step = args[4].given() ? args[4].integer() : 1;
  if (step == 0) fail(ErrorKind::Range, "slice: step must not be 0");
  const int64_t low = step > 0 ? 0 : -1, high = step > 0 ? n : n - 1;
  const auto clamp = [&](const Value& v, int64_t otherwise) {
    if (!v.given()) return otherwise;
    const int64_t i = v.integer();
    return std::clamp(i < 0 ? i + n : i, low, high);
  };
  const int64_t start = clamp(args[2], step > 0 ? 0 : n - 1);
  const int64_t stop = clamp(args[3], step > 0 ? n : -1);
  const int64_t span = step > 0 ? stop - start : start - stop;
  const int64_t size = step > 0 ? step : -(step + 1) + 1;
  Geometry out = x;
  out.shape[dim] = span <= 0 ? 0 : (span - 1) / size + 1;
  out.strides[dim] = out.shape[dim] > 1 ? x.strides[dim] * step : x.strides[dim];
  if (out.shape[dim] > 0) out.offset += start * x.strides[dim];
  return out;
}

Geometry select_geometry(const Geometry& x, Args args) {
  if (x.shape.empty()) fail(ErrorKind::Range, "select: a zero-dim tensor has nothing to select");
  const int dim = normalize_dim("select", args[1].integer(), x.shape.size());
  const int64_t n = x.shape[dim], i = args[2].integer();
  if (i < -n || i >= n)
    fail(ErrorKind::Range, "select: index %lld is out of range for dimension %d of size %lld",
         static_cast<long long>(i), dim, static_cast<long long>(n));
  Geometry out = x;
  out.offset += (i < 0 ? i + n : i) * x.strides[dim];
  out.shape.erase(dim);
  out.strides.erase(dim);
  return out;
}

Geometry diagonal_geometry(const Geometry& x, Args args) {
  const int ndim = x.shape.size();
  const int64_t shift = args[1].integer();
  const int d1 = normalize_dim("diagonal", args[2].integer(), ndim);
  const int d2 = normalize_dim("diagonal", args[3].integer(), ndim);
  if (ndim < 2 || d1 == d2)
    fail(ErrorKind::Shape, "diagonal: expected two different dimensions, got %d and %d of shape %s",
         d1, d2, to_string(x.shape).c_str());
  const int64_t rows = x.shape[d1] - std::max<int64_t>(-std::max(shift, -x.shape[d1]), 0);
  const int64_t cols = x.shape[d2] - std::max<int64_t>(std::min(shift, x.shape[d2]), 0);
  const int64_t n = std::max<int64_t>(std::min(rows, cols), 0);
  Geometry out = x;
  if (n > 0) out.offset += shift > 0 ? shift * x.strides[d2] : -shift * x.strides[d1];
  out.shape.erase(std::max(d1, d2));
  out.strides.erase(std::max(d1, d2));
  out.shape.erase(std::min(d1, d2));
  out.strides.erase(std::min(d1, d2));
  out.shape.push_back(n);
  out.strides.push_back(x.strides[d1] + x.strides[d2]);
  return out;
}

Geometry unfold_geometry(const Geometry& x, Args args) {
  const int dim = normalize_dim("unfold", args[1].integer(), x.shape.size());
  const int64_t size = args[2].integer(), step = args[3].integer();
  const int64_t n = x.shape.empty() ? 1 : x.shape[dim];
  if (size < 0 || size > n || step < 1)
    fail(ErrorKind::Range, "unfold: size %lld and step %lld do not fit dimension %d of size %lld",
         static_cast<long long>(size), static_cast<long long>(step), dim,
         static_cast<long long>(n));
  Geometry out = x;
  const int64_t stride = x.shape.empty() ? 1 : x.strides[dim];
  if (!x.shape.empty()) {
    out.shape[dim] = (n - size) / step + 1;
    out.strides[dim] = out.shape[dim] > 1 ? stride * step : stride;
  }
  out.shape.push_back(size);
  out.strides.push_back(stride);
  return out;
}

// The gradient of a selection: g put back into zeros of the argument's shape.
Tensor embed(const Tensor& g, const Dims& shape, const Geometry& at);

template <Geometry (*kGeometry)(const Geometry&, Args)>
void rule_select(Args args, Meta* out) {
  const Tensor& x = args[0].tensor();
  const Geometry at = kGeometry({x.shape(), x.strides(), x.offset()}, args);
  *out = Meta::view(x, at.shape, at.strides, at.offset);
}

template <Geometry (*kGeometry)(const Geometry&, Args)>
void gradient_geometry(Gradient& ctx) {
  Value args[kMaxArgs];
  for (int i = 1; i < 5; ++i) args[i] = ctx.arg(i);
  const Dims& shape = ctx.shape(0);
  ctx.set(0, embed(ctx.g(), shape, kGeometry({shape, contiguous_strides(shape), 0}, Args(args))));
}

void gradient_select(Gradient& ctx) {
  const Dims& shape = ctx.shape(0);
  const int dim = normalize_dim("select", ctx.arg(1).integer(), shape.size());
  const int64_t i = ctx.arg(2).integer();
  ctx.set(0, Part(unsqueeze(ctx.g(), dim), dim, i < 0 ? i + shape[dim] : i));
}

void gradient_slice(Gradient& ctx) {
  const Value& step = ctx.arg(4);
  if (step.given() && step.integer() != 1) return gradient_geometry<slice_geometry>(ctx);
  const Dims& shape = ctx.shape(0);
  const int dim = normalize_dim("slice", ctx.arg(1).integer(), shape.size());
  const Value& start = ctx.arg(2);
  const int64_t at = start.given() ? start.integer() : 0;
  ctx.set(0, Part(ctx.g(), dim, std::clamp<int64_t>(at < 0 ? at + shape[dim] : at, 0, shape[dim])));
}

void rule_as_strided(Args args, Meta* out) {
  const Tensor& x = args[0].tensor();
  const Dims &shape = args[1].dims(), &strides = args[2].dims();
  const int64_t offset = args[3].integer(), items = x.storage().bytes / item_size(x.dtype());
  check_shape("as_strided", shape);
  if (shape.size() != strides.size())
    fail(ErrorKind::Shape, "as_strided: shape %s and strides %s differ in length",
         to_string(shape).c_str(), to_string(strides).c_str());
  bool inside = offset >= 0 && offset <= items;
  int64_t low = offset, high = offset;
  for (int i = 0; i < shape.size() && inside; ++i) {
    int64_t span;
    inside = !__builtin_mul_overflow(std::max<int64_t>(shape[i] - 1, 0), strides[i], &span) &&
             !__builtin_add_overflow(span < 0 ? low : high, span, span < 0 ? &low : &high);
  }
  if (!inside || (numel(shape) > 0 && (low < 0 || high >= items)))
    fail(ErrorKind::Range,
         "as_strided: shape %s, strides %s, offset %lld leave a storage of %lld elements",
         to_string(shape).c_str(), to_string(strides).c_str(), static_cast<long long>(offset),
         static_cast<long long>(items));
  *out = Meta::view(x, shape, strides, offset);
}

// Defined for arguments that are contiguous from the storage's start, as gradients are.
void gradient_as_strided(Gradient& ctx) {
  ctx.set(0, embed(ctx.g(), ctx.shape(0),
                   {ctx.arg(1).dims(), ctx.arg(2).dims(), ctx.arg(3).integer()}));
}

void rule_embed(Args args, Meta* out) {
  check_shape("embed", args[1].dims());
  *out = Meta(args[0].tensor().dtype(), args[1].dims());
}

bool overlaps_itself(const Dims& shape, const Dims& strides) {
  Dims order = Dims::filled(shape.size(), 0);
  for (int i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(),
            [&](int64_t a, int64_t b) { return std::abs(strides[a]) < std::abs(strides[b]); });
  int64_t reach = 0;  // largest offset of the dimensions so far
  for (int64_t d : order) {
    if (shape[d] <= 1) continue;
    if (std::abs(strides[d]) <= reach) return true;
    reach += (shape[d] - 1) * std::abs(strides[d]);
  }
  return false;
}

void call_embed(Args args, Tensor* out) {
  const Tensor& g = args[0].tensor();
  copy_into(*out, wrapped_scalar(0.0));
  const Tensor view = view_of(*out, args[2].dims(), args[3].dims(), args[4].integer());
  if (!overlaps_itself(view.shape(), view.strides())) return copy_into(view, g);
  // Elements that were selected several times add up, one after the other.
  const Tensor* tensors[] = {&view, &g};
  const Walk walk(tensors, 2);
  const int type = static_cast<int>(compute_type(g.dtype()));
  const BinaryFn add_one = kernels().binary->fn[static_cast<int>(BinaryOp::add)][type];
  if (compute_dtype(g.dtype()) != g.dtype())
    fail(ErrorKind::DType, "embed: overlapping views of dtype %s have no gradient; cast first",
         name(g.dtype()));
  for_each_run(walk, 0, walk.count(), [&](int64_t n, char* const* data, const int64_t* strides) {
    for (int64_t i = 0; i < n; ++i) {
      char* y = data[0] + i * strides[0] * walk.item[0];
      add_one(1, y, 1, y, 1, data[1] + i * strides[1] * walk.item[1], 1);
    }
  });
}

void gradient_embed(Gradient& ctx) {
  ctx.set(0, as_strided(contiguous(ctx.g()), ctx.arg(2).dims(), ctx.arg(3).dims(),
                        ctx.arg(4).integer()));
}

const Op ops[] = {
    {"reshape", "x: Tensor, shape: int[] -> Tensor", rule_reshape, call_reshape, gradient_reshape},
    {"view", "x: Tensor, shape: int[] -> Tensor", rule_view, nullptr, gradient_reshape},
    {"permute", "x: Tensor, dims: int[] -> Tensor", rule_permute, nullptr, gradient_permute},
    {"expand", "x: Tensor, shape: int[] -> Tensor", rule_expand, nullptr, gradient_pass},
    {"slice", "x: Tensor, dim: int, start: int?, stop: int?, step: int? -> Tensor",
     rule_select<slice_geometry>, nullptr, gradient_slice},
    {"select", "x: Tensor, dim: int, index: int -> Tensor", rule_select<select_geometry>, nullptr,
     gradient_select},
    {"diagonal", "x: Tensor, offset: int, dim1: int, dim2: int -> Tensor",
     rule_select<diagonal_geometry>, nullptr, gradient_geometry<diagonal_geometry>},
    {"unfold", "x: Tensor, dim: int, size: int, step: int -> Tensor", rule_select<unfold_geometry>,
     nullptr, gradient_geometry<unfold_geometry>},
    {"as_strided", "x: Tensor, shape: int[], strides: int[], offset: int -> Tensor",
     rule_as_strided, nullptr, gradient_as_strided},
};

const Op kEmbed = {"embed",
                   "g: Tensor, shape: int[], size: int[], strides: int[], offset: int -> Tensor",
                   rule_embed, call_embed, gradient_embed};
enum { kReshape, kView, kPermute, kExpand, kSlice, kSelect, kDiagonal, kUnfold, kAsStrided };

Tensor embed(const Tensor& g, const Dims& shape, const Geometry& at) {
  return call(kEmbed, g, shape, at.shape, at.strides, at.offset);
}

}  // namespace

OpSpan view_ops() { return ops; }

Tensor reshape(const Tensor& x, const Dims& shape) {
  return x.shape() == shape ? x : call(ops[kReshape], x, shape);
}
Tensor permute(const Tensor& x, const Dims& dims) { return call(ops[kPermute], x, dims); }
Tensor transpose(const Tensor& x, int dim0, int dim1) {
  Dims dims;
  for (int i = 0; i < x.ndim(); ++i) dims.push_back(i);
  std::swap(dims[normalize_dim("transpose", dim0, x.ndim())],
            dims[normalize_dim("transpose", dim1, x.ndim())]);
  return permute(x, dims);
}
Tensor expand(const Tensor& x, const Dims& shape) {
  return x.shape() == shape ? x : call(ops[kExpand], x, shape);
}
Tensor slice(const Tensor& x, int dim, int64_t start, int64_t stop, int64_t step) {
  return call(ops[kSlice], x, dim, start, stop, step);
}
Tensor unsqueeze(const Tensor& x, int dim) {
  Dims shape = x.shape();
  shape.insert(normalize_dim("unsqueeze", dim, x.ndim() + 1), 1);
  return reshape(x, shape);
}
Tensor squeeze(const Tensor& x, int dim) {
  const int d = normalize_dim("squeeze", dim, x.ndim());
  if (x.ndim() == 0 || x.size(d) != 1) return x;
  Dims shape = x.shape();
  shape.erase(d);
  return reshape(x, shape);
}
Tensor as_strided(const Tensor& x, const Dims& shape, const Dims& strides, int64_t offset) {
  return call(ops[kAsStrided], x, shape, strides, offset);
}

Tensor embed(const Tensor& g, const Dims& shape, int dim, int64_t start) {
  const Dims strides = contiguous_strides(shape);
  return embed(g, shape, {g.shape(), strides, start * strides[dim]});
}

Tensor sum_to(const Tensor& x, const Dims& shape) {
  if (x.shape() == shape) return x;
  Dims dims;
  const int shift = x.ndim() - shape.size();
  for (int i = 0; i < x.ndim(); ++i)
    if (i < shift || (shape[i - shift] == 1 && x.size(i) != 1)) dims.push_back(i);
  return reshape(dims.empty() ? x : sum(x, dims, true), shape);
}

}  // namespace cresset
