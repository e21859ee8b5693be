// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstring>

#include "ops/gradient.h"
#include "ops/indexing.h"
#include "ops/math.h"

// Positions given by index tensors: reading (index, index_select), writing and adding (index_put),
// finding them (nonzero).
namespace cresset {
namespace {

struct Selection {
  int dim, count;  // the indexed dimensions
  Dims shape;      // of what they select
};

// x's shape with `count` dimensions from `dim` replaced by the shape of the index tensors.
Selection select(const char* op, const Tensor& x, const Tensor& indices, int64_t dim) {
  require_integers(op, indices);
  const int64_t count = indices.ndim() ? indices.size(0) : 0;
  if (count < 1 || dim < 0 || count > x.ndim() - dim)
    fail(ErrorKind::Shape, "%s: %lld index tensors from dimension %lld on do not fit shape %s", op,
         static_cast<long long>(count), static_cast<long long>(dim), to_string(x.shape()).c_str());
  Selection s{static_cast<int>(dim), static_cast<int>(count), {}};
  for (int d = 0; d < s.dim; ++d) s.shape.push_back(x.size(d));
  for (int d = 1; d < indices.ndim(); ++d) s.shape.push_back(indices.size(d));
  for (int d = s.dim + s.count; d < x.ndim(); ++d) s.shape.push_back(x.size(d));
  return s;
}

// Offsets in x's memory of what the stacked index tensors select.
Tensor index_offsets(const char* op, const Tensor& x, const Tensor& indices, int dim) {
  const int64_t count = indices.size(0), n = numel(indices.shape()) / std::max<int64_t>(count, 1);
  Tensor offsets = empty({n}, DType::Int64);
  std::memset(offsets.bytes(), 0, n * sizeof(int64_t));
  for (int64_t k = 0; k < count; ++k) {
    Dims shape = indices.shape(), strides = indices.strides();
    shape.erase(0);
    strides.erase(0);
    const Tensor one =
        view_of(indices, shape, strides, indices.offset() + k * indices.strides()[0]);
    const Tensor own = checked_index(op, one, x.size(dim + k), dim + k, true);
    const int64_t step = x.strides()[dim + k];
    for (int64_t i = 0; i < n; ++i) offsets.data<int64_t>()[i] += own.data<int64_t>()[i] * step;
  }
  return offsets;
}

template <class T>
void copy_rows(const Transfer& t, int64_t o, int64_t m0, int64_t m1, int64_t i0, int64_t i1) {
  T* const y = reinterpret_cast<T*>(t.to.data) + t.to.outer.at(o);
  const T* const x = reinterpret_cast<const T*>(t.from.data) + t.from.outer.at(o);
  const bool runs = t.to.inner.dense() && t.from.inner.dense() && i1 - i0 >= 8;
  for (int64_t m = m0; m < m1; ++m) {
    T* const to = y + t.to.middle.at(m);
    const T* const from = x + t.from.middle.at(m);
    if (runs) {
      std::memcpy(to + i0, from + i0, (i1 - i0) * sizeof(T));
    } else {
      for (int64_t i = i0; i < i1; ++i) to[t.to.inner.at(i)] = from[t.from.inner.at(i)];
    }
  }
}

template <class T>
void add_rows(const Transfer& t, int64_t o, int64_t m0, int64_t m1, int64_t i0, int64_t i1) {
  T* const y = reinterpret_cast<T*>(t.to.data) + t.to.outer.at(o);
  const T* const x = reinterpret_cast<const T*>(t.from.data) + t.from.outer.at(o);
  const bool runs = t.to.inner.dense() && t.from.inner.dense();
  for (int64_t m = m0; m < m1; ++m) {
    T* const to = y + t.to.middle.at(m);
    const T* const from = x + t.from.middle.at(m);
    if (runs) {
      for (int64_t i = i0; i < i1; ++i) to[i] += from[i];
    } else {
      for (int64_t i = i0; i < i1; ++i) to[t.to.inner.at(i)] += from[t.from.inner.at(i)];
    }
  }
}

constexpr decltype(Transfer::rows) kCopyRows[] = {copy_rows<uint8_t>, copy_rows<uint16_t>,
                                                  copy_rows<uint32_t>, copy_rows<uint64_t>};
// Unsigned, so that sums wrap.
constexpr decltype(Transfer::rows) kAddRows[] = {add_rows<uint64_t>, add_rows<float>,
                                                 add_rows<double>};

decltype(Transfer::rows) copy_rows_of(DType dtype) {
  return kCopyRows[__builtin_ctz(item_size(dtype))];
}

void read_rows(const Tensor& y, const Tensor& x, const Selection& s, const Tensor& offsets) {
  const int middle = y.ndim() - (x.ndim() - s.count);
  Transfer t{Blocks(y, y.shape(), y.strides(), s.dim, middle),
             Blocks(x, x.shape(), x.strides(), s.dim, s.count), nullptr, 0,
             copy_rows_of(x.dtype())};
  t.from.middle = Axis(offsets);
  run_transfer(t, false);
}

void rule_index(Args args, Meta* out) {
  const Tensor& x = args[0].tensor();
  *out = Meta(x.dtype(), select("index", x, args[1].tensor(), args[2].integer()).shape);
}

void call_index(Args args, Tensor* out) {
  const Tensor &x = args[0].tensor(), &indices = args[1].tensor();
  const Selection s = select("index", x, indices, args[2].integer());
  read_rows(*out, x, s, index_offsets("index", x, indices, s.dim));
}

// The gradient of a selection: g added into zeros where it came from.
Tensor spread(const Tensor& g, const Dims& shape, const Tensor& indices, int64_t dim);

void gradient_index(Gradient& ctx) {
  ctx.set(0, spread(ctx.g(), ctx.shape(0), ctx.x(1), ctx.arg(2).integer()));
}

void rule_index_select(Args args, Meta* out) {
  const Tensor &x = args[0].tensor(), &index = args[2].tensor();
  require_integers("index_select", index);
  const int dim = normalize_dim("index_select", args[1].integer(), x.ndim());
  if (index.ndim() > 1 || (x.ndim() == 0 && index.numel() != 1))
    fail(ErrorKind::Shape, "index_select: expected a vector of indices for shape %s, got shape %s",
         to_string(x.shape()).c_str(), to_string(index.shape()).c_str());
  Dims shape = x.shape();
  if (x.ndim() > 0) shape[dim] = index.numel();
  *out = Meta(x.dtype(), shape);
}

void call_index_select(Args args, Tensor* out) {
  const Tensor x = as_vector(args[0].tensor());
  const int dim = normalize_dim("index_select", args[1].integer(), x.ndim());
  const Tensor offsets =
      checked_index("index_select", as_vector(args[2].tensor()), x.size(dim), dim, false);
  for (int64_t i = 0; i < offsets.numel(); ++i) offsets.data<int64_t>()[i] *= x.strides()[dim];
  read_rows(as_vector(*out), x, {dim, 1, {}}, offsets);
}

void gradient_index_select(Gradient& ctx) {
  const Dims& shape = ctx.shape(0);
  const Tensor& index = ctx.x(2);
  if (shape.empty()) return ctx.set(0, ctx.g());
  const int dim = normalize_dim("index_select", ctx.arg(1).integer(), shape.size());
  ctx.set(0, spread(ctx.g(), shape, reshape(index, {1, index.numel()}), dim));
}

void rule_index_put(Args args, Meta* out) {
  const Tensor &x = args[0].tensor(), &values = args[2].tensor();
  const Selection s = select("index_put", x, args[1].tensor(), args[3].integer());
  require_same_dtype("index_put", x, values);
  if (!broadcasts_to(values.shape(), s.shape))
    fail(ErrorKind::Shape,
         "index_put: values of shape %s cannot be broadcast to %s, the shape of the selection",
         to_string(values.shape()).c_str(), to_string(s.shape).c_str());
  *out = Meta(x.dtype(), x.shape());
}

void write_rows(const Tensor& y, const Tensor& values, const Selection& s, const Tensor& offsets,
                bool accumulate) {
  const Dims strides = broadcast_strides(values.shape(), values.strides(), s.shape);
  const int middle = s.shape.size() - (y.ndim() - s.count);
  Transfer t{
      Blocks(y, y.shape(), y.strides(), s.dim, s.count),
      Blocks(values, s.shape, strides, s.dim, middle), nullptr, 0,
      accumulate ? kAddRows[static_cast<int>(compute_type(y.dtype()))] : copy_rows_of(y.dtype())};
  t.to.middle = Axis(offsets);
  run_transfer(t, true);
}

void call_index_put(Args args, Tensor* out) {
  const Tensor& indices = args[1].tensor();
  const bool accumulate = args[4].boolean();
  const Selection s = select("index_put", *out, indices, args[3].integer());
  // Sums are taken in the compute type and rounded once.
  const DType dtype = accumulate ? compute_dtype(out->dtype()) : out->dtype();
  const Tensor y = cast_data(*out, dtype);
  const Tensor offsets = index_offsets("index_put", y, indices, s.dim);
  write_rows(y, cast_data(args[2].tensor(), dtype), s, offsets, accumulate);
  if (!y.same(*out)) copy_into(*out, y);
}

void gradient_index_put(Gradient& ctx) {
  const Tensor& indices = ctx.x(1);
  const int dim = static_cast<int>(ctx.arg(3).integer());
  const Tensor g = ctx.g();
  if (ctx.needs(0))
    ctx.set(0, ctx.arg(4).boolean() ? g : index_put(g, indices, wrapped_scalar(0.0), dim, false));
  if (ctx.needs(2)) ctx.set(2, index(g, indices, dim));
}

// Shape depends on data: the rule counts.
void rule_nonzero(Args args, Meta* out) {
  const Tensor& x = args[0].tensor();
  const Tensor flags = contiguous_data(cast_data(x, DType::Bool));
  int64_t count = 0;
  for (int64_t i = 0; i < flags.numel(); ++i) count += flags.data<uint8_t>()[i] != 0;
  *out = Meta(DType::Int64, {count, x.ndim()});
}

void call_nonzero(Args args, Tensor* out) {
  const Tensor& x = args[0].tensor();
  const Tensor flags = contiguous_data(cast_data(x, DType::Bool));
  int64_t* y = out->data<int64_t>();
  int64_t* const end = y + out->numel();
  const uint8_t* const flag = flags.data<uint8_t>();
  if (x.ndim() == 1) {  // without a branch: masks are hard to predict
    for (int64_t i = 0; i < flags.numel() && y < end; ++i) {
      *y = i;
      y += flag[i] != 0;
    }
    return;
  }
  Dims at = Dims::filled(x.ndim(), 0);
  for (int64_t i = 0; i < flags.numel() && y < end; ++i) {
    if (flag[i]) y = std::copy(at.begin(), at.end(), y);
    for (int d = x.ndim() - 1; d >= 0 && ++at[d] == x.size(d); --d) at[d] = 0;
  }
}

const Op ops[] = {
    checking_values({"index", "x: Tensor, indices: Tensor, dim: int -> Tensor", rule_index,
                     call_index, gradient_index, saves_input(1)}),
    checking_values({"index_select", "x: Tensor, dim: int, index: Tensor -> Tensor",
                     rule_index_select, call_index_select, gradient_index_select, saves_input(2)}),
    checking_values(
        {"index_put",
         "x: Tensor, indices: Tensor, values: Scalar, dim: int, accumulate: bool -> Tensor",
         rule_index_put, call_index_put, gradient_index_put, saves_input(1), 1, false, true}),
    {"nonzero", "x: Tensor -> Tensor", rule_nonzero, call_nonzero, nullptr, kSaveNothing, 1, false,
     false, true},
};
enum { kIndex, kIndexSelect, kIndexPut, kNonzero };

Tensor spread(const Tensor& g, const Dims& shape, const Tensor& indices, int64_t dim) {
  const Value args[] = {zeros(shape, g.dtype()), indices, g, dim, true};
  return apply_in_place(ops[kIndexPut], args);
}

}  // namespace

OpSpan index_ops() { return ops; }

Tensor index(const Tensor& x, const Tensor& indices, int dim) {
  return call(ops[kIndex], x, indices, dim);
}
Tensor index_put(const Tensor& x, const Tensor& indices, const Tensor& values, int dim,
                 bool accumulate) {
  return call(ops[kIndexPut], x, indices, values, dim, accumulate);
}

}  // namespace cresset
