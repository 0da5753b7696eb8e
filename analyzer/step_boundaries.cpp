// SPDX-License-Identifier: Apache-2.0
#include "analyzer/step_boundaries.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <string>

#include <fmt/format.h>

#include "analyzer/motif_steps.hpp"

namespace stepscope::analysis {
namespace {

struct Boundary {
  int64_t at_ns = 0;
  int64_t number = -1;
  uint32_t name = 0;
  uint32_t micro_steps = 0;
};

// Column `source` of kind step.
enum StepSource : int64_t { kFromApi = 1, kFromNvtx = 2, kFromOptimizer = 3, kFromProfiler = 4 };

using ByLane = std::map<uint32_t, std::vector<Boundary>>;

Status read_step_records(const Run& run, uint32_t process, std::map<int64_t, ByLane>* out) {
  const int64_t shift = run.processes()[process].clock_shift_ns;
  trace::ScanFilter filter;
  filter.kind = Kind::kStep;
  return run.scan(process, filter, [&](const trace::SegmentView& view) {
    const uint32_t lane = run.global_lane(process, view.lane);
    for (size_t i = 0; i < view.rows; ++i) {
      Boundary boundary;
      boundary.at_ns = view.columns[0][i] + shift;
      boundary.number = view.columns[1][i];
      boundary.name = run.global_name(process, view.columns[3][i]);
      boundary.micro_steps = static_cast<uint32_t>(std::max<int64_t>(0, view.columns[4][i]));
      (*out)[view.columns[2][i]][lane].push_back(boundary);
    }
    return Status();
  });
}

void tidy(std::vector<Boundary>& boundaries) {
  std::stable_sort(boundaries.begin(), boundaries.end(),
                   [](const Boundary& a, const Boundary& b) { return a.at_ns < b.at_ns; });
  const auto same = [](const Boundary& a, const Boundary& b) { return a.at_ns == b.at_ns; };
  boundaries.erase(std::unique(boundaries.begin(), boundaries.end(), same), boundaries.end());
}

// The thread with most boundaries; ties to the lower lane.
const std::vector<Boundary>* busiest(const ByLane& lanes, uint32_t* lane) {
  const std::vector<Boundary>* best = nullptr;
  for (const auto& [id, boundaries] : lanes) {
    if (id != kNoLane && (best == nullptr || boundaries.size() > best->size())) {
      best = &boundaries;
      *lane = id;
    }
  }
  return best;
}

// Several optimizers in one iteration (a GAN, say): the one that steps least often marks the iteration.
bool keep_rarest_name(std::vector<Boundary>& boundaries) {
  constexpr size_t kEnough = 3;
  std::map<uint32_t, size_t> counts;
  for (const Boundary& boundary : boundaries) {
    ++counts[boundary.name];
  }
  if (counts.size() < 2) {
    return false;
  }
  uint32_t rarest = 0;
  size_t fewest = 0;
  for (const Boundary& boundary : boundaries) {  // among equals, the one that comes last in the iteration
    const size_t count = counts[boundary.name];
    if (count >= kEnough && count * 10 >= boundaries.size() && (fewest == 0 || count < fewest)) {
      fewest = count;
      rarest = boundary.name;
    } else if (count == fewest && boundary.name != rarest && &boundary < &boundaries[counts.size()]) {
      rarest = boundary.name;
    }
  }
  if (fewest == 0) {
    return false;
  }
  std::erase_if(boundaries, [&](const Boundary& boundary) { return boundary.name != rarest; });
  return true;
}

// numbers: the program counts the step that begins at a boundary (API), or the one that ends there (hooks).
void make_steps(const std::vector<Boundary>& boundaries, bool number_at_begin, ProcessSteps* out) {
  for (size_t i = 0; i + 1 < boundaries.size(); ++i) {
    Step step;
    step.index = static_cast<int64_t>(i);
    const int64_t number = boundaries[number_at_begin ? i : i + 1].number;
    step.number = number >= 0 ? number : step.index;
    step.begin_ns = boundaries[i].at_ns;
    step.end_ns = boundaries[i + 1].at_ns;
    step.micro_steps = boundaries[i + 1].micro_steps;
    out->steps.push_back(step);
  }
}

bool any_step_name(const Run& run) {
  int64_t number = 0;
  for (uint32_t id = 1; id < run.name_count(); ++id) {
    if (is_step_name(run.name(id), &number)) {
      return true;
    }
  }
  return false;
}

std::string without_number(std::string_view name) {
  size_t end = name.size();
  while (end > 0 && std::isdigit(static_cast<unsigned char>(name[end - 1])) != 0) {
    --end;
  }
  return std::string(name.substr(0, end));
}

struct Marks {
  std::vector<Boundary> boundaries;
  int64_t total_ns = 0;
  int64_t last_end_ns = 0;
  uint32_t lane = kNoLane;
};

// Ranges or instants with step-like names, per name without its number and thread.
Status read_marks(const Run& run, uint32_t process, Kind kind,
                  std::map<std::pair<std::string, uint32_t>, Marks>* out) {
  const int64_t shift = run.processes()[process].clock_shift_ns;
  const bool ranges = kind == Kind::kRange;
  const size_t name_column = ranges ? 2 : 1;
  trace::ScanFilter filter;
  filter.kind = kind;
  filter.columns = 0b111U;
  std::map<int64_t, std::pair<bool, int64_t>> known;  // recording's name id -> is it a step name, its number
  return run.scan(process, filter, [&](const trace::SegmentView& view) {
    const uint32_t lane = run.global_lane(process, view.lane);
    for (size_t i = 0; i < view.rows; ++i) {
      const int64_t local = view.columns[name_column][i];
      auto it = known.find(local);
      if (it == known.end()) {
        int64_t number = -1;
        const bool is = is_step_name(run.name(run.global_name(process, local)), &number);
        it = known.emplace(local, std::pair(is, number)).first;
      }
      // On a GPU's timeline an annotation spans the kernels of a step, not the step.
      if (!it->second.first || lane == kNoLane || run.lanes()[lane].type == "annotation") {
        continue;
      }
      Marks& marks = (*out)[{without_number(run.name(run.global_name(process, local))), lane}];
      const int64_t begin = view.columns[0][i] + shift;
      const int64_t dur = ranges ? std::max<int64_t>(0, view.columns[1][i]) : 0;
      marks.boundaries.push_back({begin, it->second.second, 0, 0});
      marks.total_ns += dur;
      marks.last_end_ns = std::max(marks.last_end_ns, begin + dur);
      marks.lane = lane;
    }
    return Status();
  });
}

// The outermost of the step-like names: the one that covers most time; of marks, the one that comes most often.
Status from_marks(const Run& run, uint32_t process, Kind kind, ProcessSteps* out) {
  std::map<std::pair<std::string, uint32_t>, Marks> groups;
  if (Status status = read_marks(run, process, kind, &groups); !status.ok()) {
    return status;
  }
  const std::string* name = nullptr;
  Marks* best = nullptr;
  for (auto& [key, marks] : groups) {
    const bool better =
        best == nullptr || marks.total_ns > best->total_ns ||
        (marks.total_ns == best->total_ns && marks.boundaries.size() > best->boundaries.size());
    if (marks.boundaries.size() >= 2 && better) {
      best = &marks;
      name = &key.first;
    }
  }
  if (best == nullptr) {
    return {};
  }
  if (kind == Kind::kRange) {
    best->boundaries.push_back({best->last_end_ns, -1, 0, 0});
  }
  tidy(best->boundaries);
  make_steps(best->boundaries, true, out);
  out->method = StepMethod::kNvtx;
  out->lane = best->lane;
  out->confidence = kind == Kind::kRange ? 0.95 : 0.9;
  out->detail = fmt::format("from {} NVTX {} named \"{}\"", out->steps.size(),
                            kind == Kind::kRange ? "ranges" : "marks", *name);
  return {};
}

struct RecordSource {
  StepSource source;
  StepMethod method;
  double confidence;
  bool number_at_begin;
  const char* words;
};

constexpr RecordSource kApiRecords{kFromApi, StepMethod::kApi, 1.0, true, "calls of the step API"};
constexpr RecordSource kNvtxRecords{kFromNvtx, StepMethod::kNvtx, 1.0, true, "NVTX step marks"};
constexpr RecordSource kProfilerRecords{kFromProfiler, StepMethod::kProfiler, 0.95, false,
                                        "calls of torch.profiler's step()"};
constexpr RecordSource kOptimizerRecords{kFromOptimizer, StepMethod::kOptimizer, 0.9, false,
                                         "optimizer steps"};

bool from_records(const std::map<int64_t, ByLane>& records, const RecordSource& source, ProcessSteps* out) {
  const auto found = records.find(source.source);
  if (found == records.end()) {
    return false;
  }
  uint32_t lane = kNoLane;
  const std::vector<Boundary>* best = busiest(found->second, &lane);
  if (best == nullptr) {
    return false;
  }
  std::vector<Boundary> boundaries = *best;
  tidy(boundaries);
  const bool several = source.source == kFromOptimizer && keep_rarest_name(boundaries);
  if (boundaries.size() < 2) {
    return false;
  }
  make_steps(boundaries, source.number_at_begin, out);
  out->method = source.method;
  out->lane = lane;
  out->confidence = several ? 0.75 : source.confidence;
  out->detail =
      fmt::format("from {} {}{}", boundaries.size(), source.words,
                  several ? "; several optimizers step, the one that steps least often is the boundary" : "");
  return true;
}

}  // namespace

bool is_step_name(std::string_view name, int64_t* number) {
  static constexpr std::string_view kWords[] = {
      "step",        "train_step",   "training_step",   "iteration",
      "iter",        "train_iter",   "train_iteration", "training_iteration",
      "global_step", "profilerstep", "train_batch",     "training_batch"};
  constexpr size_t kLongest = 40;
  *number = -1;
  if (name.empty() || name.size() > kLongest) {
    return false;
  }
  size_t end = name.size();
  while (end > 0 && std::isdigit(static_cast<unsigned char>(name[end - 1])) != 0) {
    --end;
  }
  if (name.size() - end > 18) {
    return false;
  }
  if (end < name.size()) {
    *number = 0;
    for (size_t i = end; i < name.size(); ++i) {
      *number = *number * 10 + (name[i] - '0');
    }
  }
  while (end > 0 && std::string_view(" #:_=-/").find(name[end - 1]) != std::string_view::npos) {
    --end;
  }
  std::string word;
  for (const char c : name.substr(0, end)) {
    word += c == ' ' || c == '-' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return std::find(std::begin(kWords), std::end(kWords), word) != std::end(kWords);
}

Result<ProcessSteps> find_boundaries(const Run& run, uint32_t process, const StepOptions& options) {
  ProcessSteps out;
  out.process = process;
  std::map<int64_t, ByLane> records;
  if (Status status = read_step_records(run, process, &records); !status.ok()) {
    return status;
  }
  const auto recorded = [&](const RecordSource& source) {
    return options.allows(source.method) && from_records(records, source, &out);
  };
  if (recorded(kApiRecords) || recorded(kNvtxRecords)) {
    return out;
  }
  if (options.allows(StepMethod::kNvtx) && any_step_name(run)) {
    for (const Kind kind : {Kind::kRange, Kind::kInstant}) {
      if (Status status = from_marks(run, process, kind, &out); !status.ok()) {
        return status;
      }
      if (!out.steps.empty()) {
        return out;
      }
    }
  }
  if (recorded(kProfilerRecords) || recorded(kOptimizerRecords)) {
    return out;
  }
  std::string why =
      options.only.has_value()
          ? fmt::format("no steps by {}", step_method_name(*options.only))
          : "no step marks: neither the step API, NVTX, torch.profiler nor an optimizer said where steps end";
  for (const auto& [method, find] : {std::pair(StepMethod::kCollective, &find_collective_steps),
                                     std::pair(StepMethod::kKernels, &find_kernel_steps)}) {
    if (!options.allows(method)) {
      continue;
    }
    std::string why_not;
    const Result<bool> found = find(run, process, &out, &why_not);
    if (!found.ok()) {
      return found.status();
    }
    if (found.value()) {
      return out;
    }
    why += "; " + why_not;
  }
  out.detail = std::move(why);
  return out;
}

}  // namespace stepscope::analysis
