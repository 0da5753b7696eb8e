// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rank_ledger_cache.hpp"

#include <bit>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "trace/schema.hpp"
#include "trace/segment_bytes.hpp"

namespace stepscope::analysis {
namespace {

namespace bytes = trace::bytes;

// Whole numbers as zig-zag varints, one after the other.
class NumberWriter {
 public:
  void put(int64_t value) {
    uint8_t buffer[bytes::kMaxVarint];
    const uint8_t* const end = bytes::put_varint(buffer, bytes::zigzag(value));
    out_.insert(out_.end(), static_cast<const uint8_t*>(buffer), end);
  }
  void put_size(size_t value) { put(static_cast<int64_t>(value)); }
  void put_bits(double value) { put(std::bit_cast<int64_t>(value)); }
  void put_text(std::string_view text) {
    put_size(text.size());
    out_.insert(out_.end(), text.begin(), text.end());
  }
  std::vector<uint8_t> take() { return std::move(out_); }

 private:
  std::vector<uint8_t> out_;
};

// Its inverse. What is cut off or out of bounds makes it fail, and 0 from then on.
class NumberReader {
 public:
  explicit NumberReader(std::span<const uint8_t> data) : at_(data.data()), end_(data.data() + data.size()) {}

  int64_t get() {
    uint64_t value = 0;
    at_ = good_ ? bytes::get_varint(at_, end_, &value) : nullptr;
    good_ = at_ != nullptr;
    return good_ ? bytes::unzigzag(value) : 0;
  }
  double get_bits() { return std::bit_cast<double>(get()); }
  // A number below `limit`.
  size_t get_below(size_t limit) {
    const int64_t value = get();
    good_ = good_ && value >= 0 && static_cast<uint64_t>(value) < limit;
    return good_ ? static_cast<size_t>(value) : 0;
  }
  // How many items follow: each takes a byte at least.
  size_t get_count() { return get_below(good_ ? static_cast<size_t>(end_ - at_) + 1 : 1); }
  std::string get_text() {
    const size_t size = get_count();
    if (!good_ || size > static_cast<size_t>(end_ - at_)) {
      good_ = false;
      return "";
    }
    std::string text(at_, at_ + size);
    at_ += size;
    return text;
  }
  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] bool at_end() const { return good_ && at_ == end_; }

