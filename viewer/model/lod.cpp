// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/lod.hpp"

#include <algorithm>
#include <cmath>

namespace stepscope::viewer {
namespace {

constexpr double kExactPixels = 2.0;  // an event this wide is drawn as itself
constexpr size_t kWalkPerPixel = 24;  // events looked at one by one before jumping to the next pixel
constexpr size_t kSamples = 8;        // events looked at for the leading category of what was jumped over

uint8_t fill_of(double busy) {
  return static_cast<uint8_t>(std::clamp(busy * kFull, 1.0, static_cast<double>(kFull)) + 0.5);
}

void emit_column(std::vector<LodSpan>& out, size_t first, size_t pixel, double busy, Category category) {
  const uint8_t fill = fill_of(busy);
  const auto x = static_cast<float>(pixel);
  if (out.size() > first) {
    LodSpan& last = out.back();
    if (last.event == LodSpan::kMany && last.x1 == x && last.fill == fill && last.category == category) {
      last.x1 = x + 1;
      return;
    }
  }
  out.push_back({.x0 = x, .x1 = x + 1, .event = LodSpan::kMany, .fill = fill, .category = category});
}

void from_mip(const TimeMip& mip, const PixelMap& map, std::vector<LodSpan>& out) {
  const size_t first = out.size();
  for (size_t p = 0; p < map.columns(); ++p) {
    if (map.edge[p + 1] > map.edge[p]) {
      const MipCell cell = mip.read(map.edge[p], map.edge[p + 1]);
      if (cell.busy > 0) {
        emit_column(out, first, p, cell.busy, cell.category);
      }
    }
  }
}

// The walk over visible events. One object per row and frame.
class Walk {
 public:
  Walk(const EventRow& row, const PixelMap& map, std::span<const Category> category_of,
       std::vector<LodSpan>& out)
      : row_(row), map_(map), category_of_(category_of), out_(out), first_span_(out.size()) {}

  void run() {
    const int64_t end = map_.edge.back();
    size_t i = row_.first_ending_after(map_.edge.front());
    while (i < row_.size() && row_.start(i) < end) {
      i = step(i);
    }
    flush();
  }

 private:
  // Handles event i, or all events of a crowded pixel from i on; returns the next one.
  size_t step(size_t i) {
    const int64_t begin = std::max(row_.start(i), map_.edge.front());
    const int64_t end = std::min(row_.end(i), map_.edge.back());
    seek(begin);
    size_t last = pixel_;
    while (last + 1 < map_.columns() && map_.edge[last + 1] < end) {
      last = skip_ahead(last, end);
    }
    if (last > pixel_) {  // else it is narrower, and where it lies within the pixel is not worth dividing for
      const double x0 = position(pixel_, begin);
      const double x1 = position(last, end);
      if (x1 - x0 >= kExactPixels) {
        flush();
        emit_exact(i, x0, x1, last);
        return i + 1;
      }
    }
    deposit(begin, end, category(i));
    return ++walked_ < kWalkPerPixel ? i + 1 : jump(i + 1);
  }

  // An event from x0 to x1, in the columns pixel_ to last. Where columns show no time (a step of this run has ended, that of the other run
  // goes on) nothing runs: an event that lasts beyond them is drawn before and after.
  void emit_exact(size_t i, double x0, double x1, size_t last) {
    const auto emit = [&](double from, double to) {
      out_.push_back({.x0 = static_cast<float>(from),
                      .x1 = static_cast<float>(to),
                      .event = static_cast<uint32_t>(i),
                      .fill = kFull,
                      .category = category(i)});
    };
    double from = x0;
    bool open = true;
    for (size_t p = pixel_; p <= last; ++p) {
      const bool shows_time = map_.edge[p + 1] > map_.edge[p];
      if (open && !shows_time && static_cast<double>(p) > from) {
        emit(from, static_cast<double>(p));
      }
      if (shows_time && !open) {
        from = static_cast<double>(p);
      }
      open = shows_time;
    }
    if (open && x1 > from) {
      emit(from, x1);
    }
  }

  // Adds what lies between event i and the end of the pixel without visiting each event; the last one may
  // reach into the next pixel and is left to the walk.
  size_t jump(size_t i) {
    const int64_t pixel_end = map_.edge[pixel_ + 1];
    const size_t next = row_.first_starting_at(pixel_end, i);
    if (next <= i + 1) {
      return i;
    }
    const size_t last = next - 1;
    busy_ += row_.busy_before(last) - row_.busy_before(i);
    const size_t stride = std::max<size_t>(1, (last - i) / kSamples);
    for (size_t k = i; k < last; k += stride) {
      lead(row_.duration(k), category(k));
    }
    return last;
  }

