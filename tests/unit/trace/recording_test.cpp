// SPDX-License-Identifier: Apache-2.0
#include "trace/recording.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temp_dir.hpp"
#include "tests/unit/trace/sample_recording.hpp"
#include "trace/digest.hpp"
#include "trace/schema.hpp"
#include "trace/segment.hpp"
#include "trace/sqlite.hpp"

namespace stepscope::trace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TempDir;

// Changes a recording as only another version of the program could.
void run_sql(const std::string& path, const std::string& sql) {
  Result<Database> database = Database::open(path, OpenMode::kReadWrite);
  ASSERT_TRUE(database.ok());
  EXPECT_TRUE(database.value().exec(sql.c_str())) << database.value().error();
}

TEST(Recording, GivesBackWhatWasWritten) {
  const TempDir dir;
  write_sample(dir.file("a.stepscope"));
  const Recording recording = open_or_fail(dir.file("a.stepscope"));

  EXPECT_EQ(recording.meta().at("process.role"), "main");
  ASSERT_EQ(recording.lanes().size(), 2U);
  EXPECT_EQ(recording.lanes()[0].name, "main");
  EXPECT_EQ(recording.lanes()[0].tid, 4711U);
  EXPECT_EQ(recording.lanes()[0].events, 4U);
  EXPECT_EQ(recording.lanes()[0].first_ns, 1000);
  EXPECT_EQ(recording.lanes()[0].last_ns, 9000);
  ASSERT_EQ(recording.anchors().size(), 2U);
  EXPECT_EQ(recording.anchors()[1].tsc, 13345U);
  ASSERT_EQ(recording.losses().size(), 1U);
  EXPECT_EQ(recording.losses()[0].counter, "ring.full");
  EXPECT_EQ(recording.losses()[0].count, 7U);
  EXPECT_EQ(recording.losses()[0].severity, "data_loss");
  EXPECT_THAT(recording.losses()[0].sentence, HasSubstr("faster than they were drained"));
  ASSERT_EQ(recording.log().size(), 1U);
  EXPECT_EQ(recording.log()[0].second, "door c-api opened");
  EXPECT_EQ(recording.string_count(), testing::KernelMix::names().size() + 3);
  EXPECT_EQ(recording.string(0), "");
  EXPECT_EQ(recording.string(static_cast<int64_t>(testing::KernelMix::names().size()) + 1), "outer");
  EXPECT_EQ(recording.string(9999), "?");
  EXPECT_EQ(recording.string(-1), "?");
  EXPECT_TRUE(recording.verify().ok());
}

TEST(Recording, SortsRowsByStartAndPutsTheEnclosingRangeFirst) {
  const TempDir dir;
  Result<RecordingBuilder> builder = RecordingBuilder::create(dir.file("a.stepscope"));
  ASSERT_TRUE(builder.ok());
  for (const auto& [start, dur] :
       std::vector<std::pair<int64_t, int64_t>>{{50, 10}, {20, 5}, {20, 60}, {7, 1}}) {
    ASSERT_TRUE(builder.value().add(Kind::kRange, 1, std::vector<int64_t>{start, dur}).ok());
  }
  ASSERT_TRUE(builder.value().finish().ok());
  const Recording recording = open_or_fail(dir.file("a.stepscope"));
  size_t segments = 0;
  ASSERT_TRUE(recording
                  .scan({.kind = Kind::kRange},
                        [&](const SegmentView& view) {
                          ++segments;
                          EXPECT_THAT(view.columns[0], ElementsAre(7, 20, 20, 50));
                          EXPECT_THAT(view.columns[1], ElementsAre(1, 60, 5, 10));
                          return Status();
                        })
                  .ok());
  EXPECT_EQ(segments, 1U);
}