 private:
  const uint8_t* at_;
  const uint8_t* end_;
  bool good_ = true;
};

void put_clocks(const std::vector<RankClock>& clocks, NumberWriter* out) {
  out->put_size(clocks.size());
  for (const RankClock& clock : clocks) {
    out->put_bits(clock.offset_ns);
    out->put_bits(clock.drift);
    out->put(clock.origin_ns);
    out->put_size(clock.collectives);
    out->put(clock.residual_ns);
  }
}

void get_clocks(NumberReader* in, std::vector<RankClock>* clocks) {
  clocks->resize(in->get_count());
  for (RankClock& clock : *clocks) {
    clock.offset_ns = in->get_bits();
    clock.drift = in->get_bits();
    clock.origin_ns = in->get();
    clock.collectives = static_cast<size_t>(in->get());
    clock.residual_ns = in->get();
  }
}

void put_steps(const std::vector<Step>& steps, NumberWriter* out) {
  out->put_size(steps.size());
  int64_t last_ns = 0;
  for (const Step& step : steps) {
    out->put(step.number);
    out->put(step.begin_ns - last_ns);
    out->put(step.duration_ns());
    out->put(static_cast<int64_t>(step.step_class));
    out->put(step.micro_steps);
    last_ns = step.end_ns;
  }
}

void get_steps(NumberReader* in, std::vector<Step>* steps) {
  steps->resize(in->get_count());
  int64_t last_ns = 0;
  for (Step& step : *steps) {
    step.index = &step - steps->data();
    step.number = in->get();
    step.begin_ns = last_ns + in->get();
    step.end_ns = step.begin_ns + in->get();
    step.step_class = static_cast<StepClass>(in->get_below(kStepClassCount));
    step.micro_steps = static_cast<uint32_t>(in->get());
    last_ns = step.end_ns;
  }
}

void put_path(const std::vector<PathSegment>& path, NumberWriter* out) {
  out->put_size(path.size());
  int64_t last_ns = 0;
  for (const PathSegment& segment : path) {
    out->put(segment.rank);
    out->put(segment.begin_ns - last_ns);
    out->put(segment.end_ns - segment.begin_ns);
    last_ns = segment.end_ns;
  }
}

void get_path(NumberReader* in, size_t ranks, std::vector<PathSegment>* path) {
  path->resize(in->get_count());
  int64_t last_ns = 0;
  for (PathSegment& segment : *path) {
    segment.rank = static_cast<uint32_t>(in->get_below(ranks));
    segment.begin_ns = last_ns + in->get();
    segment.end_ns = segment.begin_ns + in->get();
    last_ns = segment.end_ns;
  }
}

void put_owned(const std::vector<OwnedTime>& owned, NumberWriter* out) {
  out->put_size(owned.size());
  uint32_t last_step = 0;
  for (const OwnedTime& one : owned) {
    out->put(one.step - last_step);
    out->put(one.rank);
    out->put(one.leaf);
    out->put(one.ns);
    last_step = one.step;
  }
}

void get_owned(NumberReader* in, size_t ranks, RankLedger* job) {
  job->owned.resize(in->get_count());
  size_t last_step = 0;
  for (OwnedTime& one : job->owned) {
    last_step += in->get_below(job->steps().size() - last_step);
    one.step = static_cast<uint32_t>(last_step);
    one.rank = static_cast<uint32_t>(in->get_below(ranks));
    one.leaf = static_cast<uint32_t>(in->get_below(job->ledger.leaves.size()));
    one.ns = in->get();
  }
}

void put_transfers(const std::vector<RankTransfer>& transfers, NumberWriter* out) {
  out->put_size(transfers.size());
  for (const RankTransfer& transfer : transfers) {
    out->put_text(transfer.op);
    out->put(static_cast<int64_t>(transfer.group));
    out->put_size(transfer.members.size());
    for (const uint32_t member : transfer.members) {
      out->put(member);
    }
    out->put(static_cast<int64_t>(transfer.count));
    out->put(transfer.bytes);
    out->put_bits(transfer.arrival_ns);
    out->put_bits(transfer.transfer_ns);
  }
}

void get_transfers(NumberReader* in, size_t ranks, std::vector<RankTransfer>* transfers) {
  transfers->resize(in->get_count());
  for (RankTransfer& transfer : *transfers) {
    transfer.op = in->get_text();
    transfer.group = static_cast<uint64_t>(in->get());
    transfer.members.resize(in->get_count());
    for (uint32_t& member : transfer.members) {
      member = static_cast<uint32_t>(in->get_below(ranks));
    }
    transfer.count = static_cast<uint64_t>(in->get());
    transfer.bytes = in->get();
    transfer.arrival_ns = in->get_bits();
    transfer.transfer_ns = in->get_bits();
  }
}

bool get_known(NumberReader* in, size_t ranks, const ProcessLedger& first, RankLedger* job) {
  job->ledger.leaves.resize(in->get_count());
  for (std::string& name : job->ledger.leaves) {
    name = in->get_text();
  }
  ProcessLedger& steps = job->ledger.processes.emplace_back();
  steps.steps.process = first.steps.process;
  steps.steps.method = first.steps.method;
  steps.steps.confidence = first.steps.confidence;
  get_steps(in, &steps.steps.steps);
  get_path(in, ranks, &job->path);
  get_owned(in, ranks, job);
  job->waited_ns.resize(in->get_count());
  for (int64_t& waited : job->waited_ns) {
    waited = in->get();
  }
  get_transfers(in, ranks, &job->transfers);
  if (!in->at_end() || job->steps().empty() || job->waited_ns.size() != job->steps().size() * ranks ||
      job->clocks.size() != ranks) {
    return false;
  }
  add_up_owned(job);
  return job->ledger.residual_ns() == 0;
}

}  // namespace

