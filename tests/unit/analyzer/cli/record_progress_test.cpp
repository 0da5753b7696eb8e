// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/record_progress.hpp"

#include <gtest/gtest.h>

namespace stepscope::analysis::cli {
namespace {

TEST(RecordProgress, SaysHowLongHowFarAndHowFast) {
  EXPECT_EQ(progress_text(12e9, {120, 100'000'000}),
            "stepscope: recording, 12.0 s, 120 steps, 100.0 ms each");
  EXPECT_EQ(progress_text(1e9, {1, 20'000'000}), "stepscope: recording, 1.0 s, 1 step, 20.0 ms each");
}

TEST(RecordProgress, SaysNothingOfStepsBeforeThereAreSome) {
  EXPECT_EQ(progress_text(3e9, {}), "stepscope: recording, 3.0 s");
}

}  // namespace
}  // namespace stepscope::analysis::cli
