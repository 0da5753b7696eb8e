// SPDX-License-Identifier: Apache-2.0
//
// Pages the program writes: one self-contained HTML file, no script, no font or file from elsewhere, light and dark, printable.
//
//   HtmlTable table({"term", "change"}, 1);
//   table.add({markup_escaped(name), "+21.3"});
//   page = html_page({.title = "stepscope report", .heading = "run7"}, "<h2>Findings</h2>" + table.render());
//
// Whatever is given as a title or heading is escaped here; bodies and cells are markup, escaped by who makes them (markup.hpp).
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

struct PageHead {
  std::string title;    // of the browser's window
  std::string heading;  // the answer, on top
  Tone tone = Tone::kPlain;
};

[[nodiscard]] std::string html_page(const PageHead& head, const std::string& body);

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
