// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>

#include "analyzer/gpu_events.hpp"
#include "analyzer/kernel_name.hpp"
#include "analyzer/motif_steps.hpp"

namespace stepscope::analysis {
namespace {

// Events are put into the order of launch within this many: the streams of a device are never further apart, since a
// launch waits when some thousand are outstanding.
constexpr size_t kReorder = size_t{1} << 16U;

constexpr uint32_t kHostCopyIn = 0xFFFFFFFF;  // symbols that are no item of the sequence
constexpr uint32_t kHostCopyOut = 0xFFFFFFFE;

struct Launch {
  int64_t order = 0;  // correlation, carried on over its wrap
  int64_t begin_ns = 0;
  uint32_t symbol = 0;
  uint32_t idle = 0;
};

// Numbers what may be launched: kernels by name and launch configuration, graphs by their id.
class LaunchSymbols {
 public:
  explicit LaunchSymbols(const Run& run) : names_(run) {}

  uint32_t of(const GpuEvent& event) {
    const bool graph = event.kind == Kind::kGraphLaunch;
    const uint64_t key = graph ? event.graph : (static_cast<uint64_t>(event.name) << 32U) | event.signature;
    const auto [at, fresh] =
        (graph ? graphs_ : kernels_).try_emplace(key, static_cast<uint32_t>(all_.size()));
    if (fresh) {
      const bool update = !graph && names_.of(event.name).family == KernelFamily::kOptimizer;
      const uint32_t coarse = graph ? at->second : by_name_.try_emplace(event.name, at->second).first->second;
      all_.push_back({coarse, update});
    }
    return at->second;
  }
  [[nodiscard]] bool is_update(uint32_t symbol) const { return all_[symbol].update; }
  // One number for all launch configurations of a kernel.
  [[nodiscard]] uint32_t without_configuration(uint32_t symbol) const { return all_[symbol].coarse; }

 private:
  struct Symbol {
    uint32_t coarse = 0;
    bool update = false;
  };
  KernelNames names_;
  std::unordered_map<uint64_t, uint32_t> kernels_;
  std::unordered_map<uint64_t, uint32_t> graphs_;
  std::unordered_map<uint32_t, uint32_t> by_name_;
  std::vector<Symbol> all_;
};

// The recording's own lanes of the device with most kernels; empty when all kernels are of one device.
Result<std::set<uint32_t>> busiest_device(const Run& run, uint32_t process) {
  constexpr size_t kDevice = 3;
  std::map<int64_t, std::pair<size_t, std::set<uint32_t>>> devices;
  trace::ScanFilter filter;
  filter.kind = Kind::kKernel;
  filter.columns = 1U << kDevice;
  const Status status = run.scan(process, filter, [&](const trace::SegmentView& view) {
    if (view.rows > 0 && !view.columns[kDevice].empty()) {  // a lane is a stream of one device
      auto& [kernels, lanes] = devices[view.columns[kDevice][0]];
      kernels += view.rows;
      lanes.insert(view.lane);
    }
    return Status();
  });
  if (!status.ok()) {
    return status;
  }
  if (devices.size() < 2) {
    return std::set<uint32_t>();
  }
  return std::max_element(devices.begin(), devices.end(),
                          [](const auto& a, const auto& b) { return a.second.first < b.second.first; })
      ->second.second;
}

using LaunchVisitor = std::function<void(const Launch&)>;

// Visits launches and host copies in the order of launch.
class LaunchReader {
 public:
  LaunchReader(const Run& run, uint32_t process, std::set<uint32_t> lanes, LaunchSymbols* symbols)
      : run_(run), process_(process), lanes_(std::move(lanes)), symbols_(symbols) {}

  Status read(const LaunchVisitor& visit) {
    const Process& process = run_.processes()[process_];
    const TimeRange span{process.first_ns, process.last_ns + 1};
    const auto window = [&](int64_t begin, int64_t, std::span<const GpuEvent> events) {
      for (const GpuEvent& event : events) {
        if (event.begin_ns >= begin || begin == span.begin_ns) {  // else an earlier window had it
          add(event);
        }
        if (pending_.size() >= 2 * kReorder) {
          hand_on(kReorder, visit);
        }
      }
      return Status();
    };
    GpuScan scan;
    scan.signature = true;
    scan.instants = true;
    const Status status = scan_gpu(run_, process_, span, scan, window);
    hand_on(pending_.size(), visit);
    return status;
  }

  [[nodiscard]] int64_t end_ns() const { return busy_until_; }

 private:
  void add(const GpuEvent& event) {
    const bool item = event.kind == Kind::kKernel || event.kind == Kind::kGraphLaunch;
    const bool known = event.kind != Kind::kKernel || lanes_.empty() || lanes_.count(event.lane) > 0;
    if (!known) {
      return;
    }
    if (event.correlation != 0) {
      order_ += static_cast<int32_t>(event.correlation - static_cast<uint32_t>(order_));
    }
    const int64_t idle = seen_ ? event.begin_ns - busy_until_ : 0;
    busy_until_ = seen_ ? std::max(busy_until_, event.end_ns) : event.end_ns;
    seen_ = true;
    Launch launch{order_, event.begin_ns, 0, motif_idle(idle)};
    if (item) {
      launch.symbol = symbols_->of(event);
    } else {
      const std::string_view copy = event.kind == Kind::kMemcpy ? copy_kind_name(event.name) : "";
      if (copy != "h2d" && copy != "d2h") {
        return;
      }
      launch.symbol = copy == "h2d" ? kHostCopyIn : kHostCopyOut;
    }
    pending_.push_back(launch);
  }

