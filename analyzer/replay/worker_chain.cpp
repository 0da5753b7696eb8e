// SPDX-License-Identifier: Apache-2.0
#include "analyzer/replay/worker_chain.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace stepscope::analysis {

WorkerChain WorkerChain::make(ProcessContext& context) {
  WorkerChain out;
  const BatchTable& table = context.pieces().batches();
  std::map<std::pair<uint32_t, uint32_t>, int64_t> dispatched;
  std::vector<int64_t> hand_overs;
  for (const Batch& batch : table.batches) {
    if (!batch.joined() || batch.in_process()) {
      continue;
    }
    dispatched[{batch.queue, batch.fetch}] = batch.dispatch_ns;
    const int64_t put = table.fetch_of(batch)->put_ns;
    if (put > batch.begin_ns && batch.arrive_ns > put) {
      hand_overs.push_back(batch.arrive_ns - put);
    }
  }
  if (!hand_overs.empty()) {
    const auto at = hand_overs.begin() + static_cast<std::ptrdiff_t>((hand_overs.size() - 1) / 10);
    std::nth_element(hand_overs.begin(), at, hand_overs.end());
    out.hand_over_ns_ = *at;
  }
  for (uint32_t q = 0; q < table.queues.size(); ++q) {
    const std::vector<Fetch>& fetches = table.queues[q].fetches;
    for (uint32_t f = 0; f < fetches.size(); ++f) {
      const auto found = dispatched.find({q, f});
      if (found == dispatched.end() || fetches[f].put_ns < context.window().begin_ns ||
          fetches[f].received_ns >= context.window().end_ns) {
        continue;
      }
      out.by_fetch_[{q, f}] = static_cast<uint32_t>(out.made_.size());
      const uint32_t actor =
          context.graph().actor(context.process(), fmt::format("worker {}", fetches[f].worker));
      out.made_.push_back({q, f, found->second, context.graph().at(fetches[f].received_ns, actor),
                           context.graph().at(fetches[f].put_ns, actor)});
    }
  }
  return out;
}

void WorkerChain::host_waits(ProcessContext& context, const HostItem& item, std::vector<Cause>* end) const {
  if (item.kind != HostItem::Kind::kWait) {
    return;
  }
  const Batch& batch = context.pieces().batches().batches[item.batch];
  const auto found = by_fetch_.find({batch.queue, batch.fetch});
  if (found != by_fetch_.end()) {
    end->push_back(
        {made_[found->second].put, hand_over_ns_, context.part_of(leaf::kTransfer), kNoSite, Link::kWorker});
  }
}

void WorkerChain::link(ProcessContext& context, const HostChain& host) const {
  RecordedGraph& graph = context.graph();
  const BatchTable& table = context.pieces().batches();
  for (size_t i = 0; i < made_.size(); ++i) {
    const Made& made = made_[i];
    const Fetch& fetch = table.queues[made.queue].fetches[made.fetch];
    const uint32_t dispatch = context.part_of(leaf::kDispatch);
    std::vector<Cause> causes;
    if (i > 0 && made_[i - 1].queue == made.queue) {
      causes.push_back({made_[i - 1].put, 0, dispatch, kNoSite, Link::kWorker});
    }
    if (made.dispatch_ns >= context.window().begin_ns && made.dispatch_ns <= fetch.received_ns) {
      const Moment from = host.at(made.dispatch_ns);
      causes.push_back({from, made.dispatch_ns - graph.recorded(from), dispatch, kNoSite, Link::kWorker});
    }
    if (causes.empty()) {
      graph.anchor(made.received, context.offset_ns);
    } else {
      graph.follow(made.received, causes, context.counted(fetch.received_ns));
    }
    const FetchSplit split = table.queues[made.queue].split(fetch);
    Moment at = made.received;
    at = context.spend(at, fetch.start_ns - fetch.received_ns, leaf::kTransfer);
    at = context.spend(at, split.cpu, leaf::kFetchCpu);
    at = context.spend(at, split.starved + split.collate_starved, leaf::kFetchStarved);
    at = context.spend(at, split.io, leaf::kFetchIo);
    at = context.spend(at, split.blocked, leaf::kFetchBlocked);
    at = context.spend(at, split.collate, leaf::kCollate);
    const std::vector<Cause> last = {{at, 0, context.part_of(leaf::kTransfer), kNoSite, Link::kWorker}};
    graph.follow(made.put, last, context.counted(fetch.put_ns));
  }
}

}  // namespace stepscope::analysis
