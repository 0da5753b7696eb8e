// SPDX-License-Identifier: Apache-2.0
#include "analyzer/run.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/analyzer/fixture.hpp"

namespace stepscope::analysis {
namespace {

using ::testing::HasSubstr;
using RunOpenTest = RunTest;

TEST_F(RunOpenTest, ListsProcessesMainFirstAndLinksParents) {
  const auto run = job("run", "steps=10 workers=3");
  ASSERT_EQ(run.processes().size(), 4U);
  EXPECT_EQ(run.processes()[0].role, "main");
  EXPECT_EQ(run.processes()[0].parent, kNoProcess);
  for (size_t p = 1; p < 4; ++p) {
    EXPECT_EQ(run.processes()[p].role, "worker");
    EXPECT_EQ(run.processes()[p].parent, 0);
  }
  EXPECT_EQ(run.label(), "run");
  ASSERT_NE(run.processes()[0].main_lane, kNoLane);
  EXPECT_EQ(run.lanes()[run.processes()[0].main_lane].name, "MainThread");
  EXPECT_GT(run.event_count(), 50U);
  EXPECT_LT(run.time_range().begin_ns, run.time_range().end_ns);
  EXPECT_EQ(run.doors().size(), 5 * run.processes().size());
}

TEST_F(RunOpenTest, TakesOneFileAsARun) {
  const auto run = job("run", "steps=10");
  Result<analysis::Run> one = analysis::Run::open(run.processes()[0].file, {});
  ASSERT_TRUE(one.ok());
  EXPECT_EQ(one.value().processes().size(), 1U);
}

TEST_F(RunOpenTest, NamesFileCauseAndRemedyOfBadInput) {
  std::filesystem::create_directories(path("empty"));
  std::filesystem::create_directories(path("damaged"));
  std::ofstream(path("damaged/main.stepscope")) << "this is not a recording";
  for (const char* name : {"absent", "empty", "damaged"}) {
    const Result<analysis::Run> run = analysis::Run::open(path(name), {});
    ASSERT_FALSE(run.ok()) << name;
    EXPECT_EQ(run.status().code(), Code::kUnreadable);
    EXPECT_THAT(run.status().message(), HasSubstr(path(name)));
  }
}

// A run has thousands of recordings, and a process may often hold 1024 files open.
TEST_F(RunOpenTest, ReadsMoreRecordingsThanMayBeOpenAtOnce) {
  uint64_t recorded = 0;
  uint64_t made = 0;
  {
    const auto all_at_once = job("run", "steps=6 workers=60");
    recorded = all_at_once.event_count();
    for (uint32_t p = 0; p < all_at_once.processes().size(); ++p) {
      made += all_at_once.kind_events(p, Kind::kBatchFetch);
    }
  }
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit few{40, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
  const Result<analysis::Run> run = analysis::Run::open(path("run"), {});
  uint64_t fetches = 0;
  bool read = run.ok();
  for (uint32_t p = 0; read && p < run.value().processes().size(); ++p) {
    trace::ScanFilter filter;
    filter.kind = Kind::kBatchFetch;
    read =
        run.value()
            .scan(p, filter, [&](const trace::SegmentView& view) { return fetches += view.rows, Status(); })
            .ok();
  }
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_TRUE(run.ok()) << run.status().message();
  EXPECT_TRUE(read);
  EXPECT_EQ(run.value().event_count(), recorded);
  EXPECT_EQ(fetches, made);
  EXPECT_GT(fetches, 0U);
}

TEST_F(RunOpenTest, NamesTheFirstOfSeveralDamagedFilesEachTime) {
  const auto whole = job("run", "steps=3 workers=30");
  std::vector<std::string> files;
  for (const Process& process : whole.processes()) {
    files.push_back(process.file);
  }
  std::sort(files.begin(), files.end());
  for (const size_t f : {7U, 8U, 29U}) {
    std::ofstream(files[f]) << "this is not a recording";
  }
  for (int i = 0; i < 5; ++i) {
    const Result<analysis::Run> run = analysis::Run::open(path("run"), {});
    ASSERT_FALSE(run.ok());
    EXPECT_THAT(run.status().message(), HasSubstr(files[7]));
  }
}

TEST_F(RunOpenTest, LeavesOutADamagedRecordingOnlyWhenAskedTo) {
  (void)job("run", "steps=4 workers=1");
  const std::string damaged = path("run/main-r0-a.stepscope");  // stands first in the order of names
  std::ofstream(damaged) << "this is not a recording";
  EXPECT_EQ(analysis::Run::open(path("run"), {}).status().code(), Code::kUnreadable)
      << "a judgement needs all of it";
  OpenOptions options;
  options.skip_damaged = true;
  const auto opened = analysis::Run::open(path("run"), options);
  ASSERT_TRUE(opened.ok()) << opened.status().message();
  EXPECT_EQ(opened.value().processes().size(), 2U);
  ASSERT_EQ(opened.value().problems().size(), 1U);
  EXPECT_NE(opened.value().problems()[0].find(damaged), std::string::npos);
  std::filesystem::create_directories(path("alone"));
  std::ofstream(path("alone/main.stepscope")) << "this is not a recording";
  EXPECT_EQ(analysis::Run::open(path("alone"), options).status().code(), Code::kUnreadable);
}

TEST_F(RunOpenTest, CanBeCancelled) {
  (void)job("run", "steps=5");
  OpenOptions options;
  options.cancelled = [] { return true; };
  const Result<analysis::Run> run = analysis::Run::open(path("run"), options);
  ASSERT_FALSE(run.ok());
  EXPECT_EQ(run.status().code(), Code::kUsage);
}

TEST_F(RunOpenTest, GivesTheSameNameTheSameIdInEveryProcess) {
  std::filesystem::create_directories(path("run"));
  ::stepscope::testing::write_recording(path("run/a.stepscope"), R"(
    lane 1 thread t tid=1
    range start_ns=1ms dur_ns=1ms name=first
    range start_ns=2ms dur_ns=1ms name=shared
  )");
  ::stepscope::testing::write_recording(path("run/b.stepscope"), R"(
    lane 1 thread t tid=1
    range start_ns=1ms dur_ns=1ms name=shared
  )");
  const auto run = open("run");
  const uint32_t shared = run.find_name("shared");
  EXPECT_NE(shared, 0U);
  EXPECT_EQ(run.find_name("nobody says this"), 0U);
  for (uint32_t lane = 0; lane < 2; ++lane) {
    uint32_t last = 0;
    ASSERT_TRUE(run.scan_lane(lane, {},
                              [&](const EventBlock& block) {
                                last = block.name.back();
                                return Status();
                              })
                    .ok());
    EXPECT_EQ(last, shared);
  }
}

TEST_F(RunOpenTest, DeliversNormalisedEvents) {
  const auto run = process("run", R"(
    range start_ns=1ms dur_ns=2ms name=load
    phase start_ns=4ms dur_ns=1ms op=3
    gc start_ns=6ms dur_ns=1ms generation=2
    counter start_ns=7ms name=proc.cpu_ns value=2.5
  )");
  std::string seen;
  LaneScan scan;
  scan.counters = true;
  ASSERT_TRUE(run.scan_lane(0, scan,
                            [&](const EventBlock& block) {
                              for (size_t i = 0; i < block.start_ns.size(); ++i) {
                                seen += std::to_string(block.start_ns[i] / 1000000) + "+" +
                                        std::to_string(block.dur_ns[i] / 1000000) + " " +
                                        std::string(run.name(block.name[i])) + " " +
                                        std::string(category_name(block.category[i])) +
                                        (block.value.empty() ? "" : " " + std::to_string(block.value[i])) +
                                        "\n";
                              }
                              return Status();
                            })
                  .ok());
  EXPECT_EQ(seen,
            "1+2 load range\n"
            "6+1 gc generation 2 gc\n"
            "7+0 proc.cpu_ns counter 2.500000\n"
            "4+1 backward backward\n");
}

TEST_F(RunOpenTest, StopsAScanWhenTheVisitorSaysSo) {
  const auto run = process("run", "range start_ns=1ms dur_ns=2ms name=load\ngc start_ns=6ms dur_ns=1ms\n");
  int calls = 0;
  const Status status = run.scan_lane(0, {}, [&](const EventBlock&) {
    ++calls;
    return Status(Code::kUsage, "enough");
  });
  EXPECT_EQ(status.message(), "enough");
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(run.scan_lane(77, {}, [](const EventBlock&) { return Status(); }).code(), Code::kUsage);
}

TEST_F(RunOpenTest, ReadsNothingMoreOnceItIsToStop) {
  const auto run = process("run", "range start_ns=1ms dur_ns=2ms name=load\ngc start_ns=6ms dur_ns=1ms\n");
  bool stop = false;
  const auto stoppable = run.until([&] { return stop; });
  int blocks = 0;
  const auto visit = [&](const EventBlock&) {
    ++blocks;
    stop = true;
    return Status();
  };
  const Status status = stoppable.scan_lane(0, {}, visit);
  EXPECT_EQ(status.code(), Code::kUsage);
  EXPECT_EQ(status.message(), run.path() + ": reading was cancelled");
  EXPECT_EQ(blocks, 1) << "of two kinds";
  EXPECT_EQ(stoppable.store_rollup(0, {}).code(), Code::kUsage) << "nothing half done is kept";
  EXPECT_EQ(stoppable.until([] { return false; }).details(0, Kind::kGc, 0, 0).status().code(), Code::kUsage);
  EXPECT_TRUE(run.scan_lane(0, {}, [](const EventBlock&) { return Status(); }).ok()) << "the other reads on";
}

TEST_F(RunOpenTest, ShowsEveryColumnOfAnEvent) {
  const auto run = process("run", "range start_ns=1ms dur_ns=2ms name=load source=2 payload=7\n");
  const Result<Details> details = run.details(0, Kind::kRange, 1000000, 2000000);
  ASSERT_TRUE(details.ok());
  EXPECT_THAT(details.value(),
              ::testing::Contains(std::pair<std::string, std::string>("dur_ns", "2.000 ms")));
  EXPECT_THAT(details.value(), ::testing::Contains(std::pair<std::string, std::string>("name", "load")));
  EXPECT_THAT(details.value(), ::testing::Contains(std::pair<std::string, std::string>("source", "nvtx")));
  EXPECT_TRUE(run.details(0, Kind::kRange, 1000000, 5).value().empty());
}

TEST_F(RunOpenTest, PutsHostsOnOneClock) {
  std::filesystem::create_directories(path("run"));
  const std::string rest = "lane 1 thread t tid=1\nrange start_ns=1s dur_ns=1ms name=x\n";
  ::stepscope::testing::write_recording(path("run/a.stepscope"),
                                        "meta process.boot_id A\nmeta process.rank 0\n"
                                        "anchor monotonic_raw_ns=0 realtime_ns=1000s\n" +
                                            rest);
  ::stepscope::testing::write_recording(path("run/b.stepscope"),
                                        "meta process.boot_id B\nmeta process.rank 1\n"
                                        "anchor monotonic_raw_ns=0 realtime_ns=1010s\n" +
                                            rest);
  const auto run = open("run");
  EXPECT_EQ(run.lanes()[0].first_ns, 1000000000);
  EXPECT_EQ(run.lanes()[1].first_ns, 11000000000);
  EXPECT_EQ(run.wall_ns(0, run.lanes()[0].first_ns), 1001000000000);
  EXPECT_EQ(run.wall_ns(1, run.lanes()[1].first_ns), 1011000000000);
}

TEST_F(RunOpenTest, MayBeReadByManyThreads) {
  const auto run = job("run", "steps=40 workers=2");
  const auto read_all = [&run](uint64_t* events) {
    LaneScan scan;
    scan.counters = true;
    for (uint32_t lane = 0; lane < run.lanes().size(); ++lane) {
      const Status status = run.scan_lane(lane, scan, [&](const EventBlock& block) {
        *events += block.start_ns.size();
        return Status();
      });
      EXPECT_TRUE(status.ok()) << status.message();
    }
  };
  std::array<uint64_t, 4> events{};
  std::vector<std::thread> threads;
  for (uint64_t& one : events) {
    threads.emplace_back(read_all, &one);
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  for (const uint64_t one : events) {
    EXPECT_EQ(one, run.event_count());
  }
}

TEST_F(RunOpenTest, HasNoTroubleWithAProcessThatRecordedNothing) {
  const auto run = process("run", "");
  EXPECT_EQ(run.event_count(), 0U);
  EXPECT_EQ(run.time_range().begin_ns, run.time_range().end_ns);
  EXPECT_EQ(ledger_of(run).residual_ns(), 0);
}

}  // namespace
}  // namespace stepscope::analysis
