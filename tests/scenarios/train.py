# SPDX-License-Identifier: Apache-2.0
"""A small real PyTorch training job with slowdowns that can be dialled in, and that measures what it injected.

Every knob below is one kind of slowdown the diff must name. The script keeps its own books, on its own clock:
how long the injected piece of work really took (sleeps overshoot, a burn gets preempted) and how long a step took.
The books go to --books as JSON; the scenario tests compare them with what the recording says.
"""
import argparse
import gc
import json
import multiprocessing
import os
import signal
import time

import torch
from torch.utils.data import DataLoader, Dataset, get_worker_info


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--width", type=int, default=64, help="width of the model")
    parser.add_argument("--item-cpu-ms", type=float, default=0.0, help="CPU burnt per item in __getitem__")
    parser.add_argument("--item-sleep-ms", type=float, default=0.0, help="sleep per item in __getitem__")
    parser.add_argument("--item-read-kb", type=int, default=0, help="bytes read per item from a pipe")
    parser.add_argument("--read-mb-per-s", type=float, default=0.0, help="rate of that pipe, 0 = as fast as it goes")
    parser.add_argument("--generator-ms", type=float, default=0.0, help="no DataLoader: a generator that sleeps per batch")
    parser.add_argument("--collate-cpu-ms", type=float, default=0.0)
    parser.add_argument("--slow-worker-ms", type=float, default=0.0, help="extra sleep per batch in worker 0")
    parser.add_argument("--one-cpu", action="store_true", help="pin all workers to one CPU")
    parser.add_argument("--cgroup", default="", help="cgroup directory the workers put themselves into")
    parser.add_argument("--gc-every", type=int, default=0, help="a full collection every so many steps")
    parser.add_argument("--gc-objects", type=int, default=0, help="live containers the collector has to walk")
    parser.add_argument("--optimizer-ms", type=float, default=0.0, help="extra time per optimizer step")
    parser.add_argument("--checkpoint-every", type=int, default=0)
    parser.add_argument("--checkpoint-mb", type=int, default=0)
    parser.add_argument("--books", required=True, help="where the script's own measurements go")
    return parser.parse_args()


def burn_cpu(milliseconds):
    """Uses that much CPU time of this thread: being preempted or throttled makes it last longer, as real work would."""
    end = time.thread_time() + milliseconds / 1e3
    while time.thread_time() < end:
        pass


class Injected:
    """When the injected work ran, in all processes: [begin, end) pairs in ns (the workers inherit the memory by fork)."""

    def __init__(self, most):
        self.count = multiprocessing.Value("q", 0)
        self.stamps = multiprocessing.RawArray("q", 2 * most)

    def add(self, begin_ns):
        end_ns = time.monotonic_ns()
        with self.count.get_lock():
            at = self.count.value
            self.count.value = at + 1
        self.stamps[2 * at] = begin_ns
        self.stamps[2 * at + 1] = end_ns

    def pairs(self):
        return [[self.stamps[2 * i], self.stamps[2 * i + 1]] for i in range(self.count.value)]


class ThrottledPipe:
    """A pipe fed by a process of its own at a given rate: what reading from a slow network file system looks like.

    Made before the loader, so that the feeder inherits none of the loader's pipes.
    """

    def __init__(self, mb_per_s):
        self.read_end, write_end = os.pipe()
        self.feeder = os.fork()
        if self.feeder == 0:
            os.close(self.read_end)  # so that the feeder gets EPIPE, and ends, when the readers are gone
            chunk = b"x" * 16384
            try:
                while True:
                    os.write(write_end, chunk)
                    if mb_per_s:
                        time.sleep(len(chunk) / (mb_per_s * 1e6))
            except OSError:
                os._exit(0)
        os.close(write_end)

    def read(self, size):
        while size > 0:
            size -= len(os.read(self.read_end, min(size, 16384)))

    def close(self):
        os.kill(self.feeder, signal.SIGKILL)
        os.waitpid(self.feeder, 0)
        os.close(self.read_end)


