// SPDX-License-Identifier: Apache-2.0
#include "analyzer/wait_chain.hpp"

#include <algorithm>

namespace stepscope::analysis {
namespace {

// Hands out a wait from its end to its beginning; never overlaps, never leaves a gap.
class Backwards {
 public:
  Backwards(const Batch& batch, uint8_t tier, std::vector<LabelInterval>* out)
      : begin_(batch.begin_ns), cursor_(batch.end_ns), tier_(tier), out_(out) {}

  [[nodiscard]] bool done() const { return cursor_ <= begin_; }

  // Everything from `from` up to what was handed out already.
  void down_to(int64_t from, uint32_t label) {
    const int64_t start = std::max(from, begin_);
    if (start < cursor_) {
      out_->push_back({start, cursor_, begin_, label, tier_});
      cursor_ = start;
    }
  }
  void rest(uint32_t label) { down_to(begin_, label); }

 private:
  int64_t begin_;
  int64_t cursor_;
  uint8_t tier_;
  std::vector<LabelInterval>* out_;
};

// One batch in its worker, last stage first.
void hand_to_fetch(const WorkerQueue& queue, const Fetch& fetch, Labels& labels, Backwards& wait) {
  const FetchSplit split = queue.split(fetch);
  wait.down_to(fetch.end_ns(), labels.leaf(leaf::kTransfer));
  if (wait.done()) {
    return;
  }
  const uint32_t collate = labels.leaf(leaf::kCollate);
  wait.down_to(fetch.end_ns() - fetch.collate_ns,
               labels.mix({0, split.collate_starved, 0, 0, split.collate}, collate));
  if (wait.done()) {
    return;
  }
  wait.down_to(fetch.received_ns, labels.mix({split.cpu, split.starved, split.io, split.blocked, 0}, 0));
}

// When the data was in the consumer's hands.
int64_t arrival(const Batch& batch, const Fetch* fetch) {
  if (batch.arrive_ns != 0) {
    return std::clamp(batch.arrive_ns, batch.begin_ns, batch.end_ns);
  }
  const bool made_meanwhile = fetch == nullptr || fetch->put_ns > batch.begin_ns;
  return made_meanwhile ? std::max(batch.begin_ns, batch.end_ns - batch.pin_ns) : batch.begin_ns;
}

// Index of the last fetch, from `from` on, whose work had begun before `time`.
size_t last_received_before(const WorkerQueue& queue, size_t from, int64_t time) {
  size_t last = from;
  while (last + 1 < queue.fetches.size() && queue.fetches[last + 1].received_ns < time) {
    ++last;
  }
  return last;
}

}  // namespace

void explain_wait(const BatchTable& table, const Batch& batch, uint8_t tier, Labels& labels,
                  std::vector<LabelInterval>* out) {
  Backwards wait(batch, tier, out);
  const uint32_t other = labels.leaf(leaf::kDataOther);
  const Fetch* fetch = table.fetch_of(batch);
  if (fetch == nullptr || batch.in_process()) {
    // In-process: the consumer itself fetched; around it are the sampler and the iterator's own work.
    if (fetch != nullptr) {
      if (batch.pin_ns > 0) {
        wait.down_to(std::max(fetch->put_ns, batch.end_ns - batch.pin_ns), labels.leaf(leaf::kPin));
      }
      wait.down_to(fetch->put_ns, other);
      hand_to_fetch(table.queues[batch.queue], *fetch, labels, wait);
    }
    wait.rest(other);
    return;
  }
  const int64_t arrive = arrival(batch, fetch);
  if (batch.pin_ns > 0) {
    wait.down_to(std::max(arrive, batch.end_ns - batch.pin_ns), labels.leaf(leaf::kPin));
  }
  wait.down_to(arrive, other);
  const WorkerQueue& queue = table.queues[batch.queue];
  size_t i = last_received_before(queue, batch.fetch, arrive);
  for (; i > batch.fetch && !wait.done(); --i) {
    // The batch is on its way and its worker makes the next ones already: production sets the pace, not the way. Only
    // where the worker was idle too is the wait the transfer's.
    wait.down_to(queue.fetches[i].put_ns, labels.leaf(leaf::kTransfer));
    hand_to_fetch(queue, queue.fetches[i], labels, wait);
  }
  wait.down_to(fetch->put_ns, labels.leaf(leaf::kTransfer));
  for (; !wait.done(); --i) {
    hand_to_fetch(queue, queue.fetches[i], labels, wait);
    if (i == 0) {
      wait.rest(labels.leaf(leaf::kWorkerStart));
      break;
    }
    // The worker was idle from its previous hand-over until it took this index.
    wait.down_to(queue.fetches[i - 1].put_ns, labels.leaf(leaf::kDispatch));
  }
}

}  // namespace stepscope::analysis
