// SPDX-License-Identifier: Apache-2.0
//
// What of the environment goes into a recording: values of an allow-list, redacted; everything else only as one
// hash, so that two runs can be told apart without knowing why. Variables that differ in every run by nature (shell
// book-keeping, our own) are left out of the hash. Pure but for `environ`.
#pragma once

#include <stdint.h>

#include "collector/text.hpp"

namespace stepscope::collector {

[[nodiscard]] bool is_allowed_variable(TextView name) noexcept;
[[nodiscard]] bool is_hashed_variable(TextView name) noexcept;

// The same for every order of the variables. `entries` ends in nullptr, entries are NAME=VALUE.
[[nodiscard]] uint64_t environment_hash(const char* const* entries) noexcept;

// First of the named variables that holds a number, else `fallback`.
[[nodiscard]] uint64_t number_from_environment(const char* const* names, uint64_t fallback) noexcept;

}  // namespace stepscope::collector
