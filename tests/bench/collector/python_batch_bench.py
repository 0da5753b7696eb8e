# SPDX-License-Identifier: Apache-2.0
"""What the DataLoader hooks cost per batch, on real torch.

    python_batch_bench.py --library libstepscope.so [--hooks collector/sources/python] [--pairs 9] [--batches 4000]

Compared is the CPU time of the median batch, between neighbouring stretches with and without hooks: the mean is made by the few batches
that somebody else on the machine delayed, and the machine's speed drifts.
Each recorded process takes its hooks off and puts them on again every 50 batches, the worker as well as the training thread.
Training thread: inside next(). Between batches it computes for 0.5 ms and as long as a sample takes, so that a batch is there
when it asks, also where there are only two CPUs for it and two workers: without that the comparison would be of who blocks on whom, and
a block costs more than all hooks.
Worker: from one sample to the next, a whole round of its loop, with batches of one sample.
Samples are made at once, or take --sample-us of computing: a thread that comes from real work finds its caches cold, and a
fetch that is long enough is asked what it waited for.
The bar is 10 us per batch for all hooks of its way together: the worker's and the training thread's.
"""
import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

BAR_US = 10

ROOT = pathlib.Path(__file__).resolve().parents[3]

LOOP = """
import gc, statistics, sys, time, types
import torch
from torch.utils.data import DataLoader, Dataset, dataloader, get_worker_info
from torch.utils.data._utils import fetch
from stepscope_hooks import _api

WORKERS, BATCHES, SAMPLE_NS = (int(word) for word in sys.argv[1:])
ROUND = 50  # batches from one switch to the next
SETTLE = 5  # batches after a switch that count for neither

def compute(ns):
    end = time.perf_counter_ns() + ns
    while time.perf_counter_ns() < end:
        pass

class Switch:
    "All hooks of this process, to be taken off and put on again."

    def __init__(self):
        owners = {owner for module in (dataloader, fetch) for owner in vars(module).values() if isinstance(owner, type)}
        self.hooks = []
        for owner in owners | {one for one in gc.get_objects() if type(one) in owners}:
            for name, function in list(vars(owner).items()):
                if getattr(function, "_stepscope", False):
                    self.hooks.append((owner, name, function, function.__wrapped__))
                elif type(function) is types.BuiltinFunctionType and type(function.__self__) is tuple:
                    self.hooks.append((owner, name, function, function.__self__[0]))
        for one in gc.get_objects():
            if type(one).__name__ == "IndexQueue":
                self.hooks.append((one, "get", one._stepscope_get, one._stepscope_get.__self__[0]))

    def turn(self, on):
        for owner, name, hooked, plain in self.hooks:
            setattr(owner, name, hooked if on else plain)
            if on and name == "get":  # tasks went by unseen: the collector counts them from here
                _api.fetch_worker(1, 0, get_worker_info().id, id(owner))

class Numbers(Dataset):
    switch, number, before = None, 0, 0

    def __len__(self):
        return BATCHES + 200

    def __getitem__(self, index):
        at = time.thread_time_ns()
        spent, number = at - self.before, self.number
        if get_worker_info() is not None:
            if number == 0:
                self.switch = Switch()
            if number % ROUND == 0:
                self.switch.turn(number // ROUND % 2)
        self.number = number + 1
        compute(SAMPLE_NS)
        self.before = time.thread_time_ns()
        info = get_worker_info()
        return info.id if info is not None else 0, number // ROUND, spent if number % ROUND > SETTLE else -1

def compared(lists):
    "(without hooks, how much more with them) of {number of a stretch: its times}; the odd ones are with hooks."
    plain, more = [], []
    for stretches in lists:
        medians = {number: statistics.median(stretch) for number, stretch in stretches.items()}
        for number, median in medians.items():
            if number % 2 == 0:
                plain.append(median)
                more += [medians[one] - median for one in (number - 1, number + 1) if one in medians]
    return (statistics.median(plain), statistics.median(more)) if more else (0, 0)

def main():
    torch.set_num_threads(1)
    iterator = iter(DataLoader(Numbers(), batch_size=None, num_workers=WORKERS, collate_fn=tuple))
    for _ in range(100):
        next(iterator)
    switch = Switch()
    times, rounds = {}, [{} for _ in range(WORKERS)]
    for number in range(BATCHES):
        if number % ROUND == 0:
            switch.turn(number // ROUND % 2)
        compute(500000 + SAMPLE_NS)
        begin = time.thread_time_ns()
        worker, stretch, spent = next(iterator)
        waited = time.thread_time_ns() - begin
        if number % ROUND > SETTLE:
            times.setdefault(number // ROUND, []).append(waited)
        if WORKERS and spent >= 0:
            rounds[worker].setdefault(stretch, []).append(spent)
    print(len(switch.hooks), *compared([times]), *compared(rounds))

main()
"""


def run(workers, options, environment):
    """(us that hooks add to a next(), us that they add to a worker's round), and the two without hooks."""
    done = subprocess.run([sys.executable, "-c", LOOP, str(workers), str(options.batches), str(options.sample_us * 1000)],
                          env=environment, check=True, stdout=subprocess.PIPE)
    hooks, *times = done.stdout.split()
    if int(hooks) < 3:
        sys.exit("the hooks are not there: nothing was compared")
    plain, more, worker_plain, worker_more = (float(ns) / 1000 for ns in times)
    return more, worker_more, plain, worker_plain


def spread(values):
    return "%.2f us/batch (%.2f to %.2f)" % (statistics.median(values), min(values), max(values))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--library", required=True)
    parser.add_argument("--hooks", default=str(ROOT / "collector/sources/python"))
    parser.add_argument("--pairs", type=int, default=9, help="recorded processes per line")
    parser.add_argument("--batches", type=int, default=4000)
    parser.add_argument("--sample-us", type=int, default=None, help="how long a sample computes; else none, and 1000")
    parser.add_argument("--workers", type=int, default=None, help="else none, and 2")
    options = parser.parse_args()
    plain = {name: value for name, value in os.environ.items() if not name.startswith("STEPSCOPE_")}
    for options.sample_us in (0, 1000) if options.sample_us is None else (options.sample_us,):
        for workers in (0, 2) if options.workers is None else (options.workers,):
            rows = []
            for _ in range(options.pairs):
                with tempfile.TemporaryDirectory() as folder:
                    rows.append(run(workers, options, dict(
                        plain, STEPSCOPE_PYTHON_DIR=options.hooks, STEPSCOPE_LIBRARY=options.library, STEPSCOPE_DIR=folder,
                        LD_PRELOAD=options.library)))
            thread, worker, *without = zip(*rows)
            print("num_workers=%d, samples of %d us" % (workers, options.sample_us))
            print("  training thread's hooks  %s; its next() without %.2f" % (spread(thread), statistics.median(without[0])))
            if workers:
                print("  worker's hooks           %s; its round without %.2f" % (spread(worker), statistics.median(without[1])))
            together = [a + b for a, b in zip(thread, worker)]
            print("  together                 %s; bar %d: %s" % (
                spread(together), BAR_US, "held" if statistics.median(together) <= BAR_US else "MISSED"), flush=True)


if __name__ == "__main__":
    main()
