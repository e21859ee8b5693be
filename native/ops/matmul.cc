// SPDX-License-Identifier: MIT
#include <algorithm>

#include "core/parallel.h"
#include "ops/elementwise.h"
#include "ops/gradient.h"
#include "ops/math.h"
#include "ops/scratch.h"

// Matrix products. Transposed and sliced operands go to the kernel as they are; only layouts
// without a unit stride are copied.
namespace cresset {
namespace {

void check_same_dtype(const char* op, const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype())
    fail(ErrorKind::DType, "%s: expected both matrices of one dtype, got %s and %s", op,
         name(a.dtype()), name(b.dtype()));
}

// A stack of matrices as the kernel takes it.
struct Matrices {
  Tensor x;
  bool transposed;
  int64_t ld;

  Matrices(const Tensor& source, DType type) : x(cast_data(source, type)) {
    if (!try_layout()) {
      x = contiguous_data(x);
      try_layout();
    }
  }

  bool try_layout() {
    const int n = x.ndim();
    const int64_t rows = x.size(n - 2), cols = x.size(n - 1);
    const int64_t row_stride = x.strides()[n - 2], col_stride = x.strides()[n - 1];
    if ((col_stride == 1 || cols <= 1) && (row_stride >= cols || rows <= 1)) {
      transposed = false;
      ld = std::max(rows > 1 ? row_stride : cols, int64_t{1});
      return true;
    }
    if ((row_stride == 1 || rows <= 1) && (col_stride >= rows || cols <= 1)) {
      transposed = true;
      ld = std::max(cols > 1 ? col_stride : rows, int64_t{1});
      return true;
    }
    return false;
  }
};

// Products over the batch dimensions of `c`, each matrix found by its own batch strides.
struct Batch {
  GemmArgs base;
  void (*gemm)(const GemmArgs&);
  Dims shape, stride_a, stride_b;
  int64_t item, count, groups, scratch_bytes;
  const char *a, *b, *residual;
  char *c, *scratch;

