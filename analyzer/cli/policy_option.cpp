// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/policy_option.hpp"

namespace stepscope::analysis::cli {

void policy_option(OptionSet* options, std::string& target) {
  options->value("--policy", target, "FILE", "the gate's thresholds and rules, TOML");
}

Result<Policy> policy_of_option(const std::string& file) {
  return file.empty() ? Result<Policy>(Policy()) : load_policy(file);
}

}  // namespace stepscope::analysis::cli
