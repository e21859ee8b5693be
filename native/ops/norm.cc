// SPDX-License-Identifier: MIT
#include "kernels/table.h"
#include "ops/gradient.h"
#include "ops/math.h"
#include "ops/scratch.h"

// Batch norm and layer norm. Their gradients are one kernel call each, and expressions over other
// ops where a graph of the gradient, or one of the statistics, is asked for.
namespace cresset {
namespace {

void check_float(const char* op, const Tensor& x) {
  if (!is_float(x.dtype()))
    fail(ErrorKind::DType, "%s: expected a floating dtype, got %s", op, name(x.dtype()));
}
// A tensor of one value a channel (or an element), or none.
void check_values(const char* op, const char* what, const Tensor& x, const Value& values,
                  const Dims& shape) {
  if (!values.given()) return;
  const Tensor& v = values.tensor();
  if (!is_float(v.dtype()) || compute_dtype(v.dtype()) != compute_dtype(x.dtype()))
    fail(ErrorKind::DType, "%s: %s: expected dtype %s like the input, got %s", op, what,
         name(x.dtype()), name(v.dtype()));
  if (v.shape() != shape)
    fail(ErrorKind::Shape, "%s: %s: expected shape %s, got %s", op, what, to_string(shape).c_str(),
         to_string(v.shape()).c_str());
}

// The memory of an optional argument, which `keep` holds.
const void* data_of(const Value& value, Tensor* keep) {
  if (!value.given()) return nullptr;
  *keep = compute_data(value.tensor());
  return keep->bytes();
}
int type_index(const Tensor& x) { return static_cast<int>(compute_type(x.dtype())); }

// Where the channels of an input are.
struct Channels {
  int dim;
  Dims shape, others, broadcast;  // of the values; the dimensions reduced; to meet the input
  int64_t outer = 1, count = 1;   // outer: sizes before the channels; count: values a channel

