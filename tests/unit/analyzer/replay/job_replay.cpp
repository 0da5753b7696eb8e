// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/analyzer/replay/job_replay.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <stdexcept>
#include <tuple>

namespace stepscope::analysis::job_trace {
namespace {

constexpr int64_t kClockError = 50'000;        // between stages, ns
constexpr int64_t kImplausible = -10'000'000;  // a wait this negative is a clock's fault

using Name = std::tuple<std::string, int64_t, int64_t>;  // type, sequence, stage

Name name_of(const Operation& one) {
  return {one.type, one.sequence, one.stage};
}

bool begins_with(const std::string& text, const char* start) {
  return text.rfind(start, 0) == 0;
}

// The schedule of one model-parallel group.
class Schedule {
 public:
  explicit Schedule(const Trace& trace) : stages_(trace.stages), data_ranks_(trace.data_ranks) {
    for (const Operation& one : trace.operations) {
      if (one.data_rank == 0 && one.step == trace.steps.front()) {
        by_stage_[one.stage].push_back(&one);
        waits_for_[name_of(one)];
      }
    }
    for (auto& [stage, operations] : by_stage_) {
      std::sort(operations.begin(), operations.end(),
                [](const Operation* a, const Operation* b) { return a->order() < b->order(); });
    }
    for (int64_t stage = 0; stage < stages_; ++stage) {
      compute(stage);
      transfers(stage);
      if (data_ranks_ > 1) {
        parameters(stage);
      }
      finish(stage);
    }
    pair_transfers();
    const auto meeting = [&](std::set<Name> members) { meetings_.push_back(std::move(members)); };
    if (stages_ > 1) {
      meeting({{"embedding-grads-all-reduce", 0, 0}, {"embedding-grads-all-reduce", 0, stages_ - 1}});
    }
    std::set<Name> clip;
    for (int64_t stage = 0; stage < stages_; ++stage) {
      clip.insert({"optimizer-clip-main-grad", 0, stage});
    }
    meeting(clip);
  }

  [[nodiscard]] const std::map<Name, std::set<Name>>& waits_for() const { return waits_for_; }
  [[nodiscard]] const std::vector<std::set<Name>>& meetings() const { return meetings_; }

  // Those in which all data-parallel ranks take part.
  [[nodiscard]] static bool across_data_ranks(const std::string& type) {
    return type == "params-all-gather" || type == "grads-reduce-scatter" ||
           type == "optimizer-clip-main-grad";
  }

 private:
  std::vector<const Operation*> select(int64_t stage, const std::function<bool(const std::string&)>& wanted) {
    std::vector<const Operation*> out;
    for (const Operation* one : by_stage_[stage]) {
      if (wanted(one->type)) {
        out.push_back(one);
      }
    }
    return out;
  }
  std::vector<const Operation*> of_type(int64_t stage, const std::string& type) {
    return select(stage, [&](const std::string& one) { return one == type; });
  }
  std::vector<const Operation*> computations(int64_t stage) {
    return select(stage,
                  [](const std::string& t) { return t == "forward-compute" || t == "backward-compute"; });
  }
  void after(const Name& later, const Name& earlier) { waits_for_[later].insert(earlier); }
  void chain(const std::vector<const Operation*>& operations) {
    for (size_t i = 1; i < operations.size(); ++i) {
      after(name_of(*operations[i]), name_of(*operations[i - 1]));
    }
  }

  void compute(int64_t stage) { chain(computations(stage)); }

  // Streams between stages, and which computation each transfer is for.
  void transfers(int64_t stage) {
    for (const std::string direction : {"forward", "backward"}) {
      const std::vector<const Operation*> computed = of_type(stage, direction + "-compute");
      int64_t last_begin = std::numeric_limits<int64_t>::min();
      int64_t first_end = std::numeric_limits<int64_t>::max();
      for (const Operation* one : computed) {
        last_begin = std::max(last_begin, one->begin_ns);
        first_end = std::min(first_end, one->end_ns);
      }
      for (const std::string what : {"-send", "-recv"}) {
        const std::vector<const Operation*> stream = of_type(stage, direction + what);
        chain(stream);
        // Records of transfers that never ran lie before the first or behind the last computation.
        std::vector<const Operation*> real;
        for (const Operation* one : stream) {
          if (what == "-recv" ? one->begin_ns <= last_begin + kClockError
                              : one->end_ns >= first_end - kClockError) {
            real.push_back(one);
          }
        }
        const bool first_missing = what == "-recv" && real.size() + 1 == computed.size();
        int64_t sequence = first_missing ? 1 : 0;
        for (const Operation* one : real) {
          bind(*one, direction, what, sequence++);
        }
      }
    }
    first_backward(stage);
  }

