// SPDX-License-Identifier: Apache-2.0
//
// Column `kernel` of the collectives, filled in at finish(): before, neither all kernels nor all names are there.
#include <algorithm>
#include <array>
#include <deque>

#include "trace/collective_join.hpp"
#include "trace/collective_names.hpp"
#include "trace/recording_builder_state.hpp"

namespace stepscope::trace {
namespace {

using Strings = std::deque<std::string>;

// Where kinds collective and kernel have what is needed here: trace/kinds.cpp.
struct CollectiveColumns {
  static constexpr size_t kOp = 2, kAlgorithm = 12, kEnqueue = 15, kKernel = 16, kFlags = 17;
  static constexpr uint32_t kNeeded =
      1U | 1U << kOp | 1U << kAlgorithm | 1U << kEnqueue | 1U << kKernel | 1U << kFlags;
};
struct KernelColumns {
  static constexpr size_t kName = 2, kCorrelation = 5, kGraph = 6;
  static constexpr uint32_t kNeeded = 1U | 1U << kName | 1U << kCorrelation | 1U << kGraph;
};

// A segment that is in the file already, decoded.
class StoredSegment {
 public:
  StoredSegment(const Database& database, SegmentUnpacker& unpacker)
      : database_(database), unpacker_(unpacker) {}

  // The columns of `mask`; the others are empty. False: damaged.
  bool load(const SegmentEntry& entry, uint32_t mask) {
    const KindInfo& kind = *find_kind(entry.kind);
    std::array<int64_t*, kMaxColumns> out = {};
    for (size_t c = 0; c < kind.column_count; ++c) {
      const bool wanted = (mask >> c & 1U) != 0;
      columns_[c].resize(wanted ? entry.rows : 0);
      out[c] = wanted ? columns_[c].data() : nullptr;
    }
    Statement blob_of(database_, "SELECT data FROM segment WHERE id = ?");
    return blob_of.bind(1, entry.id).next() &&
           unpacker_.unpack(blob_of.blob(0), entry.rows, kind.column_count, out.data());
  }
  std::vector<int64_t>& column(size_t index) { return columns_[index]; }

  // Writes it back; all columns must be loaded.
  bool store(const SegmentEntry& entry, SegmentPacker& packer) const {
    const KindInfo& kind = *find_kind(entry.kind);
    std::array<const int64_t*, kMaxColumns> values = {};
    for (size_t c = 0; c < kind.column_count; ++c) {
      values[c] = columns_[c].data();
    }
    const std::span<const uint8_t> blob =
        packer.pack({kind.columns, kind.column_count}, values.data(), entry.rows);
    Statement row(database_, "UPDATE segment SET data = ? WHERE id = ?");
    return !blob.empty() && row.bind(1, blob).bind(2, entry.id).run();
  }

 private:
  const Database& database_;
  SegmentUnpacker& unpacker_;
  std::array<std::vector<int64_t>, kMaxColumns> columns_;
};

std::string_view string_of(const Strings& strings, int64_t id) {
  return id > 0 && static_cast<uint64_t>(id) <= strings.size() ? strings[static_cast<size_t>(id) - 1]
                                                               : std::string_view();
}

// By string id, the operation of a communication kernel of that name; empty for all other names.
class KernelOps {
 public:
  KernelOps(const std::vector<NameTotal>& totals, const Strings& strings) {
    for (const NameTotal& total : totals) {
      const std::string_view raw = string_of(strings, total.name);
      if (total.kind == Kind::kKernel && is_communication_kernel(raw)) {
        ops_.resize(std::max<size_t>(ops_.size(), size_t{total.name} + 1));
        ops_[total.name] = collective_op(raw.substr(0, raw.find('(')));
      }
    }
  }
  [[nodiscard]] bool empty() const { return ops_.empty(); }
  [[nodiscard]] std::string_view of(int64_t name) const {
    return name > 0 && static_cast<uint64_t>(name) < ops_.size() ? ops_[static_cast<size_t>(name)]
                                                                 : std::string_view();
  }

