// SPDX-License-Identifier: Apache-2.0
#include "analyzer/category.hpp"

#include <array>

namespace stepscope::analysis {
namespace {

using trace::Kind;
using trace::PhaseOp;

constexpr std::array<std::string_view, kCategoryCount> kNames = {
    "other", "compute",   "backward",  "optimizer", "communication", "copy", "sync",    "api",
    "range", "data_wait", "data_work", "gc",        "checkpoint",    "eval", "startup", "io",
    "idle",  "host",      "sample",    "counter",   "marker",
};

Category category_of_phase(int64_t op) {
  switch (static_cast<PhaseOp>(op)) {
    case PhaseOp::kImport:
    case PhaseOp::kStartup:
    case PhaseOp::kLoaderStart:
    case PhaseOp::kLoaderReset:
    case PhaseOp::kLoaderShutdown:
      return Category::kStartup;
    case PhaseOp::kBackward:
      return Category::kBackward;
    case PhaseOp::kOptimizer:
      return Category::kOptimizer;
    case PhaseOp::kCheckpointSave:
    case PhaseOp::kCheckpointLoad:
      return Category::kCheckpoint;
    case PhaseOp::kDataNext:
      return Category::kDataWait;
    case PhaseOp::kEval:
      return Category::kEval;
    case PhaseOp::kForward:
      return Category::kCompute;
    case PhaseOp::kOther:
      break;
  }
  return Category::kHost;
}

}  // namespace

std::string_view category_name(Category category) {
  const auto index = static_cast<size_t>(category);
  return index < kNames.size() ? kNames[index] : "other";
}

Category category_of_event(Kind kind, int64_t op) {
  switch (kind) {
    case Kind::kKernel:
    case Kind::kGraphLaunch:
      return Category::kCompute;
    case Kind::kMemcpy:
    case Kind::kMemset:
      return Category::kCopy;
    case Kind::kCudaApi:
    case Kind::kOverhead:
    case Kind::kJit:
      return Category::kApi;
    case Kind::kSync:
      return Category::kSync;
    case Kind::kRange:
      return Category::kRange;
    case Kind::kCollective:
    case Kind::kCommunicator:
      return Category::kCommunication;
    case Kind::kBatch:
      return Category::kDataWait;
    case Kind::kBatchFetch:
      return Category::kDataWork;
    case Kind::kPythonSample:
      return Category::kSample;
    case Kind::kGc:
      return Category::kGc;
    case Kind::kIo:
      return Category::kIo;
    case Kind::kCounter:
    case Kind::kHealth:
      return Category::kCounter;
    case Kind::kInstant:
    case Kind::kFlow:
    case Kind::kStep:
    case Kind::kStepWork:
    case Kind::kExit:
    case Kind::kCudaEvent:
    case Kind::kExternalId:
    case Kind::kMemory:
      return Category::kMarker;
    case Kind::kPhase:
      return category_of_phase(op);
    case Kind::kNone:
      break;
  }
  return Category::kOther;
}

Category category_of_leaf(std::string_view leaf) {
  struct Prefix {
    std::string_view text;
    Category category;
  };
  // First match wins: the more special ones stand first.
  static constexpr Prefix kPrefixes[] = {
      {"compute/backward", Category::kBackward},
      {"compute/optimizer", Category::kOptimizer},
      {"compute/layout", Category::kCopy},
      {"compute", Category::kCompute},
      {"optimizer", Category::kOptimizer},
      {"comm", Category::kCommunication},
      {"copy", Category::kCopy},
      {"data", Category::kDataWait},
      {"idle.gc", Category::kGc},
      {"idle.checkpoint", Category::kCheckpoint},
      {"idle.sync", Category::kSync},
      {"idle", Category::kIdle},
      {"host/eval", Category::kEval},
      {"host/import", Category::kStartup},
      {"host/startup", Category::kStartup},
      {"host", Category::kHost},
  };
  for (const Prefix& prefix : kPrefixes) {
    if (leaf.substr(0, prefix.text.size()) == prefix.text) {
      return prefix.category;
    }
  }
  return Category::kOther;
}

}  // namespace stepscope::analysis
