// SPDX-License-Identifier: Apache-2.0
//
// AppState: everything the window knows, and the ways to change it. Views read it and call its methods; they hold
// no state of their own but scroll positions of tables. No ImGui here, so actions are tested without a frame.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "viewer/background.hpp"
#include "viewer/history.hpp"
#include "viewer/link.hpp"
#include "viewer/model/alignment.hpp"
#include "viewer/model/commands.hpp"
#include "viewer/model/delta_map.hpp"
#include "viewer/model/diff_table.hpp"
#include "viewer/model/gap.hpp"
#include "viewer/model/key_map.hpp"
#include "viewer/model/movers.hpp"
#include "viewer/model/palette.hpp"
#include "viewer/model/rank_matrix.hpp"
#include "viewer/model/run_model.hpp"
#include "viewer/model/search.hpp"
#include "viewer/model/selection.hpp"
#include "viewer/model/selection_algebra.hpp"
#include "viewer/model/step_changes.hpp"
#include "viewer/model/step_strip.hpp"
#include "viewer/model/track_layout.hpp"
#include "viewer/model/viewport.hpp"
#include "viewer/model/window_layout.hpp"
#include "viewer/options.hpp"
#include "viewer/questions.hpp"
#include "viewer/view_options.hpp"

namespace stepscope::viewer {

struct CounterBoard;

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

// The command palette; the text is matched by model/fuzzy.hpp.
struct PaletteBox {
  bool open = false;
  bool focus = false;  // take the keyboard in the next frame
  std::array<char, 64> text{};
  size_t chosen = 0;  // position among the matches
};

// Which table a command asked to copy; the shell knows which one is in front.
enum class TableCopy : uint8_t { kNone, kTabs, kCsv };

// A stretch of time on a run's own timeline.
struct RunSpan {
  int64_t begin_ns = 0;
  int64_t end_ns = 0;
  friend bool operator==(const RunSpan&, const RunSpan&) = default;
};

// A text field of a view that a command gives the keyboard to.
enum class Field : uint8_t { kNone, kMoverFilter, kMoverLeast, kSql, kNote };

// What commands ask of the rows (boxes, cells) of the view in front; it takes it when it is drawn.
struct RowCommand {
  int by = 0;  // rows further on
  bool open = false;
};

// What commands ask of the SQL console.
enum class SqlCommand : uint8_t { kNone, kRun, kCancel, kExample };

// The view that shows what a finding rests on.
[[nodiscard]] Tab evidence_tab(EvidenceView view);

class AppState {
 public:
  explicit AppState(const Options& options);

