# SPDX-License-Identifier: Apache-2.0
"""The step time of one training job without and with recorders, interleaved: each round runs every variant once.

    step_time.py --stepscope S --python P --train SCRIPT --work DIR --seconds N -- OPTIONS OF THE SCRIPT
A variant's cost is the median over rounds of its step time against the unrecorded one of the same round. Rounds go on until the
time is used up; the first round's order is turned around in every second one, so that a machine that warms up favours nobody.
"""
import argparse
import json
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

import lines

LEVELS = ("steps", "kernels", "api", "full")
BARS = {"steps": 0.003, "kernels": 0.01}
SHORTEST_STEP_MS = 50.0
HERE = pathlib.Path(__file__).resolve().parent
NSYS_PLACES = ("/opt/nvidia/nsight-systems/bin/nsys", "/usr/local/cuda/bin/nsys")


def find_nsys():
    found = shutil.which("nsys")
    return found or next((place for place in NSYS_PLACES if pathlib.Path(place).exists()), None)


def variants(options):
    """Name -> command without the options of the training script, in the order of a round."""
    script = [options.python, options.train]
    found = {"off": script}
    for level in LEVELS:
        found[level] = [options.stepscope, "record", "-q", "--level", level, "-o", f"{options.work}/timed", "--", *script]
    found["torch.profiler"] = [options.python, str(HERE / "profiled_training.py"), "--counts", f"{options.work}/timed.counts",
                               "--json", f"{options.work}/timed.json", "--"]
    nsys = find_nsys()
    if nsys:
        found["nsys"] = [nsys, "profile", "-t", "cuda,nvtx", "-o", f"{options.work}/timed.nsys", "-f", "true", *script]
    return found


def measure(options, name, command):
    """The mean step of one run in ms; None when it failed."""
    result = pathlib.Path(options.work) / "timed.json"
    result.unlink(missing_ok=True)
    shutil.rmtree(f"{options.work}/timed", ignore_errors=True)
    own = [] if name == "torch.profiler" else ["--json", str(result)]
    done = subprocess.run([*command, *options.rest, *own], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0 or not result.exists():
        print(f"step_time: {name} ended with {done.returncode}: {done.stderr[-300:]}", file=sys.stderr)
        return None
    return json.loads(result.read_text())["mean_ms"]


def run_rounds(options, commands):
    """Name -> step times, one per round; complete rounds only, except that a variant that failed is left out from then on."""
    times = {name: [] for name in commands}
    failed, longest = set(), 0.0
    end = time.monotonic() + options.seconds * 0.95
    while not times["off"] or time.monotonic() + longest < end:
        begin = time.monotonic()
        order = list(commands) if len(times["off"]) % 2 == 0 else list(reversed(commands))
        for name in order:
            if name in failed:
                continue
            step = measure(options, name, commands[name])
            if step is None:
                failed.add(name)
                times[name].clear()
            else:
                times[name].append(step)
        if "off" in failed:
            break
        longest = max(longest, time.monotonic() - begin)
        if options.rounds and len(times["off"]) >= options.rounds:
            break
    return times, failed


def report(times, failed, has_nsys):
    if "off" in failed:
        lines.line("step time, off", "the training failed", "FAIL")
        return
    baseline, width = lines.spread(times["off"])
    rounds = len(times["off"])
    lines.line("step time, off", f"{baseline:.3f} ± {width:.3f} ms ({rounds} rounds)", lines.verdict(baseline >= SHORTEST_STEP_MS))
    for name, steps in times.items():
        if name == "off":
            continue
        if name in failed:
            lines.line(f"step time, {name}", "the run failed", "SKIP" if name == "nsys" else "FAIL")
            continue
        cost, uncertain = lines.spread([step / off - 1 for step, off in zip(steps, times["off"])])
        text = f"{statistics.median(steps):.3f} ms, {cost:+.2%} ± {uncertain:.2%}"
        bar = BARS.get(name)
        lines.line(f"step time, {name}" + (f" (bar {bar:.1%})" if bar else ""), text, lines.verdict(cost <= bar) if bar else "-")
    if not has_nsys:
        lines.line("step time, nsys", "not installed here", "SKIP")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("stepscope", "python", "train", "work"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--seconds", type=float, default=240)
    parser.add_argument("--rounds", type=int, default=0, help="at most so many")
    parser.add_argument("rest", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    options.rest = [word for word in options.rest if word != "--"]
    commands = variants(options)
    times, failed = run_rounds(options, commands)
    report(times, failed, "nsys" in commands)


if __name__ == "__main__":
    main()
