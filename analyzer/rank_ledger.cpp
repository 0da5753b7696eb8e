// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rank_ledger.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "analyzer/cell_sums.hpp"
#include "analyzer/gpu_events.hpp"
#include "analyzer/ledger_pieces.hpp"
#include "analyzer/rank_collectives.hpp"
#include "analyzer/rank_ledger_cache.hpp"
#include "analyzer/rank_path.hpp"
#include "analyzer/rank_steps.hpp"

namespace stepscope::analysis {
namespace {

// A collective on the first rank's clock.
struct Gathering {
  int64_t first_ns = 0;     // the first rank comes
  int64_t complete_ns = 0;  // the last one has come
  int64_t end_ns = 0;       // the first one leaves
  uint32_t last = 0;        // who came last
  bool waits = false;       // those that came before had to wait for the last one
};

// A rank came early to a collective: it may have waited for `last` until `until_ns`.
struct EarlyArrival {
  int64_t begin_ns = 0;
  int64_t until_ns = 0;
  uint32_t last = 0;
};

// One rank, cut where the path may change.
struct RankCells {
  Labels labels;
  std::vector<int64_t> cuts;
  std::vector<EarlyArrival> early;  // by until_ns
  std::vector<int64_t> awaited;     // when others had waited for this rank; ascending
  std::vector<CellSums> sums;       // one, once it is computed

  [[nodiscard]] size_t cell_from(int64_t cut_ns) const {
    return static_cast<size_t>(std::lower_bound(cuts.begin(), cuts.end(), cut_ns) - cuts.begin());
  }
};

Gathering gather(const Meeting& meeting, std::span<const Attendance> who,
                 const std::vector<RankClock>& clocks) {
  Gathering out;
  for (size_t i = 0; i < who.size(); ++i) {
    const RankClock& clock = clocks[who[i].rank];
    const int64_t begin = clock.to_first(who[i].begin_ns);
    const int64_t end = clock.to_first(who[i].end_ns);
    out.first_ns = i == 0 ? begin : std::min(out.first_ns, begin);
    out.end_ns = i == 0 ? end : std::min(out.end_ns, end);
    if (i == 0 || begin > out.complete_ns) {
      out.complete_ns = begin;
      out.last = who[i].rank;
    }
  }
  out.waits = members_wait(meeting, out.complete_ns, out.end_ns);
  // From what all leave together nobody leaves before the last one has come: what says so is an error of the clocks.
  out.complete_ns = std::max(out.first_ns, std::min(out.complete_ns, out.end_ns));
  return out;
}

class RankLedgerBuilder {
 public:
  RankLedgerBuilder(const Run& run, std::span<const ProcessLedger* const> ranks, const Meetings& meetings,
                    std::vector<Step> steps, RankLedger* out)
      : run_(run), ranks_(ranks), meetings_(meetings), steps_(std::move(steps)), out_(*out) {}

  Status build() {
    cut();
    for (size_t r = 0; r < ranks_.size(); ++r) {
      if (Status status = sum_cells(r); !status.ok()) {
        return status;
      }
    }
    name_leaves();
    add_path();
    add_transfers();
    return Status();
  }

 private:
  [[nodiscard]] int64_t begin_ns() const { return steps_.front().begin_ns; }
  [[nodiscard]] int64_t end_ns() const { return steps_.back().end_ns; }
  [[nodiscard]] size_t step_at(int64_t ns) const {
    return static_cast<size_t>(
               std::upper_bound(steps_.begin(), steps_.end(), ns,
                                [](int64_t at, const Step& step) { return at < step.begin_ns; }) -
               steps_.begin()) -
           1;
  }

