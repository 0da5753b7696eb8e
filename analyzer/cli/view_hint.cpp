// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/view_hint.hpp"

#include <vector>

#include <fmt/format.h>

#include "analyzer/cli/format.hpp"
#include "analyzer/view_link.hpp"

namespace stepscope::analysis::cli {

std::string view_command(const std::string& base, const std::string& candidate, const std::string& term,
                         int32_t rank) {
  std::vector<LinkPart> parts{{"term", term}};
  if (rank >= 0) {
    parts.push_back({"rank", std::to_string(rank)});
  }
  parts.push_back({"tab", "terms"});
  return fmt::format("stepscope view {} --vs {} --link {}", shell_word(base), shell_word(candidate),
                     shell_word(link_text(parts)));
}

}  // namespace stepscope::analysis::cli
