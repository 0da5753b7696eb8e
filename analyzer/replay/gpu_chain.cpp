// SPDX-License-Identifier: Apache-2.0
#include "analyzer/replay/gpu_chain.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "analyzer/replay/stream_waits.hpp"

namespace stepscope::analysis {
namespace {

// Launches that the driver takes ahead of the GPU.
constexpr size_t kQueueDepth = 1024;
// A stream goes on so soon after the end of what it waited for on another one.
constexpr int64_t kWakesWithin = 20'000;
// Later than possible by less than this needs no reason.
constexpr int64_t kOnTime = 2'000;
// Nodes of a graph run side by side on one stream: how far back to look for one that had ended.
constexpr uint32_t kLookBack = 32;
// The little time that the GPU itself takes between two pieces of work.
constexpr std::string_view kGapText = "between kernels";

// The value below which one in fifty lies; 0 of none. Reorders.
int64_t low_quantile(std::vector<int64_t>& values) {
  if (values.empty()) {
    return 0;
  }
  const auto at = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 50);
  std::nth_element(values.begin(), at, values.end());
  return std::max<int64_t>(0, *at);
}

}  // namespace

Result<GpuChain> GpuChain::read(ProcessContext& context, const HostChain& host) {
  GpuChain out;
  out.has_calls_ = context.run().kind_events(context.process(), Kind::kCudaApi) > 0;
  Status status = scan_gpu(context.run(), context.process(), context.window(), GpuScan(),
                           [&](int64_t begin, int64_t, std::span<const GpuEvent> events) {
                             for (const GpuEvent& event : events) {
                               const bool again = event.begin_ns < begin && begin > context.window().begin_ns;
                               if (!again) {
                                 out.work_.push_back({event, host.item_of(event.correlation), 0, 0, false});
                               }
                             }
                             return Status();
                           });
  if (!status.ok()) {
    return status;
  }
  out.place_.resize(out.work_.size());
  for (uint32_t i = 0; i < out.work_.size(); ++i) {
    GpuWork& work = out.work_[i];
    const uint32_t actor = context.lane_actor(work.event.lane);
    work.begin = context.graph().at(work.event.begin_ns, actor);
    work.end = context.graph().at(work.event.end_ns, actor);
    out.by_end_.push_back(i);
    if (work.item != kNoItem && host.items()[work.item].begin_ns > work.event.begin_ns) {
      work.item = kNoItem;  // clocks that disagree
    }
    Stream& stream = out.streams_[work.event.lane];
    out.place_[i] = static_cast<uint32_t>(stream.size());
    stream.push_back(i);
    if (work.item != kNoItem) {
      out.of_item_[work.item].push_back(i);
      out.launch_order_.push_back(i);
    }
  }
  std::stable_sort(out.by_end_.begin(), out.by_end_.end(), [&out](uint32_t a, uint32_t b) {
    return out.work_[a].event.end_ns < out.work_[b].event.end_ns;
  });
  out.name_communication(context);
  out.measure_latencies(host);
  out.measure_queue(host);
  status = out.read_waits(context);
  return status.ok() ? Result<GpuChain>(std::move(out)) : status;
}

void GpuChain::name_communication(const ProcessContext& context) {
  for (uint32_t i = 0; i < work_.size(); ++i) {
    const GpuEvent& event = work_[i].event;
    if (event.kind != Kind::kKernel || event.correlation == 0) {
      continue;
    }
    const uint32_t label = context.pieces().gpu()->label_of(event).id;
    if (!Labels::is_mix(label) && context.pieces().labels().leaves()[label].starts_with(leaf::kCommPrefix)) {
      communication_.try_emplace(event.correlation, i);
    }
  }
}

uint32_t GpuChain::communication(uint32_t correlation) const {
  const auto found = correlation == 0 ? communication_.end() : communication_.find(correlation);
  return found == communication_.end() ? kNoWork : found->second;
}

Status GpuChain::read_waits(const ProcessContext& context) {
  const Result<std::vector<StreamWait>> waits = read_stream_waits(context);
  if (!waits.ok()) {
    return waits.status();
  }
  const auto first_from = [this](const Stream& stream, uint32_t correlation) {
    return std::lower_bound(stream.begin(), stream.end(), correlation, [this](uint32_t work, uint32_t value) {
      return work_[work].event.correlation < value;
    });
  };
  for (const StreamWait& wait : waits.value()) {
    const auto from = streams_.find(wait.recorded_lane);
    const auto to = streams_.find(wait.lane);
    if (from == streams_.end() || to == streams_.end()) {
      continue;
    }
    const auto before = first_from(from->second, wait.record);
    const auto behind = first_from(to->second, wait.wait);
    if (before == from->second.begin() || behind == to->second.end()) {
      continue;
    }
    const uint32_t awaited = *std::prev(before);
    if (work_[awaited].event.end_ns <= work_[*behind].event.begin_ns) {  // else the ids are in another order
      told_to_wait_[*behind].push_back(awaited);
    }
  }
  return {};
}

