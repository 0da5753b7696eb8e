// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/cli/commands.hpp"
#include "analyzer/cli/doctor.hpp"
#include "analyzer/cli/exit_code.hpp"
#include "analyzer/cli/open_run.hpp"
#include "analyzer/cli/options.hpp"
#include "analyzer/cli/output.hpp"
#include "analyzer/cli/table.hpp"

namespace stepscope::analysis::cli {
namespace {

using nlohmann::ordered_json;

struct Section {
  std::string title;
  std::vector<Diagnosis> diagnoses;
};

const char* health_name(Health health) {
  switch (health) {
    case Health::kGood:
      return "ok";
    case Health::kNote:
      return "note";
    case Health::kBad:
      return "bad";
  }
  return "";
}

Style health_style(Health health) {
  return health == Health::kGood ? Style::kGood : health == Health::kNote ? Style::kWarn : Style::kBad;
}

std::string text_of(const std::vector<Section>& sections, const Terminal& terminal) {
  std::string out;
  for (const Section& section : sections) {
    TextTable table({{""}, {""}, {"", Align::kLeft, Fit::kWrap}});
    for (const Diagnosis& diagnosis : section.diagnoses) {
      table.add_row({Cell(health_name(diagnosis.health), health_style(diagnosis.health)), diagnosis.name,
                     diagnosis.detail});
      if (!diagnosis.remedy.empty()) {
        table.add_row({"", "", "-> " + diagnosis.remedy});
      }
    }
    out += (out.empty() ? "" : "\n") + styled(printable(section.title), Style::kBold, terminal) + "\n" +
           table.render(terminal);
  }
  return out;
}

ordered_json json_of(const std::string& path, const std::vector<Section>& sections) {
  ordered_json document = json_head("doctor", 1);
  document["run"] = path.empty() ? ordered_json(nullptr) : ordered_json(path);
  document["sections"] = ordered_json::array();
  for (const Section& section : sections) {
    ordered_json entry{{"title", section.title}, {"checks", ordered_json::array()}};
    for (const Diagnosis& diagnosis : section.diagnoses) {
      entry["checks"].push_back({{"name", diagnosis.name},
                                 {"health", health_name(diagnosis.health)},
                                 {"detail", diagnosis.detail},
                                 {"remedy", diagnosis.remedy}});
    }
    document["sections"].push_back(std::move(entry));
  }
  return document;
}

std::vector<Section> sections_of(const Run& run) {
  std::vector<Section> sections;
  if (std::vector<Diagnosis> whole = diagnose_run(run); !whole.empty()) {
    sections.push_back({"the run", std::move(whole)});
  }
  for (uint32_t i = 0; i < run.processes().size(); ++i) {
    const Process& process = run.processes()[i];
    sections.push_back({fmt::format("{} (pid {})", process.base, process.pid), diagnose_process(run, i)});
  }
  return sections;
}

}  // namespace

int run_doctor(const Command& command, const std::vector<std::string>& args) {
  std::string path;
  bool json = false;
  OptionSet options(command);
  options.positional("RUN", path, "a recorded run; without it this machine is examined", false);
  options.flag("--json", json, "print JSON (stepscope.doctor/1)");
  if (const std::optional<int> exit = options.parse(args)) {
    return *exit;
  }
  std::vector<Section> sections;
  bool incomplete = false;
  if (path.empty()) {
    sections.push_back({"this machine", diagnose_machine()});
  } else {
    const Result<Run> run = open_run(path);
    if (!run.ok()) {
      return report_failure(run.status());
    }
    sections = sections_of(run.value());
    incomplete = !run.value().problems().empty();
  }
  const int written = json ? print_json(json_of(path, sections))
                           : print_result(text_of(sections, inspect_terminal(STDOUT_FILENO)));
  const std::vector<Diagnosis>& first = sections.front().diagnoses;
  const bool broken = path.empty() && std::any_of(first.begin(), first.end(), [](const Diagnosis& diagnosis) {
                        return diagnosis.health == Health::kBad;
                      });
  if (written == kExitOk && incomplete) {
    return kExitUnreadable;
  }
  return written == kExitOk && broken ? kExitUsage : written;
}

}  // namespace stepscope::analysis::cli
