// SPDX-License-Identifier: Apache-2.0
#include "trace/recording_tables.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>

#include "trace/loss_table.hpp"

namespace stepscope::trace {
namespace {

// Columns of table process and the meta key each restates; numbers stay NULL when the key is missing or not a number.
struct ProcessColumn {
  const char* column;
  const char* key;
  bool number;
};
constexpr ProcessColumn kProcessColumns[] = {
    {"pid", "process.pid", true},
    {"ppid", "process.ppid", true},
    {"role", "process.role", false},
    {"rank", "process.rank", true},
    {"local_rank", "process.local_rank", true},
    {"world_size", "process.world_size", true},
    {"host", "process.host", false},
    {"boot_id", "process.boot_id", false},
    {"start_ns", "process.start_ns", true},
    {"exe", "process.exe", false},
    {"cmdline", "process.cmdline", false},
    {"exit_code", "exit.code", true},
    {"exit_signal", "exit.signal", true},
};

std::optional<int64_t> to_number(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

bool write_process(const Database& database, const RecordingTables& tables) {
  std::string columns;
  std::string places;
  for (const ProcessColumn& column : kProcessColumns) {
    columns += (columns.empty() ? "" : ", ") + std::string(column.column);
    places += places.empty() ? "?" : ", ?";
  }
  const std::string sql = "INSERT INTO process (" + columns + ") VALUES (" + places + ")";
  Statement row(database, sql.c_str());
  int index = 0;
  for (const ProcessColumn& column : kProcessColumns) {
    ++index;
    const auto found = tables.meta.find(column.key);
    if (found == tables.meta.end()) {
      continue;
    }
    if (!column.number) {
      row.bind(index, std::string_view(found->second));
    } else if (const std::optional<int64_t> number = to_number(found->second)) {
      row.bind(index, *number);
    }
  }
  return row.run();
}

bool write_lanes(const Database& database, const RecordingTables& tables) {
  const auto pid = tables.meta.find("process.pid");
  const int64_t main_tid = pid == tables.meta.end() ? 0 : to_number(pid->second).value_or(0);
  Statement lane_row(database, "INSERT INTO lane (id, type, name, tid) VALUES (?, ?, ?, ?)");
  Statement thread_row(database, "INSERT INTO thread (lane, tid, name, main) VALUES (?, ?, ?, ?)");
  for (const auto& [id, lane] : tables.lanes) {
    lane_row.bind(1, int64_t{id}).bind(2, lane.type).bind(3, lane.name).bind(4, int64_t{lane.tid});
    if (!lane_row.run()) {
      return false;
    }
    if (lane.type == "thread") {
      const int64_t is_main = lane.tid != 0 && lane.tid == main_tid ? 1 : 0;
      thread_row.bind(1, int64_t{id}).bind(2, int64_t{lane.tid}).bind(3, lane.name).bind(4, is_main);
      if (!thread_row.run()) {
        return false;
      }
    }
  }
  return true;
}

// Meta keys device.<id>.uuid and device.<id>.name.
bool write_devices(const Database& database, const RecordingTables& tables) {
  constexpr std::string_view kPrefix = "device.";
  std::map<int64_t, std::array<std::string_view, 2>> devices;
  for (auto fact = tables.meta.lower_bound(std::string(kPrefix));
       fact != tables.meta.end() && fact->first.starts_with(kPrefix); ++fact) {
    const std::string_view rest = std::string_view(fact->first).substr(kPrefix.size());
    const size_t dot = rest.find('.');
    const std::optional<int64_t> id = to_number(rest.substr(0, dot));
    const std::string_view what = dot == std::string_view::npos ? "" : rest.substr(dot + 1);
    if (id.has_value() && (what == "uuid" || what == "name")) {
      devices[*id][what == "uuid" ? 0 : 1] = fact->second;
    }
  }
  Statement row(database, "INSERT INTO device (id, uuid, name) VALUES (?, ?, ?)");
  return std::all_of(devices.begin(), devices.end(), [&row](const auto& device) {
    return row.bind(1, device.first).bind(2, device.second[0]).bind(3, device.second[1]).run();
  });
}

bool write_losses(const Database& database, const RecordingTables& tables) {
  Statement row(database, "INSERT INTO loss (counter, count, severity, sentence) VALUES (?, ?, ?, ?)");
  for (const auto& [counter, count] : tables.losses) {
    const LossMeaning& meaning = loss_meaning(counter);
    row.bind(1, counter)
        .bind(2, static_cast<int64_t>(count))
        .bind(3, meaning.severity)
        .bind(4, meaning.sentence);
    if (!row.run()) {
      return false;
    }
  }
  return true;
}

}  // namespace

bool write_kinds(const Database& database) {
  Statement kind_row(database, "INSERT INTO kind (id, name, summary) VALUES (?, ?, ?)");
  Statement column_row(
      database, "INSERT INTO kind_column (kind, position, name, type, encoding) VALUES (?, ?, ?, ?, ?)");
  for (const KindInfo* kind = kinds_begin(); kind != kinds_end(); ++kind) {
    const auto id = static_cast<int64_t>(kind->id);
    if (!kind_row.bind(1, id).bind(2, kind->name).bind(3, kind->summary).run()) {
      return false;
    }
    for (int c = 0; c < kind->column_count; ++c) {
      const Column& column = kind->columns[c];
      column_row.bind(1, id).bind(2, int64_t{c}).bind(3, column.name);
      column_row.bind(4, static_cast<int64_t>(column.type)).bind(5, static_cast<int64_t>(column.encoding));
      if (!column_row.run()) {
        return false;
      }
    }
  }
  return true;
}

bool write_tables(const Database& database, const RecordingTables& tables) {
  Statement meta_row(database, "INSERT INTO meta (key, value) VALUES (?, ?)");
  for (const auto& [key, value] : tables.meta) {
    if (!meta_row.bind(1, key).bind(2, value).run()) {
      return false;
    }
  }
  Statement anchor_row(
      database,
      "INSERT INTO clock_anchor (monotonic_raw_ns, realtime_ns, monotonic_ns, boottime_ns, tsc, cupti_ns)"
      " VALUES (?, ?, ?, ?, ?, ?)");
  for (const ClockAnchor& anchor : tables.anchors) {
    anchor_row.bind(1, anchor.monotonic_raw_ns).bind(2, anchor.realtime_ns).bind(3, anchor.monotonic_ns);
    anchor_row.bind(4, anchor.boottime_ns).bind(5, static_cast<int64_t>(anchor.tsc)).bind(6, anchor.cupti_ns);
    if (!anchor_row.run()) {
      return false;
    }
  }
  Statement log_row(database, "INSERT INTO log (time_ns, text) VALUES (?, ?)");
  for (const auto& [time_ns, text] : tables.log) {
    if (!log_row.bind(1, time_ns).bind(2, text).run()) {
      return false;
    }
  }
  Statement total_row(database,
                      "INSERT INTO name_total (kind, name, count, total_ns, max_ns) VALUES (?, ?, ?, ?, ?)");
  for (const NameTotal& total : tables.name_totals) {
    total_row.bind(1, static_cast<int64_t>(total.kind)).bind(2, int64_t{total.name});
    total_row.bind(3, static_cast<int64_t>(total.count)).bind(4, total.total_ns).bind(5, total.max_ns);
    if (!total_row.run()) {
      return false;
    }
  }
  return write_process(database, tables) && write_lanes(database, tables) &&
         write_devices(database, tables) && write_losses(database, tables);
}

}  // namespace stepscope::trace
