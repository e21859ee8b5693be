// SPDX-License-Identifier: MIT
#include <cstddef>
#include <memory>

#include "binding/addon.h"
#include "binding/args.h"

// Every op of the registry as a raw function; elementwise and updating ones also as `name_`, in
// place.
namespace cresset::binding {
namespace {

struct BoundOp {
  const Op* op;
  std::vector<Param> params;
};

// Shared by all environments, never freed.
const std::vector<BoundOp>& bound_ops() {
  static const auto* ops = [] {
    auto* list = new std::vector<BoundOp>;
    for (const Op* op : all_ops()) list->push_back({op, parse_signature(op->signature)});
    return list;
  }();
  return *ops;
}

// An op's arguments. Only as many are made as it has: every op pays for them.
class OpArgs {
 public:
  // Delegates, so that what was made is destroyed when an argument throws.
  OpArgs(const CallArgs& args, const BoundOp& bound) : OpArgs() {
    for (const Param& param : bound.params) {
      new (values() + count_) Value(args.value(count_, param));
      ++count_;
    }
    // A getter of a later argument may have detached the memory of an earlier one.
    for_each_tensor(*this, [&](const Tensor& x, int, int) { check_memory(args.owner, x); });
  }
  ~OpArgs() { std::destroy_n(values(), count_); }
  OpArgs(const OpArgs&) = delete;
  OpArgs& operator=(const OpArgs&) = delete;
  operator Args() { return Args(values(), count_); }

 private:
  OpArgs() {}  // the memory as it is: a defaulted constructor would fill it with zeros
  Value* values() { return reinterpret_cast<Value*>(memory_); }
  alignas(Value) std::byte memory_[kMaxArgs * sizeof(Value)];
  size_t count_ = 0;
};

napi_value call_op(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    CallArgs args(env, info);
    const auto& bound = *static_cast<const BoundOp*>(args.data);
    args.function = bound.op->name;
    Outputs out = apply_op(*bound.op, OpArgs(args, bound));
    if (bound.op->outputs == 1) return make_handle(env, std::move(out.t[0]));
    return to_js(env, Tensors(out.t, out.t + bound.op->outputs));
  });
}

napi_value call_in_place(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    CallArgs args(env, info);
    const auto& bound = *static_cast<const BoundOp*>(args.data);
    args.function = bound.op->name;
    apply_in_place(*bound.op, OpArgs(args, bound));
    return args[0];
  });
}

// [{ name, signature, inPlace, differentiable }], for lib's checks and the registry sweep.
napi_value list_ops(napi_env env, napi_callback_info) {
  return guarded(env, [&] {
    napi_value array;
    check(env, napi_create_array(env, &array), "ops");
    uint32_t i = 0;
    for (const BoundOp& bound : bound_ops()) {
      napi_value row;
      check(env, napi_create_object(env, &row), "ops");
      const Op& op = *bound.op;
      check(env, napi_set_named_property(env, row, "name", to_js(env, op.name)), "ops");
      check(env, napi_set_named_property(env, row, "signature", to_js(env, op.signature)), "ops");
      check(env, napi_set_named_property(env, row, "inPlace", to_js(env, op.elementwise)), "ops");
      check(env,
            napi_set_named_property(env, row, "differentiable", to_js(env, op.gradient != nullptr)),
            "ops");
      check(env, napi_set_element(env, array, i++, row), "ops");
    }
    return array;
  });
}

}  // namespace

void define_ops(napi_env env, napi_value exports) {
  for (const BoundOp& bound : bound_ops()) {
    void* data = const_cast<BoundOp*>(&bound);
    define(env, exports, bound.op->name, call_op, data);
    if (!bound.op->elementwise && !bound.op->updates) continue;
    define(env, exports, (std::string(bound.op->name) + "_").c_str(), call_in_place, data);
  }
  define(env, exports, "listOps", list_ops);
}

}  // namespace cresset::binding
