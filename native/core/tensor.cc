// SPDX-License-Identifier: MIT
#include "core/tensor.h"

#include <new>

#include "core/error.h"
#include "core/half.h"

namespace cresset {
namespace {

static_assert(sizeof(TensorImpl) % 8 == 0 && sizeof(TensorImpl) + sizeof(Storage) <= 384);

Tensor make_at(void* place, Ref<Storage> storage, const Dims& shape, const Dims& strides,
               int64_t offset, DType dtype) {
  auto* impl = new (place) TensorImpl;
  impl->dtype = dtype;
  impl->shape = shape;
  impl->strides = strides;
  impl->offset = offset;
  impl->count = numel(shape);
  impl->contiguous = is_contiguous(shape, strides);
  impl->storage = std::move(storage);
  return Tensor(Ref<TensorImpl>(impl));
}

Tensor make(Ref<Storage> storage, const Dims& shape, const Dims& strides, int64_t offset,
            DType dtype) {
  void* place = allocate(sizeof(TensorImpl));
  return make_at(place, std::move(storage), shape, strides, offset, dtype);
}

template <class T>
Tensor wrapped(T value, DType dtype) {
  Tensor x = empty({}, dtype);
  *x.data<T>() = value;
  x.impl()->wrapped_number = true;
  return x;
}

// First and last element offset that the view touches.
void extent(const Tensor& x, int64_t* low, int64_t* high) {
  *low = *high = x.offset();
  for (int i = 0; i < x.ndim(); ++i) {
    const int64_t span = (x.size(i) - 1) * x.strides()[i];
    (span < 0 ? *low : *high) += span;
  }
}

template <class To>
To read_scalar(const Tensor& x) {
  const void* p = x.bytes();
  switch (x.dtype()) {
    case DType::Bool:
    case DType::UInt8:
      return static_cast<To>(*static_cast<const uint8_t*>(p));
    case DType::Int8:
      return static_cast<To>(*static_cast<const int8_t*>(p));
    case DType::Int16:
      return static_cast<To>(*static_cast<const int16_t*>(p));
    case DType::Int32:
      return static_cast<To>(*static_cast<const int32_t*>(p));
    case DType::Int64:
      return static_cast<To>(*static_cast<const int64_t*>(p));
    case DType::Float16:
      return static_cast<To>(float16_to_float(*static_cast<const uint16_t*>(p)));
    case DType::BFloat16:
      return static_cast<To>(bfloat16_to_float(*static_cast<const uint16_t*>(p)));
    case DType::Float32:
      return static_cast<To>(*static_cast<const float*>(p));
    case DType::Float64:
      return static_cast<To>(*static_cast<const double*>(p));
  }
  return To{};
}

}  // namespace

void TensorImpl::destroy(TensorImpl* impl) noexcept {
  delete impl->autograd;
  const bool beside_storage = impl->beside_storage;
  impl->~TensorImpl();
  if (beside_storage) {
    Storage::leave(reinterpret_cast<Storage*>(impl + 1));
  } else {
    deallocate(impl, sizeof(TensorImpl));
  }
}

void Tensor::no_values() const {
  fail(ErrorKind::State,
       "a tensor of shape %s has no values: it was made while compile() recorded a function, and "
       "exists in that recording only",
       to_string(shape()).c_str());
}

Tensor empty(const Dims& shape, DType dtype) {
  check_shape("empty", shape);
  Ref<Storage> storage = Storage::create(numel(shape) * item_size(dtype), sizeof(TensorImpl));
  void* place = reinterpret_cast<TensorImpl*>(storage.get()) - 1;
  Tensor x = make_at(place, std::move(storage), shape, contiguous_strides(shape), 0, dtype);
  x.impl()->beside_storage = true;
  return x;
}

Tensor view_of(const Tensor& base, const Dims& shape, const Dims& strides, int64_t offset) {
  return make(base.impl()->storage, shape, strides, offset, base.dtype());
}

Tensor alias_of(const Tensor& x) {
  Tensor alias = view_of(x, x.shape(), x.strides(), x.offset());
  alias.impl()->wrapped_number = x.wrapped_number();
  return alias;
}

Tensor wrap_storage(Ref<Storage> storage, const Dims& shape, DType dtype) {
  return make(std::move(storage), shape, contiguous_strides(shape), 0, dtype);
}

Tensor wrapped_scalar(double value) { return wrapped(value, DType::Float64); }
Tensor wrapped_scalar(int64_t value) { return wrapped(value, DType::Int64); }
Tensor wrapped_scalar(bool value) { return wrapped(value, DType::Bool); }

double scalar_to_double(const Tensor& x) { return read_scalar<double>(x); }

int64_t scalar_to_int64(const Tensor& x) {
  if (!is_float(x.dtype())) return read_scalar<int64_t>(x);
  const double value = read_scalar<double>(x);
  if (!(value >= -0x1p63 && value < 0x1p63))
    fail(ErrorKind::Range, "expected a value in the range of int64, got %g", value);
  return static_cast<int64_t>(value);
}

bool may_overlap(const Tensor& a, const Tensor& b) {
  if (&a.storage() != &b.storage() || a.numel() == 0 || b.numel() == 0) return false;
  int64_t a_low, a_high, b_low, b_high;
  extent(a, &a_low, &a_high);
  extent(b, &b_low, &b_high);
  const int64_t a_item = item_size(a.dtype()), b_item = item_size(b.dtype());
  return a_low * a_item < (b_high + 1) * b_item && b_low * b_item < (a_high + 1) * a_item;
}

bool same_view(const Tensor& a, const Tensor& b) {
  return &a.storage() == &b.storage() && a.offset() == b.offset() && a.dtype() == b.dtype() &&
         a.shape() == b.shape() && a.strides() == b.strides();
}

}  // namespace cresset