  void hand_on(size_t count, const LaunchVisitor& visit) {
    std::stable_sort(pending_.begin(), pending_.end(), [](const Launch& a, const Launch& b) {
      return a.order != b.order ? a.order < b.order : a.begin_ns < b.begin_ns;
    });
    const auto end = pending_.begin() + static_cast<std::ptrdiff_t>(count);
    std::for_each(pending_.begin(), end, visit);
    pending_.erase(pending_.begin(), end);
  }

  const Run& run_;
  uint32_t process_;
  std::set<uint32_t> lanes_;
  LaunchSymbols* symbols_;
  std::vector<Launch> pending_;
  int64_t order_ = 0;
  int64_t busy_until_ = 0;
  bool seen_ = false;
};

Result<std::vector<MotifItem>> read_items(LaunchReader reader, const LaunchSymbols& symbols,
                                          size_t expected) {
  std::vector<MotifItem> items;
  items.reserve(expected);
  MotifItem next;
  const Status status = reader.read([&](const Launch& launch) {
    if (launch.symbol == kHostCopyIn) {
      next.copied_in = 1;
    } else if (launch.symbol == kHostCopyOut) {
      next.copied_out = 1;
    } else {
      next.symbol = launch.symbol;
      next.idle = launch.idle & kMotifIdleMax;
      next.update = symbols.is_update(launch.symbol) ? 1 : 0;
      items.push_back(next);
      next = MotifItem();
    }
  });
  if (!status.ok()) {
    return status;
  }
  return items;
}

// When the first item of each part began, and when the last part ended.
Status read_times(LaunchReader reader, const std::vector<MotifPart>& parts, std::vector<int64_t>* begins,
                  int64_t* end_ns) {
  size_t index = 0;
  bool ended = false;
  const Status status = reader.read([&](const Launch& launch) {
    if (launch.symbol == kHostCopyIn || launch.symbol == kHostCopyOut) {
      return;
    }
    if (begins->size() < parts.size() && parts[begins->size()].begin == index) {
      begins->push_back(launch.begin_ns);
    }
    if (index == parts.back().end) {
      *end_ns = launch.begin_ns;
      ended = true;
    }
    ++index;
  });
  if (!ended) {
    *end_ns = reader.end_ns();
  }
  return status;
}

std::string_view evidence_words(MotifEvidence evidence) {
  switch (evidence) {
    case MotifEvidence::kUpdate:
      return "an optimizer's kernels";
    case MotifEvidence::kCopy:
      return "a copy between host and device";
    case MotifEvidence::kIdle:
      return "one long idle gap";
    case MotifEvidence::kNone:
      break;
  }
  return "nothing";
}

}  // namespace

Result<bool> find_kernel_steps(const Run& run, uint32_t process, ProcessSteps* out, std::string* why_not) {
  constexpr double kWellExplained = 0.9;
  const uint64_t launches =
      run.kind_events(process, Kind::kKernel) + run.kind_events(process, Kind::kGraphLaunch);
  if (launches == 0) {
    *why_not = "no kernels were recorded";
    return false;
  }
  const Result<std::set<uint32_t>> lanes = busiest_device(run, process);
  if (!lanes.ok()) {
    return lanes.status();
  }
  LaunchSymbols symbols(run);
  const LaunchReader reader(run, process, lanes.value(), &symbols);
  Result<std::vector<MotifItem>> read = read_items(reader, symbols, launches);
  if (!read.ok()) {
    return read.status();
  }
  std::vector<MotifItem>& items = read.value();
  Motif motif = find_motif(items, {});
  std::string_view same = "name and launch configuration";
  if (motif.verdict != MotifVerdict::kFound || motif.ratio * motif.coverage < kWellExplained) {
    for (MotifItem& item : items) {
      item.symbol = symbols.without_configuration(item.symbol);
    }
    Motif by_name = find_motif(items, {});
    if (by_name.verdict == MotifVerdict::kFound &&
        (motif.verdict != MotifVerdict::kFound ||
         by_name.ratio * by_name.coverage > motif.ratio * motif.coverage)) {
      motif = std::move(by_name);
      same = "name";
    }
  }
  if (motif.verdict != MotifVerdict::kFound) {
    *why_not = why_no_motif(motif, "kernels");
    return false;
  }
  std::vector<MotifItem>().swap(items);  // the second pass needs none
  std::vector<int64_t> begins;
  int64_t end_ns = 0;
  if (Status status = read_times(reader, motif.parts, &begins, &end_ns); !status.ok()) {
    return status;
  }
  make_motif_steps(motif, begins, end_ns, out);
  out->method = StepMethod::kKernels;
  out->lane = driving_lane(run, process);
  out->confidence = motif_confidence(motif);
  out->detail = fmt::format(
      "from {} kernels that repeat, {:.1f} % of them alike by {}, with {} in each; {:.0f} % of all kernels "
      "lie in such "
      "steps",
      motif.period, 100 * motif.ratio, same, evidence_words(motif.evidence), 100 * motif.coverage);
  return true;
}

}  // namespace stepscope::analysis
