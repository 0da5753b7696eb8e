// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/page_parts.hpp"

#include <fstream>
#include <utility>

#include <fmt/format.h>

#include "analyzer/cli/format.hpp"
#include "analyzer/cli/markup.hpp"

namespace stepscope::analysis::cli {
namespace {

const char* tone_class(Tone tone) {
  return tone == Tone::kGood ? "better" : tone == Tone::kBad ? "worse" : "";
}

}  // namespace

std::string page_head(std::string_view answer, Tone tone, std::span<const std::string> sentences) {
  std::string out =
      fmt::format("<div class=\"verdict {}\"><h1>{}</h1>\n", tone_class(tone), markup_escaped(answer));
  for (const std::string& sentence : sentences) {
    out += "<p>" + markup_escaped(sentence) + "</p>\n";
  }
  return out + "</div>\n";
}

HtmlTable::HtmlTable(std::vector<std::string> titles, size_t texts)
    : titles_(std::move(titles)), texts_(texts) {}

std::string HtmlTable::row(const std::vector<std::string>& cells, const char* tag, Tone tone) const {
  std::string out = tone == Tone::kPlain ? "<tr>" : fmt::format("<tr class=\"word {}\">", tone_class(tone));
  for (size_t i = 0; i < cells.size(); ++i) {
    out += fmt::format("<{0}{1}>{2}</{0}>", tag, i < texts_ ? "" : " class=\"n\"", cells[i]);
  }
  return out + "</tr>\n";
}

void HtmlTable::add(const std::vector<std::string>& cells, Tone tone) {
  rows_ += row(cells, "td", tone);
}

std::string HtmlTable::render() const {
  return "<div class=\"scroll\"><table>\n" + row(titles_, "th", Tone::kPlain) + rows_ + "</table></div>\n";
}

std::string findings_section(std::span<const Finding> findings) {
  if (findings.empty()) {
    return "";
  }
  std::string out = "<h2>Findings</h2>\n<ul>\n";
  for (const Finding& finding : findings) {
    out += fmt::format("<li>{} <span class=\"quiet\">({} confidence)</span>{}</li>\n",
                       markup_escaped(finding.text), confidence_name(finding.confidence),
                       finding.advice.empty()
                           ? ""
                           : "<br><span class=\"quiet\">" + markup_escaped(finding.advice) + "</span>");
  }
  return out + "</ul>\n";
}

Status write_page(const std::string& path, const std::string& page) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << page;
  file.close();
  return file ? Status()
              : Status(Code::kUnavailable,
                       fmt::format("{}: the page cannot be written; check the path and the room on the disk",
                                   path));
}

}  // namespace stepscope::analysis::cli
