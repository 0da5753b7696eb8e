// SPDX-License-Identifier: Apache-2.0
//
// FleetTable out of recordings, a run at a time: what they know of how a run ended and what it ran on.
//
//   RecordedFleet fleet("runs");
//   fleet.add(run);   // each; the run may be closed then
//   Result<FleetReport> report = analyse_fleet(fleet.table(), {});
//
// How it ended: as `stepscope record` saw its command end on each host (meta job.exit_code, job.exit_signal); without that, as its
// main processes did (exit.code, exit.signal). It failed where one of them did. SIGINT and SIGTERM, and exit codes 130 and
// 143 that shells make of them, are somebody's decision: cancelled, unless something else failed. Not known where a process still
// runs, or nobody says how the run ended: a recording that just stops does not tell a kill from a crash.
//
// Attributes: host, gpu (UUIDs), gpu.model, driver, cuda, nccl, torch, image, each where a process of the run knows it. Job: meta
// job.id, with which launchers mark attempts of one job. Symptoms: signal, exit_code. Hours are not known: a recording need not span
// its run. A baseline store keeps neither hosts nor endings, so it makes no fleet.
#pragma once

#include <string>

#include "analyzer/fleet/run_table.hpp"
#include "analyzer/run.hpp"

namespace stepscope::analysis {

class RecordedFleet {
 public:
  explicit RecordedFleet(std::string source);
  void add(const Run& run);
  [[nodiscard]] const FleetTable& table() const { return table_; }

 private:
  FleetTable table_;
};

}  // namespace stepscope::analysis
