// SPDX-License-Identifier: Apache-2.0
#include "analyzer/import/importer.hpp"

namespace stepscope::analysis::importing {
namespace {

constexpr Importer kImporters[] = {
    {"chrome trace", is_chrome_trace, read_chrome_trace},
    {"nsys", is_nsys_export, read_nsys_export},
};

}  // namespace

std::span<const Importer> importers() {
  return kImporters;
}

}  // namespace stepscope::analysis::importing
