// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/durations.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "analyzer/parallel_for.hpp"

namespace stepscope::viewer {
namespace {

constexpr unsigned kSubBits = 7;  // 128 buckets to a doubling
constexpr size_t kSub = size_t{1} << kSubBits;
constexpr size_t kDurationBuckets = (64 - kSubBits) * kSub;
constexpr double kNarrow = 8;  // longest / shortest below which bins are equally long
constexpr size_t kEqualBins = 1024;
constexpr size_t kFineBins = 65536;  // within the bucket of a quantile

// Values below kSub have a bucket each; from there on a bucket is 1/128 of a power of two.
size_t bucket_of(uint64_t value) {
  if (value < kSub) {
    return value;
  }
  const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - 1 - kSubBits;
  return kSub * shift + (value >> shift);
}

uint64_t bucket_low(size_t bucket) {
  if (bucket < 2 * kSub) {
    return bucket;
  }
  const size_t shift = bucket / kSub - 1;
  return (bucket - kSub * shift) << shift;
}

// The value of a rank, refined within its bucket.
class Quantile {
 public:
  void aim(const std::vector<uint64_t>& buckets, uint64_t rank) {
    uint64_t before = 0;
    for (size_t b = 0; b < buckets.size(); ++b) {
      if (before + buckets[b] > rank) {
        low_ = bucket_low(b);
        width_ = std::max<uint64_t>(1, bucket_low(b + 1) - low_);
        shift_ = width_ > kFineBins ? static_cast<unsigned>(std::bit_width(width_ / kFineBins)) - 1 : 0;
        rest_ = rank - before;
        fine_.assign(std::min<uint64_t>(width_, kFineBins) + 1, 0);
        return;
      }
      before += buckets[b];
    }
  }
  void add(uint64_t value) {
    if (value - low_ < width_) {  // below it wraps around
      ++fine_[(value - low_) >> shift_];
    }
  }
  // One that was aimed alike.
  void merge(const Quantile& other) {
    for (size_t f = 0; f < fine_.size(); ++f) {
      fine_[f] += other.fine_[f];
    }
  }
  [[nodiscard]] int64_t value() const {
    uint64_t before = 0;
    for (size_t f = 0; f < fine_.size(); ++f) {
      before += fine_[f];
      if (before > rest_) {
        return static_cast<int64_t>(low_ + (f << shift_));
      }
    }
    return 0;
  }

 private:
  uint64_t low_ = 0;
  uint64_t width_ = 0;  // of its bucket
  uint64_t rest_ = 0;
  unsigned shift_ = 0;
  std::vector<uint64_t> fine_;
};

// The first pass of one side.
struct Tally {
  DurationStats stats;
  std::vector<uint64_t> buckets = std::vector<uint64_t>(kDurationBuckets + 1, 0);

  void merge(const Tally& other) {
    if (other.stats.count == 0) {
      return;
    }
    stats.min_ns = stats.count == 0 ? other.stats.min_ns : std::min(stats.min_ns, other.stats.min_ns);
    stats.max_ns = std::max(stats.max_ns, other.stats.max_ns);
    stats.total_ns += other.stats.total_ns;
    stats.count += other.stats.count;
    for (size_t b = 0; b < buckets.size(); ++b) {
      buckets[b] += other.buckets[b];
    }
  }
};

// Sums stand in variables of their own, so that they stay in registers beside the writes to buckets.
Tally tally_of(const RunModel& run, const EventFilter& filter, const DurationRange& within,
               const std::atomic<bool>& cancelled) {
  Tally tally;
  uint64_t* const buckets = tally.buckets.data();
  uint64_t count = 0;
  int64_t total = 0;
  int64_t least = std::numeric_limits<int64_t>::max();
  int64_t most = 0;
  for_each_event(run, filter, cancelled, [&](uint32_t, uint32_t, const EventRow& events, size_t i) {
    const int64_t duration = events.duration(i);
    if (duration >= within.low_ns && duration <= within.high_ns) {
      ++buckets[bucket_of(static_cast<uint64_t>(duration))];
      least = std::min(least, duration);
      most = std::max(most, duration);
      total += duration;
      ++count;
    }
  });
  tally.stats.count = count;
  tally.stats.total_ns = total;
  tally.stats.min_ns = count > 0 ? least : 0;
  tally.stats.max_ns = most;
  return tally;
}

class Longest {
 public:
  void add(const EventRef& ref, int64_t duration) {
    if (heap_.size() < kLongestEvents) {
      heap_.push_back({ref, duration});
      std::push_heap(heap_.begin(), heap_.end(), longer);
    } else if (duration > heap_.front().duration_ns) {
      std::pop_heap(heap_.begin(), heap_.end(), longer);
      heap_.back() = {ref, duration};
      std::push_heap(heap_.begin(), heap_.end(), longer);
    }
  }
  void merge(const Longest& other) {
    for (const LongEvent& event : other.heap_) {
      add(event.ref, event.duration_ns);
    }
  }
  [[nodiscard]] std::vector<LongEvent> take() {
    std::sort(heap_.begin(), heap_.end(), longer);
    return std::move(heap_);
  }

