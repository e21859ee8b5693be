// SPDX-License-Identifier: MIT
#pragma once
#include "data/recipe.h"

// Prepares batches while others are in use, on a thread of its own, one for the process and neither
// JavaScript's nor libuv's. Where compiled functions read batches nothing is prepared: they gather
// the rows themselves.
namespace cresset::data {

// A batch on its way. While it waits or is filled it counts as a reader of its sources.
struct Job : Pooled {
  std::atomic<int32_t> refs{1};
  std::shared_ptr<const Recipe> recipe;
  PooledVector<int64_t> rows;
  Visits visits{};
  Tensors batch;
  PooledVector<uint32_t> versions;  // of the sources when it was asked for
  void* owner = nullptr;            // an environment's
  int64_t id = 0;
  void (*notify)(Job* job) = nullptr;
  enum State : uint8_t { Underway, Awaited, Ready };
  std::atomic<State> state{Underway};
  Job* next = nullptr;

  static void destroy(Job* job) noexcept { delete job; }
  bool ready() const { return state.load(std::memory_order_acquire) == Ready; }
  // Asks for `notify`, on the thread, when it is ready; false if it is already.
  bool await();
  // Hands over the batch, once it is ready; filled anew if a source was changed meanwhile.
  Tensors take();
};

// In the order of the calls.
void submit(const Ref<Job>& job);
// Drops what has not begun and waits for what has.
void cancel_all(const void* owner);

}  // namespace cresset::data
