// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/analyzer/replay/job_trace.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <set>
#include <sstream>
#include <stdexcept>

#include <zlib.h>

namespace stepscope::analysis::job_trace {
namespace {

std::string unpack(const std::string& path) {
  gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) {
    throw std::runtime_error("cannot read " + path);
  }
  std::string text;
  char buffer[65536];
  for (int n = gzread(file, buffer, sizeof buffer); n > 0; n = gzread(file, buffer, sizeof buffer)) {
    text.append(buffer, static_cast<size_t>(n));
  }
  gzclose(file);
  return text;
}

int64_t from_seconds(const std::string& field) {
  return std::llround(std::strtod(field.c_str(), nullptr) * 1e9);
}

}  // namespace

Trace read_trace(const std::string& path) {
  enum Field { kDataRank, kStage, kRank, kStep, kType, kBegin, kDuration, kSequence, kChunk, kFields };
  Trace trace;
  std::set<int64_t> steps;
  std::istringstream lines(unpack(path));
  std::string line;
  std::getline(lines, line);
  if (!line.starts_with("dp_rank,stage,rank,step,optype,start_ts,duration,seq_id,mc")) {
    throw std::runtime_error(path + ": not a trace of the artifact");
  }
  while (std::getline(lines, line)) {
    std::vector<std::string> fields;
    std::istringstream words(line);
    for (std::string word; std::getline(words, word, ',');) {
      fields.push_back(word);
    }
    const auto whole = [&](Field field) { return std::atoll(fields.at(field).c_str()); };
    Operation one;
    one.type = fields.at(kType);
    one.sequence = whole(kSequence);
    one.stage = whole(kStage);
    one.data_rank = whole(kDataRank);
    one.step = whole(kStep);
    one.chunk = whole(kChunk);
    one.begin_ns = from_seconds(fields.at(kBegin));
    one.end_ns = one.begin_ns + from_seconds(fields.at(kDuration));
    trace.stages = std::max(trace.stages, one.stage + 1);
    trace.data_ranks = std::max(trace.data_ranks, one.data_rank + 1);
    steps.insert(one.step);
    trace.operations.push_back(std::move(one));
  }
  trace.steps.assign(steps.begin(), steps.end());
  return trace;
}

}  // namespace stepscope::analysis::job_trace