class Items(Dataset):
    def __init__(self, arguments, injected):
        self.arguments = arguments
        self.injected = injected
        self.pipe = ThrottledPipe(arguments.read_mb_per_s) if arguments.item_read_kb else None

    def __len__(self):
        return self.arguments.steps * self.arguments.batch

    def __getitem__(self, index):
        a = self.arguments
        begin = time.monotonic_ns()
        if a.item_cpu_ms:
            burn_cpu(a.item_cpu_ms)
        if a.item_sleep_ms:
            time.sleep(a.item_sleep_ms / 1e3)
        if a.item_read_kb:
            self.pipe.read(a.item_read_kb * 1024)
        worker = get_worker_info()
        if a.slow_worker_ms and worker is not None and worker.id == 0 and index % a.batch == 0:
            time.sleep(a.slow_worker_ms / 1e3)
        self.injected.add(begin)
        return torch.full((64,), float(index % 17)), index % 10


def make_collate(arguments, injected):
    def collate(items):
        begin = time.monotonic_ns()
        if arguments.collate_cpu_ms:
            burn_cpu(arguments.collate_cpu_ms)
            injected.add(begin)
        return torch.stack([x for x, _ in items]), torch.tensor([y for _, y in items])

    return collate


def own_generator(arguments, injected):
    """What people write instead of a DataLoader."""
    for step in range(arguments.steps):
        begin = time.monotonic_ns()
        time.sleep(arguments.generator_ms / 1e3)
        injected.add(begin)
        yield torch.full((arguments.batch, 64), float(step % 17)), torch.arange(arguments.batch)


def make_worker_init(arguments):
    def worker_init(worker_id):
        if arguments.one_cpu:
            os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        if arguments.cgroup:
            with open(os.path.join(arguments.cgroup, "cgroup.procs"), "w") as procs:
                procs.write(str(os.getpid()))

    return worker_init


class Optimizer(torch.optim.SGD):
    """SGD that can be slower than it was: what an upgrade that lost a fused kernel looks like."""

    extra_ms = 0.0
    injected = None

    def step(self, closure=None):
        if self.extra_ms:
            begin = time.monotonic_ns()
            burn_cpu(self.extra_ms)
            self.injected.add(begin)
        return super().step(closure)


def train(arguments, injected):
    torch.set_num_threads(1)
    torch.manual_seed(7)
    model = torch.nn.Sequential(torch.nn.Linear(64, arguments.width), torch.nn.ReLU(),
                                torch.nn.Linear(arguments.width, arguments.width), torch.nn.ReLU(),
                                torch.nn.Linear(arguments.width, 10))
    optimizer = Optimizer(model.parameters(), lr=0.01)
    optimizer.extra_ms, optimizer.injected = arguments.optimizer_ms, injected
    items = Items(arguments, injected)
    loader = DataLoader(items, batch_size=arguments.batch, num_workers=arguments.workers,
                        collate_fn=make_collate(arguments, injected), worker_init_fn=make_worker_init(arguments))
    live = [[i] for i in range(arguments.gc_objects)]
    ballast = torch.zeros(arguments.checkpoint_mb * 262144)
    gc.disable()
    step_ends = []
    for step, (x, y) in enumerate(own_generator(arguments, injected) if arguments.generator_ms else loader):
        loss = torch.nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if arguments.gc_every and step % arguments.gc_every == arguments.gc_every - 1:
            begin = time.monotonic_ns()
            gc.collect()
            injected.add(begin)
        if arguments.checkpoint_every and step % arguments.checkpoint_every == arguments.checkpoint_every - 1:
            begin = time.monotonic_ns()
            torch.save({"model": model.state_dict(), "ballast": ballast}, arguments.books + ".pt")
            injected.add(begin)
        step_ends.append(time.monotonic_ns())
    del live
    if items.pipe is not None:
        items.pipe.close()
    return step_ends


def main():
    arguments = parse_arguments()
    injected = Injected(arguments.steps * (arguments.batch + 4))
    step_ends = train(arguments, injected)
    with open(arguments.books, "w") as books:
        json.dump({"steps": len(step_ends), "workers": arguments.workers, "injected_ns": injected.pairs(),
                   "step_ends_ns": step_ends}, books)


if __name__ == "__main__":
    main()
