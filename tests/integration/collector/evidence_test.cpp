// SPDX-License-Identifier: Apache-2.0
//
// Identity, fingerprint and host counters of a recorded process.
#include <sys/statfs.h>
#include <sys/utsname.h>

#include <bit>
#include <set>

#include "tests/integration/collector/collector_test.hpp"

namespace stepscope::testing {
namespace {

using trace::Kind;

class Evidence : public CollectorTest {
 protected:
  // Values of a counter in order.
  static std::vector<double> counter(const SpoolContents& contents, const std::string& name,
                                     int64_t subject) {
    std::vector<double> values;
    for (const Event& event : contents.of(Kind::kCounter)) {
      if (contents.text(event.column(1)) == name && event.column(3) == subject) {
        values.push_back(std::bit_cast<double>(event.column(2)));
      }
    }
    return values;
  }
};

TEST_F(Evidence, AProcessSaysWhoItIs) {
  Outcome outcome = record_program("events", {{"RANK", "3"},
                                              {"LOCAL_RANK", "1"},
                                              {"WORLD_SIZE", "8"},
                                              {"TORCHELASTIC_RUN_ID", "job-7"},
                                              {"TORCHELASTIC_RESTART_COUNT", "2"}});

  SpoolContents contents = only();
  utsname names = {};
  uname(&names);
  EXPECT_EQ(contents.fact("process.rank"), "3");
  EXPECT_EQ(contents.fact("process.local_rank"), "1");
  EXPECT_EQ(contents.fact("process.world_size"), "8");
  EXPECT_EQ(contents.fact("job.id"), "job-7");
  EXPECT_EQ(contents.fact("job.attempt"), "2");
  EXPECT_EQ(contents.fact("process.pid"), std::to_string(outcome.pid));
  EXPECT_EQ(contents.fact("process.host"), names.nodename);
  EXPECT_THAT(contents.fact("process.pid_ns"), ::testing::StartsWith("pid:["));
  EXPECT_EQ(contents.fact("process.boot_id").size(), 36U);
  EXPECT_EQ(contents.fact("process.exe"), FAKE_RECORDED_PROGRAM);
  EXPECT_EQ(contents.base, "main-r3-" + std::string(names.nodename) + "-" + std::to_string(outcome.pid) +
                               "-" + contents.fact("process.start_ticks"));
  int64_t start = std::stoll(contents.fact("process.start_ns"));
  int64_t first = contents.of(Kind::kStep)[0].column(0);
  EXPECT_LE(start, first + 20'000'000) << "a clock tick of slack";
  EXPECT_GT(start, first - 30'000'000'000);
}

TEST_F(Evidence, TheMainThreadsLaneIsItsPid) {
  Outcome outcome = record_program("events");

  SpoolContents contents = only();
  uint32_t lane = contents.of(Kind::kStep)[0].lane;
  EXPECT_EQ(contents.lanes[lane].type, "thread");
  EXPECT_EQ(contents.lanes[lane].tid, static_cast<uint32_t>(outcome.pid));
}

TEST_F(Evidence, TheMachineIsDescribedAndCountersAreSampled) {
  Outcome outcome = record_program("watch");

  SpoolContents contents = only();
  for (const char* key : {"hw.cpu", "hw.cpus", "hw.affinity", "hw.memory_bytes", "host.kernel",
                          "host.cgroup_version", "fs.cwd", "self.drain_cpu_ns", "self.bytes_written"}) {
    EXPECT_NE(contents.fact(key), "") << key;
  }
  EXPECT_TRUE(contents.meta.count("self.host_missing"));
  std::string missing = " " + contents.fact("self.host_missing") + " ";
  for (const char* name :
       {"proc.cpu_ns", "proc.runq_ns", "proc.minor_faults", "proc.major_faults", "proc.read_bytes",
        "proc.write_bytes", "proc.rss_bytes", "proc.threads", "proc.affinity_cpus", "cgroup.cpu.throttled_ns",
        "cgroup.cpu.nr_throttled", "cgroup.cpu.quota_cpus", "cgroup.memory.current", "psi.cpu.some_us",
        "psi.io.some_us", "psi.memory.some_us"}) {
    if (missing.find(" " + std::string(name) + " ") != std::string::npos) {
      continue;  // this kernel does not have it, and the recording says so
    }
    std::vector<double> values = counter(contents, name, outcome.pid);
    EXPECT_GE(values.size(), 3U) << name;
    bool is_level = std::set<std::string>{"proc.rss_bytes", "proc.threads", "proc.affinity_cpus",
                                          "cgroup.cpu.quota_cpus", "cgroup.memory.current"}
                        .contains(name);
    EXPECT_TRUE(is_level || std::is_sorted(values.begin(), values.end())) << name;
  }
  EXPECT_GE(counter(contents, "proc.threads", outcome.pid)[0], 1);
  EXPECT_GT(counter(contents, "proc.rss_bytes", outcome.pid)[0], 100000);
}

TEST_F(Evidence, WatchedWorkersTellSleepFromRead) {
  Outcome outcome = record_program("watch");
  int sleeper = 0;
  int reader = 0;
  ASSERT_EQ(std::sscanf(outcome.out.c_str(), "sleeper %d\nreader %d\n", &sleeper, &reader), 2);

  SpoolContents contents = only();
  auto last = [&](const char* name, int64_t pid) {
    std::vector<double> values = counter(contents, name, pid);
    return values.empty() ? -1.0 : values.back();
  };
  EXPECT_GE(last("watch.samples", sleeper), 10);
  EXPECT_GE(last("watch.sleep", sleeper), last("watch.samples", sleeper) - 2);
  EXPECT_GE(last("watch.read", reader), last("watch.samples", reader) - 2);
  EXPECT_EQ(last("watch.read", sleeper), 0);
}

// A worker stuck in one long fetch has no events and so no counters of its own: its parent looks.
TEST_F(Evidence, AWorkerThatIsStuckIsReadByItsParent) {
  Outcome outcome = record_program("watch-busy");
  int worker = 0;
  ASSERT_EQ(std::sscanf(outcome.out.c_str(), "worker %d\n", &worker), 1);

  SpoolContents contents = only();
  std::vector<double> cpu = counter(contents, "watch.cpu_ns", worker);
  ASSERT_GE(cpu.size(), 3U) << "at least one a second";
  EXPECT_TRUE(std::is_sorted(cpu.begin(), cpu.end()));
  EXPECT_GT(cpu.back() - cpu.front(), 100e6) << "it computed all the time";
  EXPECT_GE(counter(contents, "watch.runq_ns", worker).size(), 3U);
  EXPECT_GE(counter(contents, "watch.read_bytes", worker).size(), 3U);
}

TEST_F(Evidence, WhereDataAndCachesLieIsNamedByFileSystem) {
  struct statfs shared;
  if (statfs("/dev/shm", &shared) != 0 || shared.f_type != 0x01021994) {
    GTEST_SKIP() << "/dev/shm is not tmpfs here";
  }
  record_program(
      "events",
      {{"STEPSCOPE_DATASET", "/dev/shm"}, {"HF_HOME", "/dev/shm/."}, {"VIRTUAL_ENV", "/dev/shm/../shm"}});

  SpoolContents contents = only();
  EXPECT_EQ(contents.fact("fs.dataset"), "tmpfs:/dev/shm");
  EXPECT_EQ(contents.fact("fs.cache"), "tmpfs:/dev/shm/.");
  EXPECT_EQ(contents.fact("fs.venv"), "tmpfs:/dev/shm/../shm");
}

TEST_F(Evidence, ThreadUsageCountsTheThreadsOwnWork) {
  Outcome outcome = record_program("usage");
  ASSERT_EQ(outcome.exit_code, 0) << outcome;
  long long cpu = 0;
  long long runq = 0;
  long long bytes = 0;
  long long faults = 0;
  long long throttled = 0;
  ASSERT_EQ(std::sscanf(outcome.out.c_str(), "%lld\n%lld\n%lld\n%lld\n%lld\n", &cpu, &runq, &bytes, &faults,
                        &throttled),
            5);

  EXPECT_GT(cpu, 1'000'000);
  EXPECT_GE(runq, 0);
  EXPECT_GE(bytes, 1 << 20);
  EXPECT_LT(bytes, (1 << 20) + 100000);
  EXPECT_GE(faults, 0);
  EXPECT_GE(throttled, 0);
}

}  // namespace
}  // namespace stepscope::testing