  void cut() {
    cells_.resize(ranks_.size());
    for (RankCells& cells : cells_) {
      for (const Step& step : steps_) {
        cells.cuts.push_back(step.begin_ns);
      }
      cells.cuts.push_back(end_ns());
    }
    for (const Meeting& meeting : meetings_.all) {
      const std::span<const Attendance> who = meetings_.of(meeting);
      const Gathering gathering = gather(meeting, who, out_.clocks);
      gatherings_.push_back(gathering);
      if (!gathering.waits || gathering.complete_ns <= begin_ns() || gathering.complete_ns >= end_ns()) {
        continue;
      }
      for (const Attendance& one : who) {
        RankCells& cells = cells_[one.rank];
        cells.cuts.push_back(gathering.complete_ns);
        const int64_t came = out_.clocks[one.rank].to_first(one.begin_ns);
        if (one.rank != gathering.last && came < gathering.complete_ns) {
          cells.early.push_back({came, gathering.complete_ns, gathering.last});
          cells_[gathering.last].awaited.push_back(gathering.complete_ns);
        }
      }
    }
    for (RankCells& cells : cells_) {
      std::sort(cells.cuts.begin(), cells.cuts.end());
      cells.cuts.erase(std::unique(cells.cuts.begin(), cells.cuts.end()), cells.cuts.end());
      std::stable_sort(cells.early.begin(), cells.early.end(),
                       [](const EarlyArrival& a, const EarlyArrival& b) { return a.until_ns < b.until_ns; });
      std::sort(cells.awaited.begin(), cells.awaited.end());
    }
  }

  // The path (rank_path.hpp) comes to a rank where another one had waited for it, and leaves it where it had itself waited.
  CellSums::Fate fate(const RankCells& cells, size_t cell, int64_t communication_ns) const {
    const int64_t at = cells.cuts[cell + 1];
    CellSums::Fate fate;
    fate.kept = at == end_ns() || std::binary_search(cells.awaited.begin(), cells.awaited.end(), at);
    auto early =
        std::lower_bound(cells.early.begin(), cells.early.end(), at,
                         [](const EarlyArrival& one, int64_t until) { return one.until_ns < until; });
    for (; early != cells.early.end() && early->until_ns == at; ++early) {
      fate.dropped = fate.dropped || exposed(communication_ns, *early) > 0;
    }
    return fate;
  }

  Status sum_cells(size_t r) {
    RankCells& cells = cells_[r];
    const RankClock& clock = out_.clocks[r];
    const Result<WaitCounts> waits =
        label_pieces(run_, ranks_[r]->steps, &cells.labels, [&]() -> PieceVisitor {
          cells.sums.emplace_back(cells.cuts, cells.labels,
                                  [this, &cells](size_t cell, int64_t communication_ns) {
                                    return fate(cells, cell, communication_ns);
                                  });
          return [&cells, &clock](int64_t begin, int64_t end, uint32_t label) {
            cells.sums[0].add(clock.to_first(begin), clock.to_first(end), label);
          };
        });
    if (!waits.ok()) {
      return waits.status();
    }
    cells.sums[0].finish();
    return Status();
  }

  void name_leaves() {
    std::vector<std::string>& leaves = out_.ledger.leaves;
    for (const RankCells& cells : cells_) {
      leaves.insert(leaves.end(), cells.labels.leaves().begin(), cells.labels.leaves().end());
    }
    std::sort(leaves.begin(), leaves.end());
    leaves.erase(std::unique(leaves.begin(), leaves.end()), leaves.end());
    for (const RankCells& cells : cells_) {
      std::vector<size_t>& place = place_.emplace_back();
      for (const std::string& name : cells.labels.leaves()) {
        place.push_back(out_.ledger.leaf_index(name));
      }
    }
  }

  // How long a rank had nothing but communication to run before an early arrival's end, where it has communicated for so long.
  static int64_t exposed(int64_t communication_ns, const EarlyArrival& early) {
    return std::min(communication_ns, early.until_ns - early.begin_ns);
  }

  void add_path() {
    ProcessLedger& job = out_.ledger.processes.emplace_back();
    job.steps.process = out_.processes[0];
    job.steps.method = ranks_[0]->steps.method;
    job.steps.confidence = ranks_[0]->steps.confidence;
    job.steps.steps = steps_;
    out_.waited_ns.assign(steps_.size() * ranks_.size(), 0);
    std::vector<std::vector<RankWait>> waits(ranks_.size());
    for (size_t r = 0; r < ranks_.size(); ++r) {
      for (const EarlyArrival& early : cells_[r].early) {
        const size_t end = cells_[r].cell_from(early.until_ns);
        const int64_t waited = exposed(cells_[r].sums[0].communication_until_end(end - 1), early);
        if (waited > 0) {
          waits[r].push_back({early.until_ns, early.last});
          out_.waited_ns[step_at(early.until_ns - 1) * ranks_.size() + r] += waited;
        }
      }
    }
    out_.path = walk_path(waits, last_rank(), begin_ns(), end_ns());
    for (const PathSegment& segment : out_.path) {
      add_segment(segment);
    }
    close_step();
    add_up_owned(&out_);
  }

