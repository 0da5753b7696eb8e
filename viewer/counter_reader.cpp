// SPDX-License-Identifier: Apache-2.0
#include "viewer/counter_reader.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <map>
#include <tuple>
#include <utility>

namespace stepscope::viewer {
namespace {

using analysis::Kind;
using analysis::Status;

using LineKey = std::tuple<uint32_t, int64_t>;  // name of the run, subject

Status read_kind(const analysis::Run& run, uint32_t process, Kind kind, const std::atomic<bool>& cancelled,
                 std::map<LineKey, std::vector<Reading>>& lines) {
  constexpr size_t kName = 1;  // columns of counter and of health
  constexpr size_t kValue = 2;
  constexpr size_t kSubject = 3;
  const int64_t shift = run.processes()[process].clock_shift_ns;
  trace::ScanFilter filter;
  filter.kind = kind;
  filter.columns = ~0U;
  return run.scan(process, filter, [&](const trace::SegmentView& view) {
    if (cancelled.load(std::memory_order_relaxed)) {
      return Status(analysis::Code::kUsage, "cancelled");
    }
    for (size_t row = 0; row < view.rows; ++row) {
      const uint32_t name = run.global_name(process, view.columns[kName][row]);
      lines[{name, view.columns[kSubject][row]}].push_back(
          {view.columns[0][row] + shift, std::bit_cast<double>(view.columns[kValue][row])});
    }
    return Status();
  });
}

// Whom readings are of: the GPU, or a process, by its id where it is not the one that read them (a watched worker).
struct Owner {
  std::string title;
  std::string key;  // ids of processes differ from run to run: the key is of what plays the part
};

Owner owner_of(const analysis::Run& run, const RunModel& model, uint32_t process, bool health,
               int64_t subject) {
  const ProcessModel& reader = model.processes[process];
  if (health) {
    const std::string gpu = "GPU " + std::to_string(subject);
    return {gpu + " · " + reader.title, reader.key + "/" + gpu};
  }
  for (uint32_t p = 0; p < run.processes().size(); ++p) {
    if (int64_t{run.processes()[p].pid} == subject &&
        run.processes()[p].host == run.processes()[process].host) {
      return {model.processes[p].title, model.processes[p].key};
    }
  }
  return {reader.title, reader.key};
}

// From the first train step to the last one; all time where there is none.
std::pair<int64_t, int64_t> time_of_steps(const RunModel& model) {
  std::pair<int64_t, int64_t> time(std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min());
  for (const StepModel& step : model.steps) {
    if (step.train) {
      time = {std::min(time.first, step.begin_ns), std::max(time.second, step.end_ns)};
    }
  }
  return time.first < time.second ? time : std::pair(time.second, time.first);
}

void add_lines(const analysis::Run& run, const RunModel& model, uint32_t process, bool health,
               std::map<LineKey, std::vector<Reading>>& read, CounterLines& out) {
  const std::pair<int64_t, int64_t> steps = time_of_steps(model);
  for (auto& [key, readings] : read) {
    std::stable_sort(readings.begin(), readings.end(),
                     [](const Reading& x, const Reading& y) { return x.time_ns < y.time_ns; });
    Owner owner = owner_of(run, model, process, health, std::get<1>(key));
    CounterLine line;
    line.name = run.name(std::get<0>(key));
    line.meaning = counter_meaning(line.name);
    line.key = owner.key + "/" + line.name;
    line.owner = std::move(owner.title);
    line.series = CounterSeries(line.meaning, readings);
    line.measure(steps.first, steps.second);
    if (line.series.size() > 0) {
      out.lines.push_back(std::move(line));
    }
  }
}

}  // namespace

CounterLines read_counters(const analysis::Run& run, const RunModel& model,
                           const std::atomic<bool>& cancelled) {
  CounterLines out;
  for (const bool health : {true, false}) {
    for (uint32_t process = 0; process < run.processes().size(); ++process) {
      std::map<LineKey, std::vector<Reading>> read;
      const Status status = read_kind(run, process, health ? Kind::kHealth : Kind::kCounter, cancelled, read);
      if (!status.ok() && out.error.empty()) {
        out.error = status.message();
      }
      add_lines(run, model, process, health, read, out);
    }
  }
  std::stable_sort(out.lines.begin(), out.lines.end(), [](const CounterLine& x, const CounterLine& y) {
    const auto order = [](const CounterLine& line) {
      return std::tuple(!line.owner.starts_with("GPU "), std::string_view(line.owner),
                        counter_order(line.name));
    };
    return order(x) < order(y);
  });
  return out;
}

}  // namespace stepscope::viewer
