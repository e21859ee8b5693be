// SPDX-License-Identifier: MIT
#pragma once
#include <bit>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "core/error.h"
#include "core/tensor.h"

// What an op is: a name, a signature, a rule (shapes and dtypes, no data), apart from it a kernel
// call, and a gradient made of other ops. Every call goes through `apply_op`.
namespace cresset {

using Tensors = PooledVector<Tensor>;

// One argument. Lists are shared, so that copying a Value never allocates.
class Value {
 public:
  Value() = default;
  Value(bool v) : v_(v) {}
  Value(int v) : v_(int64_t{v}) {}
  Value(int64_t v) : v_(v) {}
  Value(double v) : v_(v) {}
  Value(DType v) : v_(v) {}
  Value(Tensor v) : v_(std::move(v)) {}
  Value(const Dims& v) : v_(std::allocate_shared<const Dims>(PooledAllocator<Dims>(), v)) {}
  Value(Tensors v)
      : v_(std::allocate_shared<const Tensors>(PooledAllocator<Tensors>(), std::move(v))) {}

  bool given() const { return v_.index() != 0; }
  bool is_tensor() const { return std::holds_alternative<Tensor>(v_); }
  bool is_tensors() const { return std::holds_alternative<std::shared_ptr<const Tensors>>(v_); }
  bool is_dims() const { return std::holds_alternative<std::shared_ptr<const Dims>>(v_); }
  size_t kind() const { return v_.index(); }
  // A plain value's bits.
  uint64_t bits() const {
    switch (v_.index()) {
      case 1:
        return boolean();
      case 2:
        return static_cast<uint64_t>(integer());
      case 3:
        return std::bit_cast<uint64_t>(number());
      case 4:
        return static_cast<uint64_t>(dtype());
      default:
        return 0;
    }
  }
  bool boolean() const { return std::get<bool>(v_); }
  int64_t integer() const { return std::get<int64_t>(v_); }
  double number() const { return std::get<double>(v_); }
  DType dtype() const { return std::get<DType>(v_); }
  const Tensor& tensor() const { return std::get<Tensor>(v_); }
  const Dims& dims() const { return *std::get<std::shared_ptr<const Dims>>(v_); }
  const Tensors& tensors() const { return *std::get<std::shared_ptr<const Tensors>>(v_); }

 private:
  std::variant<std::monostate, bool, int64_t, double, DType, Tensor, std::shared_ptr<const Dims>,
               std::shared_ptr<const Tensors>>
      v_;
};

using Args = std::span<const Value>;
using Values = PooledVector<Value>;

// What a rule says of one output. view_of >= 0: the output shares that argument's storage.
struct Meta {
  Meta() = default;
  Meta(DType dtype, const Dims& shape) : dtype(dtype), shape(shape) {}
  static Meta view(const Tensor& x, const Dims& shape, const Dims& strides, int64_t offset,
                   int arg = 0) {
    Meta meta(x.dtype(), shape);
    meta.strides = strides;
    meta.offset = offset;
    meta.view_of = arg;
    return meta;
  }

  DType dtype = DType::Float32;
  Dims shape;
  int view_of = -1;
  Dims strides;
  int64_t offset = 0;
};

inline constexpr int kMaxOutputs = 4;
inline constexpr int kMaxArgs = 12;

struct RowKernel;  // ops/elementwise.h
class Gradient;    // autograd's view of one recorded call, see ops/gradient.h

// Which arguments and outputs a gradient reads: bit i for argument i, bit 16 + i for output i.
using Saves = uint32_t;
inline constexpr Saves kSaveNothing = 0;
constexpr Saves saves_input(int i) { return Saves{1} << i; }
constexpr Saves saves_output(int i) { return Saves{1} << (16 + i); }

struct Op {
  const char* name;
  // "x: Tensor, dim: int, weight: Tensor?, shape: int[], tensors: Tensor[], dtype: dtype? ->
  // Tensor" Kinds: Tensor, Scalar (a tensor or a number), int, float, bool, int[], dtype; `?` = may
  // be undefined. Each output is one "Tensor" after the arrow.
  const char* signature;
  void (*rule)(Args args, Meta* out);
  // Fills the outputs; null for ops that only make views.
  void (*call)(Args args, Tensor* out);
  // Null: not differentiable.
  void (*gradient)(Gradient& ctx) = nullptr;
  Saves saves = kSaveNothing;
  int outputs = 1;
  // Output i depends on element i of the arguments alone and any output layout will do: the
  // kernel may write over its first argument, and the binding adds an in-place form `name_`.
  bool elementwise = false;
  // Changes some elements of its first argument and leaves the rest: the call gets an output that
  // holds the argument's values already (in place: the argument itself, of any layout). Whatever
  // can fail must fail before the first write. The binding adds `name_`.
  bool updates = false;
  // The rule reads values, so the call cannot be recorded.
  bool reads_values = false;
  // The kernel that the call runs over elements, given its output's dtype; false if it is more than
  // that. Null: always.
  bool (*row)(Args args, DType out, RowKernel* kernel) = nullptr;
  // A graph may put output `out` where argument `arg`, of its shape and dtype, lies. Elementwise
  // ops of one output have 0, 0.
  struct Overwrites {
    int arg = -1, out = 0;
  } overwrites = {};
  // Bit i: result i, and any argument, may have rows that lie anywhere; the elements of a row
  // follow one another.
  uint8_t any_rows = 0;
  // The call may refuse values, such as an index, a label or a divisor.
  bool checks_values = false;
};

constexpr Op checking_values(Op op) {
  op.checks_values = true;
  return op;
}

// A family's ops; registry.cc lists the families.
using OpSpan = std::span<const Op>;
const std::vector<const Op*>& all_ops();
const Op* find_op(const std::string& name);  // null if there is none

struct Outputs {
  Tensor t[kMaxOutputs];
};

// Rule, allocation, kernel call, recording.
Outputs apply_op(const Op& op, Args args);
// The same with args[0]'s memory as the output; its shape and dtype must take the result.
Tensor apply_in_place(const Op& op, Args args);
// Parts of the two: an output as the rule says; whether the in-place result can be computed in the
// target (else it is copied there); the kernel call.
Tensor make_output(const Meta& meta, Args args);
bool check_in_place_result(const Op& op, Args args, const Meta& meta);
void run_call(const Op& op, Args args, Tensor* out);

template <class... A>
Tensor call(const Op& op, A&&... args) {
  const Value values[] = {Value(std::forward<A>(args))...};
  return apply_op(op, values).t[0];
}

// Calls f(tensor, argument index, index in the list or -1) for every tensor among the arguments.
template <class F>
void for_each_tensor(Args args, F f) {
  for (int i = 0; i < static_cast<int>(args.size()); ++i) {
    if (args[i].is_tensor()) {
      f(args[i].tensor(), i, -1);
    } else if (args[i].is_tensors()) {
      const Tensors& list = args[i].tensors();
      for (int j = 0; j < static_cast<int>(list.size()); ++j) f(list[j], i, j);
    }
  }
}

// Hooks that autograd implements.
bool gradients_wanted(Args args);
void record(const Op& op, Args args, Tensor* outputs);
// Remembers that output is a view of args[0], so that writes through it reach the graph.
void track_view(const Op& op, Args args, const Tensor& output);
// State error if target must not be changed in place.
void check_in_place(const Op& op, const Tensor& target);
// Called around the write; moves the storage's version on.
void record_in_place(const Op& op, Args args, const Tensor& target);

}  // namespace cresset
