// SPDX-License-Identifier: Apache-2.0
//
// Files of the user that belong to no run: keys (configuration), sizes of the panes (state), notes on runs that cannot be
// written to (data). Where they are follows the XDG base directories; tests point XDG_* elsewhere.
#pragma once

#include <optional>
#include <string>

#include "analyzer/run.hpp"

namespace stepscope::viewer {

enum class UserDirectory : unsigned char { kConfig, kState, kData };

// "~/.config/stepscope/keys.conf" for (kConfig, "keys.conf"); "" without a home directory.
[[nodiscard]] std::string user_file(UserDirectory kind, const std::string& name);

// The whole file; none when there is none. Error kUnreadable: it is there and cannot be read.
[[nodiscard]] analysis::Result<std::optional<std::string>> read_file(const std::string& path);
// Replaces the file at once (a reader sees the old or the new one), mode 0600, with the directories that are missing.
// Error kUnavailable, naming the file and the cause.
[[nodiscard]] analysis::Status replace_file(const std::string& path, const std::string& content);

}  // namespace stepscope::viewer
