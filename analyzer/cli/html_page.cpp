// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/html_page.hpp"

#include <fstream>
#include <utility>

#include <fmt/format.h>

#include "analyzer/cli/format.hpp"
#include "analyzer/cli/markup.hpp"

namespace stepscope::analysis::cli {
namespace {

// Blue and orange are told apart by all eyes; `worse` and `better` are these two as well.
constexpr std::string_view kPageStyle = R"(
:root { color-scheme: light dark; --ink: #1f2328; --soft: #59636e; --line: #d1d9e0; --paper: #fff; --blue: #0969da; --orange: #bc4c00 }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9198a1; --line: #3d444d; --paper: #0d1117; --blue: #58a6ff;
  --orange: #f0883e } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 980px; margin: 2em auto; padding: 0 1em; color: var(--ink); background: var(--paper) }
h1 { font-size: 1.45em; line-height: 1.3 } h2 { font-size: 1.1em; margin: 2em 0 .4em }
.good { color: var(--blue) } .bad { color: var(--orange) } .soft, figcaption { color: var(--soft) }
.wide { overflow-x: auto } table { border-collapse: collapse; width: 100% }
th, td { padding: .25em .6em; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; overflow-wrap: anywhere }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
figure { margin: .5em 0 } figcaption { font-size: .9em } li { margin: .4em 0 } li em { display: block; color: var(--soft); font-style: normal }
svg { width: 100%; height: auto; font: 12px system-ui, sans-serif; display: block }
svg text { fill: var(--soft) } svg .name { fill: var(--ink) } .grid { stroke: var(--line) }
.base { fill: var(--blue); stroke: var(--blue) } .candidate { fill: var(--orange); stroke: var(--orange) }
.better { fill: var(--blue) } .worse, .heat { fill: var(--orange) } polyline { fill: none !important; stroke-width: 1.2 }
.band { stroke: none; opacity: .25 } .odd { fill: var(--paper); stroke-width: 1.5 }
@media print { body { max-width: none; margin: 0 } h2 { break-after: avoid } figure, tr { break-inside: avoid } }
)";

const char* css_of(Tone tone) {
  return tone == Tone::kGood ? "good" : tone == Tone::kBad ? "bad" : "";
}

}  // namespace

std::string html_page(const PageHead& head, const std::string& body) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n<h1 class=\"{}\">{}</h1>\n{}</body>\n</html>\n",
      markup_escaped(head.title), kPageStyle, css_of(head.tone), markup_escaped(head.heading), body);
}

HtmlTable::HtmlTable(std::vector<std::string> titles, size_t texts)
    : titles_(std::move(titles)), texts_(texts) {}

std::string HtmlTable::row(const std::vector<std::string>& cells, const char* tag, Tone tone) const {
  std::string out = tone == Tone::kPlain ? "<tr>" : fmt::format("<tr class=\"{}\">", css_of(tone));
  for (size_t i = 0; i < cells.size(); ++i) {
    out += fmt::format("<{0}{1}>{2}</{0}>", tag, i < texts_ ? "" : " class=\"n\"", cells[i]);
  }
  return out + "</tr>\n";
}

void HtmlTable::add(const std::vector<std::string>& cells, Tone tone) {
  rows_ += row(cells, "td", tone);
}

std::string HtmlTable::render() const {
  return "<div class=\"wide\"><table>\n" + row(titles_, "th", Tone::kPlain) + rows_ + "</table></div>\n";
}

std::string findings_section(std::span<const Finding> findings) {
  if (findings.empty()) {
    return "";
  }
  std::string out = "<h2>Findings</h2>\n<ul>\n";
  for (const Finding& finding : findings) {
    out += fmt::format("<li>{} <span class=\"soft\">({} confidence)</span>{}</li>\n",
                       markup_escaped(finding.text), confidence_name(finding.confidence),
                       finding.advice.empty() ? "" : "<em>" + markup_escaped(finding.advice) + "</em>");
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
