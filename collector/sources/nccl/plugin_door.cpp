// SPDX-License-Identifier: Apache-2.0
//
// The NCCL door: the tables ncclProfiler_v1 to ncclProfiler_v6 that NCCL looks up in the library NCCL_PROFILER_PLUGIN names. It
// takes the newest it knows. They differ in init and in the descriptors, which profiler.hpp tells apart by the version.
#include "collector/exports.hpp"
#include "collector/sources/nccl/nccl_abi.hpp"
#include "collector/sources/nccl/profiler.hpp"

namespace stepscope::collector::nccl {
namespace {

template <int kVersion>
int init_v1(void** context, int* mask) noexcept {
  InitCall call;
  call.version = kVersion;
  return init(call, context, mask);
}

int init_v4(void** context, int* mask, const char* name, uint64_t comm_id, int nodes, int ranks, int rank,
            LogFunction log) noexcept {
  return init({4, true, comm_id, name, nodes, ranks, rank, log}, context, mask);
}

template <int kVersion>
int init_v5(void** context, uint64_t comm_id, int* mask, const char* name, int nodes, int ranks, int rank,
            LogFunction log) noexcept {
  return init({kVersion, true, comm_id, name, nodes, ranks, rank, log}, context, mask);
}

template <typename Init>
constexpr Plugin<Init> plugin(Init init_function) noexcept {
  return {"stepscope", init_function, start, stop, record_state, finalize};
}

}  // namespace
}  // namespace stepscope::collector::nccl

#define STEPSCOPE_NCCL_PLUGIN(VERSION, TYPE, FUNCTION)                                                  \
  extern "C" __attribute__((visibility(                                                                 \
      "default"))) constinit const stepscope::collector::nccl::Plugin<stepscope::collector::nccl::TYPE> \
      ncclProfiler_v##VERSION = stepscope::collector::nccl::plugin<stepscope::collector::nccl::TYPE>(   \
          stepscope::collector::nccl::FUNCTION)

STEPSCOPE_NCCL_PLUGIN(1, InitV1, init_v1<1>);
STEPSCOPE_NCCL_PLUGIN(2, InitV1, init_v1<2>);
STEPSCOPE_NCCL_PLUGIN(3, InitV1, init_v1<3>);
STEPSCOPE_NCCL_PLUGIN(4, InitV4, init_v4);
STEPSCOPE_NCCL_PLUGIN(5, InitV5, init_v5<5>);
STEPSCOPE_NCCL_PLUGIN(6, InitV5, init_v5<6>);
