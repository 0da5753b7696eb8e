// SPDX-License-Identifier: Apache-2.0
//
// Whatever way a process forks, execs, threads or ends: what it recorded is there, and nobody else's files are touched.
#include "tests/integration/collector/collector_test.hpp"

namespace stepscope::testing {
namespace {

using trace::Kind;

class LifeAndDeath : public CollectorTest {
 protected:
  // The recording with the given role of the run's two.
  [[nodiscard]] static const SpoolContents* by_range(const std::vector<SpoolContents>& all,
                                                     const std::string& name) {
    for (const SpoolContents& contents : all) {
      if (count_ranges(contents, name) > 0) {
        return &contents;
      }
    }
    return nullptr;
  }
};

TEST_F(LifeAndDeath, ACleanExitHasEverythingItsCodeAndAFooter) {
  EXPECT_EQ(record_program("events").exit_code, 3);

  SpoolContents contents = only();
  EXPECT_TRUE(contents.summary.clean_end);
  EXPECT_FALSE(contents.summary.writer_alive);
  EXPECT_EQ(count_ranges(contents, "event"), 10);
  EXPECT_THAT(contents.names(Kind::kInstant, 1), ::testing::ElementsAre("mark"));
  ASSERT_EQ(contents.of(Kind::kExit).size(), 1U);
  EXPECT_EQ(contents.of(Kind::kExit)[0].column(1), 3);
  EXPECT_EQ(contents.fact("exit.code"), "3");
  EXPECT_EQ(contents.fact("model"), "tiny");
  ASSERT_EQ(contents.of(Kind::kStep).size(), 2U);
  EXPECT_EQ(contents.of(Kind::kStep)[1].column(1), 1);
  EXPECT_EQ(contents.text(contents.of(Kind::kStep)[1].column(3)), "train");
  EXPECT_TRUE(contents.losses.empty());
  EXPECT_GE(contents.anchors.size(), 2U);
}

TEST_F(LifeAndDeath, UnderscoreExitAndQuickExitLoseNothing) {
  EXPECT_EQ(record_program("_exit").exit_code, 9);
  EXPECT_EQ(count_ranges(only(), "event"), 10);
  EXPECT_FALSE(only().summary.clean_end);
  std::filesystem::remove_all(run_directory());

  EXPECT_EQ(record_program("quick_exit").exit_code, 4);
  EXPECT_EQ(count_ranges(only(), "event"), 10);
}

TEST_F(LifeAndDeath, ASignalLosesNothingAndLeavesTheOpenRangeMarked) {
  for (const auto& [what, signal] : std::map<std::string, int>{
           {"abort", SIGABRT}, {"sigterm", SIGTERM}, {"sigkill", SIGKILL}, {"segv", SIGSEGV}}) {
    EXPECT_EQ(record_program(what).signal, signal);
    SpoolContents contents = only();
    EXPECT_EQ(count_ranges(contents, "inner"), 10) << what;
    EXPECT_FALSE(contents.summary.clean_end) << what;
    long unfinished = 0;
    for (const Event& range : contents.of(Kind::kRange)) {
      unfinished += (range.column(6) & trace::kFlagUnfinished) != 0 ? 1 : 0;
    }
    EXPECT_EQ(unfinished, 1) << what;
    EXPECT_EQ(count_ranges(contents, "open"), 1) << what;
    std::filesystem::remove_all(run_directory());
  }
}

TEST_F(LifeAndDeath, AForkedChildIsDormantAndTheParentGoesOn) {
  EXPECT_EQ(record_program("fork").out, "child 8\n") << "the child knows that it is not recorded";

  SpoolContents contents = only();
  EXPECT_EQ(count_ranges(contents, "parent"), 10);
  EXPECT_EQ(count_ranges(contents, "parent again"), 10);
  EXPECT_EQ(count_ranges(contents, "child"), 0);
  EXPECT_TRUE(contents.summary.clean_end);
}

TEST_F(LifeAndDeath, AForkedChildThatReopensHasItsOwnRecordingWithoutAThread) {
  EXPECT_EQ(record_program("fork-reopen").out, "child 0\n");

  std::vector<SpoolContents> all = run();
  ASSERT_EQ(all.size(), 2U);
  const SpoolContents* parent = by_range(all, "parent");
  const SpoolContents* child = by_range(all, "child");
  ASSERT_TRUE(parent != nullptr && child != nullptr);
  EXPECT_EQ(count_ranges(*parent, "parent"), 10);
  EXPECT_EQ(count_ranges(*child, "child"), 10);
  EXPECT_EQ(child->fact("process.parent_base"), parent->base);
  EXPECT_EQ(child->fact("process.ppid"), parent->fact("process.pid"));
  EXPECT_EQ(child->fact("self.mode"), "light");
  EXPECT_EQ(parent->fact("self.mode"), "full");
}

TEST_F(LifeAndDeath, LightModeDrainsItselfSoThatNothingIsLost) {
  EXPECT_EQ(record_program("fork-reopen-many").out, "child 0\n");

  std::vector<SpoolContents> all = run();
  const SpoolContents* child = by_range(all, "child");
  ASSERT_NE(child, nullptr);
  EXPECT_EQ(count_ranges(*child, "child"), 50000);
  EXPECT_TRUE(child->losses.empty());
}

TEST_F(LifeAndDeath, LightModeDrainsEverySecondHoweverFewItsEventsAre) {
  EXPECT_EQ(record_program("fork-reopen-slow").out, "child 1009\n");

  std::vector<SpoolContents> all = run();
  const SpoolContents* child = by_range(all, "child");
  ASSERT_NE(child, nullptr);
  EXPECT_EQ(count_ranges(*child, "child"), 30);
  EXPECT_TRUE(child->losses.empty());
  // What is in the spool without the ring has been drained: the ring has room again.
  std::filesystem::remove(run_directory() + "/" + child->base + ".ring");
  SpoolContents drained = SpoolContents::read(run_directory() + "/" + child->base);
  EXPECT_GE(drained.of(Kind::kRange).size(), 10U);
  EXPECT_GE(drained.of(Kind::kCounter).size(), 10U);
}

TEST_F(LifeAndDeath, AForkThatLibcDoesNotSeeCannotTouchTheParentsRings) {
  EXPECT_EQ(record_program("fork-raw").out, "child 0\n");

  SpoolContents contents = only();
  EXPECT_EQ(count_ranges(contents, "child"), 0);
  EXPECT_EQ(count_ranges(contents, "parent again"), 10);
  EXPECT_TRUE(contents.summary.clean_end);
}

TEST_F(LifeAndDeath, VforkAndExecLeaveTheParentAlone) {
  EXPECT_EQ(record_program("vfork").out, "child 0\n");

  SpoolContents contents = only();
  EXPECT_EQ(count_ranges(contents, "before") + count_ranges(contents, "after"), 20);
  EXPECT_TRUE(contents.summary.clean_end);
}

TEST_F(LifeAndDeath, EveryImageOfAProcessHasItsRecording) {
  EXPECT_EQ(record_program("exec").exit_code, 3);

  std::vector<SpoolContents> all = run();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].fact("process.pid"), all[1].fact("process.pid"));
  EXPECT_EQ(all[1].base, all[0].base + "-2");
  EXPECT_EQ(count_ranges(all[0], "first image"), 10);
  EXPECT_EQ(count_ranges(all[1], "event"), 10);
}

