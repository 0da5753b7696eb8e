// SPDX-License-Identifier: Apache-2.0
//
// Dumps of PyTorch's flight recorder become collectives; what is no dump, or a dangerous one, is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "analyzer/import/cut_json.hpp"
#include "tests/support/flight_dump.hpp"
#include "tests/unit/analyzer/import/imported.hpp"
#include "trace/kinds.hpp"

namespace stepscope::analysis::importing {
namespace {

using ::testing::AllOf;
using testing::flight_dump;
using testing::FlightCall;
using testing::FlightGroup;
using ::testing::HasSubstr;
using trace::Kind;

enum Column : size_t {
  kStart,
  kDur,
  kOp,
  kComm,
  kSeq,
  kBytes,
  kDtype,
  kRanks,
  kRank,
  kPeer,
  kSource,
  kCount,
  kEnqueue = 15,
  kFlags = 17
};

Imported import_calls(const std::vector<FlightCall>& calls,
                      const std::string& name = "nccl_trace_rank_2.json") {
  return Imported(flight_dump(calls), name);
}

TEST(FlightRecorder, ACollectiveKeepsWhatTheDumpSays) {
  const Imported run = import_calls({{.sequence = 7, .duration_ms = 1.5}});
  EXPECT_EQ(run.file().format, "flight recorder");
  EXPECT_EQ(run.file().rank, 2) << "the dump does not say; its name ends with it";
  const auto rows = run.rows(Kind::kCollective);
  ASSERT_EQ(rows.size(), 1U);
  const auto& row = rows[0].values;
  const int64_t created = testing::kFlightStart + 70000000;
  EXPECT_EQ(run.text(row[kOp]), "all_reduce");
  EXPECT_EQ(row[kSeq], 7);
  EXPECT_EQ(row[kBytes], 2000);
  EXPECT_EQ(row[kCount], 1000);
  EXPECT_EQ(run.text(row[kDtype]), "bfloat16");
  EXPECT_EQ(row[kRanks], 4);
  EXPECT_EQ(row[kRank], 2);
  EXPECT_EQ(row[kEnqueue], created);
  EXPECT_EQ(row[kStart], created + 1000000) << "when it was seen to run";
  EXPECT_EQ(row[kDur], 1500000) << "measured, unlike the moments around it";
  EXPECT_EQ(row[kFlags], 0);
  EXPECT_EQ(run.lane(rows[0].lane), "communicator default_pg rank 2/4");
  EXPECT_EQ(run.meta("nccl.version"), "2.27.5");
  EXPECT_EQ(run.meta("process.world_size"), "4");
}

TEST(FlightRecorder, WithoutTimingNothingIsKnownOfTheDevice) {
  const Imported run = import_calls({{.sequence = 1}});
  const auto row = run.rows(Kind::kCollective).at(0).values;
  EXPECT_EQ(row[kDur], 0);
  EXPECT_EQ(row[kFlags], trace::kCollectiveHostOnly);
}

TEST(FlightRecorder, WhatDidNotCompleteIsUnfinished) {
  const Imported run = import_calls(
      {{.sequence = 1}, {.sequence = 2, .state = "started"}, {.sequence = 3, .state = "scheduled"}});
  const auto rows = run.rows(Kind::kCollective);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[1].values[kFlags], trace::kCollectiveUnfinished);
  EXPECT_EQ(rows[1].values[kDur], 9000000) << "until the last moment in the dump";
  EXPECT_EQ(rows[2].values[kFlags], trace::kCollectiveUnfinished | trace::kCollectiveHostOnly);
}

TEST(FlightRecorder, MessagesHaveNumbersAndPeers) {
  const Imported run = import_calls({{.sequence = 5, .op = "send 2->3", .message = true},
                                     {.sequence = 6, .op = "recv 2<-1", .message = true}});
  const auto rows = run.rows(Kind::kCollective);
  EXPECT_EQ(rows[0].values[kPeer], 3);
  EXPECT_EQ(rows[1].values[kPeer], 1);
  EXPECT_EQ(rows[0].values[kSeq], 5);
  EXPECT_EQ(rows[0].values[kFlags] & trace::kCollectivePointToPoint, trace::kCollectivePointToPoint);
}

// PyTorch gives the operations inside a coalesced group no state: theirs is the group's.
TEST(FlightRecorder, CoalescedOperationsAreDoneWhenTheWholeIs) {
  const Imported run =
      import_calls({{.sequence = 4, .state = "scheduled"}, {.sequence = 4, .op = "coalesced"}});
  for (const auto& row : run.rows(Kind::kCollective)) {
    EXPECT_EQ(row.values[kFlags] & trace::kCollectiveUnfinished, 0);
  }
}

TEST(FlightRecorder, GroupsOfOneNameAndOtherMembersAreTwoCommunicators) {
  const auto comm_of = [](const std::string& ranks) {
    const Imported run(flight_dump({{.sequence = 1, .group = "5", .group_text = "tp"}},
                                   {{.name = "5", .text = "tp", .ranks = ranks}}));
    return run.rows(Kind::kCollective).at(0).values[kComm];
  };
  EXPECT_NE(comm_of("[0, 1]"), comm_of("[2, 3]"));
  EXPECT_EQ(comm_of("[0, 1]"), comm_of("[0, 1]"));
}

// Converted from a pickle: null for times, lists for ranks, other order of keys.
TEST(FlightRecorder, ReadsAPickleThatWasTurnedIntoJson) {
  nlohmann::json dump = nlohmann::json::parse(flight_dump({{.sequence = 1, .state = "scheduled"}}));
  dump["pg_config"]["0"]["ranks"] = {0, 1, 2, 3};
  dump["entries"][0]["time_discovered_started_ns"] = nullptr;
  dump["entries"][0]["frames"] = nlohmann::json::array({{{"name", "main"}, {"line", 3}}});
  const Imported run(dump.dump(), "dump_1");
  EXPECT_EQ(run.file().rank, 1);
  EXPECT_EQ(run.rows(Kind::kCollective).at(0).values[kRanks], 4);
}

TEST(FlightRecorder, ANameWithoutARankHasThatOfItsPlace) {
  const Imported run = import_calls({{.sequence = 1}}, "dump-2026.json");
  EXPECT_EQ(run.file().rank, 0) << "2026 is no rank of a job of four";
  EXPECT_EQ(run.loss("import.rank_unknown"), 1U);
}

TEST(FlightRecorder, EntriesThatMakeNoSenseAreCounted) {
  nlohmann::json dump = nlohmann::json::parse(flight_dump({{.sequence = 1}, {.sequence = 2}}));
  dump["entries"][0]["input_sizes"] = {{1e30, 1e30}};
  dump["entries"].push_back(7);
  dump["entries"].push_back({{"state", "completed"}});
  dump["entries"].push_back(dump["entries"][1]);
  dump["entries"].back()["state"] = "lost";
  dump["entries"].push_back(dump["entries"][1]);
  dump["entries"].back()["time_created_ns"] = -5;
  const Imported run(dump.dump());
  EXPECT_EQ(run.loss("import.bad_event"), 4U);
  const auto rows = run.rows(Kind::kCollective);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].values[kBytes], 0) << "sizes that cannot be";
}

