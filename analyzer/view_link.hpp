// SPDX-License-Identifier: Apache-2.0
//
// Link text: where in a run or a comparison to look, as `stepscope-viewer --link TEXT` takes it:
//
//   term=data.io,tab=findings
//
// Parts KEY=VALUE apart by commas, in any order; a byte of a value other than a letter, a digit or one of - . _ / : + @ is
// %XX. So a link needs no quotes in a shell. The keys are the viewer's (viewer/link.hpp, docs/viewer.md); a reader skips those
// it does not know. Pure functions.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stepscope::analysis {

struct LinkPart {
  std::string key;
  std::string value;
  friend bool operator==(const LinkPart&, const LinkPart&) = default;
};

[[nodiscard]] std::string link_text(std::span<const LinkPart> parts);
// Parts without '=' and broken %XX are left out.
[[nodiscard]] std::vector<LinkPart> link_parts(std::string_view text);

}  // namespace stepscope::analysis
