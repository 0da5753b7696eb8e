// SPDX-License-Identifier: Apache-2.0
#include "collector/identity.hpp"

#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <atomic>

#include "collector/clock.hpp"
#include "collector/environment.hpp"
#include "collector/process_state.hpp"
#include "collector/redact.hpp"
#include "collector/system_file.hpp"

namespace stepscope::collector {
namespace {

// Global rank, local rank, number of ranks: torchrun, MPI, Slurm, PMI, in this order of trust.
constexpr const char* kRank[] = {"RANK",     "OMPI_COMM_WORLD_RANK", "PMIX_RANK",
                                 "PMI_RANK", "SLURM_PROCID",         nullptr};
constexpr const char* kLocalRank[] = {"LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID",
                                      "SLURM_LOCALID", nullptr};
constexpr const char* kWorldSize[] = {"WORLD_SIZE", "OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_NTASKS",
                                      nullptr};
constexpr const char* kAttempt[] = {"TORCHELASTIC_RESTART_COUNT", "SLURM_RESTART_COUNT", nullptr};
constexpr const char* kJob[] = {"STEPSCOPE_JOB_ID", "TORCHELASTIC_RUN_ID", "SLURM_JOB_ID", "LSB_JOBID",
                                "PBS_JOBID"};

void number_meta(trace::Spool& spool, const char* key, uint64_t value) noexcept {
  TextBuffer<24> text;
  text.add_u64(value);
  spool.meta(key, text.c_str());
}

void read_host(TextBuffer<65>& out) noexcept {
  utsname names;
  const char* name = uname(&names) == 0 ? names.nodename : "host";
  for (const char* c = name; *c != '\0'; ++c) {
    out.add(is_alnum(*c) || *c == '.' || *c == '_' ? *c : '-');
  }
}

bool environment_names_rank() noexcept {
  return number_from_environment(kRank, UINT64_MAX) != UINT64_MAX;
}

void write_rank(trace::Spool& spool, uint64_t rank) noexcept {
  number_meta(spool, "process.rank", rank);
  number_meta(spool, "process.local_rank", number_from_environment(kLocalRank, 0));
  number_meta(spool, "process.world_size", number_from_environment(kWorldSize, 1));
}

// Clock ticks since boot (CLOCK_BOOTTIME) to our clock.
int64_t ticks_to_raw_ns(uint64_t ticks) noexcept {
  long hz = sysconf(_SC_CLK_TCK);
  int64_t since_boot = static_cast<int64_t>(ticks) * (1000000000 / (hz > 0 ? hz : 100));
  return since_boot - clock_ns(CLOCK_BOOTTIME) + now_ns();
}

void write_job(trace::Spool& spool) noexcept {
  for (const char* name : kJob) {
    const char* value = getenv(name);
    if (value != nullptr && value[0] != '\0') {
      RedactedText text;
      redact_value(TextView(value), text);
      spool.meta("job.id", text.c_str());
      break;
    }
  }
  number_meta(spool, "job.attempt", number_from_environment(kAttempt, 0));
}

void write_environment(trace::Spool& spool) noexcept {
  TextBuffer<24> hash;
  hash.add_hex(environment_hash(environ));
  spool.meta("env.hash", hash.c_str());
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    TextView text(*entry);
    TextView name = text.substr(0, text.find('='));
    if (is_allowed_variable(name) && name.size < text.size) {
      TextBuffer<128> key;
      key.add("env.").add(name);
      RedactedText value;
      redact_value(text.substr(name.size + 1), value);
      spool.meta(key.c_str(), value.c_str());
    }
  }
}

// What `stepscope record` took the place of; it knows, we only carry it into the recording.
void write_displaced(trace::Spool& spool) noexcept {
  constexpr const char* kPrefix = "STEPSCOPE_DISPLACED_";
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    TextView text(*entry);
    size_t equals = text.find('=');
    if (text.starts_with(kPrefix) && equals < text.size) {
      TextBuffer<128> key;
      key.add("displaced.").add(text.substr(strlen(kPrefix), equals - strlen(kPrefix)));
      RedactedText value;
      redact_value(text.substr(equals + 1), value);
      spool.meta(key.c_str(), value.c_str());
    }
  }
}

void write_link(trace::Spool& spool, const char* key, const char* path) noexcept {
  char target[1024];
  ssize_t n = readlink(path, target, sizeof(target) - 1);
  if (n > 0) {
    target[n] = '\0';
    spool.meta(key, target);
  }
}

