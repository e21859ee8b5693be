// SPDX-License-Identifier: MIT
#include "kernels/brain_half.h"
#include "kernels/elementwise.h"
#include "kernels/simd_transpose.h"
#include "kernels/table.h"

namespace cresset {
namespace {

// How each dtype lies in memory. Halves are bits; they compute as float.
struct Half {
  uint16_t bits;
};
struct Boolean {
  uint8_t bits;
};
template <DType>
struct StorageOf;
#define STORAGE(dtype, T)          \
  template <>                      \
  struct StorageOf<DType::dtype> { \
    typedef T type;                \
  };
STORAGE(Bool, Boolean)
STORAGE(UInt8, uint8_t)
STORAGE(Int8, int8_t)
STORAGE(Int16, int16_t)
STORAGE(Int32, int32_t)
STORAGE(Int64, int64_t)
STORAGE(Float16, Half)
STORAGE(BFloat16, BrainHalf)
STORAGE(Float32, float)
STORAGE(Float64, double)
#undef STORAGE

SIMD_INLINE float float_of_bits(uint32_t bits) { return __builtin_bit_cast(float, bits); }
SIMD_INLINE uint32_t bits_of_float(float x) { return __builtin_bit_cast(uint32_t, x); }

// What a stored value is to arithmetic: an integer or a float.
template <class T>
SIMD_INLINE T value(T x) {
  return x;
}
SIMD_INLINE uint8_t value(Boolean x) { return x.bits; }
// The bits moved to float's places and scaled by 2^112, which also normalises denormals; infinity
// and NaN (exponent 31) get float's largest exponent.
SIMD_INLINE float value(Half x) {
  const uint32_t magnitude = (x.bits & 0x7fffu) << 13;
  const uint32_t special = magnitude >= 0x7c00u << 13 ? 0x7f800000u : 0;
  const uint32_t bits = bits_of_float(float_of_bits(magnitude) * 0x1p112f) | special;
  return float_of_bits(bits | static_cast<uint32_t>(x.bits & 0x8000u) << 16);
}

// Normal results round in the integer bits; for denormal ones, adding 0.5 lines the last bit up
// with 2^-24 and the addition rounds.
SIMD_INLINE Half to_half(float x) {
  const int32_t bits = static_cast<int32_t>(bits_of_float(x)), magnitude = bits & 0x7fffffff;
  const int32_t normal = (magnitude + 0xfff + (magnitude >> 13 & 1) - (112 << 23)) >> 13;
  const float shifted = float_of_bits(magnitude) + 0.5f;
  const int32_t denormal = static_cast<int32_t>(bits_of_float(shifted)) - 0x3f000000;
  const int32_t nan = 0x7e00 | (magnitude >> 13 & 0x3ff);
  int32_t half = magnitude < 113 << 23 ? denormal : normal;
  half = magnitude >= 0x477ff000 ? 0x7c00 : half;
  half = magnitude > 0x7f800000 ? nan : half;
  return {static_cast<uint16_t>(half | (bits >> 16 & 0x8000))};
}
// Truncates; saturates at the ends and makes NaN 0 (PyTorch leaves both undefined). Narrower
// integers then keep the low bits, as from int64.
template <class T>
SIMD_INLINE int64_t to_integer(T x) {
  if (x >= T(0x1p63)) return INT64_MAX;
  if (x >= T(-0x1p63)) return static_cast<int64_t>(x);
  return x != x ? 0 : INT64_MIN;
}
template <class T>
constexpr bool kIsFloat = false;
template <>
constexpr bool kIsFloat<float> = true;
template <>
constexpr bool kIsFloat<double> = true;

template <class To>
struct Convert {
  template <class V>
  SIMD_INLINE static To from(V x) {
    if constexpr (kIsFloat<V> && !kIsFloat<To>) {
      return static_cast<To>(to_integer(x));
    } else {
      return static_cast<To>(x);
    }
  }
};
template <>
struct Convert<Boolean> {
  template <class V>
  SIMD_INLINE static Boolean from(V x) {
    return {x != V(0)};
  }
};
template <>
struct Convert<Half> {
  template <class V>
  SIMD_INLINE static Half from(V x) {
    return to_half(static_cast<float>(x));
  }
};
template <>
struct Convert<BrainHalf> {
  template <class V>
  SIMD_INLINE static BrainHalf from(V x) {
    return to_brain_half(static_cast<float>(x));
  }
};

template <class To, class From>
__attribute__((noinline)) void contiguous(int64_t n, void* y, const void* x) {
  To* to = static_cast<To*>(y);
  const From* from = static_cast<const From*>(x);
  for (int64_t i = 0; i < n; ++i) to[i] = Convert<To>::from(value(from[i]));
}

// Same type: a copy, whatever the bits.
template <class T>
void copy(int64_t n, void* y, const void* x) {
  if (y != x) __builtin_memmove(y, x, n * sizeof(T));
}

template <DType from, DType to>
void cast(int64_t n, void* y, int64_t ys, const void* x, int64_t xs) {
  typedef typename StorageOf<from>::type From;
  typedef typename StorageOf<to>::type To;
  constexpr Contiguous1 kKernel = from == to ? copy<Item<To>> : contiguous<To, From>;
  if (ys == 1 && xs == 1) {
    kKernel(n, y, x);
  } else {
    in_blocks<Item<To>, Item<From>>(kKernel, n, y, ys, x, xs);
  }
}

template <class T>
void where(int64_t n, void* y, const uint8_t* c, int64_t cs, const void* a, int64_t as,
           const void* b, int64_t bs) {
  BlockReader<uint8_t> conditions(c, cs, n);
  BlockReader<T> left(a, as, n), right(b, bs, n);
  T* to = static_cast<T*>(y);
  for (int64_t m; n > 0; n -= m, to += m) {
    m = n < kBlock ? n : kBlock;
    const uint8_t* condition = conditions.next(m);
    const T* chosen = left.next(m);
    const T* other = right.next(m);
    for (int64_t i = 0; i < m; ++i) to[i] = condition[i] ? chosen[i] : other[i];
  }
}

template <class T>
SIMD_INLINE void transpose_items(int64_t rows, int64_t cols, T* y, int64_t ys, const T* x,
                                 int64_t xs) {
  for (int64_t c = 0; c < cols; ++c)
    for (int64_t r = 0; r < rows; ++r) y[c * ys + r] = x[r * xs + c];
}
constexpr int kLineBytes = 64;
SIMD_INLINE bool is_aligned(const void* p) {
  return reinterpret_cast<uintptr_t>(p) % kVectorBytes == 0;
}

void move(int64_t bytes, void* y, const void* x) {
  auto* to = static_cast<uint8_t*>(y);
  const auto* from = static_cast<const uint8_t*>(x);
  for (; bytes > 0 && !is_aligned(to); --bytes) *to++ = *from++;
  for (; bytes >= kVectorBytes; bytes -= kVectorBytes, to += kVectorBytes, from += kVectorBytes)
    store_past_caches(to, load(from));
  while (bytes-- > 0) *to++ = *from++;
}

// Whole cache lines on both sides: squares of vectors, or of items where there is no such vector.
template <class T>
void transpose(int64_t rows, int64_t cols, void* y, int64_t ys, const void* x, int64_t xs,
               bool past_caches) {
  constexpr int64_t kSquare = sizeof(T) < 4 ? 32 : kLanes<T>;
  const bool streams = past_caches && kVectorBytes == kLineBytes && is_aligned(y) &&
                       ys * static_cast<int64_t>(sizeof(T)) % kLineBytes == 0;
  for (int64_t c = 0; c < cols; c += kSquare) {
    for (int64_t r = 0; r < rows; r += kSquare) {
      T* const to = static_cast<T*>(y) + c * ys + r;
      const T* const from = static_cast<const T*>(x) + r * xs + c;
      const int64_t height = rows - r < kSquare ? rows - r : kSquare;
      const int64_t width = cols - c < kSquare ? cols - c : kSquare;
      if constexpr (sizeof(T) >= 4) {
        if (height == kSquare && width == kSquare) {
          Vec<T> square[kSquare];
          for (int i = 0; i < kSquare; ++i) {
            square[i] = load(from + i * xs);
            if (streams) __builtin_prefetch(from + i * xs + 2 * kSquare, 0, 2);
          }
          transpose<T>(square);
          for (int i = 0; i < kSquare; ++i)
            streams ? store_past_caches(to + i * ys, square[i]) : store(to + i * ys, square[i]);
          continue;
        }
      }
      transpose_items(height, width, to, ys, from, xs);
    }
  }
}

template <DType from>
constexpr void fill_row(CastFn* row) {
#define X(Name, ...) *row++ = cast<from, DType::Name>;
  CRESSET_DTYPES(X)
#undef X
}
constexpr CastTable make_table() {
  CastTable table = {{},
                     {where<uint8_t>, where<uint16_t>, where<uint32_t>, where<uint64_t>},
                     {transpose<uint8_t>, transpose<uint16_t>, transpose<float>, transpose<double>},
                     move};
  int from = 0;
#define X(Name, ...) fill_row<DType::Name>(table.fn[from++]);
  CRESSET_DTYPES(X)
#undef X
  return table;
}
constexpr CastTable kTable = make_table();

}  // namespace
}  // namespace cresset

extern "C" const cresset::CastTable* KERNEL_EXPORT(cast)() noexcept { return &cresset::kTable; }
