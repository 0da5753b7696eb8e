// SPDX-License-Identifier: Apache-2.0
#include "analyzer/desync.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "trace/collective_names.hpp"

namespace stepscope::analysis {
namespace {

constexpr std::string_view kGroupMeta = "import.group.";

struct Call {
  RankState state = RankState::kCompleted;
  std::string op;
  int64_t bytes = 0;
  int64_t enqueued_ns = 0;
};

// What one rank knows about one communicator.
struct Member {
  std::map<int64_t, Call> calls;  // by sequence number
  int64_t last_completed = -1;    // of these
  int64_t enqueued = -1;  // last sequence numbers, as the process group says: messages count into them
  int64_t completed = -1;
  bool cut_off = false;  // the dump ends in the middle: what came last is missing
  // A dump with finished entries has the last ones of all kinds. Only one of active entries needs what the group says.
  [[nodiscard]] bool whole() const { return last_completed >= 0; }
  [[nodiscard]] int64_t reached() const {
    const int64_t last = calls.empty() ? int64_t{-1} : calls.rbegin()->first;
    return whole() ? last : std::max(enqueued, last);
  }
  // Collectives of a communicator finish in their order, so what a ring no longer has is done.
  [[nodiscard]] bool has_completed(int64_t sequence) const {
    return sequence < (whole() ? last_completed : completed + 1);
  }
};

struct Communicator {
  std::string name;
  std::set<int32_t> ranks;
  std::map<int32_t, Member> members;  // those with a dump
};
using Communicators = std::map<int64_t, Communicator>;

void read_groups(const Process& process, Communicators* out) {
  for (auto meta = process.meta.lower_bound(std::string(kGroupMeta));
       meta != process.meta.end() && meta->first.starts_with(kGroupMeta); ++meta) {
    const nlohmann::json group = nlohmann::json::parse(meta->second, nullptr, false);
    if (!group.is_object()) {
      continue;
    }
    const int64_t comm = std::strtoll(meta->first.c_str() + kGroupMeta.size(), nullptr, 10);
    Communicator& communicator = (*out)[comm];
    const auto number = [&group](const char* key) {
      const auto found = group.find(key);
      return found != group.end() && found->is_number_integer() ? found->get<int64_t>() : int64_t{-1};
    };
    const auto name = group.find("name");
    communicator.name = name != group.end() && name->is_string() ? name->get<std::string>() : "?";
    const auto ranks = group.find("ranks");
    for (const nlohmann::json& rank : ranks == group.end() ? nlohmann::json::array() : *ranks) {
      if (rank.is_number_integer()) {
        communicator.ranks.insert(rank.get<int32_t>());
      }
    }
    if (!communicator.ranks.empty() && communicator.ranks.count(process.rank) == 0) {
      continue;  // a rank may know groups that it is no member of
    }
    Member& member = communicator.members[process.rank];
    member.enqueued = number("enqueued");
    member.completed = number("completed");
  }
}

// Of several entries with one number (coalesced operations) the least finished one counts.
void add_call(Member& member, int64_t sequence, Call call) {
  if (call.state == RankState::kCompleted) {
    member.last_completed = std::max(member.last_completed, sequence);
  }
  const auto [at, fresh] = member.calls.try_emplace(sequence, call);
  if (!fresh) {
    at->second.state = std::max(at->second.state, call.state);
    at->second.op = call.op == "coalesced" ? call.op : at->second.op;
  }
}

bool is_cut_off(const Run& run, uint32_t process) {
  return std::any_of(run.losses().begin(), run.losses().end(), [process](const RunLoss& loss) {
    return loss.process == process && loss.count > 0 &&
           (loss.counter == "import.cut_off" || loss.counter == "import.damaged");
  });
}

// A dump that is cut off lacks the members of its groups, which stand at its end, and so has its communicators to itself. They are
// those of their name that count the rank as a member, where there is one such; else nobody knows who takes part.
void join_cut_off(Communicators* all) {
  std::vector<int64_t> alone;
  for (const auto& [comm, communicator] : *all) {
    const bool cut = std::any_of(communicator.members.begin(), communicator.members.end(),
                                 [](const auto& member) { return member.second.cut_off; });
    if (cut && communicator.ranks.empty()) {
      alone.push_back(comm);
    }
  }
  for (const int64_t comm : alone) {
    const Communicator lone = std::move(all->at(comm));
    all->erase(comm);
    for (const auto& [rank, member] : lone.members) {
      std::vector<Communicator*> candidates;
      for (auto& [other, communicator] : *all) {
        if (communicator.name == lone.name && communicator.ranks.count(rank) > 0) {
          candidates.push_back(&communicator);
        }
      }
      if (candidates.size() == 1) {
        candidates.front()->members.try_emplace(rank, member);
      }
    }
  }
}

Status read_calls(const Run& run, uint32_t process, Communicators* out, DesyncReport* report) {
  enum Column : size_t { kOp = 2, kComm = 3, kSequence = 4, kBytes = 5, kEnqueue = 15, kFlags = 17 };
  const Process& info = run.processes()[process];
  trace::ScanFilter filter;
  filter.kind = Kind::kCollective;
  return run.scan(process, filter, [&](const trace::SegmentView& view) {
    for (size_t row = 0; row < view.rows; ++row) {
      const int64_t flags = view.columns[kFlags][row];
      const bool unfinished = (flags & trace::kCollectiveUnfinished) != 0;
      const bool message = (flags & trace::kCollectivePointToPoint) != 0;
      (message ? report->messages : report->collectives) += unfinished ? 1U : 0U;
      if (message) {
        continue;
      }
      Call call;
      call.state = !unfinished                                 ? RankState::kCompleted
                   : (flags & trace::kCollectiveHostOnly) != 0 ? RankState::kScheduled
                                                               : RankState::kStarted;
      call.op = run.name(run.global_name(process, view.columns[kOp][row]));
      call.bytes = view.columns[kBytes][row];
      call.enqueued_ns = view.columns[kEnqueue][row] + info.clock_shift_ns;
      add_call((*out)[view.columns[kComm][row]].members[info.rank], view.columns[kSequence][row],
               std::move(call));
    }
    return Status();
  });
}

DesyncRank state_of(const Communicator& communicator, int32_t rank, int64_t sequence) {
  DesyncRank out;
  out.rank = rank;
  const auto member = communicator.members.find(rank);
  if (member == communicator.members.end()) {
    return out;
  }
  if (const auto call = member->second.calls.find(sequence); call != member->second.calls.end()) {
    out.state = call->second.state;
    out.op = call->second.op;
    out.bytes = call->second.bytes;
  } else if (member->second.has_completed(sequence)) {
    out.state = RankState::kCompleted;
  } else if (!member->second.cut_off && member->second.reached() < sequence) {
    out.state = RankState::kNotCalled;
  }
  return out;
}

// Operations in which every member passes as much as the others.
bool same_sizes_expected(std::string_view op) {
  constexpr std::string_view kOps[] = {"all_reduce", "all_gather", "reduce_scatter", "broadcast", "reduce"};
  return std::find(std::begin(kOps), std::end(kOps), trace::collective_op(op)) != std::end(kOps);
}

DesyncKind kind_of(const Desync& desync) {
  const auto any = [&desync](RankState state) {
    return std::any_of(desync.ranks.begin(), desync.ranks.end(),
                       [state](const DesyncRank& one) { return one.state == state; });
  };
  if (any(RankState::kNotCalled)) {
    return DesyncKind::kMissingRank;
  }
  std::set<std::string> ops;
  std::set<int64_t> sizes;
  for (const DesyncRank& one : desync.ranks) {
    if (!one.op.empty()) {
      ops.insert(one.op);
      if (one.bytes > 0 && same_sizes_expected(one.op)) {
        sizes.insert(one.bytes);
      }
    }
  }
  if (ops.size() > 1 || sizes.size() > 1) {
    return DesyncKind::kMismatch;
  }
  return any(RankState::kUnknown) ? DesyncKind::kUnknown : DesyncKind::kNotFinished;
}

// The first collective that some rank did not finish; false when all did.
bool first_unfinished(int64_t comm, const Communicator& communicator, Desync* out) {
  bool found = false;
  for (const auto& [rank, member] : communicator.members) {
    for (const auto& [sequence, call] : member.calls) {
      if (call.state != RankState::kCompleted && (!found || sequence < out->sequence)) {
        found = true;
        out->sequence = sequence;
      }
    }
  }
  if (!found) {
    return false;
  }
  out->comm = comm;
  out->communicator = communicator.name;
  std::set<int32_t> ranks = communicator.ranks;
  std::map<std::string, size_t> ops;
  for (const auto& [rank, member] : communicator.members) {
    ranks.insert(rank);
    if (const auto call = member.calls.find(out->sequence); call != member.calls.end()) {
      const int64_t enqueued = call->second.enqueued_ns;
      out->enqueued_ns = out->enqueued_ns == 0 ? enqueued : std::min(out->enqueued_ns, enqueued);
      ++ops[call->second.op];
    }
  }
  for (const int32_t rank : ranks) {
    out->ranks.push_back(state_of(communicator, rank, out->sequence));
  }
  const auto most = std::max_element(ops.begin(), ops.end(),
                                     [](const auto& a, const auto& b) { return a.second < b.second; });
  out->op = most == ops.end() ? "" : most->first;
  out->kind = kind_of(*out);
  return true;
}

bool waits(const DesyncRank& one) {
  return one.state == RankState::kStarted || one.state == RankState::kScheduled;
}

// A rank that is missing here because it waits elsewhere is not the cause: what it waits in comes first.
void sort_by_cause(std::vector<Desync>& all) {
  const auto excused = [&all](const Desync& desync) {
    return std::any_of(desync.ranks.begin(), desync.ranks.end(), [&](const DesyncRank& missing) {
      return missing.state == RankState::kNotCalled &&
             std::any_of(all.begin(), all.end(), [&](const Desync& other) {
               return std::any_of(other.ranks.begin(), other.ranks.end(), [&](const DesyncRank& one) {
                 return one.rank == missing.rank && waits(one);
               });
             });
    });
  };
  std::vector<std::tuple<bool, DesyncKind, int64_t, int64_t, size_t>> order;
  for (size_t i = 0; i < all.size(); ++i) {
    order.emplace_back(excused(all[i]), all[i].kind, all[i].enqueued_ns, all[i].comm, i);
  }
  std::sort(order.begin(), order.end());
  std::vector<Desync> sorted;
  for (const auto& entry : order) {
    sorted.push_back(std::move(all[std::get<4>(entry)]));
  }
  all = std::move(sorted);
}

// "rank 3", "ranks 0-2, 5"
std::string rank_list(const std::vector<int32_t>& ranks) {
  std::string out;
  for (size_t i = 0; i < ranks.size();) {
    size_t last = i;
    while (last + 1 < ranks.size() && ranks[last + 1] == ranks[last] + 1) {
      ++last;
    }
    out += fmt::format("{}{}", out.empty() ? "" : ", ", ranks[i]) +
           (last > i ? fmt::format("{}{}", last == i + 1 ? ", " : "-", ranks[last]) : "");
    i = last + 1;
  }
  return (ranks.size() == 1 ? "rank " : "ranks ") + out;
}

}  // namespace

std::string_view rank_state_name(RankState state) {
  constexpr std::string_view kNames[] = {"completed", "started", "scheduled", "not called", "unknown"};
  return kNames[static_cast<size_t>(state)];
}

std::string_view desync_kind_name(DesyncKind kind) {
  constexpr std::string_view kNames[] = {"missing rank", "mismatch", "not finished", "unknown"};
  return kNames[static_cast<size_t>(kind)];
}

Result<DesyncReport> find_desync(const Run& run) {
  DesyncReport report;
  Communicators communicators;
  for (uint32_t p = 0; p < run.processes().size(); ++p) {
    const auto format = run.processes()[p].meta.find("import.format");
    if (format == run.processes()[p].meta.end() || format->second != "flight recorder") {
      continue;
    }
    report.known = true;
    read_groups(run.processes()[p], &communicators);
    if (Status status = read_calls(run, p, &communicators, &report); !status.ok()) {
      return status;
    }
    if (is_cut_off(run, p)) {
      for (auto& [comm, communicator] : communicators) {
        if (const auto own = communicator.members.find(run.processes()[p].rank);
            own != communicator.members.end()) {
          own->second.cut_off = true;
        }
      }
    }
  }
  join_cut_off(&communicators);
  for (const auto& [comm, communicator] : communicators) {
    if (Desync desync; first_unfinished(comm, communicator, &desync)) {
      report.first.push_back(std::move(desync));
    }
  }
  sort_by_cause(report.first);
  return report;
}

std::string desync_sentence(const Desync& desync) {
  std::map<RankState, std::vector<int32_t>> by_state;
  std::map<std::string, std::vector<int32_t>> by_call;
  std::vector<int32_t> waiting;
  for (const DesyncRank& one : desync.ranks) {
    by_state[one.state].push_back(one.rank);
    if (!one.op.empty()) {
      by_call[fmt::format("{} of {} bytes", one.op, one.bytes)].push_back(one.rank);
    }
    if (waits(one)) {
      waiting.push_back(one.rank);
    }
  }
  const std::string what = fmt::format("{} ({})", desync.sequence, desync.op);
  switch (desync.kind) {
    case DesyncKind::kMissingRank: {
      const std::vector<int32_t>& missing = by_state[RankState::kNotCalled];
      return fmt::format("{}: {} {} not called collective {}; {} {} in it", desync.communicator,
                         rank_list(missing), missing.size() == 1 ? "has" : "have", what, rank_list(waiting),
                         waiting.size() == 1 ? "waits" : "wait");
    }
    case DesyncKind::kMismatch: {
      std::string calls;
      for (const auto& [call, ranks] : by_call) {
        calls += fmt::format("{}{} called {}", calls.empty() ? "" : ", ", rank_list(ranks), call);
      }
      return fmt::format("{}: members disagree about collective {}: {}", desync.communicator, desync.sequence,
                         calls);
    }
    case DesyncKind::kNotFinished:
      return fmt::format("{}: every member has called collective {}, and it did not finish on {}",
                         desync.communicator, what, rank_list(waiting));
    case DesyncKind::kUnknown:
      break;
  }
  return fmt::format("{}: collective {} did not finish on {}; nothing is known of {}", desync.communicator,
                     what, rank_list(waiting), rank_list(by_state[RankState::kUnknown]));
}

}  // namespace stepscope::analysis