  // Who ends the last step last.
  [[nodiscard]] uint32_t last_rank() const {
    for (uint32_t r = 0; r < ranks_.size(); ++r) {
      for (const Step& step : ranks_[r]->steps.steps) {
        if (out_.clocks[r].to_first(step.end_ns) == end_ns()) {
          return r;
        }
      }
    }
    return 0;
  }

  void add_segment(const PathSegment& segment) {
    const RankCells& cells = cells_[segment.rank];
    const size_t end = cells.cell_from(segment.end_ns);
    for (size_t cell = cells.cell_from(segment.begin_ns); cell < end; ++cell) {
      const auto step = static_cast<uint32_t>(step_at(cells.cuts[cell]));
      if (!of_step_.empty() && of_step_.back().step != step) {
        close_step();
      }
      for (const CellSums::Entry& entry : cells.sums[0].of(cell)) {
        of_step_.push_back(
            {step, segment.rank, static_cast<uint32_t>(place_[segment.rank][entry.leaf]), entry.ns});
      }
    }
  }

  // The path leaves a step: what it has more than once of a rank and leaf becomes one.
  void close_step() {
    std::sort(of_step_.begin(), of_step_.end(), [](const OwnedTime& a, const OwnedTime& b) {
      return std::tie(a.rank, a.leaf) < std::tie(b.rank, b.leaf);
    });
    const size_t first = out_.owned.size();
    for (const OwnedTime& one : of_step_) {
      if (out_.owned.size() > first && out_.owned.back().rank == one.rank &&
          out_.owned.back().leaf == one.leaf) {
        out_.owned.back().ns += one.ns;
      } else {
        out_.owned.push_back(one);
      }
    }
    of_step_.clear();
  }

  void add_transfers() {
    std::map<std::pair<std::string_view, uint64_t>, RankTransfer> transfers;
    for (size_t i = 0; i < gatherings_.size(); ++i) {
      const Gathering& gathering = gatherings_[i];
      const Meeting& meeting = meetings_.all[i];
      if (gathering.complete_ns < begin_ns() || gathering.complete_ns >= end_ns() ||
          steps_[step_at(gathering.complete_ns)].step_class != StepClass::kTrain) {
        continue;
      }
      RankTransfer& transfer = transfers[{meeting.op, meeting.group}];
      ++transfer.count;
      transfer.bytes += meeting.bytes;
      transfer.arrival_ns += static_cast<double>(gathering.complete_ns - gathering.first_ns);
      transfer.transfer_ns += static_cast<double>(gathering.end_ns - gathering.complete_ns);
      if (transfer.members.empty()) {
        for (const Attendance& one : meetings_.of(meeting)) {
          transfer.members.push_back(one.rank);
        }
      }
    }
    for (auto& [key, transfer] : transfers) {
      std::tie(transfer.op, transfer.group) = key;
      const auto count = static_cast<double>(transfer.count);
      transfer.bytes /= static_cast<int64_t>(transfer.count);
      transfer.arrival_ns /= count;
      transfer.transfer_ns /= count;
      out_.transfers.push_back(std::move(transfer));
    }
  }

