// SPDX-License-Identifier: MIT
#pragma once
#include "kernels/simd.h"

// Strides for elementwise kernels: each kernel has one contiguous loop; strided and broadcast
// operands pass through small blocks on the stack, so strides cost no further instantiations.
namespace cresset {
namespace {

// Lanes as signed integers of the same width: comparisons give them, bit operations need them.
template <class T>
struct BitsOf;
template <>
struct BitsOf<int64_t> {
  typedef int64_t type;
};
template <>
struct BitsOf<float> {
  typedef int32_t type;
};
template <>
struct BitsOf<double> {
  typedef int64_t type;
};
template <class T>
using Bits = Vec<typename BitsOf<T>::type>;
// One byte a lane.
template <class T>
struct BytesOf {
  typedef uint8_t type __attribute__((vector_size(kLanes<T>)));
};

constexpr int64_t kBlock = 256;

template <int kBytes>
struct ItemOf;
template <>
struct ItemOf<1> {
  typedef uint8_t type;
};
template <>
struct ItemOf<2> {
  typedef uint16_t type;
};
template <>
struct ItemOf<4> {
  typedef uint32_t type;
};
template <>
struct ItemOf<8> {
  typedef uint64_t type;
};
// The integer that carries a T through the strided paths.
template <class T>
using Item = typename ItemOf<sizeof(T)>::type;

template <class T>
__attribute__((noinline)) void gather(T* to, const T* from, int64_t stride, int64_t n) {
  for (int64_t i = 0; i < n; ++i) to[i] = from[i * stride];
}
template <class T>
__attribute__((noinline)) void scatter(T* to, int64_t stride, const T* from, int64_t n) {
  for (int64_t i = 0; i < n; ++i) to[i * stride] = from[i];
}

// Hands out an operand as contiguous blocks; a broadcast scalar (stride 0) is spread once.
template <class T>
struct BlockReader {
  const T* from;
  int64_t stride;
  T buffer[kBlock];

  BlockReader(const void* p, int64_t s, int64_t n) : from(static_cast<const T*>(p)), stride(s) {
    if (s == 0) gather(buffer, from, 0, n < kBlock ? n : kBlock);
  }
  const T* next(int64_t n) {
    const T* block = from;
    if (stride != 1) {
      if (stride != 0) gather(buffer, from, stride, n);
      block = buffer;
    }
    from += n * stride;
    return block;
  }
};

// Gives room for a block of results and moves it to its place.
template <class T>
struct BlockWriter {
  T* to;
  int64_t stride;
  T buffer[kBlock];

  BlockWriter(void* p, int64_t s) : to(static_cast<T*>(p)), stride(s) {}
  T* room() { return stride == 1 ? to : buffer; }
  void advance(int64_t n) {
    if (stride != 1) scatter(to, stride, buffer, n);
    to += n * stride;
  }
};

using Contiguous1 = void (*)(int64_t n, void* y, const void* x);
using Contiguous2 = void (*)(int64_t n, void* z, const void* a, const void* b);

template <class Y, class X>
__attribute__((noinline)) void in_blocks(Contiguous1 kernel, int64_t n, void* y, int64_t ys,
                                         const void* x, int64_t xs) {
  BlockReader<X> reader(x, xs, n);
  BlockWriter<Y> writer(y, ys);
  for (int64_t m; n > 0; n -= m) {
    m = n < kBlock ? n : kBlock;
    kernel(m, writer.room(), reader.next(m));
    writer.advance(m);
  }
}

template <class Z, class X>
__attribute__((noinline)) void in_blocks(Contiguous2 kernel, int64_t n, void* z, int64_t zs,
                                         const void* a, int64_t as, const void* b, int64_t bs) {
  BlockReader<X> left(a, as, n), right(b, bs, n);
  BlockWriter<Z> writer(z, zs);
  for (int64_t m; n > 0; n -= m) {
    m = n < kBlock ? n : kBlock;
    kernel(m, writer.room(), left.next(m), right.next(m));
    writer.advance(m);
  }
}

// Results: vectors of the operand's type, or a comparison's mask stored as uint8 0/1.
template <class T>
SIMD_INLINE void put(T* y, int64_t n, Vec<T> v) {
  store_first(y, n, v);
}
template <class T>
SIMD_INLINE void put(uint8_t* y, int64_t n, Bits<T> mask) {
  uint8_t bytes[kLanes<T>];
  const auto lanes = __builtin_convertvector(mask, typename BytesOf<T>::type) & 1;
  __builtin_memcpy(n >= kLanes<T> ? y : bytes, &lanes, sizeof lanes);
  for (int64_t i = 0; n < kLanes<T> && i < n; ++i) y[i] = bytes[i];
}

}  // namespace
}  // namespace cresset
