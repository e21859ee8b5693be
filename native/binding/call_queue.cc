// SPDX-License-Identifier: MIT
#include "binding/call_queue.h"

namespace cresset::binding {

void CallQueue::close(void* queue) {
  const auto& self = *static_cast<CallQueue*>(queue);
  self.kind_.cancel_all(&self);
  napi_release_threadsafe_function(self.function_, napi_tsfn_abort);
}

napi_value CallQueue::open(const CallArgs& args, size_t function, const Kind& kind,
                           napi_threadsafe_function_call_js call) {
  const napi_env env = args.env;
  std::unique_ptr<CallQueue> queue(new CallQueue(env, kind));
  const auto drop = [](napi_env, void* queue, void*) { delete static_cast<CallQueue*>(queue); };
  check(env,
        napi_create_threadsafe_function(env, args[function], nullptr, to_js(env, kind.name), 0, 1,
                                        queue.get(), drop, queue.get(), call, &queue->function_),
        kind.name);
  napi_unref_threadsafe_function(env, queue->function_);
  napi_add_env_cleanup_hook(env, close, queue.get());
  return make_external(env, queue.release(), nullptr);
}

bool CallQueue::post(void* what) const {
  return napi_call_threadsafe_function(function_, what, napi_tsfn_nonblocking) == napi_ok;
}

void CallQueue::expect() {
  if (expected_++ == 0) napi_ref_threadsafe_function(env_, function_);
}

void CallQueue::forget() {
  if (--expected_ == 0) napi_unref_threadsafe_function(env_, function_);
}

}  // namespace cresset::binding
