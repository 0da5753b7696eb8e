// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/cupti/decoder.hpp"

#include <string.h>
#include <sys/mman.h>

#include "collector/gpu_table.hpp"
#include "collector/sources/cupti/cupti_abi.hpp"
#include "collector/text.hpp"

namespace stepscope::collector::cupti {
namespace {

constexpr size_t kNames = 1 << 14;
constexpr size_t kSignatures = 1 << 16;
constexpr size_t kMaxSignatures = kSignatures / 2;
constexpr size_t kLanes = 1 << 12;
constexpr size_t kMaxLanes = kLanes / 2;
constexpr size_t kContexts = 512;
constexpr size_t kGraphs = 1 << 12;
constexpr size_t kNodes = 1 << 17;
constexpr size_t kNameHead = 24;
constexpr char kUnnamed[] = "(unnamed kernel)";

uint64_t mix(uint64_t value) noexcept {
  value ^= value >> 32;
  value *= 0x9e3779b97f4a7c15U;
  return value ^ value >> 29;
}

}  // namespace

// Zero-filled by the mapping: no entry is valid.
struct Decoder::Tables {
  struct Name {
    const char* address;
    uint32_t id;
    uint32_t epoch;
    char head[kNameHead];  // an address may hold another text later; a look at its front is all that is safe
  } names[kNames];
  struct SignatureEntry {
    Signature signature;
    uint32_t id;
  } signatures[kSignatures];
  size_t signature_count;
  struct Lane {
    LaneKey key;
    uint32_t id;
    uint32_t epoch;
  } lanes[kLanes];
  size_t lane_count;
  struct Context {
    uint32_t context;
    uint32_t device;
    bool green;
  } contexts[kContexts];
  size_t context_count;
  struct Graph {
    uint32_t graph;
    uint32_t nodes;  // different ones seen
  } graphs[kGraphs];
  struct Node {
    uint64_t node;
    uint32_t graph;
  } nodes[kNodes];

