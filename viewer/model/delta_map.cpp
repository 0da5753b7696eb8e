// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/delta_map.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>

#include "analyzer/parallel_for.hpp"
#include "viewer/model/busy_time.hpp"

namespace stepscope::viewer {
namespace {

// The next round number that is not below.
double round_up(double value) {
  const double power = std::pow(10.0, std::floor(std::log10(value)));
  for (const double digit : {1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0}) {
    if (value <= digit * power) {
      return digit * power;
    }
  }
  return 10 * power;
}

}  // namespace

// One process of one run at a time: what is exposed depends on all lanes of the process.
class DeltaMap::Maker {
 public:
  Maker(DeltaMap& map, const RunModel& a, const RunModel& b, const Tracks& tracks,
        std::span<const StepSlot> slots)
      : map_(map), runs_{&a, &b} {
    for (const Side side : {Side::kA, Side::kB}) {
      const RunModel& run = *runs_[index_of(side)];
      SideTimes& times = map_.sides_.at(index_of(side));
      times.busy.resize(map_.rows_ * map_.columns_);
      times.exposed.resize(map_.rows_ * map_.columns_);
      times.there.resize(map_.rows_);
      for (const StepSlot& slot : slots) {
        const StepModel& step = run.steps[side == Side::kA ? slot.index_a : slot.index_b];
        windows_[index_of(side)].push_back({step.begin_ns, step.end_ns});
        times.step.push_back(static_cast<float>(step.duration_ns()));
      }
      std::vector<std::vector<LaneOfRow>> by_process(run.processes.size());
      for (size_t row = 0; row < tracks.tracks.size(); ++row) {
        if (const uint32_t lane = tracks.tracks[row].lane[index_of(side)]; lane != kNoTrackLane) {
          times.there[row] = 1;
          by_process[run.lanes[lane].process].push_back({row, &run.lanes[lane]});
        }
      }
      for (std::vector<LaneOfRow>& lanes : by_process) {
        if (!lanes.empty()) {
          jobs_.push_back({side, std::move(lanes)});
        }
      }
    }
  }

  // False when it was cancelled.
  bool run(const std::function<bool()>& cancelled) {
    std::atomic<bool> stop{false};
    analysis::parallel_for(
        jobs_.size(),
        [&](size_t k) {
          if (!stop && !run_job(jobs_[k], cancelled)) {
            stop = true;
          }
        },
        1);
    return !stop;
  }

 private:
  struct LaneOfRow {
    size_t row = 0;
    const LaneModel* lane = nullptr;
  };
  struct Job {
    Side side = Side::kA;
    std::vector<LaneOfRow> lanes;  // of one process
  };
  bool run_job(const Job& job, const std::function<bool()>& cancelled) {
    const std::vector<Doing> doing = doing_of_names(runs_[index_of(job.side)]->category_of);
    std::vector<LaneReader> readers;
    for (const LaneOfRow& one : job.lanes) {
      readers.emplace_back(*one.lane, doing);
    }
    const bool streams = std::any_of(job.lanes.begin(), job.lanes.end(), [](const LaneOfRow& one) {
      return one.lane->role == LaneRole::kStream;
    });
    Stretches computing;
    Stretches memory;
    for (size_t column = 0; column < map_.columns_; ++column) {
      if (column % 64 == 0 && cancelled && cancelled()) {
        return false;
      }
      run_step(job, column, streams, readers, computing, memory);
    }
    return true;
  }

