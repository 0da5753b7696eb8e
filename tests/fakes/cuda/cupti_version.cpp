// SPDX-License-Identifier: Apache-2.0
//
// The libcupti stand-in: which version it is. Compiled once per library, with FAKE_CUPTI_VERSION = row of kVersions.
#include "tests/fakes/cuda/records.hpp"

namespace fakecuda {

const Version& g_version = kVersions[FAKE_CUPTI_VERSION];

}  // namespace fakecuda
