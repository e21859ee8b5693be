// SPDX-License-Identifier: MIT
#include "core/allocator.h"

#ifdef __linux__
#include <malloc.h>
#include <sys/mman.h>
#endif

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <new>
#include <vector>

#include "core/error.h"
#include "core/reclaim.h"

namespace cresset {
namespace {

constexpr size_t kAlign = 64;
constexpr size_t kSmallLimit = 4096;  // slab blocks up to here
constexpr size_t kFetched = 1024;     // of the next free block, while this one is used
constexpr size_t kSlabBytes = 256 << 10;
constexpr int kSmallClasses = kSmallLimit / kAlign;
constexpr int64_t kCacheBound = 256 << 20;  // most bytes kept for reuse
constexpr int64_t kIdleBound = 24 << 20;    // most that other sizes keep while one is missing

struct FreeBlock {
  FreeBlock* next;
};

// Held for a few instructions only, and never across a call into Node.
class SpinLock {
 public:
  void lock() noexcept {
    while (flag_.test_and_set(std::memory_order_acquire)) {
      while (flag_.test(std::memory_order_relaxed)) relax();
    }
  }
  void unlock() noexcept { flag_.clear(std::memory_order_release); }

 private:
  static void relax() noexcept {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#else
    asm volatile("yield");
#endif
  }
  std::atomic_flag flag_ = ATOMIC_FLAG_INIT;
};

// Large blocks in steps of 1/8 of a power of two: at most 12.5 % are wasted.
size_t round_large(size_t bytes) {
  const int top = 63 - __builtin_clzll(bytes);
  const size_t step = size_t{1} << (top - 3);
  return (bytes + step - 1) & ~(step - 1);
}

int large_class(size_t rounded) {
  const int top = 63 - __builtin_clzll(rounded);
  return (top - 12) * 8 + static_cast<int>((rounded >> (top - 3)) & 7);
}
constexpr int kLargeClasses = (53 - 12) * 8;

// V8 keeps a list of the objects that died in a collection: megabytes that glibc would give back to
// the system, and fault in again, each time (15 % of a small op).
void keep_freed_memory() {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 64 << 20);
#endif
}

struct Allocator {
  SpinLock lock;  // guards everything up to `stats`
  FreeBlock* small[kSmallClasses + 1] = {};
  FreeBlock* large[kLargeClasses] = {};
  char* slab = nullptr;
  size_t slab_left = 0;
  MemoryStats stats{};
  std::atomic<int64_t> limit{0}, fail_from{0};

