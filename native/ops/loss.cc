// SPDX-License-Identifier: MIT
#include <algorithm>

#include "core/parallel.h"
#include "kernels/table.h"
#include "ops/gradient.h"
#include "ops/math.h"
#include "ops/softmax.h"

// Negative log likelihood of class indices, and cross entropy = log_softmax + that. With target t,
// class weights w and smoothing e, the row of log probabilities p has the loss
//   -sum_c q_c p_c,  q_c = (1 - e) w_t [c = t] + e w_c / C,  q = 0 for ignored rows.
namespace cresset {
namespace {

enum Reduction : int64_t { kNone, kMean, kSum };

constexpr int64_t kIgnored = -1;

int class_dim(const Tensor& x) { return x.ndim() == 1 ? 0 : 1; }

// What both losses take, in the arguments' order: x, target, weight, ignore_index, reduction,
// and smoothing for cross entropy.
struct Options {
  const Tensor& x;
  const Tensor& target;
  const Value& weight;
  int64_t ignore_index, reduction;
  double smoothing;
  explicit Options(Args args)
      : x(args[0].tensor()),
        target(args[1].tensor()),
        weight(args[2]),
        ignore_index(args[3].integer()),
        reduction(args[4].integer()),
        smoothing(args.size() > 5 ? args[5].number() : 0) {}
};

void check_weight(const char* op, const Value& weight, int64_t classes) {
  if (!weight.given()) return;
  const Tensor& w = weight.tensor();
  if (!is_float(w.dtype()))
    fail(ErrorKind::DType, "%s: weight: expected a floating point dtype, got %s", op,
         name(w.dtype()));
  if (w.shape() != Dims{classes})
    fail(ErrorKind::Shape, "%s: weight: expected shape [%lld], one for each class, got %s", op,
         static_cast<long long>(classes), to_string(w.shape()).c_str());
}

// Outputs: the loss, the sum of the targets' weights.
void rule(const char* op, Args args, Meta* out) {
  const Options o(args);
  if (!is_float(o.x.dtype()))
    fail(ErrorKind::DType, "%s: expected input of a floating point dtype, got %s", op,
         name(o.x.dtype()));
  if (is_float(o.target.dtype()) || o.target.dtype() == DType::Bool)
    fail(ErrorKind::DType, "%s: target: expected class indices of an integer dtype, got %s", op,
         name(o.target.dtype()));
  if (o.x.ndim() == 0)
    fail(ErrorKind::Shape, "%s: expected input of shape [classes] or [batch, classes, ...], got []",
         op);
  Dims expected = o.x.shape();
  const int64_t classes = expected[class_dim(o.x)];
  expected.erase(class_dim(o.x));
  if (o.target.shape() != expected)
    fail(ErrorKind::Shape, "%s: target: expected shape %s for input of shape %s, got %s", op,
         to_string(expected).c_str(), to_string(o.x.shape()).c_str(),
         to_string(o.target.shape()).c_str());
  check_weight(op, o.weight, classes);
  if (o.reduction < kNone || o.reduction > kSum)
    fail(ErrorKind::Range, "%s: reduction: expected 0, 1 or 2, got %lld", op,
         static_cast<long long>(o.reduction));
  if (!(o.smoothing >= 0 && o.smoothing <= 1))
    fail(ErrorKind::Range, "%s: label smoothing: expected a number in [0, 1], got %g", op,
         o.smoothing);
  out[0] = Meta(o.x.dtype(), o.reduction == kNone ? expected : Dims());
  out[1] = Meta(compute_dtype(o.x.dtype()), Dims());
}

// A copy, so that what was checked is what is used.
PooledVector<int64_t> read_targets(const char* op, const Options& o, int64_t classes) {
  const Tensor target = contiguous_data(cast_data(o.target, DType::Int64));
  PooledVector<int64_t> rows(target.data<int64_t>(), target.data<int64_t>() + target.numel());
  for (int64_t& t : rows) {
    if (t == o.ignore_index) {
      t = kIgnored;
    } else if (t < 0 || t >= classes) {
      fail(ErrorKind::Range, "%s: target %lld is out of range for %lld classes", op,
           static_cast<long long>(t), static_cast<long long>(classes));
    }
  }
  return rows;
}

// The rows of one call, classes last, in the compute type T.
template <class T>
struct Rows {
  PooledVector<int64_t> target;
  Tensor weights;
  int64_t classes;
  T smoothing, spread;  // e, e / C
  T weight_sum = 0;     // over the classes