  Channels(const Dims& x, bool last) : dim(last ? x.size() - 1 : 1) {
    if (x.size() < 2)
      fail(ErrorKind::Shape, "batch_norm: expected at least 2 dimensions, got shape %s",
           to_string(x).c_str());
    shape = {x[dim]};
    broadcast = Dims::filled(x.size(), 1);
    broadcast[dim] = x[dim];
    for (int i = 0; i < x.size(); ++i) {
      if (i == dim) continue;
      others.push_back(i);
      count *= x[i];
      if (i < dim) outer *= x[i];
    }
  }
  Tensor meet(const Tensor& values) const { return reshape(values, broadcast); }
};

void rule_batch_norm(Args args, Meta* out) {
  const Tensor& x = args[0].tensor();
  check_float("batch_norm", x);
  const Channels channels(x.shape(), args[6].boolean());
  const char* names[] = {"weight", "bias", "mean", "var"};
  for (int i = 1; i <= 4; ++i) check_values("batch_norm", names[i - 1], x, args[i], channels.shape);
  if (args[3].given() != args[4].given())
    fail(ErrorKind::Type, "batch_norm: expected both mean and var or neither");
  out[0] = Meta(x.dtype(), x.shape());
  out[1] = out[2] = Meta(compute_dtype(x.dtype()), channels.shape);
}

// What x is read in: bfloat16 itself where there is a kernel for it.
DType batch_norm_type(const Channels& channels, DType type) {
  const bool in_rows = channels.count > channels.outer;
  return type == DType::BFloat16 && in_rows ? type : compute_dtype(type);
}

BatchNormArgs batch_norm_args(const Channels& channels, const Tensor& x) {
  BatchNormArgs a{};
  a.outer = channels.outer;
  a.channels = channels.shape[0];
  a.inner = channels.count / std::max<int64_t>(channels.outer, 1);
  a.x = x.bytes();
  return a;
}

void call_batch_norm(Args args, Tensor* out) {
  const Channels channels(args[0].tensor().shape(), args[6].boolean());
  const DType type = batch_norm_type(channels, out[0].dtype());
  const Tensor x = data_in(type, args[0].tensor());
  BatchNormArgs a = batch_norm_args(channels, x);
  a.training = !args[3].given();
  for (int i = 1; i <= 2; ++i)
    if (!a.training) copy_into(out[i], args[i + 2].tensor());
  if (out->numel() == 0) return;
  Tensor weight, bias;
  a.weight = data_of(args[1], &weight);
  a.bias = data_of(args[2], &bias);
  a.mean = out[1].bytes();
  a.var = out[2].bytes();
  a.eps = args[5].number();
  write_in(type, out[0], [&](const Tensor& y) {
    a.y = y.bytes();
    type == DType::BFloat16 ? kernels().norm->batch_norm_bf16(a)
                            : kernels().norm->batch_norm[type_index(y)](a);
  });
}

// The gradients in one call, as an op of its own.
void rule_batch_norm_backward(Args args, Meta* out) {
  const Tensor& x = args[0].tensor();
  out[0] = Meta(x.dtype(), x.shape());
  out[1] = out[2] = Meta(compute_dtype(x.dtype()), Channels(x.shape(), args[7].boolean()).shape);
}
void call_batch_norm_backward(Args args, Tensor* out) {
  const Channels channels(args[0].tensor().shape(), args[7].boolean());
  if (out[0].numel() == 0) {
    for (int i = 1; i <= 2; ++i) fill(out[i], wrapped_scalar(0.0));
    return;
  }
  const DType type = batch_norm_type(channels, out[0].dtype());
  const Tensor x = data_in(type, args[0].tensor()), g = data_in(type, args[1].tensor());
  BatchNormArgs a = batch_norm_args(channels, x);
  Tensor weight;
  a.weight = data_of(args[2], &weight);
  a.g = g.bytes();
  a.mean = args[3].tensor().bytes();
  a.var = args[4].tensor().bytes();
  a.eps = args[5].number();
  a.training = args[6].boolean();
  a.dweight = out[1].bytes();
  a.dbias = out[2].bytes();
  write_in(type, out[0], [&](const Tensor& dx) {
    a.y = dx.bytes();
    type == DType::BFloat16 ? kernels().norm->batch_norm_backward_bf16(a)
                            : kernels().norm->batch_norm_backward[type_index(x)](a);
  });
}
constexpr Op kBatchNormBackward = {
    "batch_norm_backward",
    "x: Tensor, g: Tensor, weight: Tensor?, mean: Tensor, var: Tensor, eps: float, "
    "training: bool, channels_last: bool -> Tensor, Tensor, Tensor",
    rule_batch_norm_backward,
    call_batch_norm_backward,
    nullptr,
    kSaveNothing,
    3};

void set_gradients(Gradient& ctx, const Op& op, std::initializer_list<Value> args) {
  const Outputs out = apply_op(op, Args(args.begin(), args.size()));
  for (int i = 0; i < 3; ++i)
    if (ctx.needs(i)) ctx.set(i, out.t[i]);
}

void gradient_batch_norm(Gradient& ctx) {
  const Tensor x = ctx.x(0);
  const Channels channels(x.shape(), ctx.arg(6).boolean());
  const bool training = !ctx.arg(3).given();
  const bool statistics = ctx.needs(3) || ctx.needs(4) || ctx.has_g(1) || ctx.has_g(2);
  if (!ctx.differentiable() && !statistics)
    return set_gradients(
        ctx, kBatchNormBackward,
        {x, ctx.g(), ctx.arg(1), ctx.output(1), ctx.output(2), ctx.arg(5), training, ctx.arg(6)});
  const auto average = [&](const Tensor& v) {
    return sum(v, channels.others, true) / static_cast<double>(channels.count);
  };
  const Tensor mean = training ? average(x) : channels.meet(ctx.x(3));
  const Tensor d = x - mean;
  const Tensor var = training ? average(d * d) : channels.meet(ctx.x(4));
  const Tensor r = rsqrt(var + ctx.arg(5).number()), g = ctx.g();
  const Tensor gw = ctx.arg(1).given() ? g * channels.meet(ctx.x(1)) : g;
  Tensor dx = gw;
  if (training) dx = gw - average(gw) - d * square(r) * average(gw * d);
  dx = dx * r;
  const double n = static_cast<double>(channels.count);
  const Tensor g_mean = channels.meet(ctx.g(1)), g_var = channels.meet(ctx.g(2));
  if (training && ctx.has_g(1)) dx = dx + g_mean / n;
  if (training && ctx.has_g(2)) dx = dx + g_var * d * (2.0 / n);
  if (ctx.needs(0)) ctx.set(0, dx);
  const auto per_channel = [&](const Tensor& v) { return sum(v, channels.others); };
  if (ctx.needs(1)) ctx.set(1, per_channel(g * d * r));
  if (ctx.needs(2)) ctx.set(2, per_channel(g));
  if (ctx.needs(3)) ctx.set(3, ctx.g(1) - per_channel(gw * r));
  if (ctx.needs(4)) ctx.set(4, ctx.g(2) - per_channel(gw * d * r * square(r)) * 0.5);
}

// An input as rows of its last dimensions.
struct Rows {
  Dims outer, inner, broadcast, last;  // `last`: the dimensions of a row
  int64_t rows = 1, cols = 1;

