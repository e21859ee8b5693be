// SPDX-License-Identifier: MIT
#include "ops/gradient.h"
#include "ops/math.h"

// Tensors put side by side.
namespace cresset {
namespace {

// PyTorch's oldest convention: an empty vector joins with anything.
bool skipped(const Tensor& x) { return x.ndim() == 1 && x.numel() == 0; }

const Tensors& some_tensors(const char* op, const Value& value) {
  if (value.tensors().empty())
    fail(ErrorKind::Shape, "%s: expected at least one tensor, got none", op);
  return value.tensors();
}

DType common_dtype(const Tensors& tensors) {
  DType dtype = tensors[0].dtype();
  for (const Tensor& t : tensors) dtype = promote(dtype, t.dtype());
  return dtype;
}

// The first tensor that counts gives the shape.
const Tensor& model(const Tensors& tensors) {
  for (const Tensor& t : tensors)
    if (!skipped(t)) return t;
  return tensors[0];
}

void rule_cat(Args args, Meta* out) {
  const Tensors& tensors = some_tensors("cat", args[0]);
  Dims shape = model(tensors).shape();
  if (shape.empty()) fail(ErrorKind::Shape, "cat: zero-dim tensors cannot be joined; use stack");
  const int dim = normalize_dim("cat", args[1].integer(), shape.size());
  shape[dim] = 0;
  for (size_t i = 0; i < tensors.size(); ++i) {
    const Tensor& t = tensors[i];
    if (skipped(t)) continue;
    bool fits = t.ndim() == shape.size();
    for (int d = 0; fits && d < t.ndim(); ++d) fits = d == dim || t.size(d) == shape[d];
    if (!fits)
      fail(ErrorKind::Shape,
           "cat: tensor %zu has shape %s, which differs from %s not only in dimension %d", i,
           to_string(t.shape()).c_str(), to_string(model(tensors).shape()).c_str(), dim);
    shape[dim] += t.size(dim);
    check_shape("cat", shape);
  }
  *out = Meta(common_dtype(tensors), shape);
}

void call_cat(Args args, Tensor* out) {
  const int dim = normalize_dim("cat", args[1].integer(), out->ndim());
  int64_t at = out->offset();
  for (const Tensor& t : args[0].tensors()) {
    if (skipped(t)) continue;
    copy_into(view_of(*out, t.shape(), out->strides(), at), t);
    at += t.size(dim) * out->strides()[dim];
  }
}

void gradient_cat(Gradient& ctx) {
  const Tensor g = ctx.g();
  const int dim = normalize_dim("cat", ctx.arg(1).integer(), g.ndim());
  for (int64_t i = 0, at = 0; at < g.size(dim); ++i) {
    const Dims& shape = ctx.shape(0, i);
    if (shape == Dims{0}) continue;
    if (ctx.needs(0, i)) ctx.set(0, slice(g, dim, at, at + shape[dim]), i);
    at += shape[dim];
  }
}

void rule_stack(Args args, Meta* out) {
  const Tensors& tensors = some_tensors("stack", args[0]);
  Dims shape = tensors[0].shape();
  for (size_t i = 0; i < tensors.size(); ++i)
    if (tensors[i].shape() != shape)
      fail(ErrorKind::Shape, "stack: tensor %zu has shape %s, expected %s as of tensor 0", i,
           to_string(tensors[i].shape()).c_str(), to_string(shape).c_str());
  shape.insert(normalize_dim("stack", args[1].integer(), shape.size() + 1), tensors.size());
  *out = Meta(common_dtype(tensors), shape);
}

void call_stack(Args args, Tensor* out) {
  const int dim = normalize_dim("stack", args[1].integer(), out->ndim());
  Dims strides = out->strides();
  const int64_t step = strides[dim];
  strides.erase(dim);
  int64_t i = 0;
  for (const Tensor& t : args[0].tensors())
    copy_into(view_of(*out, t.shape(), strides, i++ * step), t);
}

void gradient_stack(Gradient& ctx) {
  const Tensor g = ctx.g();
  const int dim = normalize_dim("stack", ctx.arg(1).integer(), g.ndim());
  for (int64_t i = 0; i < g.size(dim); ++i) {
    if (ctx.needs(0, i)) ctx.set(0, reshape(slice(g, dim, i, i + 1), ctx.shape(0, i)), i);
  }
}

const Op ops[] = {
    {.name = "cat",
     .signature = "tensors: Tensor[], dim: int -> Tensor",
     .rule = rule_cat,
     .call = call_cat,
     .gradient = gradient_cat,
     .any_rows = 1},
    {"stack", "tensors: Tensor[], dim: int -> Tensor", rule_stack, call_stack, gradient_stack},
};

}  // namespace

OpSpan join_ops() { return ops; }

Tensor cat(const Tensors& tensors, int dim) { return call(ops[0], tensors, dim); }

}  // namespace cresset
