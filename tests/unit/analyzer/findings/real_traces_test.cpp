// SPDX-License-Identifier: Apache-2.0
//
// Real traces of ResNet-50 whose one difference is known: the number of loader workers.
#include <cstdlib>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/import/import_run.hpp"
#include "tests/unit/analyzer/findings/fixture.hpp"

namespace stepscope::analysis {
namespace {

using ::testing::HasSubstr;

class RealTraceFindings : public FindingsFixture {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(folder())) {
      GTEST_SKIP() << "no real traces here";
    }
  }

  Analysis import(const std::string& name, const std::string& trace) {
    std::filesystem::create_directories(path(name));
    const auto imported = import_run({folder() + trace}, path(name), {});
    ::stepscope::testing::require(imported.status());
    return analyze(open(name));
  }

  static std::string folder() {
    const char* const elsewhere = std::getenv("STEPSCOPE_SHARED_DATA");
    return std::string(elsewhere != nullptr ? elsewhere : STEPSCOPE_SHARED_DATA) + "/kineto_tb_plugin/";
  }

  const std::string kNoWorkers = "resnet50_num_workers_0__worker0.1623143089861.pt.trace.json.gz";
  const std::string kFourWorkers = "resnet50_num_workers_4__worker0.1623212756351.pt.trace.json.gz";
  const std::string kFourAgain = "resnet50_num_workers_4__worker0.1623213129365.pt.trace.json.gz";
};

TEST_F(RealTraceFindings, TheLoaderLostItsWorkers) {
  const Analysis four = import("four", kFourWorkers);
  const std::vector<Finding> found = compare(four, import("none", kNoWorkers));
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found[0].id, leaf::kDataOther);
  EXPECT_EQ(found[0].confidence, Confidence::kHigh);
  EXPECT_THAT(found[0].text, HasSubstr("no workers any more"));
  EXPECT_NEAR(static_cast<double>(found[0].effect_ns) / 1e6, 56.8, 1.0);
  EXPECT_TRUE(compare(four, import("again", kFourAgain)).empty())
      << "nothing changed: another capture of the same";
}

}  // namespace
}  // namespace stepscope::analysis
