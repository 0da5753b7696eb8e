// SPDX-License-Identifier: Apache-2.0
#include "viewer/box_raster.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>
#include <thread>

#include "analyzer/parallel_for.hpp"

namespace stepscope::viewer {
namespace {

struct Pixels {
  int first = 0;
  int last = 0;  // one past
};

// Those whose centres lie in [from, to), of `count` that begin at `origin`. There are very many edges: no calls, no branches.
inline Pixels centres_in(float from, float to, int origin, int count) {
  const float shift = static_cast<float>(origin) + 0.5F;
  const auto most = static_cast<float>(count);
  const auto at = [&](float edge) {
    const float inside = std::min(std::max(edge - shift, 0.0F), most);
    const auto whole = static_cast<int>(inside);
    return whole + (static_cast<float>(whole) < inside ? 1 : 0);
  };
  return {at(from), at(to)};
}

Color on_ground(Color color, Color ground) {
  return color.a == 255 || ground.a != 255 ? color
                                           : mix(ground, {color.r, color.g, color.b, 255}, color.a / 255.0);
}

uint32_t packed_bgra(Color c) {
  static_assert(std::endian::native == std::endian::little);
  return uint32_t{c.b} | (uint32_t{c.g} << 8U) | (uint32_t{c.r} << 16U) | (uint32_t{c.a} << 24U);
}

// Fewer rows are kept each on its own, and joined: a processor draws few tall rectangles sooner than many flat ones.
constexpr int kManyAlike = 8;

// Finds the rows that are alike, and gives every row with a box its place among those kept. Returns how many are kept.
int find_blocks(std::span<const Box> boxes, BoxRaster& out) {
  const auto height = static_cast<size_t>(out.height);
  out.blocks.clear();
  out.kept_of_row.assign(height, 0);
  out.begun.assign(height + 1, 0);
  out.edge.assign(height + 1, 0);
  for (const Box& box : boxes) {
    const Pixels rows = centres_in(box.y0, box.y1, out.y, out.height);
    if (rows.first < rows.last) {
      ++out.begun[static_cast<size_t>(rows.first)];
      --out.begun[static_cast<size_t>(rows.last)];
      out.edge[static_cast<size_t>(rows.first)] = 1;
      out.edge[static_cast<size_t>(rows.last)] = 1;
    }
  }
  int kept = 0;
  int open = 0;  // boxes that reach over these rows
  for (size_t row = 0; row < height;) {
    size_t last = row + 1;
    while (last < height && out.edge[last] == 0) {
      ++last;
    }
    open += out.begun[row];
    const auto count = static_cast<int>(last - row);
    const auto first = static_cast<int>(row);
    if (open > 0 && count >= kManyAlike) {
      out.blocks.push_back({first, first + count, kept, true});
      std::fill_n(out.kept_of_row.begin() + first, count, kept++);
    } else if (open > 0) {
      if (out.blocks.empty() || out.blocks.back().alike || out.blocks.back().last != first) {
        out.blocks.push_back({first, first, kept, false});
      }
      out.blocks.back().last = first + count;
      std::iota(out.kept_of_row.begin() + first, out.kept_of_row.begin() + first + count, kept);
      kept += count;
    }
    row = last;
  }
  return kept;
}

// Most boxes are a pixel or two wide: too little for what std::fill does first.
void fill(uint32_t* corner, size_t pitch, int rows, int columns, uint32_t color) {
  constexpr int kNarrow = 4;
  if (columns == 1) {
    for (int row = 0; row < rows; ++row, corner += pitch) {
      *corner = color;
    }
  } else if (columns <= kNarrow) {
    for (int row = 0; row < rows; ++row, corner += pitch) {
      corner[0] = color;
      corner[1] = color;
      corner[columns - 2] = color;
      corner[columns - 1] = color;
    }
  } else {
    std::fill_n(corner, columns, color);
    for (int row = 1; row < rows; ++row) {
      std::memcpy(corner + static_cast<size_t>(row) * pitch, corner,
                  static_cast<size_t>(columns) * sizeof color);
    }
  }
}

// Paints pixels in columns [first, last) of all rows that are kept.
void paint(std::span<const Box> boxes, BoxRaster& out, int first, int last) {
  const auto width = static_cast<size_t>(out.width);
  for (size_t at = static_cast<size_t>(first); at < out.pixels.size(); at += width) {
    std::fill_n(out.pixels.begin() + static_cast<std::ptrdiff_t>(at), last - first, packed_bgra(out.ground));
  }
  for (const Box& box : boxes) {
    const Pixels columns = centres_in(box.x0, box.x1, out.x + first, last - first);
    const Pixels rows = centres_in(box.y0, box.y1, out.y, out.height);
    if (columns.first >= columns.last || rows.first >= rows.last) {
      continue;
    }
    const int top = out.kept_of_row[static_cast<size_t>(rows.first)];
    const int bottom = out.kept_of_row[static_cast<size_t>(rows.last) - 1];
    uint32_t* const corner =
        out.pixels.data() + static_cast<size_t>(top) * width + static_cast<size_t>(first + columns.first);
    fill(corner, width, bottom - top + 1, columns.last - columns.first,
         packed_bgra(on_ground(box.color, out.ground)));
  }
}

}  // namespace

void rasterise(std::span<const Box> boxes, BoxRaster& out) {
  constexpr size_t kWorthThreads = 10'000;  // boxes
  constexpr int kParts = 4;                 // at most, for each looks at all boxes
  out.width = std::max(0, out.width);
  out.height = std::max(0, out.height);
  out.pixels.resize(static_cast<size_t>(out.width) * static_cast<size_t>(find_blocks(boxes, out)));
  if (boxes.size() < kWorthThreads) {
    paint(boxes, out, 0, out.width);
    return;
  }
  const int parts = std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, kParts);
  const auto begin_of = [&](size_t part) { return out.width * static_cast<int>(part) / parts; };
  analysis::parallel_for(
      static_cast<size_t>(parts), [&](size_t part) { paint(boxes, out, begin_of(part), begin_of(part + 1)); },
      1);
}

}  // namespace stepscope::viewer
