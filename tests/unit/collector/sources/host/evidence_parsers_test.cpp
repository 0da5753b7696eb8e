// SPDX-License-Identifier: Apache-2.0
#include <sys/syscall.h>
#include <unistd.h>

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "collector/sources/host/fingerprint.hpp"
#include "collector/sources/host/host_sampler.hpp"
#include "collector/sources/host/thread_usage.hpp"
#include "collector/sources/host/worker_watch.hpp"

namespace stepscope::collector {
namespace {

TEST(HostSampler, ReadsPressure) {
  uint64_t total = 0;
  ASSERT_TRUE(parse_pressure(
      TextView("some avg10=0.00 avg60=0.00 avg300=0.00 total=12345\nfull avg10=0 total=9\n"), total));
  EXPECT_EQ(total, 12345U);
  EXPECT_FALSE(parse_pressure(TextView("full avg10=0 total=9\n"), total));
  EXPECT_FALSE(parse_pressure(TextView(""), total));
}

TEST(HostSampler, EveryCounterHasItsOwnName) {
  std::set<std::string> names;
  for (int i = 0; i < kHostCounterCount; ++i) {
    names.insert(host_counter_name(static_cast<HostCounter>(i)));
  }
  EXPECT_EQ(names.size(), static_cast<size_t>(kHostCounterCount));
}

TEST(WorkerWatch, TellsWhatAProcessIsBlockedOn) {
  auto state_of = [](const char* stat, long number) {
    std::string call = number < 0 ? "" : std::to_string(number) + " 0x3 0x7ffe 0x1";
    return classify(TextView(stat), TextView(call.c_str()));
  };
  EXPECT_EQ(state_of("7 (python) R 1", -1), WatchState::kRunning);
  EXPECT_EQ(classify(TextView("7 (python) S 1"), TextView("running")), WatchState::kRunning);
  EXPECT_EQ(state_of("7 (python) S 1", SYS_read), WatchState::kRead);
  EXPECT_EQ(state_of("7 (python) D 1", SYS_pread64), WatchState::kRead);
  EXPECT_EQ(state_of("7 (python) S 1", SYS_clock_nanosleep), WatchState::kSleep);
  EXPECT_EQ(state_of("7 (python) S 1", SYS_futex), WatchState::kFutex);
  EXPECT_EQ(state_of("7 (python) S 1", SYS_ppoll), WatchState::kPoll);
  EXPECT_EQ(state_of("7 (python) S 1", SYS_wait4), WatchState::kOther);
  EXPECT_EQ(state_of("7 (a) R (b) D 1", SYS_wait4), WatchState::kRead)
      << "uninterruptible in anything else is the disk";
  EXPECT_EQ(state_of("7 (python) S 1", -1), WatchState::kOther) << "no permission to see the system call";
  EXPECT_EQ(state_of("", -1), WatchState::kOther);
}

TEST(WorkerWatch, WatchingIsIdempotentAndBounded) {
  static WorkerWatch watch;
  EXPECT_FALSE(watch.watch(0, true));
  EXPECT_TRUE(watch.watch(1, true));
  EXPECT_TRUE(watch.watch(1, true));
  EXPECT_TRUE(watch.any());
  EXPECT_TRUE(watch.watch(1, false));
  EXPECT_FALSE(watch.any());
  for (uint32_t pid = 2; pid <= WorkerWatch::kMaxWatched; ++pid) {
    EXPECT_TRUE(watch.watch(pid, true));
  }
  EXPECT_FALSE(watch.watch(5000, true));
  watch.clear();
  EXPECT_TRUE(watch.watch(5000, true));
}

TEST(WorkerWatch, AProcessThatIsGoneIsNoLongerWatched) {
  static WorkerWatch watch;
  ASSERT_TRUE(watch.watch(0x3fffffff, true));  // above every possible pid
  watch.sample();
  EXPECT_FALSE(watch.any());
}

TEST(Fingerprint, NamesFileSystems) {
  TextBuffer<32> name;
  file_system_name(0x6969, name);
  EXPECT_STREQ(name.c_str(), "nfs");
  name.clear();
  file_system_name(0x1234567, name);
  EXPECT_STREQ(name.c_str(), "0x0000000001234567");
}

TEST(ThreadUsage, OnlyGrows) {
  ThreadUsage before;
  ThreadUsage after;
  read_thread_usage(before);
  char byte;
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  ASSERT_EQ(write(ends[1], "x", 1), 1);
  ASSERT_EQ(read(ends[0], &byte, 1), 1);
  read_thread_usage(after);
  EXPECT_GT(after.cpu_ns, before.cpu_ns);
  EXPECT_GE(after.runq_ns, before.runq_ns);
  EXPECT_GE(after.read_bytes, before.read_bytes + 1);
  EXPECT_GE(after.major_faults, before.major_faults);
  close(ends[0]);
  close(ends[1]);
}

}  // namespace
}  // namespace stepscope::collector
