// SPDX-License-Identifier: MIT
#include "core/parallel.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "check.h"
#include "core/cpu_count.h"

using namespace cresset;

namespace {

template <class Body>
void parallel(int64_t n, int64_t grain, Body body) {
  parallel_for(
      n, grain,
      [](void* ctx, int64_t begin, int64_t end) { (*static_cast<Body*>(ctx))(begin, end); }, &body);
}

void work() {
  for (int i = 0; i < 200; ++i) asm volatile("");
}

// Every index once, in pieces that begin at multiples of the grain and never exceed it.
void covers(int64_t n, int64_t grain) {
  std::vector<std::atomic<int>> hits(n);
  std::atomic<bool> pieces_right{true};
  parallel(n, grain, [&](int64_t begin, int64_t end) {
    if (begin % grain != 0 || end != (begin + grain < n ? begin + grain : n)) pieces_right = false;
    for (int64_t i = begin; i < end; ++i) ++hits[i];
    work();
  });
  bool once = true;
  for (auto& hit : hits) once &= hit == 1;
  CHECK(once && pieces_right, "n %ld, grain %ld", long(n), long(grain));
}

void test_pieces() {
  for (int threads : {1, 2, 3, 8})
    for (int round = 0; round < 200; ++round) {
      set_num_threads(threads);
      covers(1 + round * 7 % 97, 1 + round % 13);
    }
  covers(0, 4);
  CHECK(num_threads() == 8);
  set_num_threads(0);
  CHECK(num_threads() == 1);
  set_num_threads(1 << 20);
  CHECK(num_threads() == kMaxThreads);
}

void test_stats() {
  set_num_threads(2);
  reset_parallel_stats();
  for (int i = 0; i < 100 && parallel_stats().max_threads < 2; ++i)
    parallel(64, 1, [](int64_t, int64_t) {
      for (int j = 0; j < 1000; ++j) work();
    });
  const ParallelStats stats = parallel_stats();
  CHECK(stats.loops >= 1 && stats.chunks == 64 * stats.loops);
  CHECK(stats.max_threads == 2, "got %ld", long(stats.max_threads));
  parallel(10, 10, [](int64_t, int64_t) {});
  CHECK(parallel_stats().loops == stats.loops, "one piece is not a split loop");
}

void test_nested() {
  set_num_threads(4);
  std::atomic<int64_t> total{0};
  std::atomic<bool> same_thread{true};
  parallel(32, 1, [&](int64_t, int64_t) {
    const auto self = std::this_thread::get_id();
    parallel(10, 1, [&](int64_t begin, int64_t end) {
      if (std::this_thread::get_id() != self) same_thread = false;
      total += end - begin;
    });
  });
  CHECK(total == 320 && same_thread);
}

// As several worker_threads do; more callers than the pool has slots.
void test_callers(int callers) {
  set_num_threads(3);
  std::vector<std::thread> threads;
  std::atomic<int64_t> total{0};
  for (int t = 0; t < callers; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 300; ++i)
        parallel(20, 1, [&](int64_t begin, int64_t end) {
          total += end - begin;
          work();
        });
    });
  for (auto& thread : threads) thread.join();
  CHECK(total == callers * 300 * 20);
}

void test_fork() {
  set_num_threads(4);
  covers(100, 1);
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);
    for (int i = 0; i < 100; ++i) covers(100, 3);
    _exit(0);
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(status == 0, "the child ended with %d", status);
}

// An emulator may accept the limit and ignore it.
bool memory_is_limited() {
  constexpr size_t kBytes = 8 << 20;
  void* memory = mmap(nullptr, kBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return true;
  munmap(memory, kBytes);
  return false;
}

// In a child and before any helper exists: no memory for the stack of a new thread.
void test_no_threads() {
#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);
    std::vector<int> hits(1000);
    const rlimit none{1 << 20, 1 << 20};
    setrlimit(RLIMIT_AS, &none);
    if (!memory_is_limited()) _exit(0);
    set_num_threads(100);
    parallel(1000, 1, [&](int64_t begin, int64_t) { ++hits[begin]; });
    for (int hit : hits) CHECK(hit == 1);
    CHECK(parallel_stats().max_threads == 1);
    _exit(0);
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(status == 0, "the child ended with %d", status);
#endif
}

// The module lies beside the binary or is reported as missing; either way loops go on.
void test_openmp() {
  const char* why = nullptr;
  const bool loaded = set_parallel_backend(ParallelBackend::OpenMP, &why);
  CHECK(loaded == (why == nullptr));
  CHECK(loaded || std::strstr(why, "cresset_openmp.so"), "%s", why);
  CHECK((parallel_backend() == ParallelBackend::OpenMP) == loaded);
  std::printf("OpenMP: %s\n", loaded ? "loaded" : why);
  test_pieces();
  test_nested();
  test_fork();
  CHECK(set_parallel_backend(ParallelBackend::Pool, nullptr));
}

void write(const std::string& path, const char* text) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  CHECK(file, "%s", path.c_str());
  std::fputs(text, file);
  std::fclose(file);
}

void test_quota() {
  char name[] = "/tmp/cresset-cgroup-XXXXXX";
  CHECK(mkdtemp(name));
  const std::string root = name, self = root + "/self";
  for (const char* folder : {"/a", "/a/b", "/cpu", "/cpu/c"}) mkdir((root + folder).c_str(), 0700);
  write(self, "0::/a/b\n");
  CHECK(cgroup_cpu_quota(self.c_str(), root.c_str()) == 0);
  write(root + "/a/b/cpu.max", "max 100000\n");
  CHECK(cgroup_cpu_quota(self.c_str(), root.c_str()) == 0);
  write(root + "/a/cpu.max", "150000 100000\n");
  CHECK(cgroup_cpu_quota(self.c_str(), root.c_str()) == 1.5, "a parent's quota binds");
  write(self, "5:cpuset:/x\n4:cpu:/c\n");
  write(root + "/cpu/c/cpu.cfs_quota_us", "-1\n");
  write(root + "/cpu/c/cpu.cfs_period_us", "100000\n");
  CHECK(cgroup_cpu_quota(self.c_str(), root.c_str()) == 0);
  write(root + "/cpu/c/cpu.cfs_quota_us", "300000\n");
  CHECK(cgroup_cpu_quota(self.c_str(), root.c_str()) == 3);
  write(self, "garbage\n::\n0:\n");
  CHECK(cgroup_cpu_quota(self.c_str(), root.c_str()) == 0);
  CHECK(cgroup_cpu_quota("/nonexistent", root.c_str()) == 0);
  CHECK(available_cpus() >= 1);
  CHECK(std::system(("rm -r " + root).c_str()) == 0);
}

}  // namespace

int main() {
  CHECK(parallel_error() == nullptr, "%s", parallel_error());
  test_no_threads();
  test_pieces();
  test_stats();
  test_nested();
  test_callers(4);
  test_callers(24);
  test_fork();
  test_openmp();
  test_quota();
  return finish();
}
