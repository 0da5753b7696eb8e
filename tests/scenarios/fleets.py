# SPDX-License-Identifier: Apache-2.0
"""Fleets of runs of which some place is bad, or none, and what `stepscope fleet` says of them.

A simulated fleet: jobs run on random hosts, with an image, a driver and a dataset of their own, over some weeks. Some fail by chance, some have a
bug and fail wherever they run; most of what failed is tried again elsewhere, with the same job. Some are cancelled. One thing is wrong with
the fleet, at a risk that is known. Right is who names that first, and nothing but that.

    fleets.py --stepscope BIN --power [--fleets 200]     how often a bad host is found, by the size of the fleet
    fleets.py --stepscope BIN --clean [--fleets 200]     how often something is named where nothing is wrong
"""
import argparse
import csv
import json
import os
import random
import subprocess
import tempfile
from dataclasses import dataclass

HOSTS, IMAGES, DRIVERS, DATASETS = 50, 8, 4, 12
BASE_RISK, BUG = 0.05, 0.01  # of any run to fail; of a job to fail wherever it runs, which is part of it
RETRIED, MOST_ATTEMPTS, CANCELLED = 0.7, 3, 0.05
DAYS = 30
HOURS = 20  # GPU hours of a run, where they matter
FLEETS_PER_SEED = 10
BARS = {"first": 0.95, "covered": 0.90, "false": 0.05}
ALL = "fleet"  # stands for all scenarios of this file
BAD_HOST, BAD_IMAGE, BAD_DRIVER, LONG_DATASET = "h17", "image-3", "driver-2", "data-5"


@dataclass(frozen=True)
class Wrong:
    """What is wrong with a fleet."""
    name: str
    risk: float = BASE_RISK       # of runs that have all of `values`
    values: tuple = ()            # (attribute, value): these together make a run fail
    follows: str = ""             # an image that runs with the bad host have, and hardly any other
    drift: bool = False           # in one week four times as many runs fail, and that week a new image is rolled out
    hours: bool = False           # runs fail at a rate per hour, and those on one dataset take ten times as long
    runs: int = 300               # jobs, without their further attempts
    hosts_per_run: int = 4

    def expected(self):
        """What the top finding should speak of, as sets of attribute values."""
        return {*self.values, *([("image", self.follows)] if self.follows else [])}


FLEETS = {
    "21a": Wrong("bad host, with an image of its own", 0.60, (("host", BAD_HOST),), "image-bad"),
    "21b": Wrong("bad image, on all hosts", 0.45, (("image", BAD_IMAGE),)),
    "21c": Wrong("an image fails with one driver only", 0.60, (("image", BAD_IMAGE), ("driver", BAD_DRIVER)), runs=1000),
    "21d": Wrong("nothing is wrong"),
    "21e": Wrong("nothing but a bad week, in which an image came", drift=True),
    "21f": Wrong("nothing, some runs are longer; by hours", hours=True),
}


