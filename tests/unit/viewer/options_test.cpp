// SPDX-License-Identifier: Apache-2.0
#include "viewer/options.hpp"

#include <gtest/gtest.h>

namespace stepscope::viewer {
namespace {

TEST(Options, AFullCommandLineIsUnderstood) {
  Options options;
  EXPECT_EQ(parse_options({"runs/a", "--vs", "runs/b", "--screenshot=x.png", "--size", "1280x720", "--at",
                           "412", "--select", "fetch", "--theme", "light", "--scale", "1.5", "--align",
                           "step-length", "--view", "details"},
                          options),
            "");
  EXPECT_EQ(options.run, "runs/a");
  EXPECT_EQ(options.versus, "runs/b");
  EXPECT_EQ(options.screenshot, "x.png");
  EXPECT_EQ(options.width, 1280);
  EXPECT_EQ(options.height, 720);
  EXPECT_EQ(options.theme, Theme::kLight);
  EXPECT_EQ(options.scale, 1.5F);
  EXPECT_EQ(options.align, AlignMode::kStepNormalised);
  EXPECT_EQ(options.tab, Tab::kDetails);
}

TEST(Options, EveryMistakeIsNamed) {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{},
                                             {"a", "b", "c"},
                                             {"a", "b", "--vs", "c"},
                                             {"a", "--vs"},
                                             {"a", "--size", "12"},
                                             {"a", "--size", "1x1"},
                                             {"a", "--size", "1280x720x24"},
                                             {"a", "--theme", "pink"},
                                             {"a", "--scale", "0"},
                                             {"a", "--scale", "1,5"},
                                             {"a", "--at", "yesterday"},
                                             {"a", "--view", "everything"},
                                             {"a", "--wiev", "terms"}}) {
    Options options;
    EXPECT_NE(parse_options(words, options), "");
  }
}

TEST(Options, HelpNamesEveryOption) {
  const std::string usage = usage_text();
  for (const char* option : {"--vs", "--screenshot", "--wait", "--size", "--at", "--select", "--theme",
                             "--scale", "--align", "--view", "--remote"}) {
    EXPECT_NE(usage.find(option), std::string::npos) << option;
  }
}

}  // namespace
}  // namespace stepscope::viewer
