// SPDX-License-Identifier: Apache-2.0
//
// A process that writes known, numbered events is killed a hundred times at random moments. Whatever it had been told
// was recorded (push() had returned) must be in what it leaves behind, in order, exactly once, and in the recording that
// is made of it.
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "trace/finalize.hpp"
#include "trace/recording.hpp"
#include "trace/spool_reader.hpp"
#include "trace/spool_writer.hpp"

namespace stepscope::trace {
namespace {

constexpr uint32_t kProducers = 2;
constexpr int64_t kPerName = 50;  // events that share a name
constexpr int kKills = 100;

// In memory shared by the writer and the test: what the writer knows is recorded.
struct Acknowledged {
  std::atomic<int64_t> events[kProducers];
  std::atomic<int64_t> ranges[kProducers];
  std::atomic<int64_t> meta;
};

std::string name_of(uint32_t producer, int64_t event) {
  return "producer " + std::to_string(producer) + " name " + std::to_string(event / kPerName);
}

// Event i: an instant with number i and the name of its group, inside a range that begins at i.
void produce(Spool& spool, uint32_t producer, Acknowledged& acknowledged) {
  Ring* ring = spool.acquire_ring(producer + 1, "producer", 1);
  for (int64_t i = 0;; ++i) {
    const std::string name = name_of(producer, i);
    const uint32_t id = spool.intern(name.data(), name.size());
    spool.range_push(ring, {i, id, 0, 0, 1, 0, 0});
    const int64_t values[] = {i, id, 0, 0, 1, 0, i * 7};
    while (!spool.push(ring, Kind::kInstant, 0, values, 7)) {
      std::this_thread::yield();  // the ring is small, so that it wraps many times
    }
    acknowledged.events[producer].store(i + 1);
    if (spool.range_pop(ring, 0, i + 1)) {
      acknowledged.ranges[producer].store(i + 1);
    }
  }
}

[[noreturn]] void write_until_killed(const std::string& directory, Acknowledged& acknowledged) {
  static Spool spool;
  if (spool.open(directory.c_str(), "p") != 0) {
    _exit(1);
  }
  std::vector<std::thread> producers;
  for (uint32_t t = 0; t < kProducers; ++t) {
    producers.emplace_back([t, &acknowledged] { produce(spool, t, acknowledged); });
  }
  for (int64_t i = 0;; ++i) {
    spool.meta("progress", std::to_string(i).c_str());
    acknowledged.meta.store(i + 1);
    spool.anchor();
    (void)spool.drain();
  }
}

class Checking : public SpoolVisitor {
 public:
  void on_string(uint32_t id, std::string_view text) override { strings[id] = text; }
  void on_lane(const LaneDecl& lane) override { producers[lane.id] = lane.tid - 1; }
  void on_meta(std::string_view, std::string_view value) override {
    const int64_t next = std::stoll(std::string(value));
    EXPECT_EQ(next, meta);
    meta = next + 1;
  }
  void on_anchor(const ClockAnchor& anchor) override {
    EXPECT_GE(anchor.monotonic_raw_ns, last_anchor_);
    last_anchor_ = anchor.monotonic_raw_ns;
  }
  void on_loss(std::string_view counter, uint64_t count) override { loss[std::string(counter)] += count; }
  void on_log(int64_t, std::string_view) override {}
  Status on_events(const EventBlock& block) override {
    auto& starts = block.kind == Kind::kInstant ? instants[block.lane] : ranges[block.lane];
    const size_t name = block.kind == Kind::kInstant ? 1 : 2;
    for (size_t row = 0; row < block.rows; ++row) {
      starts.push_back(block.columns[0][row]);
      names[block.lane].emplace_back(block.columns[0][row], static_cast<uint32_t>(block.columns[name][row]));
    }
    return Status();
  }

  std::map<uint32_t, std::string> strings;
  std::map<uint32_t, uint32_t> producers;  // lane -> producer
  std::map<uint32_t, std::vector<int64_t>> instants;
  std::map<uint32_t, std::vector<int64_t>> ranges;
  std::map<uint32_t, std::vector<std::pair<int64_t, uint32_t>>> names;
  std::map<std::string, uint64_t> loss;
  int64_t meta = 0;

