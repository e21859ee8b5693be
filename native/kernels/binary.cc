// SPDX-License-Identifier: MIT
#include "kernels/functors.h"
#include "kernels/table.h"

namespace cresset {
namespace {

enum class Rule { Promote, Number, Division, Float, Integral, Compare, Logical };

template <class F, class T, class Z>
__attribute__((noinline)) void contiguous(int64_t n, void* z, const void* a, const void* b) {
  Z* to = static_cast<Z*>(z);
  const T* left = static_cast<const T*>(a);
  const T* right = static_cast<const T*>(b);
  constexpr int64_t kStep = kLanes<T>;
  for (; n >= kStep; n -= kStep, to += kStep, left += kStep, right += kStep) {
    put<T>(to, kStep, F::template of<T>(load(left), load(right)));
  }
  if (n > 0) put<T>(to, n, F::template of<T>(load_first(left, n), load_first(right, n)));
}

template <class F, class T, class Z>
void kernel(int64_t n, void* z, int64_t zs, const void* a, int64_t as, const void* b, int64_t bs) {
  if (zs == 1 && as == 1 && bs == 1) {
    contiguous<F, T, Z>(n, z, a, b);
  } else {
    in_blocks<Item<Z>, Item<T>>(contiguous<F, T, Z>, n, z, zs, a, as, b, bs);
  }
}

template <class F, Rule rule, class T>
constexpr BinaryFn slot() {
  if constexpr (rule == Rule::Compare || rule == Rule::Logical) {
    return kernel<F, T, uint8_t>;
  } else if constexpr (rule == Rule::Float ? kIsInteger<T>
                                           : rule == Rule::Integral && !kIsInteger<T>) {
    return nullptr;
  } else {
    return kernel<F, T, T>;
  }
}

constexpr BinaryTable kTable = {{
#define BINARY(name, rule, ...)                                                        \
  {slot<binary::name, Rule::rule, int64_t>(), slot<binary::name, Rule::rule, float>(), \
   slot<binary::name, Rule::rule, double>()},
#include "ops/binary.def"
#undef BINARY
                                },
                                {
#define FUSED(name) \
  {nullptr, slot<fused::name, Rule::Float, float>(), slot<fused::name, Rule::Float, double>()},
#include "ops/fused.def"
#undef FUSED
                                }};

}  // namespace
}  // namespace cresset

extern "C" const cresset::BinaryTable* KERNEL_EXPORT(binary)() noexcept { return &cresset::kTable; }
