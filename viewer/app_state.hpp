// SPDX-License-Identifier: Apache-2.0
//
// AppState: everything the window knows, and the ways to change it. Views read it and call its methods; they hold
// no state of their own but scroll positions of tables. No ImGui here, so actions are tested without a frame.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "viewer/background.hpp"
#include "viewer/model/alignment.hpp"
#include "viewer/model/commands.hpp"
#include "viewer/model/diff_table.hpp"
#include "viewer/model/palette.hpp"
#include "viewer/model/rank_matrix.hpp"
#include "viewer/model/run_model.hpp"
#include "viewer/model/search.hpp"
#include "viewer/model/selection.hpp"
#include "viewer/model/step_strip.hpp"
#include "viewer/model/track_layout.hpp"
#include "viewer/model/viewport.hpp"
#include "viewer/options.hpp"

namespace stepscope::viewer {

// What the loader is doing, for the status line and the error page.
struct LoadStatus {
  bool active = false;
  double fraction = 0;
  std::string text;
  std::vector<std::string> errors;
};

struct SearchBox {
  std::array<char, 128> text{};
  bool focus = false;  // take the keyboard in the next frame
  bool lanes = false;  // what is searched: titles of lanes instead of names of events
  std::string searched;
  std::string result;  // "3 names", "no match"
};

class AppState {
 public:
  explicit AppState(const Options& options);

  // Replaces a run (a preview by the loaded one, or the first time). Keeps view and selection where possible.
  void set_run(Side side, std::shared_ptr<const RunModel> model);
  void set_table(DiffTable table);
  void set_ranks(Side side, std::shared_ptr<const RankMatrix> ranks);
  // Deep-link arguments, once all data is there.
  void apply_deep_links(const Options& options);

  [[nodiscard]] const RunModel* run(Side side) const { return runs_[index_of(side)].get(); }
  // The same, for what computes on after the window has taken another run.
  [[nodiscard]] const std::shared_ptr<const RunModel>& run_data(Side side) const {
    return runs_[index_of(side)];
  }
  // Another number for every run that was set; 0 while there is none. Answers are kept under it, so that nothing keeps a run.
  [[nodiscard]] uint64_t run_number(Side side) const { return run_numbers_[index_of(side)]; }
  [[nodiscard]] const std::shared_ptr<const RankMatrix>& ranks(Side side) const {
    return ranks_[index_of(side)];
  }
  [[nodiscard]] bool two_runs() const { return runs_[0] && runs_[1]; }
  [[nodiscard]] bool shows(Side side) const;
  [[nodiscard]] const Palette& colors() const { return palette(theme); }

  void execute(Command command);
  void select_event(EventRef ref);
  void select_area(AreaSelection area);
  void select_steps(size_t from, size_t to, bool zoom);
  // The stretch of the selected event, on its lane, or of the selected steps, on all lanes, as an area.
  void select_area_of_selection();
  void select_all();
  // Sets a mark at the start of the selection (the middle of what is seen without one), or over all of it; the same
  // mark again takes it away.
  void toggle_mark(bool span);
  void clear();
  void go_to(const Place& place);
  // The same from a view of the drawer, which stays open.
  void visit(const Place& place);
  // And here steps, area and name that are selected stay so, with the list that the event was picked from.
  void visit(const EventRef& ref);
  // Lights up a name everywhere and selects nothing else.
  void highlight(const std::string& name);
  void open_tab(Tab wanted);
  void go_to_step(size_t slot);
  void show_display(TimeRange range);
  void zoom_to_selection();
  void fit_all();
  void toggle_group(const std::string& key);
  void set_alignment(AlignMode mode);
  // Searches names of events, or titles of lanes while search_box.lanes is set.
  void search_for(const std::string& text);
  void find(bool forward);

  [[nodiscard]] const EventRow& row_of(const EventRef& ref) const;
  [[nodiscard]] const NameEntry& name_of(const EventRef& ref) const;
  [[nodiscard]] TimeRange display_of(const EventRef& ref) const;
  [[nodiscard]] std::optional<TimeRange> selected_range() const;
  // The event under a display time on a row, within `slack` ns of display time.
  [[nodiscard]] std::optional<EventRef> event_at(Side side, uint32_t lane, size_t row, double display,
                                                 double slack) const;
  // True when names equal to the highlighted one should stand out, and this one does not.
  [[nodiscard]] bool dimmed(Side side, uint32_t name) const;
  [[nodiscard]] const std::vector<uint8_t>& emphasis(Side side) const { return emphasis_[index_of(side)]; }
  void refresh_layout(const LayoutMetrics& metrics);

  Theme theme = Theme::kDark;
  float user_scale = 1;
  Viewport view;
  Alignment alignment;
  AlignMode align_mode = AlignMode::kStepStart;
  Arrangement arrangement = Arrangement::kSplit;
  Shown shown = Shown::kBoth;
  StepStrip strip;
  Tracks tracks;
  TrackLayout layout;
  std::set<std::string> collapsed;
  float scroll_y = 0;
  float scroll_room = 0;               // height of the lanes' window, set by the timeline each frame
  std::optional<size_t> reveal_track;  // scroll it into view in the next frame
  Selection selection;
  std::vector<Mark> marks;
  std::optional<EventRef> hovered;
  Details details;  // of selection.event
  std::array<std::optional<AreaStats>, 2> area;
  std::array<Search, 2> search;
  SearchBox search_box;
  DiffTable table;
  bool table_ready = false;
  Tab tab = Tab::kFindings;
  bool tab_requested = false;  // the drawer shows `tab` in the next frame
  bool drawer_open = true;
  bool help_open = false;
  bool quit = false;
  LoadStatus load;
  Background background;  // what views compute off the frame path

 private:
  void rebuild();
  void step_by(int direction);
  void event_by(int direction);
  void reveal(Side side, uint32_t lane);
  [[nodiscard]] std::vector<size_t> matching_tracks() const;
  void open_search(bool lanes);
  void find_lane(bool forward);
  void refresh_emphasis();

  std::array<std::shared_ptr<const RunModel>, 2> runs_;
  std::array<uint64_t, 2> run_numbers_{};
  uint64_t runs_set_ = 0;
  std::array<std::shared_ptr<const RankMatrix>, 2> ranks_;
  std::array<std::vector<uint8_t>, 2> emphasis_;  // by name: 1 stands out; empty: nothing is dimmed
  std::optional<size_t> found_track_;             // where the search for lanes is
  bool view_set_ = false;
};

}  // namespace stepscope::viewer
