// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "kernels/table.h"
#include "ops/gradient.h"
#include "ops/math.h"

// Random ops are pure functions of (seed, offset): value i uses position offset + i of the
// generator's sequence. Who calls them moves the offset on (lib/random.ts).
namespace cresset {
namespace {

struct Source {
  uint64_t seed, offset;
  Source(Args args, int at)
      : seed(static_cast<uint64_t>(args[at].integer())),
        offset(static_cast<uint64_t>(args[at + 1].integer())) {}
};

void check_float(const char* op, DType dtype) {
  if (!is_float(dtype))
    fail(ErrorKind::DType, "%s: expected a floating point dtype, got %s", op, name(dtype));
}

// Runs make(y) on memory of the kernel's type and stores it in `out`.
template <class Make>
void fill_by(const Tensor& out, DType computed, Make make) {
  if (out.dtype() == computed) return make(out);
  const Tensor y = empty(out.shape(), computed);
  make(y);
  copy_into(out, y);
}

void rule_uniform(Args args, Meta* out) {
  check_shape("uniform", args[0].dims());
  check_float("uniform", args[3].dtype());
  const double lo = args[1].number(), hi = args[2].number();
  if (!(lo <= hi) || !std::isfinite(hi - lo))
    fail(ErrorKind::Range, "uniform: expected a finite range with low <= high, got %g and %g", lo,
         hi);
  *out = Meta(args[3].dtype(), args[0].dims());
}
void call_uniform(Args args, Tensor* out) {
  const Source source(args, 4);
  fill_by(*out, compute_dtype(out->dtype()), [&](const Tensor& y) {
    kernels().random->uniform[static_cast<int>(compute_type(y.dtype()))](
        y.numel(), y.bytes(), source.seed, source.offset, args[1].number(), args[2].number());
  });
}

void rule_normal(Args args, Meta* out) {
  check_shape("normal", args[0].dims());
  check_float("normal", args[3].dtype());
  if (!(args[2].number() >= 0))
    fail(ErrorKind::Range, "normal: expected std >= 0, got %g", args[2].number());
  *out = Meta(args[3].dtype(), args[0].dims());
}
void call_normal(Args args, Tensor* out) {
  const Source source(args, 4);
  fill_by(*out, compute_dtype(out->dtype()), [&](const Tensor& y) {
    kernels().random->normal[static_cast<int>(compute_type(y.dtype()))](
        y.numel(), y.bytes(), source.seed, source.offset, args[1].number(), args[2].number());
  });
}

void rule_randint(Args args, Meta* out) {
  check_shape("randint", args[0].dims());
  const int64_t lo = args[1].integer(), hi = args[2].integer();
  if (lo >= hi)
    fail(ErrorKind::Range, "randint: expected low < high, got %lld and %lld",
         static_cast<long long>(lo), static_cast<long long>(hi));
  *out = Meta(args[3].dtype(), args[0].dims());
}
void call_randint(Args args, Tensor* out) {
  const Source source(args, 4);
  fill_by(*out, DType::Int64, [&](const Tensor& y) {
    kernels().random->randint(y.numel(), y.data<int64_t>(), source.seed, source.offset,
                              args[1].integer(), args[2].integer());
  });
}

// floor(u range / 2^64) for a u of 64 random bits.
int64_t below(int64_t range, int64_t bits) {
  const auto product =
      static_cast<unsigned __int128>(static_cast<uint64_t>(bits)) * static_cast<uint64_t>(range);
  return static_cast<int64_t>(product >> 64);
}

void rule_randperm(Args args, Meta* out) {
  if (args[0].integer() < 0)
    fail(ErrorKind::Range, "randperm: expected n >= 0, got %lld",
         static_cast<long long>(args[0].integer()));
  check_shape("randperm", {args[0].integer()});
  *out = Meta(args[1].dtype(), {args[0].integer()});
}
// R. Durstenfeld, "Algorithm 235: random permutation" (1964).
void call_randperm(Args args, Tensor* out) {
  const Source source(args, 2);
  const int64_t n = args[0].integer();
  const Tensor bits = empty({n}, DType::Int64);
  kernels().random->randint(n, bits.data<int64_t>(), source.seed, source.offset,
                            std::numeric_limits<int64_t>::min(),
                            std::numeric_limits<int64_t>::max());
  fill_by(*out, DType::Int64, [&](const Tensor& y) {
    int64_t* order = y.data<int64_t>();
    std::iota(order, order + n, int64_t{0});
    for (int64_t i = n - 1; i > 0; --i)
      std::swap(order[i], order[below(i + 1, bits.data<int64_t>()[i])]);
  });
}

void check_probability(const char* op, double p) {
  if (!(p >= 0 && p <= 1))
    fail(ErrorKind::Range, "%s: expected a probability in [0, 1], got %g", op, p);
}

void rule_dropout(Args args, Meta* out) {
  const Tensor& x = args[0].tensor();
  check_float("dropout", x.dtype());
  check_probability("dropout", args[1].number());
  out[0] = Meta(x.dtype(), x.shape());
  out[1] = Meta(DType::Bool, x.shape());
}
void call_dropout(Args args, Tensor* out) {
  const Source source(args, 2);
  const double keep = 1 - args[1].number();
  const DType computed = compute_dtype(out[0].dtype());
  if (keep == 0) {
    fill(out[0], wrapped_scalar(0.0));
    fill(out[1], wrapped_scalar(false));
    return;
  }
  const Tensor x = contiguous_data(cast_data(args[0].tensor(), computed));
  fill_by(out[0], computed, [&](const Tensor& y) {
    kernels().random->dropout[static_cast<int>(compute_type(computed))](
        y.numel(), y.bytes(), out[1].data<uint8_t>(), x.bytes(), source.seed, source.offset, keep);
  });
}
void gradient_dropout(Gradient& ctx) {
  const double keep = 1 - ctx.arg(1).number();
  ctx.set(0, ctx.g() * ctx.output(1) * (keep == 0 ? 0.0 : 1 / keep));
}

void rule_multinomial(Args args, Meta* out) {
  const Tensor& p = args[0].tensor();
  check_float("multinomial", p.dtype());
  if (p.ndim() < 1 || p.ndim() > 2)
    fail(ErrorKind::Shape, "multinomial: expected 1 or 2 dimensions of weights, got shape %s",
         to_string(p.shape()).c_str());
  const int64_t samples = args[1].integer(), classes = p.size(p.ndim() - 1);
  if (samples < 1 || (!args[2].boolean() && samples > classes))
    fail(ErrorKind::Range, "multinomial: cannot draw %lld samples of %lld classes%s",
         static_cast<long long>(samples), static_cast<long long>(classes),
         samples < 1 ? "" : " without replacement");
  Dims shape = p.shape();
  shape.back() = samples;
  *out = Meta(DType::Int64, shape);
}

// Checks one row of weights; returns how many are not zero.
int64_t positive_weights(const double* p, int64_t n) {
  int64_t positive = 0;
  for (int64_t i = 0; i < n; ++i) {
    if (!(p[i] >= 0) || !std::isfinite(p[i]))
      fail(ErrorKind::Range, "multinomial: expected finite weights >= 0, got %g", p[i]);
    positive += p[i] > 0;
  }
  return positive;
}

// By the inverse of the cumulative distribution.
void draw_with_replacement(double* p, int64_t n, const double* u, int64_t* y, int64_t samples) {
  std::partial_sum(p, p + n, p);
  for (int64_t i = 0; i < samples; ++i) {
    const int64_t at = std::upper_bound(p, p + n, u[i] * p[n - 1]) - p;
    // Rounding may reach the total itself: then the last class with a weight.
    y[i] = at < n ? at : std::lower_bound(p, p + n, p[n - 1]) - p;
  }
}

// The classes whose exponential clocks of rate p ring first.
void draw_distinct(const double* p, int64_t n, double* clock, int64_t* y, int64_t samples) {
  for (int64_t i = 0; i < n; ++i) clock[i] = 1 - clock[i];
  kernels().unary->fn[static_cast<int>(UnaryOp::log)][static_cast<int>(ComputeType::Float64)](
      n, clock, 1, clock, 1);
  for (int64_t i = 0; i < n; ++i)
    clock[i] = p[i] > 0 ? -clock[i] / p[i] : std::numeric_limits<double>::infinity();
  std::vector<int64_t> order(n);
  std::iota(order.begin(), order.end(), int64_t{0});
  std::partial_sort(order.begin(), order.begin() + samples, order.end(), [&](int64_t a, int64_t b) {
    return clock[a] < clock[b] || (clock[a] == clock[b] && a < b);
  });
  std::copy_n(order.begin(), samples, y);
}

void call_multinomial(Args args, Tensor* out) {
  const Source source(args, 3);
  const bool replacement = args[2].boolean();
  const Tensor& weights = args[0].tensor();
  const int64_t samples = args[1].integer(), n = weights.size(weights.ndim() - 1);
  const int64_t rows = out->numel() / samples, each = replacement ? samples : n;
  const Tensor p = empty(weights.shape(), DType::Float64), u = empty({rows, each}, DType::Float64);
  copy_into(p, weights);
  kernels().random->uniform[static_cast<int>(ComputeType::Float64)](
      u.numel(), u.bytes(), source.seed, source.offset, 0, 1);
  for (int64_t r = 0; r < rows; ++r) {
    double *row = p.data<double>() + r * n, *random = u.data<double>() + r * each;
    int64_t* y = out->data<int64_t>() + r * samples;
    const int64_t positive = positive_weights(row, n), needed = replacement ? 1 : samples;
    if (positive < needed)
      fail(ErrorKind::Range,
           "multinomial: row %lld has %lld weights above 0, expected at least %lld",
           static_cast<long long>(r), static_cast<long long>(positive),
           static_cast<long long>(needed));
    replacement ? draw_with_replacement(row, n, random, y, samples)
                : draw_distinct(row, n, random, y, samples);
  }
}

const Op ops[] = {
    {"uniform",
     "shape: int[], low: float, high: float, dtype: dtype, seed: int, offset: int -> Tensor",
     rule_uniform, call_uniform},
    {"normal",
     "shape: int[], mean: float, std: float, dtype: dtype, seed: int, offset: int -> Tensor",
     rule_normal, call_normal},
    {"randint", "shape: int[], low: int, high: int, dtype: dtype, seed: int, offset: int -> Tensor",
     rule_randint, call_randint},
    {"randperm", "n: int, dtype: dtype, seed: int, offset: int -> Tensor", rule_randperm,
     call_randperm},
    {"dropout", "x: Tensor, p: float, seed: int, offset: int -> Tensor, Tensor", rule_dropout,
     call_dropout, gradient_dropout, saves_output(1), 2},
    checking_values(
        {"multinomial",
         "weights: Tensor, samples: int, replacement: bool, seed: int, offset: int -> Tensor",
         rule_multinomial, call_multinomial}),
};

}  // namespace

OpSpan random_ops() { return ops; }

}  // namespace cresset