TEST(FlightRecorder, IsNotMistakenForATrace) {
  const Imported trace(
      R"({"schemaVersion":1,"distributedInfo":{"rank":0,"world_size":1,"pg_config":[{"pg_name":"0"}]},"traceEvents":[{"ph":"X","cat":"cpu_op","name":"a","pid":1,"tid":1,"ts":1,"dur":1}]})");
  EXPECT_EQ(trace.file().format, "kineto");
  const Imported empty(flight_dump({}));
  EXPECT_EQ(empty.file().format, "flight recorder") << "nothing was in flight: so says the dump";
}

// Wherever a dump is cut, what is imported is a beginning of its entries, each as it is in the whole dump.
TEST(FlightRecorder, KeepsTheWholeEntriesOfADumpThatIsCutOff) {
  const std::string dump = flight_dump(
      {{.sequence = 1}, {.sequence = 2, .duration_ms = 1.5}, {.sequence = 3, .state = "started"}});
  const auto whole = Imported(dump).rows(Kind::kCollective);
  ASSERT_EQ(whole.size(), 3U);
  size_t most = 0;
  for (size_t size = dump.find("collective_seq_id") + 20; size < dump.size(); size += 13) {
    const Imported cut(dump.substr(0, size), "nccl_trace_rank_2.json");
    if (!cut.status().ok()) {
      EXPECT_THAT(cut.status().message(), HasSubstr("cut off or damaged")) << size;
      EXPECT_EQ(most, 0U) << size;
      continue;
    }
    EXPECT_EQ(cut.loss("import.cut_off"), 1U);
    EXPECT_TRUE(cut.file().damaged);
    EXPECT_EQ(cut.loss("import.bad_event"), 0U) << "half an entry is none";
    const auto rows = cut.rows(Kind::kCollective);
    ASSERT_GE(rows.size(), most) << size;
    ASSERT_LE(rows.size(), whole.size()) << size;
    most = rows.size();
    for (size_t i = 0; i < rows.size(); ++i) {
      EXPECT_EQ(rows[i].values[kSeq], whole[i].values[kSeq]);
      EXPECT_EQ(rows[i].values[kStart], whole[i].values[kStart]);
    }
  }
  EXPECT_EQ(most, 3U) << "cut behind the entries, all of them are there";
}

