// SPDX-License-Identifier: MIT
#include "core/cpu_count.h"

#include <cmath>
#include <cstdio>
#include <cstring>
#include <thread>
#if defined(__linux__)
#include <sched.h>
#endif

namespace cresset {
namespace {

constexpr int kPathLength = 4096;

// The first line of a file; false where there is none.
bool read_line(const char* path, char* line, int size) {
  std::FILE* file = std::fopen(path, "re");
  if (!file) return false;
  const bool ok = std::fgets(line, size, file) != nullptr;
  std::fclose(file);
  return ok;
}

// Version 2: "max 100000" or "150000 100000" in one file.
double quota_v2(const char* folder) {
  char path[kPathLength + 32], line[64];
  std::snprintf(path, sizeof path, "%s/cpu.max", folder);
  double quota, period;
  if (!read_line(path, line, sizeof line) || std::sscanf(line, "%lf %lf", &quota, &period) != 2)
    return 0;
  return quota > 0 && period > 0 ? quota / period : 0;
}

// Version 1: two files; a quota of -1 means none.
double quota_v1(const char* folder) {
  char path[kPathLength + 32], line[64];
  double value[2];
  const char* const names[] = {"cpu.cfs_quota_us", "cpu.cfs_period_us"};
  for (int i = 0; i < 2; ++i) {
    std::snprintf(path, sizeof path, "%s/%s", folder, names[i]);
    if (!read_line(path, line, sizeof line) || std::sscanf(line, "%lf", &value[i]) != 1) return 0;
  }
  return value[0] > 0 && value[1] > 0 ? value[0] / value[1] : 0;
}

double tighter(double a, double b) { return a > 0 && (b <= 0 || a < b) ? a : b; }

// From the group's folder up to the mount: a parent's quota binds its children.
double quota_upwards(const char* mount, const char* group, double (*quota)(const char*)) {
  char folder[kPathLength];
  const int length = std::snprintf(folder, sizeof folder, "%s%s", mount, group);
  if (length < 0 || length >= kPathLength) return 0;
  const size_t top = std::strlen(mount);
  double result = quota(folder);
  while (std::strlen(folder) > top) {
    *std::strrchr(folder, '/') = '\0';
    result = tighter(quota(folder), result);
  }
  return result;
}

bool names_cpu(const char* controllers) {
  char copy[256];
  std::snprintf(copy, sizeof copy, "%s", controllers);
  char* rest = nullptr;
  for (char* name = strtok_r(copy, ",", &rest); name; name = strtok_r(nullptr, ",", &rest))
    if (std::strcmp(name, "cpu") == 0) return true;
  return false;
}

// A line of /proc/self/cgroup is id:controllers:/group; version 2 names no controllers.
double quota_of_line(char* line, const char* root) {
  line[std::strcspn(line, "\n")] = '\0';
  char* controllers = std::strchr(line, ':');
  char* group = controllers ? std::strchr(controllers + 1, ':') : nullptr;
  if (!group || group[1] != '/') return 0;
  *group++ = '\0';
  ++controllers;
  char mount[kPathLength];
  if (*controllers == '\0') {
    std::snprintf(mount, sizeof mount, "%s/unified", root);
    return tighter(quota_upwards(root, group, quota_v2), quota_upwards(mount, group, quota_v2));
  }
  if (!names_cpu(controllers)) return 0;
  std::snprintf(mount, sizeof mount, "%s/%s", root, controllers);
  double quota = quota_upwards(mount, group, quota_v1);
  std::snprintf(mount, sizeof mount, "%s/cpu", root);
  return tighter(quota, quota_upwards(mount, group, quota_v1));
}

int affinity_cpus() {
#if defined(__linux__)
  for (int cpus = 1024; cpus <= 1 << 20; cpus *= 2) {
    cpu_set_t* set = CPU_ALLOC(cpus);
    if (!set) break;
    const size_t size = CPU_ALLOC_SIZE(cpus);
    const int count = sched_getaffinity(0, size, set) == 0 ? CPU_COUNT_S(size, set) : 0;
    CPU_FREE(set);
    if (count > 0) return count;
  }
#endif
  const unsigned count = std::thread::hardware_concurrency();
  return count > 0 ? static_cast<int>(count) : 1;
}

}  // namespace

double cgroup_cpu_quota(const char* proc_cgroup, const char* root) noexcept {
  std::FILE* file = std::fopen(proc_cgroup, "re");
  if (!file) return 0;
  double quota = 0;
  char line[kPathLength];
  while (std::fgets(line, sizeof line, file)) quota = tighter(quota_of_line(line, root), quota);
  std::fclose(file);
  return quota;
}

int available_cpus() noexcept {
  const int cpus = affinity_cpus();
  const double quota = cgroup_cpu_quota("/proc/self/cgroup", "/sys/fs/cgroup");
  return quota > 0 && quota < cpus ? static_cast<int>(std::ceil(quota)) : cpus;
}

}  // namespace cresset