  Rows(const char* op, const Options& o)
      : target(read_targets(op, o, o.x.size(class_dim(o.x)))),
        classes(o.x.size(class_dim(o.x))),
        smoothing(static_cast<T>(o.smoothing)),
        spread(static_cast<T>(o.smoothing / static_cast<double>(std::max(classes, int64_t{1})))) {
    if (o.weight.given())
      weights = contiguous_data(cast_data(o.weight.tensor(), compute_dtype(o.x.dtype())));
    double sum = 0;
    for (int64_t c = 0; c < classes; ++c) sum += weight(c);
    weight_sum = static_cast<T>(sum);
  }

  T weight(int64_t c) const { return weights.defined() ? weights.data<T>()[c] : T(1); }
  int64_t count() const { return static_cast<int64_t>(target.size()); }
  int64_t grain() const { return std::max<int64_t>(1, 16384 / std::max(classes, int64_t{1})); }
  double total_weight() const {
    if (!weights.defined()) return count() - std::count(target.begin(), target.end(), kIgnored);
    double total = 0;
    for (int64_t t : target)
      if (t != kIgnored) total += weight(t);
    return total;
  }

  T loss(int64_t r, const T* p) const {
    const int64_t t = target[r];
    if (t == kIgnored) return 0;
    T loss = -(1 - smoothing) * weight(t) * p[t];
    if (smoothing == 0) return loss;
    double sum = 0;
    for (int64_t c = 0; c < classes; ++c) sum += weight(c) * p[c];
    return loss - spread * static_cast<T>(sum);
  }
  // dx = scale (exp(p) sum(q) - q), from dx = exp(p)
  void cross_entropy_gradient(int64_t r, T scale, T* dx) const {
    const int64_t t = target[r];
    if (t == kIgnored) {
      std::fill_n(dx, classes, T(0));
      return;
    }
    const T hit = (1 - smoothing) * weight(t), sum = hit + spread * weight_sum;
    for (int64_t c = 0; c < classes; ++c) dx[c] = scale * (dx[c] * sum - spread * weight(c));
    dx[t] -= scale * hit;
  }
  // The same where q is 1 at the target, from dx = scale exp(p).
  void hit_target(int64_t r, T scale, T* dx) const {
    if (target[r] == kIgnored)
      std::fill_n(dx, classes, T(0));
    else
      dx[target[r]] -= scale;
  }
  void fill_q(int64_t r, T* q) const {
    const int64_t t = target[r];
    for (int64_t c = 0; c < classes; ++c) q[c] = t == kIgnored ? 0 : spread * weight(c);
    if (t != kIgnored) q[t] += (1 - smoothing) * weight(t);
  }
};

// body(begin, end) for all rows, in parallel; body(r) for each.
template <class T, class Body>
void for_rows(const Rows<T>& rows, const Body& body) {
  parallel_for(
      rows.count(), rows.grain(),
      [](void* ctx, int64_t begin, int64_t end) { (*static_cast<const Body*>(ctx))(begin, end); },
      const_cast<Body*>(&body));
}
template <class T, class Body>
void for_each_row(const Rows<T>& rows, const Body& body) {
  for_rows(rows, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) body(r);
  });
}

// Calls f with a zero of the compute type of x.
template <class F>
void with_type(DType dtype, F f) {
  if (compute_type(dtype) == ComputeType::Float64) return f(double{});
  f(float{});
}

