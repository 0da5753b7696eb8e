# SPDX-License-Identifier: Apache-2.0
"""What the gate says of a real training program: equal runs, and runs made slower by a known amount.

    gate_on_real_runs.py --stepscope build/release/analyzer/cli/stepscope WORK
        [--healthy 12] [--slow 6] [--percent 3] [--steps 250] [--pause 0] [--wrap CMD]

Trains samples/train.py: one pilot run, then two healthy runs and a slow one by turns, so that a drift of the machine meets both sides alike.
Slow runs spend --percent of the pilot's median step more in the forward pass (train.py --forward-ms). Then:
  calibrate        on the healthy runs: spread from run to run, smallest slowdown that k runs per side show
  healthy, healthy each run against all others, and k against k in turns: a regression is a false alarm, a pass right
  slow, healthy    k against k neighbours, one against all, one against one with the noise model
Writes WORK/results.md, fit to be pasted into docs/validation.md. Runs that are in WORK already are kept: started again, it goes on.
--wrap: a command that runs each recording, to keep other work off the machine; --pause: seconds between two recordings.
"""
import argparse
import datetime
import json
import os
import pathlib
import platform
import re
import shlex
import shutil
import statistics
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
TRAIN = ROOT / "samples/train.py"
MOST_PER_SIDE = 5
TIMEOUT_S = 600


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--stepscope", required=True)
    parser.add_argument("--python", default="/usr/bin/python3", help="an interpreter that has torch")
    parser.add_argument("--healthy", type=int, default=12)
    parser.add_argument("--slow", type=int, default=6)
    parser.add_argument("--percent", type=float, default=3.0)
    parser.add_argument("--steps", type=int, default=250)
    parser.add_argument("--pause", type=float, default=0)
    parser.add_argument("--wrap", default="")
    return parser.parse_args()


class Runs:
    """Records runs, each once, one after the other."""

    def __init__(self, options):
        self.options = options
        options.work.mkdir(parents=True, exist_ok=True)

    def record(self, name, *more):
        run = self.options.work / name
        if run.exists():
            return
        time.sleep(self.options.pause)
        half = self.options.work / (name + ".part")  # of a recording that was broken off
        shutil.rmtree(half, ignore_errors=True)
        command = shlex.split(self.options.wrap) + [
            self.options.stepscope, "record", "-q", "-o", half, "--", self.options.python, TRAIN,
            "--workers", "1", "--steps", str(self.options.steps), *more]
        began = time.monotonic()
        done = subprocess.run(command, check=True, timeout=TIMEOUT_S, stdout=subprocess.PIPE, text=True)
        (self.options.work / (name + ".txt")).write_text(done.stdout)
        half.rename(run)
        print(f"{name}: {self.median_ms(name)} ms; {time.monotonic() - began:.0f} s with waiting", flush=True)

    def median_ms(self, name):
        """What the program itself measured."""
        return float(re.search(r"median ([0-9.]+) ms", (self.options.work / (name + ".txt")).read_text()).group(1))

    def names(self):
        """Healthy and slow ones in the order in which they are recorded."""
        order, healthy, slow = [], 0, 0
        while healthy < self.options.healthy or slow < self.options.slow:
            for _ in range(2):
                if healthy < self.options.healthy:
                    healthy += 1
                    order.append(f"healthy-{healthy:02}")
            if slow < self.options.slow:
                slow += 1
                order.append(f"slow-{slow:02}")
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


def cause(report):
    """The largest term, and the first finding."""
    terms, findings = report["terms"], report["findings"]
    term = f"{terms[0]['name']} {terms[0]['delta_ns'] / 1e6:+.2f} ms" if terms else ""
    return term + (": " + findings[0]["text"] if findings else "")