void write_option(trace::Spool& spool, const char* key, const char* variable, const char* fallback) noexcept {
  const char* value = getenv(variable);
  spool.meta(key, value != nullptr && value[0] != '\0' ? value : fallback);
}

}  // namespace

bool parse_stat(TextView stat, uint64_t& ppid, uint64_t& start_ticks) noexcept {
  // The name in parentheses may hold anything, also spaces and parentheses: fields start after the last ')'.
  size_t at = stat.size;
  while (at > 0 && stat.data[at - 1] != ')') {
    --at;
  }
  if (at == 0) {
    return false;
  }
  TextView rest = stat.substr(at + 1);
  TextView field;
  for (int number = 3; next_field(rest, ' ', field); ++number) {  // numbering of proc(5)
    if (number == 4 && !parse_u64(field, ppid)) {
      return false;
    }
    if (number == 22) {
      return parse_u64(field, start_ticks);
    }
  }
  return false;
}

Identity Identity::read(Role role) noexcept {
  Identity id;
  id.role = role;
  id.rank = number_from_environment(kRank, 0);
  id.pid = static_cast<uint64_t>(getpid());
  id.ppid = static_cast<uint64_t>(getppid());
  read_host(id.host);
  char stat[1024];
  long n = read_file("/proc/self/stat", stat, sizeof(stat));
  if (n > 0) {
    parse_stat(TextView(stat, static_cast<size_t>(n)), id.ppid, id.start_ticks);
  }
  id.start_ns = ticks_to_raw_ns(id.start_ticks);
  return id;
}

void Identity::base_name(unsigned image, BaseName& out) const noexcept {
  out.clear();
  out.add(role == Role::kWorker ? "worker" : "main").add("-r").add_u64(rank).add('-').add(host.view());
  out.add('-').add_u64(pid).add('-').add_u64(start_ticks);
  if (image > 1) {
    out.add('-').add_u64(image);
  }
}

void Identity::write_meta(trace::Spool& spool) const noexcept {
  spool.meta("process.role", role == Role::kWorker ? "worker" : "main");
  write_rank(spool, rank);
  spool.meta("process.rank_source", environment_names_rank() ? "environment" : "none");
  spool.meta("process.host", host.c_str());
  number_meta(spool, "process.pid", pid);
  number_meta(spool, "process.ppid", ppid);
  number_meta(spool, "process.main_tid", pid);
  number_meta(spool, "process.start_ticks", start_ticks);
  number_meta(spool, "process.start_ns", static_cast<uint64_t>(start_ns));
  char text[4096];
  if (read_file("/proc/sys/kernel/random/boot_id", text, sizeof(text)) > 0) {
    text[TextView(text).find('\n')] = '\0';
    spool.meta("process.boot_id", text);
  }
  write_link(spool, "process.pid_ns", "/proc/self/ns/pid");
  write_link(spool, "process.exe", "/proc/self/exe");
  long n = read_file("/proc/self/cmdline", text, sizeof(text));
  if (n > 0) {
    RedactedText cmdline;
    redact_command_line(TextView(text, static_cast<size_t>(n)), cmdline);
    spool.meta("process.cmdline", cmdline.c_str());
  }
  write_job(spool);
  write_environment(spool);
  write_displaced(spool);
  write_option(spool, "run.level", "STEPSCOPE_LEVEL", "steps");
  write_option(spool, "run.window", "STEPSCOPE_WINDOW", "all");
}

void note_communicator_rank(trace::Spool& spool, int rank, int ranks) noexcept {
  // The largest communicator of this recording so far: number of the recording << 32 | ranks + 1.
  static constinit std::atomic<uint64_t> largest{0};
  const uint64_t candidate = uint64_t{generation()} << 32 | (static_cast<uint32_t>(ranks) + 1);
  uint64_t seen = largest.load(std::memory_order_relaxed);
  do {
    if (candidate <= seen) {
      return;
    }
  } while (!largest.compare_exchange_weak(seen, candidate, std::memory_order_relaxed));
  const auto its_rank = static_cast<uint64_t>(rank < 0 ? 0 : rank);
  number_meta(spool, "nccl.rank", its_rank);
  number_meta(spool, "nccl.ranks", static_cast<uint64_t>(ranks));
  if (environment_names_rank()) {
    write_rank(spool, number_from_environment(kRank, 0));
    spool.meta("process.rank_source", "environment");
  } else if (ranks > 0) {
    number_meta(spool, "process.rank", its_rank);
    number_meta(spool, "process.world_size", static_cast<uint64_t>(ranks));
    spool.meta("process.rank_source", "nccl");
  }
}

}  // namespace stepscope::collector
