// SPDX-License-Identifier: Apache-2.0
//
// The fake training job: what its command line asks for. Every argument is key=value.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>

namespace fakecuda {

struct JobOptions {
  int64_t steps = 3;         // of every thread
  int64_t kernels = 40;      // per step and thread
  int64_t streams = 2;       // per thread, beside the null stream of the first
  int64_t names = 150;       // different kernels
  int64_t copies = 2;        // per step
  int64_t peer_copies = 0;   // per step
  int64_t memsets = 1;       // per step
  int64_t graphs = 0;        // graph launches per step
  int64_t graph_nodes = 12;  // kernels of the graph; it also has a copy and a memset
  int64_t events = 0;        // cudaEventRecord + cudaStreamWaitEvent + cudaEventSynchronize per step
  int64_t allocations = 0;   // cudaMalloc + cudaFree per step
  int64_t compilations = 0;  // of 1 ms, before the first step
  int64_t peeks = 0;         // cudaGetLastError per step
  int64_t threads = 1;       // that launch
  int64_t contexts = 1;      // on device 0
  int64_t kernel_ns = 0;     // each kernel's length; 0 = 2 to 40 us by name, with jitter
  int64_t think_us = 0;      // the host does something else for so long, per step
  int64_t seed = 1;
  std::string through = "runtime";     // launches: runtime, driver (as Triton's), mixed
  std::string sync = "device";         // ends a step: device, stream, event, none
  std::string marks = "yes";           // steps through the C API
  std::string cupti = "late";          // "loaded": libcupti is in the process before cuInit, as torch has it
  int64_t window_from = -1;            // cudaProfilerStart before this step
  int64_t window_to = -1;              // cudaProfilerStop before this step
  int64_t kineto_from = -2;            // another profiler starts before this step; -1 = before cuInit
  int64_t kineto_to = -1;              // and stops before this one; -1 = after the last
  int64_t kineto_again = -1;           // and starts once more, until the end
  std::string kineto_finalize = "no";  // cuptiFinalize when it stops, as torch does since CUDA 12.6
  std::string kineto_asks = "no";      // stepscope is asked for CUPTI first, as its torch.profiler hook does
  int64_t release_at = -1;             // stepscope is asked for CUPTI before this step, and nobody takes it
  int64_t fork_at = -1;                // a child is forked before this step; it uses CUDA and ends
  std::string child = "exit";          // how the child ends: exit, _exit
  int64_t die_at = -1;                 // `end` happens before this step instead of after the last
  std::string end = "return";          // return, exit, exit_in_thread, _exit, quick_exit, abort, kill
  int64_t code = 0;                    // exit code
  std::string truth;                   // path: one line per piece of work

  // False = an argument nobody knows.
  bool set(const std::string& argument) {
    size_t equals = argument.find('=');
    if (equals == std::string::npos) {
      return false;
    }
    std::string key = argument.substr(0, equals);
    std::string value = argument.substr(equals + 1);
    struct Number {
      const char* key;
      int64_t JobOptions::*member;
    };
    struct Text {
      const char* key;
      std::string JobOptions::*member;
    };
    using J = JobOptions;
    static constexpr Number kNumbers[] = {{"steps", &J::steps},
                                          {"kernels", &J::kernels},
                                          {"streams", &J::streams},
                                          {"names", &J::names},
                                          {"copies", &J::copies},
                                          {"peer_copies", &J::peer_copies},
                                          {"memsets", &J::memsets},
                                          {"graphs", &J::graphs},
                                          {"graph_nodes", &J::graph_nodes},
                                          {"events", &J::events},
                                          {"allocations", &J::allocations},
                                          {"compilations", &J::compilations},
                                          {"peeks", &J::peeks},
                                          {"threads", &J::threads},
                                          {"contexts", &J::contexts},
                                          {"kernel_ns", &J::kernel_ns},
                                          {"think_us", &J::think_us},
                                          {"seed", &J::seed},
                                          {"window_from", &J::window_from},
                                          {"window_to", &J::window_to},
                                          {"kineto_from", &J::kineto_from},
                                          {"kineto_to", &J::kineto_to},
                                          {"kineto_again", &J::kineto_again},
                                          {"release_at", &J::release_at},
                                          {"fork_at", &J::fork_at},
                                          {"die_at", &J::die_at},
                                          {"code", &J::code}};
    static const Text kTexts[] = {{"through", &J::through},
                                  {"sync", &J::sync},
                                  {"marks", &J::marks},
                                  {"cupti", &J::cupti},
                                  {"kineto_finalize", &J::kineto_finalize},
                                  {"kineto_asks", &J::kineto_asks},
                                  {"child", &J::child},
                                  {"end", &J::end},
                                  {"truth", &J::truth}};
    for (const Number& number : kNumbers) {
      if (key == number.key) {
        this->*number.member = strtoll(value.c_str(), nullptr, 10);
        return true;
      }
    }
    for (const Text& text : kTexts) {
      if (key == text.key) {
        this->*text.member = value;
        return true;
      }
    }
    return false;
  }
};

}  // namespace fakecuda
