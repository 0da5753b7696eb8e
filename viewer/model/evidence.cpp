// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/evidence.hpp"

#include "viewer/model/counters.hpp"
#include "viewer/model/format.hpp"

namespace stepscope::viewer {
namespace {

struct ViewOfIds {
  std::string_view prefix;
  EvidenceView view;
};

// The first prefix that fits counts.
constexpr ViewOfIds kViews[] = {
    {"data.", EvidenceView::kBatches},      {"rank.", EvidenceView::kRanks},
    {"link.", EvidenceView::kRanks},        {"comm.", EvidenceView::kRanks},
    {"nccl.", EvidenceView::kRanks},        {"collective.", EvidenceView::kRanks},
    {"gpu.clock", EvidenceView::kCounters}, {"recording.", EvidenceView::kRecording},
    {"compute", EvidenceView::kFlame},      {"kernel.", EvidenceView::kFlame},
    {"host", EvidenceView::kFlame},         {"optimizer", EvidenceView::kFlame},
    {"idle.host", EvidenceView::kFlame},    {"idle.launch", EvidenceView::kFlame},
};

}  // namespace

EvidenceView evidence_view(std::string_view finding_id) {
  for (const ViewOfIds& row : kViews) {
    if (finding_id.starts_with(row.prefix)) {
      return row.view;
    }
  }
  return EvidenceView::kTimeline;
}

std::string_view evidence_view_title(EvidenceView view) {
  switch (view) {
    case EvidenceView::kBatches:
      return "Batches";
    case EvidenceView::kRanks:
      return "Ranks";
    case EvidenceView::kCounters:
      return "Counters";
    case EvidenceView::kFlame:
      return "Flame";
    case EvidenceView::kRecording:
      return "Recording";
    case EvidenceView::kTimeline:
      break;
  }
  return "";
}

std::string evidence_value(double value, std::string_view unit) {
  return unit == "ns" ? format_duration(value) : counter_text(value, unit);
}

}  // namespace stepscope::viewer
