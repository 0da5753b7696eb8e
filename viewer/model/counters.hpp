// SPDX-License-Identifier: Apache-2.0
//
// Counters: clocks, power, throttling, memory, pressure as lines over time. What is recorded as a sum since the process
// started is shown as a rate. Pure; viewer/counter_reader.hpp makes the series.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "viewer/model/lod.hpp"

namespace stepscope::viewer {

// What a recorded name stands for. Values are multiplied by `scale`; a rate is per second before that.
struct CounterMeaning {
  std::string title;  // "SM clock"; the recorded name where it is not known
  std::string unit;   // "MHz", "%", "bytes"; "" a plain number
  double scale = 1;
  bool rate = false;
};
[[nodiscard]] CounterMeaning counter_meaning(std::string_view name);
// Where a recorded name stands among those that are known; all others behind them.
[[nodiscard]] size_t counter_order(std::string_view name);

struct Reading {
  int64_t time_ns = 0;
  double value = 0;
};

// One line: value i holds from time i to time i + 1, the last one at its own time only. Constant once made.
class CounterSeries {
 public:
  CounterSeries() = default;
  // `readings` as recorded, ascending by time. A rate that would be negative (a counter started anew) is left out.
  CounterSeries(const CounterMeaning& meaning, std::span<const Reading> readings);

  [[nodiscard]] size_t size() const { return time_.size(); }
  [[nodiscard]] int64_t time(size_t i) const { return time_[i]; }
  [[nodiscard]] double value(size_t i) const { return value_[i]; }
  [[nodiscard]] double min() const { return min_; }
  [[nodiscard]] double max() const { return max_; }
  // Over the time that the values hold in [begin, end); the value next to it where none does. Of an empty series 0. O(n).
  [[nodiscard]] double mean(int64_t begin_ns, int64_t end_ns) const;
  // Least and greatest value that holds somewhere in [begin, end): O(log n).
  [[nodiscard]] std::optional<std::pair<double, double>> range(int64_t begin_ns, int64_t end_ns) const;
  // The last value that begins no later; the first one before all of them. Of a series that has some.
  [[nodiscard]] size_t index_at(int64_t t) const;
  // The value that holds at a time.
  [[nodiscard]] std::optional<double> at(int64_t t) const;

 private:
  void build_mip();

  static constexpr size_t kBlock = 16;
  std::vector<int64_t> time_;
  std::vector<double> value_;
  // Least and greatest of kBlock values each, of kBlock of those, and so on; only of whole blocks.
  std::vector<std::vector<std::pair<double, double>>> mip_;
  double min_ = 0;
  double max_ = 0;
};

struct CounterLine {
  std::string name;   // as recorded
  std::string owner;  // "rank 1 · main", "GPU 0 · rank 1"
  std::string key;    // equal for the line of another run that plays the same part
  CounterMeaning meaning;
  CounterSeries series;
  // During the train steps, or all of it where there are none: start-up reads and writes as no step does.
  double mean = 0;
  double low = 0;
  double high = 0;
  void measure(int64_t begin_ns, int64_t end_ns);
};

// A row of the view: the line of one run, or both of a pair, in the order of A, then what only B has.
struct CounterPair {
  const CounterLine* line[2] = {nullptr, nullptr};  // by Side
  [[nodiscard]] const CounterLine& any() const { return line[0] != nullptr ? *line[0] : *line[1]; }
};
[[nodiscard]] std::vector<CounterPair> pair_counters(std::span<const CounterLine> a,
                                                     std::span<const CounterLine> b);

// What one pixel column shows of a series.
struct CounterColumn {
  uint32_t column = 0;
  double low = 0;
  double high = 0;
  double last = 0;  // what holds at its end: where the line goes on
  friend bool operator==(const CounterColumn&, const CounterColumn&) = default;
};
// One for each column that shows time in which the series has a value, left to right: no value is left out, however short it holds.
// Hot path: no allocation once `out` has grown.
void counter_columns(const CounterSeries& series, const PixelMap& map, std::vector<CounterColumn>& out);

// The vertical axis of a row: from 0 where that is near, else around the values of both runs; what hardly changes looks flat.
struct CounterScale {
  double low = 0;
  double high = 1;
  // 0 at the lower edge of the row, 1 at the upper one.
  [[nodiscard]] double share(double value) const { return (value - low) / (high - low); }
};
[[nodiscard]] CounterScale counter_scale(const CounterPair& pair);

// Positions in `pairs`, ascending, of at most `most` rows that are worth seeing unasked, each of another counter: with two runs those whose
// means differ most, else the first that change. Worth seeing are a tenth of a level, half of a rate (and 1 MiB/s or 100 events/s), 20 points of a share of
// time.
[[nodiscard]] std::vector<size_t> telling_counters(std::span<const CounterPair> pairs, size_t most);

// The number as its unit asks for: "1980 MHz", "38.0 %", "12.3 GB", "0.25".
[[nodiscard]] std::string counter_text(double value, std::string_view unit);

}  // namespace stepscope::viewer
