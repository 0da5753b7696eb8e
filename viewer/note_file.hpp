// SPDX-License-Identifier: Apache-2.0
//
// Notes on a run: marks with text, in a side-car file beside the recording, never in it:
//
//   RUN/stepscope-notes.json, or of a run that is one file: RUN.notes.json
//   where that cannot be written: stepscope/notes/<run id>.json of the user's data directory (XDG_DATA_HOME)
//
// A JSON document `stepscope.notes/1`, one note a line, so that version control merges it:
//
//   {"format": "stepscope.notes/1", "run": "main-r0-node7-4711-1699", "notes": [
//   {"begin_ns": 1500, "end_ns": 1500, "text": "here it stalls", "changed_ms": 1764270000000},
//   {"begin_ns": 9000, "end_ns": 9900, "gone": true, "changed_ms": 1764270100000}
//   ]}
//
// Times count from the start of the run. A note is known by its place; of two the one changed last holds, and one that was
// taken away stays so: copies on several machines can be merged in any order. Not for several threads at once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/run.hpp"
#include "viewer/model/selection.hpp"

namespace stepscope::viewer {

struct NoteEntry {
  int64_t begin_ns = 0;  // since the run began
  int64_t end_ns = 0;
  std::string text;
  int64_t changed_ms = 0;  // since 1970, UTC
  bool gone = false;
  friend bool operator==(const NoteEntry&, const NoteEntry&) = default;
};
using NoteEntries = std::vector<NoteEntry>;  // ascending by place, one per place

[[nodiscard]] std::string notes_text(const std::string& run_id, const NoteEntries& notes);
// Error kUnreadable, naming `file` and the cause: no such document, or notes of another run.
[[nodiscard]] analysis::Result<NoteEntries> parse_notes(std::string_view text, const std::string& run_id,
                                                        const std::string& file);
[[nodiscard]] NoteEntries merged(const NoteEntries& a, const NoteEntries& b);

// The notes of one run, as kept in its side-car.
class NoteBook {
 public:
  NoteBook() = default;
  // Reads what is there, beside the run and in the data directory. `problem`: a sentence, "" when there is none.
  [[nodiscard]] static NoteBook open(const RunModel& run, std::string& problem);

  [[nodiscard]] std::vector<Mark> marks(Side side) const;
  // Takes over what became of the marks of `side`; those that are no more are gone from now on.
  void update(Side side, const std::vector<Mark>& marks, int64_t now_ms);
  // Merges with what is in the file by now and writes it, when there is anything to keep. Error: no place can be written.
  [[nodiscard]] analysis::Status save();
  // False of a book that was never opened, or whose file holds something else.
  [[nodiscard]] bool can_save() const { return !beside_.empty(); }
  // Where it was read from or written to last; "" when nowhere.
  [[nodiscard]] const std::string& file() const { return file_; }

 private:
  std::string run_id_;
  int64_t run_begin_ns_ = 0;
  std::string beside_;    // first choice
  std::string fallback_;  // of the data directory; "" without one
  std::string file_;
  NoteEntries entries_;
};

}  // namespace stepscope::viewer
