// SPDX-License-Identifier: Apache-2.0
//
// What a collective costs the threads that NCCL reports it on: start and stop of the operation and of its kernel's channels,
// through the exported table, in the newest version of the interface. Six clock reads are part of it; see two_clock_reads.
#include <cstdlib>
#include <cstring>

#include <benchmark/benchmark.h>

#include "tests/support/nccl_plugin.hpp"

namespace {

using namespace stepscope::testing;

constexpr int kVersion = 6;

NcclCommunicator& communicator() {
  static NcclCommunicator* made = [] {
    setenv("NCCL_PROFILER_PLUGIN", STEPSCOPE_LIBRARY, 1);
    return new NcclCommunicator(kVersion, "world", 0xABC, 8, 3);
  }();
  return *made;
}

// Everything NCCL calls for one collective: the API's events, the collective, two channels.
void nccl_collective(benchmark::State& state) {
  NcclCommunicator& comm = communicator();
  if (comm.init_result() != 0) {
    state.SkipWithError("not recorded");
    return;
  }
  const NcclPluginTable& plugin = comm.plugin();
  NcclDescriptor group = group_api(kVersion, false);
  NcclDescriptor api = coll_api(kVersion, nullptr, false);
  NcclDescriptor operation = coll(kVersion, {});
  NcclDescriptor channel = kernel_ch(kVersion, nullptr, 0, 1000);
  uint64_t seq = 0;
  uint64_t arguments[1] = {9000};
  for (auto _ : state) {
    void* handles[5];
    plugin.start_event(comm.context(), &handles[0], group.data());
    plugin.start_event(comm.context(), &handles[1], api.put(8, handles[0]).data());
    plugin.start_event(comm.context(), &handles[2], operation.put(8, handles[1]).put(24, seq++).data());
    plugin.stop_event(handles[2]);
    plugin.stop_event(handles[1]);
    plugin.stop_event(handles[0]);
    channel.put(8, handles[2]);
    plugin.start_event(comm.context(), &handles[3], channel.data());
    plugin.start_event(comm.context(), &handles[4], channel.data());
    plugin.record_event_state(handles[3], 22, arguments);
    plugin.stop_event(handles[3]);
    plugin.record_event_state(handles[4], 22, arguments);
    plugin.stop_event(handles[4]);
  }
}
BENCHMARK(nccl_collective);

}  // namespace