  const Run& run_;
  std::span<const ProcessLedger* const> ranks_;
  const Meetings& meetings_;
  std::vector<Step> steps_;
  RankLedger& out_;
  std::deque<RankCells> cells_;             // a deque: sums point into their cells
  std::vector<Gathering> gatherings_;       // of meetings_.all
  std::vector<std::vector<size_t>> place_;  // per rank: of its labels among the ledger's leaves
  std::vector<OwnedTime> of_step_;          // of the step at hand
};

// Why the collectives of a run tie its ranks together badly; empty when they do not.
std::string doubts(const Meetings& meetings) {
  if (meetings.all.empty()) {
    return meetings.incomplete == 0 ? "no collectives were recorded"
                                    : "no collective was recorded on all of its ranks";
  }
  if (meetings.incomplete * 20 > meetings.incomplete + meetings.attendances.size()) {
    return fmt::format("{} of {} collective operations lack their counterparts on other ranks",
                       meetings.incomplete, meetings.incomplete + meetings.attendances.size());
  }
  return "";
}

// From the events. `out` has its processes.
Result<RankLedger> compute_job(const Run& run, std::span<const ProcessLedger* const> ranks, RankLedger out) {
  constexpr int64_t kLargestResidual = 20;  // of the step, one in
  const Result<Meetings> meetings = match_collectives(run, out.processes);
  if (!meetings.ok()) {
    return meetings.status();
  }
  out.why_not = doubts(meetings.value());
  if (!out.why_not.empty()) {
    return out;
  }
  std::optional<std::vector<RankClock>> clocks = fit_rank_clocks(meetings.value(), ranks.size());
  if (!clocks.has_value()) {
    out.why_not = "too few collectives tie the ranks' clocks together";
    return out;
  }
  out.clocks = std::move(*clocks);
  out.collectives = meetings.value().all.size();
  for (const RankClock& clock : out.clocks) {
    out.residual_ns = std::max(out.residual_ns, clock.residual_ns);
  }
  std::vector<Step> steps = common_steps(ranks, out.clocks, &out.why_not);
  if (steps.empty()) {
    return out;
  }
  if (std::none_of(steps.begin(), steps.end(),
                   [](const Step& step) { return step.step_class == StepClass::kTrain; })) {
    out.why_not = "no train step was recorded to its end on all ranks";
    return out;
  }
  const int64_t length = (steps.back().end_ns - steps.front().begin_ns) / static_cast<int64_t>(steps.size());
  if (out.residual_ns * kLargestResidual > length) {
    out.why_not = fmt::format("the ranks' clocks cannot be aligned better than {:.3f} ms",
                              static_cast<double>(out.residual_ns) / 1e6);
    return out;
  }
  if (Status status = RankLedgerBuilder(run, ranks, meetings.value(), std::move(steps), &out).build();
      !status.ok()) {
    return status;
  }
  out.known = true;
  return out;
}

// A damaged cache is recomputed, not an error.
std::optional<RankLedger> stored_job(const Run& run, uint32_t process, const std::string& fingerprint,
                                     std::span<const ProcessLedger* const> ranks) {
  const Result<std::optional<trace::JobRollup>> rollup = run.load_job_rollup(process);
  return rollup.ok() && rollup.value().has_value()
             ? from_job_rollup(*rollup.value(), fingerprint, ranks.size(), *ranks[0])
             : std::nullopt;
}

}  // namespace

Result<RankLedger> build_rank_ledger(const Run& run, const Ledger& ledger, Cache cache) {
  RankLedger out;
  const std::vector<const ProcessLedger*> ranks = ranks_of(run, ledger, &out.why_not);
  if (ranks.size() < 2) {
    return out;
  }
  for (const ProcessLedger* rank : ranks) {
    out.processes.push_back(rank->steps.process);
    if (!has_gpu_events(run, rank->steps.process)) {
      out.why_not = fmt::format("no GPU activity of rank {} was recorded, so when it waits is not seen",
                                run.processes()[rank->steps.process].rank);
      return out;
    }
  }
  const uint32_t keeper = out.processes[0];
  const std::string fingerprint = cache == Cache::kNone ? std::string() : job_fingerprint(run, ranks);
  if (cache != Cache::kNone) {
    if (std::optional<RankLedger> stored = stored_job(run, keeper, fingerprint, ranks); stored.has_value()) {
      stored->processes = std::move(out.processes);
      return std::move(*stored);
    }
  }
  Result<RankLedger> computed = compute_job(run, ranks, std::move(out));
  if (computed.ok() && cache == Cache::kReadWrite) {
    // A cache that cannot be written costs time, not truth.
    (void)run.store_job_rollup(keeper, to_job_rollup(computed.value(), fingerprint)).ok();
  }
  return computed;
}

}  // namespace stepscope::analysis
