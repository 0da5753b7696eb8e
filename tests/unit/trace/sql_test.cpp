// SPDX-License-Identifier: Apache-2.0
#include "trace/sql.hpp"

#include <bit>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temp_dir.hpp"
#include "tests/unit/trace/sample_recording.hpp"
#include "trace/segment.hpp"

namespace stepscope::trace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TempDir;

std::string to_text(const SqlValue& value) {
  if (const auto* integer = std::get_if<int64_t>(&value)) {
    return std::to_string(*integer);
  }
  if (const auto* real = std::get_if<double>(&value)) {
    return std::to_string(*real);
  }
  const auto* text = std::get_if<std::string_view>(&value);
  return text != nullptr ? std::string(*text) : "NULL";
}

// Rows as "a|b|c", as the sqlite3 shell prints them.
struct Answer {
  Status status;
  std::vector<std::string> columns;
  std::vector<std::string> rows;
};

Answer ask(const std::vector<std::string>& recordings, const std::string& query) {
  Answer answer;
  SqlSink sink;
  sink.columns = [&](std::span<const std::string> names) {
    answer.columns.assign(names.begin(), names.end());
  };
  sink.row = [&](std::span<const SqlValue> row) {
    std::string line;
    for (const SqlValue& value : row) {
      line += (&value == row.data() ? "" : "|") + to_text(value);
    }
    answer.rows.push_back(line);
    return true;
  };
  answer.status = run_sql(recordings, query, sink);
  return answer;
}

class Sql : public ::testing::Test {
 protected:
  Sql() : path_(dir_.file("a.stepscope")) { write_sample(path_, 2 * kMaxSegmentRows + 500); }
  Answer ask_one(const std::string& query) { return ask({path_}, query); }

  TempDir dir_;
  std::string path_;
};

TEST_F(Sql, ShowsEventsWithTextsLanesAndReals) {
  const Answer ranges = ask_one("SELECT * FROM range ORDER BY start_ns");
  ASSERT_TRUE(ranges.status.ok()) << ranges.status.message();
  EXPECT_THAT(ranges.columns, ElementsAre("recording", "lane", "start_ns", "dur_ns", "name", "domain",
                                          "category", "source", "flags", "payload_type", "payload"));
  EXPECT_THAT(ranges.rows,
              ElementsAre("a|1|1000|8000|outer|NULL|NULL|0|0|0|0", "a|1|2000|1000|inner|NULL|NULL|0|0|0|0",
                          "a|1|4000|2000|inner|NULL|NULL|0|0|0|0"));
  EXPECT_THAT(ask_one("SELECT name, value, subject FROM counter").rows,
              ElementsAre("proc.cpu_ns|2.500000|4711"));
  EXPECT_THAT(ask_one("SELECT name_id, end_ns FROM range WHERE name = 'outer'").rows,
              ElementsAre(std::to_string(testing::KernelMix::names().size() + 1) + "|9000"));
  EXPECT_TRUE(ask_one("SELECT * FROM gc").rows.empty());
}

TEST_F(Sql, AgreesWithADirectScan) {
  std::map<std::string, std::pair<int64_t, int64_t>> expected;
  const std::vector<std::string> names = testing::KernelMix::names();
  testing::KernelMix mix;
  for (size_t i = 0; i < 2 * kMaxSegmentRows + 500; ++i) {
    const testing::KernelMix::Row row = mix.next();
    auto& [count, total] = expected[names[static_cast<size_t>(row[2] - 1)]];
    ++count;
    total += row[1];
  }
  std::vector<std::string> lines;
  for (const auto& [name, sums] : expected) {
    lines.push_back(name + "|" + std::to_string(sums.first) + "|" + std::to_string(sums.second));
  }
  const Answer answer = ask_one("SELECT name, count(*), sum(dur_ns) FROM kernel GROUP BY name ORDER BY name");
  ASSERT_TRUE(answer.status.ok()) << answer.status.message();
  EXPECT_EQ(answer.rows, lines);
}

