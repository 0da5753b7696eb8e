// SPDX-License-Identifier: Apache-2.0
#include "viewer/script.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>

#include "viewer/model/format.hpp"
#include "viewer/user_files.hpp"
#include "viewer/words.hpp"

namespace stepscope::viewer {
namespace {

struct Stage {
  AppState& state;
  ScriptHost& host;
};

struct Failure {
  Exit code = Exit::kOk;
  std::string what;  // "" when the action was done
};

Failure done_if(bool done, const std::string& otherwise) {
  return done ? Failure() : Failure{Exit::kFailed, otherwise};
}

Failure done_if(const analysis::Status& status) {
  return status.ok() ? Failure() : Failure{Exit::kUnreadable, status.message()};
}

bool parse_count(std::string_view text, int64_t& value) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
}

// "12.5s 13s": two times since the start.
bool parse_times(std::string_view text, PlaceText& from, PlaceText& to) {
  const size_t blank = text.find(' ');
  return blank != std::string_view::npos && parse_place(text.substr(0, blank), from) && !from.is_step &&
         parse_place(text.substr(blank + 1), to) && !to.is_step && from.time_ns < to.time_ns;
}

// Blanks and line ends of any number count as one: text is laid out anew with every width of the window.
std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (!blank) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  return out;
}

Failure expect(Stage& stage, std::string_view wanted, bool there) {
  auto visible = stage.host.visible_text();
  if (!visible.ok()) {
    return done_if(visible.status());
  }
  const bool found = plain(visible.value()).find(plain(wanted)) != std::string::npos;
  return done_if(found == there, "the window " + std::string(there ? "does not show" : "shows") + " '" +
                                     std::string(wanted) + "'");
}

Failure select_name(Stage& stage, const std::string& text) {
  std::string like;
  for (const Side side : {Side::kA, Side::kB}) {
    const RunModel* run = stage.state.run(side);
    for (size_t n = 0; run != nullptr && n < run->names.size(); ++n) {
      const std::string& name = run->names[n].text;
      if (name == text) {
        stage.state.select_name(std::nullopt, text);
        return {};
      }
      like = like.empty() && contains_text(name, text) ? name : like;
    }
  }
  if (!like.empty()) {
    stage.state.select_name(std::nullopt, like);
  }
  return done_if(!like.empty(), "no event is named like '" + text + "'");
}

Failure select_lane(Stage& stage, const std::string& text) {
  const Tracks& tracks = stage.state.tracks;
  for (size_t t = 0; t < tracks.tracks.size(); ++t) {
    if (contains_text(tracks.groups[tracks.tracks[t].group].title + " " + tracks.tracks[t].title, text)) {
      stage.state.select_lane(t);
      stage.state.reveal_track = t;
      return {};
    }
  }
  return done_if(false, "no lane is titled like '" + text + "'");
}

Failure find_event(Stage& stage, const std::string& text) {
  stage.state.search_for(text);
  stage.state.find(true);
  stage.state.wait();
  return done_if(stage.state.selection.event.has_value(), "no event is named like '" + text + "'");
}

Failure go_to_finding(Stage& stage, const std::string& text) {
  int64_t number = 0;
  parse_count(text, number);
  const auto& findings = stage.state.table.findings;
  if (number < 1 || static_cast<size_t>(number) > findings.size()) {
    return done_if(false, "there are " + std::to_string(findings.size()) + " findings");
  }
  return done_if(stage.state.go_to_finding(static_cast<size_t>(number) - 1),
                 "the finding has no place to look at");
}

// What a click on that row does, in the order of the largest change.
Failure light_up_mover(Stage& stage, const std::string& text) {
  int64_t number = 0;
  parse_count(text, number);
  const size_t count = stage.state.movers.empty() ? 0 : stage.state.movers.front().movers.size();
  if (number < 1 || static_cast<size_t>(number) > count) {
    return done_if(false, "there are " + std::to_string(count) + " movers");
  }
  const MoverTable& table = stage.state.movers.front();
  const std::vector<uint32_t> rows = table.visible({}, MoverOrder::kEffect, true);
  const Mover& mover = table.movers[rows[static_cast<size_t>(number) - 1]];
  stage.state.light_up(mover.label, mover.names);
  return {};
}

