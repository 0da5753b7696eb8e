// SPDX-License-Identifier: Apache-2.0
//
// Level of detail: turns one row of events into the few rectangles that a screen can show.
//
// A PixelMap says which time each pixel column stands for; alignment.hpp makes it. It need not be linear: an
// edge repeated means a column that shows no time (a gap where the other run's step is longer).
//   * zoomed out (a pixel is longer than the row's base bucket): one mip read per pixel;
//   * else a walk over the visible events: those of at least two pixels become exact rectangles, smaller ones
//     are added up per pixel; where many share a pixel the walk jumps ahead with the running sums.
// Neighbouring columns that look the same are merged. Nothing that covers a pixel is ever left out. How busy a column is, is exact
// to 1/255: of the column in the walk, of the buckets that it touches in a mip read.
// Hot path: no allocation once `out` has grown.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "viewer/model/event_row.hpp"

namespace stepscope::viewer {

struct PixelMap {
  std::vector<int64_t> edge;  // columns + 1 ascending times; column p shows [edge[p], edge[p + 1])
  [[nodiscard]] size_t columns() const { return edge.empty() ? 0 : edge.size() - 1; }
  // Where time t is, in pixels, clamped to [0, columns].
  [[nodiscard]] double to_pixel(int64_t t) const;
};

struct LodSpan {
  static constexpr uint32_t kMany = 0xFFFFFFFFU;
  float x0 = 0;  // pixels
  float x1 = 0;
  uint32_t event = kMany;  // index in the row, or kMany for a column of several
  uint8_t fill = 0;        // of kFull: how much of the time is busy
  Category category = Category::kOther;
  [[nodiscard]] float width() const { return x1 - x0; }
};

inline constexpr uint8_t kFull = 255;

// Adds to cover[p] the busy share of pixel column p as these spans of one row draw it, to 1/255. What reaches past the end of
// `cover` is left out.
void add_coverage(std::span<const LodSpan> spans, std::span<float> cover);

// Appends the spans of `row` to `out`, left to right.
void level_of_detail(const EventRow& row, const PixelMap& map, std::span<const Category> category_of,
                     std::vector<LodSpan>& out);

}  // namespace stepscope::viewer