class Fleet:
    """Rows of a table of runs."""

    def __init__(self, wrong, seed):
        self.random = random.Random(f"{wrong.name} {wrong.runs} {wrong.hosts_per_run} {wrong.risk} {seed}")
        self.wrong = wrong
        self.rows = []
        for job in range(wrong.runs):
            self.run_job(f"j{job}", DAYS * job // wrong.runs)

    def run_job(self, job, day):
        bug = self.random.random() < BUG
        bad_week = self.wrong.drift and 14 <= day < 21
        image = f"image-{self.random.randrange(IMAGES)}"
        if bad_week and self.random.random() < 0.8:
            image = "image-new"
        driver, dataset = f"driver-{self.random.randrange(DRIVERS)}", f"data-{self.random.randrange(DATASETS)}"
        for attempt in range(MOST_ATTEMPTS):
            row = {"run": f"{job}.{attempt}", "job": job, "started": f"2026-10-{day + 1:02}T{8 + attempt:02}:00", "image": image,
                   "driver": driver, "dataset": dataset}
            hosts = self.random.sample(range(HOSTS), self.wrong.hosts_per_run)
            row["hosts"] = ";".join(f"h{host}" for host in hosts)
            if self.wrong.follows and BAD_HOST in row["hosts"].split(";"):
                row["image"] = self.wrong.follows
            failed = bug or self.random.random() < self.chance_of(row, bad_week)
            cancelled = self.random.random() < CANCELLED
            if self.wrong.hours:
                failed, row["exposure"] = self.hours_of(dataset, cancelled)
            row["outcome"] = "cancelled" if cancelled else "failed" if failed else "ok"
            row["xid"] = "79" if failed and not cancelled and self.is_bad(row) and self.random.random() < 0.7 else ""
            self.rows.append(row)
            if cancelled or not failed or self.random.random() >= RETRIED:
                return

    def hours_of(self, dataset, cancelled):
        """Whether a run failed before it came to its end or was cancelled, and when it ended."""
        planned = 10 * HOURS if dataset == LONG_DATASET else HOURS
        end = self.random.uniform(0, planned) if cancelled else planned
        failure = self.random.expovariate(BASE_RISK / HOURS)
        return failure < end, round(min(failure, end), 3)

    def is_bad(self, row):
        return bool(self.wrong.values) and all(
            value in row["hosts"].split(";") if attribute == "host" else row[attribute] == value for attribute, value in self.wrong.values)

    def chance_of(self, row, bad_week):
        """Of failing, for a job without a bug, so that the risk of all jobs is what is wanted."""
        risk = self.wrong.risk if self.is_bad(row) else 4 * BASE_RISK if bad_week else BASE_RISK
        return (risk - BUG) / (1 - BUG)

    def write(self, path):
        with open(path, "w", newline="") as file:
            writer = csv.DictWriter(file, list(self.rows[0]))
            writer.writeheader()
            writer.writerows(self.rows)


def analysed(stepscope, wrong, seed, work):
    """What the program says of one fleet."""
    with tempfile.TemporaryDirectory(prefix="stepscope-fleet-", dir=work) as directory:
        path = os.path.join(directory, "runs.csv")
        Fleet(wrong, seed).write(path)
        done = subprocess.run([stepscope, "fleet", path, "--json"], stdout=subprocess.PIPE, text=True)
        assert done.returncode in (0, 3), f"stepscope fleet ended with {done.returncode}"  # 3: no run of it failed
        return json.loads(done.stdout)


def named(finding):
    return {(value["attribute"], value["value"]) for group in finding["factors"] for value in group}


@dataclass
class Answer:
    seed: str
    first: bool = True       # what is wrong was named first, or rightly nothing
    covered: bool = True     # the interval of the risk ratio holds the true one
    false: bool = False      # something was named that is not wrong
    said: str = ""


def judge_fleet(wrong, seed, report):
    found = report["findings"]
    said = "; ".join(" + ".join(" ".join(value) for value in sorted(named(f))) + f" x {f['risk_ratio']['estimate']:.1f}" for f in found)
    expected = wrong.expected()
    if not expected:
        return Answer(seed, not found, True, bool(found), said)
    first = bool(found) and named(found[0]) == expected
    truth = wrong.risk / BASE_RISK
    covered = first and found[0]["risk_ratio"]["low"] <= truth <= found[0]["risk_ratio"]["high"]
    return Answer(seed, first, covered, any(not named(f) <= expected for f in found), said)


def score_fleets(stepscope, seeds, work, only=(), verbose=False):
    """Prints a row per kind of fleet; True when all bars are met."""
    fine = True
    for scenario, wrong in FLEETS.items():
        if only and scenario not in only and ALL not in only:
            continue
        names = [f"{seed}.{fleet}" for seed in seeds for fleet in range(FLEETS_PER_SEED)]
        answers = [judge_fleet(wrong, name, analysed(os.path.abspath(stepscope), wrong, name, work)) for name in names]
        first = sum(a.first for a in answers) / len(answers)
        named_first = sum(a.first for a in answers) if wrong.expected() else 0
        covered = sum(a.covered for a in answers) / max(1, named_first)
        false = sum(a.false for a in answers) / len(answers)
        missed = [name for name, miss in (("first", first < BARS["first"]), ("covered", bool(wrong.expected()) and covered < BARS["covered"]),
                                          ("false", false > BARS["false"])) if miss]
        print(f"{scenario:>4} {wrong.name:45} {100 * first:5.1f} % right, "
              + (f"{100 * covered:5.1f} % of intervals hold the truth, " if wrong.expected() else "")
              + f"{100 * false:4.1f} % with a false finding; {len(answers)} fleets" + (f"  WRONG: {', '.join(missed)}" if missed else ""))
        for answer in answers if verbose else []:
            if not (answer.first and answer.covered) or answer.false:
                print(f"     {answer.seed}: {answer.said or 'nothing'}{'' if answer.covered or not answer.first else ' (interval)'}")
        fine = fine and not missed
    return fine


def print_power(stepscope, fleets, work):
    """How often a bad host is found, and how often anything else is."""
    print("| risk there | hosts per run | runs | found | something else named |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    for risk in (0.60, 0.30, BASE_RISK):
        for hosts in (1, 4):
            for runs in (100, 300, 1000):
                wrong = Wrong("bad host", risk, (("host", BAD_HOST),), runs=runs, hosts_per_run=hosts)
                reports = [analysed(stepscope, wrong, seed, work)["findings"] for seed in range(fleets)]
                hit = sum(any(("host", BAD_HOST) in named(f) for f in found) for found in reports)
                other = sum(any(("host", BAD_HOST) not in named(f) for f in found) for found in reports)
                there = "5 %: none is bad" if risk == BASE_RISK else f"{100 * risk:.0f} %"
                print(f"| {there} | {hosts} | {runs} | {100 * hit / fleets:.1f} % | {100 * other / fleets:.1f} % |", flush=True)


def print_clean(stepscope, fleets, work):
    for runs in (300, 1000):
        named_something = sum(bool(analysed(stepscope, Wrong("clean", runs=runs), seed, work)["findings"]) for seed in range(fleets))
        print(f"{runs} runs: something is named in {100 * named_something / fleets:.1f} % of {fleets} fleets", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stepscope", required=True)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--power", action="store_true")
    what.add_argument("--clean", action="store_true")
    parser.add_argument("--fleets", type=int, default=200)
    parser.add_argument("--work", default=None)
    options = parser.parse_args()
    (print_power if options.power else print_clean)(os.path.abspath(options.stepscope), options.fleets, options.work)


if __name__ == "__main__":
    main()