  // Replaces a run (a preview by the loaded one, or the first time). Keeps view and selection where possible.
  void set_run(Side side, std::shared_ptr<const RunModel> model);
  void set_table(DiffTable table);
  // Of the two runs that are set; null: there is none (yet).
  void set_delta_map(std::shared_ptr<const DeltaMap> map);
  void set_movers(std::vector<MoverTable> tables);
  void set_step_changes(std::vector<StepChange> changes);
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
  // The view as it is now, and going to one; what of it cannot be had in these runs, "" when all of it.
  [[nodiscard]] Link capture() const;
  std::string apply(const Link& link);
  // Where the term shows best; false when the table has no such term, or no place for it. rank -1: any.
  bool go_to_term(const std::string& name, int32_t rank);
  // The evidence of a finding, by its position in table.findings; false when it has no place.
  bool go_to_finding(size_t index);
  // For the history: to be called after a frame in which nothing is held. `seconds` of a steady clock.
  void remember_place(double seconds);
  void open_tab(Tab wanted);
  // The linked selection: a view sets the dimensions that a click in it means, and reads those it can show. `add`
  // (a click with Ctrl) adds to a set, or takes out what is in it; without it the set becomes that one, or empty when it was.
  void select_event(EventRef ref);
  void select_gap(const GapRef& chosen);
  // Selects the event that the first arrow leads to, or comes from.
  void follow_flow(bool later);
  void select_area(AreaSelection area);
  // Positions in alignment.slots(), clamped.
  void select_steps(size_t from, size_t to, bool zoom);
  // A name by its text; `side`: the run it was pointed at in, or both.
  void select_name(std::optional<Side> side, const std::string& text, bool add = false);
  void select_lane(size_t track, bool add = false);      // index into tracks.tracks
  void select_lane(Side side, uint32_t lane, bool add);  // index into RunModel::lanes
  void select_run(std::optional<Side> side);
  void clear_selected(Dimension dimension);
  // The event, the gap and the area, with what belongs to them; lanes, names, steps and run stay.
  void drop_focus();
  // Whether the lanes, names and run of the selection let this one through; true without such a selection.
  [[nodiscard]] bool selects_track(size_t track) const;
  [[nodiscard]] bool selects_name(Side side, uint32_t name) const;
  // The run is on screen, and no other one is selected.
  [[nodiscard]] bool looks_at(Side side) const;
  // The process has a selected lane, or no lane is selected.
  [[nodiscard]] bool selects_process(Side side, uint32_t process) const;
  // The stretch of the selected event, on its lane, or of the selected steps, on all lanes, as an area.
  void select_area_of_selection();
  void select_all();
  // Sets a mark at the start of the selection (the middle of what is seen without one), or over all of it; the same
  // mark again takes it away.
  void toggle_mark(bool span);
  void go_to_mark(const Mark& mark);
  // The mark gone to last, else the one set last; none without marks. Index into marks.
  [[nodiscard]] std::optional<size_t> current_mark() const;
  void set_mark_text(size_t mark, std::string text);  // index into marks
  void remove_mark(size_t mark);
  void clear();
  void go_to(const Place& place);
  // The same from a view of the drawer, which stays open.
  void visit(const Place& place);
  // And here steps, area and name that are selected stay so, with the list that the event was picked from.
  void visit(const EventRef& ref);
  // Lights up a name everywhere and selects nothing else.
  void highlight(const std::string& name);
  void go_to_step(size_t slot);
  // As people call it; false when there is none. Of several (a run that resumed counts some steps again) the one nearest to what is
  // looked at, and from that the next.
  bool go_to_step_number(int64_t number);
  // A cell of the delta map: shows the step and brings the lanes into sight.
  void go_to_cell(size_t slot, size_t track);
  // Events of these names, exactly, stand out in their run until something is searched for or all is cleared.
  void light_up(const std::string& title, const std::array<std::vector<std::string>, 2>& names);
  void show_display(TimeRange range);
  void zoom_to_selection();
  void fit_all();
  void toggle_group(const std::string& key);
  // By an event the axis changes once that is found.
  void set_alignment(AlignMode mode);
  // Aligns by the selected event, wherever a step has it; by the first collective when that cannot be.
  void align_by_selection();
  // Searches names of events, or titles of lanes while search_box.lanes is set.
  void search_for(const std::string& text);
  void find(bool forward);

  [[nodiscard]] const EventRow& row_of(const EventRef& ref) const;
  [[nodiscard]] const NameEntry& name_of(const EventRef& ref) const;
  [[nodiscard]] TimeRange display_of(const EventRef& ref) const;
  [[nodiscard]] std::optional<TimeRange> selected_range() const;
  // What of a run a stretch of the axis stands for. Of the selected steps, all of them in either run, whatever the alignment: the
  // clock of one run says nothing of the other's steps.
  [[nodiscard]] RunSpan span_of(Side side, const TimeRange& display) const;
  // The event under a display time on a row, within `slack` ns of display time.
  [[nodiscard]] std::optional<EventRef> event_at(Side side, uint32_t lane, size_t row, double display,
                                                 double slack) const;
  // True when names equal to the highlighted one should stand out, and this one does not.
  [[nodiscard]] bool dimmed(Side side, uint32_t name) const;
  [[nodiscard]] const std::vector<uint8_t>& emphasis(Side side) const { return emphasis_[index_of(side)]; }
  void refresh_layout(const LayoutMetrics& metrics);

