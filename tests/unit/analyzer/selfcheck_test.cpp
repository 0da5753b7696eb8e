// SPDX-License-Identifier: Apache-2.0
#include "analyzer/selfcheck.hpp"

#include <gtest/gtest.h>

#include "tests/unit/analyzer/fixture.hpp"

namespace stepscope::analysis {
namespace {

class SelfcheckTest : public RunTest {
 protected:
  static std::string verdicts(const analysis::Run& run) {
    const Result<std::vector<Check>> checks = selfcheck(run, {});
    ::stepscope::testing::require(checks.status());
    std::string out;
    for (const Check& one : checks.value()) {
      out += one.name + " " + std::string(check_state_name(one.state)) + "\n";
    }
    EXPECT_EQ(passed(checks.value()), out.find(" fail") == std::string::npos);
    return out;
  }
};

TEST_F(SelfcheckTest, PassesAWholeRun) {
  EXPECT_EQ(
      verdicts(job("run", "steps=20 fetch.cpu=30ms")),
      "file pass\nspools pass\nclock.anchors pass\nclock.monotonic pass\nsteps.order pass\nledger.sum pass\n"
      "chain.sum pass\nbatches.joined pass\nloss pass\n");
}

TEST_F(SelfcheckTest, NotesWhatIsMissingAndFailsOnLoss) {
  EXPECT_EQ(
      verdicts(process("run", R"(
    loss ring.full.range 12
    range start_ns=1ms dur_ns=1ms name=x
  )")),
      "file pass\nspools pass\nclock.anchors note\nclock.monotonic pass\nsteps.order note\nledger.sum pass\n"
      "chain.sum note\nbatches.joined note\nloss fail\n");
}

TEST_F(SelfcheckTest, NotesAWallClockThatJumped) {
  const std::string seen = verdicts(process("run", R"(
    anchor monotonic_raw_ns=0 realtime_ns=1000s
    anchor monotonic_raw_ns=1s realtime_ns=1061s
    range start_ns=0ms dur_ns=1ms name=x
    range start_ns=1s dur_ns=1ms name=x
  )"));
  EXPECT_NE(seen.find("clock.anchors note"), std::string::npos);
}

}  // namespace
}  // namespace stepscope::analysis
