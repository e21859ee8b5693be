// SPDX-License-Identifier: MIT
#pragma once
#include <atomic>

#include "ops/op.h"

// What may stand between a call and its kernel: a recorder that takes the calls of this thread down
// instead of running them, or runs in the background whose tensors a call must wait for.
namespace cresset {

class Recorder {
 public:
  virtual ~Recorder() = default;
  virtual Outputs apply(const Op& op, Args args) = 0;
  virtual Tensor apply_in_place(const Op& op, Args args) = 0;
  // A call without outputs that changes `written`, which are among its arguments.
  virtual void apply_update(const Op& op, Args args, const Tensors& written) = 0;
  // The gradient of a leaf is about to be read or, without that, replaced.
  virtual void touch_gradient(const Tensor& leaf, bool read) = 0;
};

// Recorders and background runs in the whole process: while there are none, calls pay one load.
inline std::atomic<int> watchers{0};
inline bool watched() noexcept { return watchers.load(std::memory_order_relaxed) != 0; }

// This thread's; null: calls run.
Recorder* recorder() noexcept;
Recorder* set_recorder(Recorder* recorder) noexcept;  // returns the previous one
inline Recorder* active_recorder() noexcept { return watched() ? recorder() : nullptr; }

// State error if this thread records: `function` needs values, which are not known then.
void need_values(const char* function);
// Waits for background runs: those that write x, or all that touch it; before x is written, what
// was deferred and would read it is made.
void wait_to_read(const Tensor& x);
void wait_to_write(const Tensor& x);
void wait_to_read(Args args);

}  // namespace cresset
