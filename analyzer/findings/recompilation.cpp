// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "analyzer/cuda_calls.hpp"
#include "analyzer/findings/gpu_facts.hpp"
#include "analyzer/findings/rule.hpp"
#include "analyzer/findings/step_events.hpp"

namespace stepscope::analysis::finding {
namespace {

struct Compilations {
  std::map<std::string, double, std::less<>> of_framework;  // ranges and phases that say so, by name
  double of_driver = 0;                                     // modules loaded, just-in-time compilations
  [[nodiscard]] double framework() const {
    double sum = 0;
    for (const auto& [name, count] : of_framework) {
      sum += count;
    }
    return sum;
  }
};

std::optional<Compilations> compilations_of(const AnalyzedRun& run) {
  constexpr size_t kName = 2;
  Compilations out;
  const auto name_of = [&](uint32_t process, const trace::SegmentView& view, size_t row) {
    return run.run->name(run.run->global_name(process, view.columns[kName][row]));
  };
  const auto framework = [&](uint32_t process, const trace::SegmentView& view, size_t row) {
    if (const std::string_view name = name_of(process, view, row); says_compile(name)) {
      ++out.of_framework[std::string(name)];
    }
  };
  const auto call = [&](uint32_t process, const trace::SegmentView& view, size_t row) {
    out.of_driver += classify_call(name_of(process, view, row)) == CallClass::kCompile ? 1 : 0;
  };
  const auto jit = [&](uint32_t, const trace::SegmentView&, size_t) { ++out.of_driver; };
  const bool read = each_train_event(run, Kind::kRange, 1U << kName, framework) &&
                    each_train_event(run, Kind::kPhase, 1U << kName, framework) &&
                    each_train_event(run, Kind::kCudaApi, 1U << kName, call) &&
                    each_train_event(run, Kind::kJit, 0, jit);
  return read ? std::optional(out) : std::nullopt;
}

}  // namespace

void find_recompilation(const Case& c, std::vector<Finding>* out) {
  const std::optional<Effect> effect =
      c.one_run() ? c.notable(leaf::kIdleCompile) : c.grown(leaf::kIdleCompile);
  if (!effect.has_value() || !gpu_known(c)) {
    return;
  }
  const std::optional<Compilations> now = compilations_of(c.run());
  const std::optional<Compilations> before = c.one_run() ? Compilations() : compilations_of(c.base_run());
  if (!now.has_value() || !before.has_value()) {
    return;
  }
  const double steps = train_steps(c.run());
  const auto often = [&](double then, double today) {
    return c.one_run()
               ? fmt::format("{:.0f} times in {:.0f} train steps", today, steps)
               : fmt::format("{:.0f} times in {:.0f} train steps, {:.0f} in the base", today, steps, then);
  };
  if (now->framework() > before->framework()) {
    const auto most = std::max_element(now->of_framework.begin(), now->of_framework.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    const std::string text = fmt::format("recompilation: '{}' and the like run {} ({})", most->first,
                                         often(before->framework(), now->framework()), c.amount(effect->ns));
    out->push_back(c.explanation(
        *effect,
        {text,
         "TORCH_LOGS=recompiles says which guard failed; keep shapes fixed, or mark them "
         "dynamic",
         Confidence::kHigh,
         {c.observed("compilations in train steps", "", before->framework(), now->framework())}},
        {{leaf::kIdleCompile}}));
  } else if (now->of_driver > before->of_driver) {
    const std::string text = fmt::format("the driver loads or compiles GPU code in ordinary steps, {} ({})",
                                         often(before->of_driver, now->of_driver), c.amount(effect->ns));
    out->push_back(c.explanation(
        *effect,
        {text,
         "warm up every shape first; CUDA_MODULE_LOADING=EAGER loads at start",
         Confidence::kMedium,
         {c.observed("modules loaded or compiled in train steps", "", before->of_driver, now->of_driver)}},
        {{leaf::kIdleCompile}}));
  }
}

}  // namespace stepscope::analysis::finding
