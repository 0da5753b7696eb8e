// SPDX-License-Identifier: Apache-2.0
#include "trace/finalize.hpp"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <functional>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/kernel_mix.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/trace/sample_recording.hpp"
#include "trace/spool_writer.hpp"

namespace stepscope::trace {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::read_bytes;
using testing::TempDir;
using testing::write_bytes;

constexpr const char* kBase = "main-r0-host-1-2";

// What a recorded process does before it ends; runs in a child, since a spool belongs to a process.
void record(Spool& spool, size_t kernels) {
  Ring* ring = spool.acquire_ring(4711, "main", 1 << 20);
  spool.meta("process.role", "main");
  spool.meta("process.pid", "4711");
  spool.anchor();
  std::vector<uint32_t> ids = {0};
  for (const std::string& name : testing::KernelMix::names()) {
    ids.push_back(spool.intern(name.data(), name.size()));
  }
  testing::KernelMix mix;
  for (size_t i = 0; i < kernels; ++i) {
    testing::KernelMix::Row row = mix.next();
    row[2] = ids[static_cast<size_t>(row[2])];
    row[9] = ids[static_cast<size_t>(row[9])];
    spool.push(ring, Kind::kKernel, 0, row.data(), row.size());
    if (i % 1000 == 999) {
      (void)spool.drain();
    }
  }
}

// Runs `body` in a child and returns its wait status. `body` must not return to the test.
int in_child(const std::function<void()>& body) {
  const pid_t child = fork();
  if (child == 0) {
    body();
    _exit(0);
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return status;
}

enum class Ending { kClose, kExit, kKill };

void make_spool(const std::string& directory, size_t kernels, Ending ending = Ending::kClose,
                const char* base = kBase) {
  const int status = in_child([&] {
    static Spool spool;
    if (spool.open(directory.c_str(), base) != 0) {
      _exit(3);
    }
    record(spool, kernels);
    if (ending == Ending::kClose) {
      spool.close();
    } else if (ending == Ending::kKill) {
      raise(SIGKILL);
    }
  });
  ASSERT_EQ(WIFSIGNALED(status), ending == Ending::kKill);
  ASSERT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0) << WEXITSTATUS(status);
}

std::vector<std::string> files_of(const std::string& directory) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

uint64_t kernels_in(const Recording& recording) {
  for (const KindSummary& kind : recording.kinds()) {
    if (kind.name == "kernel") {
      return kind.events;
    }
  }
  return 0;
}

bool has_loss(const Recording& recording, const std::string& counter) {
  const std::span<const Loss> losses = recording.losses();
  return std::any_of(losses.begin(), losses.end(), [&](const Loss& loss) { return loss.counter == counter; });
}

TEST(Finalize, TurnsASpoolIntoARecordingAndRemovesIt) {
  const TempDir dir;
  make_spool(dir.path(), 2500);
  EXPECT_TRUE(needs_finalize(dir.path()));
  FinalizeOptions options;
  options.extra_meta = {{"exit.code", "7"}};
  std::vector<std::pair<size_t, size_t>> progress;
  options.progress = [&](size_t done, size_t total) { progress.emplace_back(done, total); };
  const Result<FinalizeResult> result = finalize(dir.path(), options);
  ASSERT_TRUE(result.ok()) << result.status().message();
  const std::string path = dir.file(std::string(kBase) + ".stepscope");
  EXPECT_THAT(result.value().recordings, ElementsAre(path));
  EXPECT_THAT(files_of(dir.path()), ElementsAre(std::string(kBase) + ".stepscope"));
  EXPECT_FALSE(needs_finalize(dir.path()));
  EXPECT_THAT(progress, ElementsAre(std::pair(0, 1), std::pair(1, 1)));

  const Recording recording = open_or_fail(path);
  EXPECT_EQ(kernels_in(recording), 2500U);
  EXPECT_EQ(recording.meta().at("process.role"), "main");
  EXPECT_EQ(recording.meta().at("exit.code"), "7");
  testing::KernelMix mix;
  const std::vector<std::string> names = testing::KernelMix::names();
  size_t misnamed = 0;
  EXPECT_TRUE(recording
                  .scan({.kind = Kind::kKernel},
                        [&](const SegmentView& view) {
                          for (const int64_t name : view.columns[2]) {
                            misnamed +=
                                recording.string(name) == names[static_cast<size_t>(mix.next()[2] - 1)] ? 0U
                                                                                                        : 1U;
                          }
                          return Status();
                        })
                  .ok());
  EXPECT_EQ(misnamed, 0U);
  ASSERT_EQ(recording.lanes().size(), 1U);
  EXPECT_EQ(recording.lanes()[0].type, "thread");
  EXPECT_EQ(recording.lanes()[0].tid, 4711U);
  EXPECT_GE(recording.anchors().size(), 1U);
  EXPECT_THAT(recording.losses(), IsEmpty());
  const Status verified = recording.verify();
  EXPECT_TRUE(verified.ok()) << verified.message();
  struct stat info = {};
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600U);
}

