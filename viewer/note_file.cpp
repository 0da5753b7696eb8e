// SPDX-License-Identifier: Apache-2.0
#include "viewer/note_file.hpp"

#include <algorithm>
#include <filesystem>
#include <tuple>

#include <nlohmann/json.hpp>

#include "viewer/user_files.hpp"

namespace stepscope::viewer {
namespace {

using analysis::Code;
using analysis::Result;
using analysis::Status;
using nlohmann::ordered_json;

constexpr const char* kFormat = "stepscope.notes/1";

auto place_of_note(const NoteEntry& note) {
  return std::tuple(note.begin_ns, note.end_ns);
}

// The newer of two at one place. Of equal age the one that is gone, then the larger text: the same whichever way one merges.
bool holds_over(const NoteEntry& a, const NoteEntry& b) {
  return std::tie(a.changed_ms, a.gone, a.text) > std::tie(b.changed_ms, b.gone, b.text);
}

NoteEntry entry_of(const ordered_json& json) {
  NoteEntry note;
  json.at("begin_ns").get_to(note.begin_ns);
  json.at("end_ns").get_to(note.end_ns);
  json.at("changed_ms").get_to(note.changed_ms);
  note.text = json.value("text", "");
  note.gone = json.value("gone", false);
  return note;
}

// What cannot stand in a file name is a '_'.
std::string safe_name(std::string name) {
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == '/' || c == '\0'; }, '_');
  return name;
}

}  // namespace

std::string notes_text(const std::string& run_id, const NoteEntries& notes) {
  const auto quoted = [](const std::string& text) {
    return ordered_json(text).dump(-1, ' ', false, ordered_json::error_handler_t::replace);
  };
  std::string out =
      std::string(R"({"format": ")") + kFormat + R"(", "run": )" + quoted(run_id) + R"(, "notes": [)";
  for (size_t i = 0; i < notes.size(); ++i) {
    const NoteEntry& note = notes[i];
    out += (i == 0 ? "\n" : ",\n") + std::string(R"({"begin_ns": )") + std::to_string(note.begin_ns) +
           R"(, "end_ns": )" + std::to_string(note.end_ns) +
           (note.gone ? R"(, "gone": true)" : R"(, "text": )" + quoted(note.text)) + R"(, "changed_ms": )" +
           std::to_string(note.changed_ms) + "}";
  }
  return out + "\n]}\n";
}

Result<NoteEntries> parse_notes(std::string_view text, const std::string& run_id, const std::string& file) {
  const auto refuse = [&](const std::string& cause) {
    return Status(Code::kUnreadable, file + ": " + cause + "; it is left alone, and new marks are not kept");
  };
  try {
    const ordered_json document = ordered_json::parse(text);
    if (document.value("format", "") != kFormat) {
      return refuse(std::string("no notes of the form ") + kFormat);
    }
    if (document.value("run", "") != run_id) {
      return refuse("notes on another run, " + document.value("run", ""));
    }
    NoteEntries notes;
    for (const ordered_json& json : document.at("notes")) {
      notes.push_back(entry_of(json));
    }
    return merged(notes, {});
  } catch (const nlohmann::json::exception&) {
    return refuse("damaged notes");
  }
}

NoteEntries merged(const NoteEntries& a, const NoteEntries& b) {
  NoteEntries all = a;
  all.insert(all.end(), b.begin(), b.end());
  std::stable_sort(all.begin(), all.end(), [](const NoteEntry& x, const NoteEntry& y) {
    return place_of_note(x) != place_of_note(y) ? place_of_note(x) < place_of_note(y) : holds_over(x, y);
  });
  all.erase(std::unique(
                all.begin(), all.end(),
                [](const NoteEntry& x, const NoteEntry& y) { return place_of_note(x) == place_of_note(y); }),
            all.end());
  return all;
}

NoteBook NoteBook::open(const RunModel& run, std::string& problem) {
  NoteBook book;
  book.run_id_ = run.id;
  book.run_begin_ns_ = run.begin_ns;
  std::error_code error;
  const bool directory = std::filesystem::is_directory(run.path, error);
  const std::string beside = directory ? run.path + "/stepscope-notes.json" : run.path + ".notes.json";
  const std::string fallback = user_file(UserDirectory::kData, "notes/" + safe_name(run.id) + ".json");
  for (const std::string& file : {beside, fallback}) {
    const auto content =
        file.empty() ? Result<std::optional<std::string>>(std::optional<std::string>()) : read_file(file);
    if (!content.ok()) {
      problem = content.status().message();
      continue;
    }
    if (!content.value()) {
      continue;
    }
    auto notes = parse_notes(*content.value(), run.id, file);
    if (!notes.ok()) {
      problem = notes.status().message();
      return NoteBook();  // never written: what is there is not ours to replace
    }
    book.entries_ = merged(book.entries_, notes.value());
    book.file_ = file;
  }
  book.beside_ = beside;
  book.fallback_ = fallback;
  return book;
}

std::vector<Mark> NoteBook::marks(Side side) const {
  std::vector<Mark> marks;
  for (const NoteEntry& note : entries_) {
    if (!note.gone) {
      marks.push_back({side, run_begin_ns_ + note.begin_ns, run_begin_ns_ + note.end_ns, note.text});
    }
  }
  return marks;
}

void NoteBook::update(Side side, const std::vector<Mark>& marks, int64_t now_ms) {
  NoteEntries now;
  for (const Mark& mark : marks) {
    if (mark.side == side) {
      now.push_back({mark.begin_ns - run_begin_ns_, mark.end_ns - run_begin_ns_, mark.text, now_ms, false});
    }
  }
  now = merged(now, {});
  for (NoteEntry& note : now) {
    const auto same = std::find_if(entries_.begin(), entries_.end(), [&](const NoteEntry& other) {
      return place_of_note(note) == place_of_note(other) && !other.gone && note.text == other.text;
    });
    note.changed_ms = same == entries_.end() ? now_ms : same->changed_ms;
  }
  for (NoteEntry note : entries_) {
    const bool kept = std::any_of(now.begin(), now.end(), [&](const NoteEntry& other) {
      return place_of_note(note) == place_of_note(other);
    });
    if (!kept) {
      note.changed_ms = note.gone ? note.changed_ms : now_ms;
      note.gone = true;
      note.text.clear();
      now.push_back(note);
    }
  }
  entries_ = merged(now, {});
}

Status NoteBook::save() {
  if (beside_.empty() || (entries_.empty() && file_.empty())) {
    return {};
  }
  Status last;
  for (const std::string& file : {beside_, fallback_}) {
    if (file.empty()) {
      continue;
    }
    // Another window may have written since.
    const auto content = read_file(file);
    if (!content.ok()) {  // somebody else's: not ours to replace
      last = content.status();
      continue;
    }
    if (content.value()) {
      auto there = parse_notes(*content.value(), run_id_, file);
      if (!there.ok()) {
        return there.status();
      }
      entries_ = merged(entries_, there.value());
    }
    last = replace_file(file, notes_text(run_id_, entries_));
    if (last.ok()) {
      file_ = file;
      return last;
    }
  }
  return last;
}

}  // namespace stepscope::viewer