int64_t GpuChain::launched_ns(const HostChain& host, uint32_t index) const {
  const GpuWork& work = work_[index];
  return work.item == kNoItem ? work.event.begin_ns : host.items()[work.item].begin_ns;
}

std::optional<uint32_t> GpuChain::before_on_stream(uint32_t index) const {
  const Stream& stream = streams_.at(work_[index].event.lane);
  for (uint32_t back = 1; back <= std::min(place_[index], kLookBack); ++back) {
    const uint32_t before = stream[place_[index] - back];
    if (work_[before].event.end_ns <= work_[index].event.begin_ns) {
      return before;
    }
  }
  return std::nullopt;
}

void GpuChain::measure_latencies(const HostChain& host) {
  std::vector<int64_t> latencies;
  std::vector<int64_t> gaps;
  for (uint32_t i = 0; i < work_.size(); ++i) {
    const GpuEvent& event = work_[i].event;
    const std::optional<uint32_t> before = before_on_stream(i);
    const int64_t free = before.has_value() ? work_[*before].event.end_ns : event.begin_ns;
    if (work_[i].item == kNoItem || !before.has_value()) {
      continue;
    }
    const int64_t launched = launched_ns(host, i);
    if (free <= launched) {
      latencies.push_back(event.begin_ns - launched);
    } else if (launched + kWakesWithin < free) {
      gaps.push_back(event.begin_ns - free);
    }
  }
  latency_ns_ = low_quantile(latencies);
  gap_ns_ = low_quantile(gaps);
}

// A limit that the recording breaks is none.
void GpuChain::measure_queue(const HostChain& host) {
  std::stable_sort(launch_order_.begin(), launch_order_.end(),
                   [&](uint32_t a, uint32_t b) { return launched_ns(host, a) < launched_ns(host, b); });
  queue_limit_ = true;
  for (size_t i = 0; i < launch_order_.size(); ++i) {
    const uint32_t item = work_[launch_order_[i]].item;
    first_launch_.try_emplace(item, static_cast<uint32_t>(i));
    if (i >= kQueueDepth && work_[launch_order_[i - kQueueDepth]].event.end_ns > host.items()[item].end_ns) {
      queue_limit_ = false;
    }
  }
}

// Of what was launched before `before_ns`, the last on this stream.
std::optional<uint32_t> GpuChain::last_launched(const HostChain& host, const Stream& stream,
                                                int64_t before_ns) const {
  const auto after =
      std::lower_bound(stream.begin(), stream.end(), before_ns,
                       [&](uint32_t work, int64_t ns) { return launched_ns(host, work) < ns; });
  return after == stream.begin() ? std::nullopt : std::optional(*std::prev(after));
}

// On another stream. `free_ns` is when it could have started.
std::optional<uint32_t> GpuChain::waited_for(const HostChain& host, uint32_t index, int64_t free_ns) const {
  const int64_t begin = work_[index].event.begin_ns;
  if (begin - free_ns <= kOnTime) {
    return std::nullopt;
  }
  std::optional<uint32_t> found;
  const int64_t launched = launched_ns(host, index);
  for (const auto& [lane, stream] : streams_) {
    if (lane == work_[index].event.lane) {
      continue;
    }
    auto at = std::lower_bound(stream.begin(), stream.end(), begin,
                               [&](uint32_t work, int64_t ns) { return work_[work].event.begin_ns < ns; });
    for (uint32_t back = 0; at != stream.begin() && back < kLookBack; ++back) {
      const uint32_t one = *--at;
      const int64_t end = work_[one].event.end_ns;
      if (end <= begin && end > free_ns && begin - end <= kWakesWithin &&
          launched_ns(host, one) <= launched && (!found.has_value() || end > work_[*found].event.end_ns)) {
        found = one;
      }
      if (end <= begin) {
        break;
      }
    }
  }
  return found;
}

