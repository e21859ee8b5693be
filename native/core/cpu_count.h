// SPDX-License-Identifier: MIT
#pragma once

namespace cresset {

// CPUs this process may use at once: its affinity mask, cut by the cgroup's quota (rounded up).
int available_cpus() noexcept;

// The tightest CPU quota of the cgroups in `proc_cgroup` (/proc/self/cgroup) and their parents,
// found under `root` (/sys/fs/cgroup), in CPUs; 0 where there is none. Versions 1 and 2.
double cgroup_cpu_quota(const char* proc_cgroup, const char* root) noexcept;

}  // namespace cresset
