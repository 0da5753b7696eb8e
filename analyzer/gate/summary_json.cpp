// SPDX-License-Identifier: Apache-2.0
//
// RunSummary as text: stepscope.run_summary/1 (docs/FORMAT.md). Keys keep their order and numbers their shortest form, so equal
// summaries give equal bytes.
#include <algorithm>
#include <cmath>
#include <utility>

#include <nlohmann/json.hpp>

#include "analyzer/gate/run_summary.hpp"

namespace stepscope::analysis {
namespace {

using Document = nlohmann::ordered_json;

constexpr std::string_view kSummarySchema = "stepscope.run_summary/1";
// The rest of kMaxSummaryBytes is for what a store needs around a text: its row, its indices, half-filled pages.
constexpr size_t kTextBytes = kMaxSummaryBytes - 4096;
constexpr size_t kStepsKept = 64;     // what is left of the steps before leaves are dropped
constexpr size_t kLongestText = 512;  // of one sentence or fact, and
constexpr size_t kMostTexts = 24;     // so many of a kind, where a summary fits in no other way
constexpr std::string_view kLeafPrefix = "leaf/";

std::string text_of(const Document& document) {
  return document.dump(-1, ' ', false, Document::error_handler_t::replace);
}

Document summary_document(const RunSummary& summary) {
  Document out;
  out["schema"] = kSummarySchema;
  out["run"] = summary.run;
  out["id"] = summary.id;
  out["started_ns"] = summary.started_ns;
  out["commit"] = summary.commit;
  out["fingerprint"] = {{"key", summary.fingerprint.key}, {"facts", summary.fingerprint.facts}};
  out["median_step_ns"] = summary.median_step_ns;
  out["train_steps"] = summary.train_steps;
  Document classes = Document::object();
  for (size_t i = 0; i < kStepClassCount; ++i) {
    classes[std::string(step_class_name(static_cast<StepClass>(i)))] = summary.class_steps[i];
  }
  out["class_steps"] = std::move(classes);
  out["step_method"] = summary.step_method;
  out["complete"] = summary.complete;
  out["losses"] = summary.losses;
  out["blocking"] = summary.blocking;
  Document metrics = Document::object();
  for (const auto& [name, value] : summary.metrics) {
    if (std::isfinite(value)) {  // JSON has no other numbers
      metrics[name] = value;
    }
  }
  out["metrics"] = std::move(metrics);
  if (const Work& work = summary.work; work.samples_per_step > 0 || work.tokens_per_step > 0) {
    out["work"] = {{"samples_per_step", work.samples_per_step},
                   {"tokens_per_step", work.tokens_per_step},
                   {"said", work.said}};
  }
  out["train_step_ns"] = summary.train_step_ns;
  return out;
}

// Every other step stays, the first one always.
void halve(std::vector<int64_t>& steps) {
  size_t kept = 0;
  for (size_t i = 0; i < steps.size(); i += 2) {
    steps[kept++] = steps[i];
  }
  steps.resize(kept);
}

// Leaves smallest first; what is no leaf stays.
std::vector<std::string> leaves_by_size(const std::map<std::string, double>& metrics) {
  std::vector<std::pair<double, std::string>> leaves;
  for (const auto& [name, value] : metrics) {
    if (name.starts_with(kLeafPrefix)) {
      leaves.emplace_back(std::abs(value), name);
    }
  }
  std::sort(leaves.begin(), leaves.end());
  std::vector<std::string> names;
  for (auto& [size, name] : leaves) {
    names.push_back(std::move(name));
  }
  return names;
}

void shorten(std::string& text) {
  if (text.size() <= kLongestText) {
    return;
  }
  size_t end = kLongestText;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) {  // not inside a character
    --end;
  }
  text.resize(end);
}

void shorten(std::vector<std::string>& texts) {
  if (texts.size() > kMostTexts) {
    const size_t more = texts.size() - kMostTexts + 1;
    texts.resize(kMostTexts - 1);
    texts.push_back("and " + std::to_string(more) + " more");
  }
  for (std::string& text : texts) {
    shorten(text);
  }
}

// For recordings that were made to be large: no text is longer than a bound, and there are only so many.
RunSummary bounded(RunSummary summary) {
  for (std::string* text :
       {&summary.run, &summary.id, &summary.commit, &summary.fingerprint.key, &summary.step_method}) {
    shorten(*text);
  }
  shorten(summary.losses);
  shorten(summary.blocking);
  while (summary.fingerprint.facts.size() > kMostTexts) {
    summary.fingerprint.facts.erase(std::prev(summary.fingerprint.facts.end()));
  }
  std::map<std::string, std::string> facts;
  for (auto& [name, value] : summary.fingerprint.facts) {
    std::string short_name = name;
    shorten(short_name);
    shorten(value);
    facts.emplace(std::move(short_name), std::move(value));
  }
  summary.fingerprint.facts = std::move(facts);
  std::map<std::string, double> metrics;
  for (const auto& [name, value] : summary.metrics) {
    if (name.size() <= 64 && metrics.size() < 4 * kMostTexts) {
      metrics.emplace(name, value);
    }
  }
  summary.metrics = std::move(metrics);
  return summary;
}

// Reads one value of the type that `out` has; false: it is missing or of another type.
template <typename T>
bool take(const Document& document, const char* key, T& out) {
  const auto found = document.find(key);
  if (found == document.end()) {
    return false;
  }
  if constexpr (std::is_same_v<T, std::string>) {
    if (!found->is_string()) {
      return false;
    }
  } else if constexpr (std::is_same_v<T, bool>) {
    if (!found->is_boolean()) {
      return false;
    }
  } else if (!found->is_number_integer()) {
    return false;
  }
  out = found->get<T>();
  return true;
}

bool take_texts(const Document& document, const char* key, std::vector<std::string>& out) {
  const auto found = document.find(key);
  if (found == document.end() || !found->is_array()) {
    return false;
  }
  return std::all_of(found->begin(), found->end(), [&](const Document& item) {
    return item.is_string() && (out.push_back(item.get<std::string>()), true);
  });
}

bool take_steps(const Document& document, std::vector<int64_t>& out) {
  const auto found = document.find("train_step_ns");
  if (found == document.end() || !found->is_array()) {
    return false;
  }
  return std::all_of(found->begin(), found->end(), [&](const Document& item) {
    return item.is_number_integer() && (out.push_back(item.get<int64_t>()), true);
  });
}

bool take_fingerprint(const Document& document, Fingerprint& out) {
  const auto found = document.find("fingerprint");
  if (found == document.end() || !found->is_object() || !take(*found, "key", out.key)) {
    return false;
  }
  const auto facts = found->find("facts");
  if (facts == found->end() || !facts->is_object()) {
    return false;
  }
  return std::all_of(facts->items().begin(), facts->items().end(), [&](const auto& fact) {
    return fact.value().is_string() &&
           out.facts.emplace(fact.key(), fact.value().template get<std::string>()).second;
  });
}

bool take_classes(const Document& document, std::array<size_t, kStepClassCount>& out) {
  const auto found = document.find("class_steps");
  if (found == document.end() || !found->is_object()) {
    return false;
  }
  for (size_t i = 0; i < kStepClassCount; ++i) {
    const std::string name(step_class_name(static_cast<StepClass>(i)));
    if (found->contains(name) && !take(*found, name.c_str(), out[i])) {
      return false;
    }
  }
  return true;
}

bool take_metrics(const Document& document, std::map<std::string, double>& out) {
  const auto found = document.find("metrics");
  if (found == document.end() || !found->is_object()) {
    return false;
  }
  return std::all_of(found->items().begin(), found->items().end(), [&](const auto& metric) {
    return metric.value().is_number() &&
           out.emplace(metric.key(), metric.value().template get<double>()).second;
  });
}

// Summaries of older programs have none.
bool take_work(const Document& document, Work& out) {
  const auto found = document.find("work");
  if (found == document.end()) {
    return true;
  }
  const auto amount = [&](const char* key, double& value) {
    const auto number = found->find(key);
    if (number == found->end() || !number->is_number()) {
      return false;
    }
    value = number->get<double>();
    return true;
  };
  return found->is_object() && amount("samples_per_step", out.samples_per_step) &&
         amount("tokens_per_step", out.tokens_per_step) && take(*found, "said", out.said);
}

Status bad_summary(std::string_view where, std::string_view cause, std::string_view remedy) {
  return Status(Code::kUnreadable, "cannot read the summary of a run in '" + std::string(where) +
                                       "': " + std::string(cause) + "; " + std::string(remedy));
}

}  // namespace

