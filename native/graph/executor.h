// SPDX-License-Identifier: MIT
#pragma once
#include "graph/program.h"

// The thread on which `run()` executes: one for the process, never libuv's, so that models that
// train at the same time take turns instead of fighting for the cores. It never waits for
// JavaScript.
namespace cresset::graph {

// Is no more run of a sequence of jobs to begin?
using Stopped = std::shared_ptr<std::atomic<bool>>;

// Runs on their way, one after the other. `done` is called on the executor's thread, once: when the
// results of all are there, which may be before the last one's end. After one that fails none
// begins, in this job or in those of its sequence.
struct Job : Pooled {
  PooledVector<Ref<Run>> runs;
  Stopped stopped;        // of its sequence, if it is in one
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
