// SPDX-License-Identifier: MIT
#pragma once
#include "ops/op.h"

// Moving values between layouts and dtypes.
namespace cresset {

// Without recording: target = source, broadcast and cast.
void copy_into(const Tensor& target, const Tensor& source);
void fill(const Tensor& target, const Tensor& scalar);
// x itself where nothing is to be done.
Tensor contiguous_data(const Tensor& x);
Tensor cast_data(const Tensor& x, DType dtype);
inline Tensor data_in(DType dtype, const Tensor& x) { return contiguous_data(cast_data(x, dtype)); }
inline Tensor compute_data(const Tensor& x) { return data_in(compute_dtype(x.dtype()), x); }
// Runs make(y) on `out`, or on a tensor of the dtype that a kernel writes, which is then copied.
template <class Make>
void write_in(DType dtype, const Tensor& out, Make make) {
  if (dtype == out.dtype()) return make(out);
  const Tensor y = empty(out.shape(), dtype);
  make(y);
  copy_into(out, y);
}
template <class Make>
void in_compute_type(const Tensor& out, Make make) {
  write_in(compute_dtype(out.dtype()), out, make);
}
// Strides under which `x` is seen as `shape` without a copy; false if there are none.
bool view_strides(const Tensor& x, const Dims& shape, Dims* strides);

// Recorded.
Tensor cast(const Tensor& x, DType dtype);
Tensor contiguous(const Tensor& x);
Tensor clone(const Tensor& x);
Tensor copy_(const Tensor& target, const Tensor& source);
Tensor zeros(const Dims& shape, DType dtype);
Tensor full(const Dims& shape, double value, DType dtype);
Tensor zeros_like(const Tensor& x);

OpSpan copy_ops();
OpSpan create_ops();  // the first is `full`

}  // namespace cresset
