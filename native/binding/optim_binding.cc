// SPDX-License-Identifier: MIT
#include "autograd/node.h"
#include "binding/addon.h"
#include "binding/args.h"
#include "ops/optim.h"
#include "ops/recorder.h"

// Optimizer steps read the parameters' gradients here, so that no gradient needs a JavaScript
// object.
namespace cresset::binding {
namespace {

// A number or boolean of the options object, by name.
double option(const CallArgs& args, size_t at, const char* key) {
  napi_value value;
  double number = 0;
  bool flag = false;
  check(args.env, napi_get_named_property(args.env, args[at], key, &value), args.function);
  if (napi_get_value_double(args.env, value, &number) == napi_ok) return number;
  if (napi_get_value_bool(args.env, value, &flag) == napi_ok) return flag;
  fail(ErrorKind::Type, "%s: %s: expected a number or a boolean", args.function, key);
}

Tensors gradients_of(const Tensors& params) {
  Tensors grads(params.size());
  for (size_t i = 0; i < params.size(); ++i) grads[i] = gradient_of(params[i]);
  return grads;
}

void check_count(const CallArgs& args, const Tensors& list, const Tensors& params) {
  if (!list.empty() && list.size() != params.size())
    fail(ErrorKind::Shape, "%s: got %zu tensors of state for %zu parameters", args.function,
         list.size(), params.size());
}

// The parameters of argument 0 with their gradients and the state lists that follow.
OptimizerLists read_lists(const CallArgs& args, int states) {
  OptimizerLists lists;
  lists.params = args.tensors(0, "params");
  lists.grads = gradients_of(lists.params);
  Tensors* const state[] = {&lists.state1, &lists.state2, &lists.state3};
  for (int i = 0; i < states; ++i) {
    *state[i] = args.tensors(i + 1, "state");
    check_count(args, *state[i], lists.params);
  }
  return lists;
}

void wait_for_lists(const OptimizerLists& lists) {
  if (!watched()) return;
  for (const Tensor& x : lists.grads) wait_to_read(x);
  for (const Tensors* list : {&lists.params, &lists.state1, &lists.state2, &lists.state3})
    for (const Tensor& x : *list) wait_to_write(x);
}

// While a step is recorded, `options` is a tensor of them.
// adamStep(params, expAvg, expAvgSq, maxExpAvgSq, steps, options); empty: no such state.
napi_value run_adam(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "Adam");
    check_wrapped(env_of(env));
    if (active_recorder()) {
      record_adam(read_lists(args, 3), args.tensors(4, "steps"), args.tensor(5, "options"));
      return undefined(env);
    }
    const auto number = [&](const char* key) { return option(args, 5, key); };
    AdamArgs adam{};
    adam.lr = number("lr");
    adam.beta1 = number("beta1");
    adam.beta2 = number("beta2");
    adam.eps = number("eps");
    adam.weight_decay = number("weightDecay");
    adam.decoupled = number("decoupled") != 0;
    adam.amsgrad = number("amsgrad") != 0;
    adam.maximize = number("maximize") != 0;
    const OptimizerLists lists = read_lists(args, 3);
    if (lists.state1.empty() != lists.params.empty() ||
        lists.state2.empty() != lists.params.empty() ||
        (adam.amsgrad && lists.state3.empty() != lists.params.empty()))
      fail(ErrorKind::Shape, "Adam: state is missing");
    wait_for_lists(lists);
    adam_step(lists, args.tensors(4, "steps"), adam);
    return undefined(env);
  });
}

// sgdStep(params, momentumBuffers, options); no buffers without momentum.
napi_value run_sgd(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "SGD");
    check_wrapped(env_of(env));
    if (active_recorder()) {
      record_sgd(read_lists(args, 1), args.tensor(2, "options"));
      return undefined(env);
    }
    const auto number = [&](const char* key) { return option(args, 2, key); };
    SgdArgs sgd{};
    sgd.lr = number("lr");
    sgd.momentum = number("momentum");
    sgd.dampening = number("dampening");
    sgd.weight_decay = number("weightDecay");
    sgd.nesterov = number("nesterov") != 0;
    sgd.scale = number("maximize") != 0 ? -1 : 1;
    sgd.first = number("first") != 0;
    const OptimizerLists lists = read_lists(args, 1);
    if (sgd.momentum != 0 && lists.state1.empty() != lists.params.empty())
      fail(ErrorKind::Shape, "SGD: state is missing");
    wait_for_lists(lists);
    sgd_step(lists, sgd);
    return undefined(env);
  });
}

// Parameters and gradients (arguments 0 and 1) and the state lists that follow.
OptimizerLists read_keras_lists(const CallArgs& args, std::initializer_list<bool> used) {
  OptimizerLists lists;
  lists.params = args.tensors(0, "params");
  lists.grads = args.tensors(1, "grads");
  Tensors* const state[] = {&lists.state1, &lists.state2, &lists.state3};
  size_t i = 0;
  for (const bool is_used : used) {
    *state[i] = args.tensors(i + 2, "state");
    const size_t expected = is_used ? lists.params.size() : 0;
    if (state[i++]->size() != expected)
      fail(ErrorKind::Shape, "%s: got %zu tensors of state, expected %zu", args.function,
           state[i - 1]->size(), expected);
  }
  return lists;
}

// kerasAdamStep(params, grads, momentums, velocities, velocityHats, iterations, learningRate,
// options)
napi_value run_keras_adam(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "Adam");
    check_wrapped(env_of(env));
    const auto number = [&](const char* key) { return option(args, 7, key); };
    AdamArgs adam{};
    adam.beta1 = number("beta1");
    adam.beta2 = number("beta2");
    adam.eps = number("epsilon");
    adam.weight_decay = number("weightDecay");
    adam.decoupled = true;
    adam.amsgrad = number("amsgrad") != 0;
    const OptimizerLists lists = read_keras_lists(args, {true, true, adam.amsgrad});
    wait_for_lists(lists);
    wait_to_read(args.tensor(5, "iterations"));
    wait_to_read(args.tensor(6, "learningRate"));
    keras_adam_step(lists, args.tensor(5, "iterations"), args.tensor(6, "learningRate"), adam);
    return undefined(env);
  });
}

// kerasSgdStep(params, grads, momentums, learningRate, options); no momentums without momentum.
napi_value run_keras_sgd(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "SGD");
    check_wrapped(env_of(env));
    SgdArgs sgd{};
    sgd.momentum = option(args, 4, "momentum");
    sgd.nesterov = option(args, 4, "nesterov") != 0;
    sgd.scale = 1;
    const OptimizerLists lists = read_keras_lists(args, {sgd.momentum != 0});
    wait_for_lists(lists);
    wait_to_read(args.tensor(3, "learningRate"));
    keras_sgd_step(lists, args.tensor(3, "learningRate"), sgd);
    return undefined(env);
  });
}

// clearGrads(params)
napi_value clear_grads(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "zeroGrad");
    for (const Tensor& param : args.tensors(0, "params")) set_gradient(param, Tensor());
    return undefined(env);
  });
}

}  // namespace

void define_optim(napi_env env, napi_value exports) {
  define(env, exports, "adamStep", run_adam);
  define(env, exports, "sgdStep", run_sgd);
  define(env, exports, "kerasAdamStep", run_keras_adam);
  define(env, exports, "kerasSgdStep", run_keras_sgd);
  define(env, exports, "clearGrads", clear_grads);
}

}  // namespace cresset::binding
