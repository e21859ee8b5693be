// SPDX-License-Identifier: MIT
#include "ops/conv_geometry.h"
#include "ops/gradient.h"
#include "ops/lines.h"
#include "ops/math.h"
#include "ops/scratch.h"

// Convolution in one to three dimensions, its transpose (the gradient of the input) and the
// gradient of the weight. All three are bilinear in their tensors and each other's gradients.
namespace cresset {
namespace {

void check_dtypes(const char* op, const Tensor& x, const Value& other, const char* what) {
  if (other.given() && other.tensor().dtype() != x.dtype())
    fail(ErrorKind::DType, "%s: %s: expected the input's dtype %s, got %s", op, what,
         name(x.dtype()), name(other.tensor().dtype()));
}
void check_bias(const char* op, const Value& bias, int64_t channels) {
  if (bias.given() && bias.tensor().shape() != Dims{channels})
    fail(ErrorKind::Shape, "%s: expected a bias of shape [%lld], got %s", op,
         static_cast<long long>(channels), to_string(bias.tensor().shape()).c_str());
}

ConvGeometry geometry_of_conv(Args args) {
  ConvGeometry g("conv", args, 3);
  g.set_weight(args[1].tensor().shape());
  g.check_channels(args[0].tensor().shape(), "an input", g.in_channels);
  g.in = g.sizes_of(args[0].tensor().shape());
  g.set_out();
  return g;
}
ConvGeometry geometry_of_transpose(Args args) {
  ConvGeometry g("conv_transpose", args, 4);
  g.set_weight(args[1].tensor().shape());
  g.check_channels(args[0].tensor().shape(), "an input", g.out_channels);
  check_steps(g.op, "size", args[3].dims(), g.spatial, 0);
  g.in = g.in_three(args[3].dims(), 0, 1);
  g.set_out();
  g.check_out(args[0].tensor().shape());
  return g;
}
ConvGeometry geometry_of_weight(Args args) {
  ConvGeometry g("conv_weight", args, 3);
  const Dims &x = args[0].tensor().shape(), &y = args[1].tensor().shape();
  check_steps(g.op, "size", args[2].dims(), g.spatial, 1);
  if (y.size() != x.size() || y[0] != x[0])
    fail(ErrorKind::Shape, "conv_weight: an input of shape %s does not fit an output of shape %s",
         to_string(x).c_str(), to_string(y).c_str());
  g.in_channels = x[g.channel_dim()];
  g.out_channels = y[g.channel_dim()];
  g.set_kernel(g.in_three(args[2].dims(), 0, 1));
  g.check_channels(x, "an input", g.in_channels);
  g.in = g.sizes_of(x);
  g.set_out();
  g.check_out(y);
  return g;
}

using Taps = ConvTaps[3];

// Where single inputs meet single outputs in order, the dimensions are one.
void join_dims(ConvArgs* a) {
  const auto joins = [](const ConvDim& d) {
    return d.taps == 1 && d.step == 1 && d.offset[0] == 0 && d.in == d.out;
  };
  if (!joins(a->dims[0]) || !joins(a->dims[1]) || !joins(a->dims[2])) return;
  for (int i = 1; i >= 0; --i) {
    const int64_t inner = a->dims[2].out;
    const auto follows = [&](const int64_t* s) {
      return a->dims[i].out == 1 || s[2 + i] == s[4] * inner;
    };
    if (!follows(a->xs) || !follows(a->ys)) return;
    a->dims[2].in = a->dims[2].out = inner * a->dims[i].out;
    a->dims[i].in = a->dims[i].out = 1;
  }
}

// What a convolution of this type runs in: bfloat16 itself where there is a kernel for it.
DType run_type(const ConvGeometry& g, DType type) {
  const ConvBf16Table* const table = kernels().conv_bf16;
  const int64_t stride = *std::max_element(g.stride.begin(), g.stride.end());
  const bool fits = table && type == DType::BFloat16 && !g.mostly_padding() &&
                    table->fits(g.in_channels / g.groups, g.out_channels / g.groups, stride);
  return fits ? type : compute_dtype(type);
}

void run(ConvFn kernel, ConvScratchFn bytes, ConvArgs* args) {
  join_dims(args);
  args->slots = scratch_slots();
  const Tensor memory = scratch(bytes(*args));
  args->scratch = memory.bytes();
  kernel(*args);
}
void run_conv(DType type, ConvArgs* args) {
  if (type == DType::BFloat16)
    return run(kernels().conv_bf16->conv, kernels().conv_bf16->scratch, args);
  const int i = static_cast<int>(compute_type(type));
  run(kernels().conv->conv[i], kernels().conv->scratch[i], args);
}
void run_weight(DType type, ConvArgs* args) {
  if (type == DType::BFloat16)
    return run(kernels().conv_bf16->weight_gradient, kernels().conv_bf16->weight_scratch, args);
  const int i = static_cast<int>(compute_type(type));
  run(kernels().conv_weight->gradient[i], kernels().conv_weight->scratch[i], args);
}

// From x to y: forward the input and the output, backward the other way round.
ConvArgs arguments(const ConvGeometry& g, const ConvImage& x, const ConvImage& y, const Tensor& w,
                   const Tensor& bias, bool forward) {
  ConvArgs a{};
  a.samples = g.samples;
  a.groups = g.groups;
  a.channels = (forward ? g.in_channels : g.out_channels) / g.groups;
  a.rows = (forward ? g.out_channels : g.in_channels) / g.groups;
  a.x = x.x.bytes();
  a.y = y.x.bytes();
  std::copy(x.strides, x.strides + 5, a.xs);
  std::copy(y.strides, y.strides + 5, a.ys);
  a.w = w.bytes();
  a.bias = bias.defined() ? bias.bytes() : nullptr;
  return a;
}

Tensor bias_data(const Value& bias) {
  if (!bias.given()) return Tensor();
  return data_in(compute_dtype(bias.tensor().dtype()), bias.tensor());
}
// An image that is read. The kernels of bfloat16 read rows.
ConvImage source_image(const ConvGeometry& g, const Tensor& x, DType type) {
  ConvImage image(g, x, type);
  if (type == DType::BFloat16) image.lay_in_rows(g);
  return image;
}
void rule_conv(Args args, Meta* out) {
  const ConvGeometry g = geometry_of_conv(args);
  const Tensor& x = args[0].tensor();
  check_dtypes(g.op, x, args[1], "weight");
  check_dtypes(g.op, x, args[2], "bias");
  check_bias(g.op, args[2], g.out_channels);
  *out = Meta(x.dtype(), g.image_shape(g.out_channels, g.out));
}

void call_conv(Args args, Tensor* out) {
  const ConvGeometry g = geometry_of_conv(args);
  const DType type = run_type(g, out->dtype());
  const Tensor w = data_in(type, args[1].tensor()), bias = bias_data(args[2]);
  if (out->numel() == 0) return;
  write_in(type, *out, [&](const Tensor& result) {
    const ConvImage x = source_image(g, args[0].tensor(), type), y(g, result, type);
    const Taps taps = {ConvTaps::forward(g, 0), ConvTaps::forward(g, 1), ConvTaps::forward(g, 2)};
    ConvArgs a = arguments(g, x, y, w, bias, true);
    for (int i = 0; i < 3; ++i) a.dims[i] = taps[i].dim(g.in[i], g.stride[i]);
    run_conv(type, &a);
  });
}

void rule_conv_transpose(Args args, Meta* out) {
  const ConvGeometry g = geometry_of_transpose(args);
  const Tensor& y = args[0].tensor();
  check_dtypes(g.op, y, args[1], "weight");
  check_dtypes(g.op, y, args[2], "bias");
  check_bias(g.op, args[2], g.in_channels);
  *out = Meta(y.dtype(), g.image_shape(g.in_channels, g.in));
}

// Calls f with a value as large as an item of a type that is run in.
template <class F>
void with_items(DType type, const F& f) {
  type == DType::BFloat16 ? f(uint16_t{}) : with_compute_type(type, f);
}

// The weight as one phase of the transpose reads it: group, input channel, output channel, taps.
Tensor turned_weight(const ConvGeometry& g, const Tensor& w, const Taps& taps) {
  PooledVector<int64_t> places;
  for (int64_t k0 : taps[0].kernel)
    for (int64_t k1 : taps[1].kernel)
      for (int64_t k2 : taps[2].kernel)
        places.push_back((k0 * g.kernel[1] + k1) * g.kernel[2] + k2);
  const int64_t n_in = g.in_channels / g.groups, n_out = g.out_channels / g.groups;
  const int64_t kernel = g.kernel[0] * g.kernel[1] * g.kernel[2];
  const int64_t count = static_cast<int64_t>(places.size());
  const Tensor turned = empty({g.in_channels * n_out * count}, w.dtype());
  with_items(w.dtype(), [&](auto zero) {
    using T = decltype(zero);
    for_each_line(0, g.in_channels, n_out * count, [&](int64_t channel) {
      const T* from = reinterpret_cast<const T*>(w.bytes()) +
                      (channel / n_in * n_out * n_in + channel % n_in) * kernel;
      T* to = reinterpret_cast<T*>(turned.bytes()) + channel * n_out * count;
      for (int64_t i = 0; i < n_out; ++i, from += n_in * kernel)
        for (int64_t t = 0; t < count; ++t) *to++ = from[places[t]];
    });
  });
  return turned;
}

// Outputs of the transpose that lie a stride apart, from `phase` on, meet the same taps.
void run_phase(const ConvGeometry& g, const ConvImage& x, const ConvImage& y, const Tensor& w,
               const Tensor& bias, const Dims& phase) {
  const Taps taps = {ConvTaps::backward(g, 0, phase[0]), ConvTaps::backward(g, 1, phase[1]),
                     ConvTaps::backward(g, 2, phase[2])};
  const Tensor turned = turned_weight(g, w, taps);
  ConvArgs a = arguments(g, y, x, turned, bias, false);
  int64_t offset = 0;
  for (int i = 0; i < 3; ++i) {
    a.dims[i] = taps[i].dim(g.out[i], 1);
    offset += phase[i] * x.strides[2 + i];
    a.ys[2 + i] *= g.stride[i];
  }
  a.y = x.x.bytes() + offset * item_size(w.dtype());
  run_conv(w.dtype(), &a);
}

void call_conv_transpose(Args args, Tensor* out) {
  const ConvGeometry g = geometry_of_transpose(args);
  const DType type = run_type(g, out->dtype());
  const Tensor w = data_in(type, args[1].tensor()), bias = bias_data(args[2]);
  if (out->numel() == 0) return;
  write_in(type, *out, [&](const Tensor& result) {
    const ConvImage x(g, result, type), y = source_image(g, args[0].tensor(), type);
    const auto phases = [&](int i) { return std::min(g.stride[i], g.in[i]); };
    for (int64_t p0 = 0; p0 < phases(0); ++p0)
      for (int64_t p1 = 0; p1 < phases(1); ++p1)
        for (int64_t p2 = 0; p2 < phases(2); ++p2) run_phase(g, x, y, w, bias, {p0, p1, p2});
  });
}

void rule_conv_weight(Args args, Meta* out) {
  const ConvGeometry g = geometry_of_weight(args);
  check_dtypes(g.op, args[0].tensor(), args[1], "output");
  *out = Meta(args[0].tensor().dtype(), g.weight_shape());
}

void call_conv_weight(Args args, Tensor* out) {
  const ConvGeometry g = geometry_of_weight(args);
  const DType type = run_type(g, out->dtype());
  const Tensor output = data_in(type, args[1].tensor());
  if (out->numel() == 0) return;
  write_in(type, *out, [&](const Tensor& w) {
    const ConvImage x = source_image(g, args[0].tensor(), type), y = source_image(g, output, type);
    const Taps taps = {ConvTaps::forward(g, 0), ConvTaps::forward(g, 1), ConvTaps::forward(g, 2)};
    ConvArgs a = arguments(g, x, y, w, Tensor(), true);
    for (int i = 0; i < 3; ++i) a.dims[i] = taps[i].dim(g.in[i], g.stride[i]);
    run_weight(type, &a);
  });
}

// The sizes of an image's or a weight's dimensions.
Dims sizes(const Dims& shape, bool channels_last) {
  Dims sizes = shape;
  sizes.erase(0);
  sizes.erase(channels_last ? sizes.size() - 1 : 0);
  return sizes;
}
Tensor sum_to_bias(const Tensor& g, bool channels_last) {
  Dims dims;
  for (int i = 0; i < g.ndim(); ++i)
    if (i != (channels_last ? g.ndim() - 1 : 1)) dims.push_back(i);
  return sum(g, dims);
}

void gradient_conv(Gradient& ctx);
void gradient_conv_transpose(Gradient& ctx);
void gradient_conv_weight(Gradient& ctx);

const Op ops[] = {
    {"conv",
     "x: Tensor, weight: Tensor, bias: Tensor?, stride: int[], padding: int[], dilation: int[], "
     "groups: int, channels_last: bool -> Tensor",
     rule_conv, call_conv, gradient_conv, saves_input(0) | saves_input(1)},
    {"conv_transpose",
     "y: Tensor, weight: Tensor, bias: Tensor?, size: int[], stride: int[], padding: int[], "
     "dilation: int[], groups: int, channels_last: bool -> Tensor",
     rule_conv_transpose, call_conv_transpose, gradient_conv_transpose,
     saves_input(0) | saves_input(1)},
    {"conv_weight",
     "x: Tensor, y: Tensor, size: int[], stride: int[], padding: int[], dilation: int[], "
     "groups: int, channels_last: bool -> Tensor",
     rule_conv_weight, call_conv_weight, gradient_conv_weight, saves_input(0) | saves_input(1)},
};

// The three with the last five arguments of the op that is differentiated, from `first` on.
Tensor conv(Gradient& ctx, int first, const Tensor& x, const Tensor& w) {
  return call(ops[0], x, w, Value(), ctx.arg(first), ctx.arg(first + 1), ctx.arg(first + 2),
              ctx.arg(first + 3), ctx.arg(first + 4));
}
Tensor conv_transpose(Gradient& ctx, int first, const Tensor& y, const Tensor& w,
                      const Dims& size) {
  return call(ops[1], y, w, Value(), size, ctx.arg(first), ctx.arg(first + 1), ctx.arg(first + 2),
              ctx.arg(first + 3), ctx.arg(first + 4));
}
Tensor conv_weight(Gradient& ctx, int first, const Tensor& x, const Tensor& y, const Dims& size) {
  return call(ops[2], x, y, size, ctx.arg(first), ctx.arg(first + 1), ctx.arg(first + 2),
              ctx.arg(first + 3), ctx.arg(first + 4));
}

void gradient_conv(Gradient& ctx) {
  const Tensor &x = ctx.x(0), &w = ctx.x(1), g = ctx.g();
  const bool channels_last = ctx.arg(7).boolean();
  if (ctx.needs(0)) ctx.set(0, conv_transpose(ctx, 3, g, w, sizes(x.shape(), channels_last)));
  if (ctx.needs(1)) ctx.set(1, conv_weight(ctx, 3, x, g, sizes(w.shape(), false)));
  if (ctx.needs(2)) ctx.set(2, sum_to_bias(g, channels_last));
}
void gradient_conv_transpose(Gradient& ctx) {
  const Tensor &y = ctx.x(0), &w = ctx.x(1), g = ctx.g();
  if (ctx.needs(0)) ctx.set(0, conv(ctx, 4, g, w));
  if (ctx.needs(1)) ctx.set(1, conv_weight(ctx, 4, g, y, sizes(w.shape(), false)));
  if (ctx.needs(2)) ctx.set(2, sum_to_bias(g, ctx.arg(8).boolean()));
}
void gradient_conv_weight(Gradient& ctx) {
  const Tensor &x = ctx.x(0), &y = ctx.x(1), g = ctx.g();
  const bool channels_last = ctx.arg(7).boolean();
  if (ctx.needs(0)) ctx.set(0, conv_transpose(ctx, 3, y, g, sizes(x.shape(), channels_last)));
  if (ctx.needs(1)) ctx.set(1, conv(ctx, 3, x, g));
}

}  // namespace

OpSpan conv_ops() { return ops; }

}  // namespace cresset
