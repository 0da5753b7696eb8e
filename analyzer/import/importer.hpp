// SPDX-License-Identifier: Apache-2.0
//
// Importer: one foreign format. To add one: a file with a recognises and a read function, and a line in registry.cpp.
//
// recognises() sees the first 4 KiB of the (decompressed) content and must not be true for what another importer reads.
// read() streams the content into the builder: rows, lanes, anchors, losses, and facts about the process except those of
// ImportFacts, which import_run() stores when it knows all files. It does not finish the builder. One thread.
// Internal to analyzer/import.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "analyzer/import/byte_source.hpp"
#include "trace/recording_builder.hpp"
#include "trace/status.hpp"

namespace stepscope::analysis::importing {

// What a file says about its place in the job. -1: it does not say.
struct ImportFacts {
  std::string_view format;  // what exactly it was: "kineto"; static
  int32_t rank = -1;
  int32_t world_size = -1;
  uint64_t events = 0;   // read from the file
  uint64_t rows = 0;     // in the recording
  bool damaged = false;  // it ended too early, or its end was damaged
};

struct Importer {
  std::string_view name;  // for people
  bool (*recognises)(std::string_view head);
  trace::Result<ImportFacts> (*read)(ByteSource& source, const std::function<void()>& progress,
                                     trace::RecordingBuilder& builder);
};

// The registry: every format that can be imported; the first that recognises a file reads it.
[[nodiscard]] std::span<const Importer> importers();

// ---- the formats ----

[[nodiscard]] bool is_chrome_trace(std::string_view head);
[[nodiscard]] trace::Result<ImportFacts> read_chrome_trace(ByteSource& source,
                                                           const std::function<void()>& progress,
                                                           trace::RecordingBuilder& builder);

}  // namespace stepscope::analysis::importing