TEST(Finalize, AKilledProcessLosesNothingAndItsEndIsNoted) {
  const TempDir dir;
  make_spool(dir.path(), 2345, Ending::kKill);
  ASSERT_TRUE(finalize(dir.path(), {}).ok());
  const Recording recording = open_or_fail(dir.file(std::string(kBase) + ".stepscope"));
  EXPECT_EQ(kernels_in(recording), 2345U);
  ASSERT_TRUE(has_loss(recording, "spool.unclean_end"));
  EXPECT_EQ(recording.losses()[0].severity, "info");
}

TEST(Finalize, TakesOneSpoolByItsPath) {
  const TempDir dir;
  make_spool(dir.path(), 10, Ending::kClose, "a");
  make_spool(dir.path(), 10, Ending::kClose, "b");
  const Result<FinalizeResult> result = finalize(dir.file("b.spool"), {});
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(files_of(dir.path()), ElementsAre("a.ring", "a.spool", "b.stepscope"));
}

TEST(Finalize, CanKeepTheSpoolAndRepeatedGivesTheSameBytes) {
  const TempDir dir;
  make_spool(dir.path(), 3000, Ending::kExit);
  FinalizeOptions options;
  options.keep_spool = true;
  const std::string path = dir.file(std::string(kBase) + ".stepscope");
  ASSERT_TRUE(finalize(dir.path(), options).ok());
  const std::string first = read_bytes(path);
  ASSERT_TRUE(finalize(dir.path(), options).ok());
  EXPECT_EQ(read_bytes(path), first);
  ASSERT_TRUE(finalize(dir.path(), {}).ok());
  EXPECT_EQ(read_bytes(path), first);
  EXPECT_THAT(files_of(dir.path()), ElementsAre(std::string(kBase) + ".stepscope"));
}

// A job that ran `count` all-reduces beside its other kernels, killed.
void make_spool_with_collectives(const std::string& directory, int64_t count) {
  const int status = in_child([&] {
    static Spool spool;
    if (spool.open(directory.c_str(), kBase) != 0) {
      _exit(3);
    }
    record(spool, 500);
    Ring* ring = spool.acquire_ring(4712, "proxy", 1 << 20);
    const uint32_t communicator = spool.declare_lane("communicator", "world rank 0/8", 0);
    const uint32_t stream = spool.declare_lane("stream", "GPU 0 stream 13", 0);
    const auto name = [](const char* text) { return int64_t{spool.intern(text, strlen(text))}; };
    for (int64_t i = 0; i < count; ++i) {
      int64_t call[18] = {1000 * i, 10, name("AllReduce")};
      const int64_t kernel[] = {1000 * i + 500, 100, name("ncclDevKernel_AllReduce_Sum_f32_RING_LL"), 0, 13,
                                7 + i};
      spool.push(ring, Kind::kCollective, communicator, call, 18);
      spool.push(ring, Kind::kKernel, stream, kernel, 6);
      if (i % 1000 == 999) {
        (void)spool.drain();
      }
    }
    raise(SIGKILL);
  });
  ASSERT_TRUE(WIFSIGNALED(status));
}