TEST(CutJson, ClosesWhatIsOpenBehindTheLastWholeValue) {
  EXPECT_EQ(close_cut_json(R"({"a": [{"b": [1, 2]}, {"b": [3], "c": )"), R"({"a": [{"b": [1, 2]}]})");
  EXPECT_EQ(close_cut_json(R"({"a": 1, "b": 2, "c": 33)"), R"({"a": 1, "b": 2})") << "it may go on: 334";
  EXPECT_EQ(close_cut_json(R"({"a": {"x": {"y": 1}, "z": "}]\"")"), R"({"a": {"x": {"y": 1}}})");
  EXPECT_EQ(close_cut_json(R"({"a": 1})"), std::nullopt) << "not cut";
  EXPECT_EQ(close_cut_json(R"({"a": )"), std::nullopt) << "nothing is whole";
  EXPECT_EQ(close_cut_json(R"([{"a": 1}, )"), std::nullopt) << "no object";
  EXPECT_EQ(close_cut_json(R"({"a": [1}, "b": [)"), std::nullopt) << "no JSON";
}

TEST(FlightRecorder, RefusesWhatItCannotRead) {
  const std::string whole = flight_dump({{.sequence = 1}});
  EXPECT_THAT(Imported(whole.substr(0, whole.size() / 2)).status().message(),
              HasSubstr("cut off or damaged"));
  const std::string no_entry =
      R"({"entries":[{"collective_seq_id":1,"state":"completed"}],"version":"2.5","pg_)";
  EXPECT_THAT(Imported(no_entry).status().message(), HasSubstr("none of its entries is whole"));
  std::string contradicts = whole;
  contradicts.at(contradicts.find("]]")) = '}';
  EXPECT_THAT(Imported(contradicts).status().message(), HasSubstr("cut off or damaged"));
  std::string newer = whole;
  newer.replace(newer.find("2.10"), 4, "3.01");
  EXPECT_THAT(Imported(newer).status().message(), AllOf(HasSubstr("version '3.01'"), HasSubstr("reads 2.x")));
  EXPECT_THAT(Imported(R"({"entries":[{"collective_seq_id":1}],"version":"2.5"})").status().message(),
              HasSubstr("none of its entries"));
}

TEST(FlightRecorder, RefusesAPickleAndSaysHowToConvertIt) {
  const Imported pickle(std::string("\x80\x02}q\x00(X\x07\x00\x00\x00version", 19), "nccl_trace_rank_0");
  EXPECT_EQ(pickle.status().code(), trace::Code::kUnreadable);
  EXPECT_THAT(pickle.status().message(),
              AllOf(HasSubstr("it is a pickle"), HasSubstr("_dump_nccl_trace_json"),
                    HasSubstr("json.dump(pickle.load")));
}

}  // namespace
}  // namespace stepscope::analysis::importing
