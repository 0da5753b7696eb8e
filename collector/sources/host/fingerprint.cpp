// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/host/fingerprint.hpp"

#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "collector/redact.hpp"
#include "collector/system_file.hpp"

namespace stepscope::collector {
namespace {

struct MagicName {
  uint32_t magic;
  const char* name;
};
// statfs(2) and the file systems that training data lives on.
constexpr MagicName kMagic[] = {
    {0xEF53, "ext4"},        {0x58465342, "xfs"},   {0x9123683E, "btrfs"},    {0x01021994, "tmpfs"},
    {0x794C7630, "overlay"}, {0x6969, "nfs"},       {0x65735546, "fuse"},     {0x0BD00BD0, "lustre"},
    {0x47504653, "gpfs"},    {0xFF534D42, "cifs"},  {0xFE534D42, "smb2"},     {0x00C36400, "ceph"},
    {0x01021997, "9p"},      {0x2FC12FC1, "zfs"},   {0x73717368, "squashfs"}, {0x858458F6, "ramfs"},
    {0x19830326, "beegfs"},  {0xF2F52010, "f2fs"},  {0x4D44, "vfat"},         {0x2011BAB0, "exfat"},
    {0xE0F5E1E2, "erofs"},   {0xAAD7AAEA, "panfs"}, {0x6A656A63, "virtiofs"}, {0x61756673, "aufs"},
};

void number_meta(trace::Spool& spool, const char* key, uint64_t value) noexcept {
  TextBuffer<24> text;
  text.add_u64(value);
  spool.meta(key, text.c_str());
}

// Value of "key : value" or "key: value" in the text of cpuinfo and meminfo.
TextView value_of(TextView text, const char* key) noexcept {
  TextView line;
  while (next_field(text, '\n', line)) {
    size_t colon = line.find(':');
    if (line.starts_with(key) && colon < line.size) {
      TextView value = line.substr(colon + 1);
      while (!value.empty() && value.data[0] == ' ') {
        value = value.substr(1);
      }
      return value;
    }
  }
  return {};
}

void write_cpu(trace::Spool& spool) noexcept {
  char text[4096];  // the first processor's paragraph
  long n = read_file("/proc/cpuinfo", text, sizeof(text));
  TextView cpuinfo(text, n > 0 ? static_cast<size_t>(n) : 0);
  TextBuffer<256> model;
  model.add(value_of(cpuinfo, "model name"));
  if (model.empty()) {
    model.add(value_of(cpuinfo, "CPU part"));
  }
  spool.meta("hw.cpu", model.c_str());
  long cpus = sysconf(_SC_NPROCESSORS_ONLN);
  number_meta(spool, "hw.cpus", cpus > 0 ? static_cast<uint64_t>(cpus) : 0);
  n = read_file("/proc/self/status", text, sizeof(text));
  TextBuffer<256> affinity;
  affinity.add(value_of(TextView(text, n > 0 ? static_cast<size_t>(n) : 0), "Cpus_allowed_list"));
  size_t begin = TextView(affinity.c_str()).find('\t') < affinity.size() ? 1 : 0;
  spool.meta("hw.affinity", affinity.c_str() + begin);
}

void write_memory(trace::Spool& spool) noexcept {
  char text[512];
  long n = read_file("/proc/meminfo", text, sizeof(text));
  uint64_t kib = 0;
  if (parse_u64(value_of(TextView(text, n > 0 ? static_cast<size_t>(n) : 0), "MemTotal"), kib)) {
    number_meta(spool, "hw.memory_bytes", kib * 1024);
  }
}

void write_quota(trace::Spool& spool, Cgroup& cgroup) noexcept {
  if (!cgroup.find()) {
    spool.meta("host.cgroup_version", "none");
    return;
  }
  number_meta(spool, "host.cgroup_version", static_cast<uint64_t>(cgroup.version()));
  CgroupUsage usage;
  cgroup.read(usage);
  TextBuffer<32> quota;
  if (usage.quota_cpus <= 0) {
    quota.add("max");
  } else {
    auto thousandths = static_cast<uint64_t>(usage.quota_cpus * 1000 + 0.5);
    quota.add_u64(thousandths / 1000).add('.');
    quota.add(static_cast<char>('0' + thousandths / 100 % 10))
        .add(static_cast<char>('0' + thousandths / 10 % 10));
    quota.add(static_cast<char>('0' + thousandths % 10));
  }
  spool.meta("host.cpu_quota", quota.c_str());
}

void write_file_system(trace::Spool& spool, const char* key, const char* path) noexcept {
  struct statfs st;
  if (path == nullptr || path[0] == '\0' || statfs(path, &st) != 0) {
    return;
  }
  TextBuffer<32> type;
  file_system_name(st.f_type, type);
  RedactedText text;
  text.add(type.view()).add(':');
  redact_value(TextView(path), text);
  spool.meta(key, text.c_str());
}

// Where models, compiled kernels and packages are cached: the first that is set of the variables that move it, else the
// default of all of them.
void write_cache(trace::Spool& spool) noexcept {
  constexpr const char* kVariables[] = {"HF_HOME", "TORCH_HOME", "TORCHINDUCTOR_CACHE_DIR",
                                        "TRITON_CACHE_DIR", "XDG_CACHE_HOME"};
  for (const char* name : kVariables) {
    const char* path = getenv(name);
    if (path != nullptr && path[0] != '\0') {
      write_file_system(spool, "fs.cache", path);
      return;
    }
  }
  const char* home = getenv("HOME");
  if (home != nullptr) {
    TextBuffer<PATH_MAX> path;
    path.add(home).add("/.cache");
    write_file_system(spool, "fs.cache", path.c_str());
  }
}

}  // namespace

void file_system_name(long magic, TextBuffer<32>& out) noexcept {
  auto wanted = static_cast<uint32_t>(magic);
  for (const MagicName& entry : kMagic) {
    if (entry.magic == wanted) {
      out.add(entry.name);
      return;
    }
  }
  out.add("0x").add_hex(wanted);
}

void write_fingerprint(trace::Spool& spool, Cgroup& cgroup) noexcept {
  write_cpu(spool);
  write_memory(spool);
  utsname names;
  if (uname(&names) == 0) {
    spool.meta("host.kernel", names.release);
  }
  write_quota(spool, cgroup);
  char cwd[PATH_MAX];
  write_file_system(spool, "fs.cwd", getcwd(cwd, sizeof(cwd)));
  write_file_system(spool, "fs.dataset", getenv("STEPSCOPE_DATASET"));
  write_cache(spool);
  const char* venv = getenv("VIRTUAL_ENV");
  write_file_system(spool, "fs.venv", venv != nullptr ? venv : getenv("CONDA_PREFIX"));
}

}  // namespace stepscope::collector
