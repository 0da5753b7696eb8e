// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/what_if_view.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/cli/format.hpp"
#include "analyzer/cli/table.hpp"

namespace stepscope::analysis::cli {
namespace {

using nlohmann::ordered_json;

ordered_json ns_or_null(const std::optional<int64_t>& ns) {
  return ns.has_value() ? ordered_json(*ns) : ordered_json(nullptr);
}

// Of both readings where there are two.
std::string ends(const std::optional<int64_t>& ns, const std::optional<int64_t>& host_ns, int sign) {
  const auto ms = [sign](int64_t value) { return signed_milliseconds(static_cast<double>(sign * value)); };
  if (!ns.has_value() || !host_ns.has_value()) {
    return ns.has_value() ? ms(*ns) : std::string("-");
  }
  return ms(*host_ns) == ms(*ns) ? ms(*ns) : ms(*host_ns) + " to " + ms(*ns);
}

}  // namespace

std::string what_if_text(const WhatIf& what_if, const Terminal& terminal) {
  if (!what_if.reason.empty()) {
    return "\nno what-if: " + printable(what_if.reason) + "\n";
  }
  TextTable table({{"ms per train step", Align::kLeft, Fit::kShorten},
                   {"candidate", Align::kRight},
                   {"base", Align::kRight}});
  std::string notes;
  for (const TermWhatIf& one : what_if.terms) {
    if (one.known()) {
      table.add_row({one.term, ends(one.removed_ns, one.removed_host_ns, -1),
                     ends(one.added_ns, one.added_host_ns, 1)});
    } else {
      notes += fmt::format("  no what-if for {}: {}\n", printable(one.term), one.reason);
    }
  }
  if (table.empty() && notes.empty()) {
    return "\nno what-if: no term is large enough\n";
  }
  std::string out =
      "\n" + styled("what if only this were as on the other side (replayed)", Style::kBold, terminal) + "\n";
  out += table.empty() ? "" : table.render(terminal);
  out += notes;
  for (const std::string& note : what_if.notes) {
    out += "  " + printable(note) + "\n";
  }
  return out + fmt::format("  the replays rebuild the recorded steps within {}\n",
                           percent(std::max(what_if.base_error, what_if.candidate_error), 1));
}

ordered_json what_if_json(const WhatIf& what_if) {
  const bool replayed = what_if.reason.empty();
  return {
      {"reason", replayed ? ordered_json(nullptr) : ordered_json(what_if.reason)},
      {"base_replay_error", replayed ? ordered_json(what_if.base_error) : ordered_json(nullptr)},
      {"candidate_replay_error", replayed ? ordered_json(what_if.candidate_error) : ordered_json(nullptr)},
      {"notes", what_if.notes}};
}

void add_what_if(const WhatIf& what_if, const std::string& term, ordered_json* entry) {
  const TermWhatIf* one = what_if.find(term);
  if (one == nullptr) {
    return;
  }
  (*entry)["what_if_ns"] =
      one->known() ? ordered_json::array({one->low_ns(), one->high_ns()}) : ordered_json(nullptr);
  (*entry)["what_if_removed_ns"] = ns_or_null(one->removed_ns);
  (*entry)["what_if_added_ns"] = ns_or_null(one->added_ns);
  (*entry)["what_if_removed_host_ns"] = ns_or_null(one->removed_host_ns);
  (*entry)["what_if_added_host_ns"] = ns_or_null(one->added_host_ns);
  (*entry)["what_if_reason"] = one->known() ? ordered_json(nullptr) : ordered_json(one->reason);
}

}  // namespace stepscope::analysis::cli
