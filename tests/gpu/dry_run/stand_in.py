# SPDX-License-Identifier: Apache-2.0
"""Stand-ins for what run.sh needs of a machine with a GPU, so that the script itself can be tried anywhere: the programs stepscope,
nvidia-smi and cuda_sample, and a Python with PyTorch (torch_python). Nothing is measured; the numbers are made up here.

STAND_IN holds words that make something go wrong:
  lose_kernels  recordings lack one kernel          slow  level kernels costs 3 %
  no_samples    the CUDA sample does not run        hang  the CUDA sample never ends
  no_ledger     the self-check fails                no_gpu  nvidia-smi finds none
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import time

FAULTS = os.environ.get("STAND_IN", "").split()
RUN = os.environ.get("STAND_IN_RUN")
LEVEL = os.environ.get("STAND_IN_LEVEL", "off")
STEP_MS = {"off": 60.0, "steps": 60.06, "kernels": 61.8 if "slow" in FAULTS else 60.4, "api": 61.0, "full": 63.0, "profiler": 66.0}
KERNELS_PER_STEP = 100


def option(words, name, otherwise=None):
    return words[words.index(name) + 1] if name in words else otherwise


def leave(**facts):
    """What a recorder would have seen of this job."""
    if RUN:
        (pathlib.Path(RUN) / "job.json").write_text(json.dumps(facts))


def nvidia_smi(words):
    if "no_gpu" in FAULTS:
        sys.exit("No devices were found")
    print("Stand-in GPU, 000.00" if any("driver" in word for word in words) else "1980 MHz, 700.00 W")


def cuda_sample(words):
    if "no_samples" in FAULTS:
        sys.exit("no CUDA-capable device is detected")
    steps = int(option(words, "--steps", 50))
    shown = min(steps, 100)
    leave(kernels=6 * steps, copies=3 * steps, durations=[100000] * shown, steps=0)
    if steps > 1000000 or "hang" in FAULTS:
        time.sleep(600)  # until it is killed
    print(f"kernels {6 * steps}\ncopies {3 * steps}\nmemsets {steps}")
    print("\n".join("matrix_product_us 103.5" for _ in range(shown)))


def training(words, profiled):
    steps = int(option(words, "--steps", 30))
    policy = os.environ.get("STEPSCOPE_CUPTI", "")
    ours = theirs = steps * KERNELS_PER_STEP
    if profiled and RUN:
        window = 10 * KERNELS_PER_STEP
        ours, theirs = {"hold": (ours, 0), "yield": (ours - window, window), "off": (0, window)}[policy]
    leave(kernels=ours, copies=steps, steps=steps, collectives=steps if "--ddp-one-rank" in words else 0)
    if option(words, "--counts"):
        pathlib.Path(option(words, "--counts")).write_text(json.dumps({"gemm": theirs - theirs // 3, "add": theirs // 3}))
    if option(words, "--json"):
        mean = STEP_MS["profiler" if profiled else LEVEL]
        pathlib.Path(option(words, "--json")).write_text(json.dumps({"mean_ms": mean, "steps_ms": [mean] * steps}))


def torch_python(words):
    script = pathlib.Path(words[0]).name
    if script == "versions.py":
        print("0.0.0, CUDA 0.0, NCCL none")
    else:
        training(words[1:], script == "profiled_training.py")


def record(words):
    at = words.index("--")
    directory = pathlib.Path(option(words, "-o"))
    directory.mkdir(parents=True)
    environment = dict(os.environ, STAND_IN_RUN=str(directory), STAND_IN_LEVEL=option(words, "--level", "kernels"))
    return subprocess.run(words[at + 1:], env=environment, check=False).returncode


def sql(words):
    """Answers as the queries of run.sh ask."""
    path = pathlib.Path(words[0]) / "job.json"
    job = json.loads(path.read_text()) if path.exists() else {}
    kernels = max(job.get("kernels", 0) - ("lose_kernels" in FAULTS), 0)
    query = words[1]
    if "dur_ns" in query:
        return ["dur_ns", *map(str, job["durations"])]
    if "GROUP BY name" in query:
        return ["name,n", f"gemm,{kernels - kernels // 3}", f"add,{kernels // 3}"]
    if "FROM meta" in query:
        values = {"self.drain_cpu_ns": str(kernels * 100), "cupti.state": "recorded", "nvml.state": "ok"}
        return ["value", values.get(re.search(r"key = '([^']+)'", query).group(1), "unknown")]
    table = re.search(r"FROM (\w+)", query).group(1)
    known = {"kernel": kernels, "memcpy": job.get("copies", 0), "step": job.get("steps", 0), "collective": job.get("collectives", 0)}
    return ["n", str(known.get(table, 1))]


def stepscope(words):
    if words[0] == "record":
        return record(words[1:])
    if words[0] == "sql":
        print("\n".join(sql(words[1:])))
    if words[0] == "--version":
        print("stepscope stand-in")
    return 1 if words[0] == "selfcheck" and "no_ledger" in FAULTS else 0


PROGRAMS = {"nvidia-smi": nvidia_smi, "cuda_sample_shared": cuda_sample, "cuda_sample_static": cuda_sample,
            "torch_python": torch_python, "stepscope": stepscope}

if __name__ == "__main__":
    sys.exit(PROGRAMS[sys.argv[1]](sys.argv[2:]))