  Rows(const Dims& x, int64_t dims) {
    if (dims < 1 || dims > x.size())
      fail(ErrorKind::Range, "layer_norm: dims: expected 1 to %d, got %lld", x.size(),
           static_cast<long long>(dims));
    broadcast = x;
    for (int i = 0; i < x.size(); ++i) {
      const bool in_row = i >= x.size() - dims;
      (in_row ? inner : outer).push_back(x[i]);
      (in_row ? cols : rows) *= x[i];
      if (!in_row) continue;
      last.push_back(i);
      broadcast[i] = 1;
    }
  }
};

void rule_layer_norm(Args args, Meta* out) {
  const Tensor& x = args[0].tensor();
  check_float("layer_norm", x);
  const Rows rows(x.shape(), args[3].integer());
  check_values("layer_norm", "weight", x, args[1], rows.inner);
  check_values("layer_norm", "bias", x, args[2], rows.inner);
  out[0] = Meta(x.dtype(), x.shape());
  out[1] = out[2] = Meta(compute_dtype(x.dtype()), rows.outer);
}

void call_layer_norm(Args args, Tensor* out) {
  const Tensor x = compute_data(args[0].tensor());
  const Rows rows(x.shape(), args[3].integer());
  if (x.numel() == 0) {
    for (int i = 1; i <= 2; ++i) fill(out[i], wrapped_scalar(0.0));
    return;
  }
  Tensor weight, bias;
  LayerNormArgs a{};
  a.rows = rows.rows;
  a.cols = rows.cols;
  a.x = x.bytes();
  a.weight = data_of(args[1], &weight);
  a.bias = data_of(args[2], &bias);
  a.mean = out[1].bytes();
  a.rstd = out[2].bytes();
  a.eps = args[4].number();
  in_compute_type(out[0], [&](const Tensor& y) {
    a.y = y.bytes();
    kernels().norm->layer_norm[type_index(y)](a);
  });
}

// The gradients in one call, as an op of its own; without a weight the input's alone.
void rule_layer_norm_backward(Args args, Meta* out) {
  const Tensor& x = args[0].tensor();
  const DType type = compute_dtype(x.dtype());
  const bool weighted = args[2].given();
  out[0] = Meta(type, x.shape());
  out[1] = out[2] = Meta(type, weighted ? Rows(x.shape(), args[5].integer()).inner : Dims{0});
}
void call_layer_norm_backward(Args args, Tensor* out) {
  const Tensor x = compute_data(args[0].tensor()), g = compute_data(args[1].tensor());
  if (x.numel() == 0) {
    for (int i = 1; i <= 2; ++i) fill(out[i], wrapped_scalar(0.0));
    return;
  }
  const Rows rows(x.shape(), args[5].integer());
  const NormTable& table = *kernels().norm;
  const Tensor memory = scratch(table.layer_norm_scratch[type_index(x)](rows.rows, rows.cols));
  Tensor weight;
  LayerNormArgs a{};
  a.rows = rows.rows;
  a.cols = rows.cols;
  a.x = x.bytes();
  a.g = g.bytes();
  a.weight = data_of(args[2], &weight);
  a.mean = args[3].tensor().bytes();
  a.rstd = args[4].tensor().bytes();
  a.y = out[0].bytes();
  a.dweight = out[1].bytes();
  a.dbias = out[2].bytes();
  a.scratch = memory.bytes();
  table.layer_norm_backward[type_index(x)](a);
}
constexpr Op kLayerNormBackward = {
    "layer_norm_backward",
    "x: Tensor, g: Tensor, weight: Tensor?, mean: Tensor, rstd: Tensor, dims: int -> Tensor, "
    "Tensor, Tensor",
    rule_layer_norm_backward,
    call_layer_norm_backward,
    nullptr,
    kSaveNothing,
    3};

void gradient_layer_norm(Gradient& ctx) {
  const Tensor x = ctx.x(0);
  const Rows rows(x.shape(), ctx.arg(3).integer());
  const bool weighted = ctx.arg(1).given();
  if (!ctx.differentiable() && !ctx.has_g(1) && !ctx.has_g(2)) {
    set_gradients(ctx, kLayerNormBackward,
                  {x, ctx.g(), ctx.arg(1), ctx.output(1), ctx.output(2), ctx.arg(3)});
    if (ctx.needs(2) && !weighted) ctx.set(2, sum_to(ctx.g(), rows.inner));
    return;
  }
  const double n = static_cast<double>(rows.cols);
  const auto average = [&](const Tensor& v) { return sum(v, rows.last, true) / n; };
  const Tensor d = x - average(x);
  const Tensor r = rsqrt(average(d * d) + ctx.arg(4).number()), h = d * r, g = ctx.g();
  const Tensor gw = weighted ? g * ctx.x(1) : g;
  Tensor dx = r * (gw - average(gw) - h * average(gw * h));
  const auto meet = [&](const Tensor& values) { return reshape(values, rows.broadcast); };
  if (ctx.has_g(1)) dx = dx + meet(ctx.g(1)) / n;
  if (ctx.has_g(2)) dx = dx - meet(ctx.g(2)) * square(r) * h / n;
  if (ctx.needs(0)) ctx.set(0, dx);
  if (ctx.needs(1)) ctx.set(1, sum_to(g * h, rows.inner));
  if (ctx.needs(2)) ctx.set(2, sum_to(g, rows.inner));
}

const Op ops[] = {
    {"batch_norm",
     "x: Tensor, weight: Tensor?, bias: Tensor?, mean: Tensor?, var: Tensor?, eps: float, "
     "channels_last: bool -> Tensor, Tensor, Tensor",
     rule_batch_norm, call_batch_norm, gradient_batch_norm,
     saves_input(0) | saves_input(1) | saves_input(3) | saves_input(4) | saves_output(1) |
         saves_output(2),
     3},
    {"layer_norm",
     "x: Tensor, weight: Tensor?, bias: Tensor?, dims: int, eps: float -> Tensor, Tensor, Tensor",
     rule_layer_norm, call_layer_norm, gradient_layer_norm,
     saves_input(0) | saves_input(1) | saves_output(1) | saves_output(2), 3},
};

}  // namespace

OpSpan norm_ops() { return ops; }

}  // namespace cresset
