# SPDX-License-Identifier: Apache-2.0
"""What a worker's DataLoader hooks cost where the caches are cold, one by one, without a data loader.

    python_cold_bench.py --library libstepscope.so [--hooks collector/sources/python] [--evict-kb 2048] [--rounds 2000]

Before each round memory of the size of the second-level cache is written, so that the hooks, the interpreter's functions that they
call and their data come from afar, as they do after a sample that computed. A round takes a task and fetches it; printed is
what each hook adds to the median round, and beside it a wrapper that does nothing (`pin_get`: a call and a clock). In one process, so
that the scatter is 0.2 us where python_batch_bench.py has 3: for comparing two versions of a hook, not for the bar.
"""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]

ROUNDS = """
import ctypes, mmap, operator, statistics, sys, time
try:
    import torch
except ImportError:
    torch = None
from stepscope_hooks import _api, _fetch, _guard

EVICT, COUNT = (int(word) for word in sys.argv[1:])
assert _api.wake(b"python-worker"), "not recorded"
_api.fetch_worker(1, 0, 0)

class Queue:
    taken = 0

    def get(self, timeout=None):
        self.taken += 1
        return self.taken, [self.taken]

class Fetcher:
    def __init__(self, collate=tuple):
        self.collate_fn = collate

    def fetch(self, index):
        return self.collate_fn(index)

class HookedFetcher(Fetcher):
    def fetch(self, index):
        return self.collate_fn(index)

class NullFetcher(Fetcher):
    def fetch(self, index):
        return self.collate_fn(index)

class HookedQueue:
    def __init__(self, queue):
        self.get = _api.builtin("worker_get", queue.get, "__name__", "_ResumeIteration")

_guard.replace_method(HookedFetcher, "fetch", "fetch")
_guard.replace_method(NullFetcher, "fetch", "pin_get")

# Small pages: a large one would leave the address translation warm.
memory = mmap.mmap(-1, max(EVICT, 4096))
block = (ctypes.c_char * len(memory)).from_buffer(memory)
ctypes.CDLL(None).madvise(ctypes.byref(block), len(memory), mmap.MADV_NOHUGEPAGE)
ADDRESS = ctypes.addressof(block)
write = ctypes.PYFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t)(("memset", ctypes.CDLL(None)))

def round_ns(queue, fetcher, clock=time.perf_counter_ns):
    write(ADDRESS, 1, EVICT)
    begin = clock()
    fetcher.fetch(queue.get(timeout=5.0)[1])
    return clock() - begin

queue, collate = Queue(), _api.builtin("collate", tuple)
cases = {
    "without": (queue, Fetcher()),
    "a wrapper that does nothing": (queue, NullFetcher()),
    "get": (HookedQueue(queue), Fetcher()),
    "fetch and its row": (queue, HookedFetcher()),
    "all with collate": (HookedQueue(queue), HookedFetcher(collate)),
}
if torch is not None:  # what the shape of a batch costs, beside the same batch whose shape is not asked for
    class BatchQueue(Queue):
        batch = {"input_ids": torch.zeros(8, 512, dtype=torch.int64), "labels": torch.zeros(8)}

        def get(self, timeout=None):
            self.taken += 1
            return self.taken, [self.batch]

    batches, first = BatchQueue(), operator.itemgetter(0)
    cases["all, a batch of tokens"] = HookedQueue(batches), HookedFetcher(_api.builtin("collate", first))
    cases["all, and its tokens read"] = HookedQueue(batches), HookedFetcher(_api.builtin("collate", first, *_fetch._what_tells_tokens()))
times = {name: [] for name in cases}
for _ in range(COUNT):
    for name, case in cases.items():
        times[name].append(round_ns(*case))
medians = {name: statistics.median(spent) / 1000 for name, spent in times.items()}
print("%d KiB evicted; a round without hooks %.2f us" % (EVICT >> 10, medians.pop("without")))
for name, spent in medians.items():
    print("  %-28s +%.2f us" % (name, spent - statistics.median(times["without"]) / 1000))
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--library", required=True)
    parser.add_argument("--hooks", default=str(ROOT / "collector/sources/python"))
    parser.add_argument("--evict-kb", type=int, default=2048)
    parser.add_argument("--rounds", type=int, default=2000)
    options = parser.parse_args()
    plain = {name: value for name, value in os.environ.items() if not name.startswith("STEPSCOPE_")}
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-c", ROUNDS, str(options.evict_kb << 10), str(options.rounds)], check=True, env=dict(
            plain, STEPSCOPE_LIBRARY=options.library, STEPSCOPE_DIR=folder, LD_PRELOAD=options.library, PYTHONPATH=options.hooks))


if __name__ == "__main__":
    main()
