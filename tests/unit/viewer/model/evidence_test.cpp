// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/evidence.hpp"

#include <gtest/gtest.h>

namespace stepscope::viewer {
namespace {

TEST(Evidence, AFindingLeadsToTheViewThatShowsWhyItIsSo) {
  EXPECT_EQ(evidence_view("data.fetch.io"), EvidenceView::kBatches);
  EXPECT_EQ(evidence_view("rank.late"), EvidenceView::kRanks);
  EXPECT_EQ(evidence_view("comm.exposed/all_reduce"), EvidenceView::kRanks);
  EXPECT_EQ(evidence_view("gpu.clock"), EvidenceView::kCounters);
  EXPECT_EQ(evidence_view("compute/gemm"), EvidenceView::kFlame);
  EXPECT_EQ(evidence_view("recording.loss"), EvidenceView::kRecording);
  EXPECT_EQ(evidence_view("idle.gc"), EvidenceView::kTimeline);
}

TEST(Evidence, EveryViewButTheTimelineHasAWordForItsButton) {
  EXPECT_EQ(evidence_view_title(EvidenceView::kTimeline), "");
  for (const EvidenceView view : {EvidenceView::kBatches, EvidenceView::kRanks, EvidenceView::kCounters,
                                  EvidenceView::kFlame, EvidenceView::kRecording}) {
    EXPECT_NE(evidence_view_title(view), "");
  }
}

TEST(Evidence, NumbersStandInTheirUnit) {
  EXPECT_EQ(evidence_value(4.5e6, "ns"), "4.50 ms");
  EXPECT_EQ(evidence_value(1410, "MHz"), "1410 MHz");
  EXPECT_EQ(evidence_value(0.38, ""), "0.38");
  EXPECT_EQ(evidence_value(8, ""), "8");
}

}  // namespace
}  // namespace stepscope::viewer