Failure go_to_step(Stage& stage, const std::string& text) {
  int64_t number = 0;
  parse_count(text, number);
  return done_if(stage.state.go_to_step_number(number), "there is no step " + text);
}

Failure show_range(Stage& stage, const std::string& text) {
  PlaceText from;
  PlaceText to;
  parse_times(text, from, to);
  AppState& state = stage.state;
  if (state.run(Side::kA) == nullptr) {
    return done_if(false, "there is no run");
  }
  const auto at = [&](double since) {
    return state.alignment.to_display(
        Side::kA, state.run(Side::kA)->begin_ns + static_cast<int64_t>(std::llround(since)));
  };
  state.show_display({at(from.time_ns), at(to.time_ns)});
  return {};
}

Failure write_note(Stage& stage, const std::string& text) {
  if (stage.state.marks.empty()) {
    stage.state.execute(Command::kMark);
  }
  stage.state.set_mark_text(stage.state.marks.size() - 1, text);
  return {};
}

Failure follow_link(Stage& stage, const std::string& text) {
  Link link;
  (void)parse_link(text, link);  // was checked
  const std::string missing = stage.state.apply(link);
  return done_if(missing.empty(), missing);
}

Failure set_shown(Stage& stage, const std::string& text) {
  const bool can = stage.state.two_runs() || text != "b";
  if (can) {
    stage.state.shown = *value_of(shown_words(), std::string_view(text));
  }
  return done_if(can, "there is one run only");
}

bool is_number(std::string_view text) {
  int64_t value = 0;
  return parse_count(text, value);
}
bool is_text(std::string_view text) {
  return !text.empty();
}

struct VerbRow {
  ScriptVerb verb;
  bool (*valid)(std::string_view argument);
  Failure (*perform)(Stage& stage, const std::string& argument);
};

constexpr VerbRow kVerbs[] = {
    {{"tab", "terms, findings, details, ..."},
     [](std::string_view text) { return value_of(tab_words(), text).has_value(); },
     [](Stage& stage, const std::string& text) {
       stage.state.open_tab(*value_of(tab_words(), std::string_view(text)));
       return Failure();
     }},
    {{"align", "step-start, step-length, time, ..."},
     [](std::string_view text) { return value_of(align_words(), text).has_value(); },
     [](Stage& stage, const std::string& text) {
       stage.state.set_alignment(*value_of(align_words(), std::string_view(text)));
       return Failure();
     }},
    {{"shown", "both, a or b"},
     [](std::string_view text) { return value_of(shown_words(), text).has_value(); },
     set_shown},
    {{"step", "a step's number"}, is_number, go_to_step},
    {{"range", "two times since the start, such as 12.5s 13s"},
     [](std::string_view text) {
       PlaceText from;
       PlaceText to;
       return parse_times(text, from, to);
     },
     show_range},
    {{"name", "the name of events, or a part of one"}, is_text, select_name},
    {{"lane", "a part of a lane's title"}, is_text, select_lane},
    {{"event", "a part of a name"}, is_text, find_event},
    {{"term", "the name of a term"},
     is_text,
     [](Stage& stage, const std::string& text) {
       return done_if(stage.state.go_to_term(text, -1), "there is no place for a term " + text);
     }},
    {{"finding", "the number of a finding, from 1"}, is_number, go_to_finding},
    {{"mover", "the number of a mover, from 1"}, is_number, light_up_mover},
    {{"note", "what to say about the latest mark"}, is_text, write_note},
    {{"link", "the text of a link"},
     [](std::string_view text) {
       Link link;
       return is_text(text) && parse_link(text, link).empty();
     },
     follow_link},
    {{"key", "a key, such as Ctrl+Shift+P"},
     [](std::string_view text) { return parse_binding(text).has_value(); },
     [](Stage& stage, const std::string& text) {
       stage.host.press(*parse_binding(text));
       return Failure();
     }},
    {{"type", "text for the field that has the keyboard"},
     is_text,
     [](Stage& stage, const std::string& text) {
       stage.host.type(text);
       return Failure();
     }},
    {{"screenshot", "a file name"},
     is_text,
     [](Stage& stage, const std::string& text) { return done_if(stage.host.write_picture(text)); }},
    {{"csv", "a file name, for the table in front"},
     is_text,
     [](Stage& stage, const std::string& text) {
       return done_if(replace_file(text, to_csv(stage.host.front_table())));
     }},
    {{"expect", "text that the window shows"},
     is_text,
     [](Stage& stage, const std::string& text) { return expect(stage, text, true); }},
    {{"expect-not", "text that it does not show"},
     is_text,
     [](Stage& stage, const std::string& text) { return expect(stage, text, false); }},
};

