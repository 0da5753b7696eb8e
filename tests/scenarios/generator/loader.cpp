// SPDX-License-Identifier: Apache-2.0
#include "tests/scenarios/generator/loader.hpp"

#include <algorithm>

namespace stepscope::scenarios {
namespace {

constexpr int64_t kWorkerStart = 60'000'000;  // until a new worker takes its first index
constexpr int64_t kTaken = 30'000;            // the consumer's own part of next()

}  // namespace

Loader::Loader(const LoaderHabits& habits, const Noise& noise, int64_t steps)
    : habits_(habits), noise_(noise), last_step_(steps - 1) {}

MadeBatch Loader::make(int64_t begin) {
  MadeBatch made;
  made.task = static_cast<int64_t>(batches_.size());
  made.worker = habits_.workers == 0 ? -1 : made.task % habits_.workers;
  const int64_t step = std::min(made.task, last_step_);  // whose noise it has
  const auto vary = [&](int64_t ns, const char* what) {
    return noise_.batch(ns, step, identity(identity(what), static_cast<uint64_t>(made.task)));
  };
  made.received_ns = begin;
  made.start_ns = begin + 2000;
  made.cpu_ns = vary(habits_.cpu, "fetch");
  made.sleep_ns =
      habits_.sleep + (habits_.sleep > 0 ? vary(60'000, "wake") : 0);  // a sleep is late, never early
  made.collate_ns = vary(habits_.collate, "collate");
  made.put_ns = made.start_ns + made.made_ns() + (habits_.workers == 0 ? 0 : vary(30'000, "put"));
  return made;
}

void Loader::dispatch(int64_t now) {
  int64_t& free = worker_free_ns_[batches_.size() % worker_free_ns_.size()];
  MadeBatch made = make(std::max(free, now + 25'000));
  made.dispatch_ns = now;
  free = made.put_ns;
  batches_.push_back(made);
}

int64_t Loader::next(int64_t now) {
  if (habits_.workers == 0) {
    batches_.push_back(make(now + 5000));
    MadeBatch& made = batches_.back();
    made.wait_begin_ns = now;
    made.wait_end_ns = made.put_ns + kTaken;
    ++taken_;
    return made.wait_end_ns;
  }
  if (worker_free_ns_.empty()) {
    worker_free_ns_.assign(static_cast<size_t>(habits_.workers), now + kWorkerStart);
    for (int64_t i = 0; i < habits_.workers * habits_.prefetch; ++i) {
      dispatch(now);
    }
  }
  const size_t index = taken_++;
  batches_[index].wait_begin_ns = now;
  batches_[index].arrive_ns = std::max(now + 5000, batches_[index].put_ns + habits_.hand_over);
  const int64_t arrived = batches_[index].arrive_ns;
  dispatch(arrived);
  batches_[index].wait_end_ns = arrived + kTaken;
  return batches_[index].wait_end_ns;
}

}  // namespace stepscope::scenarios
