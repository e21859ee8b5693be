// SPDX-License-Identifier: MIT
#pragma once
#include <stdint.h>

#include "core/parallel.h"

// Working memory for the pieces of a parallel loop: as many sets as threads take part, handed out
// by the piece that runs. Which set a piece gets changes nothing but where it works; its thread's
// own comes first, which lies in its core's caches.
namespace cresset {
namespace {

class Slots {
 public:
  explicit Slots(int64_t count) : all_(count >= 64 ? ~uint64_t{0} : (uint64_t{1} << count) - 1) {}

  int64_t take() {
    const uint64_t own = uint64_t{1} << (thread_index() & 63);
    for (uint64_t used = __atomic_load_n(&used_, __ATOMIC_RELAXED);;) {
      const uint64_t free = all_ & ~used;
      if (free == 0) {  // more threads than expected: one of the holders ends soon
        used = __atomic_load_n(&used_, __ATOMIC_RELAXED);
        continue;
      }
      const int slot = __builtin_ctzll(free & own ? own : free);
      if (__atomic_compare_exchange_n(&used_, &used, used | uint64_t{1} << slot, true,
                                      __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return slot;
    }
  }
  void give_back(int64_t slot) {
    __atomic_fetch_and(&used_, ~(uint64_t{1} << slot), __ATOMIC_RELEASE);
  }

 private:
  const uint64_t all_;
  uint64_t used_ = 0;
};

}  // namespace
}  // namespace cresset
