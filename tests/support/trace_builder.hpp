// SPDX-License-Identifier: Apache-2.0
//
// Recordings written down as text, for tests:
//
//   write_recording(dir + "/main.stepscope", R"(
//     meta process.role main
//     lane 1 thread main tid=100
//     anchor monotonic_raw_ns=0 realtime_ns=1700000000s
//     loss ring.full 3
//     range lane=1 start_ns=1ms dur_ns=250us name="load batch"
//     counter lane=1 start_ns=1ms name=proc.cpu_ns value=12.5 subject=100
//   )");
//
// A line is an event kind of trace/kinds.cpp and its columns as key=value (missing ones are 0), or one of meta, lane,
// anchor, loss, log. Times take a suffix ns, us, ms, s. '#' starts a comment. A mistake in the text throws.
// Header-only; job_simulator.hpp builds whole training jobs on it.
#pragma once

#include <bit>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "trace/kinds.hpp"
#include "trace/recording_builder.hpp"

namespace stepscope::testing {

inline void require(const trace::Status& status) {
  if (!status.ok()) {
    throw std::runtime_error(status.message());
  }
}

// "12", "1.5ms", "-3us" as whole ns (or a plain number).
inline int64_t parse_quantity(const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  const std::string_view unit = end;
  if (unit.empty() || unit == "ns") {
    return value == static_cast<double>(static_cast<int64_t>(value)) && text.find('.') == std::string::npos
               ? static_cast<int64_t>(std::strtoll(text.c_str(), nullptr, 10))
               : static_cast<int64_t>(value);
  }
  const double scale = unit == "us" ? 1e3 : unit == "ms" ? 1e6 : unit == "s" ? 1e9 : 0.0;
  if (scale == 0.0) {
    throw std::runtime_error("not a quantity: " + text);
  }
  const double scaled = value * scale;
  return static_cast<int64_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
}

// Words of a line; "..." keeps spaces together.
inline std::vector<std::string> split_words(const std::string& line) {
  std::vector<std::string> words;
  std::string word;
  bool quoted = false;
  bool any = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
      any = true;
    } else if (!quoted && c == '#') {
      break;
    } else if (!quoted && (c == ' ' || c == '\t')) {
      if (any) {
        words.push_back(std::exchange(word, {}));
      }
      any = false;
    } else {
      word += c;
      any = true;
    }
  }
  if (any) {
    words.push_back(word);
  }
  return words;
}

class TextRecording {
 public:
  explicit TextRecording(const std::string& path) {
    trace::Result<trace::RecordingBuilder> made = trace::RecordingBuilder::create(path);
    require(made.status());
    builder_.emplace(std::move(made).value());
  }

  void line(const std::string& text) {
    const std::vector<std::string> words = split_words(text);
    if (words.empty()) {
      return;
    }
    const std::string& what = words[0];
    if (what == "meta") {
      builder_->set_meta(words.at(1), words.size() > 2 ? words[2] : "");
    } else if (what == "loss") {
      builder_->add_loss(words.at(1), static_cast<uint64_t>(parse_quantity(words.at(2))));
    } else if (what == "log") {
      builder_->add_log(parse_quantity(words.at(1)), words.at(2));
    } else if (what == "lane") {
      trace::LaneDecl lane;
      lane.id = static_cast<uint32_t>(parse_quantity(words.at(1)));
      lane.type = words.at(2);
      lane.name = words.at(3);
      lane.tid = words.size() > 4 ? static_cast<uint32_t>(parse_quantity(words[4].substr(4))) : 0;
      builder_->add_lane(lane);
    } else if (what == "anchor") {
      add_anchor(words);
    } else {
      add_event(words);
    }
  }

  void lines(const std::string& text) {
    std::istringstream in(text);
    for (std::string one; std::getline(in, one);) {
      line(one);
    }
  }

  // For generators: values in column order.
  void event(trace::Kind kind, uint32_t lane, std::initializer_list<int64_t> values) {
    require(builder_->add(kind, lane, std::span<const int64_t>(values.begin(), values.size())));
  }
  [[nodiscard]] int64_t name(std::string_view text) { return builder_->intern(text); }
  [[nodiscard]] trace::RecordingBuilder& builder() { return *builder_; }

  void finish() { require(builder_->finish()); }

 private:
  static std::pair<std::string, std::string> key_value(const std::string& word) {
    const size_t equals = word.find('=');
    if (equals == std::string::npos) {
      throw std::runtime_error("not key=value: " + word);
    }
    return {word.substr(0, equals), word.substr(equals + 1)};
  }

  void add_anchor(const std::vector<std::string>& words) {
    trace::ClockAnchor anchor;
    for (size_t i = 1; i < words.size(); ++i) {
      const auto [key, value] = key_value(words[i]);
      int64_t* field = key == "monotonic_raw_ns" ? &anchor.monotonic_raw_ns
                       : key == "realtime_ns"    ? &anchor.realtime_ns
                       : key == "monotonic_ns"   ? &anchor.monotonic_ns
                                                 : &anchor.boottime_ns;
      *field = parse_quantity(value);
    }
    builder_->add_anchor(anchor);
  }

  void add_event(const std::vector<std::string>& words) {
    const trace::KindInfo* kind = nullptr;
    for (const trace::KindInfo* it = trace::kinds_begin(); it != trace::kinds_end(); ++it) {
      kind = words[0] == it->name ? it : kind;
    }
    if (kind == nullptr) {
      throw std::runtime_error("no such kind: " + words[0]);
    }
    std::vector<int64_t> values(kind->column_count, 0);
    uint32_t lane = 1;
    for (size_t i = 1; i < words.size(); ++i) {
      const auto [key, value] = key_value(words[i]);
      if (key == "lane") {
        lane = static_cast<uint32_t>(parse_quantity(value));
        continue;
      }
      set_column(*kind, key, value, values);
    }
    require(builder_->add(kind->id, lane, values));
  }

  void set_column(const trace::KindInfo& kind, const std::string& key, const std::string& value,
                  std::vector<int64_t>& values) {
    for (size_t c = 0; c < kind.column_count; ++c) {
      if (key != kind.columns[c].name) {
        continue;
      }
      switch (kind.columns[c].type) {
        case trace::ColumnType::kString:
          values[c] = name(value);
          return;
        case trace::ColumnType::kReal:
          values[c] = std::bit_cast<int64_t>(std::strtod(value.c_str(), nullptr));
          return;
        default:
          values[c] = parse_quantity(value);
          return;
      }
    }
    throw std::runtime_error(std::string(kind.name) + " has no column " + key);
  }

  std::optional<trace::RecordingBuilder> builder_;
};

inline void write_recording(const std::string& path, const std::string& text) {
  TextRecording recording(path);
  recording.lines(text);
  recording.finish();
}

}  // namespace stepscope::testing
