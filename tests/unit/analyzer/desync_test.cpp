// SPDX-License-Identifier: Apache-2.0
//
// Which rank a job waits for, from the dumps of its ranks.
#include "analyzer/desync.hpp"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/import/import_run.hpp"
#include "tests/support/flight_dump.hpp"
#include "tests/support/temp_dir.hpp"

namespace stepscope::analysis {
namespace {

using testing::flight_dump;
using testing::FlightCall;
using testing::FlightGroup;
using ::testing::HasSubstr;

class DesyncTest : public ::testing::Test {
 protected:
  // A dump per rank of a job of `ranks`; a rank without text has none.
  DesyncReport report_of(int ranks, const std::function<std::string(int)>& dump_of) {
    std::vector<std::string> files;
    for (int rank = 0; rank < ranks; ++rank) {
      if (const std::string dump = dump_of(rank); !dump.empty()) {
        files.push_back(dir_.file("dump_" + std::to_string(rank)));
        testing::write_bytes(files.back(), dump);
      }
    }
    const trace::Result<ImportedRun> imported = import_run(files, dir_.path(), {});
    EXPECT_TRUE(imported.ok()) << imported.status().message();
    const Result<analysis::Run> run = analysis::Run::open(dir_.path(), {});
    EXPECT_TRUE(run.ok());
    return find_desync(run.value()).value();
  }

  static std::vector<FlightCall> calls(int64_t completed, const std::vector<FlightCall>& then = {}) {
    std::vector<FlightCall> out;
    for (int64_t sequence = 1; sequence <= completed; ++sequence) {
      out.push_back({.sequence = sequence});
    }
    out.insert(out.end(), then.begin(), then.end());
    return out;
  }

