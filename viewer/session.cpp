// SPDX-License-Identifier: Apache-2.0
#include "viewer/session.hpp"

#include <algorithm>
#include <chrono>

#include "viewer/user_files.hpp"

namespace stepscope::viewer {
namespace {

std::string panes_file() {
  return user_file(UserDirectory::kState, "viewer-panes");
}

}  // namespace

std::vector<std::string> load_keys(const std::string& file, KeyMap& keys) {
  const std::string path = file.empty() ? user_file(UserDirectory::kConfig, "keys.conf") : file;
  const auto content = read_file(path);
  if (!content.ok()) {
    return {content.status().message()};
  }
  if (!content.value()) {
    return file.empty() ? std::vector<std::string>()
                        : std::vector{file + ": there is no such key file; the usual keys hold"};
  }
  return keys.apply(*content.value(), path);
}

std::vector<std::string> load_panes(Panes& panes) {
  const std::string path = panes_file();
  const auto content = read_file(path);
  if (!content.ok()) {
    return {content.status().message()};
  }
  if (content.value() && !parse_panes(*content.value(), panes)) {
    return {path + ": not sizes of panes; the usual sizes hold until you change them"};
  }
  return {};
}

std::string save_panes(const Panes& panes) {
  const std::string path = panes_file();
  return path.empty() ? "" : replace_file(path, panes_text(panes)).message();
}

std::vector<std::string> SessionNotes::open(AppState& state) {
  std::vector<std::string> problems;
  opened_ = true;
  for (const Side side : {Side::kA, Side::kB}) {
    const RunModel* run = state.run(side);
    if (run == nullptr) {
      continue;
    }
    std::string problem;
    books_[index_of(side)] = NoteBook::open(*run, problem);
    if (!problem.empty()) {
      problems.push_back(problem);
    }
    for (Mark& mark : books_[index_of(side)].marks(side)) {
      if (std::none_of(state.marks.begin(), state.marks.end(),
                       [&](const Mark& other) { return mark.same_place(other); })) {
        state.marks.push_back(std::move(mark));
      }
    }
  }
  return problems;
}

std::string SessionNotes::keep(AppState& state) {
  if (!state.marks_changed || !opened_) {
    return "";
  }
  state.marks_changed = false;
  const int64_t now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                             std::chrono::system_clock::now().time_since_epoch())
                             .count();
  std::string problem;
  for (const Side side : {Side::kA, Side::kB}) {
    NoteBook& book = books_[index_of(side)];
    if (state.run(side) == nullptr || !book.can_save()) {
      continue;
    }
    book.update(side, state.marks, now_ms);
    if (const analysis::Status saved = book.save(); !saved.ok()) {
      problem = saved.message();
    }
    std::erase_if(state.marks, [side](const Mark& mark) { return mark.side == side; });
    const std::vector<Mark> marks = book.marks(side);
    state.marks.insert(state.marks.end(), marks.begin(), marks.end());
  }
  return problem;
}

}  // namespace stepscope::viewer
