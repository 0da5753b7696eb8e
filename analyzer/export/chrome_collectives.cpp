// SPDX-License-Identifier: Apache-2.0
#include "analyzer/export/chrome_collectives.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>

#include "trace/kinds.hpp"

namespace stepscope::analysis::exporting {
namespace {

// Columns of kind collective.
struct At {
  static constexpr size_t kOp = 2, kComm = 3, kSeq = 4, kBytes = 5, kDtype = 6, kRanks = 7, kRank = 8,
                          kPeer = 9, kCount = 11, kAlgo = 12, kProto = 13, kChannels = 14, kEnqueue = 15,
                          kKernel = 16, kFlags = 17;
};

struct Word {
  std::string_view ours, theirs;
};

// NCCL's names of operations and types, and those that torch.profiler writes. Others stay as they are.
constexpr Word kOps[] = {
    {"AllReduce", "allreduce"}, {"AllGather", "allgather"}, {"ReduceScatter", "reduce_scatter"},
    {"Broadcast", "broadcast"}, {"Reduce", "reduce"},       {"AlltoAll", "alltoall"},
    {"AllToAll", "alltoall"},   {"Send", "send"},           {"Recv", "recv"},
    {"Gather", "gather"},       {"Scatter", "scatter"}};
constexpr Word kTypes[] = {{"float32", "Float"},
                           {"float", "Float"},
                           {"float16", "Half"},
                           {"half", "Half"},
                           {"bfloat16", "BFloat16"},
                           {"float64", "Double"},
                           {"double", "Double"},
                           {"int64", "Long"},
                           {"int32", "Int"},
                           {"int", "Int"},
                           {"int16", "Short"},
                           {"int8", "Char"},
                           {"char", "Char"},
                           {"uint8", "Byte"},
                           {"uint16", "UInt16"},
                           {"uint32", "UInt32"},
                           {"uint64", "UInt64"},
                           {"complex64", "ComplexFloat"},
                           {"complex128", "ComplexDouble"}};

template <size_t N>
std::string_view their_word(const Word (&words)[N], std::string_view ours) {
  const std::string_view bare = ours.starts_with("nccl") ? ours.substr(4) : ours;
  const Word* found =
      std::find_if(std::begin(words), std::end(words), [&](const Word& word) { return word.ours == bare; });
  return found == std::end(words) ? ours : found->theirs;
}

// "default_pg of 8" or "default_pg rank 3/8" -> "default_pg".
std::string_view group_name(std::string_view lane) {
  for (const std::string_view tail : {" of ", " rank "}) {
    const size_t at = lane.rfind(tail);
    if (at != std::string_view::npos &&
        lane.find_first_not_of("0123456789/", at + tail.size()) == std::string_view::npos) {
      return lane.substr(0, at);
    }
  }
  return lane;
}

bool has_word(std::string_view op, std::string_view a, std::string_view b) {
  return op.find(a) != std::string_view::npos || op.find(b) != std::string_view::npos;
}

}  // namespace

Status CollectiveKernels::load(const ChromeProcess& process) {
  Status status = process.each_segment(Kind::kCollective, [this](const trace::SegmentView& view) {
    for (size_t i = 0; i < view.rows; ++i) {
      const Row row(view, i);
      if (row[At::kKernel] != 0) {
        entries_.push_back({row[At::kKernel], row[0], row[1], row[At::kOp], row[At::kDtype], row[At::kSeq],
                            row[At::kRanks], row[At::kPeer], row[At::kCount], view.lane});
      }
    }
  });
  std::stable_sort(entries_.begin(), entries_.end(),
                   [](const Entry& a, const Entry& b) { return a.correlation < b.correlation; });
  for (size_t i = 1; i < entries_.size(); ++i) {
    if (entries_[i].correlation == entries_[i - 1].correlation) {
      entries_[i].alone = entries_[i - 1].alone = false;
    }
  }
  return status;
}

const CollectiveKernels::Entry* CollectiveKernels::find(int64_t correlation) const {
  const auto found =
      std::lower_bound(entries_.begin(), entries_.end(), correlation,
                       [](const Entry& entry, int64_t wanted) { return entry.correlation < wanted; });
  return found != entries_.end() && found->correlation == correlation && found->alone ? &*found : nullptr;
}

void CollectiveKernels::write_arguments(const ChromeProcess& process, int64_t correlation, int64_t start_ns,
                                        int64_t dur_ns) {
  const Entry* found = find(correlation);
  if (found == nullptr) {
    return;
  }
  Entry& entry = entries_[static_cast<size_t>(found - entries_.data())];
  entry.shown |= entry.start_ns == start_ns && entry.dur_ns == dur_ns;
  const std::string_view op = their_word(kOps, process.name(entry.op));
  // `count` has NCCL's meaning: what one rank receives of a reduce_scatter, else what it sends.
  const int64_t all = entry.count * std::max<int64_t>(1, entry.ranks);
  const bool scatters = has_word(op, "reduce_scatter", "reducescatter");
  const bool gathers = has_word(op, "all_gather", "allgather");
  ChromeEvents& events = process.events;
  events.text_argument("Collective name", op);
  events.argument("In msg nelems", scatters ? all : entry.count);
  events.argument("Out msg nelems", gathers ? all : entry.count);
  events.argument("Group size", entry.ranks);
  events.text_argument("dtype", their_word(kTypes, process.name(entry.dtype)));
  events.text_argument("Process Group Name", group_name(process.lane_name(entry.lane)));
  events.argument("Seq", entry.seq);
  if (entry.peer >= 0) {
    events.argument(op == "recv" ? "Src Rank" : "Dst Rank", entry.peer);
  }
}

Status CollectiveKernels::write_rest(const ChromeProcess& process) const {
  constexpr std::string_view kCategory = "collective_comm";
  ChromeEvents& events = process.events;
  uint64_t id = 0;
  return process.each_segment(Kind::kCollective, [&](const trace::SegmentView& view) {
    std::optional<Track> place;  // a track of which nothing is drawn is not named
    for (size_t i = 0; i < view.rows; ++i) {
      const Row row(view, i);
      const Entry* entry = row[At::kKernel] == 0 ? nullptr : find(row[At::kKernel]);
      if (entry != nullptr && entry->shown) {
        continue;
      }
      place = place.has_value() ? place : process.tracks.thread(process.process, view.lane);
      const Track& track = *place;
      const std::string_view name = process.name(row[At::kOp]);
      const int64_t start = process.time(row[0]);
      events.open('b', kCategory, name, track, start);
      events.id(process.tracks.flow_id(process.process, static_cast<int64_t>(++id)));
      events.unsigned_argument("comm", static_cast<uint64_t>(row[At::kComm]));
      events.argument("seq", row[At::kSeq]);
      events.argument("bytes", row[At::kBytes]);
      events.argument("count", row[At::kCount]);
      events.text_argument("dtype", process.name(row[At::kDtype]));
      events.argument("ranks", row[At::kRanks]);
      events.argument("rank", row[At::kRank]);
      events.argument("peer", row[At::kPeer]);
      events.text_argument("algo", process.name(row[At::kAlgo]));
      events.text_argument("proto", process.name(row[At::kProto]));
      events.argument("channels", row[At::kChannels]);
      if (row[At::kEnqueue] != 0) {
        events.argument("enqueue_ns", process.time(row[At::kEnqueue]));
      }
      events.argument("correlation", row[At::kKernel]);
      events.argument("flags", row[At::kFlags]);
      events.close();
      events.open('e', kCategory, name, track, start + std::max<int64_t>(0, row[1]));
      events.id(process.tracks.flow_id(process.process, static_cast<int64_t>(id)));
      events.close();
    }
  });
}

}  // namespace stepscope::analysis::exporting
