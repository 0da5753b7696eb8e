// SPDX-License-Identifier: Apache-2.0
#include "analyzer/import/event_translator.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <iterator>
#include <system_error>
#include <utility>

#include "analyzer/import/decimal.hpp"
#include "analyzer/import/op_shapes.hpp"

namespace stepscope::analysis::importing {
namespace {

using trace::Kind;
using trace::Status;

constexpr auto kImported = static_cast<int64_t>(trace::Source::kImport);
constexpr int64_t kDay = int64_t{86400} * 1000 * 1000 * 1000;
constexpr int64_t kLatest = int64_t{1} << 62U;
constexpr size_t kMaxDepth = 4096;
constexpr std::string_view kStreamWord = "stream ";
constexpr std::string_view kAddress = " at 0x";

int64_t integer_or(std::string_view text, int64_t fallback) {
  return text.empty() ? fallback : parse_integer(text).value_or(fallback);
}

// 2021's traces call the thread "stream 7".
int64_t stream_of(std::string_view tid) {
  return integer_or(tid.starts_with(kStreamWord) ? tid.substr(kStreamWord.size()) : tid, 0);
}

}  // namespace

enum class EventTranslator::Category : uint8_t {
  kOther,
  kKernel,
  kMemcpy,
  kMemset,
  kApi,
  kSync,
  kCudaEvent,
  kOverhead,
  kGpuAnnotation,
  kHost,
};

EventTranslator::Category EventTranslator::category_of(std::string_view text) {
  struct Row {
    std::string_view text;
    Category category;
  };
  // The names of 2020 to 2021, then those since; the frequent ones first.
  static constexpr Row kRows[] = {
      {"cpu_op", Category::kHost},
      {"python_function", Category::kHost},
      {"cuda_runtime", Category::kApi},
      {"kernel", Category::kKernel},
      {"user_annotation", Category::kHost},
      {"gpu_memcpy", Category::kMemcpy},
      {"gpu_memset", Category::kMemset},
      {"cuda_driver", Category::kApi},
      {"gpu_user_annotation", Category::kGpuAnnotation},
      {"cuda_sync", Category::kSync},
      {"cuda_event", Category::kCudaEvent},
      {"overhead", Category::kOverhead},
      {"Operator", Category::kHost},
      {"Runtime", Category::kApi},
      {"Kernel", Category::kKernel},
      {"Memcpy", Category::kMemcpy},
      {"Memset", Category::kMemset},
      {"hip_runtime", Category::kApi},
      {"xpu_runtime", Category::kApi},
      {"mtia_runtime", Category::kApi},
      {"privateuse1_runtime", Category::kApi},
      {"privateuse1_driver", Category::kApi},
  };
  const auto* const found =
      std::find_if(std::begin(kRows), std::end(kRows), [text](const Row& row) { return row.text == text; });
  return found == std::end(kRows) ? Category::kOther : found->category;
}

const Status& EventTranslator::status() const {
  return status_.ok() ? annotations_.status() : status_;
}

template <size_t N>
void EventTranslator::add(Kind kind, uint32_t lane, const std::array<int64_t, N>& row) {
  if (lane == 0) {
    ++losses_.too_many_lanes;
    return;
  }
  ++rows_;
  if (Status status = builder_.add(kind, lane, row); !status.ok() && status_.ok()) {
    status_ = std::move(status);
  }
}

uint32_t EventTranslator::counted(uint32_t lane) {
  lanes_.count_event(lane);
  return lane;
}

void EventTranslator::on_event(const ChromeEvent& event) {
  switch (event.phase) {
    case 'X':
      return complete(event);
    case 's':
    case 't':
    case 'f':
      ++losses_.flow;
      return;
    case 'i':
    case 'I':
    case 'R':
      return instant(event);
    case 'B':
      return begin_range(event);
    case 'E':
      return end_range(event);
    case 'C':
      return counter(event);
    case 'M':
      return metadata(event);
    case 'b':
    case 'n':
    case 'e':
    case 'S':
    case 'T':
    case 'p':
    case 'F':
    case 'N':
    case 'O':
    case 'D':
      ++losses_.async_event;
      return;
    case '\0':
      ++losses_.bad_event;
      return;
    default:
      ++losses_.unknown_phase;
  }
}

// False: there is no usable time, and the event is counted.
bool EventTranslator::read_time(const ChromeEvent& event, Time* out) {
  const std::optional<int64_t> start = parse_microseconds(event.ts);
  const std::optional<int64_t> dur =
      event.dur.empty() ? std::optional<int64_t>(0) : parse_microseconds(event.dur);
  if (!start.has_value() || !dur.has_value() || *dur > kLatest - std::max<int64_t>(0, *start)) {
    ++losses_.bad_time;
    return false;
  }
  losses_.negative_duration += *dur < 0 ? 1U : 0U;
  out->start_ns = *start;
  out->dur_ns = std::max<int64_t>(0, *dur);
  if (rows_ == 0 && first_ns_ == 0) {
    first_ns_ = *start;
  }
  losses_.clock_jump += *start - first_ns_ > kDay || first_ns_ - *start > kDay ? 1U : 0U;
  last_end_ns_ = std::max(last_end_ns_, out->start_ns + out->dur_ns);
  return true;
}

void EventTranslator::complete(const ChromeEvent& event) {
  Time time;
  if (!read_time(event, &time)) {
    return;
  }
  switch (category_of(event.category)) {
    case Category::kKernel:
      return kernel(event, time);
    case Category::kMemcpy:
      return copy(event, time);
    case Category::kMemset:
      return set(event, time);
    case Category::kApi:
      return add(Kind::kCudaApi, counted(lanes_.thread(event.pid, event.tid)),
                 std::array<int64_t, 5>{time.start_ns, time.dur_ns, builder_.intern(event.name),
                                        integer_or(event.args.correlation, 0), 0});
    case Category::kSync:
      return sync(event, time);
    case Category::kCudaEvent:
      return cuda_event(event, time);
    case Category::kOverhead:
      return add(Kind::kOverhead, lanes_.overhead(),
                 std::array<int64_t, 3>{time.start_ns, time.dur_ns, builder_.intern(event.name)});
    case Category::kGpuAnnotation:
      // What the host said stands on its thread; ProfilerStep# here is the span of its kernels, no step.
      return range(event.name, event.category,
                   lanes_.annotation(integer_or(event.pid, 0), stream_of(event.tid)), time);
    case Category::kHost:
      return host_range(event, time);
    case Category::kOther:
      return range(event.name, event.category, counted(lanes_.thread(event.pid, event.tid)), time);
  }
}

EventTranslator::Place EventTranslator::place_of(const ChromeEvent& event) {
  Place out;
  out.device = integer_or(event.args.device, integer_or(event.pid, 0));
  out.context = integer_or(event.args.context, 0);
  out.stream = event.args.stream.empty() ? stream_of(event.tid) : integer_or(event.args.stream, 0);
  out.correlation = integer_or(event.args.correlation, 0);
  return out;
}

int64_t EventTranslator::signature(const EventArgs& args) {
  LaunchShape shape;
  for (size_t i = 0; i < 3; ++i) {
    shape.grid[i] = integer_or(args.grid[i], -1);
    shape.block[i] = integer_or(args.block[i], -1);
  }
  shape.registers = integer_or(args.registers, -1);
  shape.shared_bytes = integer_or(args.shared_memory, -1);
  const auto [found, fresh] = signatures_.try_emplace(shape, 0);
  if (fresh) {
    found->second = builder_.intern(launch_text(shape));
  }
  return found->second;
}

void EventTranslator::kernel(const ChromeEvent& event, const Time& time) {
  const Place at = place_of(event);
  add(Kind::kKernel, lanes_.stream(at.device, at.context, at.stream),
      std::array<int64_t, 10>{time.start_ns, time.dur_ns, builder_.intern(event.name), at.device, at.stream,
                              at.correlation, integer_or(event.args.graph, 0),
                              integer_or(event.args.graph_node, 0), at.context, signature(event.args)});
  if (!event.args.collective.empty()) {
    collective(event, time, at.correlation);
  }
}

void EventTranslator::copy(const ChromeEvent& event, const Time& time) {
  const Place at = place_of(event);
  const CopyName name = parse_copy_name(event.name);
  add(Kind::kMemcpy, lanes_.stream(at.device, at.context, at.stream),
      std::array<int64_t, 14>{time.start_ns, time.dur_ns, static_cast<int64_t>(name.kind),
                              integer_or(event.args.bytes, 0), at.device, at.stream, at.correlation, 0,
                              at.context, static_cast<int64_t>(name.source),
                              static_cast<int64_t>(name.target), 0, integer_or(event.args.graph, 0),
                              integer_or(event.args.graph_node, 0)});
}

void EventTranslator::set(const ChromeEvent& event, const Time& time) {
  const Place at = place_of(event);
  add(Kind::kMemset, lanes_.stream(at.device, at.context, at.stream),
      std::array<int64_t, 10>{time.start_ns, time.dur_ns, integer_or(event.args.bytes, 0), at.device,
                              at.stream, at.correlation, at.context,
                              static_cast<int64_t>(parse_memset_name(event.name)),
                              integer_or(event.args.graph, 0), integer_or(event.args.graph_node, 0)});
}

// A communication kernel that says which collective it is. `count` has NCCL's meaning: for a reduce_scatter what one rank
// receives, else what it sends.
void EventTranslator::collective(const ChromeEvent& event, const Time& time, int64_t correlation) {
  const EventArgs& args = event.args;
  const ElementType type = element_type(args.dtype);
  const bool receives = args.collective.find("reduce_scatter") != std::string_view::npos ||
                        args.collective.find("recv") != std::string_view::npos;
  const int64_t count =
      std::clamp<int64_t>(integer_or(receives ? args.out_elements : args.in_elements, 0), 0, kLatest / 16);
  const std::string_view group = args.group_description.empty() ? args.group_name : args.group_description;
  std::string name(group.empty() ? std::string_view("communicator") : group);
  if (!args.group_size.empty()) {
    name.append(" of ").append(args.group_size);
  }
  uint32_t comm = 0;
  const uint32_t lane = lanes_.communicator(name, &comm);
  const bool message = args.collective == "send" || args.collective == "recv";
  const int64_t peer = integer_or(args.collective == "recv" ? args.source_rank : args.target_rank, -1);
  add(Kind::kCollective, lane,
      std::array<int64_t, 18>{time.start_ns, time.dur_ns, builder_.intern(args.collective), comm,
                              integer_or(args.sequence, 0), count * type.bytes, builder_.intern(type.name),
                              integer_or(args.group_size, 0), -1, message ? peer : -1, kImported, count, 0, 0,
                              0, time.start_ns, correlation, message ? trace::kCollectivePointToPoint : 0});
}

void EventTranslator::sync(const ChromeEvent& event, const Time& time) {
  const Place at = place_of(event);
  const std::string_view kind = event.args.sync_kind.empty() ? event.name : event.args.sync_kind;
  add(Kind::kSync, lanes_.sync(at.context),
      std::array<int64_t, 8>{time.start_ns, time.dur_ns, static_cast<int64_t>(parse_sync_kind(kind)),
                             at.device, std::max<int64_t>(0, at.stream), at.correlation, at.context,
                             std::max<int64_t>(0, integer_or(event.args.wait_event_id, 0))});
}

void EventTranslator::cuda_event(const ChromeEvent& event, const Time& time) {
  const Place at = place_of(event);
  add(Kind::kCudaEvent, lanes_.stream(at.device, at.context, at.stream),
      std::array<int64_t, 6>{time.start_ns, integer_or(event.args.event_id, 0), at.device, at.stream,
                             at.context, at.correlation});
}

void EventTranslator::host_range(const ChromeEvent& event, const Time& time) {
  const uint32_t lane = counted(lanes_.thread(event.pid, event.tid));
  if (lane != 0 && annotations_.take(event.name, lane, time.start_ns, time.dur_ns)) {
    return;
  }
  if (const size_t address = event.name.find(kAddress); address != std::string_view::npos) {
    // "<built-in method to of Tensor object at 0x7d67180cc190>": the object is another one at every call.
    return range(std::string(event.name.substr(0, address)) + ">", event.category, lane, time);
  }
  // "Operator" is what "cpu_op" was called until 2021; annotations came under that name too.
  range(event.name, event.category == "Operator" ? "cpu_op" : event.category, lane, time, event.args.shapes);
}

void EventTranslator::range(std::string_view name, std::string_view category, uint32_t lane, const Time& time,
                            std::string_view shapes) {
  const std::string kept = compact_shapes(shapes);
  add(Kind::kRange, lane,
      std::array<int64_t, 9>{time.start_ns, time.dur_ns, builder_.intern(name), 0, builder_.intern(category),
                             kImported, 0, kept.empty() ? 0 : trace::kPayloadShapes,
                             kept.empty() ? 0 : builder_.intern(kept)});
}

void EventTranslator::begin_range(const ChromeEvent& event) {
  Time time;
  const uint32_t lane = counted(lanes_.thread(event.pid, event.tid));
  if (!read_time(event, &time)) {
    return;
  }
  std::vector<OpenRange>& open = open_[lane];
  if (open.size() >= kMaxDepth) {
    ++losses_.too_deep;
    return;
  }
  open.push_back({time.start_ns, builder_.intern(event.name), builder_.intern(event.category)});
}

void EventTranslator::end_range(const ChromeEvent& event) {
  Time time;
  const uint32_t lane = lanes_.thread(event.pid, event.tid);
  if (!read_time(event, &time)) {
    return;
  }
  std::vector<OpenRange>& open = open_[lane];
  if (open.empty()) {
    ++losses_.unmatched_end;
    return;
  }
  const OpenRange one = open.back();
  open.pop_back();
  const int64_t dur_ns = time.start_ns - one.start_ns;
  losses_.negative_duration += dur_ns < 0 ? 1U : 0U;
  add(Kind::kRange, lane,
      std::array<int64_t, 9>{one.start_ns, std::max<int64_t>(0, dur_ns), one.name, 0, one.category, kImported,
                             0, 0, 0});
}

void EventTranslator::instant(const ChromeEvent& event) {
  Time time;
  if (read_time(event, &time)) {
    add(Kind::kInstant, lanes_.thread(event.pid, event.tid),
        std::array<int64_t, 7>{time.start_ns, builder_.intern(event.name), 0, builder_.intern(event.category),
                               kImported, 0, 0});
  }
}

void EventTranslator::counter(const ChromeEvent& event) {
  Time time;
  if (!read_time(event, &time)) {
    return;
  }
  const uint32_t lane = lanes_.thread(event.pid, event.tid);
  for (size_t i = 0; i < event.args.series_count; ++i) {
    const auto& [series, text] = event.args.series[i];
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || !std::isfinite(value)) {
      ++losses_.bad_event;
      continue;
    }
    std::string name(event.name);
    if (event.args.series_count > 1) {
      name.append(".").append(series);
    }
    add(Kind::kCounter, lane,
        std::array<int64_t, 4>{time.start_ns, builder_.intern(name), std::bit_cast<int64_t>(value), 0});
  }
}

void EventTranslator::metadata(const ChromeEvent& event) {
  if (event.name == "thread_name" && !event.args.label.empty()) {
    lanes_.name_thread(event.pid, event.tid, event.args.label);
  }
}

Status EventTranslator::finish() {
  for (auto& [lane, open] : open_) {
    for (const OpenRange& one : open) {
      ++losses_.unended_begin;
      add(Kind::kRange, lane,
          std::array<int64_t, 9>{one.start_ns, std::max<int64_t>(0, last_end_ns_ - one.start_ns), one.name, 0,
                                 one.category, kImported, trace::kFlagUnfinished, 0, 0});
    }
  }
  open_.clear();
  if (Status written = annotations_.write(lanes_.main_thread()); !written.ok()) {
    return written;
  }
  lanes_.declare(builder_);
  return status();
}

}  // namespace stepscope::analysis::importing
