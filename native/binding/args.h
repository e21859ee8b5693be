// SPDX-License-Identifier: MIT
#pragma once
#include <span>

#include "binding/env.h"
#include "ops/op.h"

// JavaScript values to C++ ones, with errors that name the function and the argument.
namespace cresset::binding {

enum class Kind : uint8_t { Tensor, Scalar, Int, Float, Bool, Ints, Tensors, DType };

struct Param {
  std::string name;
  Kind kind;
  bool optional;
};
// The parameters of "x: Tensor, dim: int? -> Tensor".
std::vector<Param> parse_signature(const char* signature);

inline constexpr size_t kMaxCallArgs = 16;

// The arguments of one call; missing ones are undefined.
class CallArgs {
 public:
  CallArgs(napi_env env, napi_callback_info info, const char* function = "");

  napi_env env;
  Env& owner;
  const char* function;
  void* data = nullptr;

  napi_value operator[](size_t i) const { return values_[i]; }
  bool given(size_t i) const;  // neither undefined nor null
  Tensor tensor(size_t i, const char* name, Needs needs = Needs::Values) const;
  Tensor optional_tensor(size_t i, const char* name) const;
  // A tensor, or a number, bigint or boolean as a wrapped scalar.
  Tensor scalar(size_t i, const char* name) const;
  int64_t integer(size_t i, const char* name) const;
  double number(size_t i, const char* name) const;
  bool boolean(size_t i, const char* name) const;
  Dims dims(size_t i, const char* name) const;
  // Array elements that are undefined or null become undefined tensors if allowed.
  Tensors tensors(size_t i, const char* name, bool allow_missing = false,
                  Needs needs = Needs::Values) const;
  DType dtype(size_t i, const char* name) const;
  std::string string(size_t i, const char* name) const;
  Value value(size_t i, const Param& param) const;
  // What make_external() gave the handle.
  template <class T>
  T& external(size_t i) const {
    void* data = nullptr;
    check(env, napi_get_value_external(env, values_[i], &data), function);
    return *static_cast<T*>(data);
  }

 private:
  napi_valuetype type(size_t i) const;
  // Undefined unless argument i is one.
  Tensor handle(size_t i, Needs needs = Needs::Values) const;
  [[noreturn]] void wrong(size_t i, const char* name, const char* expected) const;
  napi_value values_[kMaxCallArgs];
};

// The items of a typed array.
template <class T>
std::span<const T> array_of(const CallArgs& args, size_t i, napi_typedarray_type expected) {
  void* data = nullptr;
  size_t length = 0;
  napi_typedarray_type type;
  check(args.env,
        napi_get_typedarray_info(args.env, args[i], &type, &length, &data, nullptr, nullptr),
        args.function);
  if (type != expected) fail(ErrorKind::Type, "%s: another typed array", args.function);
  return {static_cast<const T*>(data), length};
}

napi_value to_js(napi_env env, int64_t value);
napi_value to_js(napi_env env, double value);
napi_value to_js(napi_env env, bool value);
napi_value to_js(napi_env env, const char* value);
napi_value to_js(napi_env env, const Dims& dims);
napi_value to_js(napi_env env, const Tensors& tensors);  // undefined tensors become null
napi_value undefined(napi_env env);
// A handle whose end is `drop(data)`, which comes at once if there can be no handle.
napi_value make_external(napi_env env, void* data, napi_finalize drop);

}  // namespace cresset::binding
