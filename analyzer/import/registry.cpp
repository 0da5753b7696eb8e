// SPDX-License-Identifier: Apache-2.0
#include "analyzer/import/importer.hpp"

namespace stepscope::analysis::importing {
namespace {

constexpr Importer kImporters[] = {
    {"flight recorder", is_flight_recorder, read_flight_recorder},
    {"pickle", is_pickle, refuse_pickle},
    {"chrome trace", is_chrome_trace, read_chrome_trace},
    {"nsys", is_nsys_export, read_nsys_export},
};

}  // namespace

std::span<const Importer> importers() {
  return kImporters;
}

}  // namespace stepscope::analysis::importing
