// SPDX-License-Identifier: Apache-2.0
#include "analyzer/loader_config.hpp"

#include <map>

#include <nlohmann/json.hpp>

#include "analyzer/batches.hpp"

namespace stepscope::analysis {
namespace {

int64_t json_number(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) {
    return -1;
  }
  return found->is_boolean()          ? (found->get<bool>() ? 1 : 0)
         : found->is_number_integer() ? found->get<int64_t>()
         : found->is_number()         ? static_cast<int64_t>(found->get<double>())
                                      : -1;
}

std::string json_text(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

LoaderConfig loader_config(const Process& process, const ProcessSteps& steps, const BatchTable& table) {
  std::map<int64_t, uint64_t> batches_by_loader;
  for (const Batch& batch : table.batches) {
    batches_by_loader[batch.loader] += train_step_at(steps.steps, batch.end_ns - 1) != nullptr ? 1U : 0U;
  }
  LoaderConfig config;
  uint64_t most = 0;
  for (const auto& [loader, count] : batches_by_loader) {
    const auto meta = process.meta.find("loader." + std::to_string(loader));
    if (meta == process.meta.end() || count <= most) {
      continue;
    }
    const nlohmann::json object = nlohmann::json::parse(meta->second, nullptr, false);
    if (!object.is_object()) {
      continue;
    }
    most = count;
    config.loader_class = json_text(object, "class");
    config.dataset_class = json_text(object, "dataset");
    config.start_method = json_text(object, "start_method");
    config.num_workers = json_number(object, "num_workers");
    config.batch_size = json_number(object, "batch_size");
    const int64_t collates = json_number(object, "collates_samples");  // -1 in older recordings
    config.collates_samples = collates == 1 || (collates == -1 && config.batch_size > 0);
    config.prefetch_factor = json_number(object, "prefetch_factor");
    config.in_order = json_number(object, "in_order");
    config.persistent = json_number(object, "persistent");
    config.pin_memory = json_number(object, "pin_memory");
  }
  return config;
}

}  // namespace stepscope::analysis
