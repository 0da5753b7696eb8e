// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/damage.hpp"

#include <algorithm>
#include <cstring>

namespace stepscope::viewer {
namespace {

constexpr int kTileWidth = 64;
constexpr int kTileHeight = 16;

PixelRect around(const PixelRect& a, const PixelRect& b) {
  const int x = std::min(a.x, b.x);
  const int y = std::min(a.y, b.y);
  return {x, y, std::max(a.x + a.width, b.x + b.width) - x, std::max(a.y + a.height, b.y + b.height) - y};
}

// Adds the parts of one band of rows that differ, left to right; neighbouring tiles become one.
class Band {
 public:
  Band(std::span<const uint32_t> before, std::span<const uint32_t> after, int width)
      : before_(before),
        after_(after),
        width_(width),
        tiles_(static_cast<size_t>((width - 1) / kTileWidth) + 1) {}

  void find(int y, int height, std::vector<PixelRect>& out) {
    std::fill(tiles_.begin(), tiles_.end(), uint8_t{0});
    for (int row = y; row < y + height; ++row) {
      if (differs(row, 0, width_)) {
        for (size_t tile = 0; tile < tiles_.size(); ++tile) {
          const int x = static_cast<int>(tile) * kTileWidth;
          if (tiles_[tile] == 0 && differs(row, x, std::min(kTileWidth, width_ - x))) {
            tiles_[tile] = 1;
          }
        }
      }
    }
    for (size_t tile = 0; tile < tiles_.size(); ++tile) {
      const size_t first = tile;
      while (tile < tiles_.size() && tiles_[tile] != 0) {
        ++tile;
      }
      if (tile > first) {
        const int x = static_cast<int>(first) * kTileWidth;
        out.push_back({x, y, std::min(static_cast<int>(tile) * kTileWidth, width_) - x, height});
      }
    }
  }

 private:
  [[nodiscard]] bool differs(int row, int x, int count) const {
    const size_t at = static_cast<size_t>(row) * static_cast<size_t>(width_) + static_cast<size_t>(x);
    return std::memcmp(&before_[at], &after_[at], static_cast<size_t>(count) * sizeof(uint32_t)) != 0;
  }

  std::span<const uint32_t> before_;
  std::span<const uint32_t> after_;
  int width_;
  std::vector<uint8_t> tiles_;
};

// A part that lies right under one of the same width becomes one with it.
void join(std::vector<PixelRect>& rects, size_t first_of_band) {
  for (size_t i = first_of_band; i < rects.size(); ++i) {
    const auto above = std::find_if(rects.begin(), rects.begin() + static_cast<std::ptrdiff_t>(first_of_band),
                                    [&](const PixelRect& rect) {
                                      return rect.x == rects[i].x && rect.width == rects[i].width &&
                                             rect.y + rect.height == rects[i].y;
                                    });
    if (above != rects.begin() + static_cast<std::ptrdiff_t>(first_of_band)) {
      above->height += rects[i].height;
      rects.erase(rects.begin() + static_cast<std::ptrdiff_t>(i--));
    }
  }
}

}  // namespace

std::vector<PixelRect> damage(std::span<const uint32_t> before, std::span<const uint32_t> after, int width) {
  std::vector<PixelRect> rects;
  if (width <= 0 || after.empty()) {
    return rects;
  }
  const auto height = static_cast<int>(after.size() / static_cast<size_t>(width));
  Band band(before, after, width);
  for (int y = 0; y < height; y += kTileHeight) {
    const size_t first = rects.size();
    band.find(y, std::min(kTileHeight, height - y), rects);
    join(rects, first);
  }
  if (rects.size() > kMostRects) {
    PixelRect all = rects.front();
    for (const PixelRect& rect : rects) {
      all = around(all, rect);
    }
    return {all};
  }
  return rects;
}

}  // namespace stepscope::viewer