std::string job_fingerprint(const Run& run, std::span<const ProcessLedger* const> ranks) {
  trace::RowDigest digest;  // of everything that can change the result
  digest.add(int64_t{kRankLedgerVersion});
  digest.add(int64_t{kLedgerVersion});
  for (const Process& process : run.processes()) {
    digest.add(process.base);
    digest.add(static_cast<int64_t>(process.events));
    digest.add(process.clock_shift_ns);
    digest.add(process.first_ns);
    digest.add(process.last_ns);
  }
  for (const ProcessLedger* rank : ranks) {
    digest.add(int64_t{rank->steps.process});
    digest.add(static_cast<int64_t>(rank->steps.method));
    for (const Step& step : rank->steps.steps) {
      digest.add(step.number);
      digest.add(step.begin_ns);
      digest.add(step.end_ns);
      digest.add(static_cast<int64_t>(step.step_class));
      digest.add(int64_t{step.micro_steps});
    }
  }
  return fmt::format("{:016x}", static_cast<uint64_t>(digest.value()));
}

trace::JobRollup to_job_rollup(const RankLedger& job, const std::string& fingerprint) {
  NumberWriter out;
  out.put(job.known ? 1 : 0);
  out.put_text(job.why_not);
  put_clocks(job.clocks, &out);
  out.put(static_cast<int64_t>(job.collectives));
  out.put(job.residual_ns);
  if (job.known) {
    out.put_size(job.ledger.leaves.size());
    for (const std::string& name : job.ledger.leaves) {
      out.put_text(name);
    }
    put_steps(job.ledger.processes[0].steps.steps, &out);
    put_path(job.path, &out);
    put_owned(job.owned, &out);
    out.put_size(job.waited_ns.size());
    for (const int64_t waited : job.waited_ns) {
      out.put(waited);
    }
    put_transfers(job.transfers, &out);
  }
  return {kRankLedgerVersion, fingerprint, out.take()};
}

std::optional<RankLedger> from_job_rollup(const trace::JobRollup& rollup, const std::string& fingerprint,
                                          size_t ranks, const ProcessLedger& first) {
  if (rollup.version != kRankLedgerVersion || rollup.inputs != fingerprint) {
    return std::nullopt;
  }
  NumberReader in(rollup.data);
  RankLedger job;
  job.known = in.get_below(2) == 1;
  job.why_not = in.get_text();
  get_clocks(&in, &job.clocks);
  job.collectives = static_cast<uint64_t>(in.get());
  job.residual_ns = in.get();
  const bool good = job.known ? in.good() && get_known(&in, ranks, first, &job) : in.at_end();
  return good ? std::optional<RankLedger>(std::move(job)) : std::nullopt;
}

void add_up_owned(RankLedger* job) {
  ProcessLedger& steps = job->ledger.processes[0];
  const size_t width = job->ledger.leaves.size();
  const size_t ranks = job->clocks.size();
  steps.ns.assign(steps.steps.steps.size() * width, 0);
  job->held_ns.assign(steps.steps.steps.size() * ranks, 0);
  std::vector<bool> communicates;
  for (const std::string& name : job->ledger.leaves) {
    communicates.push_back(name.starts_with(leaf::kCommPrefix));
  }
  for (const OwnedTime& one : job->owned) {
    steps.ns[one.step * width + one.leaf] += one.ns;
    job->held_ns[one.step * ranks + one.rank] += communicates[one.leaf] ? 0 : one.ns;
  }
}

}  // namespace stepscope::analysis
