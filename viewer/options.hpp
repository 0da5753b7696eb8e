// SPDX-License-Identifier: Apache-2.0
//
// Command line of stepscope-viewer.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "viewer/model/alignment.hpp"
#include "viewer/model/frame_rate.hpp"
#include "viewer/model/palette.hpp"

namespace stepscope::viewer {

// kFailed: an action of a script could not be done, or what it expects is not so.
enum class Exit : int { kOk = 0, kFailed = 1, kUsage = 2, kUnreadable = 5 };

enum class Tab : uint8_t {
  kTerms,
  kFindings,
  kDetails,
  kArea,
  kNotes,
  kMarks,
  kDeltaMap,
  kWaterfall,
  kMovers,
  kHistogram,
  kRanks,
  kBatches,
  kCounters,
  kFlame,
  kEvents,
  kSql
};

struct Options {
  std::string run;
  std::string versus;      // empty: one run
  std::string screenshot;  // PNG path; empty: interactive
  bool early = false;      // the screenshot shows what there is to see first, while events still load
  int width = 1440;
  int height = 900;
  std::string at;      // "412" or "12.5s"
  std::string select;  // text of a name
  Theme theme = Theme::kDark;
  float scale = 0;  // 0: of the monitor
  AlignMode align = AlignMode::kStepStart;
  std::optional<Tab> tab;
  std::string link;    // viewer/link.hpp
  std::string script;  // viewer/script.hpp; empty: interactive
  std::string keys;    // key file; empty: that of the configuration directory, when there is one
  Remote remote = Remote::kAuto;
  bool help = false;
  bool version = false;
};

// A sentence on what is wrong with the arguments, empty when all is well.
[[nodiscard]] std::string parse_options(const std::vector<std::string>& arguments, Options& options);
[[nodiscard]] const char* usage_text();

}  // namespace stepscope::viewer
