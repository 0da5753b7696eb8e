// SPDX-License-Identifier: Apache-2.0
//
// FleetTable: many runs, how each ended and what it ran on. One row of a CSV file is one run.
//
//   Result<FleetTable> table = read_run_table("runs.csv");
//
// The first line names the columns; order does not matter, comma or semicolon as the first line has it. Lines that begin with
// # are skipped.
//   outcome   how it ended: ok, failed, slow, cancelled, or a state as Slurm's sacct prints it (see outcome_of). Empty: it has
//             not ended. The only column that has to be there
//   run       what people call it; default "row 7"
//   hosts     what it ran on, separated by ";", or as Slurm shortens it (host_list.hpp); `host` is taken as well, the attribute is
//             called host
//   job       equal in the attempts of one job; empty: it has one attempt
//   started   a date, YYYY-MM-DD, with or without a time behind it
//   exposure  GPU hours until it ended
//   others    attributes: image, driver, rack, ...; an empty cell is not known
// Errors: kUnreadable with file, line, cause and remedy. Pure but for reading the file.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "trace/status.hpp"

namespace stepscope::analysis {

using trace::Result;

enum class RunOutcome {
  kUnknown,    // has not ended, or nobody knows
  kOk,         // came to its end
  kFailed,     // ended by itself before its end
  kSlow,       // came to its end, slower than it should
  kCancelled,  // somebody ended it: neither
};

// What a cell of column `outcome` means, whatever its case; nullopt for a word that is not known. COMPLETED; FAILED, NODE_FAIL,
// BOOT_FAIL, OUT_OF_MEMORY; CANCELLED (with or without "by UID"), PREEMPTED; RUNNING, PENDING are Slurm's. TIMEOUT is none of
// these: whether a run that met its limit hung or had more to do only its owner knows.
[[nodiscard]] std::optional<RunOutcome> outcome_of(std::string_view word);

struct FleetRun {
  std::string run;
  RunOutcome outcome = RunOutcome::kUnknown;
  std::string job;                               // "" = of its own
  std::string started;                           // as it stands in the table; "" = not known
  std::optional<double> hours;                   // GPU hours; nullopt = not known
  std::vector<std::vector<std::string>> values;  // of each attribute; none = not known, several = hosts
};

struct FleetTable {
  std::string source;
  std::vector<std::string> attributes;
  std::vector<FleetRun> runs;
  bool has_exposure = false;  // some run has hours
};

[[nodiscard]] Result<FleetTable> read_run_table(const std::string& path);

}  // namespace stepscope::analysis
