// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/cupti/api_calls.hpp"

namespace stepscope::collector::cupti {
namespace {

struct ApiCall {
  uint32_t id;
  const char* name;  // without version and stream suffix
};

// Ascending by id. Variants of a call (per-thread default stream, older signatures) have ids of their own and one name.
// clang-format off
constexpr ApiCall kRuntimeCalls[] = {
    {20, "cudaMalloc"}, {22, "cudaFree"}, {25, "cudaMallocHost"}, {26, "cudaFreeHost"}, {27, "cudaHostAlloc"},
    {31, "cudaMemcpy"}, {32, "cudaMemcpy2D"}, {39, "cudaMemcpyToSymbol"}, {41, "cudaMemcpyAsync"},
    {44, "cudaMemcpy2DAsync"}, {47, "cudaMemcpyToSymbolAsync"}, {49, "cudaMemset"}, {51, "cudaMemsetAsync"},
    {52, "cudaMemset2DAsync"}, {129, "cudaStreamCreate"}, {131, "cudaStreamSynchronize"},
    {135, "cudaEventRecord"}, {137, "cudaEventSynchronize"}, {144, "cudaMemcpy3D"},
    {145, "cudaMemcpy3DAsync"}, {147, "cudaStreamWaitEvent"}, {152, "cudaHostRegister"},
    {153, "cudaHostUnregister"}, {160, "cudaMemcpyPeer"}, {161, "cudaMemcpyPeerAsync"},
    {164, "cudaDeviceReset"}, {165, "cudaDeviceSynchronize"}, {198, "cudaStreamCreateWithFlags"},
    {202, "cudaStreamCreateWithPriority"}, {206, "cudaMallocManaged"}, {211, "cudaLaunchKernel"},
    {214, "cudaLaunchKernel"}, {215, "cudaMemcpy"}, {216, "cudaMemcpy2D"}, {223, "cudaMemcpyToSymbol"},
    {225, "cudaMemcpyAsync"}, {228, "cudaMemcpy2DAsync"}, {231, "cudaMemcpyToSymbolAsync"},
    {233, "cudaMemset"}, {235, "cudaMemsetAsync"}, {236, "cudaMemset2DAsync"}, {239, "cudaStreamSynchronize"},
    {242, "cudaEventRecord"}, {245, "cudaMemcpy3D"}, {246, "cudaMemcpy3DAsync"}, {247, "cudaStreamWaitEvent"},
    {252, "cudaMemPrefetchAsync"}, {253, "cudaMemPrefetchAsync"}, {269, "cudaLaunchCooperativeKernel"},
    {270, "cudaLaunchCooperativeKernel"}, {284, "cudaLaunchHostFunc"}, {285, "cudaLaunchHostFunc"},
    {310, "cudaGraphInstantiate"}, {311, "cudaGraphLaunch"}, {312, "cudaGraphLaunch"},
    {315, "cudaStreamBeginCapture"}, {316, "cudaStreamBeginCapture"}, {319, "cudaStreamEndCapture"},
    {320, "cudaStreamEndCapture"}, {335, "cudaGraphExecUpdate"}, {370, "cudaEventRecordWithFlags"},
    {371, "cudaEventRecordWithFlags"}, {373, "cudaMallocAsync"}, {374, "cudaMallocAsync"},
    {375, "cudaFreeAsync"}, {376, "cudaFreeAsync"}, {391, "cudaMallocFromPoolAsync"},
    {392, "cudaMallocFromPoolAsync"}, {418, "cudaGraphInstantiateWithFlags"}, {430, "cudaLaunchKernelExC"},
    {431, "cudaLaunchKernelExC"}, {443, "cudaGraphInstantiate"}, {449, "cudaMemPrefetchAsync"},
    {450, "cudaMemPrefetchAsync"},
};
constexpr ApiCall kDriverCalls[] = {
    {10, "cuCtxCreate"}, {17, "cuCtxSynchronize"}, {18, "cuModuleLoad"}, {19, "cuModuleLoadData"},
    {20, "cuModuleLoadDataEx"}, {21, "cuModuleLoadFatBinary"}, {22, "cuModuleUnload"},
    {23, "cuModuleGetFunction"}, {29, "cuMemAlloc"}, {33, "cuMemFree"}, {37, "cuMemAllocHost"},
    {38, "cuMemFreeHost"}, {39, "cuMemHostAlloc"}, {43, "cuMemcpyHtoD"}, {45, "cuMemcpyDtoH"},
    {47, "cuMemcpyDtoD"}, {60, "cuMemcpyHtoDAsync"}, {62, "cuMemcpyDtoHAsync"}, {64, "cuMemcpyDtoDAsync"},
    {68, "cuMemcpy2DAsync"}, {69, "cuMemcpy3DAsync"}, {71, "cuMemsetD8"}, {75, "cuMemsetD32"},
    {119, "cuEventRecord"}, {121, "cuEventSynchronize"}, {124, "cuStreamCreate"},
    {126, "cuStreamSynchronize"}, {216, "cuMemsetD8Async"}, {218, "cuMemsetD16Async"},
    {220, "cuMemsetD32Async"}, {235, "cuCtxCreate"}, {243, "cuMemAlloc"}, {245, "cuMemFree"},
    {248, "cuMemcpy"}, {249, "cuMemsetD8"}, {251, "cuMemsetD32"}, {271, "cuMemHostAlloc"},
    {276, "cuMemcpyHtoD"}, {277, "cuMemcpyHtoDAsync"}, {278, "cuMemcpyDtoH"}, {279, "cuMemcpyDtoHAsync"},
    {280, "cuMemcpyDtoD"}, {281, "cuMemcpyDtoDAsync"}, {289, "cuMemcpy2DAsync"}, {291, "cuMemcpy3DAsync"},
    {294, "cuMemAllocHost"}, {295, "cuStreamWaitEvent"}, {301, "cuMemHostRegister"}, {305, "cuMemcpy"},
    {306, "cuMemcpyAsync"}, {307, "cuLaunchKernel"}, {319, "cuMemcpyPeerAsync"}, {365, "cuLinkComplete"},
    {367, "cuStreamCreateWithPriority"}, {371, "cuMemAllocManaged"}, {379, "cuMemHostRegister"},
    {397, "cuMemcpyHtoD"}, {398, "cuMemcpyDtoH"}, {399, "cuMemcpyDtoD"}, {408, "cuMemcpy"},
    {411, "cuMemsetD8"}, {413, "cuMemsetD32"}, {418, "cuMemcpyAsync"}, {421, "cuMemcpyHtoDAsync"},
    {422, "cuMemcpyDtoHAsync"}, {423, "cuMemcpyDtoDAsync"}, {424, "cuMemcpy2DAsync"},
    {425, "cuMemcpy3DAsync"}, {426, "cuMemcpyPeerAsync"}, {428, "cuMemsetD8Async"}, {429, "cuMemsetD16Async"},
    {430, "cuMemsetD32Async"}, {436, "cuStreamWaitEvent"}, {440, "cuStreamSynchronize"},
    {441, "cuEventRecord"}, {442, "cuLaunchKernel"}, {477, "cuLaunchCooperativeKernel"},
    {478, "cuLaunchCooperativeKernel"}, {513, "cuGraphInstantiate"}, {514, "cuGraphLaunch"},
    {515, "cuGraphLaunch"}, {527, "cuLaunchHostFunc"}, {528, "cuLaunchHostFunc"},
    {547, "cuMemAddressReserve"}, {548, "cuMemAddressFree"}, {549, "cuMemCreate"}, {550, "cuMemRelease"},
    {551, "cuMemMap"}, {552, "cuMemUnmap"}, {553, "cuMemSetAccess"}, {578, "cuGraphInstantiate"},
    {587, "cuEventRecordWithFlags"}, {588, "cuEventRecordWithFlags"}, {598, "cuMemAllocAsync"},
    {599, "cuMemAllocAsync"}, {600, "cuMemFreeAsync"}, {601, "cuMemFreeAsync"},
    {611, "cuMemAllocFromPoolAsync"}, {612, "cuMemAllocFromPoolAsync"}, {643, "cuGraphInstantiateWithFlags"},
    {645, "cuCtxCreate"}, {652, "cuLaunchKernelEx"}, {653, "cuLaunchKernelEx"},
    {656, "cuGraphInstantiateWithParams"}, {657, "cuGraphInstantiateWithParams"}, {678, "cuLibraryLoadData"},
    {679, "cuLibraryLoadFromFile"}, {680, "cuLibraryUnload"}, {683, "cuKernelGetFunction"},
    {757, "cuCtxCreate"}, {800, "cuCtxSynchronize"},
};
// clang-format on

template <size_t N>
const char* find(const ApiCall (&calls)[N], uint32_t id) noexcept {
  size_t low = 0;
  size_t high = N;
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (calls[middle].id == id) {
      return calls[middle].name;
    }
    if (calls[middle].id < id) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return nullptr;
}

template <size_t N>
constexpr bool ascending(const ApiCall (&calls)[N]) {
  for (size_t i = 1; i < N; ++i) {
    if (calls[i - 1].id >= calls[i].id) {
      return false;
    }
  }
  return true;
}
static_assert(ascending(kRuntimeCalls) && ascending(kDriverCalls));

template <size_t N>
struct Ids {
  uint32_t id[N] = {};

  constexpr explicit Ids(const ApiCall (&calls)[N]) {
    for (size_t i = 0; i < N; ++i) {
      id[i] = calls[i].id;
    }
  }
};
constexpr Ids kRuntimeIds(kRuntimeCalls);
constexpr Ids kDriverIds(kDriverCalls);

}  // namespace

const char* api_call_name(bool runtime, uint32_t id) noexcept {
  return runtime ? find(kRuntimeCalls, id) : find(kDriverCalls, id);
}

const uint32_t* api_call_ids(bool runtime, size_t& count) noexcept {
  count = (runtime ? sizeof(kRuntimeIds) : sizeof(kDriverIds)) / sizeof(uint32_t);
  return runtime ? kRuntimeIds.id : kDriverIds.id;
}

}  // namespace stepscope::collector::cupti
