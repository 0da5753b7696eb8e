// SPDX-License-Identifier: Apache-2.0
#include "analyzer/replay/host_chain.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

namespace stepscope::analysis {
namespace {

// A thread that does nothing for longer than this may have waited for another.
constexpr int64_t kIdleThread = 100'000;

uint32_t part_of_item(ProcessContext& context, const HostItem& item) {
  if (item.kind == HostItem::Kind::kWait) {
    return context.part_of(leaf::kDataOther);
  }
  return item.call == CallClass::kSync
             ? context.part_of(leaf::kIdleSync)
             : context.part_of(context.pieces().label_at((item.begin_ns + item.end_ns) / 2));
}

}  // namespace

Result<HostChain> HostChain::read(ProcessContext& context) {
  HostChain out;
  if (Status status = out.read_calls(context); !status.ok()) {
    return status;
  }
  out.add_waits(context);
  out.add_changes(context);
  out.keep_outermost();
  const Lane& driving = context.run().lanes()[context.steps().lane];
  for (uint32_t i = 0; i < out.items_.size(); ++i) {
    HostItem& item = out.items_[i];
    const uint32_t actor = context.lane_actor(item.lane);
    item.begin = context.graph().at(item.begin_ns, actor);
    item.end = item.end_ns == item.begin_ns ? item.begin : context.graph().at(item.end_ns, actor);
    if (item.lane == driving.trace_id) {
      out.driving_.push_back(i);
    }
  }
  return out;
}

Status HostChain::read_calls(const ProcessContext& context) {
  const uint32_t process = context.process();
  const int64_t shift = context.run().processes()[process].clock_shift_ns;
  const TimeRange& window = context.window();
  trace::ScanFilter filter;
  filter.kind = Kind::kCudaApi;
  filter.begin_ns = window.begin_ns - shift;
  filter.end_ns = window.end_ns - shift;
  filter.columns = 0b1111U;
  std::unordered_map<int64_t, std::pair<uint32_t, CallClass>> names;
  return context.run().scan(process, filter, [&](const trace::SegmentView& view) {
    for (size_t row = 0; row < view.rows; ++row) {
      const int64_t begin = view.columns[0][row] + shift;
      if (begin < window.begin_ns || begin >= window.end_ns) {
        continue;
      }
      const auto [name, fresh] = names.try_emplace(view.columns[2][row]);
      if (fresh) {
        const uint32_t id = context.run().global_name(process, view.columns[2][row]);
        name->second = {id, classify_call(context.run().name(id))};
      }
      HostItem item;
      item.kind = HostItem::Kind::kCall;
      item.call = name->second.second;
      item.lane = view.lane;
      item.name = name->second.first;
      item.correlation = static_cast<uint32_t>(view.columns[3][row]);
      item.begin_ns = begin;
      item.end_ns = begin + std::max<int64_t>(0, view.columns[1][row]);
      items_.push_back(item);
    }
    return Status();
  });
}

void HostChain::add_waits(const ProcessContext& context) {
  const std::vector<Batch>& batches = context.pieces().batches().batches;
  for (uint32_t i = 0; i < batches.size(); ++i) {
    const Batch& batch = batches[i];
    const bool made_elsewhere = batch.joined() && !batch.in_process();
    if (batch.lane != context.steps().lane || batch.begin_ns < context.window().begin_ns ||
        batch.end_ns > context.window().end_ns || !made_elsewhere) {
      continue;
    }
    HostItem item;
    item.kind = HostItem::Kind::kWait;
    item.lane = context.run().lanes()[batch.lane].trace_id;
    item.batch = i;
    item.begin_ns = batch.begin_ns;
    item.end_ns =
        batch.arrive_ns == 0 ? batch.end_ns : std::clamp(batch.arrive_ns, batch.begin_ns, batch.end_ns);
    items_.push_back(item);
  }
}

void HostChain::add_changes(const ProcessContext& context) {
  HostItem item;
  item.lane = context.run().lanes()[context.steps().lane].trace_id;
  const auto change = [&](int64_t ns) {
    item.begin_ns = item.end_ns = ns;
    items_.push_back(item);
  };
  const TimeRange& window = context.window();
  change(window.begin_ns);
  const std::vector<LabelInterval>& pieces = context.pieces().pieces();
  auto piece = std::upper_bound(pieces.begin(), pieces.end(), window.begin_ns,
                                [](int64_t ns, const LabelInterval& one) { return ns < one.begin_ns; });
  for (; piece != pieces.end() && piece->begin_ns < window.end_ns; ++piece) {
    change(piece->begin_ns);
  }
  for (const Step& step : context.steps().steps) {
    if (step.end_ns > window.begin_ns && step.end_ns <= window.end_ns) {
      change(step.end_ns);
    }
  }
}

// Of nested calls (the driver's inside the runtime's) the outer one stands for both.
void HostChain::keep_outermost() {
  std::sort(items_.begin(), items_.end(), [](const HostItem& a, const HostItem& b) {
    return std::tuple(a.begin_ns, -a.end_ns, a.lane, a.correlation) <
           std::tuple(b.begin_ns, -b.end_ns, b.lane, b.correlation);
  });
  std::map<uint32_t, uint32_t> last;  // by lane
  std::vector<HostItem> kept;
  kept.reserve(items_.size());
  for (const HostItem& item : items_) {
    const auto [at, fresh] = last.try_emplace(item.lane, 0);
    const bool inside = !fresh && item.begin_ns < kept[at->second].end_ns;
    if (!inside) {
      at->second = static_cast<uint32_t>(kept.size());
      kept.push_back(item);
    }
    if (item.kind == HostItem::Kind::kCall && item.correlation != 0) {
      by_correlation_.try_emplace(item.correlation, at->second);
    }
  }
  items_ = std::move(kept);
}

uint32_t HostChain::item_of(uint32_t correlation) const {
  const auto found = by_correlation_.find(correlation);
  return correlation == 0 || found == by_correlation_.end() ? kNoItem : found->second;
}

Moment HostChain::at(int64_t ns) const {
  const auto after =
      std::upper_bound(driving_.begin(), driving_.end(), ns,
                       [this](int64_t value, uint32_t item) { return value < items_[item].begin_ns; });
  const HostItem& item = items_[after == driving_.begin() ? driving_.front() : *std::prev(after)];
  return ns >= item.end_ns ? item.end : item.begin;
}

void HostChain::link(ProcessContext& context, const Waits& waits) const {
  std::map<uint32_t, const HostItem*> last;  // by lane
  std::vector<Cause> before;
  std::vector<Cause> during;
  for (uint32_t i = 0; i < items_.size(); ++i) {
    const HostItem& item = items_[i];
    before.clear();
    during.clear();
    waits(i, &before, &during);
    const HostItem* other = nullptr;
    for (const auto& [lane, one] : last) {
      if (lane != item.lane && one->end_ns <= item.begin_ns &&
          (other == nullptr || one->end_ns > other->end_ns)) {
        other = one;
      }
    }
    const HostItem*& own = last[item.lane];
    const bool handed_over =
        other != nullptr &&
        (own == nullptr || (item.begin_ns - own->end_ns > kIdleThread && other->end_ns > own->end_ns));
    link_item(context, item, handed_over ? other : own, own, before);
    if (item.end != item.begin) {
      const uint32_t text = item.kind == HostItem::Kind::kCall ? context.name_text(item.name) : 0;
      during.push_back({item.begin, 0, part_of_item(context, item), kNoSite, Link::kThread, text});
      context.graph().follow(item.end, during, context.counted(item.begin_ns));
    }
    own = &item;
  }
}

void HostChain::link_item(ProcessContext& context, const HostItem& item, const HostItem* before,
                          const HostItem* own, const std::vector<Cause>& more) const {
  if (before == nullptr) {
    context.graph().anchor(item.begin, context.offset_ns);
    return;
  }
  const int64_t between = (before->end_ns + item.begin_ns) / 2;
  const uint32_t label = context.pieces().label_at(between);
  const uint32_t host_label = context.pieces().host_label_at(between);
  const Link host_link = context.host_link(host_label);
  const uint32_t text = host_link == Link::kWorker ? 0 : context.host_text(host_label);
  if (more.empty() && (own == nullptr || own == before)) {
    context.spend(before->end, item.begin, label, host_link, text);
    return;
  }
  std::vector<Cause> causes(more);
  causes.push_back({before->end, 0, context.part_of(label), kNoSite, host_link, text});
  context.graph().follow(item.begin, causes, context.counted(before->end_ns));
  if (own != nullptr && own != before) {
    context.graph().fix(item.begin, Cause{own->end}, 0, false);
  }
}

}  // namespace stepscope::analysis
