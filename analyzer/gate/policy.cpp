// SPDX-License-Identifier: Apache-2.0
#include "analyzer/gate/policy.hpp"

#include <toml++/toml.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <sstream>

#include <fmt/format.h>

namespace stepscope::analysis {
namespace {

// Reads the keys of tables into places; the first thing that is wrong stays as the error.
class PolicyReader {
 public:
  using Setter = std::function<bool(const toml::node&)>;  // false: wrong type or out of range
  struct Entry {
    Setter set;
    std::string_view wants;  // "a number from 0 to 100"
  };
  using Entries = std::map<std::string_view, Entry>;

  explicit PolicyReader(std::string where) : where_(std::move(where)) {}

  void read(const toml::table& table, const std::string& name, const Entries& entries) {
    for (const auto& [key, node] : table) {
      const auto entry = entries.find(key.str());
      if (entry == entries.end()) {
        std::string known;
        for (const auto& [each, ignored] : entries) {
          known += (known.empty() ? "" : ", ") + std::string(each);
        }
        fail(node, fmt::format("unknown key {}{}; known are {}", name, key.str(), known));
      } else if (!entry->second.set(node)) {
        fail(node, fmt::format("{}{}: write {}", name, key.str(), entry->second.wants));
      }
    }
  }

  // A table of tables, each read with what `entries_of` gives for its name.
  bool read_each(const toml::node& node, const std::string& name,
                 const std::function<std::optional<Entries>(std::string_view)>& entries_of) {
    const toml::table* table = node.as_table();
    if (table == nullptr) {
      return false;
    }
    for (const auto& [key, inner] : *table) {
      const std::optional<Entries> entries = entries_of(key.str());
      if (!entries.has_value()) {
        fail(inner, fmt::format("unknown key {}.{}", name, key.str()));
      } else if (const toml::table* fields = inner.as_table(); fields == nullptr) {
        fail(inner, fmt::format("{}.{}: write a table", name, key.str()));
      } else {
        read(*fields, fmt::format("{}.{}.", name, key.str()), *entries);
      }
    }
    return true;
  }

  [[nodiscard]] Status status() const { return error_.empty() ? Status() : Status(Code::kUsage, error_); }

 private:
  void fail(const toml::node& node, const std::string& sentence) {
    if (error_.empty()) {
      error_ = fmt::format("{}:{}: {}", where_, node.source().begin.line, sentence);
    }
  }

