// SPDX-License-Identifier: Apache-2.0
//
// SQL: one SELECT over the recordings of a run, on a thread of its own (AppState::queries) that can be cancelled, and its rows as a table. What can be asked
// is what `stepscope sql` answers: every event kind is a table.
#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "viewer/imgui_compat.hpp"
#include "viewer/imgui_painter.hpp"
#include "viewer/model/format.hpp"
#include "viewer/query_runner.hpp"
#include "viewer/row_cursor.hpp"
#include "viewer/ui.hpp"
#include "viewer/views/views.hpp"

namespace stepscope::viewer {
namespace {

// A question is asked anew each time the button is pressed.
struct SqlQuestion {
  uint64_t run = 0;  // AppState::run_number
  std::string text;
  uint64_t number = 0;
  friend bool operator==(const SqlQuestion&, const SqlQuestion&) = default;
};

struct Example {
  const char* title;
  const char* query;
};
constexpr Example kExamples[] = {
    {"tables", "SELECT name FROM sqlite_schema ORDER BY name"},
    {"ranges by time",
     "SELECT name, count(*) AS count, sum(dur_ns) / 1e6 AS ms FROM range GROUP BY name ORDER BY ms DESC "
     "LIMIT 50"},
    {"kernels by time",
     "SELECT name, count(*) AS count, sum(dur_ns) / 1e6 AS ms FROM kernel GROUP BY name ORDER BY ms DESC "
     "LIMIT 50"},
    {"steps", "SELECT step, class, (end_ns - begin_ns) / 1e6 AS ms FROM step ORDER BY ms DESC LIMIT 50"},
    {"where steps go",
     "SELECT leaf, sum(exclusive_ns) / 1e6 AS ms FROM step_ledger GROUP BY leaf ORDER BY ms DESC"},
    {"losses", "SELECT counter, count, severity, sentence FROM loss WHERE count > 0"}};

class SqlView final : public View {
 public:
  void draw(AppState& state, const ViewArea& area) override {
    const Palette& colors = state.colors();
    const Side side =
        state.run(state.view_options.sql.side) != nullptr ? state.view_options.sql.side : Side::kA;
    const std::shared_ptr<const RunModel>& run = state.run_data(side);
    if (!run || !run->source) {
      ui::text(colors.text_dim, "waiting for the run ...");
      return;
    }
    const bool entered = draw_query(state, area.unit);
    take_command(state, side, entered);
    draw_buttons(state, side, area.unit);
    if (asked_.run == 0) {
      return;
    }
    const QueryResult* result = result_.ask(state.queries, asked_, [&] {
      return [source = run->source, query = asked_.text](const std::atomic<bool>& cancelled) {
        return run_query(*source, query, cancelled);
      };
    });
    if (result == nullptr || result_.pending()) {
      return;
    }
    if (!result->error.empty()) {
      ui::text_wrapped(colors.error, result->error);
    }
    if (!result->table.columns.empty()) {
      draw_result(state, result->table);
    }
  }

  [[nodiscard]] TableText table(const AppState&) const override {
    const QueryResult* result = result_.answer();
    return result != nullptr && !result_.pending() ? result->table : TableText();
  }

 private:
  // True when Ctrl Enter was pressed in it. Esc leaves the field with what was typed.
  static bool draw_query(AppState& state, float unit) {
    std::string& text = state.view_options.sql.text;
    const std::string before = text;
    if (state.field == Field::kSql) {
      ImGui::SetKeyboardFocusHere();
      state.field = Field::kNone;
    }
    ui::input_text_lines("##query", text, ImVec2(-1, ImGui::GetTextLineHeight() * 3 + 8 * unit));
    state.typing = state.typing || ImGui::IsItemActive();
    if (ImGui::IsItemDeactivated() && compat::key_pressed(Key::kEscape, false)) {
      text = before;
    }
    return ImGui::IsItemFocused() && ImGui::GetIO().KeyCtrl && compat::key_pressed(Key::kEnter, false);
  }

  void take_command(AppState& state, Side side, bool entered) {
    const SqlCommand command =
        entered ? SqlCommand::kRun : std::exchange(state.sql_command, SqlCommand::kNone);
    if (command == SqlCommand::kRun && !result_.pending()) {
      asked_ = {state.run_number(side), state.view_options.sql.text, ++number_};
      cancelled_ = false;
    } else if (command == SqlCommand::kCancel && result_.pending()) {
      result_.forget();
      asked_ = {};
      cancelled_ = true;
    } else if (command == SqlCommand::kExample) {
      next_example(state.view_options.sql.text);
    }
  }

  static void next_example(std::string& text) {
    const auto* at = std::find_if(std::begin(kExamples), std::end(kExamples),
                                  [&](const Example& example) { return text == example.query; });
    const bool last = at == std::end(kExamples) || at + 1 == std::end(kExamples);
    text = last ? kExamples[0].query : (at + 1)->query;
  }