TEST(Recording, KeepsEveryEventAcrossManySegments) {
  const TempDir dir;
  constexpr size_t kEvents = 3 * kMaxSegmentRows + 17;
  write_sample(dir.file("a.stepscope"), kEvents);
  const Recording recording = open_or_fail(dir.file("a.stepscope"));
  testing::KernelMix mix;
  size_t rows = 0;
  size_t differences = 0;
  ASSERT_TRUE(recording
                  .scan({.kind = Kind::kKernel},
                        [&](const SegmentView& view) {
                          EXPECT_LE(view.rows, kMaxSegmentRows);
                          for (size_t row = 0; row < view.rows; ++row, ++rows) {
                            const testing::KernelMix::Row expected = mix.next();
                            for (size_t c = 0; c < expected.size(); ++c) {
                              differences += view.columns[c][row] != expected[c] ? 1U : 0U;
                            }
                          }
                          return Status();
                        })
                  .ok());
  EXPECT_EQ(rows, kEvents);
  EXPECT_EQ(differences, 0U);
  EXPECT_TRUE(recording.verify().ok());
}

TEST(Recording, ABlockEqualsItsEventsAddedOneByOne) {
  const TempDir dir;
  Result<RecordingBuilder> one_by_one = RecordingBuilder::create(dir.file("one.stepscope"));
  Result<RecordingBuilder> at_once = RecordingBuilder::create(dir.file("block.stepscope"));
  ASSERT_TRUE(one_by_one.ok() && at_once.ok());
  std::vector<std::vector<int64_t>> columns(3);
  testing::KernelMix mix;
  for (size_t i = 0; i < kMaxSegmentRows + 1000; ++i) {
    const testing::KernelMix::Row row = mix.next();
    ASSERT_TRUE(one_by_one.value().add(Kind::kKernel, 1, std::span(row).first(3)).ok());
    for (size_t c = 0; c < columns.size(); ++c) {
      columns[c].push_back(row[c]);
    }
  }
  const std::vector<std::span<const int64_t>> spans(columns.begin(), columns.end());
  ASSERT_TRUE(at_once.value().add_block({Kind::kKernel, 1, columns[0].size(), spans}).ok());
  ASSERT_TRUE(one_by_one.value().finish().ok());
  ASSERT_TRUE(at_once.value().finish().ok());
  EXPECT_EQ(testing::read_bytes(dir.file("one.stepscope")), testing::read_bytes(dir.file("block.stepscope")));
}

TEST(Recording, PrunesSegmentsByLaneTimeAndColumn) {
  const TempDir dir;
  write_sample(dir.file("a.stepscope"), 2 * kMaxSegmentRows);
  const Recording recording = open_or_fail(dir.file("a.stepscope"));
  const auto count = [&](const ScanFilter& filter) {
    size_t segments = 0;
    EXPECT_TRUE(recording.scan(filter, [&](const SegmentView&) { return ++segments, Status(); }).ok());
    return segments;
  };
  int64_t second_begins = 0;
  ASSERT_TRUE(recording
                  .scan({.kind = Kind::kKernel, .columns = 1},
                        [&](const SegmentView& view) {
                          EXPECT_EQ(view.columns[0].size(), view.rows);
                          EXPECT_TRUE(view.columns[1].empty());
                          second_begins = view.columns[0].front();
                          return Status();
                        })
                  .ok());
  EXPECT_EQ(count({.kind = Kind::kKernel}), 2U);
  EXPECT_EQ(count({.kind = Kind::kKernel, .lane = 2}), 2U);
  EXPECT_EQ(count({.kind = Kind::kKernel, .lane = 1}), 0U);
  EXPECT_EQ(count({.kind = Kind::kKernel, .end_ns = second_begins}), 1U);
  EXPECT_EQ(count({.kind = Kind::kKernel, .begin_ns = second_begins + 1'000'000}), 1U);
  EXPECT_EQ(count({.kind = Kind::kKernel, .end_ns = second_begins + 1, .first_from_ns = second_begins}), 1U)
      << "the first segment was an earlier window's";
  EXPECT_EQ(count({.kind = Kind::kKernel, .first_from_ns = second_begins + 1}), 0U);
  EXPECT_EQ(count({.kind = Kind::kGc}), 0U);
}