 private:
  int64_t last_anchor_ = 0;
};

class SpoolKill : public testing::Test {
 protected:
  SpoolKill() {
    std::string pattern = (std::filesystem::temp_directory_path() / "stepscope-kill-XXXXXX").string();
    directory_ = mkdtemp(pattern.data()) != nullptr ? pattern : "";
    void* memory =
        mmap(nullptr, sizeof(Acknowledged), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    EXPECT_NE(memory, MAP_FAILED);
    acknowledged_ = new (memory) Acknowledged{};
  }
  ~SpoolKill() override {
    std::filesystem::remove_all(directory_);
    munmap(acknowledged_, sizeof(Acknowledged));
  }
  SpoolKill(const SpoolKill&) = delete;
  SpoolKill& operator=(const SpoolKill&) = delete;

  void kill_after(int64_t nanoseconds) {
    const pid_t writer = fork();
    ASSERT_GE(writer, 0);
    if (writer == 0) {
      write_until_killed(directory_, *acknowledged_);
    }
    const timespec delay{0, nanoseconds};
    nanosleep(&delay, nullptr);
    ASSERT_EQ(kill(writer, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(waitpid(writer, &status, 0), writer);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the writer ended by itself";
  }

  // 0, 1, 2, ... and at least what was acknowledged; one more may have been recorded and not acknowledged. Returns how
  // many are missing in between, at most `dropped`.
  static uint64_t expect_numbers(const std::vector<int64_t>& got, int64_t acknowledged, uint64_t dropped) {
    int64_t next = 0;
    uint64_t missing = 0;
    for (const int64_t number : got) {
      EXPECT_GE(number, next) << "twice, or out of order";
      missing += static_cast<uint64_t>(number - next);
      next = number + 1;
    }
    EXPECT_LE(missing, dropped) << "lost and not counted";
    EXPECT_GE(next + static_cast<int64_t>(dropped), acknowledged) << "the last ones are lost";
    EXPECT_LE(next, acknowledged + 1);
    return missing;
  }

  void check() {
    Checking got;
    const Result<SpoolSummary> result = read_spool(directory_ + "/p", got);
    if (!result.ok()) {
      EXPECT_EQ(acknowledged_->meta.load(), 0) << result.status().message();
      return;  // killed while it opened its files
    }
    EXPECT_FALSE(result.value().writer_alive);
    const uint64_t dropped_ranges = got.loss["ring.full.range"];
    uint64_t missing_ranges = 0;
    for (const auto& [lane, producer] : got.producers) {
      // Events are tried again until they are in; a range that closes while the ring is full is counted as dropped.
      (void)expect_numbers(got.instants[lane], acknowledged_->events[producer].load(), 0);
      missing_ranges +=
          expect_numbers(got.ranges[lane], acknowledged_->ranges[producer].load(), dropped_ranges);
      for (const auto& [event, id] : got.names[lane]) {
        ASSERT_EQ(got.strings[id], name_of(producer, event));
      }
      total_events_ += got.instants[lane].size();
      if (!got.instants[lane].empty()) {
        spooled_[lane] = got.instants[lane];
      }
    }
    for (uint32_t t = 0; t < kProducers && got.producers.size() < kProducers; ++t) {
      bool there = false;
      for (const auto& [lane, producer] : got.producers) {
        there = there || producer == t;
      }
      EXPECT_TRUE(there || acknowledged_->events[t].load() == 0) << "a lane is lost";
    }
    EXPECT_GE(got.meta, acknowledged_->meta.load());
    EXPECT_LE(missing_ranges, dropped_ranges);
    EXPECT_LE(dropped_ranges, missing_ranges + kProducers) << "counted, and killed before the next one";
    got.loss.erase("ring.full.range");
    got.loss.erase("ring.full.instant");
    EXPECT_TRUE(got.loss.empty()) << got.loss.begin()->first;
    std::error_code absent;  // killed before the spool got its name
    const uint64_t spool_bytes = std::filesystem::file_size(directory_ + "/p.spool", absent);
    drained_ += !absent && spool_bytes > 10000 ? 1 : 0;
    torn_ += result.value().torn_bytes != 0 ? 1 : 0;
  }

  // The recording made of it is sound and holds what the spool held.
  void check_recording() {
    const Result<FinalizeResult> finalized = finalize(directory_, {});
    ASSERT_TRUE(finalized.ok()) << finalized.status().message();
    ASSERT_LE(finalized.value().recordings.size(), 1U);
    if (finalized.value().recordings.empty()) {
      EXPECT_EQ(acknowledged_->meta.load(), 0) << "nothing to finalize";
      return;
    }
    const Result<Recording> recording = Recording::open(finalized.value().recordings[0]);
    ASSERT_TRUE(recording.ok()) << recording.status().message();
    const Status sound = recording.value().verify();  // PRAGMA integrity_check and every segment
    EXPECT_TRUE(sound.ok()) << sound.message();
    std::map<uint32_t, std::vector<int64_t>> recorded;
    ScanFilter instants;
    instants.kind = Kind::kInstant;
    const Status scanned = recording.value().scan(instants, [&recorded](const SegmentView& segment) {
      const auto& starts = segment.columns[0];
      recorded[segment.lane].insert(recorded[segment.lane].end(), starts.begin(), starts.end());
      return Status();
    });
    EXPECT_TRUE(scanned.ok()) << scanned.message();
    EXPECT_EQ(recorded, spooled_);
  }

  void start_over() {
    spooled_.clear();
    for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
      std::filesystem::remove_all(entry);
    }
    acknowledged_ = new (acknowledged_) Acknowledged{};
  }

  std::string directory_;
  Acknowledged* acknowledged_ = nullptr;
  std::map<uint32_t, std::vector<int64_t>> spooled_;  // lane -> numbers, of one kill
  uint64_t total_events_ = 0;
  int drained_ = 0;
  int torn_ = 0;
};

TEST_F(SpoolKill, AHundredKillsLoseNothingThatWasAcknowledged) {
  std::mt19937_64 random(std::random_device{}());
  for (int round = 0; round < kKills && !HasFailure(); ++round) {
    // Some while the files are opened, most while rings wrap and frames are written.
    const auto limit = round % 5 == 0 ? uint64_t{3'000'000} : uint64_t{60'000'000};
    kill_after(static_cast<int64_t>(random() % limit));
    SCOPED_TRACE("kill " + std::to_string(round));
    check();
    check_recording();
    start_over();
  }
  EXPECT_GT(total_events_, 10000U) << "the writer was never really running";
  EXPECT_GT(drained_, kKills / 10) << "hardly any kill hit a process that was writing frames";
  RecordProperty("events", std::to_string(total_events_));
  RecordProperty("torn_frames", torn_);
}

}  // namespace
}  // namespace stepscope::trace
