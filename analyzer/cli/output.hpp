// SPDX-License-Identifier: Apache-2.0
//
// The two ways out: results on stdout, everything else as single lines on stderr.
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

// "stepscope: <sentence>" on stderr, always one line.
void print_note(std::string_view sentence);

// Prints the status and returns the exit code that belongs to it.
[[nodiscard]] int report_failure(const Status& status);

// Prints a usage error with the pointer to the command's help; returns kExitUsage.
[[nodiscard]] int report_usage(std::string_view command, std::string_view sentence);

}  // namespace stepscope::analysis::cli
