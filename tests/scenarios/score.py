#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Scores the diff on simulated jobs with injected causes of known size and on public recordings whose difference is known, and what is said
of jobs that hang and of fleets with a bad host.

    score.py --generate BIN --stepscope BIN [--seeds 0:20] [--runs 5] [--only 3,16] [--steps N] [--jobs 2] [--verbose]
    score.py ... [--replay-test BIN] [--data DIR] [--only real]     the public recordings alone (pairs.py)
    score.py ... --only 22a,22b,22c,22d     the hangs alone (hangs.py)
    score.py ... --only fleet               the fleets alone, 21a to 21f (fleets.py)
    score.py ... --known-shortfalls     the same, but what KNOWN_SHORTFALLS names must fail, and nothing else

Per scenario: how often the diff named the cause first (top-1), how far its size was off (median and worst), and how many causes it
named that were none. The bars: top-1 in 95 % of the seeds; median error within max(2 % of the cause, 50 us); where nothing changed, no
cause in 95 % of the seeds. How it is scored, and a table: docs/METRICS.md, "Accuracy".
Exit status 0 = every bar is met, 1 = one is missed, 2 = usage.
"""
import argparse
import concurrent.futures
import json
import os
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from fleets import ALL as FLEET, FLEETS, score_fleets  # noqa: E402
from hangs import HANGS, score_hangs  # noqa: E402
from pairs import print_pairs, score_pairs  # noqa: E402
from verdict import judge  # noqa: E402

TOP1_BAR = 0.95
REAL = "real"  # in --only: the public recordings
DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../shared/data")

# What the diff cannot do yet, by scenario: a sentence each. One that gets a scenario right has to go.
KNOWN_SHORTFALLS = {}


def seed_range(text):
    first, _, last = text.partition(":")
    return range(int(first), int(last) if last else int(first) + 1)


def list_scenarios(options):
    """(id, name) of the scenarios to score."""
    rows = subprocess.run([options.generate, "--list"], check=True, stdout=subprocess.PIPE, text=True).stdout
    known = [line.split("\t")[:3] for line in rows.splitlines()]
    wanted = options.only.split(",") if options.only else [i for i, _, scored in known if scored == "scored"]
    unknown = set(wanted) - {i for i, _, _ in known} - {REAL, FLEET, *FLEETS} - {i for i, _, _ in HANGS}
    if unknown:
        sys.exit(f"score.py: no such scenario: {', '.join(sorted(unknown))}; 'generate --list' shows them")
    return [(i, name) for i, name, _ in known if i in wanted]


def one_seed(options, scenario, seed):
    """Generates, checks, compares, judges; leaves nothing behind."""
    with tempfile.TemporaryDirectory(prefix="stepscope-score-", dir=options.work) as directory:
        command = [options.generate, "--scenario", scenario, "--seed", str(seed), "--runs", str(options.runs), "-o", directory]
        subprocess.run(command + (["--steps", str(options.steps)] if options.steps else []), check=True)
        sides = [[f"{directory}/{side}-{run}" for run in range(options.runs)] for side in ("base", "changed")]
        # Leaves add up to steps, terms to the change, in every scenario.
        subprocess.run([options.stepscope, "selfcheck", sides[0][0]], check=True, stdout=subprocess.DEVNULL)
        ended = subprocess.run([options.stepscope, "diff", *sides[0], "--vs", *sides[1], "--json"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
        with open(directory + "/truth.json") as file:
            truth = json.load(file)
        return truth, judge(truth, ended.returncode, json.loads(ended.stdout) if ended.stdout else None)


class Row:
    """A scenario over all seeds."""

    def __init__(self, scenario, name, results):
        self.scenario, self.name, self.results = scenario, name, results
        verdicts = [verdict for _, verdict in results]
        self.top1 = sum(v.right for v in verdicts) / len(verdicts)
        errors = [error for v in verdicts for error in v.errors]
        self.errors_ns = [off for off, _ in errors]
        self.allowed_ns = [allowed for _, allowed in errors]
        self.relative = [off / allowed for off, allowed in errors]
        self.false_causes = sum(len(v.false_causes) for v in verdicts)
        self.refused = results[0][0]["expect"] == "refusal"
        self.size_ns = statistics.median([cause["ns"] for truth, _ in results for cause in truth["causes"][:1]] or [0])

    def misses(self):
        """The bars it misses, as words."""
        out = ["top-1"] if self.top1 < TOP1_BAR else []
        return out + (["error"] if self.relative and statistics.median(self.relative) > 1 else [])

    def text(self):
        def ms(ns):
            return f"{ns / 1e6:9.3f}"
        errors = (f"{ms(statistics.median(self.errors_ns))} {ms(max(self.errors_ns))} {ms(statistics.median(self.allowed_ns))}"
                  if self.errors_ns else f"{'-':>9} {'-':>9} {'-':>9}")
        return (f"{self.scenario:>4} {self.name:22} {100 * self.top1:5.0f} % {'-' if self.refused else ms(self.size_ns):>9} {errors} {self.false_causes:6}"
                f"  {', '.join(self.misses())}").rstrip()


def print_table(rows, seeds):
    print(f"{'':>4} {'scenario':22} {'top-1':>7} {'size':>9} {'error':>9} {'worst':>9} {'allowed':>9} {'false':>6}  missed")
    for row in rows:
        print(row.text())
    verdicts = [verdict for row in rows for _, verdict in row.results]
    relative = [value for row in rows for value in row.relative]
    print(f"     {'all':22} {100 * sum(v.right for v in verdicts) / len(verdicts):5.0f} %"
          f"   median error {statistics.median(relative) if relative else 0:.2f} of what is allowed, "
          f"{sum(row.false_causes for row in rows)} false causes, {len(rows)} scenarios of {len(seeds)} seeds; ms per step")


def print_details(row):
    for truth, verdict in row.results:
        sizes = ", ".join(f"{'|'.join(c['names'])} {c['ns'] / 1e6:+.2f}" for c in truth["causes"]) or "nothing"
        print(f"  {row.scenario} seed {truth['seed']}: step {truth['step_without_ns'] / 1e6:.2f} -> {truth['step_with_ns'] / 1e6:.2f} ms,"
              f" is {sizes}; named {verdict.said}{'' if verdict.right else '  WRONG'}")


def exit_status(rows, known):
    """Prints what is not as it should be."""
    wrong = 0
    for row in rows:
        missed = ", ".join(row.misses())
        if missed and row.scenario not in known:
            print(f"WRONG: scenario {row.scenario} ({row.name}) misses its bar: {missed}")
            wrong = 1
        elif missed:
            print(f"known shortfall: scenario {row.scenario} ({row.name}): {known[row.scenario]}")
        elif row.scenario in known:
            print(f"WRONG: scenario {row.scenario} ({row.name}) is right now: remove it from KNOWN_SHORTFALLS in score.py")
            wrong = 1
    return wrong


def score_real(options):
    """Scores the public recordings, where they are; 1 when one is not as it should be."""
    if options.only and REAL not in options.only.split(","):
        return 0
    rows = score_pairs(options.stepscope, options.replay_test, options.data, options.work)
    if not rows:
        print("real recordings: left out, the folder with them is not there")
        return 0
    print_pairs(rows)
    return 0 if all(row.right for row in rows) else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--generate", required=True)
    parser.add_argument("--stepscope", required=True)
    parser.add_argument("--seeds", type=seed_range, default=range(20), metavar="FIRST:END")
    parser.add_argument("--runs", type=int, default=5, help="per side")
    parser.add_argument("--steps", type=int, default=0, help="per run; the scenario's own number by default")
    parser.add_argument("--only", default="", metavar="ID,ID")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--replay-test", default=None, help="the unit test program that holds the replay to published slowdowns")
    parser.add_argument("--data", default=DATA, help="folder with the public recordings")
    parser.add_argument("--work", default=None, help="where the recordings go, for as long as they are needed")
    parser.add_argument("--known-shortfalls", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    scenarios = list_scenarios(options)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        pending = {i: [pool.submit(one_seed, options, i, seed) for seed in options.seeds] for i, _ in scenarios}
        rows = [Row(i, name, [one.result() for one in pending[i]]) for i, name in scenarios]
    for row in rows if options.verbose else []:
        print_details(row)
    if rows:
        print_table(rows, options.seeds)
    wrong = exit_status(rows, KNOWN_SHORTFALLS if options.known_shortfalls else {})
    only = options.only.split(",") if options.only else ()
    if not score_hangs(options.stepscope, options.seeds, options.work, only, options.verbose):
        wrong = 1
    if not score_fleets(options.stepscope, options.seeds, options.work, only, options.verbose):
        wrong = 1
    sys.exit(max(wrong, score_real(options)))


if __name__ == "__main__":
    main()
