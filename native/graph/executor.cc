// SPDX-License-Identifier: MIT
#include "graph/executor.h"

#include <condition_variable>
#include <mutex>

#include "core/fifo.h"
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
  Fifo<Job> jobs;
  const void* owner = nullptr;  // of the job that is worked on
  std::atomic<bool> cancelled{false};
  std::atomic<int> waiting{0};  // jobs in the queue
  bool started = false;

  // With the lock held: takes the jobs out of the queue that are `wanted`.
  template <class Wanted>
  Fifo<Job> take(Wanted wanted) {
    Fifo<Job> taken = jobs.take(wanted);
    waiting.fetch_sub(taken.count([](const Job&) { return true; }), std::memory_order_relaxed);
    return taken;
  }
  int count(const void* of) const {
    return (owner == of) + jobs.count([of](const Job& job) { return job.owner == of; });
  }
};

// Leaked on purpose: the thread outlives main().
Executor& executor() {
  static Executor& instance = *new Executor;
  return instance;
}

void begin(Run& run) {
  watchers.fetch_add(1);
  run.program->mark(run, true);
}
void finish(Run& run) {
  run.program->mark(run, false);
  watchers.fetch_sub(1);
}
void drop(const std::unique_ptr<Job>& job) {
  for (const auto& run : job->runs) finish(*run);
}

// Runs all of the job, which is gone when its results were there before the last run's end.
void work_on(std::unique_ptr<Job>& job, const std::atomic<bool>& cancelled) {
  const auto tell = [&] {
    void (*const done)(Job*) = job->done;
    done(job.release());
  };
  const Stopped sequence = job->stopped;
  std::atomic<bool> own{false};
  std::atomic<bool>& stopped = sequence ? *sequence : own;
  for (size_t i = 0, count = job->runs.size(); i < count; ++i) {
    const Ref<Run> run = job->runs[i];
    if (stopped) {
      run->failed = true;
      run->error = Error(ErrorKind::State, "run: stopped before it began");
    } else if (i + 1 < count) {
      run->program->execute(*run, &cancelled);
    } else {
      run->program->execute(*run, &cancelled, tell);
    }
    if (run->failed) stopped = true;
    finish(*run);
  }
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
      e.work.wait(lock, [&] { return !e.jobs.empty(); });
      job.reset(e.jobs.pop());
      e.waiting.fetch_sub(1, std::memory_order_relaxed);
      e.owner = job->owner;
      e.cancelled = false;
    }
    const auto begin = std::chrono::steady_clock::now();
    work_on(job, e.cancelled);
    was_short = std::chrono::steady_clock::now() - begin < kShortRun;
    if (e.waiting.load(std::memory_order_relaxed) == 0) rest_helpers();
    // Before it counts as done, so that whoever waits for that may take the owner down.
    if (job) job->done(job.release());
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
    for (const auto& run : job->runs) begin(*run);
    e.jobs.push(job.release());
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
    found.reset(e.take([&](const Job& job) { return job.owner == owner && job.id == id; }).pop());
  }
  if (found) drop(found);
  return found;
}

void cancel_all(const void* owner) {
  Executor& e = executor();
  Fifo<Job> dropped;
  {
    std::unique_lock lock(e.mutex);
    dropped = e.take([&](const Job& job) { return job.owner == owner; });
    if (e.owner == owner) e.cancelled = true;
    e.idle.wait(lock, [&] { return e.owner != owner; });
  }
  while (const std::unique_ptr<Job> job{dropped.pop()}) drop(job);
}

}  // namespace cresset::graph
