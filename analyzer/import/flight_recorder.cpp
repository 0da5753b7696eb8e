// SPDX-License-Identifier: Apache-2.0
//
// The importer of PyTorch's flight recorder: the last collectives of one rank, from its dump as JSON. A dump is bounded by the
// recorder's ring (TORCH_NCCL_TRACE_BUFFER_SIZE entries), so it is read whole. What its groups say goes into metas
// "import.group.<comm>"; analyzer/desync.hpp reads them.
#include <algorithm>
#include <cctype>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "analyzer/import/cut_json.hpp"
#include "analyzer/import/decimal.hpp"
#include "analyzer/import/flight_entry.hpp"
#include "analyzer/import/import_losses.hpp"
#include "analyzer/import/importer.hpp"
#include "trace/kinds.hpp"

namespace stepscope::analysis::importing {
namespace {

using Json = nlohmann::json;
using trace::Code;
using trace::Kind;
using trace::RecordingBuilder;
using trace::Result;
using trace::Status;

constexpr size_t kLargestDump = size_t{1} << 30U;
constexpr size_t kMostGroups = 4096;
constexpr int64_t kImportSource = static_cast<int64_t>(trace::Source::kImport);

Status flight_error(const std::string& path, std::string_view cause, std::string_view remedy) {
  return {Code::kUnreadable,
          "cannot import '" + path + "': " + std::string(cause) + "; " + std::string(remedy)};
}

Result<std::string> read_whole(ByteSource& source) {
  std::string out;
  constexpr size_t kPiece = size_t{1} << 18U;
  for (;;) {
    const size_t before = out.size();
    out.resize(before + kPiece);
    Result<size_t> got = source.read(out.data() + before, kPiece);
    if (!got.ok()) {
      return got.status();
    }
    out.resize(before + got.value());
    if (got.value() == 0) {
      return out;
    }
    if (out.size() > kLargestDump) {
      return flight_error(source.path(), "it is larger than 1 GiB", "no flight recorder writes that much");
    }
  }
}

// A process group: its members by their rank in the job, as the dump's pg_config says. Empty: it does not.
struct Group {
  std::string name, text;
  std::vector<int64_t> ranks;
  int64_t enqueued = -1, started = -1, completed = -1;  // last sequence numbers, of pg_status
  uint32_t lane = 0;
  int64_t comm = 0;
  [[nodiscard]] int64_t size() const { return static_cast<int64_t>(ranks.size()); }
  [[nodiscard]] int64_t rank_of(int64_t rank) const {
    const auto at = std::find(ranks.begin(), ranks.end(), rank);
    return at == ranks.end() ? -1 : at - ranks.begin();
  }
};

// "[0, 1, 2]", or a list.
std::vector<int64_t> parse_ranks(const Json& group) {
  const auto found = group.find("ranks");
  Json list = found == group.end() ? Json() : *found;
  if (list.is_string()) {
    list = Json::parse(list.get<std::string>(), nullptr, false);
  }
  std::vector<int64_t> out;
  for (const Json& rank : list.is_array() ? list : Json::array()) {
    if (rank.is_number_integer() && rank >= 0 && rank < (1 << 24)) {
      out.push_back(rank.get<int64_t>());
    }
  }
  return out;
}

// Ranks of one job give one group one number: made of its name and members, since groups of other members may have its name.
int64_t group_number(const Group& group) {
  uint64_t hash = 1469598103934665603ULL;
  const auto mix = [&hash](const std::string& text) {
    for (const char c : text + "/") {
      hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    }
  };
  mix(group.name);
  for (const int64_t rank : group.ranks) {
    mix(std::to_string(rank));
  }
  return static_cast<int64_t>(hash >> 1U);
}

// Dumps are written to <prefix><rank>.
int32_t rank_in_name(const std::string& path, int64_t world) {
  std::string stem = path.substr(path.find_last_of('/') + 1);
  for (const std::string_view ending : {".gz", ".json"}) {
    if (stem.ends_with(ending)) {
      stem.resize(stem.size() - ending.size());
    }
  }
  const size_t last = stem.find_last_not_of("0123456789");
  const std::string digits = last == std::string::npos ? stem : stem.substr(last + 1);
  const int64_t rank = digits.size() > 9 ? -1 : parse_integer(digits).value_or(-1);
  return rank >= 0 && (world <= 0 || rank < world) ? static_cast<int32_t>(rank) : -1;
}

class FlightReader {
 public:
  FlightReader(const Json& dump, RecordingBuilder& builder) : dump_(dump), builder_(builder) {}

  Status run(const std::string& path, ImportFacts* facts) {
    parse_entries();
    read_groups();
    const int64_t world = world_size();
    facts->format = "flight recorder";
    facts->rank = rank_in_name(path, world);
    facts->world_size = world > 0 ? static_cast<int32_t>(world) : -1;
    facts->events = entries_.size() + bad_;
    Status status = write(facts->rank);
    facts->rows = rows_;
    return status;
  }
  [[nodiscard]] uint64_t bad() const { return bad_; }