  void draw_buttons(AppState& state, Side side, float unit) {
    const Palette& colors = state.colors();
    if (state.two_runs()) {
      for (const Side one : {Side::kA, Side::kB}) {
        if (ui::toggle(one == Side::kA ? "A" : "B", side == one, colors)) {
          state.view_options.sql.side = one;
        }
        ImGui::SameLine(0, 3 * unit);
      }
      ImGui::SameLine(0, 10 * unit);
    }
    if (result_.pending()) {
      if (ImGui::Button("cancel")) {
        state.sql_command = SqlCommand::kCancel;
      }
    } else if (ImGui::Button("run")) {
      state.sql_command = SqlCommand::kRun;
    }
    ui::tooltip("Ctrl Enter");
    ImGui::SameLine(0, 6 * unit);
    ImGui::SetNextItemWidth(150 * unit);
    if (ImGui::BeginCombo("##examples", "examples")) {
      for (const Example& example : kExamples) {
        if (ImGui::Selectable(example.title)) {
          state.view_options.sql.text = example.query;
        }
      }
      ImGui::EndCombo();
    }
    ImGui::SameLine(0, 6 * unit);
    const QueryResult* result = result_.answer();
    if (result != nullptr && !result_.pending() && !result->table.rows.empty()) {
      if (ImGui::Button("copy as CSV")) {
        ImGui::SetClipboardText(to_csv(result->table).c_str());
      }
      ImGui::SameLine(0, 10 * unit);
    }
    ImGui::AlignTextToFramePadding();
    ui::text(colors.text_faint, status_of(result));
  }

  [[nodiscard]] std::string status_of(const QueryResult* result) const {
    if (cancelled_) {
      return "cancelled";
    }
    if (result_.pending()) {
      return "running ...";
    }
    if (result == nullptr || !result->error.empty()) {
      return result_.waiting("");
    }
    return format_count(result->table.rows.size()) +
           (result->cut_off ? " rows, there are more; " : " rows, ") + format_duration(result->seconds * 1e9);
  }

  // The row that keys came to is opened by copying it.
  void take_rows(AppState& state, const TableText& table) {
    if (cursor_.take(state, table.rows.size())) {
      ImGui::SetClipboardText(to_csv({table.columns, {table.rows[*cursor_.at()]}}).c_str());
      state.message = "copied: row " + std::to_string(*cursor_.at() + 1);
    }
  }

  void draw_result(AppState& state, const TableText& table) {
    constexpr int kMostColumns = 64;  // what a table of ImGui can have
    constexpr ImGuiTableFlags kFlags = ImGuiTableFlags_ScrollY | ImGuiTableFlags_ScrollX |
                                       ImGuiTableFlags_RowBg | ImGuiTableFlags_BordersInnerH |
                                       ImGuiTableFlags_Resizable | ImGuiTableFlags_SizingFixedFit;
    const int columns = std::min(static_cast<int>(table.columns.size()), kMostColumns);
    if (!ImGui::BeginTable("result", columns, kFlags, ImGui::GetContentRegionAvail())) {
      return;
    }
    ImGui::TableSetupScrollFreeze(0, 1);
    for (int c = 0; c < columns; ++c) {
      ImGui::TableSetupColumn(table.columns[static_cast<size_t>(c)].c_str());
    }
    ImGui::TableHeadersRow();
    take_rows(state, table);
    show_row(cursor_);
    const Palette& colors = state.colors();
    ImGuiListClipper clipper;
    clipper.Begin(static_cast<int>(table.rows.size()));
    while (clipper.Step()) {
      for (int r = clipper.DisplayStart; r < clipper.DisplayEnd; ++r) {
        ImGui::TableNextRow();
        if (cursor_.on(static_cast<size_t>(r))) {
          ImGui::TableSetBgColor(ImGuiTableBgTarget_RowBg1, to_im(with_alpha(colors.selection, 70)));
        }
        for (int c = 0; c < columns; ++c) {
          const std::string_view cell =
              std::string_view(table.rows[static_cast<size_t>(r)][static_cast<size_t>(c)]).substr(0, 300);
          ImGui::TableNextColumn();
          if (table.numeric[static_cast<size_t>(c)]) {
            ui::text_right(colors.text, cell);
          } else {
            ui::text(colors.text, cell);
          }
        }
      }
    }
    ImGui::EndTable();
  }

  SqlQuestion asked_;
  uint64_t number_ = 0;
  bool cancelled_ = false;
  RowCursor cursor_;
  Latest<SqlQuestion, QueryResult> result_;
};

}  // namespace

std::unique_ptr<View> make_sql_view() {
  return std::make_unique<SqlView>();
}

}  // namespace stepscope::viewer