  void bind(const Operation& transfer, const std::string& direction, const std::string& what,
            int64_t sequence) {
    const Name computation{direction + "-compute", sequence, transfer.stage};
    if (what == "-send") {
      after(name_of(transfer), computation);
    } else {
      after(computation, name_of(transfer));
      if (sequence > 0) {
        after(name_of(transfer), {direction + "-compute", sequence - 1, transfer.stage});
      }
    }
    const bool to_next = (direction == "forward") == (what == "-send");
    const int64_t peer = transfer.stage + (to_next ? 1 : -1);
    if (peer >= 0 && peer < stages_) {
      real_transfers_[{transfer.type, transfer.stage}].push_back(name_of(transfer));
    }
  }

  // The first transfers of the backward wait for the forward before the last one ahead of it.
  void first_backward(int64_t stage) {
    const std::vector<const Operation*> computed = computations(stage);
    const auto first = std::find_if(computed.begin(), computed.end(),
                                    [](const Operation* one) { return one->type == "backward-compute"; });
    if (first - computed.begin() < 2) {
      return;
    }
    for (const std::string type : {"backward-send", "backward-recv"}) {
      if (waits_for_.contains({type, 0, stage})) {
        after({type, 0, stage}, name_of(**(first - 2)));
      }
    }
  }

  void parameters(int64_t stage) {
    chain(select(
        stage, [](const std::string& t) { return t == "params-all-gather" || t == "grads-reduce-scatter"; }));
    for (const Operation* gather : of_type(stage, "params-all-gather")) {
      for (const Operation* forward : of_type(stage, "forward-compute")) {
        if (forward->chunk == gather->chunk) {
          after(name_of(*forward), name_of(*gather));
          break;
        }
      }
    }
  }

  // What follows the last computation, in order.
  void finish(int64_t stage) {
    const std::vector<const Operation*> computed = computations(stage);
    const Operation* last =
        *std::max_element(computed.begin(), computed.end(),
                          [](const Operation* a, const Operation* b) { return a->end_ns < b->end_ns; });
    Name before = name_of(*last);
    const bool outer = stage == 0 || stage == stages_ - 1;
    for (const char* type : {"gc", "layernorm-grads-all-reduce", "embedding-grads-all-reduce",
                             "grads-reduce-scatter", "optimizer-clip-main-grad", "optimizer"}) {
      if (begins_with(type, "embedding") && !outer) {
        continue;
      }
      for (const Operation* one : of_type(stage, type)) {
        after(name_of(*one), before);
        before = name_of(*one);
      }
    }
  }

  void pair_transfers() {
    for (const std::string direction : {"forward", "backward"}) {
      for (int64_t stage = 0; stage < stages_; ++stage) {
        const auto& sent = real_transfers_[{direction + "-send", stage}];
        const int64_t peer = stage + (direction == "forward" ? 1 : -1);
        const auto& received = real_transfers_[{direction + "-recv", peer}];
        if (sent.size() != received.size() && peer >= 0 && peer < stages_) {
          throw std::runtime_error("transfers between stages do not pair up");
        }
        for (size_t i = 0; i < sent.size(); ++i) {
          meetings_.push_back({sent[i], received[i]});
        }
      }
    }
  }

  int64_t stages_, data_ranks_;
  std::map<int64_t, std::vector<const Operation*>> by_stage_;
  std::map<Name, std::set<Name>> waits_for_;
  std::map<std::pair<std::string, int64_t>, std::vector<Name>> real_transfers_;
  std::vector<std::set<Name>> meetings_;
};

}  // namespace

class Builder {
 public:
  Builder(const Trace& trace, JobReplay& out) : trace_(trace), schedule_(trace), out_(out) {
    make_nodes();
    join();
    measure();
    if (trace::Status status = out_.graph_.seal(); !status.ok()) {
      throw std::runtime_error(status.message());
    }
  }

 private:
  using Node = JobReplay::Node;

  uint32_t node(const Name& name, int64_t data_rank) const { return index_.at({name, data_rank}); }

  void make_nodes() {
    for (int64_t rank = 0; rank < trace_.data_ranks; ++rank) {
      for (const auto& [name, before] : schedule_.waits_for()) {
        index_[{name, rank}] = static_cast<uint32_t>(out_.nodes_.size());
        Node one;
        one.type = std::get<0>(name);
        one.stage = std::get<2>(name);
        one.data_rank = rank;
        one.begin = out_.graph_.add_moment();
        one.end = out_.graph_.add_moment();
        out_.nodes_.push_back(std::move(one));
      }
    }
    before_.resize(out_.nodes_.size());
    for (const auto& [key, number] : index_) {
      const auto& [name, rank] = key;
      Node& one = out_.nodes_[number];
      for (const Name& earlier : schedule_.waits_for().at(name)) {
        before_[number].push_back(node(earlier, rank));
        one.delay_edges.push_back(
            out_.graph_.add_edge(out_.nodes_[before_[number].back()].end, one.begin, 0));
      }
      if (one.delay_edges.empty()) {
        one.delay_edges.push_back(out_.graph_.add_edge(ReplayGraph::kOrigin, one.begin, 0));
      }
    }
  }