 private:
  void parse_entries() {
    const auto entries = dump_.find("entries");
    const Json none = Json::array();
    for (const Json& one : entries != dump_.end() && entries->is_array() ? std::as_const(*entries) : none) {
      std::optional<FlightEntry> entry = parse_flight_entry(one);
      if (entry.has_value()) {
        last_ns_ = std::max({last_ns_, entry->created_ns, entry->started_ns, entry->completed_ns});
        entries_.push_back(std::move(*entry));
      } else {
        ++bad_;
      }
    }
    // Operations that were coalesced have no state of their own: they are done when the whole of them is.
    std::map<std::tuple<std::string, bool, int64_t>, const FlightEntry*> whole;
    for (const FlightEntry& entry : entries_) {
      if (entry.operation == "coalesced") {
        whole[{entry.group_name, entry.message, entry.sequence}] = &entry;
      }
    }
    for (FlightEntry& entry : entries_) {
      const auto at = whole.find({entry.group_name, entry.message, entry.sequence});
      if (at != whole.end() && at->second != &entry) {
        entry.state = at->second->state;
        entry.started_ns = at->second->started_ns;
        entry.completed_ns = at->second->completed_ns;
      }
    }
  }

  void read_groups() {
    const auto configs = dump_.find("pg_config");
    if (configs != dump_.end() && configs->is_object()) {
      for (const auto& [name, config] : configs->items()) {
        if (config.is_object() && groups_.size() < kMostGroups) {
          groups_[name] = {name, text_member(config, "desc"), parse_ranks(config), -1, -1, -1, 0, 0};
        }
      }
    }
    std::map<std::string, std::string> name_of_id;
    for (const FlightEntry& entry : entries_) {
      if (groups_.size() < kMostGroups) {
        groups_.try_emplace(entry.group_name,
                            Group{entry.group_name, entry.group_text, {}, -1, -1, -1, 0, 0});
      }
      name_of_id[std::to_string(entry.group_id)] = entry.group_name;
    }
    const auto statuses = dump_.find("pg_status");
    if (statuses == dump_.end() || !statuses->is_object()) {
      return;
    }
    for (const auto& [id, status] : statuses->items()) {
      const auto name = name_of_id.find(id);
      const auto group = groups_.find(name == name_of_id.end() ? id : name->second);
      if (group != groups_.end() && status.is_object()) {
        // Texts in the JSON of PyTorch, numbers in a pickle turned into JSON.
        const auto number = [&status = status](const char* key) {
          return parse_integer(text_member(status, key)).value_or(integer_member(status, key, -1));
        };
        group->second.enqueued = number("last_enqueued_collective");
        group->second.started = number("last_started_collective");
        group->second.completed = number("last_completed_collective");
      }
    }
  }

  [[nodiscard]] int64_t world_size() const {
    int64_t largest = 0;
    for (const auto& [name, group] : groups_) {
      largest = std::max(largest, group.size());
    }
    return largest;
  }

  Status write(int32_t rank) {
    uint32_t lane = 0;
    for (auto& [name, group] : groups_) {
      group.lane = ++lane;
      group.comm = group_number(group);
      const int64_t place = group.rank_of(rank);
      const std::string shown = group.text.empty() || group.text == "undefined" ? group.name : group.text;
      builder_.add_lane(
          {group.lane, "communicator",
           place < 0 ? shown : shown + " rank " + std::to_string(place) + "/" + std::to_string(group.size()),
           0});
      builder_.set_meta("import.group." + std::to_string(group.comm),
                        Json{{"name", shown},
                             {"ranks", group.ranks},
                             {"enqueued", group.enqueued},
                             {"started", group.started},
                             {"completed", group.completed}}
                            .dump(-1, ' ', false, Json::error_handler_t::replace));
    }
    for (const FlightEntry& entry : entries_) {
      if (Status status = add_entry(entry, rank); !status.ok()) {
        return status;
      }
    }
    return {};
  }