TEST(Finalize, CollectivesNameTheirKernelsAndRepeatedGivesTheSameBytes) {
  const TempDir dir;
  constexpr int64_t kCount = 70'000;  // more than a segment holds
  make_spool_with_collectives(dir.path(), kCount);
  FinalizeOptions options;
  options.keep_spool = true;
  ASSERT_TRUE(finalize(dir.path(), options).ok());
  const std::string path = dir.file(std::string(kBase) + ".stepscope");
  const std::string first = read_bytes(path);
  ASSERT_TRUE(finalize(dir.path(), {}).ok());
  EXPECT_TRUE(first == read_bytes(path));

  const Recording recording = open_or_fail(path);
  int64_t next = 0;
  const Status scanned = recording.scan({.kind = Kind::kCollective}, [&](const SegmentView& view) {
    for (size_t row = 0; row < view.rows; ++row, ++next) {
      EXPECT_TRUE(view.columns[0][row] == 1000 * next && view.columns[16][row] == 7 + next) << next;
    }
    return Status();
  });
  EXPECT_TRUE(scanned.ok());
  EXPECT_EQ(next, kCount);
  EXPECT_TRUE(recording.verify().ok());
}

TEST(Finalize, LeavesARunningProcessAloneOrTakesASnapshot) {
  const TempDir dir;
  int ready[2];
  int go[2];
  ASSERT_EQ(pipe(ready) | pipe(go), 0);
  const pid_t child = fork();
  if (child == 0) {
    static Spool spool;
    const bool opened = spool.open(dir.path().c_str(), kBase) == 0;
    record(spool, 1500);
    char byte = opened ? 1 : 0;
    (void)!write(ready[1], &byte, 1);
    (void)!read(go[0], &byte, 1);
    record(spool, 500);
    spool.close();
    _exit(0);
  }
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  ASSERT_EQ(byte, 1);
  const std::string path = dir.file(std::string(kBase) + ".stepscope");

  const Result<FinalizeResult> alone = finalize(dir.path(), {});
  ASSERT_TRUE(alone.ok());
  EXPECT_THAT(alone.value().recordings, IsEmpty());
  EXPECT_THAT(alone.value().still_running, ElementsAre(dir.file(kBase)));
  EXPECT_FALSE(fs::exists(path));

  FinalizeOptions options;
  options.allow_running = true;
  const Result<FinalizeResult> snapshot = finalize(dir.path(), options);
  ASSERT_TRUE(snapshot.ok()) << snapshot.status().message();
  EXPECT_EQ(kernels_in(open_or_fail(path)), 1500U);
  EXPECT_TRUE(has_loss(open_or_fail(path), "spool.snapshot"));
  EXPECT_TRUE(fs::exists(dir.file(std::string(kBase) + ".spool")));

  ASSERT_EQ(write(go[1], &byte, 1), 1);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(finalize(dir.path(), {}).ok());
  EXPECT_EQ(kernels_in(open_or_fail(path)), 2000U);
  EXPECT_FALSE(has_loss(open_or_fail(path), "spool.snapshot"));
  for (const int fd : {ready[0], ready[1], go[0], go[1]}) {
    close(fd);
  }
}

TEST(Finalize, OneBadSpoolDoesNotStopTheOthers) {
  const TempDir dir;
  make_spool(dir.path(), 100, Ending::kClose, "b-good");
  write_bytes(dir.file("a-bad.spool"), "not a spool at all, only some text that is long enough to be read");
  write_bytes(dir.file("c-empty.spool"), "");
  const Result<FinalizeResult> result = finalize(dir.path(), {});
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(result.value().recordings, ElementsAre(dir.file("b-good.stepscope")));
  ASSERT_EQ(result.value().problems.size(), 2U);
  EXPECT_THAT(result.value().problems[0].message(), HasSubstr("a-bad"));
  EXPECT_THAT(result.value().problems[1].message(), HasSubstr("c-empty"));
  EXPECT_THAT(files_of(dir.path()), ElementsAre("a-bad.spool", "b-good.stepscope", "c-empty.spool"));
  EXPECT_EQ(finalize(dir.file("a-bad.spool"), {}).status().code(), Code::kUnreadable);
}

TEST(Finalize, SaysWhatIsWrongWithThePath) {
  const TempDir dir;
  const Status missing = finalize(dir.file("nowhere"), {}).status();
  EXPECT_EQ(missing.code(), Code::kUnreadable);
  EXPECT_THAT(missing.message(), HasSubstr("no such file or directory"));
  EXPECT_EQ(finalize(dir.file("x.spool"), {}).status().code(), Code::kUnreadable);
  EXPECT_TRUE(finalize(dir.path(), {}).ok()) << "nothing to do is fine";
  EXPECT_FALSE(needs_finalize(dir.file("nowhere")));
}