  // What clicks ask of whole recordings (details, arrows, causes, areas, matches, anchors) is found on a thread. Takes what has
  // been found, once a frame; true when there was anything.
  bool take_answers();
  // Until all that was asked is answered and taken, by views and the SQL console too: for scripts and tests.
  void wait();
  // `wake` is called from any thread when there is something to take. Set before anything is asked.
  void set_wake(const std::function<void()>& wake);
  // What is on screen lacks the answer yet, and says "...".
  [[nodiscard]] bool event_pending() const { return selection.event && event_.pending(); }
  [[nodiscard]] bool gap_pending() const { return gap && gap_.pending(); }
  [[nodiscard]] bool area_pending() const { return selection.area && area_.pending(); }
  [[nodiscard]] bool find_pending() const { return find_.pending(); }
  [[nodiscard]] bool axis_pending() const { return align_mode == AlignMode::kAnchor && anchors_.pending(); }

  Theme theme = Theme::kDark;
  float user_scale = 1;
  Viewport view;
  Alignment alignment;
  AlignMode align_mode = AlignMode::kStepStart;
  std::optional<StepAnchor> anchor;  // what kAnchor aligns by; found when first asked for
  Arrangement arrangement = Arrangement::kSplit;
  Shown shown = Shown::kBoth;
  StepStrip strip;
  std::vector<StepChange> step_changes;  // of `strip`
  Tracks tracks;
  TrackLayout layout;
  std::set<std::string> collapsed;
  float scroll_y = 0;
  float scroll_room = 0;               // height of the lanes' window, set by the timeline each frame
  std::optional<size_t> reveal_track;  // scroll it into view in the next frame
  Selection selection;
  std::vector<Mark> marks;
  bool marks_changed = false;  // since they were written to the notes file (viewer/note_file.hpp)
  std::optional<EventRef> hovered;
  std::vector<Flow> flows;  // of selection.event
  std::optional<GapRef> hovered_gap;
  std::optional<GapRef> gap;  // selected, instead of an event
  LeafTimes gap_causes;       // of it
  Details details;            // of selection.event
  std::array<std::optional<AreaStats>, 2> area;
  std::array<Search, 2> search;
  SearchBox search_box;
  DiffTable table;
  bool table_ready = false;
  std::shared_ptr<const DeltaMap> delta_map;  // of the tracks and slots above, or null
  DeltaMeasure delta_measure = DeltaMeasure::kBusy;
  std::vector<MoverTable> movers;  // of `table`
  Tab tab = Tab::kFindings;
  bool tab_requested = false;  // the drawer shows `tab` in the next frame
  bool drawer_open = true;
  bool help_open = false;
  bool quit = false;
  LoadStatus load;
  KeyMap keys;
  PaletteBox palette_box;
  History history;
  std::string message;    // for the status line, until the next command or click
  std::string clipboard;  // what a command copied; the shell hands it to the system
  TableCopy table_copy = TableCopy::kNone;
  Panes panes;
  Background background;  // what views compute off the frame path
  // Counters of both runs (viewer/counter_board.hpp), under AppState::run_number of them.
  Latest<std::array<uint64_t, 2>, std::shared_ptr<const CounterBoard>> counters;
  Background clicks;          // what a click asks: not behind what a view computes
  Background queries;         // of the SQL console: may take minutes
  bool stop_loading = false;  // asks the loader to end; Loader::poll() takes it
  ViewOptions view_options;
  uint64_t table_number = 0;   // another one for every table that was set
  float unit = 1;              // scale of the interface, set by the timeline each frame
  Field field = Field::kNone;  // takes the keyboard when its view is drawn
  bool typing = false;         // in a field of a view, which Esc leaves; set by it each frame
  RowCommand row_command;
  SqlCommand sql_command = SqlCommand::kNone;
  float help_scroll = 0;  // asked of the help page, which takes it