  Allocator() {
    keep_freed_memory();
    if (const char* text = std::getenv("CRESSET_MEMORY_LIMIT")) limit = std::atoll(text);
  }
};

// Leaked on purpose: blocks are freed by finalizers that may run at any moment of the teardown.
Allocator& allocator() {
  static Allocator* instance = new Allocator;
  return *instance;
}

// glibc keeps what is freed below its top; this gives whole pages back.
void return_to_system() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

// Large pages for large blocks, where the system gives them to who asks: the processor reads ahead
// within a page only, and the first touch is one fault for 2 MiB.
void* system_allocate(size_t bytes) {
#ifdef MADV_HUGEPAGE
  constexpr size_t kLargePage = 2 << 20;
  if (bytes >= 2 * kLargePage) {
    void* const block =
        std::aligned_alloc(kLargePage, (bytes + kLargePage - 1) & ~(kLargePage - 1));
    if (block) madvise(block, bytes & ~(kLargePage - 1), MADV_HUGEPAGE);
    return block;
  }
#endif
  return std::aligned_alloc(kAlign, bytes);
}

// With the lock held.
void count_allocation(MemoryStats& stats, int64_t bytes) {
  stats.live += bytes;
  stats.peak = std::max(stats.peak, stats.live);
  ++stats.allocations;
}
void count_release(MemoryStats& stats, int64_t bytes) {
  stats.live -= bytes;
  --stats.allocations;
}

[[noreturn]] void out_of_memory(size_t bytes, const char* why) {
  fail(ErrorKind::OutOfMemory, "cannot allocate %zu bytes: %s (%lld bytes of tensors are live)",
       bytes, why, static_cast<long long>(memory_stats().live));
}

enum class Refusal : uint8_t { None, Injected, Limit, System };

Refusal check_allowed(Allocator& a, size_t bytes) {
  if (a.fail_from.load(std::memory_order_relaxed) > 0 && a.fail_from.fetch_sub(1) <= 1) {
    a.fail_from = 1;
    return Refusal::Injected;
  }
  const int64_t limit = a.limit.load(std::memory_order_relaxed);
  const bool beyond = limit > 0 && memory_stats().live + static_cast<int64_t>(bytes) > limit;
  return beyond ? Refusal::Limit : Refusal::None;
}

[[noreturn]] void refuse(const Allocator& a, size_t bytes, Refusal refusal) {
  char limit[64];
  switch (refusal) {
    case Refusal::Injected:
      out_of_memory(bytes, "failure injected by a test");
    case Refusal::Limit:
      std::snprintf(limit, sizeof limit, "the limit is %lld bytes",
                    static_cast<long long>(a.limit.load()));
      out_of_memory(bytes, limit);
    default:
      out_of_memory(bytes, "the system has no more memory");
  }
}

struct Reclaimer {
  Reclaim call = nullptr;
  void* context = nullptr;
};
thread_local Reclaimer t_reclaimer;

void* pop(FreeBlock*& head) {
  FreeBlock* block = head;
  if (block) head = block->next;
  return block;
}

// Given back long ago, and needed soon.
void fetch(const FreeBlock* block, size_t bytes) {
  for (size_t at = 0; at < std::min(bytes, kFetched); at += kAlign)
    __builtin_prefetch(reinterpret_cast<const char*>(block) + at, 1);
}

void push(FreeBlock*& head, void* block) {
  auto* free_block = static_cast<FreeBlock*>(block);
  free_block->next = head;
  head = free_block;
}

// A block of the current slab, or of a new one; null if the system has no more.
void* cut_from_slab(Allocator& a, size_t rounded) {
  if (a.slab_left < rounded) {
    char* slab = static_cast<char*>(system_allocate(kSlabBytes));
    if (!slab) return nullptr;
    // The rest of the old slab still serves the smallest class.
    for (; a.slab_left >= kAlign; a.slab_left -= kAlign, a.slab += kAlign) {
      push(a.small[1], a.slab);
      a.stats.cached += kAlign;
    }
    a.slab = slab;
    a.slab_left = kSlabBytes;
  }
  void* block = a.slab;
  a.slab += rounded;
  a.slab_left -= rounded;
  return block;
}

void* allocate_small(Allocator& a, size_t rounded) {
  std::lock_guard guard(a.lock);
  FreeBlock*& head = a.small[rounded / kAlign];
  void* block = pop(head);
  if (block) {
    fetch(head, rounded);
    a.stats.cached -= rounded;
  } else {
    block = cut_from_slab(a, rounded);
  }
  if (block) count_allocation(a.stats, rounded);
  return block;
}

void* allocate_large(Allocator& a, size_t rounded) {
  bool idle;
  {
    std::lock_guard guard(a.lock);
    if (void* block = pop(a.large[large_class(rounded)])) {
      a.stats.cached -= rounded;
      count_allocation(a.stats, rounded);
      return block;
    }
    idle = a.stats.cached > std::max(kIdleBound, a.stats.live / 2);
  }
  // Sizes of a phase that is over (training, say, when testing begins) make room for the new ones.
  if (idle) {
    release_cache();
    return_to_system();
  }
  void* block = system_allocate(rounded);
  if (!block) {
    release_cache();
    block = system_allocate(rounded);
  }
  if (block) {
    std::lock_guard guard(a.lock);
    count_allocation(a.stats, rounded);
  }
  return block;
}

size_t round_size(size_t bytes) {
  if (bytes <= kSmallLimit) return std::max((bytes + kAlign - 1) & ~(kAlign - 1), kAlign);
  return round_large(bytes);
}

}  // namespace

void set_reclaim(Reclaim reclaim, void* context) noexcept { t_reclaimer = {reclaim, context}; }
void reclaim() noexcept {
  if (const Reclaimer reclaimer = t_reclaimer; reclaimer.call) reclaimer.call(reclaimer.context);
}

