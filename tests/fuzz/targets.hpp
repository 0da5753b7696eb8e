// SPDX-License-Identifier: Apache-2.0
//
// What is fuzzed: everything that reads bytes from outside, of the recording format, of traces that are imported and of tables of
// runs. A target takes any bytes and must come back: no crash, no hang, no report of a sanitizer. Seeds are well-formed inputs to
// start from.
//
// The same functions are run by libFuzzer (preset fuzz) and by fuzz_test over seeded mutations (label fuzz).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace stepscope::fuzz {

struct Target {
  const char* name;
  void (*run)(std::span<const uint8_t> input);
  std::vector<std::string> (*seeds)();
};

// decode_segment: byte 0 columns, byte 1 mask of skipped columns, bytes 2-3 rows, then the encoded segment.
void run_segment(std::span<const uint8_t> input);
std::vector<std::string> segment_seeds();

// read_spool: byte 0: 1 = make the checksums of frames right first; bytes 1-4 size of the .spool part, then both files.
void run_spool(std::span<const uint8_t> input);
std::vector<std::string> spool_seeds();

// Recording::open, every reading function and verify: byte 0: 1 = make the checksums of tables right first; then the file.
void run_recording(std::span<const uint8_t> input);
std::vector<std::string> recording_seeds();

// import_run: the input is the content of one trace, and what comes out must be a whole recording.
void run_import(std::span<const uint8_t> input);
std::vector<std::string> import_seeds();

// read_run_table and analyse_fleet: the input is a table of runs.
void run_fleet(std::span<const uint8_t> input);
std::vector<std::string> fleet_seeds();

inline constexpr Target kTargets[] = {
    {"segment", run_segment, segment_seeds},
    {"spool", run_spool, spool_seeds},
    {"recording", run_recording, recording_seeds},
    {"import", run_import, import_seeds},
    {"fleet", run_fleet, fleet_seeds},
};

// A directory for the files of this process, in memory where there is such a place.
const std::string& scratch_directory();

}  // namespace stepscope::fuzz