// The last work of each stream that a synchronising call waited for, or may have.
std::vector<uint32_t> GpuChain::synchronized(const HostChain& host, const HostItem& item) const {
  std::vector<uint32_t> out;
  if (item.kind != HostItem::Kind::kCall || item.call != CallClass::kSync) {
    return out;
  }
  for (const auto& [lane, stream] : streams_) {
    const std::optional<uint32_t> last = last_launched(host, stream, item.begin_ns);
    if (last.has_value() && work_[*last].event.end_ns <= item.end_ns) {
      out.push_back(*last);
    }
  }
  return out;
}

// What is launched behind a synchronising call relies on what that waited for, whether or not the call is there: a stream
// that was told to wait as well shows only without it.
std::unordered_map<uint32_t, std::vector<uint32_t>> GpuChain::kept_order(const HostChain& host) const {
  std::unordered_map<uint32_t, std::vector<uint32_t>> out;
  for (const HostItem& item : host.items()) {
    const std::vector<uint32_t> waited = synchronized(host, item);
    if (waited.empty()) {
      continue;
    }
    for (const auto& [lane, stream] : streams_) {
      const auto next =
          std::lower_bound(stream.begin(), stream.end(), item.end_ns,
                           [&](uint32_t work, int64_t ns) { return launched_ns(host, work) < ns; });
      if (next != stream.end()) {
        std::vector<uint32_t>& before = out[*next];
        before.insert(before.end(), waited.begin(), waited.end());
      }
    }
  }
  return out;
}

const GpuWork* GpuChain::begins_at(int64_t ns) const {
  const auto at = std::lower_bound(work_.begin(), work_.end(), ns, [](const GpuWork& work, int64_t value) {
    return work.event.begin_ns < value;
  });
  return at == work_.end() || at->event.begin_ns != ns ? nullptr : &*at;
}

void GpuChain::host_waits(ProcessContext& context, const HostChain& host, uint32_t index,
                          std::vector<Cause>* begin, std::vector<Cause>* end) const {
  const HostItem& item = host.items()[index];
  if (item.kind != HostItem::Kind::kCall) {
    return;
  }
  const auto own = of_item_.find(index);
  const uint32_t sync = context.part_of(leaf::kIdleSync);
  const uint32_t call = context.name_text(item.name);
  if (own != of_item_.end() && item.call != CallClass::kLaunch) {
    // A copy that the host takes part in, or that the call waits for.
    for (const uint32_t work : own->second) {
      if (work_[work].event.end_ns <= item.end_ns) {
        end->push_back({work_[work].end, 0, sync, kNoSite, Link::kSync, call});
      }
    }
  } else {
    const uint32_t site = context.graph().site(std::string(context.run().name(item.name)));
    for (const uint32_t work : synchronized(host, item)) {
      end->push_back({work_[work].end, 0, sync, site, Link::kSync, call});
    }
  }
  if (const auto launch = first_launch_.find(index);
      queue_limit_ && launch != first_launch_.end() && launch->second >= kQueueDepth) {
    const GpuWork& oldest = work_[launch_order_[launch->second - kQueueDepth]];
    (oldest.event.end_ns <= item.begin_ns ? begin : end)
        ->push_back({oldest.end, 0, kFixedPart, kNoSite, Link::kLaunchQueue, call});
  }
}

void GpuChain::link_launched(ProcessContext& context, const HostChain& host, uint32_t index,
                             std::vector<Cause>* causes) const {
  const GpuWork& work = work_[index];
  const uint32_t gap = context.graph().text(kGapText);
  const uint32_t idle = context.part_of(context.pieces().label_at(work.event.begin_ns - 1));
  int64_t free_ns = work.event.begin_ns;
  if (work.item != kNoItem) {
    const HostItem& item = host.items()[work.item];
    causes->push_back({item.begin, latency_ns_, idle, kNoSite, Link::kLaunch, context.name_text(item.name)});
    free_ns = item.begin_ns + latency_ns_;
  }
  if (const std::optional<uint32_t> before = before_on_stream(index); before.has_value()) {
    const GpuWork& one = work_[*before];
    const bool unknown = work.item == kNoItem && work.event.begin_ns - one.event.end_ns > kOnTime;
    causes->push_back(
        {one.end, gap_ns_, work.item == kNoItem ? idle : kFixedPart, kNoSite,
         unknown ? Link::kUnrecorded : Link::kStream,
         unknown ? context.host_text(context.pieces().host_label_at(work.event.begin_ns - 1)) : gap});
    free_ns = std::max(work.item == kNoItem ? one.event.end_ns : free_ns, one.event.end_ns + gap_ns_);
  }
  if (const auto told = told_to_wait_.find(index); told != told_to_wait_.end()) {
    for (const uint32_t one : told->second) {
      causes->push_back({work_[one].end, 0, kFixedPart, kNoSite, Link::kEventWait, gap});
    }
  } else if (const std::optional<uint32_t> other = waited_for(host, index, free_ns); other.has_value()) {
    causes->push_back({work_[*other].end, 0, kFixedPart, kNoSite, Link::kTimedWait, gap});
  }
}

