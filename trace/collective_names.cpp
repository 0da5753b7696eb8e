// SPDX-License-Identifier: Apache-2.0
#include "trace/collective_names.hpp"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <string>

namespace stepscope::trace {

bool is_communication_kernel(std::string_view raw) {
  static constexpr std::string_view kMarks[] = {"ncclKernel",
                                                "ncclDevKernel",
                                                "ncclSymk",
                                                "ncclSymDevKernel",
                                                "mscclKernel",
                                                "nvshmem",
                                                "deep_ep",
                                                "cross_device_reduce",
                                                "one_shot_all_reduce",
                                                "two_shot_all_reduce",
                                                "multimem_all_",
                                                "custom_all_reduce"};
  return std::any_of(std::begin(kMarks), std::end(kMarks),
                     [raw](std::string_view mark) { return raw.find(mark) != std::string_view::npos; });
}

std::string_view collective_op(std::string_view text) {
  struct Spelling {
    std::string_view part;
    std::string_view op;
  };
  // First match wins: "reduce" is part of others.
  static constexpr Spelling kSpellings[] = {
      {"allreduce", "all_reduce"},
      {"crossdevicereduce", "all_reduce"},
      {"reducescatter", "reduce_scatter"},
      {"allgather", "all_gather"},
      {"alltoall", "all_to_all"},
      {"all2all", "all_to_all"},
      {"sendrecv", "send_recv"},
      {"broadcast", "broadcast"},
      {"bcast", "broadcast"},
      {"barrier", "barrier"},
      {"gather", "gather"},
      {"scatter", "scatter"},
      {"reduce", "reduce"},
      {"send", "send_recv"},
      {"recv", "send_recv"},
  };
  std::string plain;
  plain.reserve(text.size());
  for (const char c : text) {
    if (c != '_') {
      plain += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
  }
  for (const Spelling& spelling : kSpellings) {
    if (plain.find(spelling.part) != std::string::npos) {
      return spelling.op;
    }
  }
  return "other";
}

}  // namespace stepscope::trace
