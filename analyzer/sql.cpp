// SPDX-License-Identifier: Apache-2.0
#include "analyzer/sql.hpp"

#include <algorithm>
#include <cctype>
#include <vector>

#include "analyzer/ledger.hpp"

namespace stepscope::analysis {
namespace {

bool names_computed_tables(std::string query) {
  std::transform(query.begin(), query.end(), query.begin(),
                 [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
  return query.find("step") != std::string::npos;
}

}  // namespace

Status query_run(const Run& run, const std::string& query, const SqlSink& sink) {
  if (names_computed_tables(query)) {
    // What cannot be computed leaves the tables as they are; the query itself says what is wrong with the run.
    static_cast<void>(build_ledger(run.until(sink.cancelled), {}));
  }
  std::vector<std::string> files;
  for (const Process& process : run.processes()) {
    files.push_back(process.file);
  }
  return trace::run_sql(files, query, sink);
}

}  // namespace stepscope::analysis
