// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/html_page.hpp"

#include <fmt/format.h>

#include "analyzer/cli/markup.hpp"

namespace stepscope::analysis::cli {
namespace {

// Colours of text and shapes have a contrast of 4.5 or more against the ground (WCAG 2.1, 1.4.3), in both schemes; blue and orange
// are told apart by everybody. A fixed size of text in pictures: they are as wide as the page, and not shrunk with it.
constexpr std::string_view kPageStyle = R"(
:root { color-scheme: light dark; --ground: #fff; --text: #1f2328; --quiet: #59636e; --line: #d1d9e0;
  --base: #0969da; --candidate: #bc4c00; --worse: #cf222e; --better: #1a7f37; --unsure: #875a00 }
@media screen and (prefers-color-scheme: dark) { :root { --ground: #15181c; --text: #e6e8eb; --quiet: #a3abb5; --line: #3a414a;
  --base: #58a6ff; --candidate: #f0883e; --worse: #ff7b72; --better: #3fb950; --unsure: #d29922 } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 960px; margin: 1.5em auto; padding: 0 1em;
  color: var(--text); background: var(--ground); overflow-wrap: break-word }
h1 { font-size: 1.5em; margin: 0 } h2 { font-size: 1.15em; margin: 2em 0 .5em } p { margin: .4em 0 }
.verdict { border-left: .5em solid; padding: .4em 1em; margin-bottom: 1em } .verdict p { color: var(--text) }
.verdict.worse, .word.worse { color: var(--worse) } .verdict.better, .word.better { color: var(--better) }
.verdict.unsure, .word.unsure { color: var(--unsure) } .quiet { color: var(--quiet) }
.scroll { overflow-x: auto }
table { border-collapse: collapse; width: 100% }
th, td { padding: .3em .5em; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top }
th { font-weight: 600 } td.n, th.n { text-align: right; font-variant-numeric: tabular-nums } td:first-child { overflow-wrap: anywhere; min-width: 7.5em }
td.picture { width: 45%; padding: .3em 0; vertical-align: middle }
figure { margin: .5em 0 } figcaption { margin-bottom: .3em }
svg { display: block; font: 12px system-ui, sans-serif } svg text { fill: var(--quiet) }
.plot { margin-left: 5.5em; margin-right: 1em } .plot > svg { overflow: visible; width: 100% }
.key { white-space: nowrap; margin-left: .8em } .swatch { display: inline-block; width: .8em; height: .8em; margin-right: .3em }
.swatch.base { background: var(--base) } .swatch.candidate { background: var(--candidate) }
.grid { stroke: var(--line) } .allowed { stroke: var(--text); stroke-dasharray: 4 3 }
polyline { fill: none; stroke-width: 1.2; opacity: .75 } .median { stroke-width: 1.5; stroke-dasharray: 6 4 }
polyline.base, line.base, circle.base { stroke: var(--base) } rect.base, circle.base { fill: var(--base) }
polyline.candidate, line.candidate, circle.candidate { stroke: var(--candidate) }
rect.candidate, circle.candidate { fill: var(--candidate) } circle.out { fill: none }
.more { fill: var(--candidate) } .less { fill: var(--base) } svg .name { fill: var(--text) } svg.wide { width: 100%; height: auto }
polygon { stroke: none; opacity: .25 } polygon.base { fill: var(--base) } polygon.candidate { fill: var(--candidate) }
rect.worse { fill: var(--worse); stroke: var(--worse) } rect.better { fill: var(--better); stroke: var(--better) }
@media (max-width: 600px) { body { padding: 0 .6em } table { font-size: .87em } th, td { padding: .3em .25em } .plot { margin-left: 4.5em }
  td:first-child { min-width: 5.5em } td.picture { width: 25% } }
@media print { body { max-width: none; margin: 0; print-color-adjust: exact; -webkit-print-color-adjust: exact }
  h2 { break-after: avoid } tr, figure, table.waterfall { break-inside: avoid } .scroll { overflow: visible } }
)";

}  // namespace

std::string html_page(std::string_view title, std::string_view body) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n{}</body>\n</html>\n",
      markup_escaped(title), kPageStyle, body);
}

}  // namespace stepscope::analysis::cli
