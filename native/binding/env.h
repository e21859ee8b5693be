// SPDX-License-Identifier: MIT
#pragma once
#include <node_api.h>

#include <mutex>
#include <vector>

#include "core/error.h"
#include "core/tensor.h"

// One JavaScript environment (the main thread's or a worker's) and the rules of its objects' lives.
namespace cresset::binding {

// A JavaScript exception is already pending: unwind to the callback and return.
struct PendingException {};

struct Env {
  napi_env env;
  MemoryAccount* account;
  napi_ref error_classes = nullptr;  // an array in ErrorKind's order, given by lib/errors.ts
  // References whose last use ended where Node must not be called (a finalizer, another thread).
  std::mutex mutex;
  std::vector<napi_ref> dead;
  // Storages over JavaScript memory: such memory can be taken away (ArrayBuffer.transfer).
  std::vector<Storage*> wrapped;
};

Env& env_of(napi_env env);

// Throws PendingException or Error(Type) unless the Node-API call went well.
void check(napi_env env, napi_status status, const char* what);

// External <-> tensor. A handle owns one reference; its finalizer only drops it.
napi_value make_handle(napi_env env, Tensor x);
Tensor tensor_from(napi_env env, napi_value value, const char* what);

// A tensor over the memory of an ArrayBuffer.
Tensor wrap_buffer(Env& env, napi_value buffer, size_t byte_offset, const Dims& shape, DType dtype);
// Gives every storage whose ArrayBuffer was detached memory of its own; graphs that saved it see a
// change in place.
void check_wrapped(Env& env);
// The same, and a Data error if x is such a storage's.
void check_memory(Env& env, const Tensor& x);

// Tells the garbage collector of bytes gained or lost, and frees dead references.
void settle(Env& env);
// Registers a function under `name` on `target`.
void define(napi_env env, napi_value target, const char* name, napi_callback callback,
            void* data = nullptr);

// Turns C++ exceptions into JavaScript's, in one place. `f` returns a napi_value.
void throw_error(napi_env env, const Error& error);
template <class F>
napi_value guarded(napi_env env, F f) {
  try {
    const napi_value result = f();
    settle(env_of(env));
    return result;
  } catch (const PendingException&) {
    return nullptr;
  } catch (const Error& error) {
    throw_error(env, error);
  } catch (const std::exception& error) {
    throw_error(env, Error(ErrorKind::OutOfMemory, error.what()));
  }
  return nullptr;
}

}  // namespace cresset::binding
