// SPDX-License-Identifier: Apache-2.0
//
// EventTranslator: events of a Chrome trace to rows of a recording.
//
// Kineto's categories become the kinds that the collector writes; every other event with a duration becomes a range,
// instants become instants, counters counters. What cannot be translated is counted (import_losses.hpp). Times stay as they
// are in the trace, in ns: where they begin is the importer's business. One thread. Internal to analyzer/import.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/import/annotations.hpp"
#include "analyzer/import/chrome_event.hpp"
#include "analyzer/import/gpu_words.hpp"
#include "analyzer/import/import_losses.hpp"
#include "analyzer/import/trace_lanes.hpp"
#include "trace/kinds.hpp"
#include "trace/recording_builder.hpp"

namespace stepscope::analysis::importing {

class EventTranslator : public EventHandler {
 public:
  explicit EventTranslator(trace::RecordingBuilder& builder) : builder_(builder), annotations_(builder) {}

  void on_event(const ChromeEvent& event) override;
  // After the last event: steps, ranges that never ended, lanes.
  [[nodiscard]] trace::Status finish();

  // The first error of the builder (disk full); events after it are ignored.
  [[nodiscard]] const trace::Status& status() const;
  [[nodiscard]] ImportLosses& losses() { return losses_; }
  [[nodiscard]] uint64_t rows() const { return rows_ + annotations_.rows(); }
  [[nodiscard]] int64_t first_ns() const { return first_ns_; }
  [[nodiscard]] uint32_t profiled_process() const { return lanes_.profiled_process(); }

 private:
  enum class Category : uint8_t;
  struct Time {
    int64_t start_ns = 0;
    int64_t dur_ns = 0;
  };
  struct OpenRange {
    int64_t start_ns = 0;
    int64_t name = 0;
    int64_t category = 0;
  };
  struct Place {  // of work on a GPU
    int64_t device = 0;
    int64_t context = 0;
    int64_t stream = 0;
    int64_t correlation = 0;
    uint32_t lane = 0;
  };

  [[nodiscard]] static Category category_of(std::string_view text);
  [[nodiscard]] bool read_time(const ChromeEvent& event, Time* out);
  [[nodiscard]] static Place place_of(const ChromeEvent& event);
  [[nodiscard]] uint32_t counted(uint32_t lane);
  [[nodiscard]] int64_t signature(const EventArgs& args);
  template <size_t N>
  void add(trace::Kind kind, uint32_t lane, const std::array<int64_t, N>& row);

  void complete(const ChromeEvent& event);
  void begin_range(const ChromeEvent& event);
  void end_range(const ChromeEvent& event);
  void instant(const ChromeEvent& event);
  void counter(const ChromeEvent& event);
  void metadata(const ChromeEvent& event);
  void kernel(const ChromeEvent& event, const Time& time);
  void copy(const ChromeEvent& event, const Time& time);
  void set(const ChromeEvent& event, const Time& time);
  void collective(const ChromeEvent& event, const Time& time, int64_t correlation);
  void sync(const ChromeEvent& event, const Time& time);
  void cuda_event(const ChromeEvent& event, const Time& time);
  void host_range(const ChromeEvent& event, const Time& time);
  void range(std::string_view name, std::string_view category, uint32_t lane, const Time& time,
             std::string_view shapes = {});

  trace::RecordingBuilder& builder_;
  trace::Status status_;
  TraceLanes lanes_;
  Annotations annotations_;
  ImportLosses losses_;
  uint64_t rows_ = 0;
  int64_t first_ns_ = 0;  // of the first event with a time
  int64_t last_end_ns_ = 0;
  std::map<LaunchShape, int64_t> signatures_;
  std::map<uint32_t, std::vector<OpenRange>> open_;  // by lane
};

}  // namespace stepscope::analysis::importing