// Each condition that is pushed down, against the same condition hidden from the planner by a unary plus.
TEST_F(Sql, PushedDownConditionsChangeNothingButTheSpeed) {
  const std::string middle = ask_one("SELECT start_ns FROM kernel LIMIT 1 OFFSET 70000").rows.at(0);
  for (const std::string& condition :
       {std::string("start_ns = "), std::string("start_ns > "), std::string("start_ns >= "),
        std::string("start_ns < "), std::string("start_ns <= "), std::string("end_ns > "),
        std::string("end_ns >= "), std::string("end_ns < ")}) {
    for (const std::string& value :
         {middle, middle + " + 0.5", std::string("-1"), std::string("1e30"), std::string("'text'"),
          std::string("NULL"), std::string("9223372036854775807")}) {
      const std::string query = "SELECT count(*), sum(correlation), min(start_ns) FROM kernel WHERE ";
      const Answer pushed = ask_one(query + condition + value);
      const Answer plain = ask_one(query + "+" + condition + value);
      EXPECT_TRUE(pushed.status.ok()) << pushed.status.message();
      EXPECT_EQ(pushed.rows, plain.rows) << condition << value;
    }
  }
  for (const char* const value : {"1", "2", "2.0", "2.5", "-1", "99999999999", "'x'", "NULL"}) {
    EXPECT_EQ(ask_one("SELECT count(*) FROM kernel WHERE lane = " + std::string(value)).rows,
              ask_one("SELECT count(*) FROM kernel WHERE +lane = " + std::string(value)).rows)
        << value;
  }
  EXPECT_EQ(ask_one("SELECT count(*) FROM kernel WHERE lane = '2'").rows,
            ask_one("SELECT count(*) FROM kernel WHERE lane = 2").rows);
}

TEST_F(Sql, JoinsEventsWithTheRowTables) {
  const Answer answer = ask_one(
      "SELECT l.name, count(*) FROM range r JOIN lane l ON l.id = r.lane AND l.recording = r.recording GROUP "
      "BY 1");
  ASSERT_TRUE(answer.status.ok()) << answer.status.message();
  EXPECT_THAT(answer.rows, ElementsAre("main|3"));
  EXPECT_THAT(ask_one("SELECT * FROM process").rows,
              ElementsAre("a|4711|NULL|main|3|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL"));
  EXPECT_THAT(ask_one("SELECT lane, tid, name, main FROM thread").rows, ElementsAre("1|4711|main|1"));
  EXPECT_THAT(ask_one("SELECT counter, count FROM loss").rows, ElementsAre("ring.full|7"));
  EXPECT_THAT(ask_one("SELECT sum(rows) FROM segment WHERE kind = 1").rows, ElementsAre("131572"));
}

TEST_F(Sql, ShowsAllFilesOfARun) {
  write_sample(dir_.file("b.stepscope"), 10);
  std::vector<std::string> files = {path_};
  for (int i = 0; i < 20; ++i) {  // more than SQLite could attach
    files.push_back(dir_.file("b.stepscope"));
  }
  const Answer answer = ask(files, "SELECT recording, count(*) FROM kernel GROUP BY 1");
  ASSERT_TRUE(answer.status.ok()) << answer.status.message();
  EXPECT_THAT(answer.rows, ElementsAre("a|131572", "b|200"));
  EXPECT_THAT(ask(files, "SELECT count(*) FROM kernel WHERE recording = 'b'").rows, ElementsAre("200"));
  EXPECT_THAT(ask(files, "SELECT recording, value FROM meta WHERE key = 'process.rank' LIMIT 1").rows,
              ElementsAre("a|3"));
}

