// SPDX-License-Identifier: Apache-2.0
//
// Numbers, colours, keys: what people read.
#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <utility>
#include <vector>

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

// Colours as people see them who lack one kind of cone: Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB.
using Matrix = std::array<std::array<double, 3>, 3>;
constexpr std::array<std::pair<const char*, Matrix>, 4> kEyes{{
    {"usual", {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}}},
    {"protanopia",
     {{{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}}}},
    {"deuteranopia",
     {{{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}}}},
    {"tritanopia",
     {{{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}}}},
}};

std::array<double, 3> multiply(const Matrix& m, const std::array<double, 3>& v) {
  std::array<double, 3> out{};
  for (size_t row = 0; row < 3; ++row) {
    out.at(row) = m.at(row)[0] * v[0] + m.at(row)[1] * v[1] + m.at(row)[2] * v[2];
  }
  return out;
}

// CIE L*a*b* (D65) of a colour as those eyes see it.
std::array<double, 3> lab_of(Color color, const Matrix& eyes) {
  const auto linear = [](uint8_t value) {
    const double v = value / 255.0;
    return v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
  };
  std::array<double, 3> seen = multiply(eyes, {linear(color.r), linear(color.g), linear(color.b)});
  for (double& part : seen) {
    part = std::clamp(part, 0.0, 1.0);
  }
  constexpr Matrix kToXyz{{{0.4124564, 0.3575761, 0.1804375},
                           {0.2126729, 0.7151522, 0.0721750},
                           {0.0193339, 0.1191920, 0.9503041}}};
  const std::array<double, 3> xyz = multiply(kToXyz, seen);
  const auto f = [](double t) { return t > 0.008856 ? std::cbrt(t) : 7.787 * t + 16.0 / 116; };
  const double x = f(xyz[0] / 0.95047);
  const double y = f(xyz[1]);
  const double z = f(xyz[2] / 1.08883);
  return {116 * y - 16, 500 * (x - y), 200 * (y - z)};
}

double distance(Color a, Color b, const Matrix& eyes) {
  const auto p = lab_of(a, eyes);
  const auto q = lab_of(b, eyes);
  return std::hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
}

TEST(Palette, MoreAndLessStayFarApartForEveryEye) {
  for (const auto& [name, eyes] : kEyes) {
    for (const Theme theme : {Theme::kDark, Theme::kLight}) {
      EXPECT_GE(distance(palette(theme).more, palette(theme).less, eyes), 60) << name;
      EXPECT_GE(distance(palette(theme).more, palette(theme).neutral, eyes), 30) << name;
      EXPECT_GE(distance(palette(theme).less, palette(theme).neutral, eyes), 25) << name;
    }
  }
}

// Lines and bars of both runs over each other, and on the ground they are drawn on.
TEST(Palette, RunsStayApartForEveryEye) {
  for (const auto& [name, eyes] : kEyes) {
    for (const Theme theme : {Theme::kDark, Theme::kLight}) {
      const Palette& p = palette(theme);
      EXPECT_GE(distance(p.run_a, p.run_b, eyes), 20) << name;
      for (const Color ground : {p.panel, p.panel_alt}) {
        EXPECT_GE(distance(p.run_a, ground, eyes), 40) << name;
        EXPECT_GE(distance(p.run_b, ground, eyes), 40) << name;
        EXPECT_GE(contrast(p.run_a, ground), 4.5) << "the letter A and its numbers are text";
        EXPECT_GE(contrast(p.run_b, ground), 4.5);
      }
    }
  }
}

// The scale of the delta map: more of a change is further from no change, and half a change tells its direction.
TEST(Palette, TheDivergingScaleGrowsAndKeepsItsSidesApartForEveryEye) {
  for (const auto& [name, eyes] : kEyes) {
    for (const Theme theme : {Theme::kDark, Theme::kLight}) {
      const Color ground = palette(theme).panel_alt;
      EXPECT_EQ(difference_on(ground, 0, theme), ground);
      double before[2] = {0, 0};
      for (const double amount : {0.25, 0.5, 0.75, 1.0}) {
        const Color less = difference_on(ground, -amount, theme);
        const Color more = difference_on(ground, amount, theme);
        EXPECT_GE(distance(less, more, eyes), 75 * amount) << name << ' ' << amount;
        const double from_ground[2] = {distance(less, ground, eyes), distance(more, ground, eyes)};
        for (const size_t side : {0U, 1U}) {
          EXPECT_GE(from_ground[side], 55 * amount) << name << ' ' << amount;
          EXPECT_GT(from_ground[side], before[side] + 5) << name << ' ' << amount;
          before[side] = from_ground[side];
        }
      }
    }
  }
}

// What can stand beside each other on one lane. 2.3 is a just noticeable difference side by side.
TEST(Palette, CategoriesThatShareALaneStayApartForEveryEye) {
  using C = Category;
  const std::vector<std::vector<C>> lanes{
      {C::kCompute, C::kBackward, C::kOptimizer, C::kRange, C::kDataWait, C::kDataWork, C::kGc,
       C::kCheckpoint, C::kEval, C::kStartup, C::kIo, C::kHost, C::kOther, C::kSample},
      {C::kCompute, C::kCommunication, C::kCopy, C::kSync, C::kOther},
      {C::kApi, C::kSync, C::kRange},
      {C::kDataWork, C::kIo, C::kDataWait, C::kStartup},
  };
  for (const auto& [name, eyes] : kEyes) {
    for (const Theme theme : {Theme::kDark, Theme::kLight}) {
      for (const std::vector<C>& lane : lanes) {
        for (size_t i = 0; i < lane.size(); ++i) {
          for (size_t j = 0; j < i; ++j) {
            EXPECT_GE(distance(category_color(lane[i], theme), category_color(lane[j], theme), eyes), 12)
                << category_label(lane[i]) << " and " << category_label(lane[j]) << " with " << name;
          }
        }
      }
    }
  }
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
