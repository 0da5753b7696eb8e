// SPDX-License-Identifier: Apache-2.0
//
// Sixteen processes add runs to one store and are killed at any moment, each again and again. Whatever was acknowledged has to
// be there afterwards, and the file has to be whole.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <random>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/baseline/baseline_store.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/analyzer/baseline/summaries.hpp"
#include "trace/append_store.hpp"

namespace stepscope::analysis {
namespace {

using Mode = BaselineStore::Mode;

constexpr int kWriters = 16;
constexpr size_t kIdBytes = 12;

// Adds runs until it is killed; each id goes to the pipe once its run is acknowledged.
[[noreturn]] void add_forever(const std::string& path, int writer, int life, int acknowledged) {
  for (int i = 0;; ++i) {
    Result<BaselineStore> store = BaselineStore::open(path, Mode::kAppend);
    std::string id = std::to_string(writer) + "." + std::to_string(life) + "." + std::to_string(i);
    id.resize(kIdBytes, ' ');
    RunSummary summary = summary_of(id, 1000 + i);
    summary.train_step_ns.assign(1024, 182'340'001);  // of a size that takes more than one page
    const bool added = store.ok() && store.value().add("main", summary, {"ci", 1 + i, 0}).ok();
    if (!added || write(acknowledged, id.data(), id.size()) != static_cast<ssize_t>(id.size())) {
      _exit(1);
    }
  }
}

pid_t start_writer(const std::string& path, int writer, int life, int acknowledged) {
  const pid_t pid = fork();
  if (pid == 0) {
    add_forever(path, writer, life, acknowledged);
  }
  return pid;
}

// Ends a writer, which has to have lived until now.
void kill_writer(pid_t pid) {
  int status = 0;
  kill(pid, SIGKILL);
  ASSERT_EQ(waitpid(pid, &status, 0), pid);
  EXPECT_TRUE(WIFSIGNALED(status)) << "an add failed before";
}

std::set<std::string> ids_in(int pipe) {
  std::set<std::string> out;
  std::string id(kIdBytes, ' ');
  while (read(pipe, id.data(), id.size()) == static_cast<ssize_t>(id.size())) {
    out.insert(id);
  }
  return out;
}

TEST(BaselineStores, LoseNothingThatWasAcknowledged) {
  const testing::TempDir dir;
  const std::string path = dir.file("store.db");
  int acknowledged[2];
  ASSERT_EQ(pipe(acknowledged), 0);
  std::set<std::string> promised;
  std::thread listener([&] { promised = ids_in(acknowledged[0]); });

  std::vector<pid_t> writers;
  for (int i = 0; i < kWriters; ++i) {
    writers.push_back(start_writer(path, i, 0, acknowledged[1]));
  }
  std::minstd_rand random(7);
  constexpr int kKills = 120;
  for (int kill = 1; kill <= kKills; ++kill) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5 + random() % 25));
    const size_t victim = random() % kWriters;
    kill_writer(writers[victim]);
    writers[victim] = start_writer(path, static_cast<int>(victim), kill, acknowledged[1]);
  }
  for (const pid_t pid : writers) {
    kill_writer(pid);
  }
  close(acknowledged[1]);
  listener.join();
  close(acknowledged[0]);

  // The first to open the file rolls back what the last victim left half-done.
  const Result<BaselineStore> store = BaselineStore::open(path, Mode::kRead);
  ASSERT_TRUE(store.ok()) << store.status().message();
  const Result<std::vector<BaselineRun>> runs = store.value().runs("main", 0);
  ASSERT_TRUE(runs.ok()) << runs.status().message();
  std::set<std::string> there;
  for (const BaselineRun& run : runs.value()) {
    there.insert(run.summary.id);
  }
  EXPECT_EQ(there.size(), runs.value().size()) << "each once";
  EXPECT_THAT(promised, ::testing::IsSubsetOf(there));
  EXPECT_LE(there.size(), promised.size() + kKills + kWriters)
      << "one more at most for each that was killed before it could say so";
  EXPECT_GE(promised.size(), static_cast<size_t>(kWriters)) << "too few adds to mean anything";
  const Status whole = trace::AppendStore::open(path, trace::AppendStore::Mode::kRead).value().verify();
  EXPECT_TRUE(whole.ok()) << whole.message();
  std::printf("%zu runs acknowledged, %zu there, %d writers killed\n", promised.size(), there.size(),
              kKills + kWriters);
  // A journal that a victim had only begun changes nothing and stays until somebody writes.
  {
    Result<BaselineStore> writer = BaselineStore::open(path, Mode::kAppend);
    ASSERT_TRUE(writer.ok()) << writer.status().message();
    EXPECT_TRUE(writer.value().add("main", summary_of("the last one", 1000), {"ci", 1, 0}).ok());
  }
  EXPECT_FALSE(std::filesystem::exists(path + "-journal"));
}

}  // namespace
}  // namespace stepscope::analysis
