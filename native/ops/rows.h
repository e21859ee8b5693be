// SPDX-License-Identifier: MIT
#pragma once
#include "kernels/table.h"
#include "ops/op.h"

// The vocabulary of the .def rows.
namespace cresset {

// "Not differentiable" and "no fused backward".
struct None {};
inline constexpr None none;

namespace fused {
inline constexpr int none = -1;
#define FUSED(name) inline constexpr int name = static_cast<int>(FusedOp::name);
#include "ops/fused.def"
#undef FUSED
}  // namespace fused

namespace saves {
inline constexpr Saves None = kSaveNothing;
inline constexpr Saves X = saves_input(0), Y = saves_output(0), XY = X | Y;
inline constexpr Saves A = X, B = saves_input(1), AB = A | B, AY = A | Y, ABY = AB | Y;
}  // namespace saves

// Gradients too long for a row (ops/row_gradients.cc).
Tensor gelu_tanh_gradient(const Tensor& x, const Tensor& g);
Tensor pow_gradient_base(const Tensor& a, const Tensor& b, const Tensor& g);
Tensor pow_gradient_exponent(const Tensor& a, const Tensor& b, const Tensor& y, const Tensor& g);
Tensor copysign_gradient(const Tensor& a, const Tensor& y, const Tensor& g);
Tensor prod_gradient(const Tensor& x, const Tensor& y, const Tensor& g, const Dims& dims);
Tensor share_among_equal(const Tensor& x, const Tensor& y, const Tensor& g, const Dims& dims);

}  // namespace cresset
