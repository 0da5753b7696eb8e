// SPDX-License-Identifier: Apache-2.0
//
// Importer: one foreign format. To add one: a file with a recognises and a read function, and a line in registry.cpp.
//
// recognises() sees the first 4 KiB of the (decompressed) content and must not be true for what another importer reads.
// read() streams the content into one recording, or into one per process where a file has several: rows, lanes, anchors,
// losses, and facts about the process except those of ImportFacts, which the output stores. One thread.
// Internal to analyzer/import.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "analyzer/import/byte_source.hpp"
#include "trace/recording_builder.hpp"
#include "trace/status.hpp"

namespace stepscope::analysis::importing {

// What a file, or a process in it, says about its place in the job. -1: it does not say.
struct ImportFacts {
  std::string_view format;  // what exactly it was: "kineto"; static
  int32_t rank = -1;
  int32_t world_size = -1;
  uint64_t events = 0;   // read from the file
  uint64_t rows = 0;     // in the recording
  bool damaged = false;  // it ended too early, or its end was damaged
};

// Where the recordings of a file go.
class ImportOutput {
 public:
  ImportOutput() = default;
  ImportOutput(const ImportOutput&) = delete;
  ImportOutput& operator=(const ImportOutput&) = delete;
  virtual ~ImportOutput() = default;
  // A new recording. `part` tells several of one file apart, "" when there is one. One that is not finished leaves nothing.
  [[nodiscard]] virtual trace::Result<trace::RecordingBuilder> begin(std::string_view part) = 0;
  [[nodiscard]] virtual trace::Status finish(trace::RecordingBuilder& builder, const ImportFacts& facts) = 0;
  virtual void progress() = 0;  // now and then
};

struct Importer {
  std::string_view name;  // for people
  bool (*recognises)(std::string_view head);
  trace::Status (*read)(ByteSource& source, ImportOutput& output);
};

// The registry: every format that can be imported; the first that recognises a file reads it.
[[nodiscard]] std::span<const Importer> importers();

// ---- the formats ----

[[nodiscard]] bool is_chrome_trace(std::string_view head);
[[nodiscard]] trace::Status read_chrome_trace(ByteSource& source, ImportOutput& output);
// A dump of PyTorch's flight recorder as JSON; as a pickle it is refused with the way to convert it.
[[nodiscard]] bool is_flight_recorder(std::string_view head);
[[nodiscard]] trace::Status read_flight_recorder(ByteSource& source, ImportOutput& output);
[[nodiscard]] bool is_pickle(std::string_view head);
[[nodiscard]] trace::Status refuse_pickle(ByteSource& source, ImportOutput& output);
[[nodiscard]] bool is_nsys_export(std::string_view head);
[[nodiscard]] trace::Status read_nsys_export(ByteSource& source, ImportOutput& output);

}  // namespace stepscope::analysis::importing
