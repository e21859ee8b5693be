// SPDX-License-Identifier: MIT
#include "kernels/functors.h"
#include "kernels/table.h"

namespace cresset {
namespace {

enum class Rule { Float, Same, Number, Integral, Predicate };

template <class F, class T, class Y>
__attribute__((noinline)) void contiguous(int64_t n, void* y, const void* x) {
  Y* to = static_cast<Y*>(y);
  const T* from = static_cast<const T*>(x);
  for (; n >= kLanes<T>; n -= kLanes<T>, to += kLanes<T>, from += kLanes<T>) {
    put<T>(to, kLanes<T>, F::template of<T>(load(from)));
  }
  if (n > 0) put<T>(to, n, F::template of<T>(load_first(from, n)));
}

template <class F, class T, class Y>
void kernel(int64_t n, void* y, int64_t ys, const void* x, int64_t xs) {
  if (ys == 1 && xs == 1) {
    contiguous<F, T, Y>(n, y, x);
  } else {
    in_blocks<Item<Y>, Item<T>>(contiguous<F, T, Y>, n, y, ys, x, xs);
  }
}

template <class F, Rule rule, class T>
constexpr UnaryFn slot() {
  if constexpr (rule == Rule::Predicate) {
    return kernel<F, T, uint8_t>;
  } else if constexpr (rule == Rule::Float ? kIsInteger<T>
                                           : rule == Rule::Integral && !kIsInteger<T>) {
    return nullptr;
  } else {
    return kernel<F, T, T>;
  }
}

constexpr UnaryTable kTable = {{
#define UNARY(name, rule, ...)                                                       \
  {slot<unary::name, Rule::rule, int64_t>(), slot<unary::name, Rule::rule, float>(), \
   slot<unary::name, Rule::rule, double>()},
#include "ops/unary.def"
#undef UNARY
}};

}  // namespace
}  // namespace cresset

extern "C" const cresset::UnaryTable* KERNEL_EXPORT(unary)() noexcept { return &cresset::kTable; }
