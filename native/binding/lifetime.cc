// SPDX-License-Identifier: MIT
#include <napi.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "binding/addon.h"
#include "binding/args.h"
#include "binding/env.h"
#include "core/deferred.h"
#include "core/parallel.h"
#include "core/reclaim.h"

// How objects live: the module's registration, handles, memory accounting, teardown.
namespace cresset::binding {
namespace {

void drop_handle(napi_env, void* data, void* env) {
  --static_cast<Env*>(env)->young.handles;
  auto* const impl = static_cast<TensorImpl*>(data);
  __builtin_prefetch(impl + 1);  // the storage beside it, needed next: both are cold by now
  const Ref<TensorImpl> last(impl);
}

// Runs after every external of the environment is finalized.
void drop_env(napi_env, void* data, void*) {
  auto* env = static_cast<Env*>(data);
  set_current_account(nullptr);
  set_reclaim(nullptr, nullptr);
  release_account(env->account);
  delete env;
}

// What a storage over JavaScript memory holds on to.
struct BufferOwner {
  Env* env;
  napi_ref buffer;
  Storage* storage;
  void* replacement;  // memory of our own once the buffer was detached
  int64_t bytes;
  bool kept;  // nobody can detach it
};

// May run inside a garbage collection: the reference is freed later, by settle().
void release_buffer(void* data) {
  auto* owner = static_cast<BufferOwner*>(data);
  {
    std::lock_guard guard(owner->env->mutex);
    owner->env->dead.push_back(owner->buffer);
    std::erase(owner->env->wrapped, owner->storage);
  }
  deallocate(owner->replacement, owner->bytes);
  delete owner;
}

bool is_detached(napi_env env, napi_ref ref) {
  napi_value buffer = nullptr;
  bool detached = true;
  if (napi_get_reference_value(env, ref, &buffer) != napi_ok || !buffer) return true;
  napi_is_detached_arraybuffer(env, buffer, &detached);
  return detached;
}

// Whether the buffer under a wrapped storage was detached; the storage then has memory of its own.
bool replace_detached(Env& env, Storage& storage) {
  auto* owner = static_cast<BufferOwner*>(storage.owner);
  if (owner->replacement) return true;
  if (!is_detached(env.env, owner->buffer)) return false;
  owner->replacement = allocate(owner->bytes);
  std::memset(owner->replacement, 0, owner->bytes);
  storage.data = owner->replacement;
  storage.version.fetch_add(1, std::memory_order_relaxed);
  return true;
}

// Memory ran out: garbage may hold what is missing. A large enough external size makes V8 collect
// at once; it is taken back right after.
void collect_garbage(void* context) {
  const auto env = static_cast<napi_env>(context);
  constexpr int64_t kPressure = int64_t{1} << 36;
  int64_t total;
  napi_adjust_external_memory(env, kPressure, &total);
  napi_adjust_external_memory(env, -kPressure, &total);
}

// The bytes of all tensors, and more for each: behind a small one lie objects V8 knows nothing of
// (its description, nodes of the tape), which are to be used again before they are cold.
int64_t weigh(const Env& env) {
  return charged(env.account) + env.young.handles * YoungCollections::kHandleWeight;
}

// V8 counts external memory for full collections alone: a loop over tensors of some size would run
// through 64 MB and more of cold memory, which all cores then mark for milliseconds. Collecting
// young objects takes 0.1 ms where few of them live, and gives memory back that is still in the
// caches. What lives through two of them becomes old. So some calls lie between two, for what a
// chain of ops hands on, and four times as long as the last one took, unless a full one would come
// else; dropping what died is not counted, for that takes its time whenever it is done. And where
// less than half of what was made before this call died, the next comes later.
void collect_young(Env& env) {
  constexpr std::chrono::nanoseconds kDropTime{200};
  YoungCollections& young = env.young;
  const int64_t weight = weigh(env), made = weight - young.before;
  young.before = weight;
  young.least = std::min(young.least, weight);
  const int64_t growth = weight - young.least, handles = young.handles;
  if (made > 0) ++young.calls;
  if (growth < young.growth || young.calls < young.kLeastCalls || !young.collect) return;
  const auto began = std::chrono::steady_clock::now();
  if (began < young.next && growth < 3 * young.growth) return;
  napi_value collect, receiver;
  rest_helpers();  // V8's threads take part
  check(env.env, napi_get_reference_value(env.env, young.collect, &collect), "collect");
  check(env.env, napi_get_undefined(env.env, &receiver), "collect");
  check(env.env, napi_call_function(env.env, receiver, collect, 0, nullptr, nullptr), "collect");
  young.calls = 0;
  const auto ended = std::chrono::steady_clock::now();
  young.next = ended + 4 * (ended - began - (handles - young.handles) * kDropTime);
  young.least = young.before = weigh(env);
  const bool many_died = 2 * (weight - young.least) >= growth - made;
  young.growth = many_died ? std::max(young.growth / 2, young.kLeastGrowth) : young.growth * 2;
}

Napi::Object init(Napi::Env napi, Napi::Object exports) {
  auto* env = new Env;
  env->env = napi;
  env->account = acquire_account();
  env->young.least = env->young.before = charged(env->account);  // a dead worker's tensors may live
  env->wrapped.reserve(16);
  napi_set_instance_data(napi, env, drop_env, nullptr);
  set_current_account(env->account);
  set_reclaim(collect_garbage, static_cast<napi_env>(napi));
  define_runtime(napi, exports);
  define_tensor(napi, exports);
  define_ops(napi, exports);
  define_autograd(napi, exports);
  define_optim(napi, exports);
  define_data(napi, exports);
  define_function(napi, exports);
  define_graph(napi, exports);
  return exports;
}

}  // namespace

Env& env_of(napi_env env) {
  void* data = nullptr;
  napi_get_instance_data(env, &data);
  return *static_cast<Env*>(data);
}

void check(napi_env env, napi_status status, const char* what) {
  if (status == napi_ok) return;
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (pending || status == napi_pending_exception) throw PendingException();
  fail(ErrorKind::Type, "%s: unexpected value (Node-API status %d)", what,
       static_cast<int>(status));
}

napi_value make_handle(napi_env env, Tensor x) {
  napi_value handle;
  TensorImpl* const impl = std::move(x).release();
  Env& owner = env_of(env);
  ++owner.young.handles;
  if (napi_create_external(env, impl, drop_handle, &owner, &handle) != napi_ok) {
    drop_handle(env, impl, &owner);
    throw PendingException();
  }
  return handle;
}

Tensor tensor_from(napi_env env, napi_value value, const char* what, Needs needs) {
  void* data = nullptr;
  if (napi_get_value_external(env, value, &data) != napi_ok || !data)
    fail(ErrorKind::Type, "%s: expected a Tensor", what);
  Tensor x(Ref<TensorImpl>::share(static_cast<TensorImpl*>(data)));
  check_memory(env_of(env), x, needs);
  return x;
}

Tensor wrap_buffer(Env& env, napi_value buffer, size_t byte_offset, const Dims& shape, DType dtype,
                   bool kept) {
  void* data = nullptr;
  size_t length = 0;
  if (napi_get_arraybuffer_info(env.env, buffer, &data, &length) != napi_ok)
    fail(ErrorKind::Type, "fromBuffer: expected an ArrayBuffer");
  check_shape("fromBuffer", shape);
  const size_t bytes = numel(shape) * item_size(dtype);
  if (byte_offset > length || bytes > length - byte_offset)
    fail(ErrorKind::Shape,
         "fromBuffer: shape %s of dtype %s takes %zu bytes, the buffer has %zu from offset %zu",
         to_string(shape).c_str(), name(dtype), bytes,
         byte_offset > length ? 0 : length - byte_offset, byte_offset);
  if (bytes == 0) return empty(shape, dtype);
  if (byte_offset % item_size(dtype) != 0)
    fail(ErrorKind::Range, "fromBuffer: byte offset %zu is not a multiple of %d, the size of %s",
         byte_offset, item_size(dtype), name(dtype));
  auto owner = std::make_unique<BufferOwner>(
      BufferOwner{&env, nullptr, nullptr, nullptr, static_cast<int64_t>(bytes), kept});
  Ref<Storage> storage =
      Storage::wrap(static_cast<char*>(data) + byte_offset, bytes, nullptr, nullptr);
  check(env.env, napi_create_reference(env.env, buffer, 1, &owner->buffer), "fromBuffer");
  owner->storage = storage.get();
  {
    std::lock_guard guard(env.mutex);
    env.wrapped.push_back(storage.get());
  }
  storage->owner = owner.release();
  storage->release = release_buffer;
  return wrap_storage(std::move(storage), shape, dtype);
}

void check_wrapped(Env& env) {
  // An allocation may collect garbage, and with it entries of the list.
  for (size_t i = 0; i < env.wrapped.size(); ++i)
    replace_detached(env, *Ref<Storage>::share(env.wrapped[i]));
}

bool is_shared(const Tensor& x) {
  return x.storage().release == release_buffer &&
         !static_cast<BufferOwner*>(x.storage().owner)->kept;
}

void check_memory(Env& env, Storage& storage, Needs needs) {
  if (!storage.release) return;
  if (source_of(storage)) {
    if (needs == Needs::Values) materialize(storage);
    return;
  }
  if (replace_detached(env, storage))
    fail(ErrorKind::Data, "the ArrayBuffer under a tensor was detached: its values are lost");
}

void settle(Env& env) {
  collect_young(env);
  constexpr int64_t kReportAtLeast = 256 << 10;
  if (const int64_t change = take_unreported(env.account, kReportAtLeast)) {
    int64_t total;
    napi_adjust_external_memory(env.env, change, &total);
  }
  if (env.dead.empty()) return;
  std::vector<napi_ref> dead;
  {
    std::lock_guard guard(env.mutex);
    dead.swap(env.dead);
  }
  for (napi_ref ref : dead) napi_delete_reference(env.env, ref);
}

void define(napi_env env, napi_value target, const char* name, napi_callback callback, void* data) {
  napi_value function;
  check(env, napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, data, &function), name);
  check(env, napi_set_named_property(env, target, name, function), name);
}

}  // namespace cresset::binding

extern "C" {

// 2147483647 is NAPI_VERSION_EXPERIMENTAL: only under its contract do finalizers run inside the
// collection itself, without which a synchronous training loop never frees anything. Headers stay
// at 8. CRESSET_NAPI=stable falls back.
NAPI_MODULE_EXPORT int32_t node_api_module_get_api_version_v1() {
  const char* wanted = std::getenv("CRESSET_NAPI");
  return wanted && std::strcmp(wanted, "stable") == 0 ? 8 : 2147483647;
}

NAPI_MODULE_EXPORT napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  return Napi::RegisterModule(env, exports, cresset::binding::init);
}
}
