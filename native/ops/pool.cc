// SPDX-License-Identifier: MIT
#include "kernels/table.h"
#include "ops/conv_geometry.h"
#include "ops/gradient.h"
#include "ops/math.h"

// Pools over [N, C, ...] or [N, ..., C] in one to three dimensions.
namespace cresset {
namespace {

// The windows of one dimension, as the kernels take them.
struct Windows {
  int64_t in = 1, out = 1, step = 1;
  PooledVector<int64_t> start{0}, end{1}, count{1};

  void resize(int64_t n) {
    out = n;
    start.resize(n);
    end.resize(n);
    count.resize(n);
  }
  PoolDim dim() const { return {out, in, step, start.data(), end.data(), count.data()}; }
};

// Where the dimensions of an image are.
struct Layout {
  const char* op;
  int spatial;
  bool channels_last;

  Layout(const char* op, const Dims& shape, bool channels_last)
      : op(op), spatial(shape.size() - 2), channels_last(channels_last) {
    if (spatial < 1 || spatial > 3)
      fail(ErrorKind::Shape, "%s: expected an input of 3 to 5 dimensions, got shape %s", op,
           to_string(shape).c_str());
  }
  int first() const { return channels_last ? 1 : 2; }
  int channel() const { return channels_last ? spatial + 1 : 1; }
  Dims with_sizes(Dims shape, const Dims& sizes) const {
    for (int i = 0; i < spatial; ++i) shape[first() + i] = sizes[i];
    check_shape(op, shape);
    return shape;
  }
};

struct Pool {
  Layout layout;
  Dims in{}, out{};  // sizes of the dimensions
  Dims kernel{}, stride{}, padding{}, dilation{};
  bool ceil_mode = false, include_pad = true;
  int64_t divisor = 0;
  bool adaptive = false;

