// SPDX-License-Identifier: Apache-2.0
//
// import_run: traces of other profilers into a run of recordings, which every other command then reads.
//
//   Result<ImportedRun> done = import_run({"rank0.pt.trace.json.gz", "rank1.pt.trace.json.gz"}, "runs/base", {});
//
// One recording per file, one file per rank; an export of Nsight Systems gives one per process that used a GPU. Formats are told by content (importer.hpp). Streaming: memory holds the
// events that wait for their segment and every text once, not the file. What cannot be imported is a counted loss of the
// recording; a file of which nothing can be imported is an error, and then none of the run's recordings is left behind.
// Deterministic: the same files give the same bytes. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "trace/status.hpp"

namespace stepscope::analysis {

struct ImportOptions {
  // Bytes of all files read so far, and their size; from the calling thread.
  std::function<void(uint64_t done_bytes, uint64_t total_bytes)> progress;
};

// A recording that was made.
struct ImportedFile {
  std::string input;
  std::string recording;  // path
  std::string format;     // "kineto", "chrome trace", "nsys", "flight recorder"
  int32_t rank = 0;
  uint64_t events = 0;   // of the trace; arrows and metadata count
  uint64_t rows = 0;     // events of the recording
  bool damaged = false;  // what could be read is there: the trace ended too early, or its end is damaged
};

struct ImportedRun {
  std::vector<ImportedFile> files;  // in the order of the inputs
};

// Into `directory`, which must exist and have no recordings. Ranks are those that the files say; files that do not say
// are numbered by their place on the list. Errors: kUsage (no files, two files of one rank, no rank left for a file),
// kUnreadable (a file that cannot be read or is no trace), kUnavailable (the run cannot be written).
[[nodiscard]] trace::Result<ImportedRun> import_run(const std::vector<std::string>& files,
                                                    const std::string& directory,
                                                    const ImportOptions& options);

}  // namespace stepscope::analysis