  // Meetings: who takes part, data-parallel ranks together where they are.
  void join() {
    std::vector<std::set<Name>> meetings = schedule_.meetings();
    std::set<Name> joined;
    for (const auto& members : meetings) {
      joined.insert(members.begin(), members.end());
    }
    for (const auto& [name, before] : schedule_.waits_for()) {
      if (Schedule::across_data_ranks(std::get<0>(name)) && !joined.contains(name)) {
        meetings.push_back({name});
      }
    }
    for (const auto& members : meetings) {
      const bool all = Schedule::across_data_ranks(std::get<0>(*members.begin()));
      std::vector<uint32_t> together;
      for (int64_t rank = 0; rank < trace_.data_ranks; ++rank) {
        for (const Name& name : members) {
          together.push_back(node(name, rank));
        }
        if (!all || rank + 1 == trace_.data_ranks) {
          meet(together);
          together.clear();
        }
      }
    }
    for (Node& one : out_.nodes_) {
      if (!one.meets) {
        one.own_edge = out_.graph_.add_edge(one.begin, one.end, 0);
      }
    }
  }

  void meet(const std::vector<uint32_t>& members) {
    const Moment all_there = out_.graph_.add_moment();
    for (const uint32_t number : members) {
      Node& one = out_.nodes_[number];
      one.meets = true;
      out_.graph_.add_edge(one.begin, all_there, 0);
      one.own_edge = out_.graph_.add_edge(all_there, one.end, 0);
    }
    meetings_.push_back(members);
  }

  // Own times and delays from when operations began and ended.
  void measure() {
    std::map<int64_t, size_t> step_index;
    for (size_t i = 0; i < trace_.steps.size(); ++i) {
      step_index[trace_.steps[i]] = i;
    }
    std::vector<std::vector<const Operation*>> found(
        trace_.steps.size(), std::vector<const Operation*>(out_.nodes_.size(), nullptr));
    for (const Operation& one : trace_.operations) {
      found[step_index[one.step]][node(name_of(one), one.data_rank)] = &one;
    }
    for (const auto& operations : found) {
      measure_step(operations);
    }
    out_.recorded_step_ns_ /= static_cast<double>(found.size());
  }

  void measure_step(const std::vector<const Operation*>& operations) {
    int64_t first = std::numeric_limits<int64_t>::max();
    int64_t last = std::numeric_limits<int64_t>::min();
    for (const Operation* one : operations) {
      if (one == nullptr) {
        throw std::runtime_error("an operation is missing in a step");
      }
      first = std::min(first, one->begin_ns);
      last = std::max(last, one->end_ns);
    }
    out_.recorded_step_ns_ += static_cast<double>(last - first);
    std::vector<int64_t> own;
    std::vector<int64_t> delay;
    for (size_t i = 0; i < operations.size(); ++i) {
      own.push_back(operations[i]->end_ns - operations[i]->begin_ns);
      int64_t ready = before_[i].empty() ? first : std::numeric_limits<int64_t>::min();
      for (const uint32_t earlier : before_[i]) {
        ready = std::max(ready, operations[earlier]->end_ns);
      }
      const int64_t waited = operations[i]->begin_ns - ready;
      delay.push_back(waited <= kImplausible ? 0 : waited);
    }
    for (const auto& members : meetings_) {
      int64_t all_there = std::numeric_limits<int64_t>::min();
      for (const uint32_t number : members) {
        all_there = std::max(all_there, operations[number]->begin_ns);
      }
      for (const uint32_t number : members) {
        const int64_t rest = operations[number]->end_ns - all_there;
        own[number] = rest <= kImplausible ? 0 : rest;
      }
    }
    out_.recorded_.own.push_back(std::move(own));
    out_.recorded_.delay.push_back(std::move(delay));
  }

  const Trace& trace_;
  Schedule schedule_;
  JobReplay& out_;
  std::map<std::pair<Name, int64_t>, uint32_t> index_;
  std::vector<std::vector<uint32_t>> before_;  // by node
  std::vector<std::vector<uint32_t>> meetings_;
};

JobReplay::JobReplay(const Trace& trace) {
  Builder(trace, *this);
}

JobReplay::StepTimes JobReplay::replay(const Times& times) const {
  StepTimes out;
  std::vector<int64_t> weights = graph_.weights();
  for (size_t step = 0; step < times.own.size(); ++step) {
    for (size_t i = 0; i < nodes_.size(); ++i) {
      weights[nodes_[i].own_edge] = times.own[step][i];
      for (const uint32_t edge : nodes_[i].delay_edges) {
        weights[edge] = times.delay[step][i];
      }
    }
    const std::vector<int64_t> when = graph_.replay(weights);
    int64_t last = 0;
    int64_t optimizer = 0;
    for (const Node& one : nodes_) {
      last = std::max(last, when[one.end]);
      optimizer = one.type == "optimizer" ? std::max(optimizer, when[one.end]) : optimizer;
    }
    out.last_ns += static_cast<double>(last) / static_cast<double>(times.own.size());
    out.optimizer_ns += static_cast<double>(optimizer) / static_cast<double>(times.own.size());
  }
  return out;
}

}  // namespace stepscope::analysis::job_trace
