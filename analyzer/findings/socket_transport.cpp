// SPDX-License-Identifier: Apache-2.0
#include <set>

#include <fmt/format.h>

#include "analyzer/findings/gpu_facts.hpp"
#include "analyzer/findings/rule.hpp"

namespace stepscope::analysis::finding {
namespace {

constexpr std::string_view kSocket = "Socket";

// Networks of the communicators that span nodes, as NCCL's set-up told.
std::set<std::string, std::less<>> networks_of(const AnalyzedRun& run) {
  constexpr size_t kTransport = 7;
  std::set<std::string, std::less<>> out;
  for (uint32_t process = 0; process < run.run->processes().size(); ++process) {
    trace::ScanFilter filter;
    filter.kind = Kind::kCommunicator;
    const Status status = run.run->scan(process, filter, [&](const trace::SegmentView& view) {
      for (size_t row = 0; row < view.rows && kTransport < view.columns.size(); ++row) {
        const std::string_view name =
            run.run->name(run.run->global_name(process, view.columns[kTransport][row]));
        if (!name.empty()) {
          out.emplace(name);
        }
      }
      return Status();
    });
    if (!status.ok()) {
      return {};
    }
  }
  return out;
}

}  // namespace

void find_socket_transport(const Case& c, std::vector<Finding>* out) {
  if (!gpu_known(c)) {
    return;
  }
  int64_t total = 0;
  bool stands_out = false;
  std::vector<std::string_view> leaves;
  const auto add = [&](std::string_view name, int64_t ns, bool notable) {
    if (name.starts_with(leaf::kCommPrefix)) {
      total += ns;
      stands_out = stands_out || notable;
      leaves.push_back(name);
    }
  };
  if (c.one_run()) {
    for (const std::string& name : c.run().ledger->leaves) {
      add(name, c.leaf_ns(name), false);
    }
    stands_out = c.large(total);
  } else {
    for (const Term& term : c.diff().terms) {
      add(term.name, term.delta_ns, c.grown(term.name).has_value());
    }
  }
  if (!stands_out || total <= 0 || networks_of(c.run()).count(kSocket) == 0) {
    return;
  }
  std::string before;
  if (!c.one_run()) {
    for (const std::string& network : networks_of(c.base_run())) {
      before = network == kSocket ? before : network;
    }
    if (before.empty()) {
      return;  // the base used sockets, too, or nobody knows
    }
  }
  const std::string text =
      before.empty()
          ? fmt::format("communication between nodes goes through TCP sockets ({} exposed)", c.amount(total))
          : fmt::format("communication between nodes goes through TCP sockets, through {} in the base ({})",
                        before, c.amount(total));
  out->push_back(c.make(
      "nccl.socket", total,
      {text,
       "NCCL_DEBUG=INFO says why no faster network was taken: drivers, devices in the container, "
       "NCCL_IB_DISABLE, NCCL_NET",
       before.empty() ? Confidence::kMedium : Confidence::kHigh,
       {c.observed("network", "", before.empty() ? Observation::Value() : before, std::string(kSocket))}},
      leaves));
}

}  // namespace stepscope::analysis::finding
