// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>

#include "analyzer/fleet/analyse_fleet.hpp"
#include "tests/fuzz/targets.hpp"
#include "tests/support/temp_dir.hpp"

namespace stepscope::fuzz {
namespace {

// Three hosts, one of them bad, for two weeks.
std::string table_seed(bool by_hours) {
  std::string out =
      std::string("run,job,outcome,started,hosts,image,xid") + (by_hours ? ",exposure\n" : "\n");
  for (int i = 0; i < 28; ++i) {
    const bool failed = i % 3 == 0 && i % 9 != 0;
    out += "r" + std::to_string(i) + ",j" + std::to_string(i % 20) +
           (i == 5   ? ",cancelled"
            : failed ? ",failed"
                     : ",ok") +
           ",2026-11-" + std::to_string(10 + i / 2) + ",h" + std::to_string(i % 3) + ";g[1-2],\"i,1\"," +
           (failed ? "79" : "") + (by_hours ? ",12.5\n" : "\n");
  }
  return out;
}

}  // namespace

void run_fleet(std::span<const uint8_t> input) {
  const std::string path = scratch_directory() + "/fleet.csv";
  testing::write_bytes(path,
                       {static_cast<const char*>(static_cast<const void*>(input.data())), input.size()});
  const trace::Result<analysis::FleetTable> table = analysis::read_run_table(path);
  if (!table.ok()) {
    return;
  }
  for (const analysis::RunOutcome outcome : {analysis::RunOutcome::kFailed, analysis::RunOutcome::kSlow}) {
    const trace::Result<analysis::FleetReport> report = analysis::analyse_fleet(table.value(), {outcome, {}});
    if (!report.ok()) {
      throw std::logic_error("a table that was read is not analysed");
    }
    for (const analysis::FleetFinding& finding : report.value().findings) {
      if (!(finding.p >= 0 && finding.p <= 1 && finding.ratio.low <= finding.ratio.high)) {
        throw std::logic_error("a finding that is none");
      }
    }
  }
}

std::vector<std::string> fleet_seeds() {
  return {table_seed(false), table_seed(true)};
}

}  // namespace stepscope::fuzz
