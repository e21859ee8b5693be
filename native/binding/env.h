// SPDX-License-Identifier: MIT
#pragma once
#include <node_api.h>

#include <chrono>
#include <mutex>
#include <vector>

#include "core/error.h"
#include "core/tensor.h"

// One JavaScript environment (the main thread's or a worker's) and the rules of its objects' lives.
namespace cresset::binding {

// A JavaScript exception is already pending: unwind to the callback and return.
struct PendingException {};

// When young objects are collected for the sake of the tensors that died with them.
struct YoungCollections {
  static constexpr int64_t kLeastGrowth = 16 << 20;
  static constexpr int64_t kHandleWeight = 8 << 10;  // so 2,000 small tensors at the least
  static constexpr int kLeastCalls = 2;
  napi_ref collect = nullptr;  // a function, given by lib/raw.ts
  // Since the last one: the least weight of tensors there was, the growth from there that asks for
  // the next, and the calls that made some.
  int64_t least = 0, growth = kLeastGrowth;
  int calls = 0;
  int64_t before = 0;                          // weight at the end of the call before
  int64_t handles = 0;                         // tensors that JavaScript holds
  std::chrono::steady_clock::time_point next;  // not before
};

struct Env {
  napi_env env;
  MemoryAccount* account;
  napi_ref error_classes = nullptr;  // an array in ErrorKind's order, given by lib/errors.ts
  YoungCollections young;
  // References whose last use ended where Node must not be called (a finalizer, another thread).
  std::mutex mutex;
  std::vector<napi_ref> dead;
  // Storages over JavaScript memory: such memory can be taken away (ArrayBuffer.transfer).
  std::vector<Storage*> wrapped;
};

Env& env_of(napi_env env);

// Throws PendingException or Error(Type) unless the Node-API call went well.
void check(napi_env env, napi_status status, const char* what);

// What a call needs of a tensor: its values, or only shape, dtype and the like, for which what was
// deferred need not be made.
enum class Needs : uint8_t { Values, Description };

// External <-> tensor. A handle owns one reference; its finalizer only drops it.
napi_value make_handle(napi_env env, Tensor x);
Tensor tensor_from(napi_env env, napi_value value, const char* what, Needs needs = Needs::Values);

// A tensor over the memory of an ArrayBuffer.
// `kept`: JavaScript has no way to the buffer any more, so it cannot be taken away.
Tensor wrap_buffer(Env& env, napi_value buffer, size_t byte_offset, const Dims& shape, DType dtype,
                   bool kept = false);
// Gives every storage whose ArrayBuffer was detached memory of its own; graphs that saved it see a
// change in place.
void check_wrapped(Env& env);
// Does JavaScript know x's memory, and may take it away?
bool is_shared(const Tensor& x);
// Makes what was deferred, if it is needed; a Data error if the storage's buffer was detached.
void check_memory(Env& env, Storage& storage, Needs needs = Needs::Values);
inline void check_memory(Env& env, const Tensor& x, Needs needs = Needs::Values) {
  check_memory(env, x.storage(), needs);
}

// Tells the garbage collector of bytes gained or lost, lets it collect young objects when tensors
// may have died with them, and frees dead references.
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
