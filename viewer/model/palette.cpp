// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/palette.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace stepscope::viewer {
namespace {

constexpr Color rgb(uint32_t value) {
  return {static_cast<uint8_t>(value >> 16U), static_cast<uint8_t>((value >> 8U) & 0xFFU),
          static_cast<uint8_t>(value & 0xFFU), 255};
}

struct CategoryRow {
  std::string_view label;
  Color color;
};

// Okabe-Ito hues for what training consists of; members of one family (compute blue, data yellow) differ in lightness.
// The rest is chosen so that what can stand beside each other on a lane stays apart with every kind of colour blindness
// (a test simulates them). Fixed: people learn them.
constexpr std::array<CategoryRow, kCategoryCount> kCategories{{
    {"other", rgb(0x4E4938)},
    {"forward / compute", rgb(0x0072B2)},
    {"backward", rgb(0x56B4E9)},
    {"optimizer", rgb(0x009E73)},
    {"communication", rgb(0xE69F00)},
    {"copy", rgb(0x66C5AB)},
    {"synchronisation", rgb(0xAA8C50)},
    {"CUDA API", rgb(0x636C6C)},
    {"range", rgb(0xCC79A7)},
    {"waiting for data", rgb(0xF0E442)},
    {"making a batch", rgb(0xC9A70C)},
    {"garbage collection", rgb(0xD55E00)},
    {"checkpoint", rgb(0x713D78)},
    {"evaluation", rgb(0x9DCAB1)},
    {"start-up", rgb(0xD0C8E5)},
    {"input / output", rgb(0x946B37)},
    {"idle", rgb(0x4A5361)},
    {"host", rgb(0x56696C)},
    {"sampled stack", rgb(0x8E92FF)},
    {"counter", rgb(0x7F9AB5)},
    {"marker", rgb(0x5B6B7F)},
}};

constexpr Palette kDark{.window = rgb(0x14171C),
                        .panel = rgb(0x1A1E25),
                        .panel_alt = rgb(0x20252D),
                        .header = rgb(0x262C36),
                        .border = rgb(0x333B47),
                        .grid = rgb(0x252B34),
                        .grid_strong = rgb(0x39424F),
                        .text = rgb(0xE6EAF0),
                        .text_dim = rgb(0xA3ADBB),
                        .text_faint = rgb(0x76808F),
                        .accent = rgb(0x56B4E9),
                        .accent_soft = rgb(0x27435A),
                        .run_a = rgb(0x8C96A5),
                        .run_b = rgb(0x56B4E9),
                        .less = rgb(0x56B4E9),
                        .more = rgb(0xE69F00),
                        .neutral = rgb(0x4A5361),
                        .error = rgb(0xF0743E),
                        .selection = rgb(0xFFFFFF),
                        .cursor = rgb(0xC8D0DC),
                        .hover = rgb(0xFFFFFF)};

constexpr Palette kLight{.window = rgb(0xF3F5F8),
                         .panel = rgb(0xFFFFFF),
                         .panel_alt = rgb(0xF6F8FA),
                         .header = rgb(0xE8ECF1),
                         .border = rgb(0xCBD2DB),
                         .grid = rgb(0xE6EAEF),
                         .grid_strong = rgb(0xC5CDD7),
                         .text = rgb(0x1B2129),
                         .text_dim = rgb(0x515C6B),
                         .text_faint = rgb(0x6F7A89),
                         .accent = rgb(0x0072B2),
                         .accent_soft = rgb(0xCFE4F2),
                         .run_a = rgb(0x66717F),
                         .run_b = rgb(0x0072B2),
                         .less = rgb(0x0072B2),
                         .more = rgb(0xB86E00),
                         .neutral = rgb(0xC9CFD8),
                         .error = rgb(0xC04A00),
                         .selection = rgb(0x10151B),
                         .cursor = rgb(0x515C6B),
                         .hover = rgb(0x10151B)};

double channel(uint8_t value) {
  const double v = value / 255.0;
  return v <= 0.03928 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
}

double luminance(Color c) {
  return 0.2126 * channel(c.r) + 0.7152 * channel(c.g) + 0.0722 * channel(c.b);
}

uint8_t mix_channel(uint8_t from, uint8_t to, double amount) {
  return static_cast<uint8_t>(std::lround(from + (to - from) * amount));
}

}  // namespace

std::string_view category_label(Category category) {
  return kCategories.at(static_cast<size_t>(category)).label;
}

const Palette& palette(Theme theme) {
  return theme == Theme::kDark ? kDark : kLight;
}

Color category_color(Category category, Theme theme) {
  const Color color = kCategories.at(static_cast<size_t>(category)).color;
  // On white the pale yellow needs a little depth to stand out; the hue stays.
  return theme == Theme::kLight && category == Category::kDataWait ? mix(color, rgb(0x000000), 0.08) : color;
}

Color difference_color(double amount, Theme theme) {
  return difference_on(palette(theme).neutral, amount, theme);
}

Color difference_on(Color ground, double amount, Theme theme) {
  const Palette& p = palette(theme);
  return mix(ground, amount < 0 ? p.less : p.more, std::min(1.0, std::abs(amount)));
}

Color text_on(Color background) {
  constexpr Color kBlack = rgb(0x0B0E12);
  constexpr Color kWhite = rgb(0xFFFFFF);
  return contrast(background, kBlack) >= contrast(background, kWhite) ? kBlack : kWhite;
}

Color mix(Color from, Color to, double amount) {
  return {mix_channel(from.r, to.r, amount), mix_channel(from.g, to.g, amount),
          mix_channel(from.b, to.b, amount), mix_channel(from.a, to.a, amount)};
}

Color with_alpha(Color color, uint8_t alpha) {
  color.a = alpha;
  return color;
}

double contrast(Color a, Color b) {
  const double la = luminance(a);
  const double lb = luminance(b);
  return (std::max(la, lb) + 0.05) / (std::min(la, lb) + 0.05);
}

}  // namespace stepscope::viewer