// The loss of log probabilities, classes last.
void reduce_loss(const char* op, const Options& o, const Tensor& log_probs, Tensor* out) {
  with_type(o.x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const Rows<T> rows(op, o);
    const Tensor each = empty({rows.count()}, log_probs.dtype());
    T* loss = each.data<T>();
    const T* p = log_probs.data<T>();
    for_each_row(rows, [&](int64_t r) { loss[r] = rows.loss(r, p + r * rows.classes); });
    const double total = rows.total_weight();
    fill(out[1], wrapped_scalar(total));
    if (o.reduction == kNone)
      return copy_into(out[0],
                       view_of(each, out[0].shape(), contiguous_strides(out[0].shape()), 0));
    double sum = 0;
    for (int64_t r = 0; r < rows.count(); ++r) sum += loss[r];
    fill(out[0], wrapped_scalar(o.reduction == kMean ? sum / total : sum));
  });
}

Tensor class_rows(const Tensor& x) {
  return contiguous_data(cast_data(dim_last(x, class_dim(x)), compute_dtype(x.dtype())));
}

// The factor of each row's gradient, to be broadcast over the classes at `dim`.
Tensor row_scale(Gradient& ctx, int dim) {
  const int64_t reduction = ctx.arg(4).integer();
  if (reduction == kNone) return unsqueeze(ctx.g(), dim);
  if (reduction == kSum) return ctx.g();
  // No target counts: the loss is NaN, the gradient zero.
  return where(eq(ctx.output(1), 0.0), 0.0, ctx.g() / ctx.output(1));
}

void check_weight_gradient(const char* op, const Gradient& ctx) {
  if (ctx.needs(2)) fail(ErrorKind::State, "%s: weight has no gradient; detach it", op);
}

Values saved_args(Gradient& ctx, int count) {
  Values args;
  for (int i = 0; i < count; ++i) args.push_back(ctx.arg(i));
  return args;
}

// q with the classes last, from the arguments of cross entropy.
void rule_targets(Args args, Meta* out) {
  const Tensor& x = args[0].tensor();
  *out = Meta(compute_dtype(x.dtype()), dim_last(x, class_dim(x)).shape());
}
void call_targets(Args args, Tensor* out) {
  const Options o(args);
  with_type(o.x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const Rows<T> rows("cross_entropy", o);
    T* const q = out->data<T>();
    for_each_row(rows, [&](int64_t r) { rows.fill_q(r, q + r * rows.classes); });
  });
}
constexpr Op kTargets =
    checking_values({"target_distribution",
                     "x: Tensor, target: Tensor, weight: Tensor?, ignore_index: int, "
                     "reduction: int, smoothing: float -> Tensor",
                     rule_targets, call_targets});

// q as a constant in the layout of x.
Tensor target_distribution(Args args) {
  const Options o(args);
  const int dim = class_dim(o.x);
  Values constant(args.begin(), args.end());
  constant[0] = alias_of(o.x);
  const Tensor q = apply_op(kTargets, constant).t[0];
  Dims order;
  for (int d = 0; d < o.x.ndim(); ++d)
    order.push_back(d < dim ? d : d == dim ? q.ndim() - 1 : d - 1);
  return permute(q, order);
}

void rule_nll_loss(Args args, Meta* out) { rule("nll_loss", args, out); }
void call_nll_loss(Args args, Tensor* out) {
  const Options o(args);
  reduce_loss("nll_loss", o, class_rows(o.x), out);
}
void gradient_nll_loss(Gradient& ctx) {
  check_weight_gradient("nll_loss", ctx);
  const Values args = saved_args(ctx, 5);
  const Options o(args);
  ctx.set(0, neg(row_scale(ctx, class_dim(o.x)) * target_distribution(args)));
}

void rule_cross_entropy(Args args, Meta* out) {
  rule("cross_entropy", args, out);
  const Tensor& x = args[0].tensor();
  out[2] = Meta(compute_dtype(x.dtype()), dim_last(x, class_dim(x)).shape());
}
void call_cross_entropy(Args args, Tensor* out) {
  const Options o(args);
  log_softmax_rows(out[2], class_rows(o.x));
  reduce_loss("cross_entropy", o, out[2], out);
}

