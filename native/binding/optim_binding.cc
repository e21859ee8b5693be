// SPDX-License-Identifier: MIT
#include "binding/addon.h"
#include "binding/args.h"
#include "ops/optim.h"

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

// adamStep(params, grads, expAvg, expAvgSq, maxExpAvgSq, options)
napi_value run_adam(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "Adam");
    check_wrapped(env_of(env));
    const auto number = [&](const char* key) { return option(args, 5, key); };
    AdamArgs adam{};
    adam.lr = number("lr");
    adam.beta1 = number("beta1");
    adam.beta2 = number("beta2");
    adam.eps = number("eps");
    adam.weight_decay = number("weightDecay");
    adam.step_size = number("stepSize");
    adam.bias2_sqrt = number("bias2Sqrt");
    adam.decoupled = number("decoupled") != 0;
    adam.amsgrad = number("amsgrad") != 0;
    adam.maximize = number("maximize") != 0;
    adam_step({args.tensors(0, "params"), args.tensors(1, "grads", true),
               args.tensors(2, "expAvg", true), args.tensors(3, "expAvgSq", true),
               args.tensors(4, "maxExpAvgSq", true)},
              adam);
    return undefined(env);
  });
}

// sgdStep(params, grads, momentumBuffers, options)
napi_value run_sgd(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "SGD");
    check_wrapped(env_of(env));
    const auto number = [&](const char* key) { return option(args, 3, key); };
    SgdArgs sgd{};
    sgd.lr = number("lr");
    sgd.momentum = number("momentum");
    sgd.dampening = number("dampening");
    sgd.weight_decay = number("weightDecay");
    sgd.nesterov = number("nesterov") != 0;
    sgd.maximize = number("maximize") != 0;
    sgd.first = number("first") != 0;
    sgd_step({args.tensors(0, "params"), args.tensors(1, "grads", true),
              args.tensors(2, "momentumBuffers", true), {}, {}},
             sgd);
    return undefined(env);
  });
}

}  // namespace

void define_optim(napi_env env, napi_value exports) {
  define(env, exports, "adamStep", run_adam);
  define(env, exports, "sgdStep", run_sgd);
}

}  // namespace cresset::binding
