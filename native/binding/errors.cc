// SPDX-License-Identifier: MIT
#include "binding/env.h"

namespace cresset::binding {

// Builds the class of lib/errors.ts for this kind; before those are known, a plain Error.
void throw_error(napi_env env, const Error& error) {
  napi_value message, classes, cls, instance;
  if (napi_create_string_utf8(env, error.what(), NAPI_AUTO_LENGTH, &message) != napi_ok) return;
  const Env& state = env_of(env);
  if (state.error_classes &&
      napi_get_reference_value(env, state.error_classes, &classes) == napi_ok &&
      napi_get_element(env, classes, static_cast<uint32_t>(error.kind()), &cls) == napi_ok &&
      napi_new_instance(env, cls, 1, &message, &instance) == napi_ok) {
    napi_throw(env, instance);
    return;
  }
  napi_throw_error(env, "ERR_CRESSET", error.what());
}

}  // namespace cresset::binding
