// SPDX-License-Identifier: MIT
#pragma once
#include "core/dtype.h"

// The questions `ops` and `binding` ask of a dtype; kernels need only the enum.
namespace cresset {

inline const DTypeInfo& info(DType t) { return kDTypeInfo[static_cast<int>(t)]; }
inline int item_size(DType t) { return info(t).bytes; }
inline const char* name(DType t) { return info(t).name; }
inline Category category(DType t) { return info(t).category; }
inline bool is_float(DType t) { return category(t) == Category::Float; }

// The type its arithmetic runs in, and that type as a dtype.
inline ComputeType compute_type(DType t) {
  if (!is_float(t)) return ComputeType::Int64;
  return t == DType::Float64 ? ComputeType::Float64 : ComputeType::Float32;
}
inline DType compute_dtype(DType t) {
  constexpr DType of[] = {DType::Int64, DType::Float32, DType::Float64};
  return of[static_cast<int>(compute_type(t))];
}
inline constexpr DType kDefaultFloat = DType::Float32;
inline DType to_float(DType t) { return is_float(t) ? t : kDefaultFloat; }

// PyTorch's promotion of two tensors' dtypes.
DType promote(DType a, DType b);

}  // namespace cresset
