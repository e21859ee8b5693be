// SPDX-License-Identifier: MIT
#include "data/preparer.h"

#include <condition_variable>
#include <mutex>

#include "core/fifo.h"
#include "core/thread.h"
#include "ops/recorder.h"

namespace cresset::data {
namespace {

struct Preparer {
  std::mutex mutex;
  std::condition_variable work, idle;
  Fifo<Job> jobs;               // each with a reference
  const void* owner = nullptr;  // of the job that is filled
  bool started = false;
};

// Leaked on purpose: the thread outlives main().
Preparer& preparer() {
  static Preparer& instance = *new Preparer;
  return instance;
}

void mark(const Job& job, bool begins) {
  for (const Column& column : job.recipe->columns) {
    Storage& storage = column.source.storage();
    begins ? storage.begin_run(Storage::kReader) : storage.end_run(Storage::kReader);
  }
  watchers.fetch_add(begins ? 1 : -1);
}

void* work_forever(void*) {
  Preparer& p = preparer();
  for (;;) {
    Ref<Job> job;
    {
      std::unique_lock lock(p.mutex);
      p.work.wait(lock, [&] { return !p.jobs.empty(); });
      job = Ref<Job>(p.jobs.pop());
      p.owner = job->owner;
    }
    for (const Column& column : job->recipe->columns) column.source.storage().wait_for_writers();
    fill(*job->recipe, job->rows, job->visits, job->batch);
    mark(*job, false);
    if (job->state.exchange(Job::Ready) == Job::Awaited) job->notify(job.get());
    job = nullptr;  // before its owner may go
    {
      const std::lock_guard lock(p.mutex);
      p.owner = nullptr;
    }
    p.idle.notify_all();
  }
}

void start(Preparer& p) {
  p.started = p.started || start_thread(work_forever);
  if (!p.started) fail(ErrorKind::Device, "batch: the system gives no thread to prepare it on");
}

}  // namespace

bool Job::await() {
  State expected = Underway;
  return state.compare_exchange_strong(expected, Awaited);
}

Tensors Job::take() {
  bool changed = false;
  for (size_t i = 0; i < versions.size(); ++i) {
    const Tensor& source = recipe->columns[i].source;
    wait_to_read(source);
    changed |= source.version() != std::exchange(versions[i], source.version());
  }
  if (changed) fill(*recipe, rows, visits, batch);
  return std::move(batch);
}

void submit(const Ref<Job>& job) {
  for (const Column& column : job->recipe->columns)
    job->versions.push_back(column.source.version());
  Preparer& p = preparer();
  {
    const std::lock_guard lock(p.mutex);
    start(p);
    mark(*job, true);
    p.jobs.push(Ref<Job>(job).release());
  }
  p.work.notify_one();
}

void cancel_all(const void* owner) {
  Preparer& p = preparer();
  std::unique_lock lock(p.mutex);
  Fifo<Job> dropped = p.jobs.take([&](const Job& job) { return job.owner == owner; });
  while (const Ref<Job> job{dropped.pop()}) mark(*job, false);
  p.idle.wait(lock, [&] { return p.owner != owner; });
}

}  // namespace cresset::data
