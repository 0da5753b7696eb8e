// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/run_side.hpp"

#include <utility>

#include "analyzer/cli/open_run.hpp"

namespace stepscope::analysis::cli {

Status RunSide::add(const std::string& path) {
  Result<Run> run = open_run(path);
  if (!run.ok()) {
    return run.status();
  }
  Result<Ledger> ledger = build_ledger(run.value(), {});
  if (!ledger.ok()) {
    return ledger.status();
  }
  Result<Evidence> evidence = gather_evidence(run.value(), ledger.value());
  if (!evidence.ok()) {
    return evidence.status();
  }
  Result<RankLedger> ranks = build_rank_ledger(run.value(), ledger.value());
  if (!ranks.ok()) {
    return ranks.status();
  }
  const Entry& entry = entries.emplace_back(Entry{std::move(run).value(), std::move(ledger).value(),
                                                  std::move(evidence).value(), std::move(ranks).value()});
  analyzed.push_back({&entry.run, &entry.ledger, &entry.evidence, &entry.ranks});
  runs.push_back(&entry.run);
  return Status();
}

}  // namespace stepscope::analysis::cli
