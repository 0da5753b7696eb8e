// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/page_pictures.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/cli/html_page.hpp"

namespace stepscope::analysis::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

size_t occurrences(const std::string& text, const std::string& what) {
  size_t count = 0;
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + what.size())) {
    ++count;
  }
  return count;
}

TEST(HeatMap, OneBadStepOfThousandsIsDrawn) {
  HeatRow quiet{"quiet", std::vector<double>(5000, 0.0)};
  HeatRow spike{"spike", std::vector<double>(5000, 0.0)};
  spike.ns[3210] = 7e6;
  const std::string picture = heat_map_svg(std::vector<HeatRow>{quiet, spike});
  EXPECT_EQ(occurrences(picture, "h2.4v16.0"), 1U) << picture;
  EXPECT_THAT(picture, HasSubstr("7.00 ms"));
  EXPECT_THAT(picture, HasSubstr("5000 steps"));
}

TEST(HeatMap, LessThanZeroHasTheOtherColour) {
  const std::string picture = heat_map_svg(std::vector<HeatRow>{{"a", {1e6, -1e6, 1e6}}});
  EXPECT_THAT(picture, HasSubstr("path class=\"more\""));
  EXPECT_THAT(picture, HasSubstr("path class=\"less\""));
  EXPECT_THAT(picture, HasSubstr("-1.00 ms"));
  EXPECT_THAT(heat_map_svg(std::vector<HeatRow>{{"a", {1e6, 2e6}}}), Not(HasSubstr("class=\"less\"")));
}

TEST(HeatMap, NothingIsNoPicture) {
  EXPECT_EQ(heat_map_svg({}), "");
  EXPECT_EQ(heat_map_svg(std::vector<HeatRow>{{"a", {}}}), "");
  EXPECT_THAT(heat_map_svg(std::vector<HeatRow>{{"a", {0, 0}}}), Not(HasSubstr("<path")));
}

TEST(StepTimes, ManyStepsAreABandWithTheirMedian) {
  StepSeries series{"run", true, std::vector<PlotStep>(3000, PlotStep{10e6})};
  const std::string picture = step_times_svg({&series, 1});
  EXPECT_THAT(picture, HasSubstr("polygon class=\"candidate\""));
  EXPECT_LT(picture.size(), 40'000U);
  series.steps.resize(100);
  EXPECT_THAT(step_times_svg({&series, 1}), Not(HasSubstr("polygon")));
}

TEST(StepTimes, AStepThatIsNoTrainStepIsARingAndDoesNotStretchTheScale) {
  StepSeries series{"run", false, std::vector<PlotStep>(20, PlotStep{10e6})};
  series.steps[3] = {900e6, StepClass::kCheckpoint};
  const std::string picture = step_times_svg({&series, 1});
  EXPECT_EQ(occurrences(picture, "<circle"), 1U);
  EXPECT_THAT(picture, HasSubstr("checkpoint, 900.00 ms"));
  EXPECT_THAT(picture, HasSubstr(">10.0"));
  EXPECT_THAT(picture, Not(HasSubstr(">900")));
}

TEST(StepTimes, NamesCannotBreakThePage) {
  const StepSeries series{"<b>&\"run", false, {{10e6}, {11e6}}};
  const std::string picture = step_times_svg({&series, 1});
  EXPECT_THAT(picture, HasSubstr("&lt;b&gt;&amp;&quot;run"));
  EXPECT_EQ(step_times_svg({}), "");
  EXPECT_THAT(html_page("<t>", ""), HasSubstr("<title>&lt;t&gt;</title>"));
}

}  // namespace
}  // namespace stepscope::analysis::cli
