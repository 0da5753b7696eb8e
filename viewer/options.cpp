// SPDX-License-Identifier: Apache-2.0
#include "viewer/options.hpp"

#include <charconv>
#include <cstdlib>
#include <functional>

#include <fmt/format.h>

#include "viewer/link.hpp"
#include "viewer/model/format.hpp"
#include "viewer/words.hpp"

namespace stepscope::viewer {
namespace {

bool parse_int(std::string_view text, int low, int high, int& value) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size() && value >= low && value <= high;
}

bool parse_size(std::string_view text, Options& options) {
  const size_t x = text.find('x');
  return x != std::string_view::npos && parse_int(text.substr(0, x), 200, 16384, options.width) &&
         parse_int(text.substr(x + 1), 150, 16384, options.height);
}

bool parse_scale(std::string_view text, Options& options) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), options.scale);
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size() && options.scale >= 0.5F &&
         options.scale <= 4.0F;
}

bool parse_theme(std::string_view text, Options& options) {
  options.theme = text == "light" ? Theme::kLight : Theme::kDark;
  return text == "light" || text == "dark";
}

bool parse_align(std::string_view text, Options& options) {
  const auto mode = value_of(align_words(), text);
  options.align = mode.value_or(options.align);
  return mode.has_value();
}

bool parse_view(std::string_view text, Options& options) {
  options.tab = value_of(tab_words(), text);
  return options.tab.has_value();
}

bool parse_at(std::string_view text, Options& options) {
  PlaceText place;
  options.at = text;
  return parse_place(text, place);
}

bool parse_wait(std::string_view text, Options& options) {
  options.early = text == "overview";
  return options.early || text == "all";
}

bool parse_remote(std::string_view text, Options& options) {
  options.remote = text == "on" ? Remote::kOn : text == "off" ? Remote::kOff : Remote::kAuto;
  return text == "on" || text == "off" || text == "auto";
}

struct Argument {
  std::string_view name;
  std::function<bool(std::string_view, Options&)> parse;
  std::string expects;
};

const std::vector<Argument>& arguments_table() {
  static const std::vector<Argument> kTable{
      {"--vs",
       [](std::string_view text, Options& o) {
         o.versus = text;
         return !text.empty();
       },
       "a run"},
      {"--screenshot",
       [](std::string_view text, Options& o) {
         o.screenshot = text;
         return !text.empty();
       },
       "a file name"},
      {"--wait", parse_wait, "all or overview"},
      {"--size", parse_size, "WIDTHxHEIGHT, 200x150 to 16384x16384"},
      {"--at", parse_at, "a step number or a time such as 12.5s"},
      {"--select",
       [](std::string_view text, Options& o) {
         o.select = text;
         return !text.empty();
       },
       "a text"},
      {"--link",
       [](std::string_view text, Options& o) {
         o.link = text;
         Link link;
         return parse_link(text, link).empty();
       },
       "the text of a link"},
      {"--script",
       [](std::string_view text, Options& o) {
         o.script = text;
         return !text.empty();
       },
       "a script"},
      {"--keys",
       [](std::string_view text, Options& o) {
         o.keys = text;
         return !text.empty();
       },
       "a key file"},
      {"--theme", parse_theme, "dark or light"},
      {"--scale", parse_scale, "a number from 0.5 to 4"},
      {"--align", parse_align, choices(align_words())},
      {"--view", parse_view, choices(tab_words())},
      {"--remote", parse_remote, "auto, on or off"},
  };
  return kTable;
}

}  // namespace

std::string parse_options(const std::vector<std::string>& arguments, Options& options) {
  const char* scale = std::getenv("STEPSCOPE_SCALE");
  if (scale != nullptr && !parse_scale(scale, options)) {
    return fmt::format("STEPSCOPE_SCALE={} is not a number from 0.5 to 4", scale);
  }
  std::vector<std::string> runs;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (word == "-h" || word == "--help" || word == "--version") {
      (word == "--version" ? options.version : options.help) = true;
      return "";
    }
    if (word.size() < 2 || word[0] != '-') {
      runs.push_back(word);
      continue;
    }
    const size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const Argument* found = nullptr;
    for (const Argument& argument : arguments_table()) {
      found = argument.name == name ? &argument : found;
    }
    if (found == nullptr) {
      return fmt::format("unknown option {}; see stepscope-viewer --help", name);
    }
    if (equals == std::string::npos && ++i == arguments.size()) {
      return fmt::format("{} needs {}", name, found->expects);
    }
    const std::string value = equals == std::string::npos ? arguments[i] : word.substr(equals + 1);
    if (!found->parse(value, options)) {
      return fmt::format("{} {} is not valid; it takes {}", name, value, found->expects);
    }
  }
  if (runs.empty() || runs.size() > 2 || (runs.size() == 2 && !options.versus.empty())) {
    return "one run is needed, or two: stepscope-viewer RUN [--vs RUN]";
  }
  options.run = runs[0];
  if (runs.size() == 2) {
    options.versus = runs[1];
  }
  return "";
}

const char* usage_text() {
  return R"(stepscope-viewer: look at one run, or at two side by side

Usage: stepscope-viewer RUN [--vs RUN] [options]

  RUN is a directory of recordings or one *.stepscope file. Leftover spools are finalized first.

  --vs RUN            the run to compare with; RUN is A (before), this one B (after)
  --at STEP|TIME      go to a step (412) or a time since the start (12.5s, 350ms)
  --select TEXT       select the first event whose name contains TEXT
  --align MODE        step-start (default), step-length, time or event (the first collective)
  --view NAME         lower panel: terms, findings, details, area, notes, marks, delta-map, waterfall,
                      movers, histogram, ranks, batches, counters, flame, events or sql
  --link TEXT         go to the view of a link (the command "A link to this view" copies one)
  --keys FILE         other keys than the usual ones (default: ~/.config/stepscope/keys.conf)
  --theme dark|light
  --scale FACTOR      size of text and lanes, 0.5 to 4 (default: of the monitor, or STEPSCOPE_SCALE)
  --size WxH          of the window or picture, default 1440x900
  --remote on|off     fewer frames, and of them only what changed, for a slow way to the screen (default: through ssh -X)
  --screenshot FILE   write one PNG when everything is loaded, and exit
  --script FILE       do what the file says, one action a line, without a visible window, and exit (docs/viewer.md)
  --wait all|overview what the PNG waits for: everything (default), or what a window shows first
  --help, --version

Keys: press ? in the window. Exit codes: 0 fine, 1 a line of a script failed, 2 wrong usage or no display, 5 unreadable run.
Without a display:  xvfb-run -a stepscope-viewer RUN --screenshot FILE
)";
}

}  // namespace stepscope::viewer