  Status add_entry(const FlightEntry& entry, int32_t rank) {
    const auto at = groups_.find(entry.group_name);
    if (at == groups_.end()) {
      ++bad_;
      return {};
    }
    const Group& group = at->second;
    int64_t flags = entry.message ? trace::kCollectivePointToPoint : 0;
    int64_t start = entry.created_ns;
    int64_t duration = 0;
    if (entry.state != FlightState::kCompleted) {
      // Until the dump, which is as long as anybody knows.
      flags |= trace::kCollectiveUnfinished;
      flags |= entry.state == FlightState::kScheduled ? trace::kCollectiveHostOnly : 0;
      start = std::max(entry.started_ns, entry.created_ns);
      duration = std::max<int64_t>(0, last_ns_ - start);
    } else if (entry.duration_ns >= 0 && entry.completed_ns > 0) {
      // Both moments were discovered late; the duration was measured.
      const int64_t end = entry.completed_ns - entry.duration_ns;
      start = std::max(entry.created_ns, entry.started_ns > 0 ? std::min(entry.started_ns, end) : end);
      duration = entry.duration_ns;
    } else {
      flags |= trace::kCollectiveHostOnly;
    }
    const int64_t row[] = {start,
                           duration,
                           builder_.intern(entry.operation),
                           group.comm,
                           entry.sequence,
                           entry.count * entry.element_bytes,
                           builder_.intern(entry.dtype),
                           group.size(),
                           group.rank_of(rank),
                           entry.peer,
                           kImportSource,
                           entry.count,
                           0,
                           0,
                           0,
                           entry.created_ns,
                           0,
                           flags};
    ++rows_;
    return builder_.add(Kind::kCollective, group.lane, row);
  }

  const Json& dump_;
  RecordingBuilder& builder_;
  std::vector<FlightEntry> entries_;
  std::map<std::string, Group> groups_;  // by name
  int64_t last_ns_ = 0;
  uint64_t bad_ = 0;
  uint64_t rows_ = 0;
};

}  // namespace

bool is_flight_recorder(std::string_view head) {
  const size_t first = head.find_first_not_of(" \t\r\n");
  const auto has = [head](std::string_view text) { return head.find(text) != std::string_view::npos; };
  // Members of a dump that no trace has; Kineto's distributedInfo has a pg_config of its own.
  return first != std::string_view::npos && head[first] == '{' && !has("\"traceEvents\"") &&
         !has("\"distributedInfo\"") && !has("\"schemaVersion\"") &&
         (has("\"collective_seq_id\"") || has("\"pg_status\"") || has("\"nccl_comm_state\"") ||
          has("\"pg_config\""));
}

Status read_flight_recorder(ByteSource& source, ImportOutput& output) {
  Result<std::string> text = read_whole(source);
  if (!text.ok()) {
    return text.status();
  }
  Json dump = Json::parse(text.value(), nullptr, false);
  const bool damaged = source.end() == SourceEnd::kDamaged;
  const bool cut_off = !dump.is_object() && !damaged;
  if (!dump.is_object()) {
    // The entries come first, the oldest of them first: what is left of a cut dump is a part of the history.
    dump = Json::parse(close_cut_json(text.value()).value_or(""), nullptr, false);
  }
  output.progress();
  if (!dump.is_object()) {
    return flight_error(source.path(), "it looks like a flight recorder's dump, but is cut off or damaged",
                        "take a complete copy");
  }
  const std::string version = text_member(dump, "version");
  if (!version.empty() && !version.starts_with("2.")) {
    return flight_error(source.path(),
                        "it is a flight recorder's dump of version '" + version.substr(0, 20) + "'",
                        "this stepscope reads 2.x");
  }
  Result<RecordingBuilder> builder = output.begin("");
  if (!builder.ok()) {
    return builder.status();
  }
  FlightReader reader(dump, builder.value());
  ImportFacts facts;
  if (Status status = reader.run(source.path(), &facts); !status.ok()) {
    return status;
  }
  if (facts.rows == 0 && (cut_off || damaged)) {
    return flight_error(source.path(), "it is cut off or damaged, and none of its entries is whole",
                        "take a complete copy");
  }
  if (facts.rows == 0 && reader.bad() > 0) {
    return flight_error(source.path(), "none of its entries has a time, a number and a state", "dump again");
  }
  ImportLosses losses;
  losses.bad_event = reader.bad();
  losses.cut_off = cut_off ? 1 : 0;
  losses.damaged = damaged ? 1 : 0;
  facts.damaged = cut_off || damaged;
  losses.store(builder.value());
  builder.value().add_anchor({});  // times are those of the wall clock
  builder.value().set_meta("import.schema", version);
  if (const std::string nccl = text_member(dump, "nccl_version"); !nccl.empty()) {
    builder.value().set_meta("nccl.version", nccl);
  }
  return output.finish(builder.value(), facts);
}

bool is_pickle(std::string_view head) {
  return head.size() > 2 && head[0] == '\x80' && head[1] >= 2 && head[1] <= 5;
}

Status refuse_pickle(ByteSource& source, ImportOutput& /*output*/) {
  return flight_error(source.path(), "it is a pickle, and reading one can run code of whoever wrote it",
                      "dump as JSON (torch._C._distributed_c10d._dump_nccl_trace_json()), or convert one "
                      "that you trust: python3 -c "
                      "'import json, pickle, sys; json.dump(pickle.load(open(sys.argv[1], \"rb\")), "
                      "open(sys.argv[2], \"w\"))' DUMP "
                      "DUMP.json");
}

}  // namespace stepscope::analysis::importing