const VerbRow* find_verb(std::string_view verb) {
  const auto* at = std::find_if(std::begin(kVerbs), std::end(kVerbs),
                                [&](const VerbRow& row) { return row.verb.verb == verb; });
  return at == std::end(kVerbs) ? nullptr : at;
}

std::string_view trimmed_line(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r");
  const size_t last = text.find_last_not_of(" \t\r");
  return first == std::string_view::npos ? std::string_view() : text.substr(first, last - first + 1);
}

// "" when the line can run.
std::string objection(const ScriptLine& line) {
  const VerbRow* verb = find_verb(line.verb);
  if (verb == nullptr && find_command(line.verb) == nullptr) {
    return "'" + line.verb + "' is neither a verb nor a command; docs/viewer.md lists them";
  }
  if (verb == nullptr) {
    return line.argument.empty() ? "" : "the command " + line.verb + " takes nothing";
  }
  return verb->valid(line.argument) ? "" : line.verb + " takes " + std::string(verb->verb.takes);
}

std::string at_line(std::string_view file, size_t number) {
  return std::string(file) + ":" + std::to_string(number) + ": ";
}

}  // namespace

std::span<const ScriptVerb> script_verbs() {
  static const std::vector<ScriptVerb> kAll = [] {
    std::vector<ScriptVerb> all;
    std::transform(std::begin(kVerbs), std::end(kVerbs), std::back_inserter(all),
                   [](const VerbRow& row) { return row.verb; });
    return all;
  }();
  return kAll;
}

analysis::Result<std::vector<ScriptLine>> parse_script(std::string_view text, std::string_view file) {
  std::vector<ScriptLine> lines;
  for (size_t number = 1; !text.empty(); ++number) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed_line(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#') {
      continue;
    }
    const size_t blank = std::min(line.find_first_of(" \t"), line.size());
    ScriptLine parsed{number, std::string(line.substr(0, blank)),
                      std::string(trimmed_line(line.substr(blank)))};
    if (const std::string wrong = objection(parsed); !wrong.empty()) {
      return analysis::Status(analysis::Code::kUsage, at_line(file, number) + wrong);
    }
    lines.push_back(std::move(parsed));
  }
  return lines;
}

ScriptEnd run_script(std::span<const ScriptLine> lines, std::string_view file, AppState& state,
                     ScriptHost& host) {
  Stage stage{state, host};
  host.settle();
  for (const ScriptLine& line : lines) {
    Failure failure;
    if (const VerbRow* verb = find_verb(line.verb)) {
      failure = verb->perform(stage, line.argument);
    } else {
      state.execute(find_command(line.verb)->command);
    }
    if (!failure.what.empty()) {
      return {failure.code, at_line(file, line.number) + line.verb + ": " + failure.what};
    }
    host.settle();
    if (state.quit) {
      break;
    }
  }
  return {};
}

}  // namespace stepscope::viewer
