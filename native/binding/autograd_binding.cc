// SPDX-License-Identifier: MIT
#include "autograd/engine.h"
#include "autograd/tape.h"
#include "binding/addon.h"
#include "binding/args.h"

namespace cresset::binding {
namespace {

// backward(roots, gradients, retainGraph, createGraph)
napi_value run_backward(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "backward");
    check_wrapped(env_of(env));
    backward(args.tensors(0, "roots"), args.tensors(1, "gradients", true),
             {args.boolean(2, "retainGraph"), args.boolean(3, "createGraph")});
    return undefined(env);
  });
}

// grad(roots, inputs, gradients, retainGraph, createGraph)
napi_value run_grad(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "grad");
    check_wrapped(env_of(env));
    return to_js(env, grad(args.tensors(0, "roots"), args.tensors(1, "inputs"),
                           args.tensors(2, "gradients", true),
                           {args.boolean(3, "retainGraph"), args.boolean(4, "createGraph")}));
  });
}

// tapeGradient(roots, inputs, gradients, retainGraph, createGraph, since): null where nothing
// leads.
napi_value run_tape_gradient(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "gradient");
    check_wrapped(env_of(env));
    const uint64_t since = static_cast<uint64_t>(args.integer(5, "since"));
    return to_js(
        env, grad(args.tensors(0, "target"), args.tensors(1, "sources"),
                  args.tensors(2, "outputGradients", true),
                  {args.boolean(3, "retainGraph"), args.boolean(4, "createGraph"), true, since}));
  });
}

// enterTape(watchVariables, resumed): the time from which on nodes are the tape's.
napi_value begin_tape(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "enterTape");
    const uint64_t resumed = static_cast<uint64_t>(args.integer(1, "resumed"));
    return to_js(env, static_cast<double>(enter_tape(args.boolean(0, "watchVariables"), resumed)));
  });
}

// leaveTape(): the numbers of the variables used since.
napi_value end_tape(napi_env env, napi_callback_info) {
  return guarded(env, [&] {
    const std::vector<int64_t> used = leave_tape();
    napi_value array;
    check(env, napi_create_array_with_length(env, used.size(), &array), "leaveTape");
    for (uint32_t i = 0; i < used.size(); ++i)
      check(env, napi_set_element(env, array, i, to_js(env, used[i])), "leaveTape");
    return array;
  });
}

napi_value count_tapes(napi_env env, napi_callback_info) {
  return guarded(env, [&] { return to_js(env, static_cast<int64_t>(tapes_recording())); });
}

// makeVariable(x, number)
napi_value mark_variable(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "Variable");
    make_variable(args.tensor(0, "x"), args.integer(1, "number"));
    return undefined(env);
  });
}

// watch(x, change)
napi_value change_watch(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "watch");
    watch(args.tensor(0, "x"), static_cast<int>(args.integer(1, "change")));
    return undefined(env);
  });
}

napi_value get_requires_grad(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "requiresGrad");
    return to_js(env, requires_grad(args.tensor(0, "x")));
  });
}

napi_value change_requires_grad(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "requiresGrad_");
    set_requires_grad(args.tensor(0, "x"), args.boolean(1, "requiresGrad"));
    return undefined(env);
  });
}

napi_value get_gradient(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "grad");
    const Tensor grad = get_grad(args.tensor(0, "x"));
    return grad.defined() ? make_handle(env, grad) : undefined(env);
  });
}

napi_value set_gradient(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "grad");
    set_grad(args.tensor(0, "x"), args.optional_tensor(1, "grad"));
    return undefined(env);
  });
}

// zeroGrad(tensors): forgets every gradient.
napi_value zero_gradients(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "zeroGrad");
    for (const Tensor& x : args.tensors(0, "tensors")) set_grad(x, Tensor());
    return undefined(env);
  });
}

napi_value make_detached(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "detach");
    return make_handle(env, detach(args.tensor(0, "x")));
  });
}

napi_value tell_leaf(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "isLeaf");
    return to_js(env, is_leaf(args.tensor(0, "x")));
  });
}

napi_value grad_fn(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "gradFn");
    const Edge edge = edge_of(args.tensor(0, "x"));
    return edge.node ? to_js(env, edge.node->name()) : undefined(env);
  });
}

napi_value get_grad_enabled(napi_env env, napi_callback_info) {
  return guarded(env, [&] { return to_js(env, grad_enabled()); });
}

napi_value change_grad_enabled(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "setGradEnabled");
    return to_js(env, set_grad_enabled(args.boolean(0, "enabled")));
  });
}

}  // namespace

void define_autograd(napi_env env, napi_value exports) {
  define(env, exports, "backward", run_backward);
  define(env, exports, "grad", run_grad);
  define(env, exports, "tapeGradient", run_tape_gradient);
  define(env, exports, "enterTape", begin_tape);
  define(env, exports, "leaveTape", end_tape);
  define(env, exports, "tapesRecording", count_tapes);
  define(env, exports, "makeVariable", mark_variable);
  define(env, exports, "watch", change_watch);
  define(env, exports, "requiresGrad", get_requires_grad);
  define(env, exports, "setRequiresGrad", change_requires_grad);
  define(env, exports, "getGrad", get_gradient);
  define(env, exports, "setGrad", set_gradient);
  define(env, exports, "zeroGrad", zero_gradients);
  define(env, exports, "detach", make_detached);
  define(env, exports, "isLeaf", tell_leaf);
  define(env, exports, "gradFn", grad_fn);
  define(env, exports, "gradEnabled", get_grad_enabled);
  define(env, exports, "setGradEnabled", change_grad_enabled);
}

}  // namespace cresset::binding
