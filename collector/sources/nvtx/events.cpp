// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/nvtx/events.hpp"

#include "collector/clock.hpp"
#include "collector/collective_voice.hpp"
#include "collector/process_state.hpp"
#include "collector/setup_calls.hpp"
#include "collector/sources/nvtx/names.hpp"
#include "collector/sources/nvtx/payload_schema.hpp"
#include "collector/sources/nvtx/process_ranges.hpp"
#include "collector/sources/nvtx/setup_range.hpp"
#include "collector/thread_state.hpp"

namespace stepscope::collector::nvtx {
namespace {

constexpr auto kSource = static_cast<uint16_t>(trace::Source::kNvtx);
// Column payload_type of range and instant: NVTX's own numbers 1..6, and 9 for a structure (0xDFBD0009 in NVTX).
constexpr uint16_t kStructure = 9;
// Up to here an EventAttributes must reach for us to read it.
constexpr size_t kNeededBytes = offsetof(EventAttributes, message) + sizeof(void*);

// Handles of domains and registered strings are our own Name objects.
Name* as_name(const void* handle) noexcept {
  return static_cast<Name*>(const_cast<void*>(handle));
}

uint32_t domain_id(const void* domain) noexcept {
  return domain == nullptr ? 0 : as_name(domain)->id();
}

uint32_t message_id(int32_t type, const void* message) noexcept {
  if (message == nullptr) {
    return 0;
  }
  switch (type) {
    case kMessageAscii:
      return intern(static_cast<const char*>(message));
    case kMessageWide:
      return intern(static_cast<const wchar_t*>(message));
    case kMessageRegistered:
      return as_name(message)->id();
    default:
      return 0;
  }
}

int64_t narrow_payload(int32_t type, uint64_t raw) noexcept {
  switch (type) {
    case kPayloadUint32:
      return static_cast<int64_t>(raw & 0xFFFFFFFFU);
    case kPayloadInt32:
      return static_cast<int32_t>(raw & 0xFFFFFFFFU);
    case kPayloadFloat: {  // stored as a double, like type 3
      auto bits32 = static_cast<uint32_t>(raw);
      float narrow;
      memcpy(&narrow, &bits32, sizeof(narrow));
      double wide = static_cast<double>(narrow);
      int64_t bits;
      memcpy(&bits, &wide, sizeof(bits));
      return bits;
    }
    default:
      return static_cast<int64_t>(raw);
  }
}

// Everything of an event but its end. `message` gets the facts of a collective when there are some.
void describe(const void* domain, const EventAttributes* event, trace::Spool::OpenRange& range,
              DecodedPayload& message) noexcept {
  range.domain = domain_id(domain);
  range.source = kSource;
  if (event == nullptr || event->size < kNeededBytes) {
    return;
  }
  range.name = message_id(event->message_type, event->message);
  range.category = category_id(domain, event->category);
  if (static_cast<uint32_t>(event->payload_type) == kPayloadExtended) {
    const auto* payloads = reinterpret_cast<const PayloadData*>(static_cast<uintptr_t>(event->payload));
    size_t count = event->payload_count > 0 ? static_cast<size_t>(event->payload_count) : 0;
    if (decode_payload(domain, payloads, count, message)) {
      range.payload_type = kStructure;
      range.payload = message.value;
    }
  } else if (event->payload_type > 0 && event->payload_type <= int32_t{kPayloadFloat}) {
    range.payload_type = static_cast<uint16_t>(event->payload_type);
    range.payload = narrow_payload(event->payload_type, event->payload);
  }
}

void describe_payload(const void* domain, const PayloadData* payloads, size_t count,
                      trace::Spool::OpenRange& range, DecodedPayload& message) noexcept {
  range.domain = domain_id(domain);
  range.source = kSource;
  if (decode_payload(domain, payloads, count, message)) {
    range.payload_type = kStructure;
    range.payload = message.value;
  }
}

void write_mark(EventScope& scope, const trace::Spool::OpenRange& at) noexcept {
  int64_t values[] = {now_ns(), at.name, at.domain, at.category, kSource, at.payload_type, at.payload};
  scope.push(trace::Kind::kInstant, 0, values, 7);
}

// A range of `domain` opens or closes (+1, -1) inside the pending messages of that domain. Domains nest by themselves: their
// ranges may close in any order among each other.
void note_nested(ThreadState& thread, const void* domain, int change) noexcept {
  for (int i = 0; i < thread.message_count; ++i) {
    if (thread.messages[i].domain == domain) {
      thread.messages[i].nested += change;
    }
  }
}

SetupRange setup_range_of(const void* domain, const EventAttributes* event) noexcept {
  if (domain == nullptr || event == nullptr || event->size < kNeededBytes ||
      event->message_type != kMessageRegistered || event->message == nullptr ||
      as_name(domain)->length != kNcclDomainLength) {
    return SetupRange::kNone;
  }
  return setup_range(as_name(domain)->text(), as_name(event->message)->text());
}

// Begins a range on the calling thread. A message is written as a collective when its range ends.
int begin(EventScope& scope, const void* domain, trace::Spool::OpenRange& range,
          const DecodedPayload& message, SetupRange setup) noexcept {
  ThreadState& thread = scope.thread();
  range.start_ns = now_ns();
  note_nested(thread, domain, 1);
  const bool room = thread.message_count < kMaxMessageDepth;
  if (message.is_message && room) {
    thread.messages[thread.message_count++] = {
        domain, range.start_ns, range.name, message.communicator, message.bytes, message.peer, 0, 0};
  } else if (message.is_message) {
    spool().loss("NVTX messages open at once", 1);
  } else if (setup != SetupRange::kNone && room) {
    const uint32_t call = setup_call_begins(range.start_ns, setup == SetupRange::kAllRanks);
    if (call != 0) {
      thread.messages[thread.message_count++] = {domain, range.start_ns, range.name, 0, 0, -1, 0, call};
    }
  }
  scope.range_push(range);
  return thread.nvtx_depth++;
}

// The innermost range of `domain` closed: the message or the call it was, if it was one, ends. `told` is what its end said.
void end_message(EventScope& scope, const void* domain, const DecodedPayload& told) noexcept {
  ThreadState& thread = scope.thread();
  int at = thread.message_count - 1;
  while (at >= 0 && (thread.messages[at].domain != domain || thread.messages[at].nested != 0)) {
    --at;
  }
  if (at < 0) {
    note_nested(thread, domain, -1);
    return;
  }
  const PendingMessage message = thread.messages[at];
  --thread.message_count;
  for (int i = at; i < thread.message_count; ++i) {
    thread.messages[i] = thread.messages[i + 1];
  }
  note_nested(thread, domain, -1);
  if (message.setup_call != 0) {
    setup_call_ends(message.setup_call, static_cast<uint64_t>(told.communicator), now_ns());
    return;
  }
  if (!nvtx_may_write_collective()) {
    return;  // NCCL's profiler plugin writes it, and knows more of it
  }
  int64_t values[] = {message.start_ns,
                      now_ns() - message.start_ns,
                      message.name,
                      message.communicator,
                      0,
                      message.bytes,
                      0,
                      0,
                      -1,
                      message.peer,
                      kSource};
  scope.push(trace::Kind::kCollective, 0, values, 11);
}

}  // namespace

void mark(const void* domain, const EventAttributes* event) noexcept {
  if (EventScope scope(Door::kNvtx); scope) {
    trace::Spool::OpenRange at{};
    DecodedPayload message;
    describe(domain, event, at, message);
    write_mark(scope, at);
  }
}

int push(const void* domain, const EventAttributes* event) noexcept {
  EventScope scope(Door::kNvtx);
  if (!scope) {
    return -1;
  }
  trace::Spool::OpenRange range{};
  DecodedPayload message;
  describe(domain, event, range, message);
  return begin(scope, domain, range, message, setup_range_of(domain, event));
}

int pop(const void* domain, const PayloadData* payloads, size_t count) noexcept {
  EventScope scope(Door::kNvtx);
  if (!scope) {
    return -1;
  }
  bool popped = scope.range_pop(domain_id(domain));
  ThreadState& thread = scope.thread();
  if (!popped) {
    return -1;
  }
  thread.nvtx_depth -= thread.nvtx_depth > 0 ? 1 : 0;
  DecodedPayload told;
  (void)decode_payload(domain, payloads, count, told);
  end_message(scope, domain, told);
  return thread.nvtx_depth;
}

uint64_t start(const void* domain, const EventAttributes* event) noexcept {
  EventScope scope(Door::kNvtx);
  if (!scope) {
    return 0;
  }
  trace::Spool::OpenRange range{};
  DecodedPayload message;
  describe(domain, event, range, message);
  range.start_ns = now_ns();
  return start_range(range);
}

void end(uint64_t handle) noexcept {
  if (handle == 0) {
    return;
  }
  if (EventScope scope(Door::kNvtx); scope) {
    end_range(scope, handle);
  }
}

template <typename Text>
void mark_text(const Text* text) noexcept {
  if (EventScope scope(Door::kNvtx); scope) {
    trace::Spool::OpenRange at{};
    at.name = intern(text);
    write_mark(scope, at);
  }
}

template <typename Text>
int push_text(const Text* text) noexcept {
  EventScope scope(Door::kNvtx);
  if (!scope) {
    return -1;
  }
  note_nested(scope.thread(), nullptr, 1);
  scope.range_push({now_ns(), intern(text), 0, 0, kSource, 0, 0});
  return scope.thread().nvtx_depth++;
}

template <typename Text>
uint64_t start_text(const Text* text) noexcept {
  EventScope scope(Door::kNvtx);
  return scope ? start_range({now_ns(), intern(text), 0, 0, kSource, 0, 0}) : 0;
}

template void mark_text<char>(const char*) noexcept;
template void mark_text<wchar_t>(const wchar_t*) noexcept;
template int push_text<char>(const char*) noexcept;
template int push_text<wchar_t>(const wchar_t*) noexcept;
template uint64_t start_text<char>(const char*) noexcept;
template uint64_t start_text<wchar_t>(const wchar_t*) noexcept;

void mark_payload(const void* domain, const PayloadData* payloads, size_t count) noexcept {
  if (EventScope scope(Door::kNvtx); scope) {
    trace::Spool::OpenRange at{};
    DecodedPayload message;
    describe_payload(domain, payloads, count, at, message);
    write_mark(scope, at);
  }
}

int push_payload(const void* domain, const PayloadData* payloads, size_t count) noexcept {
  EventScope scope(Door::kNvtx);
  if (!scope) {
    return -1;
  }
  trace::Spool::OpenRange range{};
  DecodedPayload message;
  describe_payload(domain, payloads, count, range, message);
  return begin(scope, domain, range, message, SetupRange::kNone);
}

uint64_t start_payload(const void* domain, const PayloadData* payloads, size_t count) noexcept {
  EventScope scope(Door::kNvtx);
  if (!scope) {
    return 0;
  }
  trace::Spool::OpenRange range{};
  DecodedPayload message;
  describe_payload(domain, payloads, count, range, message);
  range.start_ns = now_ns();
  return start_range(range);
}

void name_object(const char* type, uint64_t id, const char* name) noexcept {
  if (name == nullptr) {
    return;
  }
  if (EventScope scope(Door::kNvtx); scope) {
    TextBuffer<96> key;
    key.add("nvtx.").add(type).add('.').add_u64(id);
    spool().meta(key.c_str(), name);
  }
}

void name_thread(uint32_t tid, const char* name) noexcept {
  name_object("thread", tid, name);
}

void name_resource(const void* domain, const ResourceAttributes* resource) noexcept {
  if (resource == nullptr || resource->message == nullptr) {
    return;
  }
  Name* registered = resource->message_type == kMessageRegistered ? as_name(resource->message) : nullptr;
  char utf8[512];
  TextBuffer<512> name;
  if (registered != nullptr) {
    name.add(registered->text());
  } else if (resource->message_type == kMessageWide) {
    name.add(TextView(utf8, to_utf8(static_cast<const wchar_t*>(resource->message), utf8, sizeof(utf8))));
  } else {
    name.add(static_cast<const char*>(resource->message));
  }
  if (resource->identifier_type == kResourceThreadNative) {
    name_thread(static_cast<uint32_t>(resource->identifier), name.c_str());
    return;
  }
  TextBuffer<64> type;
  type.add("resource.");
  if (domain != nullptr) {
    type.add(as_name(domain)->text().substr(0, 32)).add('.');
  }
  type.add_u64(static_cast<uint32_t>(resource->identifier_type));
  name_object(type.c_str(), resource->identifier, name.c_str());
}

}  // namespace stepscope::collector::nvtx
