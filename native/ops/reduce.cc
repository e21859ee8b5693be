// SPDX-License-Identifier: MIT
#include <type_traits>

#include "ops/gradient.h"
#include "ops/math.h"
#include "ops/rows.h"

// The ops of reduce.def: their rules, kernel calls and gradients expand from the rows.
namespace cresset {
namespace {

enum class ReduceRule : uint8_t { Sum, Same, Boolean, Index };

struct ReduceRow {
  const char* name;
  ReduceRule rule;
};

constexpr ReduceRow kRows[] = {
#define REDUCE(name, rule, ...) {#name, ReduceRule::rule},
#include "ops/reduce.def"
#undef REDUCE
};

Dims reduced_dims(const char* op, Args args) {
  return normalize_dims(op, args[1].given() ? args[1].dims() : Dims(), args[0].tensor().ndim());
}

Dims keepdim_shape(const Dims& shape, const Dims& dims) {
  Dims out = shape;
  for (int64_t d : dims) out[d] = 1;
  return out;
}

DType output_dtype(ReduceRule rule, DType x) {
  switch (rule) {
    case ReduceRule::Sum:
      return is_float(x) ? x : DType::Int64;
    case ReduceRule::Boolean:
      return x == DType::UInt8 ? x : DType::Bool;
    case ReduceRule::Index:
      return DType::Int64;
    case ReduceRule::Same:
      break;
  }
  return x;
}

template <int kOp>
void rule(Args args, Meta* out) {
  const ReduceRow& row = kRows[kOp];
  const Tensor& x = args[0].tensor();
  const Dims dims = reduced_dims(row.name, args);
  if (row.rule == ReduceRule::Index && x.dtype() == DType::Bool)
    fail(ErrorKind::DType, "%s: expected numbers, got dtype bool", row.name);
  if (row.rule == ReduceRule::Same || row.rule == ReduceRule::Index) {
    for (int64_t d : dims)
      if (x.size(d) == 0)
        fail(ErrorKind::Shape,
             "%s: dimension %lld of shape %s is empty and %s of nothing is not defined", row.name,
             static_cast<long long>(d), to_string(x.shape()).c_str(), row.name);
  }
  Dims shape = keepdim_shape(x.shape(), dims);
  if (!args[2].boolean())
    for (int i = dims.size() - 1; i >= 0; --i) shape.erase(dims[i]);
  *out = Meta(output_dtype(row.rule, x.dtype()), shape);
}

// x as a contiguous (outer, n, inner) array in the compute type.
struct Layout {
  Tensor x;
  int64_t outer = 1, n = 1, inner = 1;
};

Layout reduction_layout(const Tensor& x, const Dims& dims, DType type) {
  Layout out;
  bool adjacent = true;
  for (int i = 1; i < dims.size(); ++i) adjacent = adjacent && dims[i] == dims[i - 1] + 1;
  if (dims.empty()) {
    out.outer = x.numel();
  } else if (adjacent) {
    for (int i = 0; i < dims[0]; ++i) out.outer *= x.size(i);
    for (int64_t d : dims) out.n *= x.size(d);
    for (int i = dims.back() + 1; i < x.ndim(); ++i) out.inner *= x.size(i);
  }
  if (adjacent) {
    out.x = contiguous_data(cast_data(x, type));
    return out;
  }
  Dims shape, strides;
  for (int kept = 1; kept >= 0; --kept) {
    for (int i = 0; i < x.ndim(); ++i) {
      if (dims.contains(i) == static_cast<bool>(kept)) continue;
      shape.push_back(x.size(i));
      strides.push_back(x.strides()[i]);
      (kept ? out.outer : out.n) *= x.size(i);
    }
  }
  out.x = contiguous_data(cast_data(view_of(x, shape, strides, x.offset()), type));
  return out;
}

template <int kOp>
void call_kernel(Args args, Tensor* out) {
  if (out->numel() == 0) return;
  const ReduceRow& row = kRows[kOp];
  const Tensor& x = args[0].tensor();
  if (out->numel() == 0) return;
  const DType type = compute_dtype(x.dtype());
  const Layout layout = reduction_layout(x, reduced_dims(row.name, args), type);
  const bool typed = row.rule == ReduceRule::Sum || row.rule == ReduceRule::Same;
  const bool direct = !typed || out->dtype() == type;
  const Tensor y = direct ? *out : empty(out->shape(), type);
  kernels().reduce->fn[kOp][static_cast<int>(compute_type(type))](
      layout.outer, layout.n, layout.inner, y.bytes(), layout.x.bytes());
  if (!direct) copy_into(*out, y);
}

#define REDUCE(name, rule, saves, gradient)                                               \
  struct Gradient_##name {                                                                \
    static auto of([[maybe_unused]] const Tensor& x, [[maybe_unused]] const Tensor& y,    \
                   [[maybe_unused]] const Tensor& g, [[maybe_unused]] const Dims& dims) { \
      return gradient;                                                                    \
    }                                                                                     \
  };
#include "ops/reduce.def"
#undef REDUCE

template <int kOp, Saves kSaves, class Row>
void gradient(Gradient& ctx) {
  const Dims& shape = ctx.shape(0);
  const Dims dims = normalize_dims(kRows[kOp].name, ctx.arg(1).given() ? ctx.arg(1).dims() : Dims(),
                                   shape.size());
  const Dims kept = keepdim_shape(shape, dims);
  const Tensor x = kSaves & saves::X ? ctx.x() : Tensor();
  const Tensor y = kSaves & saves::Y ? reshape(ctx.output(), kept) : Tensor();
  ctx.set(0, Row::of(x, y, reshape(ctx.g(), kept), dims));
}

template <int kOp, Saves kSaves, class Row>
constexpr auto gradient_or_null() -> void (*)(Gradient&) {
  if constexpr (std::is_same_v<decltype(Row::of({}, {}, {}, {})), None>) {
    return nullptr;
  } else {
    return gradient<kOp, kSaves, Row>;
  }
}

template <int kOp, Saves kSaves, class Row>
constexpr Op make_op() {
  return {kRows[kOp].name,
          "x: Tensor, dims: int[]?, keepdim: bool -> Tensor",
          rule<kOp>,
          call_kernel<kOp>,
          gradient_or_null<kOp, kSaves, Row>(),
          kSaves};
}

constexpr Op kOps[] = {
#define REDUCE(name, rule, saves_, gradient) \
  make_op<static_cast<int>(ReduceOp::name), saves::saves_, Gradient_##name>(),
#include "ops/reduce.def"
#undef REDUCE
};

}  // namespace

OpSpan reduce_ops() { return kOps; }

#define REDUCE(name, ...)                                                                        \
  Tensor name(const Tensor& x, const Dims& dims, bool keepdim) {                                 \
    return call(kOps[static_cast<int>(ReduceOp::name)], x, dims.empty() ? Value() : Value(dims), \
                keepdim);                                                                        \
  }
#include "ops/reduce.def"
#undef REDUCE

}  // namespace cresset
