// SPDX-License-Identifier: MIT
#include <algorithm>

#include "core/types.h"

namespace cresset {

DType promote(DType a, DType b) {
  if (a == b) return a;
  if (category(a) != category(b)) return category(a) < category(b) ? b : a;
  if (category(a) == Category::Float) {
    // Neither half holds the other's values.
    if (item_size(a) == 2 && item_size(b) == 2) return DType::Float32;
    return std::max(a, b);
  }
  // uint8 with a signed type of the same size needs the next one.
  if (std::min(a, b) == DType::UInt8 && std::max(a, b) == DType::Int8) return DType::Int16;
  return std::max(a, b);
}

}  // namespace cresset
