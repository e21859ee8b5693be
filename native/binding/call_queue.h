// SPDX-License-Identifier: MIT
#pragma once
#include <memory>

#include "binding/args.h"

namespace cresset::binding {

// How other threads have a function of an environment called. The environment stays alive while
// calls are expected.
class CallQueue {
 public:
  struct Kind {
    const char* name;
    // Calls `function` with what was posted; without an env, which is ending then, it only drops
    // it.
    void (*call)(napi_env env, napi_value function, void* posted);
    // Returns when no other thread works in this queue's name any more.
    void (*cancel_all)(const void* queue);
  };
  // As JavaScript's handle; for as long as the environment lives.
  template <const Kind& kind>
  static napi_value open(const CallArgs& args, size_t function) {
    return open(args, function, kind, call<kind>);
  }

  // From any thread; false if the environment is ending.
  bool post(void* what) const;
  // On the environment's thread: one call more will come, or one less.
  void expect();
  void forget();

 private:
  CallQueue(napi_env env, const Kind& kind) : env_(env), kind_(kind) {}
  static napi_value open(const CallArgs& args, size_t function, const Kind& kind,
                         napi_threadsafe_function_call_js call);
  static void close(void* queue);
  // Without an env the queue is gone already.
  template <const Kind& kind>
  static void call(napi_env env, napi_value function, void* queue, void* posted) {
    if (env) static_cast<CallQueue*>(queue)->forget();
    kind.call(env, function, posted);
  }

  napi_env env_;
  const Kind& kind_;
  napi_threadsafe_function function_ = nullptr;
  int expected_ = 0;
};

}  // namespace cresset::binding
