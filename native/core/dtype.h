// SPDX-License-Identifier: MIT
#pragma once
#include <stdint.h>

namespace cresset {

// name | bytes | category. The order is that of `kDTypeInfo` and of the cast tables.
#define CRESSET_DTYPES(X)         \
  X(Bool, bool, 1, Bool)          \
  X(UInt8, uint8, 1, Int)         \
  X(Int8, int8, 1, Int)           \
  X(Int16, int16, 2, Int)         \
  X(Int32, int32, 4, Int)         \
  X(Int64, int64, 8, Int)         \
  X(Float16, float16, 2, Float)   \
  X(BFloat16, bfloat16, 2, Float) \
  X(Float32, float32, 4, Float)   \
  X(Float64, float64, 8, Float)

enum class DType : uint8_t {
#define X(Name, name, bytes, category) Name,
  CRESSET_DTYPES(X)
#undef X
};
inline constexpr int kDTypeCount = 10;

// Arithmetic runs in three types; every other dtype is converted to one of them tile by tile
// (integers wrap correctly when the 64-bit result is truncated; halves round once per op).
enum class ComputeType : uint8_t { Int64, Float32, Float64 };
inline constexpr int kComputeTypeCount = 3;

enum class Category : uint8_t { Bool, Int, Float };

struct DTypeInfo {
  const char* name;
  uint8_t bytes;
  Category category;
};

inline constexpr DTypeInfo kDTypeInfo[] = {
#define X(Name, name, bytes, category) {#name, bytes, Category::category},
    CRESSET_DTYPES(X)
#undef X
};

}  // namespace cresset