  // The window starts of an ordinary pool must be known to lie inside the input or its padding.
  void set_out() {
    out = in;
    for (int i = 0; i < layout.spatial; ++i) {
      const int64_t reach = dilation[i] * (kernel[i] - 1) + 1;
      if (2 * padding[i] > reach)
        fail(ErrorKind::Range, "%s: padding %s is more than half of the kernel %s", layout.op,
             to_string(padding).c_str(), to_string(kernel).c_str());
      const int64_t room = in[i] + 2 * padding[i] - reach + (ceil_mode ? stride[i] - 1 : 0);
      out[i] = room < 0 ? 0 : room / stride[i] + 1;
      if (ceil_mode && (out[i] - 1) * stride[i] >= in[i] + padding[i]) --out[i];
      if (out[i] < 1)
        fail(ErrorKind::Shape, "%s: a kernel of %s does not fit into an input of %s", layout.op,
             to_string(kernel).c_str(), to_string(in).c_str());
    }
  }
  // `average` clips first what is counted, then what is read.
  Windows windows(int i, bool average) const {
    Windows w;
    const int d = i - (3 - layout.spatial);
    if (d < 0) return w;
    w.in = in[d];
    w.resize(out[d]);
    if (!adaptive && !average) w.step = dilation[d];
    for (int64_t j = 0; j < w.out; ++j) {
      if (adaptive) {
        w.start[j] = j * w.in / w.out;
        w.end[j] = ((j + 1) * w.in + w.out - 1) / w.out;
        w.count[j] = w.end[j] - w.start[j];
        continue;
      }
      int64_t start = j * stride[d] - padding[d];
      int64_t end = start + dilation[d] * (kernel[d] - 1) + 1;
      const int64_t counted = std::min(end, w.in + padding[d]) - start;
      if (start < 0) start += (-start + w.step - 1) / w.step * w.step;
      end = std::min(end, w.in);
      w.start[j] = start;
      w.end[j] = end;
      w.count[j] = divisor ? (d == 0 ? divisor : 1) : include_pad ? counted : end - start;
    }
    return w;
  }
};

Dims sizes_of(const Layout& layout, const Dims& shape) {
  Dims sizes;
  for (int i = 0; i < layout.spatial; ++i) sizes.push_back(shape[layout.first() + i]);
  for (int64_t size : sizes)
    if (size == 0 || shape[layout.channel()] == 0)
      fail(ErrorKind::Shape, "%s: nothing to pool in shape %s", layout.op,
           to_string(shape).c_str());
  return sizes;
}

Pool max_pool_of(Args args) {
  Pool p{Layout("max_pool", args[0].tensor().shape(), args[6].boolean())};
  p.in = sizes_of(p.layout, args[0].tensor().shape());
  p.kernel = args[1].dims();
  p.stride = args[2].dims();
  p.padding = args[3].dims();
  p.dilation = args[4].dims();
  p.ceil_mode = args[5].boolean();
  check_steps("max_pool", "kernel", p.kernel, p.layout.spatial, 1);
  check_steps("max_pool", "stride", p.stride, p.layout.spatial, 1);
  check_steps("max_pool", "padding", p.padding, p.layout.spatial, 0);
  check_steps("max_pool", "dilation", p.dilation, p.layout.spatial, 1);
  p.set_out();
  return p;
}

// Of avg_pool and, where the input's sizes are an argument, of its gradient.
Pool avg_pool_of(const char* op, Args args, const Dims* in) {
  const int first = in ? 2 : 1;
  Pool p{Layout(op, args[0].tensor().shape(), args[first + 6].boolean())};
  p.kernel = args[first].dims();
  p.stride = args[first + 1].dims();
  p.padding = args[first + 2].dims();
  p.dilation = Dims::filled(p.layout.spatial, 1);
  p.ceil_mode = args[first + 3].boolean();
  p.include_pad = args[first + 4].boolean();
  if (args[first + 5].given()) {
    p.divisor = args[first + 5].integer();
    if (p.divisor == 0) fail(ErrorKind::Range, "%s: divisor: expected no 0", op);
  }
  check_steps(op, "kernel", p.kernel, p.layout.spatial, 1);
  check_steps(op, "stride", p.stride, p.layout.spatial, 1);
  check_steps(op, "padding", p.padding, p.layout.spatial, 0);
  if (in) check_steps(op, "size", *in, p.layout.spatial, 1);
  p.in = in ? *in : sizes_of(p.layout, args[0].tensor().shape());
  p.set_out();
  return p;
}

Pool adaptive_pool_of(const char* op, Args args) {
  Pool p{Layout(op, args[0].tensor().shape(), args[2].boolean())};
  p.adaptive = true;
  p.in = sizes_of(p.layout, args[0].tensor().shape());
  p.out = args[1].dims();
  check_steps(op, "size", p.out, p.layout.spatial, 0);
  return p;
}
Pool adaptive_pool_gradient_of(const char* op, Args args) {
  Pool p{Layout(op, args[0].tensor().shape(), args[2].boolean())};
  p.adaptive = true;
  p.in = args[1].dims();
  check_steps(op, "size", p.in, p.layout.spatial, 1);
  for (int i = 0; i < p.layout.spatial; ++i)
    p.out.push_back(args[0].tensor().size(p.layout.first() + i));
  return p;
}

void check_output(const Pool& p, const Tensor& g) {
  for (int i = 0; i < p.layout.spatial; ++i)
    if (g.size(p.layout.first() + i) != p.out[i])
      fail(ErrorKind::Shape, "%s: expected outputs of sizes %s, got shape %s", p.layout.op,
           to_string(p.out).c_str(), to_string(g.shape()).c_str());
}

void set_strides(const Layout& layout, const Tensor& x, int64_t (&strides)[5]) {
  std::fill(strides, strides + 5, 0);
  strides[0] = x.strides()[0];
  strides[1] = x.strides()[layout.channel()];
  for (int i = 0; i < layout.spatial; ++i)
    strides[5 - layout.spatial + i] = x.strides()[layout.first() + i];
}

void run(const PoolFn (&kernels)[kComputeTypeCount], const Pool& p, const Tensor& x,
         const Tensor& y, int64_t* indices, bool average) {
  if (x.numel() == 0 || y.numel() == 0) return;
  const Windows w[3] = {p.windows(0, average), p.windows(1, average), p.windows(2, average)};
  PoolArgs a{};
  a.samples = x.size(0);
  a.channels = x.size(p.layout.channel());
  for (int i = 0; i < 3; ++i) a.dims[i] = w[i].dim();
  a.x = x.bytes();
  a.y = y.bytes();
  set_strides(p.layout, x, a.xs);
  set_strides(p.layout, y, a.ys);
  a.indices = indices;
  kernels[static_cast<int>(compute_type(x.dtype()))](a);
}

void rule_max(const Pool& p, const Tensor& x, Meta* out) {
  out[0] = Meta(x.dtype(), p.layout.with_sizes(x.shape(), p.out));
  out[1] = Meta(DType::Int64, out[0].shape);
}
void call_max(const Pool& p, const Tensor& x, Tensor* out) {
  const Tensor data = compute_data(x);
  in_compute_type(out[0], [&](const Tensor& y) {
    run(kernels().pool->max, p, data, y, out[1].data<int64_t>(), false);
  });
}
void rule_max_pool(Args args, Meta* out) { rule_max(max_pool_of(args), args[0].tensor(), out); }
void call_max_pool(Args args, Tensor* out) { call_max(max_pool_of(args), args[0].tensor(), out); }
void rule_adaptive_max_pool(Args args, Meta* out) {
  rule_max(adaptive_pool_of("adaptive_max_pool", args), args[0].tensor(), out);
}
void call_adaptive_max_pool(Args args, Tensor* out) {
  call_max(adaptive_pool_of("adaptive_max_pool", args), args[0].tensor(), out);
}

void rule_avg_pool(Args args, Meta* out) {
  const Tensor& x = args[0].tensor();
  const Pool p = avg_pool_of("avg_pool", args, nullptr);
  *out = Meta(x.dtype(), p.layout.with_sizes(x.shape(), p.out));
}
void rule_adaptive_avg_pool(Args args, Meta* out) {
  const Tensor& x = args[0].tensor();
  const Pool p = adaptive_pool_of("adaptive_avg_pool", args);
  *out = Meta(x.dtype(), p.layout.with_sizes(x.shape(), p.out));
}
void call_average(const Pool& p, const Tensor& x, const Tensor& out) {
  const Tensor data = compute_data(x);
  in_compute_type(
      out, [&](const Tensor& y) { run(kernels().pool->average, p, data, y, nullptr, true); });
}
void call_avg_pool(Args args, Tensor* out) {
  call_average(avg_pool_of("avg_pool", args, nullptr), args[0].tensor(), *out);
}
void call_adaptive_avg_pool(Args args, Tensor* out) {
  call_average(adaptive_pool_of("adaptive_avg_pool", args), args[0].tensor(), *out);
}

Pool avg_pool_gradient_of(Args args) {
  const Dims size = args[1].dims();
  const Pool p = avg_pool_of("avg_pool_backward", args, &size);
  check_output(p, args[0].tensor());
  return p;
}
void rule_gradient(const Pool& p, const Tensor& g, Meta* out) {
  *out = Meta(g.dtype(), p.layout.with_sizes(g.shape(), p.in));
}
void call_gradient(const Pool& p, const Tensor& g, const Tensor& out) {
  const Tensor data = compute_data(g);
  in_compute_type(out, [&](const Tensor& x) {
    if (data.numel() == 0) return fill(x, wrapped_scalar(int64_t{0}));
    run(kernels().pool->average_backward, p, x, data, nullptr, true);
  });
}
void rule_avg_pool_backward(Args args, Meta* out) {
  rule_gradient(avg_pool_gradient_of(args), args[0].tensor(), out);
}
void call_avg_pool_backward(Args args, Tensor* out) {
  call_gradient(avg_pool_gradient_of(args), args[0].tensor(), *out);
}
void rule_adaptive_avg_pool_backward(Args args, Meta* out) {
  rule_gradient(adaptive_pool_gradient_of("adaptive_avg_pool_backward", args), args[0].tensor(),
                out);
}
void call_adaptive_avg_pool_backward(Args args, Tensor* out) {
  call_gradient(adaptive_pool_gradient_of("adaptive_avg_pool_backward", args), args[0].tensor(),
                *out);
}

// The gradient goes to the places that were chosen, as an op of its own.
void rule_max_pool_backward(Args args, Meta* out) {
  *out = Meta(args[0].tensor().dtype(), args[2].dims());
}
void call_max_pool_backward(Args args, Tensor* out) {
  const Tensor &g = args[0].tensor(), &indices = args[1].tensor();
  const Tensor data = compute_data(g);
  Pool p{Layout("max_pool_backward", args[2].dims(), args[3].boolean())};
  p.adaptive = true;
  for (int i = 0; i < p.layout.spatial; ++i) {
    p.in.push_back(args[2].dims()[p.layout.first() + i]);
    p.out.push_back(g.size(p.layout.first() + i));
  }
  in_compute_type(out[0], [&](const Tensor& x) {
    if (data.numel() == 0) return fill(x, wrapped_scalar(int64_t{0}));
    run(kernels().pool->max_backward, p, x, data, indices.data<int64_t>(), true);
  });
}
constexpr Op kMaxPoolBackward = {
    "max_pool_backward", "g: Tensor, indices: Tensor, shape: int[], channels_last: bool -> Tensor",
    rule_max_pool_backward, call_max_pool_backward};

void scatter_to_indices(Gradient& ctx, bool channels_last) {
  const Tensor g = ctx.g(), indices = ctx.output(1);
  const Dims& shape = ctx.shape(0);
  const Layout layout("max_pool", shape, channels_last);
  if (!ctx.differentiable())
    return ctx.set(0, call(kMaxPoolBackward, g, indices, shape, channels_last));
  const auto flat = [&](const Dims& full) {
    int64_t n = 1;
    for (int i = 0; i < layout.spatial; ++i) n *= full[layout.first() + i];
    Dims out = {full[0], n};
    out.insert(channels_last ? 2 : 1, full[layout.channel()]);
    return out;
  };
  const Tensor dx = scatter_add(zeros(flat(shape), g.dtype()), layout.first(),
                                reshape(indices, flat(g.shape())), reshape(g, flat(g.shape())));
  ctx.set(0, reshape(dx, shape));
}
void gradient_max_pool(Gradient& ctx) { scatter_to_indices(ctx, ctx.arg(6).boolean()); }
void gradient_adaptive_max_pool(Gradient& ctx) { scatter_to_indices(ctx, ctx.arg(2).boolean()); }

void gradient_avg_pool(Gradient& ctx);
void gradient_avg_pool_backward(Gradient& ctx);
void gradient_adaptive_avg_pool(Gradient& ctx);
void gradient_adaptive_avg_pool_backward(Gradient& ctx);

const Op ops[] = {
    {"avg_pool",
     "x: Tensor, kernel: int[], stride: int[], padding: int[], ceil_mode: bool, "
     "count_include_pad: bool, divisor: int?, channels_last: bool -> Tensor",
     rule_avg_pool, call_avg_pool, gradient_avg_pool},
    {"avg_pool_backward",
     "g: Tensor, size: int[], kernel: int[], stride: int[], padding: int[], ceil_mode: bool, "
     "count_include_pad: bool, divisor: int?, channels_last: bool -> Tensor",
     rule_avg_pool_backward, call_avg_pool_backward, gradient_avg_pool_backward},
    {"adaptive_avg_pool", "x: Tensor, size: int[], channels_last: bool -> Tensor",
     rule_adaptive_avg_pool, call_adaptive_avg_pool, gradient_adaptive_avg_pool},
    {"adaptive_avg_pool_backward", "g: Tensor, size: int[], channels_last: bool -> Tensor",
     rule_adaptive_avg_pool_backward, call_adaptive_avg_pool_backward,
     gradient_adaptive_avg_pool_backward},
    {"max_pool",
     "x: Tensor, kernel: int[], stride: int[], padding: int[], dilation: int[], ceil_mode: bool, "
     "channels_last: bool -> Tensor, Tensor",
     rule_max_pool, call_max_pool, gradient_max_pool, saves_output(1), 2},
    {"adaptive_max_pool", "x: Tensor, size: int[], channels_last: bool -> Tensor, Tensor",
     rule_adaptive_max_pool, call_adaptive_max_pool, gradient_adaptive_max_pool, saves_output(1),
     2},
};

Dims spatial_sizes(const Dims& shape, bool channels_last) {
  return sizes_of(Layout("pool", shape, channels_last), shape);
}

void gradient_avg_pool(Gradient& ctx) {
  ctx.set(0, call(ops[1], ctx.g(), spatial_sizes(ctx.shape(0), ctx.arg(7).boolean()), ctx.arg(1),
                  ctx.arg(2), ctx.arg(3), ctx.arg(4), ctx.arg(5), ctx.arg(6), ctx.arg(7)));
}
void gradient_avg_pool_backward(Gradient& ctx) {
  ctx.set(0, call(ops[0], ctx.g(), ctx.arg(2), ctx.arg(3), ctx.arg(4), ctx.arg(5), ctx.arg(6),
                  ctx.arg(7), ctx.arg(8)));
}
void gradient_adaptive_avg_pool(Gradient& ctx) {
  const bool last = ctx.arg(2).boolean();
  ctx.set(0, call(ops[3], ctx.g(), spatial_sizes(ctx.shape(0), last), last));
}
void gradient_adaptive_avg_pool_backward(Gradient& ctx) {
  const bool last = ctx.arg(2).boolean();
  ctx.set(0, call(ops[2], ctx.g(), spatial_sizes(ctx.shape(0), last), last));
}

}  // namespace

OpSpan pool_ops() { return ops; }

}  // namespace cresset
