// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/nccl/operation.hpp"

#include "trace/kinds.hpp"

namespace stepscope::collector::nccl {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

// Keeps the smaller of both; 0 is no value.
template <typename T>
void keep_first(std::atomic<T>& kept, T value) noexcept {
  T seen = kept.load(kRelaxed);
  while (value != 0 && (seen == 0 || value < seen) && !kept.compare_exchange_weak(seen, value, kRelaxed)) {
  }
}

template <typename T>
void keep_last(std::atomic<T>& kept, T value) noexcept {
  T seen = kept.load(kRelaxed);
  while (value > seen && !kept.compare_exchange_weak(seen, value, kRelaxed)) {
  }
}

int64_t not_negative(int64_t ns) noexcept {
  return ns > 0 ? ns : 0;
}

}  // namespace

void Operation::reset(uint32_t communicator_index, const Facts& its_facts, void* its_chained) noexcept {
  communicator.store(communicator_index, kRelaxed);
  enqueued_ns.store(0, kRelaxed);
  first_start_ns.store(0, kRelaxed);
  last_stop_ns.store(0, kRelaxed);
  device_start.store(0, kRelaxed);
  device_stop.store(0, kRelaxed);
  chained = its_chained;
  facts = its_facts;
}

void Operation::part_started(int64_t now_ns) noexcept {
  keep_first(first_start_ns, now_ns);
}

void Operation::part_stopped(int64_t now_ns, uint64_t start_timer, uint64_t stop_timer) noexcept {
  keep_last(last_stop_ns, now_ns);
  if (start_timer != 0 && stop_timer >= start_timer) {
    keep_first(device_start, start_timer);
    keep_last(device_stop, stop_timer);
  }
}

Stamps Operation::stamps() const noexcept {
  return {enqueued_ns.load(kRelaxed), first_start_ns.load(kRelaxed), last_stop_ns.load(kRelaxed),
          device_start.load(kRelaxed), device_stop.load(kRelaxed)};
}

void make_record(const Facts& facts, const Stamps& stamps, const Place& place, Conclusion conclusion,
                 int64_t now_ns, int64_t (&values)[kCollectiveColumns]) noexcept {
  const bool unfinished = conclusion == Conclusion::kUnfinished;
  const bool host_only = stamps.first_start_ns == 0;
  int64_t start = host_only ? facts.enqueue_ns : stamps.first_start_ns;
  int64_t end = host_only ? stamps.enqueued_ns : stamps.last_stop_ns;
  int64_t duration = not_negative((unfinished || end == 0 ? now_ns : end) - start);
  if (!unfinished && stamps.device_stop > stamps.device_start) {
    // The GPU's globaltimer is a clock of its own, with an origin, and on some GPUs a resolution, unlike the host's: only the
    // difference of two of its stamps means something here. It beats the host's stamps, which are those of a
    // thread that looks every now and then.
    duration = static_cast<int64_t>(stamps.device_stop - stamps.device_start);
  }
  int64_t flags = facts.point_to_point ? trace::kCollectivePointToPoint : 0;
  flags |= unfinished ? trace::kCollectiveUnfinished : 0;
  flags |= host_only ? trace::kCollectiveHostOnly : 0;
  // A captured operation whose parts ran was replayed by its graph at that time.
  flags |= facts.captured && host_only ? trace::kCollectiveCaptured : 0;
  const int64_t row[kCollectiveColumns] = {start,
                                           duration,
                                           facts.op,
                                           static_cast<int64_t>(place.comm),
                                           static_cast<int64_t>(facts.seq),
                                           static_cast<int64_t>(facts.bytes),
                                           facts.dtype,
                                           place.ranks,
                                           place.rank,
                                           facts.peer,
                                           static_cast<int64_t>(trace::Source::kNcclPlugin),
                                           static_cast<int64_t>(facts.count),
                                           facts.algo,
                                           facts.proto,
                                           facts.channels,
                                           facts.enqueue_ns,
                                           0,  // the kernel: CUPTI's side of the recording knows
                                           flags};
  for (size_t i = 0; i < kCollectiveColumns; ++i) {
    values[i] = row[i];
  }
}

}  // namespace stepscope::collector::nccl