  // With GPU streams only what runs on them hides communication; what a thread does about it does not.
  void run_step(const Job& job, size_t column, bool streams, std::vector<LaneReader>& readers,
                Stretches& computing, Stretches& memory) {
    const Stretch window = windows_[index_of(job.side)][column];
    SideTimes& times = map_.sides_.at(index_of(job.side));
    bool communicates = false;
    for (size_t i = 0; i < readers.size(); ++i) {
      readers[i].read(window);
      const LaneTimes& lane = readers[i].times();
      times.busy[job.lanes[i].row * map_.columns_ + column] = static_cast<float>(lane.busy_ns);
      communicates = communicates || !lane.communicating.empty();
    }
    if (!communicates) {
      return;
    }
    computing.clear();
    for (size_t i = 0; i < readers.size(); ++i) {
      if (!streams || job.lanes[i].lane->role == LaneRole::kStream) {
        const Stretches& lane = readers[i].times().computing;
        computing.insert(computing.end(), lane.begin(), lane.end());
      }
    }
    unite(computing, window, memory);
    for (size_t i = 0; i < readers.size(); ++i) {
      times.exposed[job.lanes[i].row * map_.columns_ + column] =
          static_cast<float>(length_outside(readers[i].times().communicating, computing));
    }
  }

  DeltaMap& map_;
  std::array<const RunModel*, 2> runs_;
  std::array<std::vector<Stretch>, 2> windows_;
  std::vector<Job> jobs_;
};

DeltaMap DeltaMap::make(const RunModel& a, const RunModel& b, const Tracks& tracks,
                        std::span<const StepSlot> slots, const std::function<bool()>& cancelled) {
  DeltaMap map;
  map.rows_ = tracks.tracks.size();
  map.columns_ = slots.size();
  if (map.empty()) {
    return {};
  }
  if (!Maker(map, a, b, tracks, slots).run(cancelled)) {
    return {};
  }
  std::vector<uint8_t> train;
  for (const StepSlot& slot : slots) {
    train.push_back(a.steps[slot.index_a].train && b.steps[slot.index_b].train ? 1 : 0);
  }
  if (std::find(train.begin(), train.end(), 1) == train.end()) {
    train.assign(train.size(), 1);
  }
  for (const DeltaMeasure measure : {DeltaMeasure::kBusy, DeltaMeasure::kExposed, DeltaMeasure::kIdle}) {
    map.scale_ns_.at(static_cast<size_t>(measure)) = map.scale_of(measure, train);
  }
  return map;
}

double DeltaMap::value_ns(Side side, DeltaMeasure measure, size_t row, size_t column) const {
  const SideTimes& times = sides_.at(index_of(side));
  if (times.there[row] == 0) {
    return 0;
  }
  const size_t cell = row * columns_ + column;
  switch (measure) {
    case DeltaMeasure::kBusy:
      return double{times.busy[cell]};
    case DeltaMeasure::kExposed:
      return double{times.exposed[cell]};
    case DeltaMeasure::kIdle:
      break;
  }
  return double{times.step[column]} - double{times.busy[cell]};
}

DeltaCell DeltaMap::strongest(DeltaMeasure measure, IndexRange rows, IndexRange columns) const {
  DeltaCell best{rows.first, columns.first, delta_ns(measure, rows.first, columns.first)};
  for (size_t row = rows.first; row < rows.last; ++row) {
    for (size_t column = columns.first; column < columns.last; ++column) {
      const double delta = delta_ns(measure, row, column);
      if (std::abs(delta) > std::abs(best.delta_ns)) {
        best = {row, column, delta};
      }
    }
  }
  return best;
}

double DeltaMap::scale_of(DeltaMeasure measure, const std::vector<uint8_t>& train) const {
  constexpr size_t kLookAt = 1'000'000;  // of larger maps every so many cells
  constexpr double kShare = 0.99;
  constexpr double kLeast = 1000;
  const size_t stride = rows_ * columns_ / kLookAt + 1;
  std::vector<double> changes;
  for (size_t cell = 0; cell < rows_ * columns_; cell += stride) {
    const size_t column = cell % columns_;
    const double change = std::abs(delta_ns(measure, cell / columns_, column));
    if (train[column] != 0 && change > 0) {
      changes.push_back(change);
    }
  }
  if (changes.empty()) {
    return kLeast;
  }
  const auto at =
      changes.begin() + static_cast<std::ptrdiff_t>(kShare * static_cast<double>(changes.size() - 1));
  std::nth_element(changes.begin(), at, changes.end());
  return std::max(kLeast, round_up(*at));
}

}  // namespace stepscope::viewer