  // Makes pixel_ the column that shows time t, storing the columns passed.
  void seek(int64_t t) {
    if (pixel_ + 1 < map_.columns() && map_.edge[pixel_ + 1] <= t) {
      flush();
      while (pixel_ + 1 < map_.columns() && map_.edge[pixel_ + 1] <= t) {
        pixel_ = skip_ahead(pixel_, t + 1);
      }
    }
  }

  // A later column that is not past the one whose end is >= t: gallops, since edges may be far ahead.
  [[nodiscard]] size_t skip_ahead(size_t from, int64_t t) const {
    size_t stride = 1;
    while (from + 2 * stride < map_.columns() && map_.edge[from + 2 * stride] < t) {
      stride *= 2;
    }
    return from + stride;
  }

  [[nodiscard]] double position(size_t pixel, int64_t t) const {
    const auto width = static_cast<double>(map_.edge[pixel + 1] - map_.edge[pixel]);
    const double inside = width > 0 ? static_cast<double>(t - map_.edge[pixel]) / width : 0;
    return static_cast<double>(pixel) + std::clamp(inside, 0.0, 1.0);
  }

  void deposit(int64_t begin, int64_t end, Category category) {
    int64_t at = begin;
    while (end > map_.edge[pixel_ + 1] && pixel_ + 1 < map_.columns()) {
      const int64_t part = map_.edge[pixel_ + 1] - at;
      busy_ += part;
      lead(part, category);
      at = map_.edge[pixel_ + 1];
      flush();
      ++pixel_;
    }
    busy_ += end - at;
    lead(end - at, category);
  }

  void lead(int64_t ns, Category category) {
    if (!any_ || ns > leading_ns_) {
      any_ = true;
      leading_ns_ = ns;
      leading_ = category;
    }
  }

  // Stores the column being added up.
  void flush() {
    if (any_) {
      const auto width = static_cast<double>(map_.edge[pixel_ + 1] - map_.edge[pixel_]);
      emit_column(out_, first_span_, pixel_, width > 0 ? static_cast<double>(busy_) / width : 1.0, leading_);
    }
    any_ = false;
    busy_ = 0;
    leading_ns_ = 0;
    walked_ = 0;
  }

  [[nodiscard]] Category category(size_t i) const { return category_of_[row_.name(i)]; }

  const EventRow& row_;
  const PixelMap& map_;
  std::span<const Category> category_of_;
  std::vector<LodSpan>& out_;
  size_t first_span_;
  size_t pixel_ = 0;
  size_t walked_ = 0;
  bool any_ = false;
  int64_t busy_ = 0;
  int64_t leading_ns_ = 0;
  Category leading_ = Category::kOther;
};

// The time a typical column shows: the median of a few, since an aligned map has columns of several widths.
int64_t typical_column(const PixelMap& map) {
  const size_t columns = map.columns();
  int64_t widest = 0;
  constexpr size_t kProbes = 16;
  for (size_t k = 0; k < kProbes; ++k) {
    const size_t p = columns * k / kProbes;
    widest = std::max(widest, map.edge[p + 1] - map.edge[p]);
  }
  return widest;
}

}  // namespace

double PixelMap::to_pixel(int64_t t) const {
  if (columns() == 0 || t <= edge.front()) {
    return 0;
  }
  if (t >= edge.back()) {
    return static_cast<double>(columns());
  }
  const auto at = std::upper_bound(edge.begin(), edge.end(), t);
  const auto p = static_cast<size_t>(at - edge.begin()) - 1;
  return static_cast<double>(p) +
         static_cast<double>(t - edge[p]) / static_cast<double>(edge[p + 1] - edge[p]);
}

void level_of_detail(const EventRow& row, const PixelMap& map, std::span<const Category> category_of,
                     std::vector<LodSpan>& out) {
  if (map.columns() == 0) {
    return;
  }
  const bool has_mip = !row.mip().empty();
  if (has_mip && (row.is_preview() || typical_column(map) >= row.mip().base_bucket_ns())) {
    from_mip(row.mip(), map, out);
  } else if (row.size() > 0) {
    Walk(row, map, category_of, out).run();
  }
}

void add_coverage(std::span<const LodSpan> spans, std::span<float> cover) {
  for (const LodSpan& span : spans) {
    const float share = span.event == LodSpan::kMany ? static_cast<float>(span.fill) / float{kFull} : 1.0F;
    const auto last = std::min(cover.size(), static_cast<size_t>(std::ceil(span.x1)));
    for (auto p = static_cast<size_t>(span.x0); p < last; ++p) {
      const auto x = static_cast<float>(p);
      cover[p] += share * (std::min(span.x1, x + 1) - std::max(span.x0, x));
    }
  }
}

}  // namespace stepscope::viewer
