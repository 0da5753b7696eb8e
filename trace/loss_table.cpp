// SPDX-License-Identifier: Apache-2.0
#include "trace/loss_table.hpp"

#include <array>

namespace stepscope::trace {
namespace {

constexpr std::string_view kInfo = "info";
constexpr std::string_view kError = "error";
constexpr std::string_view kDataLoss = "data_loss";

// The first entry is the answer for names nobody knows.
constexpr std::array kMeanings = {
    LossMeaning{"", kDataLoss, "A counter this version does not know; treated as lost data."},
    LossMeaning{"ring.full", kDataLoss,
                "Events were dropped because a thread produced them faster than they were drained; raise the "
                "ring size."},
    LossMeaning{"ring.budget", kDataLoss, "Threads were not recorded because no ring was left for them."},
    LossMeaning{"ring.missing", kDataLoss,
                "The .ring file was missing or damaged: texts and the last events are not there."},
    LossMeaning{"ring.", kDataLoss, "Events are missing because a ring could not be used or understood."},
    LossMeaning{"string.missing", kError,
                "Events name a text that the spool does not have; they show as unnamed."},
    LossMeaning{"string.", kError,
                "Texts were dropped because the string table was full; events show a placeholder."},
    LossMeaning{"range.unbalanced", kInfo, "A range was ended that was not open; the call was ignored."},
    LossMeaning{"range.async_full", kDataLoss,
                "Too many ranges that are ended by handle were open at once; some are missing."},
    LossMeaning{"range.unfinished", kInfo,
                "Ranges were still open when the process ended; they are cut at its last event."},
    LossMeaning{"range.", kDataLoss, "Ranges were nested too deeply; the innermost ones are missing."},
    LossMeaning{"lane.", kDataLoss,
                "Lanes were refused because their table was full; their events are missing."},
    LossMeaning{"journal.", kError,
                "Lanes, facts or log lines were dropped because they came faster than they were drained."},
    LossMeaning{"meta.cut", kInfo, "A fact about the process was too long and was cut."},
    LossMeaning{"meta.", kError, "Facts about the process were dropped because their table was full."},
    LossMeaning{"log.", kInfo, "Log lines of the collector were dropped because their table was full."},
    LossMeaning{"clock.jump", kError,
                "The clock stepped between two readings; times around it are not trustworthy."},
    LossMeaning{"clock.", kInfo, "A clock could not be read at one of the regular readings."},
    LossMeaning{"spool.torn_bytes", kInfo,
                "A write at the end of the spool was cut off; what it held was taken from the ring."},
    LossMeaning{"spool.write_failed", kError,
                "Writing the spool failed at times (disk full?); the events waited in the rings."},
    LossMeaning{"spool.events_missing", kDataLoss,
                "Events are missing because parts of the spool are damaged."},
    LossMeaning{"spool.damaged", kDataLoss, "Parts of the spool could not be decoded and were left out."},
    LossMeaning{"spool.unknown_kind", kDataLoss,
                "Events of a kind this version does not know were left out; finalize with the version that "
                "recorded."},
    LossMeaning{
        "spool.unclean_end", kInfo,
        "The process did not end in an orderly way (killed, aborted, _exit); what it recorded is complete."},
    LossMeaning{"spool.snapshot", kInfo, "The process was still running when this recording was made."},
    LossMeaning{"spool.", kDataLoss, "The spool could not be written; events are missing."},
    LossMeaning{"loss.", kError, "Some losses were counted without their names: too many different ones."},
    LossMeaning{"emit.", kError, "Events were refused because their values or their kind were not valid."},
    LossMeaning{"event of an unknown shape", kError,
                "Events were refused: their kind or their values do not exist."},
    LossMeaning{"event after its thread ended", kDataLoss,
                "Events of a thread that was already ending are missing."},
    LossMeaning{"event inside the collector", kDataLoss,
                "Events from a signal handler are missing: they came while the collector was at work on that "
                "thread."},
    LossMeaning{"too many watched processes", kInfo,
                "Some workers were not watched for what they are blocked on."},
    LossMeaning{"NVTX messages open at once", kDataLoss,
                "Messages between ranks were nested too deeply; some collectives are missing."},
    LossMeaning{"NVTX ", kError, "A table of NVTX names was full; events show a number or nothing instead."},
    LossMeaning{"python.not_hooked.", kInfo,
                "A Python object was not hooked because it is not built as expected."},
    LossMeaning{"python.loader_not_described", kInfo, "The settings of a data loader could not be read."},
    LossMeaning{"python.packages_not_listed", kInfo, "The installed Python packages could not be listed."},
    LossMeaning{"python.", kError,
                "A Python hook failed and switched itself off; its events are missing from then on."},
    LossMeaning{"cupti.dropped", kDataLoss,
                "CUPTI dropped records because its own buffers were full; GPU events are missing."},
    LossMeaning{
        "cupti.discarded", kDataLoss,
        "GPU events were dropped because they came faster than they could be written; the memory budget was "
        "used up."},
    LossMeaning{"cupti.unknown_kind", kInfo, "CUPTI delivered records of a kind that was not asked for."},
    LossMeaning{"cupti.bad_time", kInfo,
                "GPU events without times, or that end before they start; they are kept with no duration."},
    LossMeaning{"cupti.call_failed", kError, "A CUPTI call failed; what it was to switch on is missing."},
    LossMeaning{"cupti.fatal", kDataLoss,
                "CUPTI gave up with a fatal error; GPU events are missing from then on."},
    LossMeaning{
        "cupti.flush_timeout", kDataLoss,
        "CUPTI did not deliver its last buffers in time at the end; the last GPU events are missing."},
    LossMeaning{"cupti.unavailable", kError,
                "No GPU events were recorded: CUPTI could not be used. `stepscope doctor` says why."},
    LossMeaning{"cupti.yielded", kInfo,
                "CUPTI was left to another tool for a while; the GPU events of that time are not here."},
    LossMeaning{"cupti.", kError, "Part of what CUPTI was asked for could not be recorded."},
    LossMeaning{"nccl.pool_full", kDataLoss,
                "Collectives were not recorded because too many were under way at once."},
    LossMeaning{"nccl.unfinished", kInfo,
                "Collectives had not finished when their communicator or the process ended."},
    LossMeaning{"nccl.", kError, "Part of what NCCL reported could not be understood."},
    LossMeaning{"nvml.", kError, "A reading of a GPU's health failed and was left out."},
    LossMeaning{"host.", kError, "A reading of the machine's state failed and was left out."},
    LossMeaning{"watch.", kInfo, "A sample of a worker's state failed and was left out."},
};

}  // namespace

const LossMeaning& loss_meaning(std::string_view counter) {
  const LossMeaning* best = kMeanings.data();
  for (const LossMeaning& meaning : kMeanings) {
    if (counter.starts_with(meaning.prefix) && meaning.prefix.size() > best->prefix.size()) {
      best = &meaning;
    }
  }
  return *best;
}

std::span<const LossMeaning> loss_meanings() {
  return kMeanings;
}

}  // namespace stepscope::trace
