// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string>

namespace cresset {

inline constexpr int kMaxDims = 16;

// A short list of int64 without allocation: shapes, strides, dimension lists.
class Dims {
 public:
  Dims() = default;
  Dims(std::initializer_list<int64_t> values) {
    for (int64_t v : values) push_back(v);
  }
  Dims(const Dims& other) { assign(other); }
  Dims& operator=(const Dims& other) {
    assign(other);
    return *this;
  }
  static Dims filled(int n, int64_t value);

  int size() const { return size_; }
  bool empty() const { return size_ == 0; }
  int64_t& operator[](int i) { return values_[i]; }
  int64_t operator[](int i) const { return values_[i]; }
  int64_t& back() { return values_[size_ - 1]; }
  int64_t back() const { return values_[size_ - 1]; }
  int64_t* begin() { return values_; }
  int64_t* end() { return values_ + size_; }
  const int64_t* begin() const { return values_; }
  const int64_t* end() const { return values_ + size_; }

  void push_back(int64_t value);  // ShapeError beyond kMaxDims
  void insert(int at, int64_t value);
  void erase(int at);
  bool operator==(const Dims& other) const {
    return size_ == other.size_ &&
           std::memcmp(values_, other.values_, size_ * sizeof(int64_t)) == 0;
  }
  bool contains(int64_t value) const;

 private:
  void assign(const Dims& other) {
    size_ = other.size_;
    for (int i = 0; i < size_; ++i) values_[i] = other.values_[i];
  }
  int size_ = 0;
  int64_t values_[kMaxDims];
};

std::string to_string(const Dims& dims);  // "[2, 3]"

// ShapeError for a negative size or more than 2^53 elements.
void check_shape(const char* op, const Dims& shape);
int64_t numel(const Dims& shape);
Dims contiguous_strides(const Dims& shape);
bool is_contiguous(const Dims& shape, const Dims& strides);

// NumPy's rule; ShapeError names the op and both shapes.
Dims broadcast_shapes(const char* op, const Dims& a, const Dims& b);
// Strides of `shape` seen as `to` (stride 0 where broadcast); `shape` must broadcast to `to`.
Dims broadcast_strides(const Dims& shape, const Dims& strides, const Dims& to);
bool broadcasts_to(const Dims& shape, const Dims& to);

// -ndim <= dim < ndim (a zero-dim tensor counts as one dimension), result in [0, ndim).
int normalize_dim(const char* op, int64_t dim, int ndim);
// Each normalised, ascending, duplicates refused; an empty list means all dimensions.
Dims normalize_dims(const char* op, const Dims& dims, int ndim);

}  // namespace cresset
