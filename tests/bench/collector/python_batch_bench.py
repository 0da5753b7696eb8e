# SPDX-License-Identifier: Apache-2.0
"""What the DataLoader hooks cost per batch, on real torch.

    python_batch_bench.py --library libstepscope.so [--hooks collector/sources/python] [--pairs 5] [--batches 4000]

Compared is the CPU time of the median batch; the mean is made by the few batches that somebody else on the machine delayed.
Training thread: inside next(), in one recorded process that takes its hooks off and puts them on again every 50 batches. It
computes for 0.5 ms between batches, so that a batch is there when it asks: without that the comparison would be of who blocks
on whom, and a block costs more than all hooks. The bar is 10 us per batch for all its DataLoader hooks together.
Worker: from one sample to the next, a whole round of its loop, with batches of one sample; processes with hooks and without
in turns, since a worker keeps its hooks. No bar: workers run beside the training thread.
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
import statistics, sys, time
import torch
from torch.utils.data import DataLoader, Dataset, dataloader
from torch.utils.data._utils import fetch

class Numbers(Dataset):
    before = 0
    def __len__(self):
        return int(sys.argv[2]) + 200
    def __getitem__(self, index):
        at = time.thread_time_ns()
        spent, self.before = at - self.before, at
        return spent

def hooks(iterator):
    owners = [owner for module in (dataloader, fetch) for owner in vars(module).values() if isinstance(owner, type)]
    owners.append(getattr(iterator, "_dataset_fetcher", None))
    for owner in filter(None, set(owners)):
        for name, function in list(vars(owner).items()):
            if hasattr(function, "__wrapped__") and (getattr(function, "_stepscope", False) or name == "collate_fn"):
                yield owner, name, function

def main():
    torch.set_num_threads(1)
    workers = int(sys.argv[1])
    loader = DataLoader(Numbers(), batch_size=None, num_workers=workers, collate_fn=int)
    iterator = iter(loader)
    for _ in range(100):
        next(iterator)
    hooked = list(hooks(iterator))
    times, rounds = ([], []), []
    for number in range(int(sys.argv[2])):
        on = number // 50 % 2
        if number % 50 == 0:
            for owner, name, function in hooked:
                setattr(owner, name, function if on else function.__wrapped__)
        computed = time.perf_counter() + 0.0005
        while time.perf_counter() < computed:
            pass
        begin = time.thread_time_ns()
        batch = next(iterator)
        spent = time.thread_time_ns() - begin
        if number % 50 > 5:
            times[on].append(spent)
        rounds.append(batch)
    print(len(hooked), statistics.median(times[0]), statistics.median(times[1]), statistics.median(rounds))

main()
"""


def run(workers, batches, environment):
    """(hooks, us of a next() without them, us with them, us of a worker's round)"""
    done = subprocess.run([sys.executable, "-c", LOOP, str(workers), str(batches)], env=environment, check=True,
                          stdout=subprocess.PIPE)
    hooks, *times = done.stdout.split()
    return (int(hooks),) + tuple(float(ns) / 1000 for ns in times)


def report(workers, thread, plain, hooked, bar):
    cost = statistics.median(b - a for a, b in zip(plain, hooked))
    verdict = "no bar" if bar is None else "bar %d: %s" % (bar, "held" if cost <= bar else "MISSED")
    print("num_workers=%d, %s: %.2f us/batch without, %.2f with: hooks cost %.2f us/batch (%d pairs, %.2f to %.2f; %s)" % (
        workers, thread, statistics.median(plain), statistics.median(hooked), cost, len(plain),
        min(b - a for a, b in zip(plain, hooked)), max(b - a for a, b in zip(plain, hooked)), verdict))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--library", required=True)
    parser.add_argument("--hooks", default=str(ROOT / "collector/sources/python"))
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--batches", type=int, default=4000)
    options = parser.parse_args()
    plain = {name: value for name, value in os.environ.items() if not name.startswith("STEPSCOPE_")}
    for workers in (0, 2):
        on, off = [], []
        for _ in range(options.pairs):
            with tempfile.TemporaryDirectory() as folder:
                hooked = dict(plain, STEPSCOPE_PYTHON_DIR=options.hooks, STEPSCOPE_LIBRARY=options.library, STEPSCOPE_DIR=folder,
                              LD_PRELOAD=options.library)
                on.append(run(workers, options.batches, hooked))
                if workers:
                    off.append(run(workers, options.batches, plain))
        if min(hooks for hooks, *_ in on) < 3:
            sys.exit("the hooks are not there: nothing was compared")
        report(workers, "training thread", [row[1] for row in on], [row[2] for row in on], BAR_US)
        if workers:
            report(workers, "worker", [row[3] for row in off], [row[3] for row in on], None)


if __name__ == "__main__":
    main()
