// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/store_path.hpp"

#include <cstdlib>

namespace stepscope::analysis::cli {

void store_option(OptionSet* options, std::string& target) {
  options->value("--store", target, "FILE",
                 "the store; default $STEPSCOPE_BASELINES or stepscope-baselines.db");
}

std::string store_path(const std::string& option) {
  if (!option.empty()) {
    return option;
  }
  const char* variable = std::getenv("STEPSCOPE_BASELINES");
  return variable != nullptr && *variable != '\0' ? variable : "stepscope-baselines.db";
}

}  // namespace stepscope::analysis::cli