  Graph* find_graph(uint32_t graph, bool add) noexcept {
    for (size_t probe = 0; probe < 16; ++probe) {
      Graph& entry = graphs[(mix(graph) + probe) % kGraphs];
      if (entry.graph == 0 && add) {
        entry.graph = graph;
      }
      if (entry.graph == graph) {
        return &entry;
      }
    }
    return nullptr;
  }
};

bool Windows::contains(int64_t ns) const noexcept {
  const uint32_t known = __atomic_load_n(&count, __ATOMIC_ACQUIRE);
  for (uint32_t i = known; i-- > 0;) {
    if (ns >= spans[i].begin_ns) {
      return ns < __atomic_load_n(&spans[i].end_ns, __ATOMIC_RELAXED);
    }
  }
  return false;
}

bool Decoder::open(trace::Spool& spool, const Windows& windows) noexcept {
  void* memory = mmap(nullptr, sizeof(Tables), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) {
    return false;
  }
  tables_ = static_cast<Tables*>(memory);
  spool_ = &spool;
  windows_ = &windows;
  return true;
}

void Decoder::decode(uint8_t* buffer, size_t valid, const RecordWalk& walk, trace::Ring* ring,
                     int64_t now_ns) noexcept {
  if (described_ != nullptr) {
    layouts_.learn(*described_);
  }
  const void* record = nullptr;
  Event event;
  while ((record = walk.next(walk.context, buffer, valid, record)) != nullptr) {
    ++counts_.records;
    switch (translate(record, layouts_, event)) {
      case Translation::kEventBadTime:
        ++counts_.bad_time;
        push(event, ring, now_ns);
        break;
      case Translation::kEvent:
        push(event, ring, now_ns);
        break;
      case Translation::kNoTime:
        ++counts_.no_time;
        break;
      case Translation::kMetadata:
        note_metadata(record);
        break;
      case Translation::kUnknown:
        ++counts_.unknown;
        break;
      case Translation::kUndescribed:
        ++counts_.undescribed;
        break;
      case Translation::kFiltered:
        break;
    }
  }
}

// What has to be known of events that no window keeps, too: whether CUPTI delivers them at all, and what graphs are made of.
void Decoder::note(const Event& event) noexcept {
  using trace::Kind;
  switch (event.kind) {
    case Kind::kKernel:
      ++counts_.kernels;
      note_node(event, 6);
      break;
    case Kind::kMemcpy:
      note_node(event, 12);
      break;
    case Kind::kMemset:
      note_node(event, 8);
      break;
    case Kind::kGraphLaunch:
      ++counts_.graph_launches;
      break;
    default:
      break;
  }
}

void Decoder::push(Event& event, trace::Ring* ring, int64_t now_ns) noexcept {
  using trace::Kind;
  note(event);
  if (windows_->active && event.clock == trace::Clock::kCupti && !windows_->contains(event.values[0])) {
    ++counts_.outside_window;
    return;
  }
  switch (event.kind) {
    case Kind::kGraphLaunch:
      event.values[7] = nodes_of(static_cast<uint32_t>(event.values[2]));
      break;
    case Kind::kSync:
      event.values[3] = device_of(event.lane.context);
      break;
    case Kind::kExternalId:
      event.values[0] = now_ns;
      break;
    default:
      break;
  }
  if (event.name_column != 0) {
    event.values[event.name_column] = name_id(event.name);
  }
  if (event.signature_column != 0) {
    event.values[event.signature_column] = signature_id(event.signature);
  }
  spool_->push(ring, event.kind, lane_id(event.lane), event.values, event.count, event.clock);
  if (++pushed_ >= kDrainEvery) {
    pushed_ = 0;
    spool_->drain();
  }
}

// Column `graph` of an event; the node is in the next one.
void Decoder::note_node(const Event& event, size_t column) noexcept {
  if (event.values[column] != 0) {
    count_node(static_cast<uint32_t>(event.values[column]), static_cast<uint64_t>(event.values[column + 1]));
  }
}

// ---- names ----

uint32_t Decoder::name_id(const char* name) noexcept {
  if (name == nullptr) {
    return spool_->intern(kUnnamed, sizeof(kUnnamed) - 1);
  }
  Tables::Name& entry = tables_->names[mix(reinterpret_cast<uintptr_t>(name)) % kNames];
  if (entry.address == name && entry.epoch == names_epoch_ && strncmp(entry.head, name, kNameHead) == 0) {
    return entry.id;
  }
  entry.address = name;
  entry.epoch = names_epoch_;
  strncpy(entry.head, name, kNameHead);
  entry.id = spool_->intern(name, strlen(name));
  return entry.id;
}

uint32_t Decoder::signature_id(const Signature& signature) noexcept {
  static_assert(sizeof(Signature) == 9 * sizeof(uint32_t));
  uint64_t words[5] = {};
  memcpy(words, &signature, sizeof(signature));
  uint64_t hash = 0;
  for (const uint64_t word : words) {
    hash = mix(hash ^ word);
  }
  for (size_t probe = 0; probe < kSignatures; ++probe) {
    Tables::SignatureEntry& entry = tables_->signatures[(hash + probe) % kSignatures];
    if (entry.id == 0) {
      if (tables_->signature_count >= kMaxSignatures) {
        ++counts_.signatures_full;
        return 0;
      }
      ++tables_->signature_count;
      char text[128];
      const size_t length = format_signature(signature, text, sizeof(text));
      entry.signature = signature;
      entry.id = spool_->intern(text, length);
      return entry.id;
    }
    if (memcmp(&entry.signature, &signature, sizeof(signature)) == 0) {
      return entry.id;
    }
  }
  return 0;
}

// ---- lanes ----

uint32_t Decoder::lane_id(const LaneKey& key) noexcept {
  const bool of_thread = key.type == LaneType::kThread;
  const uint64_t hash = mix((uint64_t{key.device} << 40 ^ uint64_t{key.context} << 20 ^ key.stream) +
                            static_cast<uint64_t>(key.type) * 0x1000003D);
  for (size_t probe = 0; probe < kLanes; ++probe) {
    Tables::Lane& lane = tables_->lanes[(hash + probe) % kLanes];
    const bool same = lane.id != 0 && lane.key.type == key.type && lane.key.device == key.device &&
                      lane.key.context == key.context && lane.key.stream == key.stream;
    if (same && (!of_thread || lane.epoch == threads_epoch_)) {
      return lane.id;
    }
    if (same || lane.id == 0) {
      if (!same && tables_->lane_count >= kMaxLanes) {
        break;
      }
      tables_->lane_count += same ? 0 : 1;
      lane.key = key;
      lane.id = declare(key);
      lane.epoch = threads_epoch_;
      return lane.id;
    }
  }
  spool_->loss("cupti.lane_table_full", 1);  // the event goes to the drain thread's own lane
  return 0;
}

uint32_t Decoder::declare(const LaneKey& key) noexcept {
  TextBuffer<96> name;
  switch (key.type) {
    case LaneType::kStream: {
      note_context(key.context, key.device, false);
      size_t contexts = 0;
      for (size_t i = 0; i < tables_->context_count; ++i) {
        contexts += tables_->contexts[i].device == key.device ? 1 : 0;
      }
      name.add("GPU ").add_u64(key.device);
      if (contexts > 1 || is_green(key.context)) {
        name.add(is_green(key.context) ? " green context " : " context ").add_u64(key.context);
      }
      name.add(" stream ").add_u64(key.stream);
      return spool_->declare_lane("stream", name.c_str(), 0);
    }
    case LaneType::kThread:
      return spool_->thread_lane(key.stream, "");
    case LaneType::kSync:
      name.add("CUDA waits, context ").add_u64(key.context);
      return spool_->declare_lane("sync", name.c_str(), 0);
    case LaneType::kMemory:
      name.add("GPU ").add_u64(key.device).add(" memory");
      return spool_->declare_lane("memory", name.c_str(), 0);
    case LaneType::kDevice:
      name.add("GPU ").add_u64(key.device);
      return spool_->declare_lane("device", name.c_str(), 0);
    case LaneType::kProcess:
      break;
  }
  return spool_->declare_lane("driver", "CUDA driver", 0);
}

// ---- graphs ----

// A node is counted the first time it is seen; the launches that are recorded node by node are few.
void Decoder::count_node(uint32_t graph, uint64_t node) noexcept {
  const uint64_t hash = mix(node ^ uint64_t{graph} << 32);
  for (size_t probe = 0; probe < 16; ++probe) {
    Tables::Node& entry = tables_->nodes[(hash + probe) % kNodes];
    if (entry.graph == graph && entry.node == node) {
      return;
    }
    if (entry.graph == 0) {
      entry = {node, graph};
      if (Tables::Graph* counted = tables_->find_graph(graph, true); counted != nullptr) {
        ++counted->nodes;
      }
      return;
    }
  }
}

int64_t Decoder::nodes_of(uint32_t graph) const noexcept {
  const Tables::Graph* known = tables_->find_graph(graph, false);
  return known != nullptr ? known->nodes : 0;
}

// ---- what is not an event ----

void Decoder::note_metadata(const void* record) noexcept {
  const auto kind = abi::field<uint32_t>(record, abi::kKindAt);
  const Record r(record, layouts_.of(kind));
  if (kind == abi::kDevice) {
    note_device(r);
  } else if (kind == abi::kContext) {
    namespace f = context_field;
    note_context(static_cast<uint32_t>(r[f::kContext]), static_cast<uint32_t>(r[f::kDevice]),
                 r[f::kIsGreen] != 0);
  } else if (kind == abi::kStream) {
    note_stream(r);
  }
}

// Priorities decide who waits for whom; the default is not worth a fact.
void Decoder::note_stream(const Record& record) noexcept {
  namespace f = stream_field;
  const auto priority = static_cast<int32_t>(record[f::kPriority]);
  if (priority != 0) {
    TextBuffer<64> key;
    key.add("stream.").add_u64(record[f::kContext]).add('.');
    key.add_u64(record[f::kStream]).add(".priority");
    TextBuffer<16> value;
    value.add_i64(priority);
    spool_->meta(key.c_str(), value.c_str());
  }
}

void Decoder::note_context(uint32_t context, uint32_t device, bool green) noexcept {
  for (size_t i = 0; i < tables_->context_count; ++i) {
    if (tables_->contexts[i].context == context) {
      tables_->contexts[i].green |= green;
      return;
    }
  }
  if (tables_->context_count < kContexts) {
    tables_->contexts[tables_->context_count++] = {context, device, green};
  }
}

bool Decoder::is_green(uint32_t context) const noexcept {
  for (size_t i = 0; i < tables_->context_count; ++i) {
    if (tables_->contexts[i].context == context) {
      return tables_->contexts[i].green;
    }
  }
  return false;
}

uint32_t Decoder::device_of(uint32_t context) const noexcept {
  for (size_t i = 0; i < tables_->context_count; ++i) {
    if (tables_->contexts[i].context == context) {
      return tables_->contexts[i].device;
    }
  }
  return 0;
}

void Decoder::note_device(const Record& record) noexcept {
  namespace f = device_field;
  const auto id = static_cast<uint32_t>(record[f::kId]);
  const auto put = [&](const char* what, const char* value) {
    TextBuffer<64> key;
    key.add("device.").add_u64(id).add('.').add(what);
    spool_->meta(key.c_str(), value);
  };
  if (const char* name = record.text(f::kName); name != nullptr) {
    put("name", name);
  }
  const uint64_t halves[] = {record[f::kUuidFront], record[f::kUuidBack]};
  uint8_t bytes[kGpuUuidSize];
  static_assert(sizeof(bytes) == sizeof(halves));
  memcpy(bytes, halves, sizeof(bytes));
  TextBuffer<48> uuid;
  uuid.add("GPU-");
  for (size_t i = 0; i < sizeof(bytes); ++i) {
    uuid.add(i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "");
    uuid.add("0123456789abcdef"[bytes[i] >> 4]).add("0123456789abcdef"[bytes[i] & 15]);
  }
  put("uuid", uuid.c_str());
  (void)note_gpu(id, bytes);
  TextBuffer<32> capability;
  capability.add_u64(record[f::kComputeMajor]).add('.').add_u64(record[f::kComputeMinor]);
  put("compute_capability", capability.c_str());
  TextBuffer<32> number;
  number.add_u64(record[f::kMemory]);
  put("memory_bytes", number.c_str());
  number.clear();
  number.add_u64(record[f::kMultiprocessors]);
  put("multiprocessors", number.c_str());
}

}  // namespace stepscope::collector::cupti