class Verdicts:
    """Rows of a table, one per gate."""

    def __init__(self, options):
        self.options = options
        self.counts = {}
        self.rows = ["| comparison | change | bounds | p | visible | verdict | largest term |",
                     "| --- | ---: | --- | ---: | ---: | --- | --- |"]

    def gate(self, group, candidates, base, *more):
        code, out, error = stepscope(self.options, "gate", *candidates, "--baseline", *base, "--json", "gate.json", *more)
        if code not in (0, 1, 3):
            raise SystemExit(f"gate: {code}: {error}{out}")
        report = json.loads((self.options.work / "gate.json").read_text())
        step = report["step"]
        counts = self.counts.setdefault(group, {})
        counts[report["verdict"]] = counts.get(report["verdict"], 0) + 1
        bounds = "" if step["low"] is None else f"{share(step['low'])} .. {share(step['high'])}"
        more_runs = report["more_runs"]
        wanted = f", wants {more_runs['base']} + {more_runs['candidate']} runs more" if any(more_runs.values()) else ""
        p = "" if step["p"] is None else f"{step['p']:.4f}"
        visible = "" if report["smallest_visible"] is None else f"{100 * report['smallest_visible']:.2f} %"
        self.rows.append(f"| {group}: {' '.join(shorter(candidates))} against {' '.join(shorter(base))} | {share(step['change'])} | {bounds} "
                         f"| {p} | {visible} | {report['verdict']}{wanted} | {cause(report)} |")

    def text(self):
        return "\n".join(self.rows)

    def summary(self):
        verdicts = ["regression", "pass", "inconclusive"]
        rows = ["| comparison | " + " | ".join(verdicts) + " |", "| --- | ---: | ---: | ---: |"]
        return "\n".join(rows + [f"| {group} | " + " | ".join(str(counts.get(one, 0)) for one in verdicts) + " |"
                                 for group, counts in self.counts.items()])


def shorter(names):
    """h1 h2 for healthy-01 healthy-02; a count where there are many."""
    short = [name[0] + str(int(name.split("-")[1])) for name in names]
    return short if len(short) <= MOST_PER_SIDE else [f"{len(short)} {names[0].split('-')[0]}"]


def equal_runs(verdicts, healthy):
    for name in healthy:
        verdicts.gate("equal, 1 against all others", [name], [other for other in healthy if other != name])
    for k in range(1, MOST_PER_SIDE + 1):
        for first in range(0, len(healthy) - 2 * k + 1, 2 * k):  # no run in two comparisons of one k
            group = healthy[first:first + 2 * k]
            verdicts.gate(f"equal, {k} against {k}", group[1::2], group[::2])


def slow_runs(verdicts, healthy, slow):
    for k in range(1, min(MOST_PER_SIDE, len(slow)) + 1):
        for first in range(len(slow) - k + 1):
            base = healthy[2 * first:2 * (first + k):2]
            if len(base) == k:
                verdicts.gate(f"slow, {k} against {k}", slow[first:first + k], base)
    for name in slow:
        verdicts.gate("slow, 1 against all", [name], healthy)
    for at, name in enumerate(slow):
        if 2 * at < len(healthy):
            verdicts.gate("slow, 1 against 1 with the noise model", [name], [healthy[2 * at]], "--store", "noise.db")


def machine(options):
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    torch = subprocess.run([options.python, "-c", "import torch; print(torch.__version__)"], stdout=subprocess.PIPE, text=True, check=True)
    version = stepscope(options, "--version")[1].strip()
    return (f"{datetime.date.today()}, {os.cpu_count()} CPUs ({model}), Linux {platform.release()}, {version}, "
            f"Python {platform.python_version()}, PyTorch {torch.stdout.strip()}")


def main():
    options = arguments()
    options.stepscope = os.path.abspath(options.stepscope)
    runs = Runs(options)
    runs.record("pilot")
    pilot_ms = runs.median_ms("pilot")
    extra_ms = round(options.percent / 100 * pilot_ms, 3)
    order = runs.names()
    for name in order:
        runs.record(name, *(["--forward-ms", str(extra_ms)] if name.startswith("slow") else []))
    healthy = [name for name in order if name.startswith("healthy")]
    slow = [name for name in order if name.startswith("slow")]
    noise = calibrate(options, healthy)
    verdicts = Verdicts(options)
    equal_runs(verdicts, healthy)
    slow_runs(verdicts, healthy, slow)
    medians = {name: runs.median_ms(name) for name in order}
    excess = statistics.mean(medians[n] for n in slow) / statistics.mean(medians[n] for n in healthy) - 1
    (options.work / "results.md").write_text("\n\n".join([
        machine(options),
        f"samples/train.py, {options.steps} steps; slow: --forward-ms {extra_ms}, which is {options.percent:g} % of the pilot's {pilot_ms:.2f} ms. "
        f"Mean of the slow runs against that of the healthy: {share(excess)}.",
        "Median step in ms as the program measured it, in order: " + ", ".join(f"{shorter([name])[0]} {value:.2f}" for name, value in medians.items()) + ".",
        f"calibrate on {noise['runs']} healthy runs: from run to run {100 * noise['run_sd']:.2f} %, inside a run {100 * noise['within_sd']:.2f} %, "
        "smallest visible slowdown with k runs per side: "
        + ", ".join(f"{k}: {100 * change:.2f} %" for k, change in enumerate(noise["detectable"], start=1)) + ".",
        verdicts.summary(), verdicts.text()]) + "\n")
    print((options.work / "results.md").read_text())


if __name__ == "__main__":
    main()
