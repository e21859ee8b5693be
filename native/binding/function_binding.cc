// SPDX-License-Identifier: MIT
#include "autograd/node.h"
#include "binding/addon.h"
#include "binding/args.h"

// Functions whose gradient is written in JavaScript (lib/function.ts).
namespace cresset::binding {
namespace {

// Calls back with the gradients of the outputs and the saved tensors; gets one gradient an input.
struct FunctionNode : Node {
  Env& env;
  const std::string function;
  napi_ref callback = nullptr;
  std::vector<SavedTensor> saved;
  std::vector<int> saved_output;  // which output it is, or -1

  FunctionNode(Env& env, std::string function) : env(env), function(std::move(function)) {}
  ~FunctionNode() override { release(); }
  const char* name() const override { return function.c_str(); }

  // Runs in a finalizer too, so the reference is freed later, by settle().
  void release() override {
    saved.clear();
    if (!callback) return;
    std::lock_guard guard(env.mutex);
    env.dead.push_back(std::exchange(callback, nullptr));
  }

  void backward(const Tensors& grads, bool create_graph, Parts& results) override {
    if (!callback)
      fail(ErrorKind::State,
           "%s: backward a second time through a graph whose saved tensors have been freed; "
           "pass retainGraph: true the first time",
           name());
    Tensors unpacked;
    for (size_t i = 0; i < saved.size(); ++i)
      unpacked.push_back(saved[i].unpack(name(), create_graph, this, saved_output[i]));
    napi_handle_scope scope;
    check(env.env, napi_open_handle_scope(env.env, &scope), name());
    const Scope close{env.env, scope};
    results = call(to_js(env.env, grads), to_js(env.env, unpacked));
  }

 private:
  struct Scope {
    napi_env env;
    napi_handle_scope scope;
    ~Scope() { napi_close_handle_scope(env, scope); }
  };

  Parts call(napi_value grads, napi_value unpacked) {
    napi_value function, result, args[] = {grads, unpacked};
    check(env.env, napi_get_reference_value(env.env, callback, &function), name());
    check(env.env, napi_call_function(env.env, undefined(env.env), function, 2, args, &result),
          name());
    Parts found;
    for (size_t i = 0; i < inputs.size(); ++i) {
      napi_value element;
      napi_valuetype type;
      check(env.env, napi_get_element(env.env, result, static_cast<uint32_t>(i), &element), name());
      check(env.env, napi_typeof(env.env, element, &type), name());
      found.push_back(type == napi_external ? tensor_from(env.env, element, name()) : Tensor());
    }
    return found;
  }
};

int index_of(const Tensors& list, const Tensor& x) {
  for (size_t i = 0; i < list.size(); ++i)
    if (list[i].same(x)) return static_cast<int>(i);
  return -1;
}

// recordFunction(name, inputs, outputs, saved, callback): the outputs, with history.
napi_value record_function(napi_env raw_env, napi_callback_info info) {
  return guarded(raw_env, [&] {
    const CallArgs args(raw_env, info, "AutogradFunction");
    Env& env = env_of(raw_env);
    const Tensors inputs = args.tensors(1, "inputs"), outputs = args.tensors(2, "outputs");
    auto* node = new FunctionNode(env, args.string(0, "name"));
    const Ref<Node> owner(node);
    for (size_t i = 0; i < inputs.size(); ++i) node->add_input(inputs[i], static_cast<int>(i));
    Tensors recorded;
    for (size_t i = 0; i < outputs.size(); ++i) {
      node->add_output(outputs[i]);
      recorded.push_back(alias_of(outputs[i]));
      if (is_float(outputs[i].dtype())) set_node(recorded[i], owner, static_cast<int>(i));
    }
    for (const Tensor& x : args.tensors(3, "saved")) {
      const int output = index_of(outputs, x);
      node->saved.emplace_back(x, output >= 0);
      node->saved_output.push_back(output);
    }
    check(env.env, napi_create_reference(env.env, args[4], 1, &node->callback), "AutogradFunction");
    return to_js(env.env, recorded);
  });
}

}  // namespace

void define_function(napi_env env, napi_value exports) {
  define(env, exports, "recordFunction", record_function);
}

}  // namespace cresset::binding