TEST_F(LifeAndDeath, ASpawnedChildIsRecordedByItself) {
  EXPECT_THAT(record_program("spawn").out, ::testing::EndsWith("child 3\n"));

  std::vector<SpoolContents> all = run();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_NE(by_range(all, "parent"), by_range(all, "event"));
}

TEST_F(LifeAndDeath, ThreadsThatStillRunAtExitDoNotHinderIt) {
  EXPECT_EQ(record_program("threads-at-exit").exit_code, 5);

  SpoolContents contents = only();
  EXPECT_EQ(count_ranges(contents, "main"), 10);
  EXPECT_GT(count_ranges(contents, "endless"), 0);
  EXPECT_TRUE(contents.summary.clean_end);
}

TEST_F(LifeAndDeath, AStormOfThreadsLosesNothing) {
  EXPECT_EQ(record_program("thread-storm").exit_code, 0);

  SpoolContents contents = only();
  EXPECT_EQ(count_ranges(contents, "storm"), 400 * 25);
  EXPECT_TRUE(contents.losses.empty());
}

TEST_F(LifeAndDeath, AFloodIsRecordedOrCountedToTheLastRange) {
  EXPECT_EQ(record_program("many").exit_code, 0);

  SpoolContents contents = only();
  uint64_t lost = contents.losses["ring.full.range"];
  EXPECT_EQ(static_cast<uint64_t>(count_ranges(contents, "many")) + lost, 300000U);
}

