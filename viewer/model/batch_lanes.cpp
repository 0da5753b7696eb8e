// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/batch_lanes.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace stepscope::viewer {
namespace {

// Of one loader's epoch, batches are handed out in the order of their tasks; a batch that is ready before a lower task's
// is held up behind it.
void count_held_up(BatchLanes& lanes) {
  std::map<std::pair<int64_t, int64_t>, std::vector<uint32_t>> epochs;
  for (uint32_t i = 0; i < lanes.batches.size(); ++i) {
    if (lanes.batches[i].worker != kNoWorker) {
      epochs[{lanes.batches[i].loader, lanes.batches[i].epoch}].push_back(i);
    }
  }
  for (auto& [key, list] : epochs) {
    std::sort(list.begin(), list.end(),
              [&](uint32_t x, uint32_t y) { return lanes.batches[x].task < lanes.batches[y].task; });
    for (size_t i = 0; i < list.size(); ++i) {
      BatchBar& batch = lanes.batches[list[i]];
      // No more batches are under way than each worker has in its queue: looking a few ahead sees all.
      const size_t ahead = std::min(list.size(), i + 1 + 16 * std::max<size_t>(1, lanes.workers.size()));
      for (size_t later = i + 1; later < ahead && batch.wait_ns() > 0; ++later) {
        const int64_t ready = lanes.batches[list[later]].put_ns;
        batch.ready_behind +=
            ready < batch.put_ns && ready < batch.wait_end_ns && batch.put_ns > batch.wait_begin_ns ? 1 : 0;
      }
      lanes.held_up += batch.ready_behind > 0 ? 1 : 0;
    }
  }
}

}  // namespace

void BatchLanes::derive() {
  std::sort(batches.begin(), batches.end(), [](const BatchBar& x, const BatchBar& y) {
    return std::tuple(x.wait_begin_ns, x.task) < std::tuple(y.wait_begin_ns, y.task);
  });
  std::vector<std::pair<int64_t, int>> changes;
  for (uint32_t i = 0; i < batches.size(); ++i) {
    const BatchBar& batch = batches[i];
    waited_ns += batch.wait_ns();
    if (batch.worker == kNoWorker) {
      continue;
    }
    workers[batch.worker].batches.push_back(i);
    workers[batch.worker].busy_ns += batch.end_ns - batch.begin_ns;
    changes.emplace_back(batch.put_ns, 1);
    changes.emplace_back(std::max(batch.wait_end_ns, batch.put_ns), -1);
  }
  for (BatchWorker& worker : workers) {
    std::sort(worker.batches.begin(), worker.batches.end(),
              [&](uint32_t x, uint32_t y) { return batches[x].begin_ns < batches[y].begin_ns; });
  }
  std::sort(changes.begin(), changes.end());
  int64_t ready = 0;
  for (size_t i = 0; i < changes.size(); ++i) {
    ready += changes[i].second;
    if (i + 1 == changes.size() || changes[i + 1].first != changes[i].first) {
      depth.push_back({changes[i].first, static_cast<uint32_t>(std::max<int64_t>(0, ready))});
      most_ready = std::max(most_ready, depth.back().ready);
    }
  }
  count_held_up(*this);
}

uint32_t BatchLanes::ready_at(int64_t t) const {
  const auto after = std::upper_bound(depth.begin(), depth.end(), t,
                                      [](int64_t at, const QueueDepth& d) { return at < d.time_ns; });
  return after == depth.begin() ? 0 : (after - 1)->ready;
}

}  // namespace stepscope::viewer
