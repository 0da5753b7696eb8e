// SPDX-License-Identifier: Apache-2.0
#include "trace/spool_writer.hpp"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <limits>
#include <random>

#include <gmock/gmock.h>

#include "tests/unit/trace/spool_fixture.hpp"

namespace stepscope::trace {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

class SpoolWriter : public SpoolTest {};

TEST_F(SpoolWriter, AnEventIsThereAfterADeathWithoutAnyDrain) {
  Ring* ring = spool_.acquire_ring(77, "trainer", 1);
  ASSERT_NE(ring, nullptr);
  ASSERT_TRUE(push_instant(ring, 1));
  die();
  const KeepingVisitor got = read();
  ASSERT_EQ(got.events.size(), 1U);
  EXPECT_EQ(got.events[0].kind, Kind::kInstant);
  EXPECT_THAT(got.events[0].values, ElementsAre(1, 0, 0, 0, 1, 0, -1));
  const LaneDecl& lane = got.lanes.at(got.events[0].lane);
  EXPECT_EQ(lane.type, "thread");
  EXPECT_EQ(lane.name, "trainer");
  EXPECT_EQ(lane.tid, 77U);
  EXPECT_FALSE(summary_.clean_end);
  EXPECT_FALSE(summary_.writer_alive);
  EXPECT_THAT(got.loss, IsEmpty());
}

TEST_F(SpoolWriter, DrainedAndUndrainedEventsComeOnceAndInOrder) {
  Ring* ring = spool_.acquire_ring(1, "t", 1);
  for (int64_t i = 0; i < 3000; ++i) {
    ASSERT_TRUE(push_instant(ring, i));
    if (i % 700 == 699) {
      EXPECT_EQ(spool_.drain(), 700U);
    }
  }
  die();
  const KeepingVisitor got = read();
  EXPECT_EQ(got.column(Kind::kInstant, 0), numbers(0, 3000));
  EXPECT_EQ(summary_.events, 3000U);
  EXPECT_EQ(summary_.torn_bytes, 0U);
}

// Whoever drains by need must see what others push into its ring: here counters alone fill it.
TEST_F(SpoolWriter, WhatWaitsIsCountedWhoeverPushedIt) {
  Ring* ring = spool_.acquire_ring(1, "t", 1);  // 64 KiB
  EXPECT_EQ(Spool::undrained_bytes(ring), 0U);
  const int64_t values[] = {1, 0, 0, 0};
  size_t pushed = 0;
  while (spool_.push(ring, Kind::kCounter, 9, values, 4)) {
    ++pushed;
    EXPECT_EQ(Spool::undrained_bytes(ring), pushed * 40);
  }
  EXPECT_EQ(pushed, size_t{64 * 1024} / 40);
  EXPECT_EQ(spool_.drain(), pushed);
  EXPECT_EQ(Spool::undrained_bytes(ring), 0U);
  EXPECT_TRUE(spool_.push(ring, Kind::kCounter, 9, values, 4));
  EXPECT_EQ(Spool::undrained_bytes(nullptr), 0U);
}

TEST_F(SpoolWriter, ACleanEndIsSaidAndLaterEventsStillCount) {
  Ring* ring = spool_.acquire_ring(1, "t", 1);
  ASSERT_TRUE(push_instant(ring, 0));
  spool_.close();
  ASSERT_TRUE(push_instant(ring, 1));
  die();
  EXPECT_EQ(read().column(Kind::kInstant, 0), numbers(0, 2));
  EXPECT_TRUE(summary_.clean_end);
}

TEST_F(SpoolWriter, RandomEventsOfAllKindsAndLanesComeBackPerLaneAsTheyWere) {
  std::mt19937_64 random(42);
  Ring* ring = spool_.acquire_ring(1, "t", 1 << 20);
  std::map<std::pair<Kind, uint32_t>, std::vector<std::vector<int64_t>>> sent;
  for (int i = 0; i < 20000; ++i) {
    const KindInfo& kind = kinds_begin()[random() % static_cast<size_t>(kinds_end() - kinds_begin())];
    const auto lane = static_cast<uint32_t>(random() % 9 + 1);
    std::vector<int64_t> values(kind.column_count);
    for (int64_t& value : values) {
      value = static_cast<int64_t>(random() >> (random() % 64));
      value = random() % 50 == 0 ? std::numeric_limits<int64_t>::min() : value;
      value = random() % 50 == 0 ? std::numeric_limits<int64_t>::max() : value;
    }
    ASSERT_TRUE(spool_.push(ring, kind.id, lane, values.data(), values.size()));
    sent[{kind.id, lane}].push_back(values);
    if (random() % 900 == 0) {
      (void)spool_.drain();
    }
  }
  die();
  std::map<std::pair<Kind, uint32_t>, std::vector<std::vector<int64_t>>> got;
  for (const ReadEvent& event : read().events) {
    got[{event.kind, event.lane}].push_back(event.values);
  }
  EXPECT_EQ(got, sent);
}

TEST_F(SpoolWriter, MissingTrailingColumnsAreZero) {
  Ring* ring = spool_.acquire_ring(1, "t", 1);
  const int64_t values[] = {5, 6};
  ASSERT_TRUE(spool_.push(ring, Kind::kGc, 0, values, 2));
  ASSERT_EQ(spool_.drain(), 1U);
  ASSERT_TRUE(spool_.push(ring, Kind::kGc, 0, values, 2));
  die();
  const KeepingVisitor got = read();
  ASSERT_EQ(got.events.size(), 2U);
  for (const ReadEvent& event : got.events) {
    EXPECT_THAT(event.values, ElementsAre(5, 6, 0, 0, 0));
  }
}

TEST_F(SpoolWriter, ImpossibleEventsAreRefusedAndCounted) {
  Ring* ring = spool_.acquire_ring(1, "t", 1);
  const int64_t values[kMaxColumns + 1] = {};
  EXPECT_FALSE(spool_.push(ring, Kind::kGc, 0, values, 0));
  EXPECT_FALSE(spool_.push(ring, Kind::kGc, 0, values, kMaxColumns + 1));
  EXPECT_FALSE(spool_.push(nullptr, Kind::kGc, 0, values, 1));
  die();
  const KeepingVisitor got = read();
  EXPECT_THAT(got.events, IsEmpty());
  EXPECT_THAT(got.loss, ElementsAre(Pair(spool::kLossBadEvent, 2)));
}

TEST_F(SpoolWriter, AFullRingDropsTheNewestAndCountsThemExactly) {
  Ring* ring = spool_.acquire_ring(1, "t", 1);
  int64_t kept = 0;
  while (push_instant(ring, kept)) {
    ++kept;
  }
  EXPECT_EQ(kept, 65536 / 8 / 8) << "64 KiB of records of eight words";
  for (int i = 0; i < 99; ++i) {
    EXPECT_FALSE(push_instant(ring, -1));
  }
  EXPECT_EQ(spool_.drain(), static_cast<size_t>(kept));
  EXPECT_TRUE(push_instant(ring, kept)) << "drained, there is room again";
  die();
  const KeepingVisitor got = read();
  EXPECT_EQ(got.column(Kind::kInstant, 0), numbers(0, kept + 1));
  EXPECT_THAT(got.loss, ElementsAre(Pair("ring.full.instant", 100)));
}

TEST_F(SpoolWriter, RecordsThatWrapAroundTheEndAreWhole) {
  Ring* ring = spool_.acquire_ring(1, "t", 1);
  std::vector<int64_t> sent;
  for (int64_t i = 0; i < 40000; ++i) {  // four words: 8192 is no multiple of what has gone before
    const int64_t gc[] = {i, i * 3, i % 3, 7, -i};
    ASSERT_TRUE(spool_.push(ring, Kind::kGc, 0, gc, i % 2 == 0 ? 5 : 4));
    sent.push_back(i);
    if (i % 997 == 0) {
      (void)spool_.drain();
    }
  }
  die();
  const KeepingVisitor got = read();
  EXPECT_EQ(got.events.size(), sent.size());
  std::vector<int64_t> starts = got.column(Kind::kGc, 0);
  std::sort(starts.begin(), starts.end());
  EXPECT_EQ(starts, sent);
  for (const ReadEvent& event : got.events) {
    const int64_t i = event.values[0];
    ASSERT_THAT(event.values, ElementsAre(i, i * 3, i % 3, 7, i % 2 == 0 ? -i : 0));
  }
}

TEST_F(SpoolWriter, AReleasedRingIsDrainedAndUsedAgainByAnotherThread) {
  Ring* first = spool_.acquire_ring(1, "first", 1);
  ASSERT_TRUE(push_instant(first, 1));
  spool_.release_ring(first);
  Ring* second = spool_.acquire_ring(2, "second", 1);
  EXPECT_NE(second, first) << "not drained yet";
  ASSERT_TRUE(push_instant(second, 2));
  EXPECT_EQ(spool_.drain(), 2U);
  (void)spool_.drain();  // finds it empty
  Ring* third = spool_.acquire_ring(3, "third", 1);
  EXPECT_EQ(third, first);
  ASSERT_TRUE(push_instant(third, 3));
  die();
  const KeepingVisitor got = read();
  std::map<int64_t, std::string> threads;
  for (const ReadEvent& event : got.events) {
    threads[event.values[0]] = got.lanes.at(event.lane).name;
  }
  EXPECT_THAT(threads, ElementsAre(Pair(1, "first"), Pair(2, "second"), Pair(3, "third")));
}

TEST_F(SpoolWriter, ThreadsBeyondTheBudgetGetNoRingAndAreCounted) {
  size_t rings = 0;
  while (spool_.acquire_ring(static_cast<uint32_t>(rings + 1), "t", 1) != nullptr) {
    ++rings;
  }
  EXPECT_EQ(rings, spool::kMaxSlots);
  die();
  EXPECT_EQ(read().loss.at(spool::kLossRingBudget), 1U);
}

TEST_F(SpoolWriter, NearTheEndOfTheBudgetRingsGetSmaller) {
  size_t bytes = 0;
  while (bytes < spool::kMaxRingBytes) {
    ASSERT_NE(spool_.acquire_ring(1, "t", spool::kMaxRingBytesEach), nullptr);
    bytes += spool::kMaxRingBytesEach;
  }
  EXPECT_EQ(spool_.acquire_ring(1, "t", 1), nullptr);
  EXPECT_LE(std::filesystem::file_size(base() + ".ring"), spool::kMaxRingFileBytes);
}

TEST_F(SpoolWriter, MetaLanesAnchorsAndLogComeBackDrainedOrNot) {
  for (int pass = 0; pass < 2; ++pass) {
    spool_.meta("process.host", pass == 0 ? "old" : "node7");
    spool_.meta(pass == 0 ? "a" : "b", "\xc3\xa4 \"quoted\"\n");
    spool_.log(123 + pass, "hello");
    spool_.anchor();
    if (pass == 0) {
      (void)spool_.drain();
    }
  }
  const uint32_t lane = spool_.declare_lane("worker", "worker 3", 9);
  spool_.meta("empty", "");
  die();
  const KeepingVisitor got = read();
  EXPECT_THAT(got.meta, ElementsAre(Pair("a", "\xc3\xa4 \"quoted\"\n"), Pair("b", "\xc3\xa4 \"quoted\"\n"),
                                    Pair("empty", ""), Pair("process.host", "node7")));
  EXPECT_THAT(got.log, ElementsAre(Pair(123, "hello"), Pair(124, "hello")));
  EXPECT_EQ(got.lanes.at(lane).type, "worker");
  EXPECT_EQ(got.lanes.at(lane).name, "worker 3");
  EXPECT_EQ(got.lanes.at(lane).tid, 9U);
  ASSERT_EQ(got.anchors.size(), 2U);
  EXPECT_GE(got.anchors[1].monotonic_raw_ns, got.anchors[0].monotonic_raw_ns);
  EXPECT_GT(got.anchors[0].realtime_ns, 1'600'000'000'000'000'000);
}

TEST_F(SpoolWriter, LongMetaIsCutAndAFullJournalIsCounted) {
  spool_.meta("long", std::string(spool::kMaxMetaBytes + 10, 'x').c_str());
  for (int i = 0; i < 6; ++i) {
    spool_.meta("more", std::string(spool::kMaxMetaBytes - 8, 'y').c_str());
  }
  die();
  const KeepingVisitor got = read();
  EXPECT_EQ(got.meta.at("long").size(), spool::kMaxMetaBytes);
  EXPECT_EQ(got.loss.at(spool::kLossMetaCut), 1U);
  EXPECT_EQ(got.loss.at(spool::kLossJournalFull), 4U);
}

TEST_F(SpoolWriter, AnchorsForDaysFitBecauseTheJournalIsDrained) {
  for (int i = 0; i < 50000; ++i) {
    spool_.log(i, "a line that a long job writes now and then");
    if (i % 100 == 0) {
      (void)spool_.drain();
    }
  }
  die();
  const KeepingVisitor got = read();
  EXPECT_EQ(got.log.size(), 50000U);
  EXPECT_EQ(got.log.back().first, 49999);
  EXPECT_THAT(got.loss, IsEmpty());
}

TEST_F(SpoolWriter, NamedCountersAddUpAndTheTableNeverOverflows) {
  spool_.loss("hook.failed", 2);
  spool_.loss("hook.failed", 3);
  spool_.loss("", 1);
  for (int i = 0; i < 1000; ++i) {
    spool_.loss(("counter." + std::to_string(i)).c_str(), 1);
  }
  spool_.loss(std::string(500, 'n').c_str(), 1);
  die();
  const KeepingVisitor got = read();
  EXPECT_EQ(got.loss.at("hook.failed"), 5U);
  uint64_t total = 0;
  for (const auto& [name, count] : got.loss) {
    total += count;
  }
  EXPECT_EQ(total, 5U + 1 + 1000 + 1);
  EXPECT_GT(got.loss.at(spool::kLossCounters), 800U);
}

TEST_F(SpoolWriter, FilesArePrivateAndDescriptorsDoNotLeakIntoPrograms) {
  for (const char* extension : {".ring", ".spool"}) {
    struct stat info {};
    ASSERT_EQ(stat((base() + extension).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777U, 0600U) << extension;
  }
  int ours = 0;
  for (int fd = 3; fd < 1024; ++fd) {
    const std::string link = "/proc/self/fd/" + std::to_string(fd);
    std::error_code error;
    if (std::filesystem::read_symlink(link, error).string().starts_with(directory_)) {
      ++ours;
      EXPECT_NE(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
      EXPECT_GT(fd, 100) << "low descriptors belong to the program";
    }
  }
  EXPECT_EQ(ours, 2);
}

TEST_F(SpoolWriter, NamesThatAreTakenAreRefused) {
  Spool other;
  EXPECT_EQ(other.open(directory_.c_str(), "p"), EEXIST);
  EXPECT_EQ(spool_.open(directory_.c_str(), "q"), EALREADY);
  EXPECT_EQ(other.open("/nonexistent", "p"), ENOENT);
  EXPECT_EQ(other.open(std::string(5000, 'd').c_str(), "p"), ENAMETOOLONG);
  EXPECT_FALSE(other.is_open());
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
    files += entry.path().extension() == ".ring" || entry.path().extension() == ".spool" ? 1U : 100U;
  }
  EXPECT_EQ(files, 2U);
}

TEST_F(SpoolWriter, EverythingOnAClosedSpoolIsANoOp) {
  Spool closed;
  EXPECT_EQ(closed.acquire_ring(1, "t", 1), nullptr);
  EXPECT_EQ(closed.intern("x", 1), 0U);
  EXPECT_EQ(closed.drain(), 0U);
  EXPECT_EQ(closed.declare_lane("a", "b", 0), 0U);
  closed.meta("a", "b");
  closed.log(1, "x");
  closed.anchor();
  closed.loss("a", 1);
  closed.close();
  closed.abandon_in_child();
  closed.release_ring(nullptr);
  EXPECT_FALSE(closed.is_open());
}

TEST_F(SpoolWriter, AForkedChildAbandonsAndRecordsForItself) {
  Ring* ring = spool_.acquire_ring(1, "t", 1);
  ASSERT_TRUE(push_instant(ring, 1));
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    spool_.abandon_in_child();
    bool good = !spool_.is_open() && spool_.open(directory_.c_str(), "child") == 0;
    Ring* own = spool_.acquire_ring(2, "t", 1);
    good = good && push_instant(own, 100);
    _exit(good ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  ASSERT_TRUE(push_instant(ring, 2));
  EXPECT_EQ(spool_.drain(), 2U);
  EXPECT_EQ(read().column(Kind::kInstant, 0), numbers(1, 3));
  KeepingVisitor of_child;
  ASSERT_TRUE(read_spool(directory_ + "/child", of_child).ok());
  EXPECT_EQ(of_child.column(Kind::kInstant, 0), numbers(100, 101));
}

TEST_F(SpoolWriter, ReadersSeeWhetherTheProcessLives) {
  (void)read();
  EXPECT_TRUE(summary_.writer_alive);
  spool_.close();
  (void)read();
  EXPECT_TRUE(summary_.writer_alive) << "closed, but the process is there";
  const pid_t child = fork();
  if (child == 0) {
    spool_.abandon_in_child();
    pause();
  }
  die();
  for (int tries = 0; tries < 2000; ++tries) {  // until the child has let go
    (void)read();
    if (!summary_.writer_alive) {
      break;
    }
    usleep(1000);
  }
  EXPECT_FALSE(summary_.writer_alive) << "a child that abandoned must not keep it alive";
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
}

TEST_F(SpoolWriter, AProgramThatClosesEveryDescriptorLosesNothingAndNoForeignFileIsTouched) {
  Ring* ring = spool_.acquire_ring(1, "t", 1);
  ASSERT_TRUE(push_instant(ring, 0));
  std::vector<int> taken;
  for (int fd = 3; fd < 1024; ++fd) {
    std::error_code error;
    if (std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), error)
            .string()
            .starts_with(directory_)) {
      close(fd);
      const int foreign = open((directory_ + "/foreign").c_str(), O_RDWR | O_CREAT, 0600);
      ASSERT_EQ(dup2(foreign, fd), fd);
      close(foreign);
      taken.push_back(fd);
    }
  }
  ASSERT_EQ(taken.size(), 2U);
  EXPECT_EQ(spool_.drain(), 1U);
  EXPECT_NE(spool_.acquire_ring(2, "u", 1 << 20), nullptr);
  EXPECT_EQ(std::filesystem::file_size(directory_ + "/foreign"), 0U);
  (void)read();
  EXPECT_TRUE(summary_.writer_alive) << "locked again";
  die();
  EXPECT_EQ(read().column(Kind::kInstant, 0), numbers(0, 1));
  for (const int fd : taken) {
    close(fd);
  }
}

TEST_F(SpoolWriter, AFileSizeLimitStopsTheDrainWithoutASignal) {
  const pid_t child = fork();
  if (child == 0) {
    spool_.abandon_in_child();
    const rlimit limit{2 << 20, 2 << 20};
    bool good = setrlimit(RLIMIT_FSIZE, &limit) == 0 && spool_.open(directory_.c_str(), "limited") == 0;
    Ring* ring = spool_.acquire_ring(1, "t", 1 << 20);
    std::mt19937_64 random(1);
    for (int i = 0; good && i < 150000; ++i) {
      const int64_t noise[] = {static_cast<int64_t>(random()), static_cast<int64_t>(random()),
                               static_cast<int64_t>(random()), static_cast<int64_t>(random())};
      (void)spool_.push(ring, Kind::kCounter, 0, noise, 4);
      if (i % 2000 == 0) {
        (void)spool_.drain();
      }
    }
    size_t more = 0;  // there may be room for some small ones
    while (good && more < 10 && spool_.acquire_ring(2, "more", 1 << 24) != nullptr) {
      ++more;
    }
    good = good && more < 10;
    _exit(good ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0) << "no SIGXFSZ, no failure";
  KeepingVisitor got;
  ASSERT_TRUE(read_spool(directory_ + "/limited", got).ok());
  EXPECT_LE(std::filesystem::file_size(directory_ + "/limited.spool"), 2U << 20);
  EXPECT_GT(got.loss.at(spool::kLossSpoolWrite), 0U);
  EXPECT_EQ(got.events.size() + got.loss.at("ring.full.counter"), 150000U)
      << "every event is there or counted";
}

}  // namespace
}  // namespace stepscope::trace
