// SPDX-License-Identifier: Apache-2.0
#include "analyzer/export/exporter.hpp"

namespace stepscope::analysis::exporting {
namespace {

constexpr std::string_view kNoSamples =
    "no Python stack was sampled; record with `stepscope record --python-samples 100`";

constexpr Exporter kExporters[] = {
    {"chrome", "Chrome trace events as torch.profiler writes them, for Perfetto", false, false, "",
     write_chrome},
    {"csv", "one table as CSV", true, false, "", write_csv},
    {"parquet", "one table as Parquet", true, true, "", write_parquet},
    {"folded", "sampled Python stacks for flamegraph.pl", false, false, kNoSamples, write_folded},
    {"speedscope", "sampled Python stacks for speedscope.app", false, false, kNoSamples, write_speedscope},
};

}  // namespace

std::span<const Exporter> exporters() {
  return kExporters;
}

}  // namespace stepscope::analysis::exporting
