# SPDX-License-Identifier: Apache-2.0
"""What the gate says of a real training program: equal runs, and runs made slower by a known amount.

    gate_on_real_runs.py --stepscope build/release/analyzer/cli/stepscope WORK
        [--slow 5] [--percent 3 10] [--steps 250] [--at-most N]

Trains samples/train.py: a pilot run, then healthy and slow runs in turns, so that a drift of the machine meets all alike; as many healthy
ones as slow ones. Slow runs spend --percent of the pilot's median step more in the forward pass (train.py --forward-ms). Then:
  equal  healthy runs against healthy runs: each against all others, and k against k in turns; a regression is a false alarm
  +3 %   slow runs against healthy ones: k against k, one against all, one against one with the noise model of the healthy ones
Writes WORK/results.md, fit to be pasted into docs/validation.md. Runs that are in WORK already are kept: started again, it goes on.
--at-most: records so many runs and ends, where the machine cannot be had for all of them at once (exit code 3: there are more to record).
"""
import argparse
import datetime
import json
import os
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
TRAIN = ROOT / "samples/train.py"
MOST_PER_SIDE = 5
TIMEOUT_S = 600
INJECTED_INTO = "compute/forward"  # the leaf of what --forward-ms adds
MORE_TO_RECORD = 3


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--stepscope", required=True)
    parser.add_argument("--python", default="/usr/bin/python3", help="an interpreter that has torch")
    parser.add_argument("--slow", type=int, default=5, help="slow runs of each size")
    parser.add_argument("--percent", type=float, nargs="+", default=[3.0, 10.0])
    parser.add_argument("--steps", type=int, default=250)
    parser.add_argument("--at-most", type=int, default=1000)
    return parser.parse_args()


class Runs:
    """Records runs, each once, one after the other."""

    def __init__(self, options):
        self.options = options
        self.left = options.at_most
        options.work.mkdir(parents=True, exist_ok=True)

    def record(self, name, *more):
        run = self.options.work / name
        if run.exists():
            return
        if self.left == 0:
            sys.exit(MORE_TO_RECORD)
        self.left -= 1
        half = self.options.work / (name + ".part")  # of a recording that was broken off
        shutil.rmtree(half, ignore_errors=True)
        command = [self.options.stepscope, "record", "-q", "-o", half, "--", self.options.python, TRAIN,
                   "--workers", "1", "--steps", str(self.options.steps), *more]
        done = subprocess.run(command, check=True, timeout=TIMEOUT_S, stdout=subprocess.PIPE, text=True)
        (self.options.work / (name + ".txt")).write_text(done.stdout)
        half.rename(run)
        print(f"{datetime.datetime.now():%H:%M:%S} {name}: {self.median_ms(name)} ms", flush=True)

    def median_ms(self, name):
        """What the program itself measured."""
        return float(re.search(r"median ([0-9.]+) ms", (self.options.work / (name + ".txt")).read_text()).group(1))


def names(prefix, count):
    return [f"{prefix}-{n:02}" for n in range(1, count + 1)]


def slow_name(percent):
    return f"plus{percent:g}"


def in_turns(options):
    """(name, percent) of all runs in the order in which they are recorded: a healthy one before each slow one."""
    order = []
    for n in range(1, options.slow + 1):
        for percent in options.percent:
            order.append((f"healthy-{len(order) // 2 + 1:02}", 0))
            order.append((f"{slow_name(percent)}-{n:02}", percent))
    return order


def stepscope(options, *words):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("STEPSCOPE_")}
    done = subprocess.run([options.stepscope, *words], cwd=options.work, env=environment, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=TIMEOUT_S)
    return done.returncode, done.stdout, done.stderr


def calibrate(options, runs):
    code, out, error = stepscope(options, "calibrate", *runs, "--json", "--store", "noise.db")
    if code != 0:
        raise SystemExit(f"calibrate: {code}: {error}")
    return json.loads(out)["noise"]


def share(value):
    return "" if value is None else f"{100 * value:+.2f} %"


