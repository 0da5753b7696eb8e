// SPDX-License-Identifier: Apache-2.0
//
// The table of words behind KernelFamily. Internal to the library.
#pragma once

#include <string_view>

#include "analyzer/kernel_name.hpp"

namespace stepscope::analysis {

// The family of a normalised kernel name in lower case, of those that words can tell: not kTriton, not kCommunication.
[[nodiscard]] KernelFamily family_of_words(std::string_view normalised);

}  // namespace stepscope::analysis
