// SPDX-License-Identifier: MIT
#pragma once
#include <cstddef>
#include <cstdint>

// Caching allocator for tensor payloads and the small objects around them. Blocks are 64-byte
// aligned. Small sizes come from slabs that are never returned; large ones are cached by size
// class up to a bound, so that a training loop stops asking the system after its first steps.
namespace cresset {

// Throws Error(OutOfMemory) beyond the limit or when the system has no more; never returns null.
void* allocate(size_t bytes);
// `bytes` as given to allocate. Safe inside a garbage collection: it never calls out.
void deallocate(void* block, size_t bytes) noexcept;

struct MemoryStats {
  int64_t live;         // bytes in use now
  int64_t peak;         // most bytes in use since the start or resetPeakMemory()
  int64_t cached;       // bytes kept for reuse
  int64_t allocations;  // blocks in use now
};
MemoryStats memory_stats() noexcept;
void reset_peak_memory() noexcept;
void release_cache() noexcept;

// 0 = no limit. Taken from CRESSET_MEMORY_LIMIT at start.
void set_memory_limit(int64_t bytes) noexcept;
int64_t memory_limit() noexcept;

// For tests: from the n-th allocation on (1 = the next) every one fails; 0 ends it.
void fail_allocations_from(int64_t n) noexcept;

// Bytes owned by one JavaScript environment, so that its garbage collector hears of them.
struct MemoryAccount;
MemoryAccount* acquire_account();
void release_account(MemoryAccount* account) noexcept;
// The account that new storages of this thread belong to; may be null.
void set_current_account(MemoryAccount* account) noexcept;
MemoryAccount* current_account() noexcept;
void charge(MemoryAccount* account, int64_t bytes) noexcept;
// Change since the last call.
int64_t take_unreported(MemoryAccount* account, int64_t at_least) noexcept;

}  // namespace cresset
