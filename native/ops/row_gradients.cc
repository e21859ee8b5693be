// SPDX-License-Identifier: MIT
#include "ops/math.h"
#include "ops/rows.h"

// Gradients that do not fit into a row of the .def files.
namespace cresset {

// d/dx of 0.5 x (1 + tanh(c (x + 0.044715 x^3))), c = sqrt(2 / pi).
Tensor gelu_tanh_gradient(const Tensor& x, const Tensor& g) {
  const double c = 0.79788456080286535588;
  const Tensor t = tanh(c * (x + 0.044715 * (x * x * x)));
  const Tensor inner = c * (1.0 + 0.134145 * (x * x));
  return g * (0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * inner);
}

// b a^(b - 1), and 0 where b is 0 (0 * 0^-1 would be NaN).
Tensor pow_gradient_base(const Tensor& a, const Tensor& b, const Tensor& g) {
  if (b.wrapped_number()) {  // b - 1 of a mere number would be a float32 tensor
    const double exponent = scalar_to_double(b);
    return exponent == 0 ? zeros_like(g) : g * (exponent * pow(a, exponent - 1.0));
  }
  return where(eq(b, 0.0), 0.0, g * (b * pow(a, b - 1.0)));
}

// y log(a), and 0 at 0^b for b >= 0.
Tensor pow_gradient_exponent(const Tensor& a, const Tensor& b, const Tensor& y, const Tensor& g) {
  return where(logical_and(eq(a, 0.0), ge(b, 0.0)), 0.0, g * (y * log(a)));
}

Tensor copysign_gradient(const Tensor& a, const Tensor& y, const Tensor& g) {
  return where(eq(a, 0.0), 0.0, g * (y / a));
}

// Products of the other elements: y / x where x is not zero; in a slice with one zero only that
// element has a gradient, the product of the rest; with more zeros none has.
Tensor prod_gradient(const Tensor& x, const Tensor& y, const Tensor& g, const Dims& dims) {
  const Tensor zero = eq(x, 0.0);
  const Tensor zeros_in_slice = sum(zero, dims, true);
  const Tensor rest = prod(where(zero, 1.0, x), dims, true);
  const Tensor lone_zero = logical_and(zero, eq(zeros_in_slice, 1.0));
  const Tensor ratio = where(zero, 0.0, y / where(zero, 1.0, x));
  return g * where(lone_zero, rest, ratio);
}

// amax, amin: elements equal to the result share the gradient; a NaN result equals the NaNs.
Tensor share_among_equal(const Tensor& x, const Tensor& y, const Tensor& g, const Dims& dims) {
  const Tensor hit = logical_or(eq(x, y), logical_and(isnan(x), isnan(y)));
  return where(hit, g / sum(hit, dims, true), 0.0);
}

}  // namespace cresset
