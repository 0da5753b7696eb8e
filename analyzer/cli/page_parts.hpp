// SPDX-License-Identifier: Apache-2.0
//
// Parts of pages (html_page.hpp) that a report and a diff share.
//
//   HtmlTable table({"term", "change"}, 1);
//   table.add({markup_escaped(name), "+21.3"});
//   page = html_page("stepscope report", page_head("run7", Tone::kPlain) + table.render());
//
// Headings and findings are escaped here; cells are markup, escaped by who makes them (markup.hpp).
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/findings.hpp"
#include "analyzer/run.hpp"

namespace stepscope::analysis::cli {

enum class Tone { kPlain, kGood, kBad };

// The box on top: the answer, and sentences beside it.
[[nodiscard]] std::string page_head(std::string_view answer, Tone tone,
                                    std::span<const std::string> sentences = {});

// Columns from the `texts`-th on are numbers, set to the right.
class HtmlTable {
 public:
  HtmlTable(std::vector<std::string> titles, size_t texts);
  void add(const std::vector<std::string>& cells, Tone tone = Tone::kPlain);
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  [[nodiscard]] std::string render() const;

 private:
  [[nodiscard]] std::string row(const std::vector<std::string>& cells, const char* tag, Tone tone) const;

  std::vector<std::string> titles_;
  size_t texts_;
  std::string rows_;
};

// A section of findings with their advice; "" when there are none.
[[nodiscard]] std::string findings_section(std::span<const Finding> findings);

// "" and a status, or the page in the file. An existing file is replaced.
[[nodiscard]] Status write_page(const std::string& path, const std::string& page);

}  // namespace stepscope::analysis::cli
