// SPDX-License-Identifier: Apache-2.0
//
// The ways out: results on stdout and in files that were asked for, everything else as single lines on stderr.
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "analyzer/run.hpp"

namespace stepscope::analysis::cli {

// Writes the whole result to stdout. Returns kExitOk, also when the reader went away (`| head`); kExitUnreadable
// with a line on stderr when the result could not be written (disk full).
[[nodiscard]] int print_result(std::string_view text);

// The document, indented, with a final newline. Keys keep their order and bytes that are not UTF-8 are replaced, so
// equal documents give equal bytes.
[[nodiscard]] int print_json(const nlohmann::ordered_json& document);

// A form of the result that was asked for as a file, replacing what is there or added to it. kUnavailable when it cannot be written.
enum class FileMode { kReplace, kAppend };
[[nodiscard]] Status write_form(const std::string& path, std::string_view text,
                                FileMode mode = FileMode::kReplace);

// "stepscope: <sentence>" on stderr, always one line.
void print_note(std::string_view sentence);

// Prints the status and returns the exit code that belongs to it.
[[nodiscard]] int report_failure(const Status& status);

// Prints a usage error with the pointer to the command's help; returns kExitUsage.
[[nodiscard]] int report_usage(std::string_view command, std::string_view sentence);

}  // namespace stepscope::analysis::cli