std::string summary_to_json(const RunSummary& summary) {
  std::string text = text_of(summary_document(summary));
  if (text.size() <= kTextBytes) {
    return text;
  }
  RunSummary smaller = summary;
  while (text.size() > kTextBytes && smaller.train_step_ns.size() > kStepsKept) {
    halve(smaller.train_step_ns);
    text = text_of(summary_document(smaller));
  }
  size_t saved = 0;  // at least
  for (const std::string& leaf : leaves_by_size(smaller.metrics)) {
    if (text.size() - saved <= kTextBytes) {
      break;
    }
    smaller.metrics.erase(leaf);
    saved += std::min(text.size() - saved, leaf.size() + std::string_view("\"\":0,").size());
  }
  text = saved == 0 ? text : text_of(summary_document(smaller));
  return text.size() <= kTextBytes ? text : text_of(summary_document(bounded(std::move(smaller))));
}

Result<RunSummary> summary_from_json(std::string_view text, std::string_view where) {
  const Document document = Document::parse(text.begin(), text.end(), nullptr, false);
  std::string schema;
  if (document.is_discarded() || !document.is_object() || !take(document, "schema", schema)) {
    return bad_summary(where, "it is no JSON of ours", "take an undamaged copy");
  }
  if (schema != kSummarySchema) {
    return bad_summary(where, "it is " + schema + ", and this stepscope reads " + std::string(kSummarySchema),
                       "update stepscope");
  }
  RunSummary out;
  const bool whole =
      take(document, "run", out.run) && take(document, "id", out.id) &&
      take(document, "started_ns", out.started_ns) && take(document, "commit", out.commit) &&
      take_fingerprint(document, out.fingerprint) && take(document, "median_step_ns", out.median_step_ns) &&
      take(document, "train_steps", out.train_steps) && take_classes(document, out.class_steps) &&
      take(document, "step_method", out.step_method) && take(document, "complete", out.complete) &&
      take_texts(document, "losses", out.losses) && take_texts(document, "blocking", out.blocking) &&
      take_metrics(document, out.metrics) && take_work(document, out.work) &&
      take_steps(document, out.train_step_ns);
  if (!whole) {
    return bad_summary(where, "a value is missing or of another type", "take an undamaged copy");
  }
  return out;
}

}  // namespace stepscope::analysis
