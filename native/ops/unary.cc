// SPDX-License-Identifier: MIT
#include <cmath>
#include <type_traits>

#include "ops/elementwise.h"
#include "ops/gradient.h"
#include "ops/math.h"
#include "ops/rows.h"

// The ops of unary.def: their rules, kernel calls and gradients expand from the rows.
namespace cresset {
namespace {

enum class UnaryRule : uint8_t { Float, Same, Number, Integral, Predicate };

struct UnaryRow {
  const char* name;
  UnaryRule rule;
  int fused;
};

constexpr UnaryRow kRows[] = {
#define UNARY(name, rule, saves, gradient, fused_op) {#name, UnaryRule::rule, fused::fused_op},
#include "ops/unary.def"
#undef UNARY
};

DType output_dtype(const UnaryRow& row, DType x) {
  switch (row.rule) {
    case UnaryRule::Float:
      return to_float(x);
    case UnaryRule::Predicate:
      return DType::Bool;
    case UnaryRule::Number:
      if (x == DType::Bool)
        fail(ErrorKind::DType, "%s: expected numbers, got dtype bool", row.name);
      return x;
    case UnaryRule::Integral:
      if (is_float(x))
        fail(ErrorKind::DType, "%s: expected integers or bool, got dtype %s", row.name, name(x));
      return x;
    case UnaryRule::Same:
      break;
  }
  return x;
}

template <int kOp>
void rule(Args args, Meta* out) {
  const Tensor& x = args[0].tensor();
  *out = Meta(output_dtype(kRows[kOp], x.dtype()), x.shape());
}

template <int kOp>
bool row_kernel(Args args, DType out, RowKernel* kernel) {
  const DType x = args[0].tensor().dtype();
  if constexpr (kOp == static_cast<int>(UnaryOp::bitwise_not)) {
    // A bool has one bit.
    if (x == DType::Bool)
      return row_kernel<static_cast<int>(UnaryOp::logical_not)>(args, out, kernel);
  }
  const bool predicate = kRows[kOp].rule == UnaryRule::Predicate;
  kernel->in = compute_dtype(predicate ? x : out);
  kernel->out = predicate ? DType::Bool : kernel->in;
  kernel->unary = kernels().unary->fn[kOp][static_cast<int>(compute_type(kernel->in))];
  return true;
}

template <int kOp>
void call_kernel(Args args, Tensor* out) {
  RowKernel kernel;
  row_kernel<kOp>(args, out->dtype(), &kernel);
  run_unary(kernel.unary, kernel.in, kernel.out, *out, args[0].tensor());
}

// The fused backward functors as ops of their own.
void rule_fused(Args args, Meta* out) {
  const Tensor& saved = args[1].tensor();
  *out = Meta(saved.dtype(), saved.shape());
}
template <int kOp>
bool fused_row_kernel(Args args, DType, RowKernel* kernel) {
  kernel->in = kernel->out = compute_dtype(args[1].tensor().dtype());
  kernel->binary = kernels().binary->fused[kOp][static_cast<int>(compute_type(kernel->in))];
  return true;
}
template <int kOp>
void call_fused(Args args, Tensor* out) {
  RowKernel kernel;
  fused_row_kernel<kOp>(args, out->dtype(), &kernel);
  run_binary(kernel.binary, kernel.in, kernel.out, *out, args[0].tensor(), args[1].tensor());
}
constexpr Op kFusedOps[] = {
#define FUSED(name)                      \
  {#name,                                \
   "g: Tensor, saved: Tensor -> Tensor", \
   rule_fused,                           \
   call_fused<fused::name>,              \
   nullptr,                              \
   kSaveNothing,                         \
   1,                                    \
   true,                                 \
   false,                                \
   false,                                \
   fused_row_kernel<fused::name>},
#include "ops/fused.def"
#undef FUSED
};

// Each row's gradient expression; its type is `None` where the row says none.
#define UNARY(name, rule, saves_, gradient, fused_op)                                  \
  struct Gradient_##name {                                                             \
    static auto of([[maybe_unused]] const Tensor& x, [[maybe_unused]] const Tensor& y, \
                   [[maybe_unused]] const Tensor& g) {                                 \
      return gradient;                                                                 \
    }                                                                                  \
  };
#include "ops/unary.def"
#undef UNARY

template <int kOp, Saves kSaves, class Row>
void gradient(Gradient& ctx) {
  constexpr bool kX = kSaves & saves_input(0), kY = kSaves & saves_output(0);
  const Tensor x = kX ? ctx.x() : Tensor(), y = kY ? ctx.output() : Tensor();
  if (kRows[kOp].fused >= 0 && !ctx.differentiable()) {
    ctx.set(0, call(kFusedOps[kRows[kOp].fused], ctx.g(), kY ? y : x));
  } else {
    ctx.set(0, Row::of(x, y, ctx.g()));
  }
}

template <int kOp, Saves kSaves, class Row>
constexpr auto gradient_or_null() -> void (*)(Gradient&) {
  if constexpr (std::is_same_v<decltype(Row::of({}, {}, {})), None>) {
    return nullptr;
  } else {
    return gradient<kOp, kSaves, Row>;
  }
}

template <int kOp, Saves kSaves, class Row>
constexpr Op make_op() {
  return {kRows[kOp].name,
          "x: Tensor -> Tensor",
          rule<kOp>,
          call_kernel<kOp>,
          gradient_or_null<kOp, kSaves, Row>(),
          kSaves,
          1,
          true,
          false,
          false,
          row_kernel<kOp>};
}

constexpr Op kOps[] = {
#define UNARY(name, rule, saves_, gradient, fused_op) \
  make_op<static_cast<int>(UnaryOp::name), saves::saves_, Gradient_##name>(),
#include "ops/unary.def"
#undef UNARY
};

}  // namespace

OpSpan unary_ops() { return kOps; }

#define UNARY(name, ...) \
  Tensor name(const Tensor& x) { return call(kOps[static_cast<int>(UnaryOp::name)], x); }
#include "ops/unary.def"
#undef UNARY

}  // namespace cresset
