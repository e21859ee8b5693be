// SPDX-License-Identifier: MIT
#include "core/storage.h"

#include <new>

namespace cresset {
namespace {

// Small payloads share one block with their header.
constexpr int64_t kHeader = 64;
constexpr int64_t kInline = 1024;
static_assert(sizeof(Storage) <= kHeader);

int64_t block_bytes(int64_t bytes) { return bytes <= kInline ? kHeader + bytes : kHeader; }

}  // namespace

Ref<Storage> Storage::create(int64_t bytes) {
  void* block = allocate(block_bytes(bytes));
  auto* storage = new (block) Storage;
  Ref<Storage> ref(storage);
  storage->bytes = bytes;
  if (bytes <= kInline) {
    storage->data = static_cast<char*>(block) + kHeader;
  } else {
    storage->data = allocate(bytes);  // on failure `ref` gives the header back
  }
  storage->account = current_account();
  charge(storage->account, bytes + kHeader);
  return ref;
}

Ref<Storage> Storage::wrap(void* data, int64_t bytes, void (*release)(void*), void* owner) {
  auto* storage = new (allocate(kHeader)) Storage;
  storage->data = data;
  storage->bytes = bytes;
  storage->release = release;
  storage->owner = owner;
  return Ref<Storage>(storage);
}

Ref<Storage> Storage::placeholder(int64_t bytes) {
  auto* storage = new (allocate(kHeader)) Storage;
  storage->bytes = bytes;
  return Ref<Storage>(storage);
}

void Storage::destroy(Storage* storage) noexcept {
  const int64_t bytes = storage->bytes;
  if (storage->release) {
    storage->release(storage->owner);
    deallocate(storage, kHeader);
    return;
  }
  if (!storage->data) return deallocate(storage, kHeader);
  charge(storage->account, -(bytes + kHeader));
  if (bytes > kInline) deallocate(storage->data, bytes);
  deallocate(storage, block_bytes(bytes));
}

}  // namespace cresset
