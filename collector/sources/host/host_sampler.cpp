// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/host/host_sampler.hpp"

#include <dirent.h>
#include <sched.h>
#include <unistd.h>

#include "collector/clock.hpp"
#include "collector/system_file.hpp"

namespace stepscope::collector {
namespace {

constexpr const char* kNames[kHostCounterCount] = {"proc.cpu_ns",
                                                   "proc.runq_ns",
                                                   "proc.minor_faults",
                                                   "proc.major_faults",
                                                   "proc.read_bytes",
                                                   "proc.write_bytes",
                                                   "proc.rss_bytes",
                                                   "proc.threads",
                                                   "proc.affinity_cpus",
                                                   "cgroup.cpu.throttled_ns",
                                                   "cgroup.cpu.nr_throttled",
                                                   "cgroup.cpu.quota_cpus",
                                                   "cgroup.memory.current",
                                                   "psi.cpu.some_us",
                                                   "psi.io.some_us",
                                                   "psi.memory.some_us"};

// The number in field `wanted` (numbering of proc(5), from 3) of the text of a stat file.
uint64_t stat_field(TextView stat, int wanted) noexcept {
  size_t at = stat.size;
  while (at > 0 && stat.data[at - 1] != ')') {
    --at;
  }
  TextView rest = stat.substr(at + 1);
  TextView field;
  uint64_t value = 0;
  for (int number = 3; next_field(rest, ' ', field); ++number) {
    if (number == wanted) {
      return parse_u64(field, value) ? value : 0;
    }
  }
  return 0;
}

bool parse_line(TextView text, const char* key, uint64_t& value) noexcept {
  TextView line;
  while (next_field(text, '\n', line)) {
    if (line.starts_with(key)) {
      return parse_u64(line.substr(strlen(key)), value);
    }
  }
  return false;
}

}  // namespace

const char* host_counter_name(HostCounter counter) noexcept {
  return kNames[static_cast<int>(counter)];
}

bool parse_pressure(TextView text, uint64_t& total_us) noexcept {
  TextView line;
  if (!next_field(text, '\n', line) || !line.starts_with("some ")) {
    return false;
  }
  TextView field;
  while (next_field(line, ' ', field)) {
    if (field.starts_with("total=")) {
      return parse_u64(field.substr(6), total_us);
    }
  }
  return false;
}

void HostSampler::start(trace::Spool& spool) noexcept {
  *this = HostSampler();
  lane_ = spool.declare_lane("counter", "host", 0);
  for (int i = 0; i < kHostCounterCount; ++i) {
    names_[i] = spool.intern(kNames[i], strlen(kNames[i]));
  }
  pid_ = getpid();
}

void HostSampler::put(HostCounter counter, double value) noexcept {
  int index = static_cast<int>(counter);
  seen_ |= 1U << index;
  int64_t bits;
  memcpy(&bits, &value, sizeof(bits));
  int64_t values[] = {now_, names_[index], bits, pid_};
  spool_->push(ring_, trace::Kind::kCounter, lane_, values, 4);
}

void HostSampler::sample_process() noexcept {
  char text[2048];
  put(HostCounter::kCpuNs, static_cast<double>(clock_ns(CLOCK_PROCESS_CPUTIME_ID)));
  long n = read_file("/proc/self/stat", text, sizeof(text));
  if (n > 0) {
    TextView stat(text, static_cast<size_t>(n));
    put(HostCounter::kMinorFaults, static_cast<double>(stat_field(stat, 10)));
    put(HostCounter::kMajorFaults, static_cast<double>(stat_field(stat, 12)));
    put(HostCounter::kThreads, static_cast<double>(stat_field(stat, 20)));
    put(HostCounter::kRssBytes,
        static_cast<double>(stat_field(stat, 24)) * static_cast<double>(sysconf(_SC_PAGESIZE)));
  }
  n = read_file("/proc/self/io", text, sizeof(text));
  TextView io(text, n > 0 ? static_cast<size_t>(n) : 0);
  uint64_t value = 0;
  if (parse_line(io, "read_bytes: ", value)) {
    put(HostCounter::kReadBytes, static_cast<double>(value));
  }
  if (parse_line(io, "write_bytes: ", value)) {
    put(HostCounter::kWriteBytes, static_cast<double>(value));
  }
  cpu_set_t cpus;
  if (sched_getaffinity(0, sizeof(cpus), &cpus) == 0) {
    put(HostCounter::kAffinityCpus, static_cast<double>(CPU_COUNT(&cpus)));
  }
}

// Adds what thread `tid` waited since the last round. A slot of a thread that was not seen in that round is free.
void HostSampler::add_wait(uint64_t tid, uint64_t waited_ns) noexcept {
  ThreadWait* slot = nullptr;
  for (ThreadWait& wait : waits_) {
    if (wait.tid == tid && wait.round + 1 >= round_) {
      slot = &wait;
      break;
    }
    if (slot == nullptr && wait.round + 1 < round_) {
      slot = &wait;
    }
  }
  if (slot == nullptr) {
    return;
  }
  uint64_t before =
      slot->tid == tid && slot->round + 1 >= round_ && waited_ns >= slot->waited_ns ? slot->waited_ns : 0;
  waited_ns_ += waited_ns - before;
  *slot = {tid, waited_ns, round_};
}

// /proc/PID/schedstat is about the main thread only; the process waits when any of its threads does.
void HostSampler::sample_threads() noexcept {
  DIR* tasks = opendir("/proc/self/task");
  if (tasks == nullptr) {
    return;
  }
  bool known = false;
  round_ += round_ == 0 ? 2 : 1;
  while (const dirent* entry = readdir(tasks)) {
    uint64_t tid = 0;
    if (!parse_u64(TextView(entry->d_name), tid)) {
      continue;
    }
    TextBuffer<64> path;
    path.add("/proc/self/task/").add_u64(tid).add("/schedstat");
    char text[128];
    long n = read_file(path.c_str(), text, sizeof(text));
    TextView rest(text, n > 0 ? static_cast<size_t>(n) : 0);
    TextView field;
    uint64_t value = 0;
    if (next_field(rest, ' ', field) && next_field(rest, ' ', field) && parse_u64(field, value)) {
      add_wait(tid, value);
      known = true;
    }
  }
  closedir(tasks);
  if (known) {
    put(HostCounter::kRunqNs, static_cast<double>(waited_ns_));
  }
}

void HostSampler::sample_pressure(HostCounter counter, const char* resource) noexcept {
  char text[512];
  long n = -1;
  if (cgroup_.version() == 2) {
    TextBuffer<1024> path;
    path.add(cgroup_.cpu_directory().view()).add('/').add(resource).add(".pressure");
    n = read_file(path.c_str(), text, sizeof(text));
  }
  if (n <= 0) {
    TextBuffer<64> path;
    path.add("/proc/pressure/").add(resource);
    n = read_file(path.c_str(), text, sizeof(text));
  }
  uint64_t total = 0;
  if (n > 0 && parse_pressure(TextView(text, static_cast<size_t>(n)), total)) {
    put(counter, static_cast<double>(total));
  }
}

void HostSampler::sample(trace::Spool& spool, trace::Ring* ring) noexcept {
  spool_ = &spool;
  ring_ = ring;
  now_ = now_ns();
  sample_process();
  sample_threads();
  if (cgroup_.find()) {
    CgroupUsage usage;
    cgroup_.read(usage);
    __atomic_store_n(&throttled_ns_, usage.throttled_ns, __ATOMIC_RELAXED);
    if (usage.has_cpu) {
      put(HostCounter::kThrottledNs, static_cast<double>(usage.throttled_ns));
      put(HostCounter::kNrThrottled, static_cast<double>(usage.nr_throttled));
    }
    put(HostCounter::kQuotaCpus, usage.quota_cpus);
    if (usage.has_memory) {
      put(HostCounter::kMemoryCurrent, static_cast<double>(usage.memory_bytes));
    }
  }
  sample_pressure(HostCounter::kPsiCpu, "cpu");
  sample_pressure(HostCounter::kPsiIo, "io");
  sample_pressure(HostCounter::kPsiMemory, "memory");
  note_missing();
  ring_ = nullptr;
}

void HostSampler::note_missing() noexcept {
  if (noted_) {
    return;
  }
  noted_ = true;
  TextBuffer<512> missing;
  for (int i = 0; i < kHostCounterCount; ++i) {
    if ((seen_ & (1U << i)) == 0) {
      missing.add(missing.empty() ? "" : " ").add(kNames[i]);
    }
  }
  spool_->meta("self.host_missing", missing.c_str());
}

}  // namespace stepscope::collector