// The last work that had ended by then.
std::optional<uint32_t> GpuChain::ended_before(int64_t ns) const {
  const auto after =
      std::upper_bound(by_end_.begin(), by_end_.end(), ns,
                       [this](int64_t value, uint32_t work) { return value < work_[work].event.end_ns; });
  return after == by_end_.begin() ? std::nullopt : std::optional(*std::prev(after));
}

void GpuChain::link_unlaunched(ProcessContext& context, const HostChain& host, uint32_t index,
                               Gaps gaps) const {
  RecordedGraph& graph = context.graph();
  const GpuWork& work = work_[index];
  const int64_t begin = work.event.begin_ns;
  const uint32_t gap = graph.text(kGapText);
  const std::optional<uint32_t> before = before_on_stream(index);
  const int64_t free_ns = before.has_value() ? work_[*before].event.end_ns : begin - kWakesWithin;
  std::vector<Cause> causes;
  if (before.has_value()) {
    causes.push_back({work_[*before].end, 0, kFixedPart, kNoSite, Link::kStream, gap});
  }
  if (const std::optional<uint32_t> other = waited_for(host, index, free_ns); other.has_value()) {
    causes.push_back({work_[*other].end, 0, kFixedPart, kNoSite, Link::kTimedWait, gap});
  } else if (!before.has_value() || begin - free_ns > kOnTime) {
    const std::optional<uint32_t> last = gaps == Gaps::kFollowGpu ? ended_before(begin) : std::nullopt;
    if (last.has_value()) {
      context.spend_pieces(work_[*last].end, work.begin, Link::kUnrecorded);
    } else {
      const Moment there = host.at(begin);
      causes.push_back({there, begin - graph.recorded(there),
                        context.part_of(context.pieces().label_at(begin - 1)), kNoSite, Link::kUnrecorded,
                        context.host_text(context.pieces().host_label_at(begin - 1))});
    }
    if (last.has_value()) {
      for (const Cause& cause : causes) {
        graph.fix(work.begin, cause, 0, false);
      }
      return;
    }
  }
  graph.follow(work.begin, causes, gaps == Gaps::kFollowGpu && context.counted(begin));
}

void GpuChain::link(ProcessContext& context, const HostChain& host, Gaps gaps) const {
  std::vector<Cause> causes;
  const std::unordered_map<uint32_t, std::vector<uint32_t>> kept = kept_order(host);
  for (uint32_t i = 0; i < work_.size(); ++i) {
    const GpuWork& work = work_[i];
    causes.clear();
    if (const auto before = kept.find(i); before != kept.end()) {
      for (const uint32_t one : before->second) {
        causes.push_back({work_[one].end, 0, kFixedPart, kNoSite, Link::kSync});
      }
    }
    if (!has_calls_) {
      link_unlaunched(context, host, i, gaps);
    } else if (link_launched(context, host, i, &causes); causes.empty()) {
      context.graph().anchor(work.begin, context.offset_ns);
    } else {
      context.graph().follow(work.begin, causes, context.counted(work.event.begin_ns));
    }
    if (!work.met) {
      context.spend(work.begin, work.end, context.pieces().gpu()->label_of(work.event).id, Link::kRun, 0);
    }
  }
}

bool GpuChain::follow(ProcessContext& context, Moment moment) const {
  const int64_t ns = context.graph().recorded(moment);
  auto at = std::lower_bound(work_.begin(), work_.end(), ns,
                             [](const GpuWork& work, int64_t value) { return work.event.begin_ns < value; });
  for (uint32_t back = 0; at != work_.begin() && back < kLookBack; ++back) {
    const GpuWork& work = *--at;
    if (work.event.end_ns > ns) {
      const uint32_t part = context.part_of(context.pieces().gpu()->label_of(work.event).id);
      context.graph().fix(moment, Cause{work.begin, 0, part, kNoSite, Link::kRun}, ns - work.event.begin_ns,
                          false);
      return true;
    }
  }
  const std::optional<uint32_t> last = ended_before(ns);
  if (last.has_value()) {
    context.spend_pieces(work_[*last].end, moment, Link::kUnrecorded);
  }
  return last.has_value();
}

}  // namespace stepscope::analysis