TEST(Recording, AnotherHandleReadsTheSameEventsAndAClosedOneOpensMore) {
  const TempDir dir;
  write_sample(dir.file("a.stepscope"), 3000);
  const Recording first = open_or_fail(dir.file("a.stepscope"));
  const auto starts = [](const Recording& recording) {
    std::vector<int64_t> out;
    EXPECT_TRUE(recording
                    .scan({.kind = Kind::kKernel},
                          [&](const SegmentView& view) {
                            out.insert(out.end(), view.columns[0].begin(), view.columns[0].end());
                            return Status();
                          })
                    .ok());
    return out;
  };
  const Recording closed = first.closed();
  EXPECT_EQ(closed.meta(), first.meta());
  EXPECT_EQ(closed.string(1), first.string(1));
  EXPECT_FALSE(closed.scan({.kind = Kind::kKernel}, [](const SegmentView&) { return Status(); }).ok());
  const Result<Recording> second = closed.another();
  ASSERT_TRUE(second.ok()) << second.status().message();
  EXPECT_EQ(starts(second.value()).size(), 3000U);
  EXPECT_EQ(starts(second.value()), starts(first));
}

TEST(Recording, AnotherHandleIsOfTheFileThatIsThere) {
  const TempDir dir;
  write_sample(dir.file("a.stepscope"), 3000);
  const Recording old = open_or_fail(dir.file("a.stepscope"));
  write_sample(dir.file("b.stepscope"), 50);
  std::filesystem::rename(dir.file("b.stepscope"), dir.file("a.stepscope"));
  const Result<Recording> now = old.another();
  ASSERT_TRUE(now.ok());
  EXPECT_EQ(now.value().kinds().front().events, 50U);
  std::filesystem::remove(dir.file("a.stepscope"));
  EXPECT_EQ(old.another().status().code(), Code::kUnreadable);
}

TEST(Recording, TheVisitorCanStopAScan) {
  const TempDir dir;
  write_sample(dir.file("a.stepscope"), 2 * kMaxSegmentRows);
  const Recording recording = open_or_fail(dir.file("a.stepscope"));
  size_t calls = 0;
  const Status status = recording.scan({.kind = Kind::kKernel}, [&](const SegmentView&) {
    ++calls;
    return Status(Code::kUsage, "enough");
  });
  EXPECT_EQ(calls, 1U);
  EXPECT_EQ(status.message(), "enough");
}

TEST(Recording, TotalsPerNameCountEveryEvent) {
  const TempDir dir;
  write_sample(dir.file("a.stepscope"), 5000);
  const Recording recording = open_or_fail(dir.file("a.stepscope"));
  std::map<int64_t, NameTotal> expected;
  testing::KernelMix mix;
  for (int i = 0; i < 5000; ++i) {
    const testing::KernelMix::Row row = mix.next();
    NameTotal& total = expected[row[2]];
    ++total.count;
    total.total_ns += row[1];
    total.max_ns = std::max(total.max_ns, row[1]);
  }
  const Result<std::vector<NameTotal>> totals = recording.name_totals();
  ASSERT_TRUE(totals.ok());
  size_t kernels = 0;
  for (const NameTotal& total : totals.value()) {
    if (total.kind == Kind::kKernel) {
      ++kernels;
      EXPECT_EQ(total.count, expected[total.name].count);
      EXPECT_EQ(total.total_ns, expected[total.name].total_ns);
      EXPECT_EQ(total.max_ns, expected[total.name].max_ns);
    }
  }
  EXPECT_EQ(kernels, expected.size());
}

TEST(Recording, TheSameCallsGiveTheSameBytesAndNothingBesides) {
  const TempDir dir;
  write_sample(dir.file("a.stepscope"));
  write_sample(dir.file("b.stepscope"));
  EXPECT_EQ(testing::read_bytes(dir.file("a.stepscope")), testing::read_bytes(dir.file("b.stepscope")));
  size_t files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(dir.path())) {
    ++files;
  }
  EXPECT_EQ(files, 2U) << "no journal, no .tmp";
}