  void run(int64_t group) const {
    for (int64_t i = count * group / groups; i < count * (group + 1) / groups; ++i) {
      int64_t offset_a = 0, offset_b = 0, rest = i;
      for (int d = shape.size() - 1; d >= 0; --d) {
        offset_a += rest % shape[d] * stride_a[d];
        offset_b += rest % shape[d] * stride_b[d];
        rest /= shape[d];
      }
      GemmArgs args = base;
      args.a = a + offset_a * item;
      args.b = b + offset_b * item;
      args.c = c + i * base.m * base.n * item;
      if (residual) args.residual = residual + i * base.m * base.n * item;
      args.scratch = scratch + group * scratch_bytes;
      gemm(args);
    }
  }
};

Dims batch_strides(const Tensor& x, const Dims& batch) {
  Dims shape, strides;
  for (int i = 0; i < x.ndim() - 2; ++i) {
    shape.push_back(x.size(i));
    strides.push_back(x.strides()[i]);
  }
  return broadcast_strides(shape, strides, batch);
}

// The kernel for matrices of `dtype`, or for their values converted to the compute type.
struct Product {
  DType dtype;     // of the matrices
  DType sum_type;  // of sums and bias
  void (*gemm)(const GemmArgs&);
  int64_t (*scratch)(int64_t m, int64_t n, int64_t k, int64_t slots);
};
Product product_of(DType dtype) {
  const DType type = compute_dtype(dtype);
  if (const GemmBf16Table* const table = kernels().gemm_bf16; table && dtype == DType::BFloat16)
    return {dtype, type, table->gemm, table->scratch};
  const GemmTable& table = *kernels().gemm;
  const int at = static_cast<int>(compute_type(dtype));
  return {type, type, table.gemm[at], table.scratch[at]};
}

// What is done to a product before it is stored, in this order.
struct Epilogue {
  Tensor bias = {}, residual = {};  // undefined: none; the residual is as large as the product
  bool relu = false;
};

// c = a b, then the epilogue, with its bias as the kernel takes it; c contiguous.
void multiply(const Product& product, const Tensor& c, const Matrices& a, const Matrices& b,
              const Epilogue& epilogue) {
  Batch batch;
  const int n = c.ndim();
  for (int i = 0; i < n - 2; ++i) batch.shape.push_back(c.size(i));
  batch.count = numel(batch.shape);
  batch.base = {c.size(n - 2), c.size(n - 1), a.x.size(a.x.ndim() - 1),
                nullptr,       a.ld,          a.transposed,
                nullptr,       b.ld,          b.transposed,
                nullptr,       c.size(n - 1), false,
                nullptr,       epilogue.relu, nullptr};
  if (epilogue.bias.defined()) batch.base.bias = epilogue.bias.bytes();
  batch.residual = epilogue.residual.defined() ? epilogue.residual.bytes() : nullptr;
  if (c.numel() == 0) return;
  batch.gemm = product.gemm;
  batch.stride_a = batch_strides(a.x, batch.shape);
  batch.stride_b = batch_strides(b.x, batch.shape);
  batch.item = item_size(c.dtype());
  batch.groups = std::min<int64_t>(batch.count, 16);
  if (batch.groups == 1) batch.base.slots = scratch_slots();  // else each runs in one thread
  const GemmArgs& one = batch.base;
  batch.scratch_bytes = (product.scratch(one.m, one.n, one.k, one.slots) + 63) & ~int64_t{63};
  const Tensor memory = scratch(batch.groups * batch.scratch_bytes);
  batch.scratch = memory.bytes();
  batch.a = a.x.bytes();
  batch.b = b.x.bytes();
  batch.c = c.bytes();
  if (batch.groups == 1) return batch.run(0);  // the kernel splits its own work
  parallel_for(
      batch.groups, 1,
      [](void* ctx, int64_t begin, int64_t end) {
        for (int64_t g = begin; g < end; ++g) static_cast<const Batch*>(ctx)->run(g);
      },
      &batch);
}

void matrix_product(const Tensor& out, const Tensor& a, const Tensor& b, Epilogue epilogue = {}) {
  const Product product = product_of(out.dtype());
  const bool direct = product.dtype == out.dtype();
  const Tensor c = direct ? out : empty(out.shape(), product.dtype);
  if (epilogue.bias.defined())
    epilogue.bias = contiguous_data(cast_data(epilogue.bias, product.sum_type));
  multiply(product, c, Matrices(a, product.dtype), Matrices(b, product.dtype), epilogue);
  if (!direct) copy_into(out, c);
}

// [..., n] as [rows, n].
Dims rows_shape(const Dims& shape) {
  int64_t rows = 1;
  for (int i = 0; i < shape.size() - 1; ++i) rows *= shape[i];
  return {rows, shape.back()};
}
Tensor flat_rows(const Tensor& x) { return reshape(x, rows_shape(x.shape())); }
Tensor flat_view(const Tensor& x) {
  const Dims shape = rows_shape(x.shape());
  return view_of(x, shape, contiguous_strides(shape), x.offset());
}
Tensor swapped(const Tensor& x) { return transpose(x, -2, -1); }

void rule_matmul(Args args, Meta* out) {
  const Tensor &a = args[0].tensor(), &b = args[1].tensor();
  check_same_dtype("matmul", a, b);
  const int na = a.ndim(), nb = b.ndim();
  if (na < 2 || nb < 2 || a.size(na - 1) != b.size(nb - 2))
    fail(ErrorKind::Shape, "matmul: matrices of shapes %s and %s cannot be multiplied",
         to_string(a.shape()).c_str(), to_string(b.shape()).c_str());
  Dims batch_a = a.shape(), batch_b = b.shape();
  for (int i = 0; i < 2; ++i) {
    batch_a.erase(batch_a.size() - 1);
    batch_b.erase(batch_b.size() - 1);
  }
  Dims shape = broadcast_shapes("matmul", batch_a, batch_b);
  shape.push_back(a.size(na - 2));
  shape.push_back(b.size(nb - 1));
  *out = Meta(a.dtype(), shape);
}

void multiply_matrices(Args args, const Tensor& out, const Epilogue& epilogue) {
  const Tensor &a = args[0].tensor(), &b = args[1].tensor();
  // One matrix on the right: the batch of a becomes more rows.
  if (b.ndim() == 2 && a.ndim() > 2 && a.contiguous())
    return matrix_product(flat_view(out), flat_view(a), b, epilogue);
  matrix_product(out, a, b, epilogue);
}
void call_matmul(Args args, Tensor* out) { multiply_matrices(args, *out, {}); }
void call_matmul_add(Args args, Tensor* out) {
  multiply_matrices(args, *out, {.residual = args[2].tensor()});
}

void gradient_matmul(Gradient& ctx) {
  const Tensor &a = ctx.x(0), &b = ctx.x(1), g = ctx.g();
  if (ctx.needs(0)) ctx.set(0, matmul(g, swapped(b)));
  if (!ctx.needs(1)) return;
  const bool one_matrix = b.ndim() == 2 && a.ndim() > 2;
  ctx.set(1, one_matrix ? matmul(swapped(flat_rows(a)), flat_rows(g)) : matmul(swapped(a), g));
}

void rule_linear(Args args, Meta* out) {
  const Tensor &x = args[0].tensor(), &w = args[1].tensor();
  check_same_dtype("linear", x, w);
  if (x.ndim() < 1 || w.ndim() != 2 || x.size(x.ndim() - 1) != w.size(1))
    fail(ErrorKind::Shape,
         "linear: input of shape %s does not fit weight of shape %s (expected [..., %lld])",
         to_string(x.shape()).c_str(), to_string(w.shape()).c_str(),
         static_cast<long long>(w.ndim() == 2 ? w.size(1) : -1));
  if (args[2].given()) {
    const Tensor& bias = args[2].tensor();
    check_same_dtype("linear", x, bias);
    if (bias.ndim() != 1 || bias.size(0) != w.size(0))
      fail(ErrorKind::Shape, "linear: expected a bias of shape [%lld], got %s",
           static_cast<long long>(w.size(0)), to_string(bias.shape()).c_str());
  }
  Dims shape = x.shape();
  shape.back() = w.size(0);
  *out = Meta(x.dtype(), shape);
}

void apply_linear(Args args, const Tensor& out, Epilogue epilogue) {
  const Tensor& w = args[1].tensor();
  const Tensor w_t =
      view_of(w, {w.size(1), w.size(0)}, {w.strides()[1], w.strides()[0]}, w.offset());
  if (args[2].given()) epilogue.bias = args[2].tensor();
  matrix_product(flat_view(out), flat_view(contiguous_data(args[0].tensor())), w_t, epilogue);
}
void call_linear(Args args, Tensor* out) { apply_linear(args, *out, {}); }
void call_linear_relu(Args args, Tensor* out) { apply_linear(args, *out, {.relu = true}); }
void call_linear_add(Args args, Tensor* out) {
  apply_linear(args, *out, {.residual = args[3].tensor()});
}

void gradient_linear(Gradient& ctx) {
  const Tensor g = ctx.g();
  if (ctx.needs(0)) ctx.set(0, matmul(g.ndim() == 1 ? unsqueeze(g, 0) : g, ctx.x(1)));
  if (ctx.needs(1)) ctx.set(1, matmul(swapped(flat_rows(g)), flat_rows(ctx.x(0))));
  if (ctx.needs(2)) ctx.set(2, sum(flat_rows(g), {0}));
}

const Op ops[] = {
    {"matmul", "a: Tensor, b: Tensor -> Tensor", rule_matmul, call_matmul, gradient_matmul,
     saves_input(0) | saves_input(1)},
    {"linear", "x: Tensor, weight: Tensor, bias: Tensor? -> Tensor", rule_linear, call_linear,
     gradient_linear, saves_input(0) | saves_input(1)},
};

// What graphs make of a product and the op that alone reads it.
const Op kLinearRelu = {"linear_relu", ops[1].signature, rule_linear, call_linear_relu};
const Op kLinearAdd = {"linear_add",
                       "x: Tensor, weight: Tensor, bias: Tensor?, residual: Tensor -> Tensor",
                       rule_linear, call_linear_add};
const Op kMatmulAdd = {"matmul_add", "a: Tensor, b: Tensor, residual: Tensor -> Tensor",
                       rule_matmul, call_matmul_add};

}  // namespace

const Op* relu_epilogue(const Op& op) { return &op == &ops[1] ? &kLinearRelu : nullptr; }
const Op* add_epilogue(const Op& op) {
  return &op == &ops[0] ? &kMatmulAdd : &op == &ops[1] ? &kLinearAdd : nullptr;
}

OpSpan matmul_ops() { return ops; }

Tensor matmul(const Tensor& a, const Tensor& b) { return call(ops[0], a, b); }

}  // namespace cresset
