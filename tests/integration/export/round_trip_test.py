# SPDX-License-Identifier: Apache-2.0
"""A trace of torch.profiler through `stepscope import`, `export`, `import`: times, names and arguments stay.

Skips (exit code 77) where the program cannot import."""
import json
import os
import subprocess
import sys
import tempfile

PROGRAM = os.environ["STEPSCOPE_PROGRAM"]
KINDS = ("kernel", "memcpy", "memset", "cuda_api", "sync", "range", "collective", "cuda_event", "counter", "instant", "step_event", "phase",
         "overhead")


def event(category, name, pid, tid, ts, dur, **args):
    names = {key.replace("_", " ") if key in ("graph_id", "graph_node_id", "shared_memory") else key: value for key, value in args.items()}
    return {"ph": "X", "cat": category, "name": name, "pid": pid, "tid": tid, "ts": ts, "dur": dur, "args": names}


def trace():
    gpu = {"device": 0, "context": 1, "stream": 7}
    events = [
        event("user_annotation", f"ProfilerStep#{n}", 900, 900, f"{4458676522690 + n * 1000}.655", "999.{:03d}".format(n)) for n in range(5)
    ]
    events += [
        event("cpu_op", "aten::add, \"quoted\" \\ back", 900, 900, "4458676522700.001", "156.777"),
        event("user_annotation", "Optimizer.step#SGD.step", 900, 900, "4458676522900.250", "12.001"),
        event("cuda_runtime", "cudaLaunchKernel", 900, 900, "4458676522701.003", "41.768", correlation=57541),
        event("kernel", "void f<float, 1>(float const*)", 0, 7, "4458676522750.183", "41.407", correlation=57541, grid=[512, 1, 1],
              block=[512, 2, 1], **{"registers per thread": 40}, shared_memory=400, graph_id=3, graph_node_id=9, **gpu),
        event("kernel", "ncclDevKernel_ReduceScatter", 0, 7, "4458676522800.183", "5.007", correlation=57542, dtype="BFloat16", Seq=41,
              **{"Collective name": "_reduce_scatter_base", "In msg nelems": 800, "Out msg nelems": 100, "Group size": 8,
                 "Process Group Name": "0", "Process Group Description": "default_pg"}, **gpu),
        event("gpu_memcpy", "Memcpy HtoD (Pinned -> Device)", 0, 7, "4458676522810.001", "0.999", correlation=57543, bytes=4000, **gpu),
        event("gpu_memset", "Memset (Device)", 0, 7, "4458676522820.100", "4.960", correlation=57544, bytes=6291456, **gpu),
        event("cuda_sync", "Stream Sync", 0, 7, "4458676522830.000", "4.001", correlation=57545, cuda_sync_kind="Stream Sync", **gpu),
        event("gpu_user_annotation", "## forward ##", 0, 7, "4458676522749.183", "60.099"),
        {"ph": "i", "s": "t", "cat": "cpu_instant_event", "name": "mark", "pid": 900, "tid": 900, "ts": "4458676522840.003"},
        {"ph": "C", "name": "queue", "pid": 900, "tid": 900, "ts": "4458676522850.003", "args": {"length": 0.1}},
        {"ph": "M", "name": "thread_name", "pid": 900, "tid": 900, "ts": "0", "args": {"name": "main thread"}},
    ]
    text = json.dumps({"schemaVersion": 1, "deviceProperties": [{"id": 0, "name": "Example GPU"}], "baseTimeNanoseconds": 1711964646000000000,
                       "distributedInfo": {"backend": "nccl", "rank": 3, "world_size": 8}, "traceEvents": events})
    # Times are written as decimals: a double would not hold them.
    for key in ("ts", "dur"):
        parts = text.split(f'"{key}": "')
        text = parts[0] + "".join(f'"{key}": ' + part.replace('"', "", 1) for part in parts[1:])
    return text


def stepscope(*arguments):
    return subprocess.run([PROGRAM, *arguments], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.decode()


def table(run, kind):
    """Rows without the name of the file they are from and without what an export derives."""
    header, *lines = stepscope("export", run, "--format", "csv", "--kind", kind).splitlines()
    return header, sorted(line.split(",", 3)[3] for line in lines if ",stepscope." not in line)


def main():
    if " import " not in stepscope("--help"):
        print("skipped: this stepscope imports nothing")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/first.json", "w", encoding="utf-8") as file:
            file.write(trace())
        stepscope("import", f"{folder}/first.json", "-o", f"{folder}/first")
        stepscope("export", f"{folder}/first", "--format", "chrome", "-o", f"{folder}/second.json")
        stepscope("import", f"{folder}/second.json", "-o", f"{folder}/second")
        filled = 0
        for kind in KINDS:
            first, second = table(f"{folder}/first", kind), table(f"{folder}/second", kind)
            assert first == second, (kind, first, second)
            filled += 1 if first[1] else 0
            print(f"{kind}: {len(first[1])} rows are the same")
        assert filled >= 10, filled
        document = json.loads(open(f"{folder}/second.json", encoding="utf-8").read())
        assert document["distributedInfo"] == {"rank": 3, "world_size": 8, "backend": "nccl"}, document["distributedInfo"]
        assert document["baseTimeNanoseconds"] == 1711964646000000000
    return 0


if __name__ == "__main__":
    sys.exit(main())
