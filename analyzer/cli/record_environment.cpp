// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/record_environment.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <map>
#include <optional>

#include <fmt/format.h>

namespace stepscope::analysis::cli {
namespace {

// The variables in their order, so that what the command sees differs only where we say.
class Variables {
 public:
  explicit Variables(const std::vector<std::string>& lines) : lines_(lines) {}

  [[nodiscard]] std::string get(std::string_view name) const {
    for (const std::string& line : lines_) {
      if (is(line, name)) {
        return line.substr(name.size() + 1);
      }
    }
    return "";
  }
  void set(std::string_view name, std::string_view value) {
    std::string text = fmt::format("{}={}", name, value);
    for (std::string& line : lines_) {
      if (is(line, name)) {
        line = std::move(text);
        return;
      }
    }
    lines_.push_back(std::move(text));
  }
  void erase(std::string_view name) {
    std::erase_if(lines_, [&](const std::string& line) { return is(line, name); });
  }
  [[nodiscard]] std::vector<std::string> take() { return std::move(lines_); }

 private:
  static bool is(const std::string& line, std::string_view name) {
    return line.size() > name.size() && line[name.size()] == '=' && line.starts_with(name);
  }
  std::vector<std::string> lines_;
};

struct Door {
  std::string_view variable;
  std::string_view events;  // what is missed while another tool holds the door
};

constexpr Door kYieldingDoors[] = {
    {"CUDA_INJECTION64_PATH", "GPU events"},
    {"NVTX_INJECTION64_PATH", "NVTX ranges"},
};

constexpr std::string_view kNcclPlugin = "NCCL_PROFILER_PLUGIN";
constexpr std::string_view kChainedNcclPlugin = "STEPSCOPE_CHAINED_NCCL_PROFILER_PLUGIN";

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

// NCCL takes "none", and any beginning of STATIC_PLUGIN for a plugin that is linked into the program: no library to chain.
bool names_an_nccl_library(std::string_view value) {
  return !equal_ignoring_case(value, "none") &&
         !equal_ignoring_case(value, std::string_view("STATIC_PLUGIN").substr(0, value.size()));
}

// The entries of `list` but for ours, which is there already in a record inside a record.
std::string without(const std::string& ours, std::string_view list) {
  std::string result;
  while (!list.empty()) {
    const size_t end = list.find_first_of(": ");  // the loader takes both
    const std::string_view entry = list.substr(0, end);
    if (!entry.empty() && entry != ours) {
      result.append(result.empty() ? "" : ":").append(entry);
    }
    list.remove_prefix(end == std::string_view::npos ? list.size() : end + 1);
  }
  return result;
}

std::string chained(const std::string& ours, std::string_view theirs) {
  const std::string others = without(ours, theirs);
  return others.empty() ? ours : ours + ":" + others;
}

std::string yielded(std::string_view variable, std::string_view value, std::string_view events) {
  return fmt::format("{}={} is left to the tool that set it; unset it to have {} recorded", variable, value,
                     events);
}

// NCCL takes one plugin: ours, which passes everything on to the one that was asked for.
void chain_nccl_plugin(const std::string& ours, Variables& variables, std::vector<std::string>& notes) {
  const std::string theirs = variables.get(kNcclPlugin);
  if (theirs == ours) {
    return;  // a record inside a record: what the outer one chained stays
  }
  variables.erase(kChainedNcclPlugin);
  if (!theirs.empty() && !names_an_nccl_library(theirs)) {
    notes.push_back(yielded(kNcclPlugin, theirs, "NCCL collectives"));
    return;
  }
  variables.set(kNcclPlugin, ours);
  if (!theirs.empty()) {
    variables.set(kChainedNcclPlugin, theirs);
  }
}

std::optional<int64_t> step_number(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number >= 0 ? std::optional(number)
                                                                                 : std::nullopt;
}

}  // namespace

Result<RecordEnvironment> record_environment(const RecordSettings& settings,
                                             const std::vector<std::string>& current) {
  if (settings.library.find_first_of(": \t\n") != std::string::npos) {
    return Status(
        Code::kUsage,
        fmt::format(
            "{}: LD_PRELOAD cannot name a path with a blank or a colon; install or copy the library to "
            "another place and set STEPSCOPE_LIBRARY to it",
            settings.library));
  }
  RecordEnvironment result;
  Variables variables(current);
  variables.set("STEPSCOPE_DIR", settings.directory);
  variables.set("STEPSCOPE_LIBRARY", settings.library);
  variables.set("STEPSCOPE_LEVEL", settings.level);
  variables.set("STEPSCOPE_CUPTI", settings.cupti);
  // What an outer record asked for must not leak into this one.
  const auto set_or_erase = [&](std::string_view name, const std::string& value) {
    value.empty() ? variables.erase(name) : variables.set(name, value);
  };
  set_or_erase("STEPSCOPE_WINDOW", settings.window);
  set_or_erase("STEPSCOPE_PYTHON_SAMPLE",
               settings.python_samples > 0 ? fmt::format("{}", settings.python_samples) : "");
  const std::string preloaded = variables.get("LD_PRELOAD");
  variables.set("LD_PRELOAD", chained(settings.library, preloaded));
  // The collector copies it into the recording; a record inside a record displaced nothing of the user's.
  set_or_erase("STEPSCOPE_DISPLACED_LD_PRELOAD", without(settings.library, preloaded));
  for (const Door& door : kYieldingDoors) {
    const std::string value = variables.get(door.variable);
    if (value.empty()) {
      variables.set(door.variable, settings.library);
    } else if (value != settings.library) {
      result.notes.push_back(yielded(door.variable, value, door.events));
    }
  }
  chain_nccl_plugin(settings.library, variables, result.notes);
  if (!variables.get("STEPSCOPE_DISABLE").empty()) {
    result.notes.emplace_back("STEPSCOPE_DISABLE is set, so nothing will be recorded; unset it");
  }
  result.variables = variables.take();
  return result;
}

Result<StepWindow> parse_window(std::string_view text) {
  const size_t colon = text.find(':');
  const std::string_view first = text.substr(0, colon);
  const std::string_view last = colon == std::string_view::npos ? "" : text.substr(colon + 1);
  const std::optional<int64_t> a = first.empty() ? std::optional<int64_t>(0) : step_number(first);
  const std::optional<int64_t> b = last.empty() ? std::optional<int64_t>(INT64_MAX) : step_number(last);
  if (colon == std::string_view::npos || text.size() == 1 || !a.has_value() || !b.has_value() || *a > *b) {
    return Status(Code::kUsage,
                  fmt::format("--window {}: steps are written FIRST:LAST, such as 10:20", text));
  }
  return StepWindow{*a, *b};
}

}  // namespace stepscope::analysis::cli
