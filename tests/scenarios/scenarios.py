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


def injected_per_step_ms(books):
    begin, end, steps = steps_window(books)
    return sum(max(0, min(e, end) - max(b, begin)) for b, e in books["injected_ns"]) / steps / 1e6


def per_step(divisor=1):
    """What the candidate spent in the injected work beyond the baseline, per step; `divisor` workers share it."""
    return lambda a, b: (injected_per_step_ms(b) - injected_per_step_ms(a)) / divisor


def step_growth(a, b):
    """For a lost capacity the injected size is the growth of the step itself, as the job measured it."""

    def mean_step_ms(books):
        begin, end, steps = steps_window(books)
        return (end - begin) / steps / 1e6

    return mean_step_ms(b) - mean_step_ms(a)


@dataclass
class Scenario:
    base: List[str]
    candidate: List[str]
    expect: List[str]  # a trailing "/" or "." matches a whole family of terms
    finding: List[str] = field(default_factory=list)  # texts that the finding of the first term must hold
    injected_ms: Callable = per_step()
    together: List[str] = field(default_factory=list)  # terms that share the injected size with the first one
    runs: int = 1  # per side, recorded in turn
    cgroup_cpus: float = 0.0  # the candidate's workers run in a cgroup with this quota
    fallback: str = ""  # the scenario to run where no such cgroup can be made
    classes: Dict[str, List[int]] = field(default_factory=dict)  # steps of a class the candidate may have; the base: none


FETCH = ["--item-cpu-ms", "5"]

SCENARIOS = {
    "slower_getitem": Scenario(FETCH, ["--item-cpu-ms", "12"], ["data.fetch"], ["__getitem__ computes"]),
    "slower_collate": Scenario(FETCH + ["--collate-cpu-ms", "4"], FETCH + ["--collate-cpu-ms", "18"],
                               ["data.collate"], ["collate takes"]),
    "fewer_workers": Scenario(["--item-sleep-ms", "20", "--workers", "4"], ["--item-sleep-ms", "20", "--workers", "2"],
                              ["data.workers"], ["num_workers 4 -> 2"], step_growth),
    "one_slow_worker": Scenario(["--item-sleep-ms", "10", "--workers", "3"],
                                ["--item-sleep-ms", "10", "--workers", "3", "--slow-worker-ms", "60"],
                                ["data.slow_worker"], ["worker 0 needs", "mostly data.blocked"]),
    "workers_on_one_cpu": Scenario(["--item-cpu-ms", "10", "--workers", "2"],
                                   ["--item-cpu-ms", "10", "--workers", "2", "--one-cpu"],
                                   ["data.starved"], ["workers wait for a CPU", "1 CPU for 2 workers"], step_growth),
    "cpu_quota": Scenario(FETCH, FETCH, ["data.starved"], ["workers wait for a CPU", "cgroup throttled", "quota of 0.2"],
                          step_growth, cgroup_cpus=0.25, fallback="workers_on_one_cpu"),
    "throttled_source": Scenario(["--item-read-kb", "256"], ["--item-read-kb", "256", "--read-mb-per-s", "20"],
                                 ["data.io"], ["blocked reading"]),
    "periodic_gc": Scenario(["--gc-objects", "200000"], ["--gc-objects", "200000", "--gc-every", "4"],
                            ["idle.gc"], ["garbage collector pauses training", "of generation 2"]),
    "slower_optimizer": Scenario([], ["--optimizer-ms", "15"], ["optimizer"], ["the optimizer step (Optimizer) takes longer"]),
    "bigger_model": Scenario(["--workers", "0"], ["--workers", "0", "--width", "2048"], ["compute/"],
                             ["the model itself takes longer"], step_growth, together=["compute/", "optimizer"]),
    "own_generator": Scenario(["--generator-ms", "5"], ["--generator-ms", "20"], ["host.other", "data.other"]),
    # The sixth of 120 steps ends with the loop: no step begins after it, and the checkpoint lies in none.
    "checkpoint_every_20": Scenario(FETCH, FETCH + ["--checkpoint-every", "20", "--checkpoint-mb", "40"], [],
                                    classes={"checkpoint": [5, 6]}),
    "nothing_changed": Scenario(FETCH, FETCH, []),
    "nothing_changed_over_runs": Scenario(FETCH, FETCH, [], runs=3),
}
