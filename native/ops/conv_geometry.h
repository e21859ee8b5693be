// SPDX-License-Identifier: MIT
#pragma once
#include <algorithm>

#include "kernels/table.h"
#include "ops/copy.h"
#include "ops/math.h"
#include "ops/op.h"

// The shapes of a convolution and what its kernels are told of them.
namespace cresset {

inline constexpr int64_t kMaxStep = int64_t{1} << 31;  // products of two fit into int64

inline void check_steps(const char* op, const char* what, const Dims& values, int count,
                        int64_t least) {
  if (values.size() != count)
    fail(ErrorKind::Shape, "%s: %s: expected %d values, got %s", op, what, count,
         to_string(values).c_str());
  for (int64_t value : values)
    if (value < least || value > kMaxStep)
      fail(ErrorKind::Range, "%s: %s: expected integers from %lld to 2^31, got %s", op, what,
           static_cast<long long>(least), to_string(values).c_str());
}

// A convolution of x with w to y, each as [samples, channels, three dimensions].
struct ConvGeometry {
  const char* op;
  int spatial;
  bool channels_last;
  int64_t groups, samples = 0, in_channels = 0, out_channels = 0;
  Dims in, out, kernel, stride, before, after, dilation;  // three values each

  // `first` is the position of the stride among the arguments.
  ConvGeometry(const char* op, Args args, int first)
      : op(op), spatial(args[0].tensor().ndim() - 2), channels_last(args[first + 4].boolean()) {
    const Tensor& image = args[0].tensor();
    if (spatial < 1 || spatial > 3)
      fail(ErrorKind::Shape, "%s: expected an input of 3 to 5 dimensions, got shape %s", op,
           to_string(image.shape()).c_str());
    check_steps(op, "stride", args[first].dims(), spatial, 1);
    check_steps(op, "padding", args[first + 1].dims(), 2 * spatial, -kMaxStep);
    check_steps(op, "dilation", args[first + 2].dims(), spatial, 1);
    groups = args[first + 3].integer();
    if (groups < 1 || groups > kMaxStep)
      fail(ErrorKind::Range, "%s: groups: expected at least 1, got %lld", op,
           static_cast<long long>(groups));
    stride = in_three(args[first].dims(), 0, 1);
    before = in_three(args[first + 1].dims(), 0, 0);
    after = in_three(args[first + 1].dims(), spatial, 0);
    dilation = in_three(args[first + 2].dims(), 0, 1);
    samples = image.size(0);
  }

  Dims in_three(const Dims& list, int from, int64_t fill) const {
    Dims three = Dims::filled(3, fill);
    for (int i = 0; i < spatial; ++i) three[3 - spatial + i] = list[from + i];
    return three;
  }
  int channel_dim() const { return channels_last ? spatial + 1 : 1; }
  int first_dim() const { return channels_last ? 1 : 2; }
  Dims sizes_of(const Dims& image) const { return in_three(image, first_dim(), 1); }
  Dims image_shape(int64_t channels, const Dims& sizes) const {
    Dims shape = {samples};
    for (int i = 3 - spatial; i < 3; ++i) shape.push_back(sizes[i]);
    shape.insert(channel_dim(), channels);
    check_shape(op, shape);
    return shape;
  }
  Dims weight_shape() const {
    Dims shape = {out_channels, in_channels / groups};
    for (int i = 3 - spatial; i < 3; ++i) shape.push_back(kernel[i]);
    check_shape(op, shape);
    return shape;
  }

