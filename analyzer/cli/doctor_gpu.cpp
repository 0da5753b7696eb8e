// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "analyzer/cli/doctor.hpp"

namespace stepscope::analysis::cli {
namespace {

// How meta `cupti.state` begins, what it means for the recording and what to do. The first that fits counts.
struct StateAdvice {
  std::string_view prefix;
  std::string_view contains;
  Health health;
  std::string_view remedy;
};

constexpr std::array kStates{
    StateAdvice{"recording", "", Health::kGood, ""},
    StateAdvice{"off: level steps", "", Health::kNote, "record with --level kernels to have GPU events"},
    StateAdvice{"off: STEPSCOPE_CUPTI", "", Health::kNote, "record with --cupti hold to have GPU events"},
    StateAdvice{"off: no thread", "", Health::kNote,
                "start the process that uses the GPU by spawn or exec instead of fork"},
    StateAdvice{"yielded", "", Health::kNote,
                "record with --cupti hold to keep the GPU events; torch.profiler then has none"},
    StateAdvice{"waiting", "", Health::kBad,
                "the process ended before its framework loaded libcupti; name it in STEPSCOPE_CUPTI_LIBRARY"},
    StateAdvice{
        "held by", "", Health::kBad,
        "only one tool can use CUPTI before CUDA 13.3 with driver 610: run without the other, or record with "
        "--level steps"},
    StateAdvice{"unavailable", "(35)", Health::kBad,
                "the driver keeps GPU tracing to administrators: set NVreg_RestrictProfilingToAdminUsers=0 "
                "or run the "
                "container with CAP_SYS_ADMIN"},
    StateAdvice{
        "unavailable", "(999)", Health::kBad,
        "CUPTI found no driver it can work with; compare the CUDA version of libcupti with nvidia-smi"},
    StateAdvice{"unavailable", "", Health::kBad, "compare the CUDA version of libcupti with nvidia-smi"},
    StateAdvice{"stopped", "", Health::kBad,
                "update the driver or CUDA; record with --level steps until then"},
    StateAdvice{"", "", Health::kNote, ""},
};

const std::string* fact(const Process& process, const std::string& key) {
  const auto found = process.meta.find(key);
  return found == process.meta.end() ? nullptr : &found->second;
}

}  // namespace

std::vector<Diagnosis> diagnose_gpu(const Process& process) {
  const std::string* state = fact(process, "cupti.state");
  if (state == nullptr) {
    return {};
  }
  std::string detail = *state;
  for (const auto& [key, label] : {std::pair("cupti.level", "level"), std::pair("cupti.version", "CUPTI"),
                                   std::pair("cupti.records", "records")}) {
    if (const std::string* value = fact(process, key); value != nullptr) {
      detail += fmt::format(", {} {}", label, *value);
    }
  }
  std::vector<Diagnosis> all;
  for (const StateAdvice& advice : kStates) {
    if (state->starts_with(advice.prefix) && state->find(advice.contains) != std::string::npos) {
      all.push_back({advice.health, "GPU events", detail, std::string(advice.remedy)});
      break;
    }
  }
  if (const std::string* mps = fact(process, "cupti.mps"); mps != nullptr) {
    all.push_back({Health::kNote, "MPS", *mps, ""});
  }
  return all;
}

}  // namespace stepscope::analysis::cli
