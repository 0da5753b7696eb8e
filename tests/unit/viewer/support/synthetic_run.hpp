// SPDX-License-Identifier: Apache-2.0
//
// Runs made in memory: a training loop with two workers for tests, and dense lanes for the bench.
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "viewer/model/diff_table.hpp"
#include "viewer/model/run_model.hpp"

namespace stepscope::viewer::testing {

class RunWriter {
 public:
  explicit RunWriter(std::string label) {
    run_.label = std::move(label);
    run_.path = "/runs/" + run_.label;
  }
  uint32_t name(const std::string& text, Category category) {
    run_.names.push_back({text, trace::Kind::kRange, category});
    run_.category_of.push_back(category);
    return static_cast<uint32_t>(run_.names.size() - 1);
  }
  void process(const std::string& title) { run_.processes.push_back({title, "pid 1 on node0", title}); }
  void lane(uint32_t process, const std::string& title, std::vector<RawEvent> events) {
    LaneModel lane;
    lane.process = process;
    lane.source_lane = static_cast<uint32_t>(run_.lanes.size());
    lane.title = title;
    lane.key = title;
    lane.events = events.size();
    run_.events += events.size();
    for (const RawEvent& event : events) {
      run_.end_ns = std::max(run_.end_ns, event.start_ns + event.duration_ns);
    }
    NestedRows nested = nest(events, run_.category_of);
    lane.rows = std::move(nested.rows);
    run_.lanes.push_back(std::move(lane));
  }
  RunModel& model() { return run_; }
  [[nodiscard]] std::shared_ptr<const RunModel> take() {
    return std::make_shared<const RunModel>(std::move(run_));
  }

 private:
  RunModel run_;
};

struct LoopShape {
  int steps = 40;
  int64_t wait = 4'000'000;
  int64_t forward = 10'000'000;
  int64_t backward = 20'000'000;
  int64_t optimizer = 3'000'000;
  int64_t fetch = 30'000'000;
};

// "wait for batch", forward with a nested "attention", backward, optimizer per step; two workers that fetch.
inline std::shared_ptr<const RunModel> training_run(const std::string& label, const LoopShape& shape) {
  RunWriter writer(label);
  const uint32_t wait = writer.name("wait for batch", Category::kDataWait);
  const uint32_t forward = writer.name("forward", Category::kCompute);
  const uint32_t attention = writer.name("attention", Category::kRange);
  const uint32_t backward = writer.name("backward", Category::kBackward);
  const uint32_t optimizer = writer.name("AdamW.step", Category::kOptimizer);
  const uint32_t fetch = writer.name("fetch batch", Category::kDataWork);
  writer.process("main");
  writer.process("worker 0");
  writer.process("worker 1");
  std::vector<RawEvent> main;
  std::vector<RawEvent> workers[2];
  RunModel& model = writer.model();
  model.ledger.leaves = {"compute/backward", "compute/forward", "data.fetch.cpu", "optimizer"};
  for (const std::string& leaf : model.ledger.leaves) {
    model.ledger.category.push_back(analysis::category_of_leaf(leaf));
  }
  int64_t at = 50'000'000;
  for (int step = 0; step < shape.steps; ++step) {
    const int64_t begin = at;
    main.push_back({at, shape.wait, wait});
    at += shape.wait;
    main.push_back({at, shape.forward, forward});
    main.push_back({at + shape.forward / 4, shape.forward / 4, attention});
    at += shape.forward;
    main.push_back({at, shape.backward, backward});
    at += shape.backward;
    main.push_back({at, shape.optimizer, optimizer});
    at += shape.optimizer;
    workers[step % 2].push_back({begin, shape.fetch, fetch});
    model.steps.push_back({step, step, begin, at, step > 0, step > 0 ? "train" : "warmup"});
    model.ledger.ns.insert(model.ledger.ns.end(),
                           {shape.backward, shape.forward, shape.wait, shape.optimizer});
  }
  writer.lane(0, "main thread", std::move(main));
  writer.lane(1, "main thread", std::move(workers[0]));
  writer.lane(2, "main thread", std::move(workers[1]));
  model.step_lane = 0;
  model.step_method = "steps are the program's own";
  model.details = [](uint32_t, trace::Kind, int64_t, int64_t) { return Details{{"task", "7"}}; };
  return writer.take();
}

// The comparison of two runs that differ in their wait.
inline DiffTable wait_table(const LoopShape& a, const LoopShape& b) {
  DiffTable table;
  table.comparison = true;
  table.status = "comparable";
  table.a_step_ns = a.wait + a.forward + a.backward + a.optimizer;
  table.b_step_ns = b.wait + b.forward + b.backward + b.optimizer;
  table.delta_ns = table.b_step_ns - table.a_step_ns;
  TermRow fetch;
  fetch.name = "data.fetch";
  fetch.category = Category::kDataWait;
  fetch.a_ns = a.wait;
  fetch.b_ns = b.wait;
  fetch.delta_ns = table.delta_ns;
  fetch.share = 1;
  fetch.flagged = true;
  fetch.place = Place{Side::kB, 0, 50'000'000, 50'000'000 + b.wait};
  TermRow forward;
  forward.name = "compute/forward";
  forward.category = Category::kCompute;
  forward.a_ns = a.forward;
  forward.b_ns = b.forward;
  table.terms = {fetch, forward};
  table.findings.push_back({"Workers take longer to fetch a batch.", "Look at the dataset's __getitem__.",
                            "high", table.delta_ns, "data.fetch", fetch.place});
  return table;
}

// `lanes` lanes of back-to-back work with gaps, `events` in all; steps of 306 ms like a real training run.
inline std::shared_ptr<const RunModel> dense_run(size_t lanes, size_t events, uint64_t seed,
                                                 int64_t steps = 1000) {
  RunWriter writer("dense");
  constexpr Category kMix[] = {Category::kCompute, Category::kBackward, Category::kCommunication,
                               Category::kCopy,    Category::kDataWait, Category::kOptimizer,
                               Category::kRange};
  for (int n = 0; n < 900; ++n) {
    (void)writer.name("kernel_" + std::to_string(n), kMix[static_cast<size_t>(n) % std::size(kMix)]);
  }
  std::mt19937_64 random(seed);
  const size_t per_lane = events / lanes;
  const double span = 306e6 * static_cast<double>(steps);
  for (size_t lane = 0; lane < lanes; ++lane) {
    if (lane % 8 == 0) {
      writer.process("rank " + std::to_string(lane / 8));
    }
    std::vector<RawEvent> list;
    list.reserve(per_lane);
    const double pitch = span / static_cast<double>(per_lane);
    double at = 0;
    for (size_t i = 0; i < per_lane; ++i) {
      const double busy = pitch * (0.2 + 0.75 * static_cast<double>(random() % 1000) / 1000.0);
      list.push_back(
          {static_cast<int64_t>(at), static_cast<int64_t>(busy), static_cast<uint32_t>(random() % 900)});
      at += pitch;
    }
    writer.lane(static_cast<uint32_t>(lane / 8), "stream " + std::to_string(lane), std::move(list));
  }
  RunModel& model = writer.model();
  for (int64_t step = 0; step < steps; ++step) {
    model.steps.push_back({step, step, step * 306'000'000, (step + 1) * 306'000'000, true, "train"});
  }
  return writer.take();
}

}  // namespace stepscope::viewer::testing
