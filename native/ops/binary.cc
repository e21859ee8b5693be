// SPDX-License-Identifier: MIT
#include <type_traits>

#include "ops/elementwise.h"
#include "ops/gradient.h"
#include "ops/math.h"
#include "ops/rows.h"

// The ops of binary.def: their rules, kernel calls and gradients expand from the rows.
namespace cresset {
namespace {

enum class BinaryRule : uint8_t { Promote, Number, Division, Float, Integral, Compare, Logical };

struct BinaryRow {
  const char* name;
  BinaryRule rule;
};

constexpr BinaryRow kRows[] = {
#define BINARY(name, rule, ...) {#name, BinaryRule::rule},
#include "ops/binary.def"
#undef BINARY
};

bool gives_bool(BinaryRule rule) {
  return rule == BinaryRule::Compare || rule == BinaryRule::Logical;
}

// The dtype both arguments are brought to.
DType common_dtype(const BinaryRow& row, const Tensor& a, const Tensor& b) {
  const DType type = result_type(a, b);
  if (row.rule == BinaryRule::Float) return to_float(type);
  if ((row.rule == BinaryRule::Number || row.rule == BinaryRule::Division) && type == DType::Bool)
    fail(ErrorKind::DType, "%s: expected numbers, got dtype bool on both sides", row.name);
  if (row.rule == BinaryRule::Integral && is_float(type))
    fail(ErrorKind::DType, "%s: expected integers or bool, got dtypes %s and %s", row.name,
         name(a.dtype()), name(b.dtype()));
  return type;
}

template <int kOp>
void rule(Args args, Meta* out) {
  const Tensor &a = args[0].tensor(), &b = args[1].tensor();
  const DType type = common_dtype(kRows[kOp], a, b);
  *out = Meta(
      gives_bool(kRows[kOp].rule) ? DType::Bool : type,
      a.shape() == b.shape() ? a.shape() : broadcast_shapes(kRows[kOp].name, a.shape(), b.shape()));
}

// Kernels give 0 for an integer division by zero rather than trap; PyTorch makes it an error.
void check_divisor(const BinaryRow& row, DType type, const Tensor& b) {
  if (row.rule != BinaryRule::Division || type != DType::Int64) return;
  if (scalar_to_int64(any(eq(b, wrapped_scalar(int64_t{0})))))
    fail(ErrorKind::Range, "%s: integer division by zero", row.name);
}

template <int kOp>
bool row_kernel(Args args, DType, RowKernel* kernel) {
  const BinaryRow& row = kRows[kOp];
  kernel->in = compute_dtype(common_dtype(row, args[0].tensor(), args[1].tensor()));
  kernel->out = gives_bool(row.rule) ? DType::Bool : kernel->in;
  kernel->binary = kernels().binary->fn[kOp][static_cast<int>(compute_type(kernel->in))];
  return row.rule != BinaryRule::Division;
}

template <int kOp>
void call_kernel(Args args, Tensor* out) {
  const Tensor &a = args[0].tensor(), &b = args[1].tensor();
  RowKernel kernel;
  row_kernel<kOp>(args, out->dtype(), &kernel);
  check_divisor(kRows[kOp], kernel.in, b);
  run_binary(kernel.binary, kernel.in, kernel.out, *out, a, b);
}

#define BINARY(name, rule, saves, gradient_a, gradient_b)                                  \
  struct Gradient_##name {                                                                 \
    static auto of_a([[maybe_unused]] const Tensor& a, [[maybe_unused]] const Tensor& b,   \
                     [[maybe_unused]] const Tensor& y, [[maybe_unused]] const Tensor& g) { \
      return gradient_a;                                                                   \
    }                                                                                      \
    static auto of_b([[maybe_unused]] const Tensor& a, [[maybe_unused]] const Tensor& b,   \
                     [[maybe_unused]] const Tensor& y, [[maybe_unused]] const Tensor& g) { \
      return gradient_b;                                                                   \
    }                                                                                      \
  };
#include "ops/binary.def"
#undef BINARY

template <Saves kSaves, class Row>
void gradient(Gradient& ctx) {
  constexpr bool kA = kSaves & saves::A, kB = kSaves & saves::B, kY = kSaves & saves::Y;
  const Tensor a = kA ? ctx.x(0) : Tensor(), b = kB ? ctx.x(1) : Tensor();
  const Tensor y = kY ? ctx.output() : Tensor(), g = ctx.g();
  if (ctx.needs(0)) ctx.set(0, Row::of_a(a, b, y, g));
  if (ctx.needs(1)) ctx.set(1, Row::of_b(a, b, y, g));
}

template <Saves kSaves, class Row>
constexpr auto gradient_or_null() -> void (*)(Gradient&) {
  if constexpr (std::is_same_v<decltype(Row::of_a({}, {}, {}, {})), None>) {
    return nullptr;
  } else {
    return gradient<kSaves, Row>;
  }
}

template <int kOp, Saves kSaves, class Row>
constexpr Op make_op() {
  Op op = {kRows[kOp].name,
           "a: Scalar, b: Scalar -> Tensor",
           rule<kOp>,
           call_kernel<kOp>,
           gradient_or_null<kSaves, Row>(),
           kSaves,
           1,
           true,
           false,
           false,
           row_kernel<kOp>};
  op.checks_values = kRows[kOp].rule == BinaryRule::Division;
  return op;
}

constexpr Op kOps[] = {
#define BINARY(name, rule, saves_, ...) \
  make_op<static_cast<int>(BinaryOp::name), saves::saves_, Gradient_##name>(),
#include "ops/binary.def"
#undef BINARY
};

}  // namespace

OpSpan binary_ops() { return kOps; }

#define BINARY(name, ...)                                      \
  Tensor name(const Tensor& a, const Tensor& b) {              \
    return call(kOps[static_cast<int>(BinaryOp::name)], a, b); \
  }
#include "ops/binary.def"
#undef BINARY

}  // namespace cresset