TEST_F(Sql, StepsAreComputedAndStepEventsRecorded) {
  ASSERT_TRUE(
      open_or_fail(path_).store_rollup({1, "api", {{7, 10, 20, "train"}}, {"optimizer"}, {{7, 0, 10}}}).ok());
  EXPECT_THAT(ask_one("SELECT step, class, leaf FROM step JOIN step_ledger USING (recording, step)").rows,
              ElementsAre("7|train|optimizer"));
  EXPECT_TRUE(ask_one("SELECT * FROM step_event").status.ok());
}

TEST_F(Sql, ListsItsTablesAndColumns) {
  EXPECT_THAT(
      ask_one("SELECT name FROM sqlite_schema WHERE name IN ('kernel', 'batch_fetch', 'meta') ORDER BY 1")
          .rows,
      ElementsAre("batch_fetch", "kernel", "meta"));
  EXPECT_THAT(ask_one("PRAGMA table_info(gc)").rows.size(), 7U);
}

TEST_F(Sql, CanBeStopped) {
  int rows = 0;
  SqlSink sink;
  sink.row = [&](std::span<const SqlValue>) { return ++rows < 3; };
  EXPECT_TRUE(run_sql(std::vector<std::string>{path_}, "SELECT 1 FROM kernel", sink).ok());
  EXPECT_EQ(rows, 3);
}

TEST_F(Sql, CanBeCancelledWhileNoRowComes) {
  int asked = 0;
  SqlSink sink;
  sink.row = [](std::span<const SqlValue>) { return true; };
  sink.cancelled = [&] { return ++asked > 3; };
  const Status status = run_sql(std::vector<std::string>{path_},
                                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < "
                                "1000000000000) SELECT sum(i) FROM n",
                                sink);
  EXPECT_EQ(status.code(), Code::kUsage);
  EXPECT_EQ(status.message(), "cancelled");
  EXPECT_GE(asked, 4);
}

TEST_F(Sql, NothingCanBeChangedOrReached) {
  for (const char* const query :
       {"DELETE FROM meta", "INSERT INTO meta VALUES (1, 2, 3)", "UPDATE kernel SET lane = 1",
        "DROP TABLE range", "CREATE TABLE t (x)", "ATTACH '/tmp/x.db' AS x", "PRAGMA journal_mode=WAL",
        "VACUUM INTO '/tmp/x.db'", "SELECT load_extension('x')", "BEGIN"}) {
    const Answer answer = ask_one(query);
    EXPECT_EQ(answer.status.code(), Code::kUsage) << query;
    EXPECT_THAT(answer.status.message(), HasSubstr("; ")) << query;
  }
}

TEST_F(Sql, SaysWhatIsWrongWithTheQuery) {
  EXPECT_THAT(ask_one("SELECT nonsense FROM kernel").status.message(), HasSubstr("no such column: nonsense"));
  EXPECT_THAT(ask_one("SELECT 1 FROM kernels").status.message(), HasSubstr("sqlite_schema"));
  EXPECT_THAT(ask_one("  ").status.message(), HasSubstr("empty"));
  EXPECT_THAT(ask_one("SELECT 1; SELECT 2").status.message(), HasSubstr("more than one statement"));
  EXPECT_TRUE(ask_one("SELECT 1; -- and a comment").status.ok());
  EXPECT_EQ(ask({dir_.file("nowhere")}, "SELECT 1").status.code(), Code::kUnreadable);
}

TEST_F(Sql, DamageFoundDuringAQueryNamesTheFile) {
  std::string bytes = testing::read_bytes(path_);
  const size_t at = bytes.size() / 2 / 4096 * 4096 + 2000;  // inside the packed kernels
  bytes[at] = static_cast<char>(bytes[at] ^ 1);
  testing::write_bytes(path_, bytes);
  const Answer answer = ask_one("SELECT sum(dur_ns) FROM kernel");
  EXPECT_EQ(answer.status.code(), Code::kUnreadable);
  EXPECT_THAT(answer.status.message(), HasSubstr("'" + path_ + "'"));
}

}  // namespace
}  // namespace stepscope::trace
