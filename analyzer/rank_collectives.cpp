// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rank_collectives.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>

#include "analyzer/kernel_name.hpp"

namespace stepscope::analysis {
namespace {

// Columns of kinds collective and kernel: trace/kinds.cpp.
enum RankColumn : uint32_t {
  kRankOp = 2,
  kRankComm = 3,
  kRankSeq = 4,
  kRankBytes = 5,
  kRankRanks = 7,
  kRankOwn = 8,
  kRankPeer = 9,
  kRankSource = 10,
  kRankKernel = 16,
  kRankFlags = 17
};
constexpr uint32_t kRankColumns = 0b11U | 1U << kRankOp | 1U << kRankComm | 1U << kRankSeq |
                                  1U << kRankBytes | 1U << kRankRanks | 1U << kRankOwn | 1U << kRankPeer |
                                  1U << kRankSource | 1U << kRankKernel | 1U << kRankFlags;
constexpr auto kImportedSource = static_cast<int64_t>(trace::Source::kImport);
constexpr size_t kNameColumn = 2, kCorrelationColumn = 5;  // of a kernel

// What operations of several ranks have to share to be one.
struct MeetingKey {
  uint64_t comm = 0;
  std::string_view op;
  int64_t from = -1, to = -1;  // of a send and its receive
  int64_t seq = 0;

  [[nodiscard]] auto tie() const { return std::tie(comm, op, from, to, seq); }
};

struct Attended {
  MeetingKey key;
  Attendance attendance;
  int64_t bytes = 0;
  int64_t ranks = 0;
};

uint64_t text_id(std::string_view text) {
  uint64_t hash = 14695981039346656037ULL;  // FNV-1a
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  }
  return hash;
}

bool is_receive(std::string_view op) {
  return op.find("ecv") != std::string_view::npos;  // "Recv", "ncclRecv", "recv"
}

// All ranks of these leave together. A root can leave a broadcast, and a sender a small send, before others came.
bool leaves_together(std::string_view op) {
  return op == "all_reduce" || op == "all_gather" || op == "reduce_scatter" || op == "all_to_all" ||
         op == "barrier";
}

class RankReader {
 public:
  RankReader(const Run& run, uint32_t process, uint32_t rank, std::vector<Attended>* out)
      : run_(run), process_(process), rank_(rank), out_(out) {}

  Status read() {
    first_ = out_->size();
    trace::ScanFilter filter;
    filter.kind = Kind::kCollective;
    filter.columns = kRankColumns;
    Status status = run_.scan(process_, filter, [this](const trace::SegmentView& view) {
      for (size_t row = 0; row < view.rows; ++row) {
        add(view, row);
      }
      return Status();
    });
    return status.ok() ? take_kernel_times() : status;
  }

 private:
  void add(const trace::SegmentView& view, size_t row) {
    const auto at = [&view, row](size_t column) {
      return column < view.columns.size() && !view.columns[column].empty() ? view.columns[column][row] : 0;
    };
    constexpr int64_t kUnusable = trace::kCollectiveCaptured | trace::kCollectiveUnfinished;
    const int64_t flags = at(kRankFlags);
    const auto kernel = static_cast<uint32_t>(at(kRankKernel));
    if ((flags & kUnusable) != 0 || ((flags & trace::kCollectiveHostOnly) != 0 && kernel == 0)) {
      return;
    }
    const std::string_view text = run_.name(run_.global_name(process_, at(kRankOp)));
    const int64_t shift = run_.processes()[process_].clock_shift_ns;
    Attended& one = out_->emplace_back();
    one.key.op = collective_op(text);
    one.key.comm =
        at(kRankSource) == kImportedSource ? group_of_lane(view.lane) : static_cast<uint64_t>(at(kRankComm));
    one.key.seq = at(kRankSeq);
    one.bytes = at(kRankBytes);
    one.ranks = at(kRankRanks);
    one.attendance = {rank_, at(0) + shift, at(0) + std::max<int64_t>(0, at(1)) + shift, kernel};
    if ((flags & trace::kCollectivePointToPoint) != 0) {
      const int64_t own = at(kRankOwn) >= 0 ? at(kRankOwn) : run_.processes()[process_].rank;
      const int64_t peer = at(kRankPeer);
      one.key.from = is_receive(text) ? peer : own;
      one.key.to = is_receive(text) ? own : peer;
      one.ranks = 2;
    }
  }

  uint64_t group_of_lane(uint32_t trace_lane) const {
    const uint32_t lane = run_.global_lane(process_, trace_lane);
    return lane == kNoLane ? 0 : text_id(run_.lanes()[lane].name);
  }

