// SPDX-License-Identifier: Apache-2.0
#include "viewer/batch_reader.hpp"

#include <algorithm>
#include <map>

#include "analyzer/batches.hpp"

namespace stepscope::viewer {
namespace {

void add_making(const analysis::BatchTable& table, const analysis::Batch& from, BatchBar& bar) {
  const analysis::WorkerQueue& queue = table.queues[from.queue];
  const analysis::Fetch& fetch = queue.fetches[from.fetch];
  const analysis::FetchSplit split = queue.split(fetch);
  bar.begin_ns = fetch.start_ns;
  bar.end_ns = fetch.end_ns();
  bar.collate_ns = bar.end_ns - fetch.collate_ns;
  bar.put_ns = std::max(fetch.put_ns, bar.end_ns);
  bar.cpu_ns = split.cpu;
  bar.starved_ns = split.starved;
  bar.io_ns = split.io;
  bar.blocked_ns = split.blocked;
}

std::string worker_title(const analysis::Batch& batch) {
  return batch.in_process() ? "in process" : "worker " + std::to_string(batch.worker);
}

}  // namespace

std::vector<uint32_t> consumers(const analysis::Run& run) {
  std::vector<uint32_t> out;
  for (uint32_t process = 0; process < run.processes().size(); ++process) {
    if (run.kind_events(process, analysis::Kind::kBatch) > 0) {
      out.push_back(process);
    }
  }
  return out;
}

BatchLanes read_batches(const analysis::Run& run, const RunModel& model, uint32_t process) {
  BatchLanes lanes;
  lanes.title = model.processes[process].title;
  const auto loaded = analysis::load_batches(run, process);
  if (!loaded.ok()) {
    lanes.error = loaded.status().message();
    return lanes;
  }
  const analysis::BatchTable& table = loaded.value();
  std::map<std::pair<int64_t, uint32_t>, uint32_t>
      workers;  // worker's number, its process -> where it stands
  for (const analysis::Batch& batch : table.batches) {
    if (batch.joined()) {
      workers.emplace(std::pair(batch.worker, table.queues[batch.queue].process), 0);
    }
  }
  for (auto& [key, at] : workers) {
    at = static_cast<uint32_t>(lanes.workers.size());
    lanes.workers.emplace_back();
  }
  for (const analysis::Batch& batch : table.batches) {
    if ((batch.flags & trace::kBatchLast) != 0) {
      continue;
    }
    BatchBar bar;
    bar.loader = batch.loader;
    bar.epoch = batch.epoch;
    bar.task = batch.task;
    bar.wait_begin_ns = batch.begin_ns;
    bar.wait_end_ns = batch.end_ns;
    bar.dispatch_ns = batch.dispatch_ns;
    bar.consumer_lane = batch.lane;
    if (batch.joined()) {
      const uint32_t maker = table.queues[batch.queue].process;
      bar.worker = workers[{batch.worker, maker}];
      bar.maker_lane = run.processes()[maker].main_lane;
      lanes.workers[bar.worker].title = worker_title(batch);
      add_making(table, batch, bar);
    }
    lanes.batches.push_back(bar);
  }
  lanes.derive();
  return lanes;
}

}  // namespace stepscope::viewer