  std::string where_;
  std::string error_;
};

PolicyReader::Entry number(double low, double high, double scale, double* target, std::string_view wants) {
  return {[=](const toml::node& node) {
            const std::optional<double> value = node.value<double>();
            if (!node.is_number() || !value.has_value() || !(*value >= low && *value <= high)) {
              return false;
            }
            *target = *value * scale;
            return true;
          },
          wants};
}

PolicyReader::Entry percent_of(double* target) {
  return number(0, 1000, 0.01, target, "a number of percent from 0 to 1000");
}

PolicyReader::Entry count_of(size_t low, size_t* target, std::string_view wants) {
  return {[=](const toml::node& node) {
            const std::optional<int64_t> value = node.value_exact<int64_t>();
            if (!value.has_value() || *value < static_cast<int64_t>(low) || *value > 1'000'000) {
              return false;
            }
            *target = static_cast<size_t>(*value);
            return true;
          },
          wants};
}

PolicyReader::Entry flag_of(bool* target) {
  return {[=](const toml::node& node) {
            const std::optional<bool> value = node.value_exact<bool>();
            *target = value.value_or(*target);
            return value.has_value();
          },
          "true or false"};
}

PolicyReader::Entry ignored_of(bool* target) {
  return {[=](const toml::node& node) {
            const std::optional<std::string> value = node.value_exact<std::string>();
            *target = value == "ignore";
            return value == "ignore" || value == "inconclusive";
          },
          "\"inconclusive\" or \"ignore\""};
}

PolicyReader::Entry on_inconclusive_of(OnInconclusive* target) {
  return {[=](const toml::node& node) {
            const std::optional<std::string> value = node.value_exact<std::string>();
            *target = value == "pass"   ? OnInconclusive::kPass
                      : value == "fail" ? OnInconclusive::kFail
                                        : OnInconclusive::kInconclusive;
            return value == "pass" || value == "fail" || value == "inconclusive";
          },
          "\"inconclusive\", \"fail\" or \"pass\""};
}

PolicyReader::Entries entries_of_gate(Policy* policy) {
  return {
      {"max_regression_percent", percent_of(&policy->max_regression)},
      {"alpha", number(0.0001, 0.5, 1, &policy->alpha, "a number from 0.0001 to 0.5")},
      {"fdr", number(0.0001, 0.5, 1, &policy->fdr, "a number from 0.0001 to 0.5")},
      {"min_steps", count_of(kFewestSteps, &policy->min_steps, "a whole number from 3 on")},
      {"max_runs", count_of(0, &policy->max_runs, "a whole number; 0 for one look")},
      {"on_inconclusive", on_inconclusive_of(&policy->on_inconclusive)},
      {"on_data_loss", ignored_of(&policy->ignore_data_loss)},
      {"on_incomplete_run", ignored_of(&policy->ignore_incomplete)},
  };
}

void read_root(const toml::table& root, PolicyReader* reader, Policy* policy) {
  const auto gate = [&](const toml::node& node) {
    const toml::table* table = node.as_table();
    if (table != nullptr) {
      reader->read(*table, "gate.", entries_of_gate(policy));
    }
    return table != nullptr;
  };
  const auto metrics = [&](const toml::node& node) {
    return reader->read_each(
        node, "metrics", [&](std::string_view name) -> std::optional<PolicyReader::Entries> {
          MetricPolicy& metric = policy->metrics[std::string(name)];
          return PolicyReader::Entries{{"max_regression_percent", percent_of(&metric.max_regression)},
                                       {"gate", flag_of(&metric.gate)},
                                       {"ignore", flag_of(&metric.ignore)}};
        });
  };
  const auto classes = [&](const toml::node& node) {
    return reader->read_each(
        node, "step_classes", [&](std::string_view name) -> std::optional<PolicyReader::Entries> {
          StepClass step_class = StepClass::kTrain;
          if (!parse_step_class(name, &step_class) || step_class == StepClass::kTrain) {
            return std::nullopt;
          }
          return PolicyReader::Entries{{"max_share_percent", percent_of(&policy->most_share[step_class])}};
        });
  };
  reader->read(root, "",
               {{"gate", {gate, "a table"}},
                {"metrics", {metrics, "a table"}},
                {"step_classes", {classes, "a table"}}});
}

}  // namespace

const MetricPolicy* Policy::metric(std::string_view name) const {
  if (const auto exact = metrics.find(std::string(name)); exact != metrics.end()) {
    return &exact->second;
  }
  const MetricPolicy* best = nullptr;
  size_t longest = 0;
  for (const auto& [pattern, metric] : metrics) {
    if (pattern.ends_with('*') && pattern.size() > longest &&
        name.starts_with(std::string_view(pattern).substr(0, pattern.size() - 1))) {
      best = &metric;
      longest = pattern.size();
    }
  }
  return best;
}

Result<Policy> parse_policy(std::string_view text, const std::string& where) {
  Policy policy;
  try {
    const toml::table root = toml::parse(text);
    PolicyReader reader(where);
    read_root(root, &reader, &policy);
    if (Status status = reader.status(); !status.ok()) {
      return status;
    }
  } catch (const toml::parse_error& error) {
    return Status(Code::kUsage, fmt::format("{}:{}: not TOML: {}", where, error.source().begin.line,
                                            std::string(error.description())));
  }
  return policy;
}

Result<Policy> load_policy(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return Status(Code::kUsage, fmt::format("{}: the policy cannot be read; check the path", path));
  }
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  return parse_policy(text, path);
}

}  // namespace stepscope::analysis