  testing::TempDir dir_;
};

// The last entries of rank 1 are missing, and so is who takes part, as far as its dump goes.
TEST_F(DesyncTest, ARankWhoseDumpIsCutOffIsNotBlamedForWhatIsMissing) {
  const std::vector<FlightCall> hanging = calls(40, {{.sequence = 41, .state = "started"}});
  const auto dump_of = [&](int missing, int rank) {
    const std::string dump = flight_dump(rank == missing ? calls(40) : hanging);
    return rank == 1 ? dump.substr(0, dump.find("\"record_id\":20")) : dump;
  };
  const DesyncReport unknown = report_of(4, [&](int rank) { return dump_of(-1, rank); });
  ASSERT_EQ(unknown.first.size(), 1U) << "no communicator of its own";
  EXPECT_EQ(unknown.first[0].kind, DesyncKind::kUnknown);
  EXPECT_EQ(unknown.first[0].ranks[1].state, RankState::kUnknown);
  EXPECT_THAT(desync_sentence(unknown.first[0]), HasSubstr("nothing is known of rank 1"));
  const DesyncReport other = report_of(4, [&](int rank) { return dump_of(2, rank); });
  EXPECT_EQ(other.first[0].kind, DesyncKind::kMissingRank);
  EXPECT_THAT(desync_sentence(other.first[0]), HasSubstr("rank 2 has not called collective 41"));
}

// What of a cut dump is there counts: here the collective that hangs.
TEST_F(DesyncTest, WhatACutOffDumpStillHasIsUsed) {
  const DesyncReport report = report_of(3, [](int rank) {
    std::string dump = flight_dump(
        calls(4, {{.sequence = 5, .state = "started", .op = rank == 1 ? "broadcast" : "all_reduce"},
                  {.sequence = 6, .state = "scheduled"}}));
    return rank == 1 ? dump.substr(0, dump.find("\"record_id\":5")) : dump;
  });
  ASSERT_FALSE(report.first.empty());
  EXPECT_EQ(report.first[0].kind, DesyncKind::kMismatch);
  EXPECT_THAT(desync_sentence(report.first[0]), HasSubstr("rank 1 called broadcast"));
}

TEST_F(DesyncTest, NamesTheRankThatHasNotCalledIt) {
  const DesyncReport report = report_of(4, [](int rank) {
    return flight_dump(rank == 3 ? calls(40)
                                 : calls(40, {{.sequence = 41, .state = "started"},
                                              {.sequence = 42, .state = "scheduled"}}));
  });
  ASSERT_EQ(report.first.size(), 1U);
  const Desync& first = report.first[0];
  EXPECT_EQ(first.kind, DesyncKind::kMissingRank);
  EXPECT_EQ(first.sequence, 41);
  EXPECT_EQ(first.ranks.at(3).state, RankState::kNotCalled);
  EXPECT_EQ(desync_sentence(first),
            "default_pg: rank 3 has not called collective 41 (all_reduce); ranks 0-2 wait in it");
  EXPECT_EQ(report.collectives, 6U);
}

TEST_F(DesyncTest, NamesAnotherOperationAndAnotherSize) {
  const DesyncReport report = report_of(4, [](int rank) {
    return flight_dump(
        calls(3, {{.sequence = 4, .state = "started", .op = rank == 1 ? "all_gather" : "all_reduce"}}));
  });
  ASSERT_EQ(report.first.size(), 1U);
  EXPECT_EQ(report.first[0].kind, DesyncKind::kMismatch);
  EXPECT_THAT(desync_sentence(report.first[0]),
              HasSubstr("rank 1 called all_gather of 2000 bytes, ranks 0, 2, 3 called all_reduce"));
}

TEST_F(DesyncTest, NamesAnotherSizeOnlyWhereSizesAreTheSame) {
  const auto with_sizes = [this](const std::string& op) {
    return report_of(2, [&op](int rank) {
      return flight_dump({{.sequence = 1, .state = "started", .op = op, .elements = 100 + rank}},
                         {{.ranks = "[0, 1]"}});
    });
  };
  EXPECT_EQ(with_sizes("all_reduce").first.at(0).kind, DesyncKind::kMismatch);
}

TEST_F(DesyncTest, UnevenAllToAllIsNoMismatch) {
  const DesyncReport report = report_of(2, [](int rank) {
    return flight_dump({{.sequence = 1, .state = "started", .op = "all_to_all", .elements = 100 + rank}},
                       {{.ranks = "[0, 1]"}});
  });
  EXPECT_EQ(report.first.at(0).kind, DesyncKind::kNotFinished);
  EXPECT_THAT(desync_sentence(report.first[0]),
              HasSubstr("every member has called collective 1 (all_to_all)"));
}

TEST_F(DesyncTest, SaysOfWhomNothingIsKnown) {
  const DesyncReport report = report_of(4, [](int rank) {
    return rank == 2 ? "" : flight_dump(calls(1, {{.sequence = 2, .state = "scheduled"}}));
  });
  EXPECT_EQ(report.first.at(0).kind, DesyncKind::kUnknown);
  EXPECT_THAT(desync_sentence(report.first[0]), HasSubstr("nothing is known of rank 2"));
}

// Dumps of active entries only: the group's last numbers tell who has come how far.
TEST_F(DesyncTest, FillsGapsFromTheStatusOfTheGroup) {
  const DesyncReport report = report_of(4, [](int rank) {
    return rank == 0 ? flight_dump({}, {{.enqueued = 8, .completed = 8}})
           : rank == 1
               ? flight_dump({}, {{.enqueued = 12, .completed = 12}})
               : flight_dump({{.sequence = 9, .state = "started"}}, {{.enqueued = 9, .completed = 8}});
  });
  ASSERT_EQ(report.first.size(), 1U);
  EXPECT_EQ(report.first[0].ranks.at(0).state, RankState::kNotCalled);
  EXPECT_EQ(report.first[0].ranks.at(1).state, RankState::kCompleted);
}

// PyTorch counts messages into the group's last number, so a dump that has the entries is believed before it.
TEST_F(DesyncTest, BelievesEntriesBeforeTheStatus) {
  const DesyncReport report = report_of(4, [](int rank) {
    return rank == 0   ? flight_dump(calls(4), {{.enqueued = 900, .completed = 900}})
           : rank == 1 ? flight_dump({{.sequence = 7}, {.sequence = 8, .state = "started"}})
                       : flight_dump(calls(4, {{.sequence = 5, .state = "started"}}));
  });
  ASSERT_EQ(report.first.size(), 1U);
  EXPECT_EQ(report.first[0].sequence, 5);
  EXPECT_EQ(report.first[0].ranks.at(0).state, RankState::kNotCalled);
  EXPECT_EQ(report.first[0].ranks.at(1).state, RankState::kCompleted)
      << "no longer in its ring, but it went on";
}

// Ranks 0 and 1 wait for 2 in the default group, and 2 waits for 3 in another: 3 is the one to look at.
TEST_F(DesyncTest, FollowsAMissingRankToWhereItWaits) {
  const std::vector<FlightGroup> groups = {FlightGroup(),
                                           {.name = "7", .text = "tp", .ranks = "[2, 3]", .id = 1}};
  const DesyncReport report = report_of(4, [&groups](int rank) {
    const FlightCall all{.sequence = 1, .state = "started"};
    const FlightCall pair{.sequence = 1, .state = "started", .group = "7", .group_text = "tp", .group_id = 1};
    return rank < 2    ? flight_dump({all}, groups)
           : rank == 2 ? flight_dump({pair}, groups)
                       : flight_dump({}, groups);
  });
  ASSERT_EQ(report.first.size(), 2U);
  EXPECT_EQ(report.first[0].communicator, "tp");
  EXPECT_THAT(desync_sentence(report.first[0]), HasSubstr("rank 3 has not called"));
}

TEST_F(DesyncTest, IsSilentWhenEverythingFinished) {
  const DesyncReport report = report_of(2, [](int) { return flight_dump(calls(5)); });
  EXPECT_TRUE(report.known);
  EXPECT_TRUE(report.first.empty());
}

}  // namespace
}  // namespace stepscope::analysis
