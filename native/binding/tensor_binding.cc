// SPDX-License-Identifier: MIT
#include <cstring>

#include "binding/addon.h"
#include "binding/args.h"
#include "ops/copy.h"
#include "ops/recorder.h"

// Tensors from and to JavaScript memory, and what can be asked of them.
namespace cresset::binding {
namespace {

// fromBuffer(buffer, byteOffset, shape, dtype, copy, kept)
napi_value from_buffer(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "fromBuffer");
    const Dims shape = args.dims(2, "shape");
    const DType dtype = args.dtype(3, "dtype");
    const int64_t offset = args.integer(1, "byteOffset");
    if (offset < 0) fail(ErrorKind::Range, "fromBuffer: byteOffset must not be negative");
    const Tensor x =
        wrap_buffer(env_of(env), args[0], offset, shape, dtype, args.boolean(5, "kept"));
    if (!args.boolean(4, "copy")) return make_handle(env, x);
    Tensor y = empty(shape, dtype);
    if (y.numel()) std::memcpy(y.bytes(), x.bytes(), y.numel() * item_size(dtype));
    return make_handle(env, y);
  });
}

napi_value to_array_buffer(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "toTypedArray");
    const Tensor given = args.tensor(0, "x");
    need_values("toTypedArray");
    wait_to_read(given);
    const Tensor x = contiguous_data(given);
    const size_t bytes = x.numel() * item_size(x.dtype());
    void* data = nullptr;
    napi_value buffer;
    const napi_status status = napi_create_arraybuffer(env, bytes, &data, &buffer);
    if (status != napi_ok) check(env, status, "toTypedArray");
    if (bytes) std::memcpy(data, x.bytes(), bytes);
    return buffer;
  });
}

// makeBuffer(bytes): an ArrayBuffer on memory as tensors have it, of unknown content
napi_value make_buffer(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const auto bytes = static_cast<size_t>(CallArgs(env, info, "makeBuffer").integer(0, "bytes"));
    const auto drop = [](napi_env, void* data, void* bytes) {
      deallocate(data, reinterpret_cast<size_t>(bytes));
    };
    void* const data = allocate(bytes);
    napi_value buffer;
    const napi_status status = napi_create_external_arraybuffer(
        env, data, bytes, drop, reinterpret_cast<void*>(bytes), &buffer);
    if (status != napi_ok) deallocate(data, bytes);
    check(env, status, "makeBuffer");
    return buffer;
  });
}

// Before its only value is read.
void need_one_element(const char* function, const Tensor& x) {
  need_values(function);
  wait_to_read(x);
  if (x.numel() != 1)
    fail(ErrorKind::Shape, "%s: expected one element, got shape %s (%lld elements)", function,
         to_string(x.shape()).c_str(), static_cast<long long>(x.numel()));
}

napi_value item(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "item");
    const Tensor x = args.tensor(0, "x");
    need_one_element("item", x);
    if (is_float(x.dtype())) return to_js(env, scalar_to_double(x));
    const int64_t value = scalar_to_int64(x);
    if (x.dtype() == DType::Bool) return to_js(env, value != 0);
    if (value > (int64_t{1} << 53) || value < -(int64_t{1} << 53))
      fail(ErrorKind::Range,
           "item: %lld is beyond ±2^53, where numbers are exact; use itemBigInt()",
           static_cast<long long>(value));
    return to_js(env, value);
  });
}

napi_value item_bigint(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "itemBigInt");
    const Tensor x = args.tensor(0, "x");
    need_one_element("itemBigInt", x);
    napi_value value;
    check(env, napi_create_bigint_int64(env, scalar_to_int64(x), &value), "itemBigInt");
    return value;
  });
}

template <class F>
napi_value ask(napi_env env, napi_callback_info info, const char* function, F f) {
  return guarded(env, [&] {
    const CallArgs args(env, info, function);
    return f(args.tensor(0, "x", Needs::Description));
  });
}

napi_value shape(napi_env env, napi_callback_info info) {
  return ask(env, info, "shape", [&](const Tensor& x) { return to_js(env, x.shape()); });
}
napi_value strides(napi_env env, napi_callback_info info) {
  return ask(env, info, "strides", [&](const Tensor& x) { return to_js(env, x.strides()); });
}
napi_value dtype(napi_env env, napi_callback_info info) {
  return ask(env, info, "dtype", [&](const Tensor& x) { return to_js(env, name(x.dtype())); });
}
napi_value storage_offset(napi_env env, napi_callback_info info) {
  return ask(env, info, "storageOffset", [&](const Tensor& x) { return to_js(env, x.offset()); });
}
napi_value is_contiguous(napi_env env, napi_callback_info info) {
  return ask(env, info, "isContiguous",
             [&](const Tensor& x) { return to_js(env, x.contiguous()); });
}
napi_value version(napi_env env, napi_callback_info info) {
  return ask(env, info, "version",
             [&](const Tensor& x) { return to_js(env, static_cast<int64_t>(x.version())); });
}
napi_value shares_storage(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "sharesStorage");
    const Tensor a = args.tensor(0, "a", Needs::Description),
                 b = args.tensor(1, "b", Needs::Description);
    return to_js(env, &a.storage() == &b.storage());
  });
}

// Frees the memory now unless something else (a view, the graph) still uses it.
napi_value dispose(napi_env env, napi_callback_info info) {
  return ask(env, info, "dispose", [&](const Tensor& x) {
    // Two references: the handle's and this call's.
    if (x.impl()->refs.load() == 2) {
      delete x.impl()->autograd;
      x.impl()->autograd = nullptr;
      x.impl()->storage = Storage::create(0);
    }
    return undefined(env);
  });
}

}  // namespace

void define_tensor(napi_env env, napi_value exports) {
  define(env, exports, "fromBuffer", from_buffer);
  define(env, exports, "toArrayBuffer", to_array_buffer);
  define(env, exports, "makeBuffer", make_buffer);
  define(env, exports, "item", item);
  define(env, exports, "itemBigInt", item_bigint);
  define(env, exports, "shape", shape);
  define(env, exports, "strides", strides);
  define(env, exports, "dtype", dtype);
  define(env, exports, "storageOffset", storage_offset);
  define(env, exports, "isContiguous", is_contiguous);
  define(env, exports, "version", version);
  define(env, exports, "sharesStorage", shares_storage);
  define(env, exports, "dispose", dispose);
}

}  // namespace cresset::binding
