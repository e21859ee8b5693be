// SPDX-License-Identifier: MIT
#include "core/deferred.h"

#include <mutex>

#include "core/reclaim.h"

namespace cresset {
namespace {

// So much is garbage, mostly.
constexpr int64_t kManyBytes = 32 << 20;

// What a storage's `owner` is while it has no memory.
struct Deferred : Pooled {
  Ref<Source> source;
  Storage* storage;
  Deferred *before = nullptr, *after = nullptr;
};

// All of them. Leaked on purpose: finalizers may run after main().
struct List {
  std::mutex mutex;
  Deferred* first = nullptr;
};
List& list() {
  static List& instance = *new List;
  return instance;
}

void add(Deferred* deferred) {
  List& all = list();
  const std::lock_guard lock(all.mutex);
  deferred->after = all.first;
  if (all.first) all.first->before = deferred;
  all.first = deferred;
  deferred->source->from().deferred_from = true;
}

void drop(void* owner) {
  auto* const deferred = static_cast<Deferred*>(owner);
  {
    List& all = list();
    const std::lock_guard lock(all.mutex);
    (deferred->before ? deferred->before->after : all.first) = deferred->after;
    if (deferred->after) deferred->after->before = deferred->before;
  }
  delete deferred;
}

// One that is on its way out is left to go.
Ref<Storage> share_alive(Storage* storage) {
  for (int32_t n = storage->refs.load(); n > 0;)
    if (storage->refs.compare_exchange_weak(n, n + 1)) return Ref<Storage>(storage);
  return nullptr;
}

// Of those that read `changed`: the bytes they stand for, and one of them.
struct Readers {
  int64_t bytes = 0;
  Ref<Storage> any;
};
Readers readers_of(Storage& changed) {
  Readers readers;
  List& all = list();
  const std::lock_guard lock(all.mutex);
  changed.deferred_from = false;
  for (const Deferred* d = all.first; d; d = d->after) {
    if (&d->source->from() != &changed) continue;
    changed.deferred_from = true;
    readers.bytes += d->storage->bytes;
    if (!readers.any) readers.any = share_alive(d->storage);
  }
  return readers;
}

}  // namespace

Ref<Storage> deferred_storage(int64_t bytes, Ref<Source> source) {
  auto* const deferred = new Deferred;
  deferred->source = std::move(source);
  Ref<Storage> storage;
  try {
    storage = Storage::wrap(nullptr, bytes, drop, deferred);
  } catch (...) {
    delete deferred;
    throw;
  }
  deferred->storage = storage.get();
  add(deferred);
  return storage;
}

Source* source_of(const Storage& storage) noexcept {
  return storage.release == drop ? static_cast<Deferred*>(storage.owner)->source.get() : nullptr;
}

void materialize(Storage& storage) {
  deferring_pays = false;
  void* const data = allocate(storage.bytes);
  source_of(storage)->write(data);
  void* const deferred = std::exchange(storage.owner, nullptr);
  storage.release = nullptr;
  storage.adopt(data);
  drop(deferred);
}

void materialize_readers(Storage& changed) {
  if (!changed.deferred_from) return;
  if (readers_of(changed).bytes > kManyBytes) reclaim();
  while (const Ref<Storage> reader = readers_of(changed).any) materialize(*reader);
}

}  // namespace cresset