TEST_F(LifeAndDeath, AProgramThatClosesAllDescriptorsKeepsItsFiles) {
  EXPECT_EQ(record_program("close-descriptors").exit_code, 0);

  for (int i = 0; i < 64; ++i) {
    EXPECT_EQ(read_bytes(scratch_.file("mine" + std::to_string(i))), "mine\n");
  }
  SpoolContents contents = only();
  EXPECT_EQ(count_ranges(contents, "before"), 100);
  EXPECT_EQ(count_ranges(contents, "after"), 100);
}

TEST_F(LifeAndDeath, ADaemonIsRecordedFromItsFirstEvent) {
  EXPECT_EQ(record_program("daemonize").exit_code, 0);

  SpoolContents contents = only();
  EXPECT_EQ(count_ranges(contents, "daemon"), 10);
  EXPECT_TRUE(contents.summary.clean_end);
}

TEST_F(LifeAndDeath, EventsAfterAThreadsEndAreCounted) {
  EXPECT_EQ(record_program("thread-destructor").exit_code, 0);

  SpoolContents contents = only();
  EXPECT_EQ(count_ranges(contents, "thread"), 5);
  EXPECT_EQ(count_ranges(contents, "after its end") +
                static_cast<long>(contents.losses["event after its thread ended"]),
            count_ranges(contents, "after its end") == 3 ? 3 : 6);
}

TEST_F(LifeAndDeath, EventsOfExitHandlersAreRecorded) {
  EXPECT_EQ(record_program("atexit").exit_code, 0);

  SpoolContents contents = only();
  EXPECT_EQ(count_ranges(contents, "event"), 10);
  EXPECT_EQ(count_ranges(contents, "atexit"), 10);
}

TEST_F(LifeAndDeath, EventsFromASignalHandlerNeverTearARecord) {
  EXPECT_EQ(record_program("signal-handler").exit_code, 0);

  SpoolContents contents = only();
  long main = count_ranges(contents, "main");
  long handler = count_ranges(contents, "handler");
  auto full = static_cast<long>(contents.losses["ring.full.range"]);
  EXPECT_LE(main, 200000);
  EXPECT_GE(main + full, 200000) << "what is not there is counted";
  EXPECT_GT(handler + static_cast<long>(contents.losses["event inside the collector"]), 0);
  for (const Event& range : contents.of(Kind::kRange)) {
    EXPECT_GE(range.column(1), 0);
  }
}

TEST_F(LifeAndDeath, AForkFromASignalHandlerInsideTheCollectorIsHarmless) {
  EXPECT_EQ(record_program("fork-in-handler").out, "crashed 0\n");

  SpoolContents contents = only();
  EXPECT_TRUE(contents.summary.clean_end);
  EXPECT_GT(count_ranges(contents, "main"), 60);
  EXPECT_FALSE(contents.losses.contains("ring.damaged")) << "no child wrote to the parent's ring";
}

TEST_F(LifeAndDeath, LightModeCountsTheEventsItRefusedWithoutAnOrderlyEnd) {
  EXPECT_EQ(record_program("fork-reopen-handler").out, "child 0\n");

  std::vector<SpoolContents> all = run();
  const SpoolContents* child = by_range(all, "child");
  ASSERT_NE(child, nullptr);
  EXPECT_GT(child->losses.at("event inside the collector"), 0U);
}

TEST_F(LifeAndDeath, LoadedLateAndClosedAgainItStays) {
  Environment environment = clean_environment();
  environment["STEPSCOPE_DIR"] = run_directory();
  Outcome outcome =
      run_program({FAKE_RECORDED_PROGRAM, "dlopen", STEPSCOPE_LIBRARY}, environment, scratch_.path());

  EXPECT_EQ(outcome.exit_code, 0) << outcome;
  EXPECT_EQ(count_ranges(only(), "late"), 1);
  EXPECT_EQ(only().fact("door.preload"), "absent");
}

TEST_F(LifeAndDeath, PreloadedAndLoadedAgainItIsOne) {
  Outcome outcome = record({FAKE_RECORDED_PROGRAM, "dlopen", STEPSCOPE_LIBRARY},
                           {{"LD_PRELOAD", STEPSCOPE_LIBRARY ":" STEPSCOPE_LIBRARY}});

  EXPECT_EQ(outcome.exit_code, 0) << outcome;
  EXPECT_EQ(count_ranges(only(), "late"), 1);
}

}  // namespace
}  // namespace stepscope::testing
