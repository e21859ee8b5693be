// SPDX-License-Identifier: MIT
#include "core/storage.h"

#include <new>

namespace cresset {
namespace {

// Small payloads share one block with their header; one of a single number takes the header's rest.
constexpr int64_t kLine = 64;
constexpr int64_t kHeader = sizeof(Storage);
constexpr int64_t kTiny = kLine - kHeader;
constexpr int64_t kInline = 1024;
static_assert(kTiny == 8);

int64_t round_to_line(int64_t bytes) { return (bytes + kLine - 1) & -kLine; }

// Where an inline payload begins, from the start of the block.
int64_t payload_offset(int64_t front, int64_t bytes) {
  return bytes <= kTiny ? front + kHeader : round_to_line(front + kHeader);
}

int64_t block_bytes(int64_t front, int64_t inline_bytes) {
  return payload_offset(front, inline_bytes) + inline_bytes;
}

void free_block(Storage* storage) {
  const bool inline_payload = storage->data && !storage->release && storage->bytes <= kInline;
  const int64_t front = storage->front;
  deallocate(reinterpret_cast<char*>(storage) - front,
             block_bytes(front, inline_payload ? storage->bytes : 0));
}

}  // namespace

Ref<Storage> Storage::create(int64_t bytes, int64_t front) {
  const bool inline_payload = bytes <= kInline;
  char* block = static_cast<char*>(allocate(block_bytes(front, inline_payload ? bytes : 0)));
  auto* storage = new (block + front) Storage;
  Ref<Storage> ref(storage);
  storage->front = static_cast<uint16_t>(front);
  storage->bytes = bytes;
  // On failure `ref` gives the block back.
  storage->data = inline_payload ? block + payload_offset(front, bytes) : allocate(bytes);
  if (front > 0) storage->parts.store(2, std::memory_order_relaxed);
  storage->account = current_account();
  charge(storage->account, bytes + front + kHeader);
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

void Storage::adopt(void* memory) noexcept {
  data = memory;
  account = current_account();
  charge(account, bytes + front + kHeader);
}

void Storage::destroy(Storage* storage) noexcept {
  if (storage->release) {
    storage->release(storage->owner);
  } else if (storage->data) {
    charge(storage->account, -(storage->bytes + storage->front + kHeader));
    if (storage->bytes > kInline) deallocate(storage->data, storage->bytes);
  }
  leave(storage);
}

void Storage::leave(Storage* storage) noexcept {
  if (is_last(storage->parts)) free_block(storage);
}

}  // namespace cresset