 private:
  // What makes a place in the history, as it is held here: cheap to compare in every frame.
  struct Seen {
    TimeRange range;
    Selection selection;
    AlignMode align;
    Shown shown;
    Arrangement arrangement;
    Tab tab;
    bool drawer;
    std::set<std::string> folded;
    std::string search;
    float scroll;
    std::optional<GapRef> gap;
    friend bool operator==(const Seen&, const Seen&) = default;
  };
  std::string apply_selection(const Link& link);
  void apply_alignment(const Link& link, std::string& problem);
  [[nodiscard]] ViewOptions told_options() const;
  [[nodiscard]] Link place() const;
  void go_through_history(bool forward);
  void finding_by(int direction);
  void mark_by(int direction);
  void open_palette();
  // What must not move on screen while the axis changes under it.
  struct Kept {
    Moment moment;
    double pixel = 0;
  };
  // The selected event in another reading of its run, where indices differ.
  struct Focus {
    std::string track;
    int64_t start_ns = 0;
    int64_t duration_ns = 0;
    std::string name;
  };
  // The selected area, likewise.
  struct KeptArea {
    Moment begin;
    Moment end;
    bool of_steps = false;         // just the selected steps
    std::set<std::string> tracks;  // keys; empty: all
  };
  // The selected event where it is in sight, else what stands in the middle; none while everything is on screen.
  [[nodiscard]] std::optional<Kept> kept_moment() const;
  [[nodiscard]] std::optional<KeptArea> kept_area() const;
  void restore_area(const KeptArea& kept);
  [[nodiscard]] std::optional<TimeRange> display_of_steps() const;  // the selected ones
  [[nodiscard]] std::optional<Focus> focus_of(Side side) const;
  [[nodiscard]] std::optional<EventRef> find_focus(Side side, const Focus& focus) const;
  void keep_anchor(const Tracks& tracks_before);
  void rebuild_axis(const std::optional<Kept>& kept);
  void event_left();
  void drop_steps_beside_area();
  void execute_in_view(Command command);
  void execute_on_rows(Command command);
  void resize_panes(Command command);
  [[nodiscard]] std::optional<size_t> track_in_focus() const;
  void select_lane_in_focus();
  void resize_steps(int by);
  void term_by(int direction);
  void show_evidence();
  void step_by(int direction);
  void event_by(int direction);
  void reveal(Side side, uint32_t lane);
  [[nodiscard]] std::vector<size_t> matching_tracks() const;
  void open_search(bool lanes);
  void find_lane(bool forward);
  void refresh_emphasis();
  void ask_about_event();
  void take_event_facts();
  void ask_about_gap();
  void take_gap_causes();
  [[nodiscard]] AreaQuestion area_question() const;
  void refresh_area();
  void ask_for_match(bool forward);
  void drop_find();
  void take_match();
  void ask_for_anchor(const std::optional<EventRef>& event);
  void take_anchor();

  std::array<std::shared_ptr<const RunModel>, 2> runs_;
  std::array<uint64_t, 2> run_numbers_{};
  uint64_t runs_set_ = 0;
  std::array<std::shared_ptr<const RankMatrix>, 2> ranks_;
  std::array<std::vector<uint8_t>, 2> emphasis_;  // by name: 1 stands out; empty: nothing is dimmed
  std::optional<size_t> finding_;                 // gone to last, in table.findings
  std::optional<Mark> visited_mark_;
  std::optional<size_t> found_track_;  // where the search for lanes is
  bool view_set_ = false;
  std::optional<Seen> seen_;
  Latest<EventQuestion, EventFacts> event_;
  Latest<GapQuestion, LeafTimes> gap_;
  Latest<AreaQuestion, AreaFacts> area_;
  Latest<FindQuestion, Matches> find_;
  Latest<AnchorQuestion, AnchorFacts> anchors_;
  std::optional<bool> follow_when_known_;  // the arrow: later, or earlier
  Selection find_selection_;               // from which a match is looked for
  int find_more_ = 0;                      // matches to go on by, backwards when negative
  uint64_t find_number_ = 0;
  AnchorOffsets anchor_offsets_;  // of `anchor`, in the runs that it was looked for in
  std::string term_;              // gone to last: TermRow::title
  bool arriving_ = false;  // at a place of the history; what the next frame makes of it is the same place
};

}  // namespace stepscope::viewer
