// SPDX-License-Identifier: MIT
#pragma once
#include "core/shape.h"
#include "core/storage.h"
#include "core/types.h"

namespace cresset {

// What autograd hangs on a tensor; core only owns it.
struct AutogradState : Pooled {
  virtual ~AutogradState() = default;
};

struct TensorImpl {
  std::atomic<int32_t> refs{1};
  DType dtype;
  // A JavaScript number: it takes part in promotion by category only.
  bool wrapped_number = false;
  bool contiguous;
  // Made together with a storage: both lie in one block.
  bool beside_storage = false;
  int64_t offset = 0;
  int64_t count;
  Ref<Storage> storage;
  AutogradState* autograd = nullptr;
  // Last, so that the unused ends of these lists are the only memory not touched.
  Dims shape;
  Dims strides;  // in elements

  static void destroy(TensorImpl* impl) noexcept;
};

// A counted handle to a strided view of a storage. Shape and dtype never change.
class Tensor {
 public:
  Tensor() = default;
  explicit Tensor(Ref<TensorImpl> impl) : impl_(std::move(impl)) {}

  bool defined() const { return static_cast<bool>(impl_); }
  TensorImpl* impl() const { return impl_.get(); }
  TensorImpl* release() && { return impl_.release(); }
  bool same(const Tensor& other) const { return impl() == other.impl(); }

  DType dtype() const { return impl_->dtype; }
  const Dims& shape() const { return impl_->shape; }
  const Dims& strides() const { return impl_->strides; }
  int64_t offset() const { return impl_->offset; }
  int ndim() const { return impl_->shape.size(); }
  int64_t size(int dim) const { return impl_->shape[dim]; }
  int64_t numel() const { return impl_->count; }
  bool contiguous() const { return impl_->contiguous; }
  bool wrapped_number() const { return impl_->wrapped_number; }
  Storage& storage() const { return *impl_->storage; }
  uint32_t version() const { return storage().version.load(std::memory_order_relaxed); }
  void bump_version() const { storage().version.fetch_add(1, std::memory_order_relaxed); }

  char* bytes() const {
    if (!storage().data) [[unlikely]]
      no_values();
    return static_cast<char*>(storage().data) + impl_->offset * item_size(impl_->dtype);
  }
  template <class T>
  T* data() const {
    return reinterpret_cast<T*>(bytes());
  }

 private:
  [[noreturn]] void no_values() const;
  Ref<TensorImpl> impl_;
};

// Uninitialised memory.
Tensor empty(const Dims& shape, DType dtype);
// Another view of the same storage.
Tensor view_of(const Tensor& base, const Dims& shape, const Dims& strides, int64_t offset);
// The same view without autograd's state.
Tensor alias_of(const Tensor& x);
Tensor wrap_storage(Ref<Storage> storage, const Dims& shape, DType dtype);

// Zero-dim tensors that behave as JavaScript numbers in promotion.
Tensor wrapped_scalar(double value);
Tensor wrapped_scalar(int64_t value);
Tensor wrapped_scalar(bool value);

// The value of a one-element tensor.
double scalar_to_double(const Tensor& x);
int64_t scalar_to_int64(const Tensor& x);

// True if the two views may share a byte.
bool may_overlap(const Tensor& a, const Tensor& b);
bool same_view(const Tensor& a, const Tensor& b);

}  // namespace cresset
