// SPDX-License-Identifier: MIT
#pragma once
#include "core/storage.h"

// Storages whose memory is made when it is first needed. Who can do with the values elsewhere, in
// memory of its own that stays in the caches, asks for `source_of` and writes them there; everybody
// else sees an ordinary storage, since the binding materializes every tensor whose values a call
// may need.
namespace cresset {

// Where the values come from. Several threads may ask at once.
struct Source : Pooled {
  std::atomic<int32_t> refs{1};
  virtual ~Source() = default;
  virtual void write(void* to) const noexcept = 0;
  // What is read then. Whoever changes it calls materialize_readers first.
  virtual Storage& from() const noexcept = 0;
  static void destroy(Source* source) noexcept { delete source; }
};

// For so many bytes or more: smaller payloads have their place beside the header.
inline constexpr int64_t kLeastDeferred = 2048;
Ref<Storage> deferred_storage(int64_t bytes, Ref<Source> source);
// Null if the storage has memory.
Source* source_of(const Storage& storage) noexcept;

// By the thread of the storage's environment. OutOfMemory leaves everything as it was.
void materialize(Storage& storage);
// Those that would read `changed`, before it is.
void materialize_readers(Storage& changed);

// Do those who read in passing follow each other? Then deferring pays; set by them, and cleared
// whenever memory had to be made after all.
inline constinit std::atomic<bool> deferring_pays{false};

}  // namespace cresset
