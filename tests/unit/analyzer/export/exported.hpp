// SPDX-License-Identifier: Apache-2.0
//
// Exports in a test's own folder, read back as text.
#pragma once

#include <optional>
#include <string>

#include "analyzer/export/export_run.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/analyzer/fixture.hpp"

namespace stepscope::analysis {

class ExportTest : public RunTest {
 protected:
  // What `format` makes of the run; fails the test when it makes nothing.
  std::string exported(const analysis::Run& run, const std::string& format, const std::string& table = "",
                       std::optional<int32_t> rank = std::nullopt) {
    ExportOptions options;
    options.format = format;
    options.table = table;
    options.rank = rank;
    options.output = path("exported");
    const Result<Exported> done = export_run(run, options);
    EXPECT_TRUE(done.ok()) << done.status().message();
    EXPECT_TRUE(done.ok() && done.value().nothing.empty());
    return ::stepscope::testing::read_bytes(options.output);
  }

  static Status refusal(const analysis::Run& run, const ExportOptions& options) {
    return export_run(run, options).status();
  }
};

}  // namespace stepscope::analysis
