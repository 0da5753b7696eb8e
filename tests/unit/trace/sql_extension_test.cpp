// SPDX-License-Identifier: Apache-2.0
//
// The loadable extension in the programs people have: the sqlite3 shell and Python's sqlite3 module.
#include <stdio.h>
#include <sys/wait.h>

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temp_dir.hpp"
#include "tests/unit/trace/sample_recording.hpp"

namespace stepscope::trace {
namespace {

using ::testing::HasSubstr;

struct Outcome {
  std::string output;  // stdout and stderr
  int code = -1;
};

Outcome run(const std::string& command) {
  Outcome outcome;
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) {
    return outcome;
  }
  char buffer[4096];
  for (size_t got = 0; (got = fread(buffer, 1, sizeof buffer, pipe)) > 0;) {
    outcome.output.append(buffer, got);
  }
  outcome.code = WEXITSTATUS(pclose(pipe));
  return outcome;
}

class SqlExtension : public ::testing::Test {
 protected:
  void SetUp() override {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "a sanitized extension cannot be loaded into an ordinary program";
#endif
    write_sample(path_);
  }

  [[nodiscard]] Outcome shell(const std::string& database, const std::string& query) const {
    return run("sqlite3 -batch '" + database + "' '.load " + kExtension + "' \"" + query + "\"");
  }

  static constexpr const char* kExtension = STEPSCOPE_SQLITE_EXTENSION_FILE;
  testing::TempDir dir_;
  std::string path_ = dir_.file("a.stepscope");
};

TEST_F(SqlExtension, WorksInTheSqliteShell) {
  if (run("command -v sqlite3").code != 0) {
    GTEST_SKIP() << "no sqlite3 program (Debian package sqlite3)";
  }
  const Outcome outcome = shell(path_, "SELECT recording, lane, start_ns, name FROM range ORDER BY start_ns");
  EXPECT_EQ(outcome.output, "a|1|1000|outer\na|1|2000|inner\na|1|4000|inner\n");
  EXPECT_EQ(shell(path_, "SELECT count(*), sum(dur_ns) > 0 FROM kernel WHERE lane = 2").output, "2000|1\n");
  EXPECT_EQ(shell(path_, "SELECT l.type FROM kernel k JOIN lane l ON l.id = k.lane LIMIT 1").output,
            "stream\n");
}

TEST_F(SqlExtension, ShowsAttachedRecordingsToo) {
  if (run("command -v sqlite3").code != 0) {
    GTEST_SKIP() << "no sqlite3 program (Debian package sqlite3)";
  }
  write_sample(dir_.file("b.stepscope"), 5);
  const Outcome outcome =
      shell(":memory:", "ATTACH '" + path_ + "' AS a; ATTACH '" + dir_.file("b.stepscope") +
                            "' AS b; SELECT recording, count(*) FROM kernel GROUP BY 1");
  EXPECT_EQ(outcome.output, "a|2000\nb|5\n");
}

TEST_F(SqlExtension, SaysSoWhenThereIsNoRecording) {
  if (run("command -v sqlite3").code != 0) {
    GTEST_SKIP() << "no sqlite3 program (Debian package sqlite3)";
  }
  const Outcome outcome = shell(":memory:", "SELECT * FROM kernel");
  EXPECT_THAT(outcome.output, HasSubstr("no database of this connection is a stepscope recording"));
  EXPECT_NE(outcome.code, 0);
}

TEST_F(SqlExtension, WorksInPython) {
  const std::string probe =
      "/usr/bin/python3 -c 'import sqlite3; sqlite3.connect(\":memory:\").enable_load_extension'";
  if (run(probe).code != 0) {
    GTEST_SKIP() << "no /usr/bin/python3 whose sqlite3 can load extensions";
  }
  testing::write_bytes(dir_.file("q.py"), std::string("import sqlite3, sys\n"
                                                      "db = sqlite3.connect(sys.argv[1])\n"
                                                      "db.enable_load_extension(True)\n"
                                                      "db.load_extension(sys.argv[2])\n"
                                                      "print(db.execute('SELECT name, sum(dur_ns) FROM range "
                                                      "GROUP BY name ORDER BY name').fetchall())\n"));
  const Outcome outcome = run("/usr/bin/python3 " + dir_.file("q.py") + " " + path_ + " " + kExtension);
  EXPECT_EQ(outcome.output, "[('inner', 3000), ('outer', 8000)]\n");
}

}  // namespace
}  // namespace stepscope::trace
