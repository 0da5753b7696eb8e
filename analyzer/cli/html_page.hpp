// SPDX-License-Identifier: Apache-2.0
//
// The frame of the pages that people open from a CI job: one file without scripts that needs nothing from a network, light and dark
// as the reader's system is, at any width, and fit for paper.
//
//   write(path, html_page("stepscope gate: pass", "<h1>...</h1>..."));
//
// Classes for the body: `base`, `candidate`, `worse`, `better`, `unsure` colour a picture's shapes and, with `word`, text; `more` and
// `less` are those of cells; `grid`, `quiet` stand back; `scroll` holds what may be wider than a telephone; `n` is a cell with a number; `verdict` is the box on top.
#pragma once

#include <string>
#include <string_view>

namespace stepscope::analysis::cli {

// `title` is text, `body` is HTML.
[[nodiscard]] std::string html_page(std::string_view title, std::string_view body);

}  // namespace stepscope::analysis::cli
