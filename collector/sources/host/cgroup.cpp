// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/host/cgroup.hpp"

#include "collector/system_file.hpp"

namespace stepscope::collector {
namespace {

constexpr size_t kMountInfoBytes = 256 * 1024;
// Too big for a stack that may be small; one thread at a time uses it (see the header).
constinit char g_mountinfo[kMountInfoBytes] = {};

bool list_contains(TextView list, const char* word) noexcept {
  TextView entry;
  while (next_field(list, ',', entry)) {
    if (entry.equals(word)) {
      return true;
    }
  }
  return false;
}

uint64_t hash_of(TextView text) noexcept {
  uint64_t h = 0xcbf29ce484222325ULL;  // FNV-1a
  for (size_t i = 0; i < text.size; ++i) {
    h = (h ^ static_cast<uint8_t>(text.data[i])) * 0x100000001b3ULL;
  }
  return h;
}

// Where the group at `path` shows under the mount: the mount's root is cut off its front. A path outside the root
// (a container that sees its host's names) is taken as the root itself.
void join(TextView mount, TextView root, TextView path, CgroupPath& out) noexcept {
  out.clear();
  out.add(mount);
  if (root.equals("/")) {
    root = {};
  }
  bool inside = path.size >= root.size && (root.empty() || memcmp(path.data, root.data, root.size) == 0);
  if (inside && !path.starts_with("/..")) {
    TextView rest = path.substr(root.size);
    if (!rest.equals("/")) {
      out.add(rest);
    }
  }
}

long read_in(const char* directory, const char* name, char* buffer, size_t capacity) noexcept {
  TextBuffer<1024> path;
  path.add(directory).add('/').add(name);
  return read_file(path.c_str(), buffer, capacity);
}

bool read_number(const char* directory, const char* name, uint64_t& value) noexcept {
  char text[64];
  long n = read_in(directory, name, text, sizeof(text));
  return n > 0 && parse_u64(TextView(text, static_cast<size_t>(n)), value);
}

}  // namespace

bool parse_cgroup_path(TextView text, const char* controller, TextView& path) noexcept {
  TextView line;
  while (next_field(text, '\n', line)) {
    TextView id;
    TextView controllers;
    if (!next_field(line, ':', id)) {
      continue;
    }
    size_t colon = line.find(':');
    controllers = line.substr(0, colon);
    bool wanted = controller[0] == '\0' ? controllers.empty() : list_contains(controllers, controller);
    if (wanted && colon < line.size) {
      path = line.substr(colon + 1);
      return true;
    }
  }
  return false;
}

bool parse_cgroup_mount(TextView text, const char* controller, TextView& mount, TextView& root) noexcept {
  TextView line;
  while (next_field(text, '\n', line)) {
    TextView rest = line;
    TextView field;
    TextView line_root;
    TextView line_mount;
    for (int i = 0; i < 5 && next_field(rest, ' ', field);
         ++i) {  // id parent major:minor root mount, see proc(5)
      line_root = i == 3 ? field : line_root;
      line_mount = i == 4 ? field : line_mount;
    }
    while (next_field(rest, ' ', field) && !field.equals("-")) {
    }
    TextView type;
    TextView source;
    if (!next_field(rest, ' ', type) || !next_field(rest, ' ', source)) {
      continue;
    }
    bool wanted = controller[0] == '\0' ? type.equals("cgroup2")
                                        : type.equals("cgroup") && list_contains(rest, controller);
    if (wanted) {
      mount = line_mount;
      root = line_root;
      return true;
    }
  }
  return false;
}

bool parse_keyed(TextView text, const char* key, uint64_t& value) noexcept {
  TextView line;
  while (next_field(text, '\n', line)) {
    size_t space = line.find(' ');
    if (line.substr(0, space).equals(key)) {
      return parse_u64(line.substr(space + 1), value);
    }
  }
  return false;
}

double parse_cpu_max(TextView text) noexcept {
  uint64_t quota = 0;
  uint64_t period = 0;
  TextView field;
  if (!next_field(text, ' ', field) || !parse_u64(field, quota) || !parse_u64(text, period) || period == 0) {
    return 0;
  }
  return static_cast<double>(quota) / static_cast<double>(period);
}

bool Cgroup::find(const char* membership_file, const char* mounts_file) noexcept {
  char membership[4096];
  long n = read_file(membership_file, membership, sizeof(membership));
  if (n <= 0) {
    return false;
  }
  TextView groups(membership, static_cast<size_t>(n));
  uint64_t hash = hash_of(groups);
  if (hash == membership_ && version_ != 0) {
    return true;
  }
  long size = read_file(mounts_file, g_mountinfo, sizeof(g_mountinfo));
  TextView mounts(g_mountinfo, size > 0 ? static_cast<size_t>(size) : 0);
  version_ = 0;
  cpu_.clear();
  memory_.clear();
  TextView path;
  TextView mount;
  TextView root;
  // Version 1 first: on a hybrid system the cpu controller is there and the unified hierarchy has no controllers.
  if (parse_cgroup_path(groups, "cpu", path) && parse_cgroup_mount(mounts, "cpu", mount, root)) {
    version_ = 1;
    join(mount, root, path, cpu_);
    cpu_root_ = mount.size;
    if (parse_cgroup_path(groups, "memory", path) && parse_cgroup_mount(mounts, "memory", mount, root)) {
      join(mount, root, path, memory_);
    }
  } else if (parse_cgroup_path(groups, "", path) && parse_cgroup_mount(mounts, "", mount, root)) {
    version_ = 2;
    join(mount, root, path, cpu_);
    cpu_root_ = mount.size;
    memory_ = cpu_;
  }
  membership_ = hash;
  return version_ != 0;
}

void Cgroup::read_cpu_level(const char* directory, CgroupUsage& usage) const noexcept {
  char text[1024];
  long n = read_in(directory, "cpu.stat", text, sizeof(text));
  TextView stat(text, n > 0 ? static_cast<size_t>(n) : 0);
  uint64_t value = 0;
  if (version_ == 2 ? parse_keyed(stat, "throttled_usec", value)
                    : parse_keyed(stat, "throttled_time", value)) {
    usage.has_cpu = true;
    usage.throttled_ns += version_ == 2 ? value * 1000 : value;
  }
  if (parse_keyed(stat, "nr_throttled", value)) {
    usage.nr_throttled += value;
  }
  double quota = 0;
  if (version_ == 2) {
    n = read_in(directory, "cpu.max", text, sizeof(text));
    quota = parse_cpu_max(TextView(text, n > 0 ? static_cast<size_t>(n) : 0));
  } else {
    uint64_t microseconds = 0;
    uint64_t period = 0;  // no quota reads as -1 and does not parse
    if (read_number(directory, "cpu.cfs_quota_us", microseconds) &&
        read_number(directory, "cpu.cfs_period_us", period) && period != 0) {
      quota = static_cast<double>(microseconds) / static_cast<double>(period);
    }
  }
  if (quota > 0 && (usage.quota_cpus <= 0 || quota < usage.quota_cpus)) {
    usage.quota_cpus = quota;
  }
}

void Cgroup::read(CgroupUsage& usage) const noexcept {
  CgroupPath level = cpu_;
  while (version_ != 0 && level.size() >= cpu_root_ && !level.empty()) {
    read_cpu_level(level.c_str(), usage);
    size_t cut = level.size();
    while (cut > 0 && level.c_str()[cut - 1] != '/') {
      --cut;
    }
    if (cut == 0) {
      break;
    }
    level.truncate(cut - 1);
  }
  if (!memory_.empty()) {
    usage.has_memory = read_number(
        memory_.c_str(), version_ == 2 ? "memory.current" : "memory.usage_in_bytes", usage.memory_bytes);
  }
}

uint64_t Cgroup::throttled_ns() const noexcept {
  CgroupUsage usage;
  read(usage);
  return usage.throttled_ns;
}

}  // namespace stepscope::collector