TEST(Recording, IsReadableByItsOwnerOnly) {
  const TempDir dir;
  const mode_t before = umask(0);
  write_sample(dir.file("a.stepscope"));
  umask(before);
  struct stat info = {};
  ASSERT_EQ(stat(dir.file("a.stepscope").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600U);
}

TEST(Recording, AnUnfinishedBuilderLeavesNothingAndKeepsTheOldFile) {
  const TempDir dir;
  write_sample(dir.file("a.stepscope"));
  const std::string before = testing::read_bytes(dir.file("a.stepscope"));
  {
    Result<RecordingBuilder> builder = RecordingBuilder::create(dir.file("a.stepscope"));
    ASSERT_TRUE(builder.ok());
    ASSERT_TRUE(builder.value().add(Kind::kGc, 1, std::vector<int64_t>{1, 2, 3}).ok());
  }
  EXPECT_EQ(testing::read_bytes(dir.file("a.stepscope")), before);
  EXPECT_FALSE(std::filesystem::exists(dir.file("a.stepscope.tmp")));
}

TEST(Recording, TwoWritersOfOneFileDoNotMix) {
  const TempDir dir;
  Result<RecordingBuilder> first = RecordingBuilder::create(dir.file("a.stepscope"));
  ASSERT_TRUE(first.ok());
  const Result<RecordingBuilder> second = RecordingBuilder::create(dir.file("a.stepscope"));
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().code(), Code::kUnavailable);
  EXPECT_THAT(second.status().message(), HasSubstr("another process is writing it"));
  EXPECT_TRUE(first.value().finish().ok());
  EXPECT_TRUE(Recording::open(dir.file("a.stepscope")).ok());
}

TEST(Recording, RefusesEventsThatCannotBe) {
  const TempDir dir;
  Result<RecordingBuilder> builder = RecordingBuilder::create(dir.file("a.stepscope"));
  ASSERT_TRUE(builder.ok());
  EXPECT_EQ(builder.value().add(static_cast<Kind>(999), 1, std::vector<int64_t>{1}).code(), Code::kUsage);
  EXPECT_EQ(builder.value().add(Kind::kGc, 1, std::vector<int64_t>(6)).code(), Code::kUsage);
  EXPECT_EQ(builder.value().add_block({static_cast<Kind>(999), 1, 0, {}}).code(), Code::kUsage);
}

// What a later writer's checksums would be.
void renew_checksums(const std::string& path) {
  const Result<Database> database = Database::open(path, OpenMode::kReadWrite);
  ASSERT_TRUE(database.ok() && write_digests(database.value(), eager_digest_parts()));
}

TEST(Recording, ListsAnUnknownKindAndReadsTheRest) {
  const TempDir dir;
  const std::string path = dir.file("a.stepscope");
  write_sample(path);
  run_sql(path,
          "PRAGMA user_version=65537;"
          "INSERT INTO kind VALUES (900, 'quantum', 'From the future.');"
          "INSERT INTO kind_column VALUES (900, 0, 'start_ns', 1, 1), (900, 1, 'spin', 4, 3);"
          "INSERT INTO segment SELECT 1000, 900, lane, first_ns, last_end_ns, rows, data FROM segment WHERE "
          "kind = 12");
  renew_checksums(path);
  const Recording recording = open_or_fail(path);
  const KindSummary& last = recording.kinds().back();
  EXPECT_EQ(last.id, 900);
  EXPECT_EQ(last.name, "quantum");
  EXPECT_FALSE(last.known);
  EXPECT_EQ(last.events, 1U);
  ASSERT_EQ(last.columns.size(), 2U);
  EXPECT_EQ(last.columns[1].name, "spin");
  EXPECT_TRUE(recording.verify().ok());
}

TEST(Recording, OpensANewerMinorVersionWithTablesAndColumnsItDoesNotKnow) {
  const TempDir dir;
  write_sample(dir.file("a.stepscope"));
  run_sql(
      dir.file("a.stepscope"),
      "PRAGMA user_version=65599; CREATE TABLE entanglement (x); ALTER TABLE lane ADD COLUMN colour TEXT");
  EXPECT_TRUE(open_or_fail(dir.file("a.stepscope")).verify().ok());
}