// By the saved log probabilities, in one pass: an op of its own.
void rule_cross_entropy_backward(Args args, Meta* out) {
  *out = Meta(args[0].tensor().dtype(), args[0].tensor().shape());
}
void call_cross_entropy_backward(Args args, Tensor* out) {
  const Options o(args);
  const Tensor &log_probs = args[6].tensor(), &dx = out[0];
  const int dim = class_dim(o.x);
  with_type(o.x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const Rows<T> rows("cross_entropy", o);
    const bool direct = dx.dtype() == log_probs.dtype() && dim == dx.ndim() - 1;
    const Tensor y = direct ? dx : empty(log_probs.shape(), log_probs.dtype());
    const Tensor factors = contiguous_data(cast_data(args[7].tensor(), log_probs.dtype()));
    const T *factor = factors.data<T>(), *p = log_probs.data<T>();
    T* const to = y.data<T>();
    const int64_t classes = rows.classes, step = o.reduction == kNone ? 1 : 0;
    const bool plain = step == 0 && rows.smoothing == 0 && !rows.weights.defined();
    const int type = static_cast<int>(compute_type(log_probs.dtype()));
    const UnaryFn exp = kernels().unary->fn[static_cast<int>(UnaryOp::exp)][type];
    const BinaryFn mul = kernels().binary->fn[static_cast<int>(BinaryOp::mul)][type];
    for_rows(rows, [&](int64_t begin, int64_t end) {
      T* const first = to + begin * classes;
      const int64_t items = (end - begin) * classes;
      exp(items, first, 1, p + begin * classes, 1);
      if (plain) mul(items, first, 1, first, 1, factor, 0);
      for (int64_t r = begin; r < end; ++r)
        plain ? rows.hit_target(r, *factor, to + r * classes)
              : rows.cross_entropy_gradient(r, factor[r * step], to + r * classes);
    });
    if (!direct) copy_into(dim_last(dx, dim), y);
  });
}
constexpr Op kCrossEntropyBackward = checking_values(
    {"cross_entropy_backward",
     "x: Tensor, target: Tensor, weight: Tensor?, ignore_index: int, reduction: int, "
     "smoothing: float, log_probs: Tensor, scale: Tensor -> Tensor",
     rule_cross_entropy_backward, call_cross_entropy_backward});

void gradient_cross_entropy(Gradient& ctx) {
  check_weight_gradient("cross_entropy", ctx);
  Values args = saved_args(ctx, 6);
  const int dim = class_dim(args[0].tensor());
  if (!ctx.differentiable()) {
    args.push_back(ctx.output(2));
    args.push_back(row_scale(ctx, dim));
    return ctx.set(0, apply_op(kCrossEntropyBackward, args).t[0]);
  }
  const Tensor q = target_distribution(args);
  ctx.set(0, row_scale(ctx, dim) * (softmax(ctx.x(), dim) * sum(q, {dim}, true) - q));
}

constexpr Saves kInputs = saves_input(0) | saves_input(1) | saves_input(2) | saves_output(1);

const Op ops[] = {
    checking_values(
        {"nll_loss",
         "x: Tensor, target: Tensor, weight: Tensor?, ignore_index: int, reduction: int "
         "-> Tensor, Tensor",
         rule_nll_loss, call_nll_loss, gradient_nll_loss, kInputs, 2}),
    checking_values(
        {"cross_entropy",
         "x: Tensor, target: Tensor, weight: Tensor?, ignore_index: int, reduction: int, "
         "smoothing: float -> Tensor, Tensor, Tensor",
         rule_cross_entropy, call_cross_entropy, gradient_cross_entropy, kInputs | saves_output(2),
         3}),
};

}  // namespace

OpSpan loss_ops() { return ops; }

}  // namespace cresset