class Verdicts:
    """Rows of a table, one per gate."""

    def __init__(self, options):
        self.options = options
        self.counts = {}
        self.rows = ["| comparison | change | bounds | p | visible | verdict | largest term |",
                     "| --- | ---: | --- | ---: | ---: | --- | --- |"]
        self.named = {}

    def gate(self, group, candidates, base, *more):
        code, out, error = stepscope(self.options, "gate", *candidates, "--baseline", *base, "--json", "gate.json", *more)
        if code not in (0, 1, 3):
            raise SystemExit(f"gate: {code}: {error}{out}")
        report = json.loads((self.options.work / "gate.json").read_text())
        step = report["step"]
        counts = self.counts.setdefault(group, {})
        counts[report["verdict"]] = counts.get(report["verdict"], 0) + 1
        term = report["terms"][0] if report["terms"] else {"leaf": "none", "delta_ns": 0}
        self.named[group] = self.named.get(group, 0) + (term["leaf"] == INJECTED_INTO)
        bounds = "" if step["low"] is None else f"{share(step['low'])} .. {share(step['high'])}"
        more_runs = report["more_runs"]
        wanted = f", wants {more_runs['base']} + {more_runs['candidate']} runs more" if any(more_runs.values()) else ""
        p = "" if step["p"] is None else f"{step['p']:.4f}"
        visible = "" if report["smallest_visible"] is None else f"{100 * report['smallest_visible']:.2f} %"
        self.rows.append(f"| {group}: {shorter(candidates)} against {shorter(base)} | {share(step['change'])} | {bounds} "
                         f"| {p} | {visible} | {report['verdict']}{wanted} | {term['leaf']} {term['delta_ns'] / 1e6:+.2f} ms |")

    def text(self):
        return "\n".join(self.rows)

    def summary(self):
        verdicts = ["regression", "pass", "inconclusive"]
        rows = ["| comparison | " + " | ".join(verdicts) + f" | largest term is {INJECTED_INTO} |", "| --- | ---: | ---: | ---: | ---: |"]
        return "\n".join(rows + [f"| {group} | " + " | ".join(str(counts.get(one, 0)) for one in verdicts) + f" | {self.named[group]} |"
                                 for group, counts in self.counts.items()])


def short(name):
    """h1 for healthy-01, s3-1 for plus3-01."""
    kind, number = name.split("-")
    return ("h" if kind == "healthy" else "s" + kind[len("plus"):] + "-") + str(int(number))


def shorter(runs):
    return " ".join(map(short, runs)) if len(runs) <= MOST_PER_SIDE else f"{len(runs)} healthy"


def equal_runs(verdicts, healthy):
    for name in healthy:
        verdicts.gate("equal, 1 against all others", [name], [other for other in healthy if other != name])
    for k in range(1, MOST_PER_SIDE + 1):
        for first in range(0, len(healthy) - 2 * k + 1, 2 * k):  # no run in two comparisons of one k
            group = healthy[first:first + 2 * k]
            verdicts.gate(f"equal, {k} against {k}", group[1::2], group[::2])


def slow_runs(verdicts, size, slow, beside, healthy):
    """`beside`: for each slow run the healthy one that was recorded before it."""
    for k in range(1, len(slow) + 1):
        for first in range(len(slow) - k + 1):
            verdicts.gate(f"{size}, {k} against {k}", slow[first:first + k], beside[first:first + k])
    for name in slow:
        verdicts.gate(f"{size}, 1 against all", [name], healthy)
    for name, base in zip(slow, beside):
        verdicts.gate(f"{size}, 1 against 1 with the noise model", [name], [base], "--store", "noise.db")


def machine(options):
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    words = "import platform, torch; print(f'Python {platform.python_version()}, PyTorch {torch.__version__}')"
    versions = subprocess.run([options.python, "-c", words], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    return (f"{datetime.date.today()}, {os.cpu_count()} CPUs ({model}), Linux {platform.release()}, "
            f"{stepscope(options, '--version')[1].strip()}, {versions}")


def main():
    options = arguments()
    options.stepscope = os.path.abspath(options.stepscope)
    runs = Runs(options)
    runs.record("pilot")
    extra_ms = {percent: round(percent / 100 * runs.median_ms("pilot"), 3) for percent in options.percent}
    order = in_turns(options)
    for name, percent in order:
        runs.record(name, *(["--forward-ms", str(extra_ms[percent])] if percent else []))
    healthy = names("healthy", len(order) // 2)
    verdicts = Verdicts(options)
    noise = calibrate(options, healthy)
    equal_runs(verdicts, healthy)
    for at, percent in enumerate(options.percent):
        slow = names(slow_name(percent), options.slow)
        slow_runs(verdicts, f"+{percent:g} %", slow, healthy[at::len(options.percent)], healthy)
    recorded = sorted((name for name, _ in order), key=lambda name: (options.work / (name + ".txt")).stat().st_mtime)
    medians = {name: runs.median_ms(name) for name in recorded}
    mean = {percent: statistics.mean(medians[name] for name, its in order if its == percent) for percent in [0, *options.percent]}
    (options.work / "results.md").write_text("\n\n".join([
        machine(options),
        f"samples/train.py, {options.steps} steps. Injected (--forward-ms): "
        + "; ".join(f"{percent:g} % of the pilot's step = {ms} ms, on the program's own clock {share(mean[percent] / mean[0] - 1)} of the mean run"
                    for percent, ms in extra_ms.items()) + ".",
        "Median step in ms on the program's own clock, in the order of recording: "
        + ", ".join(f"{short(name)} {value:.2f}" for name, value in medians.items()) + ".",
        f"calibrate on {len(noise['runs'])} healthy runs: from run to run {100 * noise['run_sd']:.2f} %, inside a run {100 * noise['within_sd']:.2f} %, "
        "smallest visible slowdown with k runs per side: "
        + ", ".join(f"{k}: {100 * change:.2f} %" for k, change in enumerate(noise["detectable"], start=1)) + ".",
        verdicts.summary(), verdicts.text()]) + "\n")
    print((options.work / "results.md").read_text())


if __name__ == "__main__":
    main()
