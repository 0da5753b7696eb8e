// SPDX-License-Identifier: Apache-2.0
#include "viewer/run_loader.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>

#include "analyzer/parallel_for.hpp"
#include "viewer/lane_decoder.hpp"

namespace stepscope::viewer {
namespace {

using analysis::Run;
using analysis::Status;

std::string process_title(const analysis::Process& process, int ordinal) {
  std::string title = process.role == "worker" ? "worker " + std::to_string(ordinal) : process.role;
  if (title.empty()) {
    title = "process";
  }
  if (process.world_size > 1) {
    title = "rank " + std::to_string(process.rank) + " · " + title;
  }
  return title;
}

void add_processes(RunModel& model, const Run& run) {
  std::map<std::pair<std::string, int32_t>, int> ordinals;
  for (const analysis::Process& process : run.processes()) {
    const int ordinal = ordinals[{process.role, process.rank}]++;
    ProcessModel shown;
    shown.title = process_title(process, ordinal);
    shown.key = process.role + "/" + std::to_string(process.rank) + "/" + std::to_string(ordinal);
    shown.subtitle =
        "pid " + std::to_string(process.pid) + (process.host.empty() ? "" : " on " + process.host);
    model.processes.push_back(std::move(shown));
  }
}

std::string lane_title(const Run& run, uint32_t lane) {
  const analysis::Lane& info = run.lanes()[lane];
  const analysis::Process& process = run.processes()[info.process];
  if (process.main_lane == lane) {
    return process.role == "worker" ? "batches" : "main thread";
  }
  return info.name.empty() ? info.type + " " + std::to_string(info.tid) : info.name;
}

LaneRole lane_role(const Run& run, uint32_t lane) {
  const analysis::Lane& info = run.lanes()[lane];
  return run.processes()[info.process].main_lane == lane                         ? LaneRole::kMainThread
         : info.type == "stream"                                                 ? LaneRole::kStream
         : info.type == "communicator"                                           ? LaneRole::kCommunicator
         : info.type == "device" || info.type == "memory" || info.type == "sync" ? LaneRole::kDevice
                                                                                 : LaneRole::kThread;
}

LaneModel lane_model(const Run& run, uint32_t lane,
                     std::map<std::pair<uint32_t, std::string>, int>& ordinals) {
  const analysis::Lane& info = run.lanes()[lane];
  LaneModel model;
  model.process = info.process;
  model.source_lane = lane;
  model.title = lane_title(run, lane);
  model.role = lane_role(run, lane);
  // The name of a communicator can hold an id that is another in every run: the first plays the part of the first.
  const std::string part = model.role == LaneRole::kCommunicator ? info.type : model.title;
  const int ordinal = ordinals[{info.process, part}]++;
  model.key = part + "/" + std::to_string(ordinal);
  return model;
}

void add_notes(RunModel& model, const Run& run) {
  for (const analysis::RunLoss& loss : run.losses()) {
    model.notes.push_back({loss.severity, run.processes()[loss.process].base + ": " + loss.counter + " = " +
                                              std::to_string(loss.count) + ". " + loss.sentence +
                                              (loss.remedy.empty() ? "" : " (" + loss.remedy + ")")});
  }
  for (const std::string& problem : run.problems()) {
    model.notes.push_back({"error", problem});
  }
  if (!run.snapshots().empty()) {
    model.notes.push_back({"info", "still being recorded: this is what there was when it was read"});
  }
  for (const analysis::Door& door : run.doors()) {
    model.notes.push_back(
        {"door", run.processes()[door.process].base + ": " +
                     (door.displaced ? "displaced " + door.name + " (was " : "door " + door.name + " (") +
                     door.state + ")"});
  }
  // What is missing stands first.
  std::stable_partition(model.notes.begin(), model.notes.end(),
                        [](const Note& note) { return note.is_loss(); });
}

RunModel skeleton(const Run& run) {
  RunModel model;
  model.path = run.path();
  model.label = std::string(run.label());
  model.id = run.processes().empty() ? model.label : run.processes()[0].base;
  model.begin_ns = run.time_range().begin_ns;
  model.end_ns = run.time_range().end_ns;
  model.events = run.event_count();
  add_processes(model, run);
  add_notes(model, run);
  return model;
}

// The finest overview that is not finer than a screen needs.
const analysis::LaneOverview* best_level(const std::vector<analysis::LaneOverview>& levels) {
  const analysis::LaneOverview* best = nullptr;
  for (const analysis::LaneOverview& level : levels) {
    if (best == nullptr || (level.busy.size() > best->busy.size() && level.busy.size() <= 16384)) {
      best = &level;
    }
  }
  return best;
}

// The one row of a lane of a preview; none where there is no overview.
Status add_overview(const Run& run, LaneModel& lane, NameTable& names) {
  const auto levels = run.overview(lane.source_lane);
  if (!levels.ok()) {
    return levels.status();
  }
  const analysis::LaneOverview* level = best_level(levels.value());
  if (level == nullptr) {
    return {};
  }
  const bool stream = run.lanes()[lane.source_lane].type == "stream";
  std::vector<uint32_t> leading;
  leading.reserve(level->leading.size());
  for (const uint32_t name : level->leading) {
    leading.push_back(stream ? names.on_stream(name) : names.by_text(name));
  }
  TimeMip mip =
      TimeMip::from_overview(level->origin_ns, level->bucket_ns, level->busy, leading, names.categories());
  if (!mip.empty()) {
    lane.rows.push_back(EventRow::preview(std::move(mip)));
    lane.events = run.lanes()[lane.source_lane].events;
  }
  return {};
}

}  // namespace

analysis::Result<RunModel> load_preview(const Run& run) {
  RunModel model = skeleton(run);
  model.preview = true;
  NameTable names(run);
  std::map<std::pair<uint32_t, std::string>, int> ordinals;
  std::vector<LaneModel> lanes;
  for (uint32_t lane = 0; lane < run.lanes().size(); ++lane) {
    if (run.lanes()[lane].events > 0) {
      lanes.push_back(lane_model(run, lane, ordinals));
    }
  }
  std::mutex mutex;
  Status failure;
  analysis::parallel_for(
      lanes.size(),
      [&](size_t i) {
        if (Status status = add_overview(run, lanes[i], names); !status.ok()) {
          const std::lock_guard<std::mutex> lock(mutex);
          failure = std::move(status);
        }
      },
      1);
  if (!failure.ok()) {
    return failure;
  }
  std::erase_if(lanes, [](const LaneModel& lane) { return lane.rows.empty(); });
  model.lanes = std::move(lanes);
  names.store(model);
  return model;
}

analysis::Result<RunModel> load_events(std::shared_ptr<const Run> run, const LoadControl& control) {
  RunModel model = skeleton(*run);
  NameTable names(*run);
  std::map<std::pair<uint32_t, std::string>, int> ordinals;
  std::vector<LaneModel> lanes;
  uint64_t total = 0;
  for (uint32_t lane = 0; lane < run->lanes().size(); ++lane) {
    if (run->lanes()[lane].events > 0) {
      lanes.push_back(lane_model(*run, lane, ordinals));
      total += run->lanes()[lane].events;
    }
  }
  // 1. Threads take lanes one by one, longest first, so that they end together.
  std::vector<size_t> order(lanes.size());
  for (size_t i = 0; i < order.size(); ++i) {
    order[i] = i;
  }
  std::stable_sort(order.begin(), order.end(), [&](size_t x, size_t y) {
    return run->lanes()[lanes[x].source_lane].events > run->lanes()[lanes[y].source_lane].events;
  });
  std::mutex mutex;
  uint64_t done = 0;
  Status failure;
  std::vector<std::string> damaged;  // lanes whose events cannot be read; the others are shown
  LaneControl of_lane;
  of_lane.cancelled = control.cancelled;
  of_lane.read = [&](size_t events) {
    const std::lock_guard<std::mutex> lock(mutex);
    done = std::min(done + events, total);
    if (control.progress) {
      control.progress(done, total);
    }
  };
  std::atomic<bool> failed{false};
  analysis::parallel_for(
      order.size(),
      [&](size_t k) {
        if (failed) {
          return;
        }
        LaneModel& lane = lanes[order[k]];
        const Status status = decode_lane(*run, lane, names, of_lane);
        if (!status.ok()) {
          const std::lock_guard<std::mutex> lock(mutex);
          if (status.code() == analysis::Code::kUnreadable) {
            damaged.push_back(lane.title + " is not shown: " + status.message());
          } else {
            failure = failure.ok() ? status : failure;
            failed = true;
          }
        }
      },
      1);
  if (!failure.ok()) {
    return failure;
  }
  for (const std::string& sentence : damaged) {
    model.notes.insert(model.notes.begin(), {"error", sentence});
  }
  // 2. Lanes that hold only counters have nothing to draw.
  for (LaneModel& lane : lanes) {
    if (!lane.rows.empty()) {
      if (lane.too_deep > 0) {
        model.notes.push_back({"info", lane.title + ": " + std::to_string(lane.too_deep) +
                                           " events are nested too deep to be drawn"});
      }
      model.lanes.push_back(std::move(lane));
    }
  }
  names.store(model);
  model.source = run;
  model.details = [run](uint32_t lane, trace::Kind kind, int64_t start_ns, int64_t duration_ns) {
    auto details = run->details(lane, kind, recorded_at(kind, start_ns, duration_ns), duration_ns);
    return details.ok() ? std::move(details).value() : Details{{"error", details.status().message()}};
  };
  return model;
}

void add_ledger(RunModel& model, const analysis::Ledger& ledger) {
  model.ledger.leaves = ledger.leaves;
  for (const std::string& leaf : ledger.leaves) {
    model.ledger.category.push_back(analysis::category_of_leaf(leaf));
  }
  for (const analysis::ProcessLedger& process : ledger.processes) {
    if (model.step_method.empty()) {
      model.step_method = process.steps.detail;
    }
    if (process.steps.steps.empty() || !model.steps.empty()) {
      continue;
    }
    model.step_method = process.steps.detail;
    model.ledger.ns = process.ns;
    for (const analysis::Step& step : process.steps.steps) {
      model.steps.push_back({step.index, step.number, step.begin_ns, step.end_ns,
                             step.step_class == analysis::StepClass::kTrain,
                             analysis::step_class_name(step.step_class)});
    }
    for (uint32_t lane = 0; lane < model.lanes.size(); ++lane) {
      if (model.lanes[lane].source_lane == process.steps.lane) {
        model.step_lane = lane;
      }
    }
  }
}

}  // namespace stepscope::viewer