TEST(Recording, FillsColumnsThatAnOlderFileDoesNotHaveWithZero) {
  const TempDir dir;
  const std::string path = dir.file("a.stepscope");
  write_sample(path);
  // The file's kernel loses its last two columns, as if written before they existed.
  run_sql(path,
          "DELETE FROM kind_column WHERE kind = 1 AND position >= 6;"
          "DELETE FROM segment WHERE kind = 1");
  renew_checksums(path);
  const Recording recording = open_or_fail(path);
  EXPECT_EQ(recording.kinds()[0].columns.size(), 6U);
  EXPECT_TRUE(recording.verify().ok());
}

TEST(Recording, KeepsTheRollUpOfAnAnalyzer) {
  const TempDir dir;
  write_sample(dir.file("a.stepscope"));
  const Recording reader = open_or_fail(dir.file("a.stepscope"));
  ASSERT_TRUE(reader.load_rollup().ok());
  EXPECT_FALSE(reader.load_rollup().value().has_value());
  Rollup rollup{3,
                "api",
                {{0, 10, 20, "warmup"}, {1, 20, 35, "train"}},
                {"host.other", "optimizer"},
                {{0, 1, 10}, {1, 0, 15}}};
  ASSERT_TRUE(reader.store_rollup({1, "old", {}, {}, {}}).ok());
  const Status stored = reader.store_rollup(rollup);
  ASSERT_TRUE(stored.ok()) << stored.message();
  const Result<std::optional<Rollup>> loaded = reader.load_rollup();
  ASSERT_TRUE(loaded.ok() && loaded.value().has_value());
  EXPECT_EQ(loaded.value()->version, 3);
  EXPECT_EQ(loaded.value()->method, "api");
  ASSERT_EQ(loaded.value()->steps.size(), 2U);
  EXPECT_EQ(loaded.value()->steps[1].step_class, "train");
  ASSERT_EQ(loaded.value()->ledger.size(), 2U);
  EXPECT_EQ(loaded.value()->leaves.at(loaded.value()->ledger[0].leaf), "optimizer");
  EXPECT_EQ(loaded.value()->leaves.at(loaded.value()->ledger[1].leaf), "host.other");
  EXPECT_TRUE(reader.verify().ok()) << "the events are as before";
}

TEST(Recording, ADamagedRollUpIsNoRollUp) {
  const TempDir dir;
  write_sample(dir.file("a.stepscope"));
  ASSERT_TRUE(
      open_or_fail(dir.file("a.stepscope")).store_rollup({3, "api", {{0, 10, 20, "train"}}, {}, {}}).ok());
  run_sql(dir.file("a.stepscope"), "UPDATE step SET end_ns = 21");
  const Recording recording = open_or_fail(dir.file("a.stepscope"));
  ASSERT_TRUE(recording.load_rollup().ok());
  EXPECT_FALSE(recording.load_rollup().value().has_value());
}

TEST(Recording, KeepsTheRollUpOfAJobBesideThatOfItsOwn) {
  const TempDir dir;
  const std::string path = dir.file("a.stepscope");
  write_sample(path);
  ASSERT_TRUE(open_or_fail(path).load_job_rollup().ok()) << "a recording that never had the table";
  EXPECT_FALSE(open_or_fail(path).load_job_rollup().value().has_value());
  ASSERT_TRUE(open_or_fail(path).store_rollup({3, "api", {{0, 10, 20, "train"}}, {}, {}}).ok());
  ASSERT_TRUE(open_or_fail(path).store_job_rollup({1, "old", {1}}).ok());
  const Status stored = open_or_fail(path).store_job_rollup({2, "0123", {7, 0, 255}});
  ASSERT_TRUE(stored.ok()) << stored.message();
  const std::optional<JobRollup> loaded = open_or_fail(path).load_job_rollup().value();
  ASSERT_TRUE(loaded.has_value());
  EXPECT_EQ(loaded->version, 2);
  EXPECT_EQ(loaded->inputs, "0123");
  EXPECT_EQ(loaded->data, (std::vector<uint8_t>{7, 0, 255}));
  EXPECT_EQ(open_or_fail(path).load_rollup().value()->version, 3);
  EXPECT_TRUE(open_or_fail(path).verify().ok()) << "the events are as before";
  run_sql(path, "UPDATE job_rollup SET data = X'07'");
  EXPECT_FALSE(open_or_fail(path).load_job_rollup().value().has_value()) << "damage is no roll-up";
  const Recording recording = open_or_fail(path);
  std::filesystem::create_directory(path + "-journal");  // stands for a read-only directory, also for root
  EXPECT_EQ(recording.store_job_rollup({1, "x", {1}}).code(), Code::kUnavailable);
  std::filesystem::remove(path + "-journal");
}

