// SPDX-License-Identifier: Apache-2.0
//
// find_desync: where a job hangs, from the dumps of its ranks' flight recorders: per communicator the first collective that some rank
// did not finish, and what every member did about it.
//
//   const DesyncReport report = find_desync(run).value();
//   if (report.known && !report.first.empty()) { show(desync_sentence(report.first[0])); }
//
// A collective finishes once every member of its communicator has called it. So whoever has not called the first unfinished one is
// where to look: the others only wait. Recorders keep the last entries only, and dumps may be of active ones only; what
// PyTorch says about the last sequence number of a group fills the gaps, and what nobody says is kUnknown. So is all that a dump
// which is cut off does not have: its rank is not blamed for what is missing. Messages (send, receive) have
// numbers of their own and are only counted. Deterministic, one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/run.hpp"

namespace stepscope::analysis {

enum class RankState : uint8_t { kCompleted, kStarted, kScheduled, kNotCalled, kUnknown };
[[nodiscard]] std::string_view rank_state_name(RankState state);  // "completed", ..., "not called", "unknown"

enum class DesyncKind : uint8_t {
  kMissingRank,  // a member has not called it
  kMismatch,     // members called different operations, or with different sizes
  kNotFinished,  // all called the same, and it does not finish: the network, or a GPU
  kUnknown,      // members without a dump
};
[[nodiscard]] std::string_view desync_kind_name(DesyncKind kind);  // "missing rank", ...

struct DesyncRank {
  int32_t rank = 0;  // in the job
  RankState state = RankState::kUnknown;
  std::string op;     // empty unless it called it
  int64_t bytes = 0;  // 0 unless it called it
};

struct Desync {
  std::string communicator;
  int64_t comm = 0;
  int64_t sequence = 0;
  std::string op;  // of most ranks
  DesyncKind kind = DesyncKind::kUnknown;
  std::vector<DesyncRank> ranks;  // every member, ascending
  int64_t enqueued_ns = 0;        // when the first rank called it, run timeline
};

struct DesyncReport {
  bool known = false;         // the run has dumps
  std::vector<Desync> first;  // one per communicator, the most telling first
  uint64_t collectives = 0;   // unfinished entries of all ranks
  uint64_t messages = 0;      // the same of sends and receives
};

[[nodiscard]] Result<DesyncReport> find_desync(const Run& run);

// "default_pg: rank 3 has not called collective 42 (all_reduce); ranks 0-2 wait in it"
[[nodiscard]] std::string desync_sentence(const Desync& desync);

}  // namespace stepscope::analysis