  void set_weight(const Dims& shape) {
    if (shape.size() != spatial + 2)
      fail(ErrorKind::Shape, "%s: expected a weight of %d dimensions, got shape %s", op,
           spatial + 2, to_string(shape).c_str());
    out_channels = shape[0];
    in_channels = shape[1] * groups;
    set_kernel(in_three(shape, 2, 1));
  }
  void set_kernel(const Dims& sizes) {
    kernel = sizes;
    for (int64_t size : kernel)
      if (size < 1 || size > kMaxStep)
        fail(ErrorKind::Shape, "%s: expected a kernel of sizes from 1 to 2^31, got %s", op,
             to_string(kernel).c_str());
  }
  void check_channels(const Dims& image, const char* what, int64_t expected) const {
    if (image[channel_dim()] != expected || out_channels % groups || in_channels % groups)
      fail(ErrorKind::Shape,
           "%s: %s of shape %s has %lld channels; a weight of shape %s in %lld groups expects "
           "%lld and a multiple of the groups",
           op, what, to_string(image).c_str(), static_cast<long long>(image[channel_dim()]),
           to_string(weight_shape()).c_str(), static_cast<long long>(groups),
           static_cast<long long>(expected));
  }
  void set_out() {
    out = in;
    for (int i = 0; i < 3; ++i) {
      const int64_t room = in[i] + before[i] + after[i] - dilation[i] * (kernel[i] - 1) - 1;
      if (room < 0)
        fail(ErrorKind::Shape,
             "%s: a kernel of %s, dilated to %lld, does not fit into an input of %s with padding "
             "%lld and %lld",
             op, to_string(kernel).c_str(),
             static_cast<long long>(dilation[i] * (kernel[i] - 1) + 1), to_string(in).c_str(),
             static_cast<long long>(before[i]), static_cast<long long>(after[i]));
      out[i] = room / stride[i] + 1;
    }
  }
  // Do the zeros around an image, for all that the kernel reaches over, outweigh it?
  bool mostly_padding() const {
    constexpr double kMost = 16;
    double padded = 1, inputs = 1, outputs = 1;
    for (int i = 0; i < 3; ++i) {
      const int64_t over =
          std::max({before[i], -before[i], after[i], -after[i], dilation[i] * (kernel[i] - 1)});
      padded *= static_cast<double>(std::max(in[i], out[i]) + over);
      inputs *= static_cast<double>(in[i]);
      outputs *= static_cast<double>(out[i]);
    }
    return padded > kMost * std::max(inputs, outputs);
  }
  void check_out(const Dims& image) const {
    if (sizes_of(image) != out)
      fail(ErrorKind::Shape, "%s: an input of sizes %s gives outputs of %s, got shape %s", op,
           to_string(in).c_str(), to_string(out).c_str(), to_string(image).c_str());
  }
};

// A tensor as the kernels take it: sample, channel and three dimensions.
struct ConvImage {
  Tensor x;
  int64_t strides[5] = {};

  ConvImage(const ConvGeometry& g, const Tensor& source, DType type) : x(cast_data(source, type)) {
    set_strides(g);
    const int last = g.channels_last ? x.ndim() - 2 : x.ndim() - 1;
    if (strides[1] == 1 || strides[4] == 1 || x.size(last) == 1) return;
    x = contiguous_data(x);
    set_strides(g);
  }
  // A copy, unless the last dimension is dense, that is: with the channels in front.
  void lay_in_rows(const ConvGeometry& g) {
    const int last = g.channels_last ? x.ndim() - 2 : x.ndim() - 1;
    if (strides[4] == 1 || x.size(last) == 1) return;
    if (!g.channels_last) {
      x = contiguous_data(x);
      return set_strides(g);
    }
    Dims order = {0, g.spatial + 1};
    for (int i = 0; i < g.spatial; ++i) order.push_back(1 + i);
    x = contiguous_data(permute(x, order));
    set_strides(g.spatial, 1, 2);
  }
  void set_strides(const ConvGeometry& g) {
    set_strides(g.spatial, g.channel_dim(), g.first_dim());
  }
  void set_strides(int spatial, int channel_dim, int first_dim) {
    strides[0] = x.strides()[0];
    strides[1] = x.strides()[channel_dim];
    for (int i = 0; i < spatial; ++i) strides[5 - spatial + i] = x.strides()[first_dim + i];
  }
};

// The inputs that each output of one dimension meets.
struct ConvTaps {
  PooledVector<int64_t> kernel, offset;  // position in the kernel, place of its input
  int64_t out;

  // Output j meets j * stride + offset.
  static ConvTaps forward(const ConvGeometry& g, int i) {
    ConvTaps taps;
    taps.out = g.out[i];
    for (int64_t k = 0; k < g.kernel[i]; ++k) taps.add(k, k * g.dilation[i] - g.before[i]);
    return taps;
  }
  // Of the transpose: outputs j * stride + phase meet j + offset.
  static ConvTaps backward(const ConvGeometry& g, int i, int64_t phase) {
    ConvTaps taps;
    const int64_t s = g.stride[i];
    taps.out = (g.in[i] - phase + s - 1) / s;
    for (int64_t k = 0; k < g.kernel[i]; ++k) {
      const int64_t place = phase + g.before[i] - k * g.dilation[i];
      if (place % s == 0) taps.add(k, place / s);
    }
    return taps;
  }
  void add(int64_t k, int64_t place) {
    kernel.push_back(k);
    offset.push_back(place);
  }
  int64_t count() const { return static_cast<int64_t>(kernel.size()); }
  ConvDim dim(int64_t in, int64_t step) const { return {out, in, step, count(), offset.data()}; }
};

}  // namespace cresset