TEST(Finalize, FinishesAnInterruptedCleanupWithoutTouchingTheRecording) {
  const TempDir dir;
  make_spool(dir.path(), 5000);
  FinalizeOptions options;
  options.keep_spool = true;
  ASSERT_TRUE(finalize(dir.path(), options).ok());
  const std::string path = dir.file(std::string(kBase) + ".stepscope");
  const std::string complete = read_bytes(path);
  fs::remove(dir.file(std::string(kBase) + ".spool"));  // as if killed between the two removals
  ASSERT_TRUE(finalize(dir.path(), {}).ok());
  EXPECT_EQ(read_bytes(path), complete);
  EXPECT_THAT(files_of(dir.path()), ElementsAre(std::string(kBase) + ".stepscope"));
}

// Killed at random moments and repeated, finalize ends with the bytes of an undisturbed one.
TEST(Finalize, InterruptedAnywhereAndRepeatedGivesTheSameBytes) {
  const TempDir source;
  make_spool(source.path(), 40'000, Ending::kKill);
  const TempDir reference;
  fs::copy(source.path(), reference.path(), fs::copy_options::recursive);
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_TRUE(finalize(reference.path(), {}).ok());
  const auto whole_us =
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin).count();
  const std::string expected = read_bytes(reference.file(std::string(kBase) + ".stepscope"));

  std::mt19937 random(11);
  int killed_in_the_middle = 0;
  for (int round = 0; round < 40; ++round) {
    const TempDir dir;
    fs::copy(source.path(), dir.path(), fs::copy_options::recursive);
    for (int attempt = 0; attempt < 3; ++attempt) {
      const pid_t child = fork();
      if (child == 0) {
        _exit(finalize(dir.path(), {}).ok() ? 0 : 1);
      }
      // The moment is the point of the test, not a wait for something.
      const long delay_us =
          static_cast<long>(random() % static_cast<unsigned long>(whole_us + whole_us / 4 + 1));
      const timespec delay = {delay_us / 1'000'000, delay_us % 1'000'000 * 1000};
      nanosleep(&delay, nullptr);
      kill(child, SIGKILL);
      int status = 0;
      ASSERT_EQ(waitpid(child, &status, 0), child);
      killed_in_the_middle += WIFSIGNALED(status) ? 1 : 0;
    }
    const Result<FinalizeResult> result = finalize(dir.path(), {});
    ASSERT_TRUE(result.ok()) << result.status().message();
    ASSERT_THAT(result.value().problems, IsEmpty());
    ASSERT_TRUE(read_bytes(dir.file(std::string(kBase) + ".stepscope")) == expected) << "round " << round;
    ASSERT_THAT(files_of(dir.path()), ElementsAre(std::string(kBase) + ".stepscope"));
  }
  EXPECT_GT(killed_in_the_middle, 10);
}

TEST(Finalize, SeveralAtOnceTakeTurns) {
  const TempDir dir;
  make_spool(dir.path(), 20'000);
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      const Result<FinalizeResult> result = finalize(dir.path(), {});
      _exit(result.ok() && result.value().problems.empty() ? 0 : 1);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(kernels_in(open_or_fail(dir.file(std::string(kBase) + ".stepscope"))), 20'000U);
}

TEST(Finalize, CancelledItKeepsTheSpoolForTheNextTime) {
  const TempDir dir;
  make_spool(dir.path(), 200'000, Ending::kKill);
  FinalizeOptions options;
  int asked = 0;
  options.cancelled = [&] { return ++asked == 3; };
  const Result<FinalizeResult> stopped = finalize(dir.path(), options);
  EXPECT_EQ(stopped.status().code(), Code::kUsage);
  EXPECT_EQ(asked, 3) << "with a block of events";
  EXPECT_THAT(files_of(dir.path()), ElementsAre(HasSubstr(".ring"), HasSubstr(".spool")));
  const Result<FinalizeResult> again = finalize(dir.path(), {});
  ASSERT_TRUE(again.ok());
  EXPECT_THAT(files_of(dir.path()), ElementsAre(std::string(kBase) + ".stepscope"));
}

}  // namespace
}  // namespace stepscope::trace
