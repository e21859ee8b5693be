// SPDX-License-Identifier: MIT
#pragma once
#include "graph/program.h"

// The thread on which `run()` executes: one for the process, never libuv's, so that models that
// train at the same time take turns instead of fighting for the cores. It never waits for
// JavaScript.
namespace cresset::graph {

// A run on its way. `done` is called on the executor's thread, once: when the run's results are
// there, which may be before its end.
struct Job : Pooled {
  Ref<Run> run;
  void* owner = nullptr;  // an environment
  void (*done)(Job* job) = nullptr;
  int64_t id = 0;
  Job* next = nullptr;
};

inline constexpr int kMostJobs = 64;  // of one owner; a further one waits for the first

// In the order of the calls.
void submit(std::unique_ptr<Job> job);
// The job if it has not begun, else null.
std::unique_ptr<Job> cancel(const void* owner, int64_t id);
// Drops what has not begun, stops what runs after the present instruction, and waits for that.
void cancel_all(const void* owner);

}  // namespace cresset::graph
