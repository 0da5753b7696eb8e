# SPDX-License-Identifier: Apache-2.0
"""The slowdowns the diff must name on real PyTorch runs, as data: one row per scenario.

`expect` is the set of terms of which one must come first; `injected_ms` computes, from the books the two jobs kept
on their own clock (see train.py), by how many milliseconds per step the slowdown is known to be; `finding` is what the
sentence about that term must say.
"""
from dataclasses import dataclass, field
from typing import Callable, Dict, List


def steps_window(books):
    """The steps that the tool counts as train steps, by the job's own clock: all but the first."""
    ends = books["step_ends_ns"]
    return ends[1], ends[-1], len(ends) - 2


def mean_step_ms(books):
    begin, end, steps = steps_window(books)
    return (end - begin) / steps / 1e6


def mean_wait_ms(books):
    """How long a step waits for its data."""
    return sum(books["waits_ns"][2:]) / steps_window(books)[2] / 1e6


def slowed_per_step_ms(books):
    begin, end, steps = steps_window(books)

    def inside(b, e):
        return max(0, min(e, end) - max(b, begin)) / max(1, e - b)

    return sum(inside(b, e) * size for b, e, size in books["slowed_ns"]) / steps / 1e6


def piece_growth(a, b):
    """By how much the slowed piece of the job takes longer, per step."""
    return slowed_per_step_ms(b) - slowed_per_step_ms(a)


def piece_growth_in_worker(a, b):
    """The same, less what more of it happens while the training computes: long waits make that slower too, in a virtual
    machine by several percent of the wait, and the worker is at the next batch meanwhile."""
    return piece_growth(a, b) - (step_growth(a, b) - wait_growth(a, b))


def wait_growth(a, b):
    """For a lost capacity the injected size is the growth of the wait for data, as the job measured it."""
    return mean_wait_ms(b) - mean_wait_ms(a)


def step_growth(a, b):
    return mean_step_ms(b) - mean_step_ms(a)


def other_step_ms(books):
    """What a step takes without the slowed piece."""
    return mean_step_ms(books) - slowed_per_step_ms(books)


@dataclass
class Scenario:
    base: List[str]
    candidate: List[str]
    expect: List[str]  # a trailing "/" or "." matches a whole family of terms
    finding: List[str] = field(default_factory=list)  # texts that the finding of the first term must hold
    injected_ms: Callable = piece_growth
    together: List[str] = field(default_factory=list)  # terms that share the injected size with the first one
    runs: int = 1  # per side, recorded in turn
    cgroup_cpus: float = 0.0  # the candidate's workers run in a cgroup with this quota
    fallback: str = ""  # the scenario to run where no such cgroup can be made
    classes: Dict[str, List[int]] = field(default_factory=dict)  # steps of a class the candidate may have; the base: none


FETCH = ["--item-cpu-ms", "5"]
READ = ["--item-read-kb", "256", "--books-of", "getitem"]
LONG = ["--steps", "120"]

SCENARIOS = {
    "slower_getitem": Scenario(FETCH + ["--books-of", "getitem"], ["--item-cpu-ms", "15", "--books-of", "getitem"],
                               ["data.fetch"], ["__getitem__ computes"], piece_growth_in_worker),
    "slower_collate": Scenario(FETCH + ["--books-of", "collate", "--collate-cpu-ms", "4"],
                               FETCH + ["--books-of", "collate", "--collate-cpu-ms", "24"],
                               ["data.collate"], ["collate takes"], piece_growth_in_worker),
    "fewer_workers": Scenario(["--item-sleep-ms", "40", "--workers", "4"], ["--item-sleep-ms", "40", "--workers", "2"],
                              ["data.workers"], ["num_workers 4 -> 2"], wait_growth),
    "one_slow_worker": Scenario(["--item-sleep-ms", "10", "--workers", "3", "--books-of", "getitem"],
                                ["--item-sleep-ms", "10", "--workers", "3", "--books-of", "getitem", "--slow-worker-ms", "60"],
                                ["data.slow_worker"], ["worker 0 needs", "mostly data.blocked"]),
    "workers_on_one_cpu": Scenario(["--item-cpu-ms", "20", "--workers", "2"],
                                   ["--item-cpu-ms", "20", "--workers", "2", "--one-cpu"],
                                   ["data.starved"], ["workers wait for a CPU", "1 CPU for 2 workers"], wait_growth,
                                   together=["data."]),  # what the base waited for besides, the candidate does no more
    "cpu_quota": Scenario(FETCH, FETCH, ["data.starved"],
                          ["workers wait for a CPU", "cgroup throttled", "quota of 0.2"],
                          wait_growth, cgroup_cpus=0.25, fallback="workers_on_one_cpu"),
    # Both sides are slower than the training.
    "throttled_source": Scenario(READ + ["--read-mb-per-s", "80"], READ + ["--read-mb-per-s", "10"],
                                 ["data.io"], ["blocked reading"], piece_growth_in_worker),
    "periodic_gc": Scenario(LONG + ["--gc-objects", "200000"], LONG + ["--gc-objects", "200000", "--gc-every", "2"],
                            ["idle.gc"], ["garbage collector pauses training", "of generation 2"]),
    "slower_optimizer": Scenario(["--books-of", "optimizer"], ["--books-of", "optimizer", "--optimizer-ms", "20"],
                                 ["optimizer"], ["the optimizer step (Optimizer) takes longer"]),
    "bigger_model": Scenario(["--workers", "0"], ["--workers", "0", "--width", "2048"], ["compute/"],
                             ["the model itself takes longer"], step_growth, together=["compute/", "optimizer"]),
    "own_generator": Scenario(["--generator-ms", "5"], ["--generator-ms", "25"], ["host.other", "data.other"]),
    # The sixth of 120 steps ends with the loop: no step begins after it, and the checkpoint lies in none.
    "checkpoint_every_20": Scenario(FETCH + LONG, FETCH + LONG + ["--checkpoint-every", "20", "--checkpoint-mb", "40"], [],
                                    classes={"checkpoint": [5, 6]}),
    "nothing_changed": Scenario(FETCH + LONG, FETCH + LONG, []),
    "nothing_changed_over_runs": Scenario(FETCH + LONG, FETCH + LONG, [], runs=3),
}
