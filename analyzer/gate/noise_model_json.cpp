// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/gate/noise_model.hpp"

namespace stepscope::analysis {
namespace {

constexpr std::string_view kSchema = "stepscope.noise/1";

}  // namespace

std::string noise_model_to_json(const NoiseModel& model) {
  nlohmann::ordered_json document;
  document["schema"] = kSchema;
  document["key"] = model.key;
  document["runs"] = model.runs;
  document["median_step_ns"] = model.median_step_ns;
  document["run_sd"] = model.run_sd;
  document["between_sd"] = model.between_sd;
  document["within_sd"] = model.within_sd;
  document["autocorrelation"] = model.autocorrelation;
  document["warmup_steps"] = model.warmup_steps;
  document["detectable"] = model.detectable;
  return document.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

Result<NoiseModel> noise_model_from_json(std::string_view text, std::string_view where) {
  const auto damaged = [&](std::string_view why) {
    return Status(Code::kUnreadable,
                  fmt::format("{}: the noise model cannot be read: {}; calibrate again", where, why));
  };
  try {
    const nlohmann::json document = nlohmann::json::parse(text);
    if (document.at("schema") != kSchema) {
      return damaged("it is of another version");
    }
    NoiseModel model;
    document.at("key").get_to(model.key);
    document.at("runs").get_to(model.runs);
    document.at("median_step_ns").get_to(model.median_step_ns);
    document.at("run_sd").get_to(model.run_sd);
    document.at("between_sd").get_to(model.between_sd);
    document.at("within_sd").get_to(model.within_sd);
    document.at("autocorrelation").get_to(model.autocorrelation);
    document.at("warmup_steps").get_to(model.warmup_steps);
    document.at("detectable").get_to(model.detectable);
    if (model.runs.size() < 2 || !(model.run_sd > 0)) {
      return damaged("its numbers make no sense");
    }
    return model;
  } catch (const nlohmann::json::exception&) {
    return damaged("it is damaged");
  }
}

}  // namespace stepscope::analysis
