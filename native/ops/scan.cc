// SPDX-License-Identifier: MIT
#include <cmath>
#include <limits>
#include <type_traits>

#include "kernels/table.h"
#include "ops/gradient.h"
#include "ops/lines.h"
#include "ops/math.h"

// Running sums, products and extremes along one dimension.
namespace cresset {
namespace {

// Integers wrap; floats are accumulated in double, so that long lines keep their precision.
template <class T>
using Running = std::conditional_t<std::is_integral_v<T>, uint64_t, double>;

template <class T>
struct Sum {
  Running<T> total = 0;
  T operator()(T x) { return static_cast<T>(total += static_cast<Running<T>>(x)); }
};

template <class T>
struct Product {
  Running<T> total = 1;
  T operator()(T x) { return static_cast<T>(total *= static_cast<Running<T>>(x)); }
};

template <class T>
struct LogSumExp {
  double total = -std::numeric_limits<double>::infinity();
  T operator()(T x) {
    const double high = std::fmax(total, x), low = std::fmin(total, x);
    if (std::isnan(x) || std::isnan(total)) {
      total = std::numeric_limits<double>::quiet_NaN();
    } else {
      // Equal infinities have no difference.
      total = high == low && std::isinf(high) ? high : high + std::log1p(std::exp(low - high));
    }
    return static_cast<T>(total);
  }
};

// y = the steps' results along `dim` of x, from the end if `reverse`.
template <template <class> class Step>
void scan(const Tensor& x, int dim, bool reverse, const Tensor& out) {
  if (out.numel() == 0) return;
  const DType type = compute_dtype(out.dtype());
  const Tensor from = contiguous_data(cast_data(x, type));
  const Tensor to = out.dtype() == type ? out : empty(out.shape(), type);
  const Lines lines(out.shape(), dim);
  with_compute_type(type, [&](auto zero) {
    using T = decltype(zero);
    const int64_t step = reverse ? -lines.inner : lines.inner;
    for_each_line(0, lines.count(), lines.n, [&](int64_t line) {
      Step<T> next;
      int64_t at = lines.start(line) + (reverse ? (lines.n - 1) * lines.inner : 0);
      for (int64_t k = 0; k < lines.n; ++k, at += step) to.data<T>()[at] = next(from.data<T>()[at]);
    });
  });
  if (!to.same(out)) copy_into(out, to);
}

Tensor linear_recurrence(const Tensor& a, const Tensor& b, int dim, bool reverse);

// Elements moved up by one along `dim`; the first place is filled.
Tensor previous(const Tensor& x, int dim, double fill) {
  if (x.numel() == 0) return x;
  Dims first = x.shape();
  if (first.empty()) return full(first, fill, x.dtype());
  first[dim] = 1;
  return cat({full(first, fill, x.dtype()), slice(x, dim, 0, x.size(dim) - 1)}, dim);
}

void rule_cumsum(Args args, Meta* out) {
  const Tensor& x = args[0].tensor();
  dim_of("cumsum", args);
  *out = Meta(is_float(x.dtype()) ? x.dtype() : DType::Int64, x.shape());
}
void call_cumsum(Args args, Tensor* out) {
  scan<Sum>(args[0].tensor(), dim_of("cumsum", args), args[2].boolean(), *out);
}
void gradient_cumsum(Gradient& ctx) {
  ctx.set(0, cumsum(ctx.g(), static_cast<int>(ctx.arg(1).integer()), !ctx.arg(2).boolean()));
}

void rule_cumprod(Args args, Meta* out) {
  const Tensor& x = args[0].tensor();
  dim_of("cumprod", args);
  *out = Meta(is_float(x.dtype()) ? x.dtype() : DType::Int64, x.shape());
}
void call_cumprod(Args args, Tensor* out) {
  scan<Product>(args[0].tensor(), dim_of("cumprod", args), false, *out);
}
// Without a division, so that zeros need no care: what comes before x[k] times
// s[k] = g[k] + x[k + 1] s[k + 1].
void gradient_cumprod(Gradient& ctx) {
  const Tensor x = ctx.x(), y = ctx.output();
  const int dim = normalize_dim("cumprod", ctx.arg(1).integer(), y.ndim());
  ctx.set(0, previous(y, dim, 1) * linear_recurrence(x, ctx.g(), dim, true));
}

void rule_logcumsumexp(Args args, Meta* out) {
  const Tensor& x = args[0].tensor();
  dim_of("logcumsumexp", args);
  if (!is_float(x.dtype()))
    fail(ErrorKind::DType, "logcumsumexp: expected a floating dtype, got %s", name(x.dtype()));
  *out = Meta(x.dtype(), x.shape());
}
void call_logcumsumexp(Args args, Tensor* out) {
  scan<LogSumExp>(args[0].tensor(), dim_of("logcumsumexp", args), false, *out);
}
// exp(x[k] - y[k]) s[k] with s[k] = g[k] + exp(y[k] - y[k + 1]) s[k + 1]: no exponent is positive.
void gradient_logcumsumexp(Gradient& ctx) {
  const Tensor x = ctx.x(), y = ctx.output();
  const int dim = normalize_dim("logcumsumexp", ctx.arg(1).integer(), y.ndim());
  const double infinity = std::numeric_limits<double>::infinity();
  const Tensor nothing = eq(y, -infinity);  // the sum of no terms: its logarithm has no slope
  const Tensor kept = where(nothing, 0.0, y);
  const Tensor decay = exp(minimum(previous(kept, dim, 0) - kept, 0.0));
  const Tensor carried = where(previous(nothing, dim, 0), 0.0, decay);
  ctx.set(0, where(nothing, 0.0, exp(x - kept)) * linear_recurrence(carried, ctx.g(), dim, true));
}

void rule_recurrence(Args args, Meta* out) {
  *out = Meta(args[1].tensor().dtype(), args[1].tensor().shape());
}
void call_recurrence(Args args, Tensor* out) {
  if (out->numel() == 0) return;
  const DType type = compute_dtype(out->dtype());
  const Tensor a = contiguous_data(cast_data(args[0].tensor(), type));
  const Tensor b = contiguous_data(cast_data(args[1].tensor(), type));
  const Tensor y = out->dtype() == type ? *out : empty(out->shape(), type);
  const Lines lines(out->shape(), dim_of("linear_recurrence", args, 2));
  const bool reverse = args[3].boolean();
  with_compute_type(type, [&](auto zero) {
    using T = decltype(zero);
    const int64_t step = reverse ? -lines.inner : lines.inner;
    for_each_line(0, lines.count(), lines.n, [&](int64_t line) {
      int64_t at = lines.start(line) + (reverse ? (lines.n - 1) * lines.inner : 0);
      y.data<T>()[at] = b.data<T>()[at];
      for (int64_t k = 1; k < lines.n; ++k) {
        const T factor = a.data<T>()[reverse ? at : at + step];
        const T last = y.data<T>()[at];
        at += step;
        y.data<T>()[at] = b.data<T>()[at] + factor * last;
      }
    });
  });
  if (!y.same(*out)) copy_into(*out, y);
}
// The two directions are each other's gradient.
void gradient_recurrence(Gradient& ctx) {
  const Tensor a = ctx.x(), y = ctx.output();
  const int dim = static_cast<int>(ctx.arg(2).integer());
  const bool reverse = ctx.arg(3).boolean();
  const Tensor back = linear_recurrence(a, ctx.g(), dim, !reverse);
  ctx.set(1, back);
  ctx.set(0, reverse ? previous(back, dim, 0) * y : back * previous(y, dim, 0));
}

template <template <class> class Compare>
void call_running_extreme(const char* op, Args args, Tensor* out) {
  if (out->numel() == 0) return;
  const Tensor& x = args[0].tensor();
  const DType type = compute_dtype(x.dtype());
  const Tensor from = contiguous_data(cast_data(x, type));
  const Tensor values = x.dtype() == type ? out[0] : empty(x.shape(), type);
  const Lines lines(x.shape(), dim_of(op, args));
  with_compute_type(type, [&](auto zero) {
    using T = decltype(zero);
    for_each_line(0, lines.count(), lines.n, [&](int64_t line) {
      const int64_t start = lines.start(line);
      T best = from.data<T>()[start];
      int64_t best_at = 0;
      for (int64_t k = 0, at = start; k < lines.n; ++k, at += lines.inner) {
        const T value = from.data<T>()[at];
        // NaN wins over numbers, and of equals the last.
        if (value != value || (best == best && Compare<T>()(value, best))) {
          best = value;
          best_at = k;
        }
        values.data<T>()[at] = best;
        out[1].data<int64_t>()[at] = best_at;
      }
    });
  });
  if (!values.same(out[0])) copy_into(out[0], values);
}

void rule_running_extreme(const char* op, Args args, Meta* out) {
  const Tensor& x = args[0].tensor();
  dim_of(op, args);
  out[0] = Meta(x.dtype(), x.shape());
  out[1] = Meta(DType::Int64, x.shape());
}
void rule_cummax(Args args, Meta* out) { rule_running_extreme("cummax", args, out); }
void rule_cummin(Args args, Meta* out) { rule_running_extreme("cummin", args, out); }
void call_cummax(Args args, Tensor* out) {
  call_running_extreme<std::greater_equal>("cummax", args, out);
}
void call_cummin(Args args, Tensor* out) {
  call_running_extreme<std::less_equal>("cummin", args, out);
}
void gradient_running_extreme(Gradient& ctx) {
  const int dim = static_cast<int>(ctx.arg(1).integer());
  ctx.set(0, scatter_add(zeros(ctx.shape(0), ctx.dtype(0)), dim, ctx.output(1), ctx.g()));
}

enum { kCumsum, kCumprod, kLogcumsumexp, kCummax, kCummin, kRecurrence };
const Op ops[] = {
    {"cumsum", "x: Tensor, dim: int, reverse: bool -> Tensor", rule_cumsum, call_cumsum,
     gradient_cumsum},
    {"cumprod", "x: Tensor, dim: int -> Tensor", rule_cumprod, call_cumprod, gradient_cumprod,
     saves_input(0) | saves_output(0)},
    {"logcumsumexp", "x: Tensor, dim: int -> Tensor", rule_logcumsumexp, call_logcumsumexp,
     gradient_logcumsumexp, saves_input(0) | saves_output(0)},
    {"cummax", "x: Tensor, dim: int -> Tensor, Tensor", rule_cummax, call_cummax,
     gradient_running_extreme, saves_output(1), 2},
    {"cummin", "x: Tensor, dim: int -> Tensor, Tensor", rule_cummin, call_cummin,
     gradient_running_extreme, saves_output(1), 2},
    {"linear_recurrence", "a: Tensor, b: Tensor, dim: int, reverse: bool -> Tensor",
     rule_recurrence, call_recurrence, gradient_recurrence, saves_input(0) | saves_output(0)},
};

// y[k] = b[k] + a[k] y[k - 1]; reversed, y[k] = b[k] + a[k + 1] y[k + 1].
Tensor linear_recurrence(const Tensor& a, const Tensor& b, int dim, bool reverse) {
  return call(ops[kRecurrence], a, b, dim, reverse);
}

}  // namespace

// The recurrence serves gradients only.
OpSpan scan_ops() { return OpSpan(ops).first(kRecurrence); }

Tensor cumsum(const Tensor& x, int dim, bool reverse) {
  return call(ops[kCumsum], x, dim, reverse);
}

}  // namespace cresset