  // From the host's clock, which notices late, to the GPU's own.
  Status take_kernel_times() {
    std::unordered_map<uint32_t, std::vector<size_t>> wanted;
    for (size_t i = first_; i < out_->size(); ++i) {
      if (const uint32_t kernel = (*out_)[i].attendance.kernel; kernel != 0) {
        wanted[kernel].push_back(i);
      }
    }
    if (wanted.empty()) {
      return Status();
    }
    const int64_t shift = run_.processes()[process_].clock_shift_ns;
    std::unordered_map<int64_t, bool> communicates;  // by the recording's name id
    trace::ScanFilter filter;
    filter.kind = Kind::kKernel;
    filter.columns = 0b11U | 1U << kNameColumn | 1U << kCorrelationColumn;
    return run_.scan(process_, filter, [&](const trace::SegmentView& view) {
      for (size_t row = 0; row < view.rows; ++row) {
        const auto [name, fresh] = communicates.try_emplace(view.columns[kNameColumn][row]);
        if (fresh) {
          name->second = is_communication_kernel(run_.name(run_.global_name(process_, name->first)));
        }
        const auto found = name->second
                               ? wanted.find(static_cast<uint32_t>(view.columns[kCorrelationColumn][row]))
                               : wanted.end();
        if (found == wanted.end()) {
          continue;
        }
        for (const size_t i : found->second) {
          Attendance& seen = (*out_)[i].attendance;
          seen.begin_ns = view.columns[0][row] + shift;
          seen.end_ns = seen.begin_ns + std::max<int64_t>(0, view.columns[1][row]);
        }
      }
      return Status();
    });
  }

  const Run& run_;
  uint32_t process_, rank_;
  std::vector<Attended>* out_;
  size_t first_ = 0;
};

// Operations [begin, end) share a key. Whether they are one collective of all its ranks.
bool all_there(std::span<const Attended> group, size_t expected) {
  for (size_t i = 1; i < group.size(); ++i) {
    if (group[i].attendance.rank == group[i - 1].attendance.rank) {
      return false;
    }
  }
  const int64_t ranks = group[0].ranks;
  return group.size() >= 2 && group.size() == (ranks > 0 ? static_cast<size_t>(ranks) : expected);
}

}  // namespace

bool members_wait(const Meeting& meeting, int64_t complete_ns, int64_t end_ns) {
  return meeting.simultaneous || (meeting.op == "send_recv" && complete_ns <= end_ns);
}

Result<Meetings> match_collectives(const Run& run, std::span<const uint32_t> processes) {
  std::vector<Attended> attended;
  std::unordered_map<uint64_t, std::set<uint32_t>> members;  // of a communicator, by what was recorded
  for (uint32_t rank = 0; rank < processes.size(); ++rank) {
    if (Status status = RankReader(run, processes[rank], rank, &attended).read(); !status.ok()) {
      return status;
    }
  }
  for (const Attended& one : attended) {
    members[one.key.comm].insert(one.attendance.rank);
  }
  std::sort(attended.begin(), attended.end(), [](const Attended& a, const Attended& b) {
    return a.key.tie() != b.key.tie() ? a.key.tie() < b.key.tie() : a.attendance.rank < b.attendance.rank;
  });
  Meetings out;
  for (size_t begin = 0; begin < attended.size();) {
    size_t end = begin + 1;
    while (end < attended.size() && attended[end].key.tie() == attended[begin].key.tie()) {
      ++end;
    }
    const std::span<const Attended> group = std::span(attended).subspan(begin, end - begin);
    const MeetingKey& key = group[0].key;
    if (!all_there(group, members[key.comm].size())) {
      out.incomplete += group.size();
      begin = end;
      continue;
    }
    Meeting& meeting = out.all.emplace_back();
    meeting.op = key.op;
    meeting.group = key.comm;
    meeting.simultaneous = leaves_together(key.op);
    meeting.first = out.attendances.size();
    meeting.count = group.size();
    for (const Attended& one : group) {
      meeting.bytes = std::max(meeting.bytes, one.bytes);
      out.attendances.push_back(one.attendance);
    }
    begin = end;
  }
  const auto earliest = [&out](const Meeting& meeting) {
    int64_t begin = out.of(meeting)[0].begin_ns;
    for (const Attendance& one : out.of(meeting)) {
      begin = std::min(begin, one.begin_ns);
    }
    return begin;
  };
  std::stable_sort(out.all.begin(), out.all.end(),
                   [&](const Meeting& a, const Meeting& b) { return earliest(a) < earliest(b); });
  return out;
}

}  // namespace stepscope::analysis
