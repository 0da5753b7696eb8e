// SPDX-License-Identifier: Apache-2.0
//
// One diff as `stepscope diff` does it, with the CPU seconds of its parts.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>

#include "analyzer/diff.hpp"
#include "analyzer/diff_kernels.hpp"
#include "analyzer/findings.hpp"
#include "analyzer/rank_ledger.hpp"
#include "tests/bench/support/child_process.hpp"

namespace stepscope::analysis {

struct DiffParts {
  double open_s = 0;
  double ledger_s = 0;
  double evidence_s = 0;
  double ranks_s = 0;
  double terms_s = 0;
  double kernels_s = 0;
  double findings = 0;
  double events = 0;  // of both sides
  bool by_ranks = false;

  [[nodiscard]] double total_s() const {
    return open_s + ledger_s + evidence_s + ranks_s + terms_s + kernels_s;
  }
};

class TimedDiff {
 public:
  // `ranks`: of the ledger of the job, apart, to see what it is worth.
  static DiffParts run(const std::string& base, const std::string& candidate, Cache cache, Cache ranks) {
    TimedDiff diff(cache, ranks);
    const Side a = diff.analyze(base);
    const Side b = diff.analyze(candidate);
    const AnalyzedRun one[] = {{a.run.get(), &a.ledger, &a.evidence, &a.ranks}};
    const AnalyzedRun other[] = {{b.run.get(), &b.ledger, &b.evidence, &b.ranks}};
    const Result<Diff> result = diff_analyzed(one, other, {});
    require(result.status());
    diff.parts_.findings = static_cast<double>(find_in_diff(result.value(), one, other).size());
    diff.parts_.by_ranks = result.value().by_ranks;
    diff.lap(diff.parts_.terms_s);
    require(diff_kernels(one, other, result.value()).status());
    diff.lap(diff.parts_.kernels_s);
    return diff.parts_;
  }

 private:
  struct Side {
    std::unique_ptr<Run> run;
    Ledger ledger;
    Evidence evidence;
    RankLedger ranks;
  };

  TimedDiff(Cache cache, Cache ranks) : ranks_(ranks) { options_.cache = cache; }

  static void require(const Status& status) {
    if (!status.ok()) {
      throw std::runtime_error(status.message());
    }
  }

  void lap(double& part) {
    const double now = testing::cpu_seconds();
    part += now - since_;
    since_ = now;
  }

  Side analyze(const std::string& path) {
    Side side;
    Result<Run> opened = Run::open(path, {});
    require(opened.status());
    side.run = std::make_unique<Run>(std::move(opened).value());
    parts_.events += static_cast<double>(side.run->event_count());
    lap(parts_.open_s);
    Result<Ledger> built = build_ledger(*side.run, options_);
    require(built.status());
    side.ledger = std::move(built).value();
    lap(parts_.ledger_s);
    Result<Evidence> gathered = gather_evidence(*side.run, side.ledger);
    require(gathered.status());
    side.evidence = std::move(gathered).value();
    lap(parts_.evidence_s);
    Result<RankLedger> job = build_rank_ledger(*side.run, side.ledger, ranks_);
    require(job.status());
    side.ranks = std::move(job).value();
    lap(parts_.ranks_s);
    return side;
  }

  LedgerOptions options_;
  Cache ranks_;
  DiffParts parts_;
  double since_ = testing::cpu_seconds();
};

}  // namespace stepscope::analysis
