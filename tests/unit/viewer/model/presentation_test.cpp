// SPDX-License-Identifier: Apache-2.0
//
// Numbers, colours, keys: what people read.
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "viewer/model/commands.hpp"
#include "viewer/model/format.hpp"
#include "viewer/model/palette.hpp"

namespace stepscope::viewer {
namespace {

TEST(Format, DurationsHaveOneUnitAndThreeDigits) {
  EXPECT_EQ(format_duration(0), "0 ns");
  EXPECT_EQ(format_duration(999), "999 ns");
  EXPECT_EQ(format_duration(1234), "1.23 µs");
  EXPECT_EQ(format_duration(999'999), "1.00 ms");
  EXPECT_EQ(format_duration(116.34e6), "116 ms");
  EXPECT_EQ(format_duration(28.14e6), "28.1 ms");
  EXPECT_EQ(format_duration(2.5e9), "2.50 s");
  EXPECT_EQ(format_duration(306e9), "5 min 06 s");
  EXPECT_EQ(format_duration(-1.5e6), "-1.50 ms");
}

TEST(Format, DifferencesCarryShapeSignAndNumber) {
  EXPECT_EQ(format_delta_ms(21.34e6), "▲ +21.3");
  EXPECT_EQ(format_delta_ms(-0.4e6), "▼ -0.40");
  EXPECT_EQ(format_delta_ms(1000), "= 0.00");
}

TEST(Format, CountsBytesAndShares) {
  EXPECT_EQ(format_count(1'234'567), "1 234 567");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_bytes(1536), "1.50 KiB");
  EXPECT_EQ(format_percent(0.561), "56 %");
  EXPECT_EQ(format_signed_percent(0.073), "+7.3 %");
}

TEST(Format, RulerLabelsTellNeighbouringTicksApart) {
  for (const double step : {1.0, 200.0, 5e3, 2e6, 5e7, 1e9}) {
    std::set<std::string> labels;
    for (int i = 0; i < 20; ++i) {
      labels.insert(format_ruler(12.3e9 + i * step, step));
    }
    EXPECT_EQ(labels.size(), 20U) << step;
  }
}

TEST(Format, PlacesAreStepsOrTimes) {
  PlaceText place;
  ASSERT_TRUE(parse_place("412", place));
  EXPECT_TRUE(place.is_step);
  EXPECT_EQ(place.step, 412);
  ASSERT_TRUE(parse_place("12.5s", place));
  EXPECT_FALSE(place.is_step);
  EXPECT_EQ(place.time_ns, 12.5e9);
  ASSERT_TRUE(parse_place("20us", place));
  EXPECT_EQ(place.time_ns, 20e3);
  for (const char* wrong : {"", "ms", "1.5", "1.2.3s", "5 parsecs", "s5", "--2"}) {
    EXPECT_FALSE(parse_place(wrong, place)) << wrong;
  }
}

TEST(Palette, TextReadsOnEveryGround) {
  for (const Theme theme : {Theme::kDark, Theme::kLight}) {
    const Palette& p = palette(theme);
    for (const Color ground : {p.panel, p.panel_alt, p.header}) {
      EXPECT_GE(contrast(p.text, ground), 7);
      EXPECT_GE(contrast(p.text_dim, ground), 4.5);
      EXPECT_GE(contrast(p.text_faint, ground), 3);
      EXPECT_GE(contrast(p.more, ground), 3);
      EXPECT_GE(contrast(p.less, ground), 3);
    }
    for (size_t c = 0; c < kCategoryCount; ++c) {
      const Color color = category_color(static_cast<Category>(c), theme);
      EXPECT_GE(contrast(text_on(color), color), 4.4) << category_label(static_cast<Category>(c));
    }
  }
}

TEST(Palette, CategoriesHaveDifferentColoursAndNames) {
  std::set<std::string_view> names;
  std::map<uint32_t, size_t> colors;
  for (size_t c = 0; c < kCategoryCount; ++c) {
    const auto category = static_cast<Category>(c);
    const Color color = category_color(category, Theme::kDark);
    names.insert(category_label(category));
    ++colors[uint32_t{color.r} << 16U | uint32_t{color.g} << 8U | uint32_t{color.b}];
  }
  EXPECT_EQ(names.size(), kCategoryCount);
  EXPECT_EQ(colors.size(), kCategoryCount);
}

TEST(Palette, DifferencesDivergeFromNeutral) {
  const Palette& p = palette(Theme::kDark);
  EXPECT_EQ(difference_color(1, Theme::kDark), p.more);
  EXPECT_EQ(difference_color(-5, Theme::kDark), p.less);
  EXPECT_EQ(difference_color(0, Theme::kDark), p.neutral);
}

TEST(Commands, NoKeyMeansTwoThings) {
  std::map<std::string, std::string_view> meaning;
  for (const CommandRow& row : command_table()) {
    for (const Binding& binding : {row.primary, row.alternative}) {
      if (binding.key != Key::kNone) {
        const auto [at, fresh] = meaning.emplace(binding_text(binding), row.text);
        EXPECT_TRUE(fresh) << binding_text(binding) << " is both " << at->second << " and " << row.text;
      }
    }
    EXPECT_FALSE(row.text.empty());
  }
  EXPECT_EQ(meaning.at("W"), "Zoom in");
  EXPECT_EQ(meaning.at("Ctrl F"), "Search for a name");
  EXPECT_EQ(meaning.at("?"), "This help");
}

}  // namespace
}  // namespace stepscope::viewer
