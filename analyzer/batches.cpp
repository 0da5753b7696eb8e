// SPDX-License-Identifier: Apache-2.0
#include "analyzer/batches.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <map>
#include <string_view>
#include <tuple>

namespace stepscope::analysis {
namespace {

constexpr uint32_t kAllColumns = ~0U;

Status read_fetches(const Run& run, uint32_t process, WorkerQueue* queue) {
  const int64_t shift = run.processes()[process].clock_shift_ns;
  trace::ScanFilter filter;
  filter.kind = Kind::kBatchFetch;
  filter.columns = kAllColumns;
  Status status = run.scan(process, filter, [&](const trace::SegmentView& view) {
    const auto& c = view.columns;
    for (size_t i = 0; i < view.rows; ++i) {
      Fetch fetch;
      fetch.start_ns = c[0][i] + shift;
      fetch.dur_ns = std::max<int64_t>(0, c[1][i]);
      fetch.loader = c[2][i];
      fetch.epoch = c[3][i];
      fetch.task = c[4][i];
      fetch.worker = c[5][i];
      fetch.collate_ns = std::clamp<int64_t>(c[6][i], 0, fetch.dur_ns);
      fetch.received_ns = c[7][i] == 0 ? fetch.start_ns : std::min(c[7][i] + shift, fetch.start_ns);
      fetch.put_ns = c[8][i] == 0 ? fetch.end_ns() : std::max(c[8][i] + shift, fetch.end_ns());
      fetch.cpu_ns = std::max<int64_t>(0, c[9][i]);
      fetch.runq_ns = std::max<int64_t>(0, c[10][i]);
      fetch.read_bytes = std::max<int64_t>(0, c[11][i]);
      fetch.major_faults = std::max<int64_t>(0, c[12][i]);
      fetch.throttled_ns = std::max<int64_t>(0, c[14][i]);
      fetch.items = std::max<int64_t>(0, c[13][i]);
      fetch.tokens = std::max<int64_t>(0, c[15][i]);
      queue->fetches.push_back(fetch);
    }
    return Status();
  });
  std::sort(queue->fetches.begin(), queue->fetches.end(), [](const Fetch& a, const Fetch& b) {
    return std::tuple(a.received_ns, a.start_ns, a.epoch, a.task) <
           std::tuple(b.received_ns, b.start_ns, b.epoch, b.task);
  });
  for (const Fetch& fetch : queue->fetches) {
    queue->runq_measured = queue->runq_measured || fetch.runq_ns > 0;
  }
  return status;
}

Status read_batches(const Run& run, uint32_t process, std::vector<Batch>* out) {
  const int64_t shift = run.processes()[process].clock_shift_ns;
  trace::ScanFilter filter;
  filter.kind = Kind::kBatch;
  filter.columns = kAllColumns;
  Status status = run.scan(process, filter, [&](const trace::SegmentView& view) {
    const auto& c = view.columns;
    const uint32_t lane = run.global_lane(process, view.lane);
    for (size_t i = 0; i < view.rows; ++i) {
      Batch batch;
      batch.begin_ns = c[0][i] + shift;
      batch.end_ns = batch.begin_ns + std::max<int64_t>(0, c[1][i]);
      batch.loader = c[2][i];
      batch.epoch = c[3][i];
      batch.task = c[4][i];
      batch.worker = c[5][i];
      batch.workers = c[6][i];
      batch.dispatch_ns = c[7][i] == 0 ? 0 : c[7][i] + shift;
      batch.arrive_ns = c[8][i] == 0 ? 0 : c[8][i] + shift;
      batch.pin_ns = std::max<int64_t>(0, c[9][i]);
      batch.out_of_order = c[10][i];
      batch.fetch_ns = std::max<int64_t>(0, c[11][i]);
      batch.collate_ns = std::max<int64_t>(0, c[12][i]);
      batch.items = std::max<int64_t>(0, c[13][i]);
      batch.flags = c[14][i];
      batch.lane = lane;
      out->push_back(batch);
    }
    return Status();
  });
  std::sort(out->begin(), out->end(), [](const Batch& a, const Batch& b) {
    return std::tuple(a.begin_ns, a.end_ns, a.task) < std::tuple(b.begin_ns, b.end_ns, b.task);
  });
  return status;
}

using JoinKey = std::tuple<int64_t, int64_t, int64_t>;  // loader, epoch, task

struct Place {
  uint32_t queue = 0;
  uint32_t fetch = 0;
};

// How well a maker fits a consumer; higher is better.
int fit(const Run& run, uint32_t consumer, const Batch& batch, const WorkerQueue& queue, const Fetch& fetch) {
  const Process& maker = run.processes()[queue.process];
  if (batch.in_process() != (queue.process == consumer)) {
    return -1;
  }
  int points = 0;
  points += maker.parent == static_cast<int32_t>(consumer) ? 8 : 0;
  points += maker.rank == run.processes()[consumer].rank ? 4 : 0;
  points += fetch.worker == batch.worker ? 2 : 0;
  points += fetch.received_ns <= batch.end_ns ? 1 : 0;
  return points;
}

void join(const Run& run, uint32_t consumer, BatchTable* table) {
  std::multimap<JoinKey, Place> places;
  for (uint32_t q = 0; q < table->queues.size(); ++q) {
    const std::vector<Fetch>& fetches = table->queues[q].fetches;
    for (uint32_t f = 0; f < fetches.size(); ++f) {
      places.emplace(JoinKey(fetches[f].loader, fetches[f].epoch, fetches[f].task), Place{q, f});
    }
  }
  for (Batch& batch : table->batches) {
    if ((batch.flags & trace::kBatchLast) != 0) {
      continue;
    }
    int best = -1;
    const auto [first, last] = places.equal_range(JoinKey(batch.loader, batch.epoch, batch.task));
    for (auto it = first; it != last; ++it) {
      const WorkerQueue& queue = table->queues[it->second.queue];
      const int points = fit(run, consumer, batch, queue, queue.fetches[it->second.fetch]);
      if (points > best) {
        best = points;
        batch.queue = it->second.queue;
        batch.fetch = it->second.fetch;
      }
    }
  }
}

// An in-process batch whose making was not recorded apart still says how long fetch and collate took.
void make_in_process_fetches(uint32_t process, BatchTable* table) {
  WorkerQueue queue;
  queue.process = process;
  for (Batch& batch : table->batches) {
    if (!batch.in_process() || batch.joined() || batch.fetch_ns <= 0) {
      continue;
    }
    Fetch fetch;
    fetch.dur_ns = std::min(batch.fetch_ns, batch.end_ns - batch.begin_ns);
    fetch.start_ns =
        batch.end_ns - fetch.dur_ns - std::min(batch.pin_ns, batch.end_ns - batch.begin_ns - fetch.dur_ns);
    fetch.collate_ns = std::min(batch.collate_ns, fetch.dur_ns);
    fetch.received_ns = fetch.start_ns;
    fetch.put_ns = fetch.end_ns();
    fetch.cpu_ns = fetch.dur_ns;  // nothing else is known of it
    fetch.loader = batch.loader;
    fetch.epoch = batch.epoch;
    fetch.task = batch.task;
    fetch.worker = batch.worker;
    fetch.items = batch.items;
    batch.queue = static_cast<uint32_t>(table->queues.size());
    batch.fetch = static_cast<uint32_t>(queue.fetches.size());
    queue.fetches.push_back(fetch);
  }
  if (!queue.fetches.empty()) {
    table->queues.push_back(std::move(queue));
  }
}

enum Watch : size_t { kSamples, kRead, kSleep, kFutex, kPoll, kOther, kWatchCount };
constexpr std::array<std::string_view, kWatchCount> kWatchNames = {
    "watch.samples", "watch.read", "watch.sleep", "watch.futex", "watch.poll", "watch.other"};

// The cumulative watch counters of one worker, and how long it was watched.
struct WatchCounts {
  std::array<double, kWatchCount> value{};
  int64_t first_ns = std::numeric_limits<int64_t>::max();
  int64_t last_ns = std::numeric_limits<int64_t>::min();
};

Status read_watches(const Run& run, uint32_t process, std::map<int64_t, WatchCounts>* out) {
  std::array<uint32_t, kWatchCount> names{};
  for (size_t w = 0; w < kWatchCount; ++w) {
    names[w] = run.find_name(kWatchNames[w]);
  }
  if (names[kSamples] == 0) {
    return {};
  }
  trace::ScanFilter filter;
  filter.kind = Kind::kCounter;
  filter.columns = 0b1111U;
  return run.scan(process, filter, [&](const trace::SegmentView& view) {
    for (size_t i = 0; i < view.rows; ++i) {
      const uint32_t name = run.global_name(process, view.columns[1][i]);
      const auto watch = std::find(names.begin(), names.end(), name);
      if (name == 0 || watch == names.end()) {
        continue;
      }
      WatchCounts& counts = (*out)[view.columns[3][i]];
      double& value = counts.value[static_cast<size_t>(watch - names.begin())];
      value = std::max(value, std::bit_cast<double>(view.columns[2][i]));
      counts.first_ns = std::min(counts.first_ns, view.columns[0][i]);
      counts.last_ns = std::max(counts.last_ns, view.columns[0][i]);
    }
    return Status();
  });
}

// The share of reading in what the worker was blocked on while it fetched. Reads and sleeps are told by the samples. What else
// it was blocked on (locks, polls) is what the measured blocked time leaves over. Samples of those are only its upper bound,
// because an idle worker waits for its next index in the same calls: without any, what is left over is reads and sleeps
// that were sampled between two of them.
double io_share(const WorkerQueue& queue, const WatchCounts& counts) {
  const double samples = counts.value[kSamples];
  if (queue.fetches.empty() || samples < 1 || counts.last_ns <= counts.first_ns) {
    return -1;
  }
  double blocked_ns = 0;
  bool paging = false;
  for (const Fetch& fetch : queue.fetches) {
    blocked_ns += static_cast<double>(std::max<int64_t>(0, fetch.dur_ns - fetch.cpu_ns - fetch.runq_ns));
    paging = paging || fetch.major_faults > 0;
  }
  const double blocked = samples * blocked_ns / static_cast<double>(counts.last_ns - counts.first_ns);
  const double reading = counts.value[kRead] + (paging ? counts.value[kOther] : 0);
  const double known = reading + counts.value[kSleep];
  // Fewer samples than this say nothing about shares; and chance must not make something of nothing.
  constexpr double kLeast = 3;
  constexpr double kNoise = 0.25;
  const double waits = counts.value[kFutex] + counts.value[kPoll] + (paging ? 0 : counts.value[kOther]);
  const double rest = blocked > (1 + kNoise) * known ? std::min(blocked - known, waits) : 0;
  return known + rest < kLeast ? -1 : reading / (known + rest);
}

}  // namespace

FetchSplit WorkerQueue::split(const Fetch& fetch) const {
  FetchSplit out;
  const int64_t dur = fetch.dur_ns;
  if (dur <= 0) {
    return out;
  }
  const int64_t cpu = std::min(fetch.cpu_ns, dur);
  // Run-queue wait includes throttling. Only where the scheduler gives no run-queue wait at all does the cgroup's throttled
  // time (of all its threads) stand in for it.
  const int64_t starved = std::min(runq_measured ? fetch.runq_ns : fetch.throttled_ns, dur - cpu);
  const int64_t collate = std::min(fetch.collate_ns, dur);
  out.collate_starved = static_cast<int64_t>(static_cast<double>(starved) * static_cast<double>(collate) /
                                             static_cast<double>(dur));
  out.collate = collate - out.collate_starved;
  const int64_t proper = dur - collate;
  out.starved = std::min(starved - out.collate_starved, proper);
  // Collate is taken as computing: what is left of the CPU time is the fetch's.
  out.cpu = std::clamp<int64_t>(cpu - out.collate, 0, proper - out.starved);
  const int64_t rest = proper - out.starved - out.cpu;
  // Less than this the queue of tasks itself makes a worker read.
  constexpr int64_t kReads = 4096;
  const bool reads = fetch.read_bytes >= kReads || fetch.major_faults > 0;
  const double io = io_share >= 0 ? io_share : reads ? 1.0 : 0.0;
  out.io = std::min(rest, static_cast<int64_t>(static_cast<double>(rest) * io + 0.5));
  out.blocked = rest - out.io;
  // Whoever waits in a throttled cgroup, for the interpreter say, waits for somebody who is throttled.
  const int64_t waited_throttled = std::clamp<int64_t>(fetch.throttled_ns - starved, 0, out.blocked);
  out.starved += waited_throttled;
  out.blocked -= waited_throttled;
  return out;
}

const Fetch* BatchTable::fetch_of(const Batch& batch) const {
  return batch.joined() ? &queues[batch.queue].fetches[batch.fetch] : nullptr;
}

bool may_make_batches(const Run& run, uint32_t maker, uint32_t consumer) {
  if (run.kind_events(maker, Kind::kBatchFetch) == 0) {
    return false;
  }
  const Process& process = run.processes()[maker];
  const bool others = process.parent != kNoProcess && process.parent != static_cast<int32_t>(consumer);
  return maker == consumer || !others || process.rank == run.processes()[consumer].rank;
}

Result<BatchTable> load_batches(const Run& run, uint32_t process) {
  BatchTable table;
  if (Status status = read_batches(run, process, &table.batches); !status.ok()) {
    return status;
  }
  if (table.batches.empty()) {
    return table;
  }
  std::map<int64_t, WatchCounts> watches;
  if (Status status = read_watches(run, process, &watches); !status.ok()) {
    return status;
  }
  for (uint32_t p = 0; p < run.processes().size(); ++p) {
    if (!may_make_batches(run, p, process)) {
      continue;
    }
    WorkerQueue queue;
    queue.process = p;
    if (Status status = read_fetches(run, p, &queue); !status.ok()) {
      return status;
    }
    const auto watch = watches.find(run.processes()[p].pid);
    if (p != process && watch != watches.end()) {
      queue.io_share = io_share(queue, watch->second);
    }
    table.queues.push_back(std::move(queue));
  }
  join(run, process, &table);
  make_in_process_fetches(process, &table);
  return table;
}

}  // namespace stepscope::analysis
