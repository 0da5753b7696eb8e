// SPDX-License-Identifier: Apache-2.0
//
// The control group of a process, version 1 or 2: CPU quota, throttling, memory, pressure.
//
// A quota may sit on any ancestor, so the whole visible chain is read: the quota is the tightest one, throttling is
// the sum over the chain (a level without a quota adds nothing). Inside a container the chain ends at its own root.
// One thread at a time; no allocation.
#pragma once

#include <stdint.h>

#include "collector/text.hpp"

namespace stepscope::collector {

using CgroupPath = TextBuffer<768>;

struct CgroupUsage {
  bool has_cpu = false;
  uint64_t throttled_ns = 0;
  uint64_t nr_throttled = 0;
  double quota_cpus = 0;  // 0 = no limit
  bool has_memory = false;
  uint64_t memory_bytes = 0;
};

class Cgroup {
 public:
  constexpr Cgroup() noexcept : cpu_(kZeroed), memory_(kZeroed) {}
  // Finds the group of the calling process; again when the process was moved. False when there is none to see.
  bool find(const char* membership_file = "/proc/self/cgroup",
            const char* mounts_file = "/proc/self/mountinfo") noexcept;
  [[nodiscard]] int version() const noexcept { return version_; }
  // Directory of the process' own group ("" = not found): of the unified hierarchy, or of v1's cpu controller.
  [[nodiscard]] const CgroupPath& cpu_directory() const noexcept { return cpu_; }

  void read(CgroupUsage& usage) const noexcept;
  // Only the throttled time: what thread_usage() needs.
  [[nodiscard]] uint64_t throttled_ns() const noexcept;

 private:
  void read_cpu_level(const char* directory, CgroupUsage& usage) const noexcept;

  int version_ = 0;
  CgroupPath cpu_;
  size_t cpu_root_ = 0;  // length of the mount point in cpu_: the chain ends there
  CgroupPath memory_;
  uint64_t membership_ = 0;  // hash of /proc/self/cgroup as of the last find()
};

// Parsers, pure.
// The path of `controller` in the text of /proc/self/cgroup ("" = the unified hierarchy).
bool parse_cgroup_path(TextView text, const char* controller, TextView& path) noexcept;
// Mount point and root of the cgroup file system that carries `controller` ("" = cgroup2) in the text of mountinfo.
bool parse_cgroup_mount(TextView text, const char* controller, TextView& mount, TextView& root) noexcept;
// Value of `key` in lines of "key value".
bool parse_keyed(TextView text, const char* key, uint64_t& value) noexcept;
// "max 100000" or "50000 100000" -> CPUs, 0 = no limit.
[[nodiscard]] double parse_cpu_max(TextView text) noexcept;

}  // namespace stepscope::collector
