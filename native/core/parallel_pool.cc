// SPDX-License-Identifier: MIT
#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <chrono>

#include "core/parallel.h"
#include "core/parallel_backend.h"

// Chunks are handed out one by one, and the caller takes them like everybody else. It waits only
// for chunks that somebody has begun, never for a helper that has not woken up yet. Nothing here
// locks, so a process forked at any moment still runs its loops, without helpers.
namespace cresset {
namespace {

constexpr int kSlots = 16;  // loops at the same time; one more runs in its caller alone
constexpr uint32_t kClosed = UINT32_MAX;
constexpr int64_t kCaller = -1;
constexpr auto kSpin = std::chrono::microseconds(20);

// One running loop. `ticket` is generation << 32 | next chunk. A helper reads the fields and then
// takes a chunk by compare-and-swap: success proves that the generation, and so the fields, still
// held, and keeps the loop alive until the chunk is done.
struct alignas(64) Slot {
  std::atomic<bool> busy;
  std::atomic<uint64_t> ticket;
  std::atomic<LoopBody> body;
  std::atomic<void*> ctx;
  std::atomic<int64_t> n, grain;
  std::atomic<uint32_t> chunks, helpers, threads;
  alignas(64) std::atomic<uint32_t> done;
};

// Constant-initialised and trivially destroyed: helpers may outlive the end of main().
struct Pool {
  Slot slots[kSlots];
  std::atomic<uint32_t> epoch;    // moves with every new loop; idle helpers wait for that
  std::atomic<uint32_t> helpers;  // those with a greater index sleep
  std::atomic<int> created;
  std::atomic<bool> creating;
};
constinit Pool pool{};

template <class Done>
bool spin_until(Done done) {
  const auto end = std::chrono::steady_clock::now() + kSpin;
  do {
    for (int i = 0; i < 16; ++i) {
      if (done()) return true;
#if defined(__x86_64__)
      __builtin_ia32_pause();
#elif defined(__aarch64__)
      asm volatile("yield");
#endif
    }
  } while (std::chrono::steady_clock::now() < end);
  return false;
}

// Takes chunks until none is left, as the loop's caller or as a helper; returns whether it got any.
// A helper may run into the slot's next loop, where it counts once more.
bool work_on(Slot& slot, int64_t self) {
  constexpr uint64_t kNone = UINT64_MAX;
  uint64_t counted = kNone;
  uint64_t ticket = slot.ticket.load(std::memory_order_acquire);
  for (;;) {
    const uint64_t generation = ticket >> 32;
    const uint32_t chunk = static_cast<uint32_t>(ticket);
    const uint32_t chunks = slot.chunks.load(std::memory_order_acquire);
    if (chunk >= chunks || self >= slot.helpers.load(std::memory_order_acquire))
      return counted != kNone;
    const Loop loop{
        slot.body.load(std::memory_order_acquire), slot.ctx.load(std::memory_order_acquire),
        slot.n.load(std::memory_order_acquire), slot.grain.load(std::memory_order_acquire)};
    if (!slot.ticket.compare_exchange_weak(ticket, ticket + 1, std::memory_order_acq_rel)) continue;
    if (generation != counted) slot.threads.fetch_add(1, std::memory_order_relaxed);
    counted = generation;
    loop.run(chunk);
    if (slot.done.fetch_add(1, std::memory_order_acq_rel) + 1 == chunks) slot.done.notify_one();
    ticket = slot.ticket.load(std::memory_order_acquire);
  }
}

bool work_on_any(int64_t self) {
  bool any = false;
  for (Slot& slot : pool.slots) any |= work_on(slot, self);
  return any;
}

void* helper_main(void* index) {
  const auto self = static_cast<uint32_t>(reinterpret_cast<uintptr_t>(index));
  inside_loop = true;
  for (;;) {
    const uint32_t helpers = pool.helpers.load(std::memory_order_acquire);
    if (self >= helpers) {
      pool.helpers.wait(helpers);
      continue;
    }
    const uint32_t seen = pool.epoch.load(std::memory_order_acquire);
    if (work_on_any(self)) continue;
    const auto moved = [seen] { return pool.epoch.load(std::memory_order_acquire) != seen; };
    if (!spin_until(moved)) pool.epoch.wait(seen);
  }
}

// Detached, and with every signal blocked: signals belong to the threads of the program.
bool create_helper(int index) {
  pthread_attr_t attr;
  if (pthread_attr_init(&attr) != 0) return false;
  pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  pthread_t thread;
  void* arg = reinterpret_cast<void*>(static_cast<uintptr_t>(index));
  const bool ok = pthread_create(&thread, &attr, helper_main, arg) == 0;
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
  pthread_attr_destroy(&attr);
  return ok;
}

// Where no more threads are to be had the loops make do with those that exist; whoever else is
// creating them already is not waited for.
void create_helpers(int wanted) {
  if (pool.created.load(std::memory_order_acquire) >= wanted) return;
  if (pool.creating.exchange(true, std::memory_order_acquire)) return;
  int created = pool.created.load(std::memory_order_relaxed);
  while (created < wanted && create_helper(created)) ++created;
  pool.created.store(created, std::memory_order_release);
  pool.creating.store(false, std::memory_order_release);
}

Slot* free_slot() {
  for (Slot& slot : pool.slots)
    if (!slot.busy.load(std::memory_order_relaxed) &&
        !slot.busy.exchange(true, std::memory_order_acquire))
      return &slot;
  return nullptr;
}

// Closes the old generation before the fields change, and opens the new one after.
void open(Slot& slot, const Loop& loop, uint32_t chunks, int threads) {
  const uint64_t generation = ((slot.ticket.load(std::memory_order_relaxed) >> 32) + 1) << 32;
  slot.ticket.store(generation | kClosed, std::memory_order_release);
  slot.body.store(loop.body, std::memory_order_release);
  slot.ctx.store(loop.ctx, std::memory_order_release);
  slot.n.store(loop.n, std::memory_order_release);
  slot.grain.store(loop.grain, std::memory_order_release);
  slot.chunks.store(chunks, std::memory_order_release);
  slot.helpers.store(static_cast<uint32_t>(threads - 1), std::memory_order_release);
  slot.threads.store(0, std::memory_order_release);
  slot.done.store(0, std::memory_order_release);
  slot.ticket.store(generation, std::memory_order_release);
}

void wake(int helpers, int threads) {
  pool.epoch.fetch_add(1, std::memory_order_acq_rel);
  if (helpers + 1 >= threads) return pool.epoch.notify_all();
  for (int i = 0; i < helpers; ++i) pool.epoch.notify_one();
}

int run_alone(const Loop& loop) {
  for (int64_t i = 0, chunks = loop.chunks(); i < chunks; ++i) loop.run(i);
  return 1;
}

}  // namespace

int pool_run(const Loop& loop, int threads) noexcept {
  const int64_t chunks = loop.chunks();
  if (chunks >= kClosed) return run_alone(loop);
  const int helpers = static_cast<int>(chunks < threads ? chunks : threads) - 1;
  create_helpers(helpers);
  Slot* slot = free_slot();
  if (!slot) return run_alone(loop);
  open(*slot, loop, static_cast<uint32_t>(chunks), threads);
  wake(helpers, threads);
  work_on(*slot, kCaller);
  const auto finished = [&] { return slot->done.load(std::memory_order_acquire) == chunks; };
  if (!spin_until(finished)) {
    for (uint32_t done; (done = slot->done.load(std::memory_order_acquire)) != chunks;)
      slot->done.wait(done);
  }
  const int took_part = static_cast<int>(slot->threads.load(std::memory_order_relaxed));
  slot->busy.store(false, std::memory_order_release);
  return took_part;
}

void pool_resize(int helpers) noexcept {
  pool.helpers.store(static_cast<uint32_t>(helpers), std::memory_order_release);
  pool.helpers.notify_all();
  pool.epoch.fetch_add(1, std::memory_order_acq_rel);
  pool.epoch.notify_all();
}

}  // namespace cresset
