// SPDX-License-Identifier: Apache-2.0
//
// The importer of Chrome traces: those of Kineto (torch.profiler), of 2020 to 2026, and trace events in general.
#include <string>
#include <utility>

#include "analyzer/import/chrome_event.hpp"
#include "analyzer/import/event_cutter.hpp"
#include "analyzer/import/event_translator.hpp"
#include "analyzer/import/importer.hpp"
#include "analyzer/import/trace_members.hpp"

namespace stepscope::analysis::importing {
namespace {

using trace::Code;
using trace::RecordingBuilder;
using trace::Result;
using trace::Status;

// Times above it count from 1970 (this is 1973); below, from baseTimeNanoseconds or from something nobody knows.
constexpr int64_t kAbsoluteTime = int64_t{100000} * 1000 * 1000 * 1000 * 1000;

class TraceReader : public EventSink {
 public:
  TraceReader(RecordingBuilder& builder, ImportOutput& output) : translator_(builder), output_(output) {}

  Status on_events(char* text, std::span<const Piece> pieces) override {
    parser_.parse(text, pieces, translator_);
    output_.progress();
    return translator_.status();
  }
  void on_member(std::string_view key, std::string_view json) override { members_.take(key, json); }

  [[nodiscard]] EventTranslator& translator() { return translator_; }
  [[nodiscard]] const TraceMembers& members() const { return members_; }
  [[nodiscard]] const ParseCounts& counts() const { return parser_.counts(); }

 private:
  EventParser parser_;
  EventTranslator translator_;
  TraceMembers members_;
  ImportOutput& output_;
};

// Where the trace's zero is on the wall clock. Without an answer the recording has no anchor, and no wall-clock times.
void add_anchor(const TraceMembers& members, int64_t first_ns, RecordingBuilder& builder) {
  const bool absolute = first_ns > kAbsoluteTime;
  if (absolute || members.base_ns() > 0) {
    trace::ClockAnchor anchor;
    anchor.realtime_ns = absolute ? 0 : members.base_ns();
    builder.add_anchor(anchor);
  }
}

}  // namespace

bool is_chrome_trace(std::string_view head) {
  if (head.starts_with("\xEF\xBB\xBF")) {
    head.remove_prefix(3);
  }
  const size_t first = head.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && (head[first] == '{' || head[first] == '[') &&
         !is_flight_recorder(head);
}

Status read_chrome_trace(ByteSource& source, ImportOutput& output) {
  Result<RecordingBuilder> begun = output.begin("");
  if (!begun.ok()) {
    return begun.status();
  }
  RecordingBuilder& builder = begun.value();
  TraceReader reader(builder, output);
  EventCutter cutter(source, reader);
  Result<CutReport> cut = cutter.run();
  if (!cut.ok()) {
    return cut.status();
  }
  EventTranslator& translator = reader.translator();
  if (Status status = translator.finish(); !status.ok()) {
    return status;
  }
  const ParseCounts& counts = reader.counts();
  const bool damaged = source.end() == SourceEnd::kDamaged;
  const bool cut_off = source.end() == SourceEnd::kCut || (!cut.value().complete && !damaged);
  const auto nothing = [&](const char* cause, const char* remedy) {
    return Status(Code::kUnreadable, "cannot import '" + source.path() + "': " + cause + "; " + remedy);
  };
  if (!cut.value().events && !cut_off && !damaged) {
    return nothing("it is JSON, but it has no traceEvents", "name a trace that torch.profiler has exported");
  }
  if (translator.rows() == 0) {
    return cut_off || damaged
               ? nothing("it ends before its first event", "take a complete copy")
               : nothing("it has no event with a time", "capture again: was the profiler active?");
  }
  ImportLosses& losses = translator.losses();
  losses.bad_event += counts.bad_events + cut.value().strays;
  losses.bad_text += counts.bad_texts;
  losses.cut_off += cut_off ? 1U : 0U;
  losses.damaged += damaged ? 1U : 0U;
  losses.store(builder);
  add_anchor(reader.members(), translator.first_ns(), builder);
  reader.members().store(builder);
  if (const uint32_t pid = translator.profiled_process(); pid != 0) {
    builder.set_meta("process.pid", std::to_string(pid));
  }
  ImportFacts facts;
  facts.format = reader.members().kineto() ? "kineto" : "chrome trace";
  facts.rank = reader.members().rank();
  facts.world_size = reader.members().world_size();
  facts.events = counts.events;
  facts.rows = translator.rows();
  facts.damaged = cut_off || damaged;
  return output.finish(builder, facts);
}

}  // namespace stepscope::analysis::importing
