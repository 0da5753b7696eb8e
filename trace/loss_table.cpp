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
    LossMeaning{"", kDataLoss, "A counter this version does not know; treated as lost data.",
                "read the recording with the version that made it, or a newer one"},
    LossMeaning{"ring.full", kDataLoss,
                "Events were dropped because a thread produced them faster than they were drained.",
                "mark less, or lower the level: stepscope record --level steps"},
    LossMeaning{"ring.budget", kDataLoss, "Threads were not recorded because no ring was left for them.",
                "start fewer threads at once in one process"},
    LossMeaning{"ring.missing", kDataLoss,
                "The .ring file was missing or damaged: texts and the last events are not there.",
                "keep *.spool and *.ring together until they are finalized"},
    LossMeaning{"ring.", kDataLoss, "Events are missing because a ring could not be used or understood.",
                "keep *.spool and *.ring together until they are finalized; record again"},
    LossMeaning{"string.missing", kError,
                "Events name a text that the spool does not have; they show as unnamed.",
                "keep *.spool and *.ring together until they are finalized"},
    LossMeaning{"string.", kError,
                "Texts were dropped because the string table was full; events show a placeholder.",
                "use fewer different names: no numbers or file names in the names of ranges"},
    LossMeaning{"range.unbalanced", kInfo, "A range was ended that was not open; the call was ignored."},
    LossMeaning{"range.async_full", kDataLoss,
                "Too many ranges that are ended by handle were open at once; some are missing.",
                "end ranges that were started with nvtxRangeEnd, or use push and pop"},
    LossMeaning{"range.unfinished", kInfo,
                "Ranges were still open when the process ended; they are cut at its last event."},
    LossMeaning{"range.", kDataLoss, "Ranges were nested too deeply; the innermost ones are missing.",
                "close ranges before opening others inside; 64 levels are kept"},
    LossMeaning{"lane.", kDataLoss,
                "Lanes were refused because their table was full; their events are missing.",
                "start fewer threads, streams or communicators in one process"},
    LossMeaning{"journal.", kError,
                "Lanes, facts or log lines were dropped because they came faster than they were drained.",
                "use fewer different names: no numbers or file names in the names of ranges"},
    LossMeaning{"meta.cut", kInfo, "A fact about the process was too long and was cut."},
    LossMeaning{"meta.", kError, "Facts about the process were dropped because their table was full.",
                "store fewer facts with stepscope_meta()"},
    LossMeaning{"log.", kInfo, "Log lines of the collector were dropped because their table was full."},
    LossMeaning{"clock.jump", kError,
                "The clock stepped between two readings; times around it are not trustworthy.",
                "stop the clock being set by hand during a run; record again"},
    LossMeaning{"clock.", kInfo, "A clock could not be read at one of the regular readings."},
    LossMeaning{"spool.torn_bytes", kInfo,
                "A write at the end of the spool was cut off; what it held was taken from the ring."},
    LossMeaning{"spool.write_failed", kError,
                "Writing the spool failed at times (disk full?); the events waited in the rings.",
                "make room on the disk of the run directory, or choose another with record -o"},
    LossMeaning{"spool.events_missing", kDataLoss,
                "Events are missing because parts of the spool are damaged.",
                "take an undamaged copy of the spool, or record again"},
    LossMeaning{"spool.damaged", kDataLoss, "Parts of the spool could not be decoded and were left out.",
                "take an undamaged copy of the spool, or record again"},
    LossMeaning{"spool.unknown_kind", kDataLoss,
                "Events of a kind this version does not know were left out; finalize with the version that "
                "recorded.",
                "finalize with the version that recorded: stepscope finalize"},
    LossMeaning{
        "spool.unclean_end", kInfo,
        "The process did not end in an orderly way (killed, aborted, _exit); what it recorded is complete."},
    LossMeaning{"spool.snapshot", kInfo, "The process was still running when this recording was made."},
    LossMeaning{"spool.", kDataLoss, "The spool could not be written; events are missing.",
                "make room on the disk of the run directory, or choose another with record -o"},
    LossMeaning{"loss.", kError, "Some losses were counted without their names: too many different ones.",
                "mend the other losses first; they hide these"},
    LossMeaning{"emit.", kError, "Events were refused because their values or their kind were not valid.",
                "look at the arguments of the calls to stepscope.h; record again"},
    LossMeaning{"event of an unknown shape", kError,
                "Events were refused: their kind or their values do not exist.",
                "look at the arguments of the calls to stepscope.h; record again"},
    LossMeaning{"event after its thread ended", kDataLoss,
                "Events of a thread that was already ending are missing.",
                "mark nothing in destructors of thread-local objects"},
    LossMeaning{"event inside the collector", kDataLoss,
                "Events from a signal handler are missing: they came while the collector was at work on that "
                "thread.",
                "mark nothing in signal handlers"},
    LossMeaning{"too many watched processes", kInfo,
                "Some workers were not watched for what they are blocked on."},
    LossMeaning{"NVTX messages open at once", kDataLoss,
                "Messages between ranks were nested too deeply; some collectives are missing.",
                "record with the NCCL plugin: keep NCCL_PROFILER_PLUGIN in the launcher's environment"},
    LossMeaning{"NVTX ", kError, "A table of NVTX names was full; events show a number or nothing instead.",
                "use fewer domains, categories and registered names"},
    LossMeaning{"python.not_hooked.", kInfo,
                "A Python object was not hooked because it is not built as expected."},
    LossMeaning{"python.loader_not_described", kInfo, "The settings of a data loader could not be read."},
    LossMeaning{"python.packages_not_listed", kInfo, "The installed Python packages could not be listed."},
    LossMeaning{"python.", kError,
                "A Python hook failed and switched itself off; its events are missing from then on.",
                "look at the log of the recording (stepscope sql RUN \"SELECT * FROM log\") and report it"},
    LossMeaning{
        "exit.lock_timeout", kDataLoss,
        "The process ended while the collector's own thread was held up, in a vendor's library or by a "
        "disk; the last GPU events and facts are missing.",
        "look for a GPU or a disk that hangs on the machine of the job; record again"},
    LossMeaning{"cupti.dropped", kDataLoss,
                "CUPTI dropped records because its own buffers were full; GPU events are missing.",
                "lower the level: stepscope record --level kernels"},
    LossMeaning{
        "cupti.discarded", kDataLoss,
        "GPU events were dropped because they came faster than they could be written; the memory budget was "
        "used up.",
        "lower the level: stepscope record --level kernels"},
    LossMeaning{"cupti.buffer_cut", kDataLoss,
                "CUPTI could not read a buffer to its end; the GPU events in the rest of it are missing.",
                "update CUDA or the driver"},
    LossMeaning{
        "cupti.discarded_late", kDataLoss,
        "Buffers that came after CUPTI had been left to another tool could not be read; the last GPU events "
        "before that are missing.",
        "record with --cupti hold, or run the other profiler in a run of its own"},
    LossMeaning{"cupti.undescribed", kDataLoss,
                "CUPTI did not say how its records are laid out; they could not be read.",
                "record with STEPSCOPE_CUPTI_RECORDS=classic in the environment"},
    LossMeaning{"cupti.unknown_kind", kInfo, "CUPTI delivered records of a kind that was not asked for."},
    LossMeaning{"cupti.no_time", kDataLoss, "GPU events that CUPTI never stamped were left out.",
                "update CUDA or the driver"},
    LossMeaning{"cupti.bad_time", kInfo,
                "GPU events that end before they start; they are kept with no duration."},
    LossMeaning{"cupti.call_failed", kError, "A CUPTI call failed; what it was to switch on is missing.",
                "run `stepscope doctor` on the recording: it says what CUPTI answered"},
    LossMeaning{"cupti.fatal", kDataLoss,
                "CUPTI gave up with a fatal error; GPU events are missing from then on.",
                "record again without other profilers, or with --level steps"},
    LossMeaning{
        "cupti.fatal_buffers", kDataLoss,
        "Buffers that CUPTI had filled before its fatal error could not be read any more; the GPU events "
        "in them are missing.",
        "record again without other profilers, or with --level steps"},
    LossMeaning{"cupti.flush_failed", kDataLoss,
                "CUPTI refused to deliver its buffers; GPU events may be missing.",
                "update CUDA or the driver"},
    LossMeaning{"cupti.flush_timeout", kDataLoss,
                "CUPTI did not deliver its last buffers in time at the end; the last GPU events are missing.",
                "end the program in an orderly way: no os._exit while kernels run"},
    LossMeaning{"cupti.unavailable", kError,
                "No GPU events were recorded: CUPTI could not be used. `stepscope doctor` says why.",
                "run `stepscope doctor` on the machine of the job"},
    LossMeaning{"cupti.yielded", kInfo,
                "CUPTI was left to another tool for a while; the GPU events of that time are not here."},
    LossMeaning{"cupti.", kError, "Part of what CUPTI was asked for could not be recorded.",
                "run `stepscope doctor` on the recording: it says what CUPTI answered"},
    LossMeaning{"nccl.pool_full", kDataLoss,
                "Collectives were not recorded because too many were under way at once.",
                "record again; report the number of collectives under way at once"},
    LossMeaning{"nccl.unfinished", kInfo,
                "Collectives had not finished when their communicator or the process ended."},
    LossMeaning{"nccl.stale_handle", kInfo,
                "NCCL ended or updated events that were over already; the calls were ignored."},
    LossMeaning{"nccl.late_part", kInfo,
                "Parts of a collective came after it had been written; its end may be a little early."},
    LossMeaning{"nccl.unknown_event", kInfo, "NCCL reported events of a type this version does not know."},
    LossMeaning{"nccl.unknown_dtype", kError,
                "Collectives of a data type this version does not know; their size in bytes is missing.",
                "record with a stepscope that knows this NCCL"},
    LossMeaning{"nccl.too_many_communicators", kDataLoss,
                "Communicators were not recorded because too many were alive at once.",
                "record again; report the number of communicators"},
    LossMeaning{"nccl.peer_not_numbered", kError,
                "Messages to or from a rank beyond the table; they all have number 0.",
                "report the number of ranks"},
    LossMeaning{"nccl.chained_dropped", kError,
                "Events were not passed on to the other NCCL plugin because too many were under way.",
                "run without stepscope record to have all of that tool's events"},
    LossMeaning{"nccl.setup_call_not_kept", kError,
                "Calls that set communicators up were not kept because too many were open; their durations "
                "are missing.",
                "report the number of communicators that are set up at once"},
    LossMeaning{"nccl.", kError, "Part of what NCCL reported could not be understood.",
                "record with a stepscope that knows this NCCL"},
    LossMeaning{"nvml.gpu_lost", kError,
                "A GPU fell off the bus or needs a reset; its health is missing from then on.",
                "reset or replace the GPU; nvidia-smi tells its state"},
    LossMeaning{"nvml.gpu_not_found", kError,
                "A GPU the process uses is not known to NVML, or one too many; its health is missing.",
                "compare CUDA_VISIBLE_DEVICES with nvidia-smi -L"},
    LossMeaning{
        "nvml.call_hung", kError,
        "NVML was in a call when the process ended and did not come back; the health of GPUs may be missing.",
        "run nvidia-smi on the machine of the job: does it hang?"},
    LossMeaning{"nvml.", kError, "A reading of a GPU's health failed and was left out.",
                "compare with nvidia-smi on the machine of the job"},
    LossMeaning{"host.", kError, "A reading of the machine's state failed and was left out.",
                "run `stepscope doctor` on the machine of the job"},
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
