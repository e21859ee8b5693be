// SPDX-License-Identifier: MIT
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

// Caching allocator for tensor payloads and the small objects around them. Blocks are 64-byte
// aligned. Small sizes come from slabs that are never returned; large ones are cached by size
// class up to a bound, so that a training loop stops asking the system after its first steps.
namespace cresset {

// Throws Error(OutOfMemory) beyond the limit or when the system has no more; never returns null.
void* allocate(size_t bytes);
// `bytes` as given to allocate. Safe inside a garbage collection: it never calls out.
void deallocate(void* block, size_t bytes) noexcept;

// For containers and objects that come and go with every op.
template <class T>
struct PooledAllocator {
  using value_type = T;
  PooledAllocator() = default;
  template <class U>
  PooledAllocator(const PooledAllocator<U>&) noexcept {}
  T* allocate(size_t n) { return static_cast<T*>(cresset::allocate(n * sizeof(T))); }
  void deallocate(T* p, size_t n) noexcept { cresset::deallocate(p, n * sizeof(T)); }
  bool operator==(const PooledAllocator&) const { return true; }
};
template <class T>
using PooledVector = std::vector<T, PooledAllocator<T>>;
struct Pooled {
  static void* operator new(size_t bytes) { return allocate(bytes); }
  static void operator delete(void* p, size_t bytes) noexcept { deallocate(p, bytes); }
};

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
int64_t charged(const MemoryAccount* account) noexcept;
// Change since the last call.
int64_t take_unreported(MemoryAccount* account, int64_t at_least) noexcept;

}  // namespace cresset
