// SPDX-License-Identifier: MIT
#include "ops/copy.h"

// Ops that make tensors from numbers.
namespace cresset {
namespace {

void rule_full(Args args, Meta* out) {
  check_shape("full", args[0].dims());
  *out = Meta(args[2].dtype(), args[0].dims());
}
void call_full(Args args, Tensor* out) { copy_into(*out, args[1].tensor()); }

void check_count(const char* op, int64_t count) {
  if (count < 0)
    fail(ErrorKind::Range, "%s: expected a count of at least 0, got %lld", op,
         static_cast<long long>(count));
}

void rule_arange(Args args, Meta* out) {
  check_count("arange", args[2].integer());
  check_shape("arange", {args[2].integer()});
  *out = Meta(args[3].dtype(), {args[2].integer()});
}

// Integers exactly; floats as start + i * step in double, rounded once.
void call_arange(Args args, Tensor* out) {
  const int64_t n = args[2].integer();
  const Tensor &start = args[0].tensor(), &step = args[1].tensor();
  if (!is_float(start.dtype()) && !is_float(step.dtype())) {
    const Tensor exact = out->dtype() == DType::Int64 ? *out : empty({n}, DType::Int64);
    const uint64_t from = scalar_to_int64(start), by = scalar_to_int64(step);
    for (int64_t i = 0; i < n; ++i) exact.data<int64_t>()[i] = from + i * by;
    if (!exact.same(*out)) copy_into(*out, exact);
    return;
  }
  const Tensor exact = empty({n}, DType::Float64);
  const double from = scalar_to_double(start), by = scalar_to_double(step);
  for (int64_t i = 0; i < n; ++i) exact.data<double>()[i] = from + static_cast<double>(i) * by;
  copy_into(*out, exact);
}

void rule_linspace(Args args, Meta* out) {
  check_count("linspace", args[2].integer());
  check_shape("linspace", {args[2].integer()});
  *out = Meta(args[3].dtype(), {args[2].integer()});
}

// From both ends towards the middle, so that start and end are hit exactly.
void call_linspace(Args args, Tensor* out) {
  const int64_t n = args[2].integer();
  const Tensor exact = empty({n}, DType::Float64);
  const double start = args[0].number(), end = args[1].number();
  const double step = n > 1 ? (end - start) / static_cast<double>(n - 1) : 0;
  for (int64_t i = 0; i < n; ++i)
    exact.data<double>()[i] = i < (n + 1) / 2 ? start + static_cast<double>(i) * step
                                              : end - static_cast<double>(n - 1 - i) * step;
  copy_into(*out, exact);
}

const Op ops[] = {
    {"full", "shape: int[], value: Scalar, dtype: dtype -> Tensor", rule_full, call_full},
    {"arange", "start: Scalar, step: Scalar, count: int, dtype: dtype -> Tensor", rule_arange,
     call_arange},
    {"linspace", "start: float, end: float, count: int, dtype: dtype -> Tensor", rule_linspace,
     call_linspace},
};

}  // namespace

OpSpan create_ops() { return ops; }

}  // namespace cresset
