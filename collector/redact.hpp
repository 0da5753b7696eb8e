// SPDX-License-Identifier: Apache-2.0
//
// Takes secrets out of command lines and values before they reach a file.
//
// Redacted, with "***" in their place:
//   --token X, --api-key=X, password: X     the value after a name that means a secret
//   WANDB_API_KEY=X, my_password=X          the same as an assignment, anywhere in the text
//   https://user:pass@host                  user and password of a URL
//   hf_..., sk-..., ghp_..., AKIA..., eyJ.. tokens known by their beginning
//   long mixed strings                      40 or more letters and digits with upper case, lower case and digits
// It prefers to hide too much: what is lost is a word of a command line. Pure functions, any thread.
#pragma once

#include <stddef.h>

#include "collector/text.hpp"

namespace stepscope::collector {

inline constexpr size_t kRedactedMax = 4096;
using RedactedText = TextBuffer<kRedactedMax>;

// Appends `value` to `out` without its secrets.
void redact_value(TextView value, RedactedText& out) noexcept;

// A whole command line as /proc/PID/cmdline gives it (arguments end in NUL), joined by spaces.
void redact_command_line(TextView cmdline, RedactedText& out) noexcept;

// True for names such as HF_TOKEN, --api-key, db.password.
[[nodiscard]] bool names_a_secret(TextView name) noexcept;

}  // namespace stepscope::collector
