#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One large torch.profiler trace, loaded by HolisticTraceAnalysis and by `stepscope import`: events per second of both.

    tests/bench/analyzer/import_beside_hta.py --stepscope build/release/analyzer/cli/stepscope [--events N] [--venv DIR]

HTA comes from PyPI into a virtual environment (build/hta-venv), once; where PyPI cannot be reached the script says so and exits
with 77. The trace is that of bench_import: of five events one operator with its shapes, one CUDA call, one kernel with its launch
configuration, and the two ends of the arrow between them. HTA's number is that of TraceAnalysis() alone, without the interpreter's
start and its imports; stepscope's is that of the whole program. Both are CPU time, children included; wall time stands beside it.
"""
import argparse
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

PACKAGE = "HolisticTraceAnalysis"
EVENTS_PER_OPERATOR = 5
OPERATORS = ("aten::empty", "aten::mm", "aten::add_", "aten::conv2d", "aten::convolution",
             "autograd::engine::evaluate_function: AddBackward0")
PID = 2910249

LOAD = """
import json, logging, os, sys, time
logging.disable(logging.CRITICAL)
from hta.trace_analysis import TraceAnalysis
def cpu():
    now = os.times()
    return now.user + now.system + now.children_user + now.children_system
wall, start = time.perf_counter(), cpu()
analysis = TraceAnalysis(trace_files={0: sys.argv[1]}, trace_dir=os.path.dirname(sys.argv[1]))
print(json.dumps({"cpu": cpu() - start, "wall": time.perf_counter() - wall, "rows": len(analysis.t.get_trace(0))}))
"""


def one_operator(i, ts):
    number = 1000 + i
    shapes = {"Concrete Inputs": ["", ""], "Input type": ["float", "float"], "Input Strides": [[1024, 1], [1, 1]],
              "Input Dims": [[2048, 125], [125, 320]]}
    host, gpu = {"pid": PID, "tid": PID}, {"pid": 0, "tid": 7}
    arrow = {"id": number, "cat": "ac2g", "name": "ac2g"}
    kernel = f"void cutlass_80_tensorop_s16816gemm_bf16_{64 * (i % 5 + 1)}x{i % 150}_32x6_nn_align8<float, {i % 150 * 7919}>(Params)"
    return (
        {"ph": "X", "cat": "cpu_op", "name": OPERATORS[i % 6], **host, "ts": ts, "dur": 20.5 + i % 37,
         "args": {"External id": number, "Record function id": number, **shapes, "Ev Idx": i}},
        {"ph": "X", "cat": "cuda_runtime", "name": "cudaLaunchKernel", **host, "ts": ts + 1, "dur": 5.612,
         "args": {"External id": number, "cbid": 211, "correlation": number}},
        {"ph": "s", **arrow, **host, "ts": ts + 1},
        {"ph": "X", "cat": "kernel", "name": kernel, **gpu, "ts": ts + 9, "dur": 3.25 + i % 29,
         "args": {"External id": number, "queued": 0, "device": 0, "context": 1, "stream": 7, "correlation": number,
                  "registers per thread": 16 + i % 3 * 8, "shared memory": 0, "blocks per SM": 116.148148, "warps per SM": 464.59259,
                  "grid": [8 << i % 5, 1, 1], "block": [128, 1, 1], "est. achieved occupancy %": 75}},
        {"ph": "f", **arrow, **gpu, "ts": ts + 9, "bp": "e"},
    )


def write_trace(path, events):
    with open(path, "w", encoding="utf-8") as out:
        out.write('{"schemaVersion": 1, "distributedInfo": {"rank": 0, "world_size": 1}, "traceEvents": [\n')
        for i in range(events // EVENTS_PER_OPERATOR):
            out.write("" if i == 0 else ",\n")
            out.write(",\n".join(json.dumps(event, indent=1) for event in one_operator(i, 4458676522690 + 50 * i)))
        out.write('\n], "displayTimeUnit": "ms", "baseTimeNanoseconds": 1711964646000000000}\n')


def python_with_hta(venv):
    """The interpreter of the virtual environment, which is made when it is not there; None when PyPI does not answer."""
    python = venv / "bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    if subprocess.run([python, "-c", "import hta"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        installed = subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", PACKAGE], check=False)
        if installed.returncode != 0:
            return None
    return python


def load_with_hta(python, path):
    done = subprocess.run([python, "-c", LOAD, path], check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def load_with_stepscope(program, path, run):
    def cpu():
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    wall, start = time.perf_counter(), cpu()
    subprocess.run([program, "import", path, "-o", run], check=True, stdout=subprocess.DEVNULL)
    return {"cpu": cpu() - start, "wall": time.perf_counter() - wall}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stepscope", required=True)
    parser.add_argument("--events", type=int, default=500000)
    parser.add_argument("--venv", type=pathlib.Path, default=pathlib.Path("build/hta-venv"))
    options = parser.parse_args()
    python = python_with_hta(options.venv)
    if python is None:
        print(f"skipped: PyPI cannot be reached for {PACKAGE}")
        return 77
    version = subprocess.run([python, "-c", f"import importlib.metadata as m; print(m.version('{PACKAGE}'))"], check=True,
                             stdout=subprocess.PIPE, text=True).stdout.strip()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "trace.json")
        write_trace(path, options.events)
        print(f"{options.events} events, {os.path.getsize(path) / 1e6:.0f} MB of JSON")
        rates = {}
        for name, measured in ((f"HTA {version}", load_with_hta(python, path)),
                               ("stepscope import", load_with_stepscope(options.stepscope, path, os.path.join(folder, "run")))):
            rates[name] = options.events / measured["cpu"]
            print(f"{name:18} {rates[name] / 1e3:10.1f} k events/s of CPU time ({measured['cpu']:.2f} s CPU, {measured['wall']:.2f} s wall)")
        theirs, ours = rates.values()
        print(f"stepscope import is {ours / theirs:.0f} times as fast")
    return 0


if __name__ == "__main__":
    sys.exit(main())
