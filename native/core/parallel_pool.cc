// SPDX-License-Identifier: MIT
#include <atomic>

#include "core/parallel.h"
#include "core/parallel_backend.h"
#include "core/spin.h"
#include "core/thread.h"

// Chunks are handed out one by one, and the caller takes them like everybody else. It waits only
// for chunks that somebody has begun, never for a helper that has not woken up yet. Nothing here
// locks, so a process forked at any moment still runs its loops, without helpers.
namespace cresset {
namespace {

constexpr int kSlots = 16;  // loops at the same time; one more runs in its caller alone
constexpr int kMaxLanes = 16;
constexpr uint32_t kClosed = UINT32_MAX;
constexpr int64_t kCaller = -1;

// A stretch of a loop's chunks. Each thread begins with its own, so that loop after loop the same
// thread works on the same part of the data: memory that one core reads and another writes is
// slow. `ticket` is generation << 32 | next chunk.
struct alignas(64) Lane {
  std::atomic<uint64_t> ticket;
};

// One running loop. A helper reads the fields and then takes a chunk by compare-and-swap of its
// lane's ticket: success proves that the generation, and so the fields, still held, and keeps the
// loop alive until the chunk is done. Lanes beyond `lanes` are closed.
struct alignas(64) Slot {
  std::atomic<bool> busy;
  std::atomic<LoopBody> body;
  std::atomic<void*> ctx;
  std::atomic<int64_t> n, grain;
  std::atomic<uint32_t> chunks, lanes, helpers, threads;
  alignas(64) std::atomic<uint32_t> done;
  Lane lane[kMaxLanes];
};

// Constant-initialised and trivially destroyed: helpers may outlive the end of main().
struct Pool {
  Slot slots[kSlots];
  std::atomic<uint32_t> epoch;    // moves with every new loop; idle helpers wait for that
  std::atomic<uint32_t> helpers;  // those with a greater index sleep
  std::atomic<bool> resting;      // no loop is expected
  std::atomic<int> created;
  std::atomic<bool> creating;
};
constinit Pool pool{};

uint32_t first_chunk(uint32_t lane, uint32_t lanes, uint32_t chunks) {
  return static_cast<uint32_t>(uint64_t{chunks} * lane / lanes);
}

// Takes chunks of one lane until none is left. `counted` is the generation in which this thread
// was counted as taking part; a helper may run into the slot's next loop, where it counts once
// more.
void work_on_lane(Slot& slot, uint32_t lane, int64_t self, uint64_t& counted) {
  std::atomic<uint64_t>& current = slot.lane[lane].ticket;
  uint64_t ticket = current.load(std::memory_order_acquire);
  for (;;) {
    const uint64_t generation = ticket >> 32;
    const uint32_t chunk = static_cast<uint32_t>(ticket);
    const uint32_t chunks = slot.chunks.load(std::memory_order_acquire);
    const uint32_t lanes = slot.lanes.load(std::memory_order_acquire);
    if (lane >= lanes || chunk >= first_chunk(lane + 1, lanes, chunks) ||
        self >= slot.helpers.load(std::memory_order_acquire))
      return;
    const Loop loop{
        slot.body.load(std::memory_order_acquire), slot.ctx.load(std::memory_order_acquire),
        slot.n.load(std::memory_order_acquire), slot.grain.load(std::memory_order_acquire)};
    if (!current.compare_exchange_weak(ticket, ticket + 1, std::memory_order_acq_rel)) continue;
    if (generation != counted) slot.threads.fetch_add(1, std::memory_order_relaxed);
    counted = generation;
    loop.run(chunk);
    if (slot.done.fetch_add(1, std::memory_order_acq_rel) + 1 == chunks) slot.done.notify_one();
    ticket = current.load(std::memory_order_acquire);
  }
}

// Takes chunks until none is left, as the loop's caller or as a helper, from the thread's own lane
// first; returns whether it got any.
bool work_on(Slot& slot, int64_t self) {
  constexpr uint64_t kNone = UINT64_MAX;
  uint64_t counted = kNone;
  const uint32_t lanes = slot.lanes.load(std::memory_order_acquire);
  for (uint32_t i = 0; i < lanes; ++i)
    work_on_lane(slot, static_cast<uint32_t>(self + 1 + i) % lanes, self, counted);
  return counted != kNone;
}

bool work_on_any(int64_t self) {
  bool any = false;
  for (Slot& slot : pool.slots) any |= work_on(slot, self);
  return any;
}

void* helper_main(void* index) {
  const auto self = static_cast<uint32_t>(reinterpret_cast<uintptr_t>(index));
  inside_loop = true;
  index_of_thread = static_cast<int>(self) + 1;
  for (;;) {
    const uint32_t helpers = pool.helpers.load(std::memory_order_acquire);
    if (self >= helpers) {
      pool.helpers.wait(helpers);
      continue;
    }
    const uint32_t seen = pool.epoch.load(std::memory_order_acquire);
    if (work_on_any(self)) continue;
    spin_until([seen] {
      return pool.epoch.load(std::memory_order_acquire) != seen ||
             pool.resting.load(std::memory_order_relaxed);
    });
    pool.epoch.wait(seen);
  }
}

// Where no more threads are to be had the loops make do with those that exist; whoever else is
// creating them already is not waited for.
void create_helpers(int wanted) {
  if (pool.created.load(std::memory_order_acquire) >= wanted) return;
  if (pool.creating.exchange(true, std::memory_order_acquire)) return;
  int created = pool.created.load(std::memory_order_relaxed);
  const auto argument = [&] { return reinterpret_cast<void*>(static_cast<uintptr_t>(created)); };
  while (created < wanted && start_thread(helper_main, argument())) ++created;
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
  const uint32_t most = static_cast<uint32_t>(threads < kMaxLanes ? threads : kMaxLanes);
  const uint32_t lanes = chunks < most ? chunks : most;
  const uint32_t before = slot.lanes.load(std::memory_order_relaxed);
  const uint64_t last = slot.lane[0].ticket.load(std::memory_order_relaxed) >> 32;
  const uint64_t generation = (last + 1) << 32;
  for (uint32_t i = 0; i < lanes || i < before; ++i)
    slot.lane[i].ticket.store(generation | kClosed, std::memory_order_release);
  slot.body.store(loop.body, std::memory_order_release);
  slot.ctx.store(loop.ctx, std::memory_order_release);
  slot.n.store(loop.n, std::memory_order_release);
  slot.grain.store(loop.grain, std::memory_order_release);
  slot.chunks.store(chunks, std::memory_order_release);
  slot.lanes.store(lanes, std::memory_order_release);
  slot.helpers.store(static_cast<uint32_t>(threads - 1), std::memory_order_release);
  slot.threads.store(0, std::memory_order_release);
  slot.done.store(0, std::memory_order_release);
  for (uint32_t i = 0; i < lanes; ++i)
    slot.lane[i].ticket.store(generation | first_chunk(i, lanes, chunks),
                              std::memory_order_release);
}

void wake(int helpers, int threads) {
  pool.resting.store(false, std::memory_order_relaxed);
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

void rest_helpers() noexcept { pool.resting.store(true, std::memory_order_relaxed); }

void pool_resize(int helpers) noexcept {
  pool.helpers.store(static_cast<uint32_t>(helpers), std::memory_order_release);
  pool.helpers.notify_all();
  pool.epoch.fetch_add(1, std::memory_order_acq_rel);
  pool.epoch.notify_all();
}

}  // namespace cresset