 private:
  static bool longer(const LongEvent& x, const LongEvent& y) { return x.duration_ns > y.duration_ns; }
  std::vector<LongEvent> heap_;  // the shortest in front
};

struct Bins {
  bool equal = false;
  int64_t low = 0;
  double per_ns = 0;
  size_t first = 0;  // bucket, where bins are not equal
};

Bins choose_bins(const std::array<Tally, 2>& tallies, DurationReport& report) {
  int64_t low = std::numeric_limits<int64_t>::max();
  int64_t high = 0;
  for (const Tally& tally : tallies) {
    if (tally.stats.count > 0) {
      low = std::min(low, tally.stats.min_ns);
      high = std::max(high, tally.stats.max_ns);
    }
  }
  Bins bins;
  if (low > high) {
    return bins;
  }
  bins.equal = static_cast<double>(high) < kNarrow * static_cast<double>(low);
  if (bins.equal) {
    const auto count = static_cast<size_t>(std::min<int64_t>(kEqualBins, high - low + 1));
    const double width = static_cast<double>(high - low + 1) / static_cast<double>(count);
    bins.low = low;
    bins.per_ns = 1 / width;
    for (size_t b = 0; b <= count; ++b) {
      report.edges.push_back(static_cast<double>(low) + width * static_cast<double>(b));
    }
  } else {
    bins.first = bucket_of(static_cast<uint64_t>(low));
    const size_t last = bucket_of(static_cast<uint64_t>(high));
    for (size_t b = bins.first; b <= last + 1; ++b) {
      report.edges.push_back(static_cast<double>(bucket_low(b)));
    }
  }
  return bins;
}

// The second pass of one side.
struct Detail {
  Quantile median, p99;
  std::vector<uint64_t> counts;  // by bin, where bins are equally long
  Longest longest;