 private:
  std::vector<std::string_view> ops_;
};

// One row of a segment of collectives.
struct CallPlace {
  const SegmentEntry* segment = nullptr;
  size_t row = 0;
  CollectiveCall call;
};

// What was enqueued and ran as a kernel then, but for what names its kernel already.
bool add_calls(const SegmentEntry& entry, const Strings& strings, StoredSegment& segment,
               std::vector<CallPlace>& places) {
  using C = CollectiveColumns;
  if (!segment.load(entry, C::kNeeded)) {
    return false;
  }
  for (size_t row = 0; row < entry.rows; ++row) {
    const bool captured = (segment.column(C::kFlags)[row] & kCollectiveCaptured) != 0;
    const bool by_copy_engines = string_of(strings, segment.column(C::kAlgorithm)[row]) == "CE";
    if (captured || by_copy_engines || segment.column(C::kKernel)[row] != 0) {
      continue;
    }
    CallPlace place{&entry, row, {}};
    const int64_t enqueue_ns = segment.column(C::kEnqueue)[row];
    place.call.communicator = entry.lane;
    place.call.enqueue_ns = enqueue_ns != 0 ? enqueue_ns : segment.column(0)[row];
    place.call.op = collective_op(string_of(strings, segment.column(C::kOp)[row]));
    places.push_back(place);
  }
  return true;
}

bool add_kernels(const SegmentEntry& entry, const KernelOps& ops, StoredSegment& segment,
                 std::vector<CollectiveKernel>& kernels) {
  using C = KernelColumns;
  // Most streams run none: then the names are all that is decoded.
  if (!segment.load(entry, 1U << C::kName)) {
    return false;
  }
  const std::vector<int64_t>& names = segment.column(C::kName);
  if (std::all_of(names.begin(), names.end(), [&ops](int64_t name) { return ops.of(name).empty(); })) {
    return true;
  }
  if (!segment.load(entry, C::kNeeded)) {
    return false;
  }
  for (size_t row = 0; row < entry.rows; ++row) {
    const std::string_view op = ops.of(segment.column(C::kName)[row]);
    if (!op.empty() && segment.column(C::kGraph)[row] == 0) {
      kernels.push_back({entry.lane, segment.column(0)[row], op,
                         static_cast<uint64_t>(segment.column(C::kCorrelation)[row])});
    }
  }
  return true;
}

// Writes the segments anew for which kernels were found. `places` come segment by segment.
bool store_kernels(const std::vector<CallPlace>& places, StoredSegment& segment, SegmentPacker& packer) {
  for (auto begin = places.begin(); begin != places.end();) {
    const SegmentEntry& entry = *begin->segment;
    const auto end = std::find_if(begin, places.end(),
                                  [&entry](const CallPlace& place) { return place.segment != &entry; });
    if (std::any_of(begin, end, [](const CallPlace& place) { return place.call.kernel != 0; })) {
      if (!segment.load(entry, ~0U)) {
        return false;
      }
      for (auto place = begin; place != end; ++place) {
        segment.column(CollectiveColumns::kKernel)[place->row] = static_cast<int64_t>(place->call.kernel);
      }
      if (!segment.store(entry, packer)) {
        return false;
      }
    }
    begin = end;
  }
  return true;
}

}  // namespace

bool RecordingBuilder::State::name_kernels_of_collectives() {
  const KernelOps ops(tables.name_totals, strings);
  StoredSegment segment(database, unpacker);
  std::vector<CallPlace> places;
  for (const SegmentEntry& entry : segments) {
    const bool collectives = static_cast<Kind>(entry.kind) == Kind::kCollective;
    if (collectives && !ops.empty() && !add_calls(entry, strings, segment, places)) {
      return false;
    }
  }
  std::vector<CollectiveKernel> kernels;
  for (const SegmentEntry& entry : segments) {
    const bool of_kernels = static_cast<Kind>(entry.kind) == Kind::kKernel;
    if (of_kernels && !places.empty() && !add_kernels(entry, ops, segment, kernels)) {
      return false;
    }
  }
  std::vector<CollectiveCall*> calls;
  calls.reserve(places.size());
  for (CallPlace& place : places) {
    calls.push_back(&place.call);
  }
  join_collectives(calls, kernels);
  return store_kernels(places, segment, packer);
}

}  // namespace stepscope::trace
