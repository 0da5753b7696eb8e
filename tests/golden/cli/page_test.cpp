// SPDX-License-Identifier: Apache-2.0
//
// The pages of report and diff: what they say is what the text says, and they need nothing from elsewhere.
#include <filesystem>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/golden/cli/program.hpp"
#include "tests/support/gpu_job.hpp"
#include "tests/support/job_simulator.hpp"
#include "tests/support/temp_dir.hpp"

namespace stepscope::testing {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class Page : public ::testing::Test {
 protected:
  std::string page_of(std::vector<std::string> arguments, int exit_code = 0) {
    arguments.insert(arguments.end(), {"--html", "page.html"});
    outcome_ = stepscope(arguments, dir_.path());
    EXPECT_EQ(outcome_.exit_code, exit_code) << outcome_.err;
    const std::string page = read_bytes(dir_.file("page.html"));
    EXPECT_THAT(page, StartsWith("<!DOCTYPE html>"));
    EXPECT_THAT(page, EndsWith("</html>\n"));
    for (const char* outside : {"http:", "https:", "<script", "<link", "@import", "url("}) {
      EXPECT_THAT(page, Not(HasSubstr(outside))) << "the page needs no network";
    }
    return page;
  }

  TempDir dir_;
  Outcome outcome_;
};

TEST_F(Page, OfADiffHasItsAnswerItsPicturesAndItsTerms) {
  write_job(dir_.file("base"), "steps=40 workers=2 fetch.cpu=2ms");
  write_job(dir_.file("slow"), "steps=40 workers=2 fetch.cpu=2ms fetch.io=24ms seed=2");
  const std::string page = page_of({"diff", "base", "--vs", "slow"});
  std::istringstream lines(outcome_.out);
  std::string answer;
  std::getline(lines, answer);
  EXPECT_THAT(page, HasSubstr("verdict worse\"><h1>slower"));
  EXPECT_THAT(answer, StartsWith("slower"));
  for (const char* part : {"main cause: data.io", "<h2>Findings</h2>", "polyline class=\"candidate\"",
                           "rect class=\"worse\"", "What changed in which step", "path class=\"more\""}) {
    EXPECT_THAT(page, HasSubstr(part));
  }
  const auto document =
      nlohmann::json::parse(stepscope({"diff", "base", "--vs", "slow", "--json"}, dir_.path()).out);
  for (const auto& term : document["terms"]) {
    if (term["flagged"]) {
      EXPECT_THAT(page, HasSubstr("<td>" + term["leaf"].get<std::string>()));
    }
  }
}

TEST_F(Page, OfAReportHasEveryLeafAndTheSteps) {
  write_gpu_job(dir_.file("gpu"), "steps=40 comm=9ms");
  const std::string page = page_of({"report", "gpu"});
  const auto document = nlohmann::json::parse(stepscope({"report", "gpu", "--json"}, dir_.path()).out);
  for (const auto& [leaf, ns] : document["ledger"]["classes"][0]["leaf_ns"].items()) {
    EXPECT_THAT(page, HasSubstr("<td>" + leaf)) << ns;
  }
  EXPECT_THAT(page, HasSubstr("aria-label=\"step times\""));
}

TEST_F(Page, OfARunWithoutStepsSaysSo) {
  write_job(dir_.file("none"), "steps=0");
  EXPECT_THAT(page_of({"report", "none"}, 3), HasSubstr("no train steps"));
}

TEST_F(Page, ThatCannotBeWrittenIsAnError) {
  write_job(dir_.file("base"), "steps=10");
  const Outcome outcome = stepscope({"report", "base", "--html", "no/such/place.html"}, dir_.path());
  EXPECT_EQ(outcome.exit_code, 5);
  EXPECT_THAT(outcome.err, HasSubstr("no/such/place.html: the page cannot be written; check the path"));
}

}  // namespace
}  // namespace stepscope::testing
