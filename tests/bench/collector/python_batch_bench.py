# SPDX-License-Identifier: Apache-2.0
"""What the DataLoader hooks cost the training thread per batch, on real torch, with and without hooks in turns.

    python_batch_bench.py --library libstepscope.so [--hooks collector/sources/python] [--pairs 7] [--batches 2000]

Compared is the CPU time of the training thread inside next(), as the median over chunks of 100 batches. The thread computes
for 0.5 ms between batches, so that a batch is there when it asks: without that the comparison would be of who blocks on whom,
and a block costs more than all hooks. The bar is 10 us per batch for all DataLoader hooks together.
"""
import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]

LOOP = """
import sys, time
import torch
from torch.utils.data import DataLoader, Dataset

class Numbers(Dataset):
    def __len__(self):
        return int(sys.argv[2])
    def __getitem__(self, index):
        return index

def main():
    torch.set_num_threads(1)
    workers = int(sys.argv[1])
    loader = DataLoader(Numbers(), batch_size=None, num_workers=workers, collate_fn=int)
    iterator = iter(loader)
    for _ in range(100):
        next(iterator)
    chunks = []
    spent, batches = 0, 0
    while batches < int(sys.argv[2]) - 200:
        computed = time.perf_counter() + 0.0005
        while time.perf_counter() < computed:
            pass
        begin = time.thread_time_ns()
        next(iterator)
        spent += time.thread_time_ns() - begin
        batches += 1
        if batches % 100 == 0:
            chunks.append(spent / 100)
            spent = 0
    print(sorted(chunks)[len(chunks) // 2])

main()
"""


def run(workers, batches, environment):
    done = subprocess.run([sys.executable, "-c", LOOP, str(workers), str(batches)], env=environment, check=True,
                          stdout=subprocess.PIPE)
    return float(done.stdout) / 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--library", required=True)
    parser.add_argument("--hooks", default=str(ROOT / "collector/sources/python"))
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--batches", type=int, default=3000)
    options = parser.parse_args()
    plain = {name: value for name, value in os.environ.items() if not name.startswith("STEPSCOPE_")}
    for workers in (0, 2):
        off, on = [], []
        for _ in range(options.pairs):
            with tempfile.TemporaryDirectory() as folder:
                hooked = dict(plain, PYTHONPATH=options.hooks, STEPSCOPE_LIBRARY=options.library, STEPSCOPE_DIR=folder,
                              LD_PRELOAD=options.library)
                off.append(run(workers, options.batches, plain))
                on.append(run(workers, options.batches, hooked))
        cost = statistics.median(b - a for a, b in zip(off, on))
        print("num_workers=%d: %.2f us/batch without, %.2f with: hooks cost %.2f us/batch (median of %d pairs; bar: 10)" % (
            workers, statistics.median(off), statistics.median(on), cost, options.pairs))


if __name__ == "__main__":
    main()