  void merge(const Detail& other) {
    median.merge(other.median);
    p99.merge(other.p99);
    for (size_t b = 0; b < counts.size(); ++b) {
      counts[b] += other.counts[b];
    }
    longest.merge(other.longest);
  }
};

// Adds to `detail`, which is aimed and has its bins.
void look_closer(const RunModel& run, const EventFilter& filter, Side side, const DurationRange& within,
                 const Bins& bins, const std::atomic<bool>& cancelled, Detail& detail) {
  for_each_event(run, filter, cancelled, [&](uint32_t lane, uint32_t row, const EventRow& events, size_t i) {
    const int64_t duration = events.duration(i);
    if (duration < within.low_ns || duration > within.high_ns) {
      return;
    }
    const auto value = static_cast<uint64_t>(duration);
    detail.median.add(value);
    detail.p99.add(value);
    if (bins.equal) {
      const auto bin = static_cast<size_t>(static_cast<double>(duration - bins.low) * bins.per_ns);
      ++detail.counts[std::min(bin, detail.counts.size() - 1)];
    }
    detail.longest.add({side, lane, row, static_cast<uint32_t>(i)}, duration);
  });
}

// The lanes of a filter in a few parts, always the same ones, so that the report does not depend on the machine.
std::vector<EventFilter> parts_of(const EventFilter& filter) {
  constexpr size_t kParts = 8;
  const size_t count = std::min(kParts, filter.spans.size());
  std::vector<EventFilter> parts;
  for (size_t p = 0; p < count; ++p) {
    const auto at = [&](size_t part) {
      return filter.spans.begin() + static_cast<std::ptrdiff_t>(filter.spans.size() * part / count);
    };
    parts.push_back({filter.names, {at(p), at(p + 1)}});
  }
  return parts;
}

}  // namespace

DurationReport measure_durations(const std::array<const RunModel*, 2>& runs,
                                 const std::array<EventFilter, 2>& filters, const DurationRange& within,
                                 const std::atomic<bool>& cancelled) {
  DurationReport report;
  std::array<Tally, 2> tallies;
  std::array<std::vector<EventFilter>, 2> parts;
  for (size_t s = 0; s < 2; ++s) {
    if (runs[s] == nullptr) {
      continue;
    }
    parts[s] = parts_of(filters[s]);
    std::vector<Tally> of_parts(parts[s].size());
    const auto count = [&](size_t p) { of_parts[p] = tally_of(*runs[s], parts[s][p], within, cancelled); };
    analysis::parallel_for(parts[s].size(), count, 1);
    for (const Tally& part : of_parts) {
      tallies[s].merge(part);
    }
  }
  const Bins bins = choose_bins(tallies, report);
  const size_t bin_count = report.edges.empty() ? 0 : report.edges.size() - 1;
  Longest longest;
  for (size_t s = 0; s < 2; ++s) {
    report.stats[s] = tallies[s].stats;
    report.counts[s].assign(bin_count, 0);
    const uint64_t count = tallies[s].stats.count;
    if (count == 0) {
      continue;
    }
    Detail all;
    all.median.aim(tallies[s].buckets, (count - 1) / 2);
    all.p99.aim(tallies[s].buckets, (count * 99 + 99) / 100 - 1);
    all.counts.assign(bins.equal ? bin_count : 0, 0);
    std::vector<Detail> of_parts(parts[s].size(), all);
    const auto look = [&](size_t p) {
      look_closer(*runs[s], parts[s][p], static_cast<Side>(s), within, bins, cancelled, of_parts[p]);
    };
    analysis::parallel_for(parts[s].size(), look, 1);
    for (const Detail& part : of_parts) {
      all.merge(part);
    }
    if (bins.equal) {
      report.counts[s] = std::move(all.counts);
    } else {
      const auto from = tallies[s].buckets.begin() + static_cast<std::ptrdiff_t>(bins.first);
      std::copy_n(from, bin_count, report.counts[s].begin());
    }
    report.stats[s].median_ns = all.median.value();
    report.stats[s].p99_ns = all.p99.value();
    longest.merge(all.longest);
  }
  report.longest = longest.take();
  return report;
}

std::vector<double> spread_over(std::span<const double> edges, std::span<const uint64_t> counts, double low,
                                double high, size_t columns, bool logarithmic) {
  std::vector<double> out(columns, 0.0);
  const auto scale = [&](double ns) { return logarithmic ? std::log(std::max(ns, 0.5)) : ns; };
  const double begin = scale(low);
  const double length = scale(high) - begin;
  if (columns == 0 || !(length > 0)) {
    return out;
  }
  for (size_t b = 0; b < counts.size(); ++b) {
    if (counts[b] == 0) {
      continue;
    }
    const double n = static_cast<double>(columns);
    const double from = (scale(edges[b]) - begin) / length * n;
    const double to = std::max((scale(edges[b + 1]) - begin) / length * n, from + 1e-9);
    const double density = static_cast<double>(counts[b]) / (to - from);
    for (double at = std::max(from, 0.0); at < std::min(to, n);) {
      const auto column = static_cast<size_t>(at);
      const double next = std::min({to, n, static_cast<double>(column + 1)});
      out[column] += density * (next - at);
      at = next;
    }
  }
  return out;
}

}  // namespace stepscope::viewer
