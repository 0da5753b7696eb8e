// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <stdexcept>

#include "analyzer/import/import_run.hpp"
#include "tests/fuzz/targets.hpp"
#include "tests/support/gzip.hpp"
#include "tests/support/temp_dir.hpp"
#include "trace/recording.hpp"
#include "trace/sqlite.hpp"

namespace stepscope::fuzz {
namespace {

constexpr const char* kModern = R"J({
  "schemaVersion": 1,
  "deviceProperties": [{"id": 0, "name": "NVIDIA H100", "totalGlobalMem": 84929347584}],
  "distributedInfo": {"backend": "nccl", "rank": 1, "world_size": 2, "pg_config": [{"pg_name": "0", "ranks": [0, 1]}]},
  "displayTimeUnit": "ms", "baseTimeNanoseconds": 1711964646000000000,
  "traceEvents": [
  {"ph": "X", "cat": "user_annotation", "name": "ProfilerStep#5", "pid": 9, "tid": 9, "ts": 4458676522690.655, "dur": 900.5},
  {"ph": "X", "cat": "user_annotation", "name": "enumerate(DataLoader)#_SingleProcessDataLoaderIter.__next__", "pid": 9, "tid": 9, "ts": 4458676522691, "dur": 90},
  {"ph": "X", "cat": "cpu_op", "name": "aten::to", "pid": 9, "tid": 9, "ts": 4458676522790.655, "dur": 50.57, "args": {"External id": 1, "Input Dims": [[2, 3], []]}},
  {"ph": "X", "cat": "cuda_runtime", "name": "cudaLaunchKernel", "pid": 9, "tid": 9, "ts": 4458676522791, "dur": 8.612, "args": {"cbid": 211, "correlation": 7}},
  {"ph": "s", "id": 7, "pid": 9, "tid": 9, "ts": 4458676522791, "cat": "ac2g", "name": "ac2g"},
  {"ph": "X", "cat": "kernel", "name": "ncclDevKernel_AllReduce_Sum_bf16_RING_LL", "pid": 0, "tid": 40, "ts": 4458676522800.1, "dur": 26.669, "args": {"device": 0, "context": 1, "stream": 40, "correlation": 7, "registers per thread": 96, "shared memory": 87568, "grid": [8, 1, 1], "block": [544, 1, 1], "Collective name": "allreduce", "In msg nelems": 6637568, "Out msg nelems": 6637568, "Group size": 2, "dtype": "Float", "Process Group Name": "0", "Process Group Ranks": "[0, 1]", "Seq": 3}},
  {"ph": "X", "cat": "cuda_sync", "name": "Event Sync", "pid": 0, "tid": -1, "ts": 4458676522801, "dur": 4, "args": {"cuda_sync_kind": "Event Sync", "stream": -1, "correlation": 54, "device": 0, "context": 1}},
  {"ph": "X", "cat": "cpu_op", "name": "autograd::engine::evaluate_function: \u00e9 \"\\", "pid": 9, "tid": 12, "ts": 4458676522810, "dur": 9},
  {"ph": "M", "name": "thread_name", "pid": 9, "tid": 9, "args": {"name": "thread 9 (python)"}}
  ], "traceName": "x"})J";

constexpr const char* kOld = R"J({"traceEvents":[
{"ph":"X","cat":"Memcpy","name":"Memcpy HtoD (Pageable -> Device)","pid":0,"tid":"stream 7","ts":1623142624059168,"dur":1937,"args":{"device":0,"context":1,"stream":7,"correlation":68824,"bytes":19267584}},
{"ph":"X","cat":"Kernel","name":"k","pid":0,"tid":"stream 7","ts":1623142624061552,"dur":-2,"args":{"grid":"[1]","block":[1]}},
{"ph":"i","s":"t","name":"[memory]","pid":25738,"tid":25738,"ts":1623142623987384,"args":{"Bytes":-16}}]})J";

