// SPDX-License-Identifier: MIT
#pragma once
#include "ops/op.h"

namespace cresset {

// The gradient of a whole tensor, or of what lies from `start` on along `dim`.
struct Part {
  Part() = default;
  Part(Tensor g, int dim = -1, int64_t start = 0) : g(std::move(g)), dim(dim), start(start) {}
  bool whole() const { return dim < 0; }

  Tensor g;
  int dim = -1;
  int64_t start = 0;
};
using Parts = PooledVector<Part>;

// What a gradient function reads and writes. Gradients given to `set` may have a broadcast shape
// or another float dtype: the engine sums and casts them to the argument's. An argument that gets
// none has gradient zero, as has the rest where a part is given.
class Gradient {
 public:
  virtual ~Gradient() = default;
  // A saved argument or output, as it was; error if the op's `saves` does not name it.
  virtual const Value& arg(int i) = 0;
  virtual Tensor output(int i = 0) = 0;
  // The gradient of an output; zeros if none arrived.
  virtual Tensor g(int i = 0) = 0;
  virtual bool has_g(int i) const = 0;
  // Shape and dtype of a tensor argument, saved or not.
  virtual const Dims& shape(int arg, int item = -1) const = 0;
  virtual DType dtype(int arg, int item = -1) const = 0;
  virtual bool needs(int arg, int item = -1) const = 0;
  virtual void set(int arg, Part gradient, int item = -1) = 0;
  // False when no graph of the gradient is asked for: fused backward kernels may be used.
  virtual bool differentiable() const = 0;

  const Tensor& x(int i = 0) { return arg(i).tensor(); }
};

}  // namespace cresset
