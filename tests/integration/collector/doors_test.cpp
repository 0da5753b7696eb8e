// SPDX-License-Identifier: Apache-2.0
//
// The NVTX, CUDA and NCCL doors, driven the way NVTX, the driver and NCCL drive them.
#include "tests/integration/collector/collector_test.hpp"

namespace stepscope::testing {
namespace {

using trace::Kind;

using Doors = CollectorTest;

std::vector<Event> ranges_named(const SpoolContents& contents, const std::string& name) {
  std::vector<Event> found;
  for (const Event& range : contents.of(Kind::kRange)) {
    if (contents.text(range.column(2)) == name) {
      found.push_back(range);
    }
  }
  return found;
}

TEST_F(Doors, NvtxPushAndPopNest) {
  EXPECT_EQ(record({FAKE_NVTX_HOST, "simple"}).exit_code, 0);

  SpoolContents contents = only();
  std::vector<Event> outer = ranges_named(contents, "outer");
  std::vector<Event> inner = ranges_named(contents, "inner");
  ASSERT_EQ(outer.size(), 10U);
  ASSERT_EQ(inner.size(), 10U);
  EXPECT_LE(outer[0].column(0), inner[0].column(0));
  EXPECT_GE(outer[0].column(0) + outer[0].column(1), inner[0].column(0) + inner[0].column(1));
  EXPECT_EQ(outer[0].column(5), static_cast<int64_t>(trace::Source::kNvtx));
  EXPECT_EQ(contents.fact("door.nvtx"), "opened");
  EXPECT_EQ(contents.fact("door.first"), "nvtx");
}

TEST_F(Doors, NvtxAloneIsEnoughWithoutPreload) {
  Environment environment = clean_environment();
  environment["STEPSCOPE_DIR"] = run_directory();
  environment["NVTX_INJECTION64_PATH"] = STEPSCOPE_LIBRARY;
  EXPECT_EQ(run_program({FAKE_NVTX_HOST, "simple"}, environment).exit_code, 0);

  EXPECT_EQ(ranges_named(only(), "outer").size(), 10U);
  EXPECT_EQ(only().fact("door.preload"), "absent");
}

TEST_F(Doors, NvtxDomainsStringsCategoriesAndPayloads) {
  Outcome outcome = record({FAKE_NVTX_HOST, "everything"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome;

  SpoolContents contents = only();
  std::vector<Event> registered = ranges_named(contents, "registered");
  ASSERT_EQ(registered.size(), 1U);
  EXPECT_EQ(contents.text(registered[0].column(3)), "my domain");
  EXPECT_EQ(contents.text(registered[0].column(4)), "my category");
  EXPECT_EQ(registered[0].column(7), 5);
  EXPECT_EQ(registered[0].column(8), -42);
  EXPECT_EQ(ranges_named(contents, "w\u00efde \u4f60 \U0001F600").size(), 1U);
  EXPECT_THAT(contents.names(Kind::kInstant, 1),
              ::testing::IsSupersetOf({"registered", "a mark", "unknown schema", ""}));
  for (const Event& mark : contents.of(Kind::kInstant)) {
    if (contents.text(mark.column(1)) == "registered") {
      EXPECT_EQ(contents.text(mark.column(3)), "9") << "a category without a name is called by its number";
    }
    if (contents.text(mark.column(1)) == "unknown schema") {
      EXPECT_EQ(mark.column(6), 0xABCDEF) << "the first bytes of a structure nobody described";
    }
  }
  EXPECT_EQ(contents.fact("nvtx.stream.17"), "copy stream");
  EXPECT_EQ(contents.fact("nvtx.thread." + std::to_string(outcome.pid)), "the trainer");
  EXPECT_TRUE(contents.losses.empty());
}

TEST_F(Doors, NvtxStartAndEndOverlapAndCrossThreads) {
  ASSERT_EQ(record({FAKE_NVTX_HOST, "everything"}).exit_code, 0);

  SpoolContents contents = only();
  ASSERT_EQ(ranges_named(contents, "first").size(), 1U);
  ASSERT_EQ(ranges_named(contents, "second").size(), 1U);
  Event second = ranges_named(contents, "second")[0];
  EXPECT_EQ(second.column(6), trace::kFlagProcessRange);
  EXPECT_EQ(contents.lanes[second.lane].type, "async");
  ASSERT_EQ(ranges_named(contents, "never ended").size(), 1U);
  EXPECT_EQ(ranges_named(contents, "never ended")[0].column(6),
            trace::kFlagProcessRange | trace::kFlagUnfinished);
}

TEST_F(Doors, NvtxPayloadOfACollectiveIsUnderstood) {
  ASSERT_EQ(record({FAKE_NVTX_HOST, "everything"}).exit_code, 0);

  SpoolContents contents = only();
  std::vector<Event> collectives = contents.of(Kind::kCollective);
  ASSERT_EQ(collectives.size(), 1U);
  EXPECT_EQ(contents.text(collectives[0].column(2)), "ncclAllReduce");
  EXPECT_EQ(collectives[0].column(3), 0xABCDEF);
  EXPECT_EQ(collectives[0].column(5), 1 << 20);
  ASSERT_EQ(ranges_named(contents, "ncclAllReduce").size(), 1U);
  EXPECT_EQ(ranges_named(contents, "ncclAllReduce")[0].column(8), 1 << 20);
}

TEST_F(Doors, EveryOtherNvtxCallKeepsNameDomainCategoryAndPayload) {
  ASSERT_EQ(record({FAKE_NVTX_HOST, "rest"}).exit_code, 0);

  SpoolContents contents = only();
  struct Told {
    std::string domain, category;
    int64_t type, payload;
    bool operator==(const Told&) const = default;
  };
  const Told in_default = {"", "default category", 5, -42};
  const Told in_domain = {"my domain", "my category", 5, -42};
  const Told bare = {"", "", 0, 0};
  const std::map<std::string, Told> marks = {{"core mark", in_default},
                                             {"wide mark \u4f60", bare},
                                             {"wide string", {"wide domain", "", 0, 0}},
                                             {"", {"my domain", "", 9, 77}}};
  const std::map<std::string, Told> spans = {{"core start", in_default},
                                             {"core push", in_default},
                                             {"domain start", in_domain},
                                             {"wide start", bare}};
  std::map<std::string, Told> found;
  for (const Event& mark : contents.of(Kind::kInstant)) {
    found[contents.text(mark.column(1))] = {contents.text(mark.column(2)), contents.text(mark.column(3)),
                                            mark.column(5), mark.column(6)};
  }
  EXPECT_TRUE(found == marks) << found.size();
  found.clear();
  int structures = 0;  // the pushed and the started payload have no name
  for (const Event& range : contents.of(Kind::kRange)) {
    const Told told = {contents.text(range.column(3)), contents.text(range.column(4)), range.column(7),
                       range.column(8)};
    const std::string name = contents.text(range.column(2));
    structures += name.empty() && told == Told{"my domain", "", 9, 77} ? 1 : 0;
    if (!name.empty()) {
      found[name] = told;
    }
  }
  EXPECT_TRUE(found == spans) << found.size();
  EXPECT_EQ(structures, 2);
  EXPECT_EQ(contents.fact("nvtx.resource.my domain.65538.1234"), "the lock");
  EXPECT_EQ(contents.fact("nvtx.resource.my domain.65538.1235"), "the registered lock");
  EXPECT_EQ(contents.fact("nvtx.thread.4321"), "the registered lock");
  EXPECT_TRUE(contents.losses.empty());
}

TEST_F(Doors, NvtxMessagesOfSeveralDomainsEndInAnyOrder) {
  ASSERT_EQ(record({FAKE_NVTX_HOST, "messages"}).exit_code, 0);

  SpoolContents contents = only();
  std::map<int64_t, int> by_size;
  for (const Event& collective : contents.of(Kind::kCollective)) {
    ++by_size[collective.column(5)];
    EXPECT_TRUE(collective.column(5) != 400 || collective.column(1) >= 2'000'000)
        << "it lasts as long as its own range, not as the one inside";
  }
  EXPECT_THAT(by_size, ::testing::ElementsAre(::testing::Pair(100, 10), ::testing::Pair(200, 10),
                                              ::testing::Pair(300, 4), ::testing::Pair(400, 1)));
  EXPECT_EQ(contents.losses["NVTX messages open at once"], 2U);
}

TEST_F(Doors, NvtxInAForkedChildStartsTheChildsOwnRecording) {
  ASSERT_EQ(record({FAKE_NVTX_HOST, "fork-plain"}).exit_code, 0);

  std::vector<SpoolContents> all = run();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(ranges_named(all[0], "outer").size() + ranges_named(all[1], "outer").size(), 4U);
  EXPECT_NE(all[0].fact("process.pid"), all[1].fact("process.pid"));
}

TEST_F(Doors, NvtxRangesOpenAtAKillAreThere) {
  EXPECT_EQ(record({FAKE_NVTX_HOST, "killed"}).signal, SIGKILL);

  SpoolContents contents = only();
  ASSERT_EQ(ranges_named(contents, "ended").size(), 1U);
  EXPECT_EQ(ranges_named(contents, "ended")[0].column(6), trace::kFlagProcessRange);
  ASSERT_EQ(ranges_named(contents, "open at the kill").size(), 1U);
  EXPECT_EQ(ranges_named(contents, "open at the kill")[0].column(6),
            trace::kFlagProcessRange | trace::kFlagUnfinished);
}

TEST_F(Doors, NvtxInstancesMayAttachAllAtOnce) {
  EXPECT_EQ(record({FAKE_NVTX_HOST, "instances"}).exit_code, 0);

  SpoolContents contents = only();
  EXPECT_EQ(ranges_named(contents, "outer").size(), 8000U);
  EXPECT_EQ(ranges_named(contents, "inner").size(), 8000U);
}

TEST_F(Doors, NvtxNamesSurviveAFork) {
  ASSERT_EQ(record({FAKE_NVTX_HOST, "fork"}).exit_code, 0);

  std::vector<SpoolContents> all = run();
  ASSERT_EQ(all.size(), 2U);
  for (const SpoolContents& contents : all) {
    EXPECT_THAT(contents.names(Kind::kInstant, 1), ::testing::ElementsAre("registered")) << contents.base;
    EXPECT_EQ(contents.text(contents.of(Kind::kInstant)[0].column(2)), "my domain");
  }
  EXPECT_EQ(all[1].fact("process.role"), "worker");
  EXPECT_THAT(all[1].base, ::testing::StartsWith("worker-r0-"));
}

TEST_F(Doors, TheRealNvtxInSeveralSharedObjectsAtOnce) {
#ifndef FAKE_NVTX_REAL_HOST
  GTEST_SKIP() << "no NVTX headers here (CUDA toolkit)";
#else
  Outcome outcome = record({FAKE_NVTX_REAL_HOST, FAKE_NVTX_ALPHA, FAKE_NVTX_BETA, FAKE_NVTX_GAMMA});
  ASSERT_EQ(outcome.exit_code, 0) << outcome;

  SpoolContents contents = only();
  EXPECT_EQ(ranges_named(contents, "default domain").size(), 600U);
  for (const std::string part : {"alpha", "beta", "gamma"}) {
    std::vector<Event> ranges = ranges_named(contents, part + " range");
    ASSERT_EQ(ranges.size(), 200U) << part;
    EXPECT_EQ(contents.text(ranges[0].column(3)), part);
    EXPECT_EQ(contents.text(ranges[0].column(4)), "category of " + part);
    EXPECT_EQ(contents.fact("nvtx.resource." + part + ".65538.1234"), "the lock");
  }
  ASSERT_EQ(contents.of(Kind::kCollective).size(), 3U);
  EXPECT_EQ(contents.of(Kind::kCollective)[0].column(3), 77);
  EXPECT_EQ(contents.of(Kind::kCollective)[0].column(5), 4096);
  EXPECT_TRUE(contents.losses.empty());
#endif
}

TEST_F(Doors, ACudaProcessIsWorthRecording) {
  EXPECT_EQ(record({FAKE_CUDA_NCCL_HOST, "cuda"}).exit_code, 0);

  EXPECT_EQ(only().fact("door.cuda"), "opened");
  EXPECT_TRUE(only().summary.clean_end);
}

TEST_F(Doors, ASwitchedOffCollectorDeclinesNcclInEveryVersion) {
  EXPECT_EQ(record({FAKE_CUDA_NCCL_HOST, "nccl"},
                   {{"STEPSCOPE_DISABLE", "1"}, {"NCCL_PROFILER_PLUGIN", STEPSCOPE_LIBRARY}})
                .exit_code,
            0);

  EXPECT_TRUE(run().empty());
}

TEST_F(Doors, EveryDoorSaysWhatItFound) {
  record_program("events", {{"NVTX_INJECTION64_PATH", "/opt/other/tool.so"},
                            {"STEPSCOPE_DISPLACED_NCCL_PROFILER_PLUGIN", "/opt/comma/libnccl-profiler.so"}});

  SpoolContents contents = only();
  EXPECT_EQ(contents.fact("door.preload"), "opened");
  EXPECT_EQ(contents.fact("door.c-api"), "opened");
  EXPECT_EQ(contents.fact("door.nvtx"), "yielded to /opt/other/tool.so");
  EXPECT_EQ(contents.fact("door.cuda"), "present");
  EXPECT_EQ(contents.fact("displaced.NCCL_PROFILER_PLUGIN"), "/opt/comma/libnccl-profiler.so");
}

TEST_F(Doors, WhatOthersSetIsRedacted) {
  record_program("events",
                 {{"NVTX_INJECTION64_PATH", "https://me:s3cr3t@host/tool.so"},
                  {"STEPSCOPE_DISPLACED_NCCL_PROFILER_PLUGIN", "plugin --token=hf_abcdefghijklmnop1234"}});

  SpoolContents contents = only();
  EXPECT_EQ(contents.fact("door.nvtx"), "yielded to https://***@host/tool.so");
  EXPECT_THAT(contents.fact("displaced.NCCL_PROFILER_PLUGIN"),
              ::testing::Not(::testing::HasSubstr("hf_abcdefghijklmnop")));
}

}  // namespace
}  // namespace stepscope::testing