TEST(Recording, ARollUpThatCannotBeStoredIsAnErrorAndNoHarm) {
  const TempDir dir;
  write_sample(dir.file("a.stepscope"));
  const Recording recording = open_or_fail(dir.file("a.stepscope"));
  // Stands for a read-only directory, also for root: the journal cannot be made.
  std::filesystem::create_directory(dir.file("a.stepscope-journal"));
  const Status status = recording.store_rollup({1, "api", {}, {}, {}});
  EXPECT_EQ(status.code(), Code::kUnavailable);
  EXPECT_THAT(status.message(), HasSubstr("cannot write '" + dir.file("a.stepscope") + "'"));
  std::filesystem::remove(dir.file("a.stepscope-journal"));
  EXPECT_TRUE(open_or_fail(dir.file("a.stepscope")).verify().ok());
}

TEST(Recording, AProgramKilledWhileStoringARollUpDoesNoHarm) {
  const TempDir dir;
  const std::string path = dir.file("a.stepscope");
  write_sample(path, 200'000);
  const std::string before = testing::read_bytes(path);
  const pid_t child = fork();
  if (child == 0) {
    // A cache of one page makes SQLite write to the file before the end of the transaction.
    Result<Database> database = Database::open(path, OpenMode::kReadWrite);
    const bool ok = database.ok() && database.value().exec(
                                         "PRAGMA cache_size=1; BEGIN; DELETE FROM string;"
                                         "UPDATE segment SET data = zeroblob(length(data))");
    if (ok) {
      raise(SIGKILL);
    }
    _exit(1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  ASSERT_TRUE(std::filesystem::exists(path + "-journal"));
  ASSERT_FALSE(testing::read_bytes(path) == before) << "the kill came too early to matter";
  EXPECT_TRUE(open_or_fail(path).verify().ok());
  EXPECT_EQ(open_or_fail(path).string_count(), testing::KernelMix::names().size() + 3);
}

TEST(Recording, StoresARollUpWhileOthersRead) {
  const TempDir dir;
  write_sample(dir.file("a.stepscope"), 2 * kMaxSegmentRows);
  const Recording reader = open_or_fail(dir.file("a.stepscope"));
  const Recording writer = open_or_fail(dir.file("a.stepscope"));
  size_t segments = 0;
  ASSERT_TRUE(reader
                  .scan({.kind = Kind::kKernel},
                        [&](const SegmentView&) {
                          ++segments;
                          return writer.store_rollup({static_cast<int32_t>(segments), "api", {}, {}, {}});
                        })
                  .ok());
  EXPECT_EQ(segments, 2U);
  EXPECT_EQ(reader.load_rollup().value()->version, 2);
}

TEST(Recording, SchemaExplainsEveryColumn) {
  const std::string schema = schema_sql();
  EXPECT_THAT(schema, HasSubstr("CREATE TABLE segment"));
  const TempDir dir;
  write_sample(dir.file("a.stepscope"));
  EXPECT_THAT(testing::read_bytes(dir.file("a.stepscope")), HasSubstr("-- latest end (start + duration)"));
}

}  // namespace
}  // namespace stepscope::trace
