// SPDX-License-Identifier: Apache-2.0
//
// The fake training job: what it really did, for tests to compare a recording with. Written by one thread at the end.
//
// Standard output: "total TYPE COUNT SUM_NS" for kernel, memcpy, memset and graph, then "name COUNT SUM_NS NAME" per kernel.
// File `truth=`: one line per piece of work,
//   TYPE START END DEVICE CONTEXT STREAM CORRELATION GRAPH NODE BYTES THREAD NAME
// where times are CLOCK_REALTIME ns as CUPTI's, THREAD is the launching thread and NAME is the rest of the line.
#pragma once

#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "tests/fakes/cuda/driver.hpp"

namespace fakecuda {

struct Done {
  Execution execution;
  uint32_t thread;
};

class Truth {
 public:
  void add(const std::vector<Done>& done, int64_t graph_launches) {
    done_.insert(done_.end(), done.begin(), done.end());
    graph_launches_ += graph_launches;
  }

  void print(const std::string& path) const {
    struct Sum {
      uint64_t count = 0;
      uint64_t ns = 0;
    };
    std::map<std::string, Sum> types = {{"kernel", {}}, {"memcpy", {}}, {"memset", {}}};
    std::map<std::string, Sum> names;
    for (const Done& done : done_) {
      uint64_t ns = done.execution.end_ns - done.execution.start_ns;
      Sum& type = types[type_name(done.execution.work.type)];
      ++type.count;
      type.ns += ns;
      if (done.execution.work.type == WorkType::kKernel) {
        Sum& name = names[done.execution.work.name];
        ++name.count;
        name.ns += ns;
      }
    }
    for (const auto& [type, sum] : types) {
      printf("total %s %llu %llu\n", type.c_str(), big(sum.count), big(sum.ns));
    }
    printf("total graph %lld 0\n", static_cast<long long>(graph_launches_));
    for (const auto& [name, sum] : names) {
      printf("name %llu %llu %s\n", big(sum.count), big(sum.ns), name.c_str());
    }
    fflush(stdout);
    if (!path.empty()) {
      print_each(path);
    }
  }

 private:
  static unsigned long long big(uint64_t value) { return value; }

  static const char* type_name(WorkType type) {
    return type == WorkType::kKernel ? "kernel" : type == WorkType::kMemset ? "memset" : "memcpy";
  }

  void print_each(const std::string& path) const {
    FILE* file = fopen(path.c_str(), "we");
    if (file == nullptr) {
      return;
    }
    for (const Done& done : done_) {
      const Execution& e = done.execution;
      fprintf(file, "%s %llu %llu %u %u %u %u %u %llu %llu %u %s\n", type_name(e.work.type), big(e.start_ns),
              big(e.end_ns), e.device, e.context, e.stream, e.correlation_id, e.graph_id, big(e.node_id),
              big(e.work.bytes), done.thread, e.work.name == nullptr ? "" : e.work.name);
    }
    fclose(file);
  }

  std::vector<Done> done_;
  int64_t graph_launches_ = 0;
};

}  // namespace fakecuda
