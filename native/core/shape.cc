// SPDX-License-Identifier: MIT
#include "core/shape.h"

#include <algorithm>

#include "core/error.h"

namespace cresset {

Dims Dims::filled(int n, int64_t value) {
  Dims dims;
  for (int i = 0; i < n; ++i) dims.push_back(value);
  return dims;
}

void Dims::push_back(int64_t value) {
  if (size_ == kMaxDims) fail(ErrorKind::Shape, "a tensor has at most %d dimensions", kMaxDims);
  values_[size_++] = value;
}

void Dims::insert(int at, int64_t value) {
  push_back(value);
  std::rotate(begin() + at, end() - 1, end());
}

void Dims::erase(int at) {
  std::copy(begin() + at + 1, end(), begin() + at);
  --size_;
}

bool Dims::contains(int64_t value) const { return std::find(begin(), end(), value) != end(); }

std::string to_string(const Dims& dims) {
  std::string text = "[";
  for (int i = 0; i < dims.size(); ++i) {
    if (i) text += ", ";
    text += std::to_string(dims[i]);
  }
  return text + "]";
}

void check_shape(const char* op, const Dims& shape) {
  // The product of the non-zero sizes must fit too: strides are made of it.
  int64_t n = 1;
  for (int64_t size : shape) {
    if (size < 0)
      fail(ErrorKind::Shape, "%s: negative size %lld in shape %s", op, static_cast<long long>(size),
           to_string(shape).c_str());
    if (size && (__builtin_mul_overflow(n, size, &n) || n > (int64_t{1} << 53)))
      fail(ErrorKind::Shape, "%s: shape %s has more than 2^53 elements", op,
           to_string(shape).c_str());
  }
}

int64_t numel(const Dims& shape) {
  int64_t n = 1;
  for (int64_t size : shape) n *= size;
  return n;
}

Dims contiguous_strides(const Dims& shape) {
  Dims strides = shape;
  int64_t stride = 1;
  for (int i = shape.size() - 1; i >= 0; --i) {
    strides[i] = stride;
    stride *= std::max<int64_t>(shape[i], 1);
  }
  return strides;
}

bool is_contiguous(const Dims& shape, const Dims& strides) {
  int64_t stride = 1;
  for (int i = shape.size() - 1; i >= 0; --i) {
    if (shape[i] == 0) return true;
    if (shape[i] != 1 && strides[i] != stride) return false;
    stride *= shape[i];
  }
  return true;
}

Dims broadcast_shapes(const char* op, const Dims& a, const Dims& b) {
  const Dims& longer = a.size() >= b.size() ? a : b;
  const Dims& shorter = a.size() >= b.size() ? b : a;
  Dims out = longer;
  const int shift = longer.size() - shorter.size();
  for (int i = 0; i < shorter.size(); ++i) {
    const int64_t x = longer[i + shift], y = shorter[i];
    if (x != y && x != 1 && y != 1)
      fail(ErrorKind::Shape,
           "%s: shapes %s and %s cannot be broadcast together (dimension %d: %lld and %lld)", op,
           to_string(a).c_str(), to_string(b).c_str(), i + shift, static_cast<long long>(x),
           static_cast<long long>(y));
    if (x == 1) out[i + shift] = y;
  }
  return out;
}

Dims broadcast_strides(const Dims& shape, const Dims& strides, const Dims& to) {
  Dims out = Dims::filled(to.size(), 0);
  const int shift = to.size() - shape.size();
  for (int i = 0; i < shape.size(); ++i)
    if (shape[i] == to[i + shift]) out[i + shift] = strides[i];
  return out;
}

bool broadcasts_to(const Dims& shape, const Dims& to) {
  const int shift = to.size() - shape.size();
  if (shift < 0) return false;
  for (int i = 0; i < shape.size(); ++i)
    if (shape[i] != 1 && shape[i] != to[i + shift]) return false;
  return true;
}

int normalize_dim(const char* op, int64_t dim, int ndim) {
  const int n = std::max(ndim, 1);
  if (dim < -n || dim >= n)
    fail(ErrorKind::Range, "%s: dim %lld is out of range for %d dimension%s (expected %d to %d)",
         op, static_cast<long long>(dim), ndim, ndim == 1 ? "" : "s", -n, n - 1);
  return static_cast<int>(dim < 0 ? dim + n : dim);
}

Dims normalize_dims(const char* op, const Dims& dims, int ndim) {
  Dims out;
  if (dims.empty()) {
    for (int i = 0; i < ndim; ++i) out.push_back(i);
    return out;
  }
  for (int64_t dim : dims) {
    const int d = normalize_dim(op, dim, ndim);
    if (out.contains(d))
      fail(ErrorKind::Range, "%s: dim %d appears twice in %s", op, d, to_string(dims).c_str());
    if (ndim > 0) out.push_back(d);  // a zero-dim tensor has nothing to reduce
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace cresset
