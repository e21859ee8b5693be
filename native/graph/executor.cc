// SPDX-License-Identifier: MIT
#include "graph/executor.h"

#include <condition_variable>
#include <mutex>

#include "core/parallel.h"
#include "core/spin.h"
#include "core/thread.h"
#include "ops/recorder.h"

namespace cresset::graph {
namespace {

// After a short run the next one comes when JavaScript has been told and has asked for it.
constexpr auto kPause = std::chrono::microseconds(80);
constexpr auto kShortRun = std::chrono::milliseconds(2);

struct Executor {
  std::mutex mutex;
  std::condition_variable work, idle;
  Job *first = nullptr, *last = nullptr;
  const void* owner = nullptr;  // of the job that runs
  std::atomic<bool> cancelled{false};
  std::atomic<int> waiting{0};  // jobs in the queue
  bool started = false;

  // With the lock held: takes the jobs out of the queue that are `wanted`.
  template <class Wanted>
  Job* remove(Wanted wanted) {
    Job *removed = nullptr, *kept = nullptr;
    Job **removed_end = &removed, **kept_end = &kept;
    last = nullptr;
    for (Job *job = first, *next; job; job = next) {
      next = std::exchange(job->next, nullptr);
      const bool out = wanted(*job);
      if (!out) last = job;
      Job**& end = out ? removed_end : kept_end;
      *end = job;
      end = &job->next;
      if (out) waiting.fetch_sub(1, std::memory_order_relaxed);
    }
    first = kept;
    return removed;
  }
  int count(const void* of) const {
    int n = owner == of;
    for (const Job* job = first; job; job = job->next) n += job->owner == of;
    return n;
  }
};

// Leaked on purpose: the thread outlives main().
Executor& executor() {
  static Executor& instance = *new Executor;
  return instance;
}

void finish(Run& run) {
  run.program->mark(run, false);
  watchers.fetch_sub(1);
}

void* work_forever(void*) {
  Executor& e = executor();
  bool was_short = false;
  for (;;) {
    std::unique_ptr<Job> job;
    // The next call often follows the last one's end.
    spin_until([&] { return e.waiting.load(std::memory_order_relaxed) > 0; },
               was_short ? kPause : kSpin);
    {
      std::unique_lock lock(e.mutex);
      e.work.wait(lock, [&] { return e.first != nullptr; });
      job.reset(e.first);
      e.first = job->next;
      if (!e.first) e.last = nullptr;
      e.waiting.fetch_sub(1, std::memory_order_relaxed);
      e.owner = job->owner;
      e.cancelled = false;
    }
    const auto begin = std::chrono::steady_clock::now();
    Ref<Run> run = job->run;
    const auto tell = [&] {
      void (*const done)(Job*) = job->done;
      done(job.release());
    };
    run->program->execute(*run, &e.cancelled, tell);
    finish(*run);
    was_short = std::chrono::steady_clock::now() - begin < kShortRun;
    if (e.waiting.load(std::memory_order_relaxed) == 0) rest_helpers();
    // Before it counts as done, so that whoever waits for that may take the owner down.
    if (job) tell();
    run = nullptr;
    {
      const std::lock_guard lock(e.mutex);
      e.owner = nullptr;
    }
    e.idle.notify_all();
  }
}

void start(Executor& e) {
  e.started = e.started || start_thread(work_forever);
  if (!e.started) fail(ErrorKind::Device, "run: the system gives no thread to run on");
}

}  // namespace

void submit(std::unique_ptr<Job> job) {
  Executor& e = executor();
  {
    std::unique_lock lock(e.mutex);
    start(e);
    e.idle.wait(lock, [&] { return e.count(job->owner) < kMostJobs; });
    watchers.fetch_add(1);
    job->run->program->mark(*job->run, true);
    Job* const added = job.release();
    added->next = nullptr;
    (e.last ? e.last->next : e.first) = added;
    e.last = added;
  }
  // With the lock given back, for which a thread that sees this asks at once.
  e.waiting.fetch_add(1, std::memory_order_relaxed);
  e.work.notify_one();
}

std::unique_ptr<Job> cancel(const void* owner, int64_t id) {
  Executor& e = executor();
  std::unique_ptr<Job> found;
  {
    const std::lock_guard lock(e.mutex);
    found.reset(e.remove([&](const Job& job) { return job.owner == owner && job.id == id; }));
  }
  if (found) finish(*found->run);
  return found;
}

void cancel_all(const void* owner) {
  Executor& e = executor();
  Job* dropped;
  {
    std::unique_lock lock(e.mutex);
    dropped = e.remove([&](const Job& job) { return job.owner == owner; });
    if (e.owner == owner) e.cancelled = true;
    e.idle.wait(lock, [&] { return e.owner != owner; });
  }
  while (dropped) {
    const std::unique_ptr<Job> job(std::exchange(dropped, dropped->next));
    finish(*job->run);
  }
}

}  // namespace cresset::graph
