// SPDX-License-Identifier: Apache-2.0
#include "analyzer/diff.hpp"
#include "analyzer/findings/rule.hpp"
#include "analyzer/ledger.hpp"

namespace stepscope::analysis::finding {
namespace {

// A rule sees what those above it found.
constexpr Rule kRules[] = {
    {term::kFetch, find_fetch},
    {term::kStarved, find_starved_workers},
    {term::kIo, find_slow_reads},
    {term::kBlocked, find_blocked_workers},
    {term::kCollate, find_collate},
    {term::kTransfer, find_slow_handover},
    {term::kWorkers, find_worker_count},
    {term::kSlowWorker, find_slow_worker},
    {leaf::kWorkerStart, find_worker_start},
    {leaf::kDispatch, find_late_dispatch},
    {leaf::kDataOther, find_untraced_wait},
    {leaf::kGc, find_gc_pauses},
    {leaf::kOptimizer, find_optimizer},
    {leaf::kCheckpoint, find_checkpoints},
    {leaf::kHostOther, find_other_host_time},
    {"compute", find_model_time},
    {"gpu.clock", find_slow_clock},
    {"kernel.fallback", find_kernel_fallback},
    {leaf::kComputePrefix, find_lost_fusion},
    {"work", find_more_work},
    {leaf::kIdleSync, find_synchronisation},
    {leaf::kIdleLaunch, find_launch_bound},  // after the synchronisation that makes launches late
    {leaf::kIdleAlloc, find_allocator_retries},
    {leaf::kIdleCompile, find_recompilation},
    {"copy.pageable", find_pageable_copies},
    {"rank.late", find_late_rank},
    {"link.slow", find_slow_link},
    {"rank.imbalance", find_imbalance},
    {"nccl.socket", find_socket_transport},
    {leaf::kCommPrefix, find_exposed_communication},  // sockets and slow links explain better
    {"collective.unfinished", find_unfinished_collective},
    {"recording.loss", find_lost_records},
};

}  // namespace

std::span<const Rule> rules() {
  return kRules;
}

}  // namespace stepscope::analysis::finding
