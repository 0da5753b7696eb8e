// SPDX-License-Identifier: Apache-2.0
//
// Colour tables of the dark and the light theme. Categories use the Okabe-Ito set, differences a diverging scale
// from blue (less) to orange (more): both stay apart for people with any kind of colour blindness, and a
// difference always also carries its sign and number. Pure functions.
#pragma once

#include <cstdint>

#include "viewer/model/category.hpp"

namespace stepscope::viewer {

struct Color {
  uint8_t r = 0;
  uint8_t g = 0;
  uint8_t b = 0;
  uint8_t a = 255;
  friend bool operator==(const Color&, const Color&) = default;
};

enum class Theme : uint8_t { kDark, kLight };

// Everything that is drawn takes its colour from here.
struct Palette {
  Color window, panel, panel_alt, header, border, grid, grid_strong;
  Color text, text_dim, text_faint, accent, accent_soft;
  Color run_a, run_b, less, more, neutral, error, selection, cursor, hover;
};

[[nodiscard]] const Palette& palette(Theme theme);
[[nodiscard]] Color category_color(Category category, Theme theme);
// `amount` in -1 .. 1: -1 full blue (less), 0 neutral, 1 full orange (more).
[[nodiscard]] Color difference_color(double amount, Theme theme);
// The same from any ground: 0 is the ground itself, so that where nothing changed nothing is seen.
[[nodiscard]] Color difference_on(Color ground, double amount, Theme theme);
// Black or white, whichever reads better on `background`.
[[nodiscard]] Color text_on(Color background);
[[nodiscard]] Color mix(Color from, Color to, double amount);
[[nodiscard]] Color with_alpha(Color color, uint8_t alpha);
// Relative luminance and contrast ratio as WCAG 2 defines them.
[[nodiscard]] double contrast(Color a, Color b);

}  // namespace stepscope::viewer