constexpr const char* kGeneral =
    R"J([{"ph":"B","name":"a","pid":1,"tid":"t","ts":"1.5"},{"ph":"C","name":"c","pid":1,"ts":2,"args":{"x":1.5,"y":2}},
{"ph":"E","pid":1,"tid":"t","ts":3e3},{"ph":"b","id":1,"ts":1},{"ph":"X","name":"n","ts":NaN,"dur":1},{"ph":"X","ts":4,"dur":1e2}])J";

constexpr const char* kFlight =
    R"J({"entries":[{"collective_seq_id":1,"duration_ms":0.5,"input_dtypes":["Float"],"input_sizes":[[3,4]],"is_p2p":false,"op_id":1,
"output_dtypes":["Float"],"output_sizes":[[3,4]],"p2p_seq_id":0,"pg_id":0,"process_group":["0","default_pg"],"profiling_name":"nccl:all_reduce",
"record_id":0,"retired":true,"state":"completed","time_created_ns":1724779239936775119,"time_discovered_completed_ns":1724779239975811724,
"time_discovered_started_ns":0,"timeout_ms":600000},{"collective_seq_id":1,"is_p2p":true,"p2p_seq_id":2,"pg_id":0,"process_group":["0",""],
"profiling_name":"nccl:send 0->1","state":"scheduled","time_created_ns":1724779239936775120}],"nccl_comm_state":{},
"pg_config":{"0":{"desc":"default_pg","name":"0","ranks":"[0, 1]"}},"pg_status":{"0":{"last_completed_collective":"1",
"last_enqueued_collective":"2","last_started_collective":"1"}},"version":"2.10"})J";

// A small export of Nsight Systems.
std::string nsys_seed() {
  const testing::TempDir dir;
  testing::write_bytes(dir.file("x"), "");
  trace::Result<trace::Database> database = trace::Database::open(dir.file("x"), trace::OpenMode::kReadWrite);
  const bool made = database.ok() && database.value().exec(
                                         "PRAGMA page_size=512; CREATE TABLE StringIds (id INTEGER PRIMARY "
                                         "KEY, value TEXT); INSERT INTO StringIds VALUES "
                                         "(1, 'gemm'); CREATE TABLE CUPTI_ACTIVITY_KIND_KERNEL (start INT, "
                                         "end INT, deviceId INT, streamId INT, globalPid "
                                         "INT, shortName INT); INSERT INTO CUPTI_ACTIVITY_KIND_KERNEL VALUES "
                                         "(10, 20, 0, 7, 281483361845248, 1);"
                                         "CREATE TABLE NVTX_EVENTS (start INT, end INT, eventType INT, text "
                                         "TEXT, globalTid INT); INSERT INTO NVTX_EVENTS "
                                         "VALUES (1, 9, 59, 'aten::mm, op_id = 3', 281483361845249);");
  if (!made || !database.value().close()) {
    throw std::runtime_error("no seed of an export");
  }
  return testing::read_bytes(dir.file("x"));
}

}  // namespace

void run_import(std::span<const uint8_t> input) {
  const std::string directory = scratch_directory() + "/import";
  std::filesystem::create_directories(directory);
  const std::string file = scratch_directory() + "/trace.json";
  testing::write_bytes(file, std::string(input.begin(), input.end()));
  const trace::Result<analysis::ImportedRun> run = analysis::import_run({file}, directory, {});
  if (!run.ok()) {
    return;
  }
  // What was imported are recordings like any other.
  for (const analysis::ImportedFile& made : run.value().files) {
    const trace::Result<trace::Recording> recording = trace::Recording::open(made.recording);
    if (!recording.ok() || !recording.value().verify().ok()) {
      __builtin_trap();
    }
    std::filesystem::remove(made.recording);
  }
}

std::vector<std::string> import_seeds() {
  return {kModern, kOld, kGeneral, testing::gzip_bytes(kModern), kFlight, nsys_seed()};
}

}  // namespace stepscope::fuzz
