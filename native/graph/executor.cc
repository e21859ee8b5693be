// SPDX-License-Identifier: MIT
#include "graph/executor.h"

#include <pthread.h>
#include <signal.h>

#include <condition_variable>
#include <mutex>

#include "ops/recorder.h"

namespace cresset::graph {
namespace {

struct Executor {
  std::mutex mutex;
  std::condition_variable work, idle;
  Job *first = nullptr, *last = nullptr;
  const void* owner = nullptr;  // of the job that runs
  std::atomic<bool> cancelled{false};
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

void finish(Job& job) {
  job.run->program->mark(*job.run, false);
  watchers.fetch_sub(1);
}

void* work_forever(void*) {
  Executor& e = executor();
  for (;;) {
    std::unique_ptr<Job> job;
    {
      std::unique_lock lock(e.mutex);
      e.work.wait(lock, [&] { return e.first != nullptr; });
      job.reset(e.first);
      e.first = job->next;
      if (!e.first) e.last = nullptr;
      e.owner = job->owner;
      e.cancelled = false;
    }
    job->run->program->execute(*job->run, &e.cancelled);
    finish(*job);
    // Before it counts as done, so that whoever waits for that may take the owner down.
    void (*const done)(Job*) = job->done;
    done(job.release());
    {
      const std::lock_guard lock(e.mutex);
      e.owner = nullptr;
    }
    e.idle.notify_all();
  }
}

// Detached, and with every signal blocked: signals belong to the threads of the program.
void start(Executor& e) {
  if (e.started) return;
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  pthread_t thread;
  e.started = pthread_create(&thread, nullptr, work_forever, nullptr) == 0;
  if (e.started) pthread_detach(thread);
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
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
  e.work.notify_one();
}

std::unique_ptr<Job> cancel(const void* owner, int64_t id) {
  Executor& e = executor();
  std::unique_ptr<Job> found;
  {
    const std::lock_guard lock(e.mutex);
    found.reset(e.remove([&](const Job& job) { return job.owner == owner && job.id == id; }));
  }
  if (found) finish(*found);
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
    finish(*job);
  }
}

}  // namespace cresset::graph