void* allocate(size_t bytes) {
  Allocator& a = allocator();
  if (bytes >> 52) out_of_memory(bytes, "no machine has that much");
  const size_t rounded = round_size(bytes);
  Refusal refusal = Refusal::None;
  const auto attempt = [&]() -> void* {
    refusal = check_allowed(a, rounded);
    if (refusal != Refusal::None) return nullptr;
    void* block = rounded <= kSmallLimit ? allocate_small(a, rounded) : allocate_large(a, rounded);
    if (!block) refusal = Refusal::System;
    return block;
  };
  if (void* block = attempt()) return block;
  // Reclaiming runs finalizers, which never allocate here.
  if (t_reclaimer.call) {
    reclaim();
    if (void* block = attempt()) return block;
  }
  refuse(a, bytes, refusal);
}

void deallocate(void* block, size_t bytes) noexcept {
  if (!block) return;
  Allocator& a = allocator();
  const size_t rounded = round_size(bytes);
  {
    std::lock_guard guard(a.lock);
    count_release(a.stats, rounded);
    const bool small = rounded <= kSmallLimit;
    if (small || a.stats.cached + static_cast<int64_t>(rounded) <= kCacheBound) {
      push(small ? a.small[rounded / kAlign] : a.large[large_class(rounded)], block);
      a.stats.cached += rounded;
      return;
    }
  }
  std::free(block);
}

MemoryStats memory_stats() noexcept {
  Allocator& a = allocator();
  std::lock_guard guard(a.lock);
  return a.stats;
}

void reset_peak_memory() noexcept {
  Allocator& a = allocator();
  std::lock_guard guard(a.lock);
  a.stats.peak = a.stats.live;
}

void release_cache() noexcept {
  Allocator& a = allocator();
  for (int i = 0; i < kLargeClasses; ++i) {
    for (;;) {
      void* block;
      {
        std::lock_guard guard(a.lock);
        block = pop(a.large[i]);
        if (!block) break;
        // The class tells the size: eight steps in each power of two.
        const int top = i / 8 + 12;
        a.stats.cached -= (size_t{8} + i % 8) << (top - 3);
      }
      std::free(block);
    }
  }
}

void set_memory_limit(int64_t bytes) noexcept { allocator().limit = bytes; }
int64_t memory_limit() noexcept { return allocator().limit; }
void fail_allocations_from(int64_t n) noexcept { allocator().fail_from = n; }

struct MemoryAccount {
  std::atomic<int64_t> bytes{0};
  int64_t reported = 0;
};

namespace {

thread_local MemoryAccount* t_account = nullptr;

// Accounts outlive their environment (storages may), so they are recycled and never freed.
struct AccountPool {
  std::mutex mutex;
  std::vector<MemoryAccount*> all, free;
};
AccountPool& account_pool() {
  static AccountPool* pool = new AccountPool;
  return *pool;
}

}  // namespace

MemoryAccount* acquire_account() {
  AccountPool& pool = account_pool();
  std::lock_guard guard(pool.mutex);
  if (pool.free.empty()) {
    pool.all.push_back(new MemoryAccount);
    pool.free.reserve(pool.all.size());
    return pool.all.back();
  }
  MemoryAccount* account = pool.free.back();
  pool.free.pop_back();
  account->reported = account->bytes;
  return account;
}

void release_account(MemoryAccount* account) noexcept {
  AccountPool& pool = account_pool();
  std::lock_guard guard(pool.mutex);
  pool.free.push_back(account);  // capacity reserved by acquire_account
}

void set_current_account(MemoryAccount* account) noexcept { t_account = account; }
MemoryAccount* current_account() noexcept { return t_account; }

// V8 collects all garbage, milliseconds on every core, whenever 64 MB more are reported. Of large
// blocks it hears a part only, or a loop over them would do little else; those that lie dead
// meanwhile fit into kCacheBound.
void charge(MemoryAccount* account, int64_t bytes) noexcept {
  constexpr int64_t kFull = 4 << 20;
  const int64_t size = std::llabs(bytes), felt = size <= kFull ? size : kFull + (size - kFull) / 3;
  if (account) account->bytes.fetch_add(bytes < 0 ? -felt : felt, std::memory_order_relaxed);
}

int64_t charged(const MemoryAccount* account) noexcept {
  return account->bytes.load(std::memory_order_relaxed);
}

int64_t take_unreported(MemoryAccount* account, int64_t at_least) noexcept {
  const int64_t bytes = charged(account);
  const int64_t change = bytes - account->reported;
  if (std::llabs(change) < at_least) return 0;
  account->reported = bytes;
  return change;
}

}  // namespace cresset
