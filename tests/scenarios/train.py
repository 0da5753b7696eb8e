# SPDX-License-Identifier: Apache-2.0
"""A small real PyTorch training job with slowdowns that can be dialled in, and that measures what it injected.

Every knob below is one kind of slowdown the diff must name. The script keeps its own books, on its own clock: how long the slowed
piece of the job takes, knob or no knob, how long a step, and how much of that it waits for data. So a slowdown is known by what it did to that piece: sleeps overshoot, and
what runs after a long wait finds its caches cold.
In __getitem__ the CPU time counts, and of sleeping and reading the time on top of it: what else may happen meanwhile, a wait for the
interpreter or for a CPU, was not injected.
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
    parser.add_argument("--steps", type=int, default=80)
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
    parser.add_argument("--books-of", default="", choices=["", "getitem", "collate", "optimizer"], help="the piece to keep books of, "
                        "beside the generator, garbage collections and checkpoints")
    parser.add_argument("--books", required=True, help="where the script's own measurements go")
    return parser.parse_args()


PIPE_BYTES = 65536  # what Linux gives a pipe: fewer and larger reads cost less CPU beside the wait


def burn_cpu(milliseconds):
    """Uses that much CPU time of this thread: being preempted or throttled makes it last longer, as real work would."""
    end = time.thread_time_ns() + int(milliseconds * 1e6)
    while time.thread_time_ns() < end:
        pass


class Slowed:
    """The slowed piece, each time it ran, of all processes: [begin, end, size] in ns each (the workers inherit the memory by fork)."""

    def __init__(self, most):
        self.count = multiprocessing.Value("q", 0)
        self.rows = multiprocessing.RawArray("q", 3 * most)

    def add(self, begin_ns, size_ns=None):
        """It began at `begin_ns` and ends now; its size is that time unless said otherwise."""
        end_ns = time.monotonic_ns()
        with self.count.get_lock():
            at = self.count.value
            self.count.value = at + 1
        self.rows[3 * at:3 * at + 3] = [begin_ns, end_ns, end_ns - begin_ns if size_ns is None else size_ns]

    def all(self):
        return [self.rows[3 * i:3 * i + 3] for i in range(self.count.value)]


class ThrottledPipe:
    """A pipe fed by a process of its own at a given rate: what reading from a slow network file system looks like.

    Made before the loader, so that the feeder inherits none of the loader's pipes.
    """

    def __init__(self, mb_per_s):
        self.read_end, write_end = os.pipe()
        self.feeder = os.fork()
        if self.feeder == 0:
            os.close(self.read_end)  # so that the feeder gets EPIPE, and ends, when the readers are gone
            chunk = b"x" * PIPE_BYTES
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
            size -= len(os.read(self.read_end, min(size, PIPE_BYTES)))

    def close(self):
        os.kill(self.feeder, signal.SIGKILL)
        os.waitpid(self.feeder, 0)
        os.close(self.read_end)


class Items(Dataset):
    def __init__(self, arguments, slowed):
        self.arguments = arguments
        self.slowed = slowed
        self.pipe = ThrottledPipe(arguments.read_mb_per_s) if arguments.item_read_kb else None

    def __len__(self):
        return self.arguments.steps * self.arguments.batch

    def __getitem__(self, index):
        a = self.arguments
        begin, cpu = time.monotonic_ns(), time.thread_time_ns()
        if a.item_cpu_ms:
            burn_cpu(a.item_cpu_ms)
        waited, cpu_waiting = time.monotonic_ns(), time.thread_time_ns()
        if a.item_sleep_ms:
            time.sleep(a.item_sleep_ms / 1e3)
        if a.item_read_kb:
            self.pipe.read(a.item_read_kb * 1024)
        worker = get_worker_info()
        if a.slow_worker_ms and worker is not None and worker.id == 0 and index % a.batch == 0:
            time.sleep(a.slow_worker_ms / 1e3)
        waited, cpu_waiting = time.monotonic_ns() - waited, time.thread_time_ns() - cpu_waiting
        item = torch.full((64,), float(index % 17)), index % 10
        if a.books_of == "getitem":
            waiting = a.item_sleep_ms or a.item_read_kb
            self.slowed.add(begin, waited - cpu_waiting if waiting else time.thread_time_ns() - cpu)
        return item


def make_collate(arguments, slowed):
    def collate(items):
        begin = time.monotonic_ns()
        if arguments.collate_cpu_ms:
            burn_cpu(arguments.collate_cpu_ms)
        batch = torch.stack([x for x, _ in items]), torch.tensor([y for _, y in items])
        if arguments.books_of == "collate":
            slowed.add(begin)
        return batch

    return collate


def own_generator(arguments, slowed):
    """What people write instead of a DataLoader."""
    for step in range(arguments.steps):
        begin = time.monotonic_ns()
        time.sleep(arguments.generator_ms / 1e3)
        batch = torch.full((arguments.batch, 64), float(step % 17)), torch.arange(arguments.batch)
        slowed.add(begin)
        yield batch


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

    def step(self, closure=None):
        if self.extra_ms:
            burn_cpu(self.extra_ms)
        return super().step(closure)


def train(arguments, slowed):
    torch.set_num_threads(1)
    torch.manual_seed(7)
    model = torch.nn.Sequential(torch.nn.Linear(64, arguments.width), torch.nn.ReLU(),
                                torch.nn.Linear(arguments.width, arguments.width), torch.nn.ReLU(),
                                torch.nn.Linear(arguments.width, 10))
    optimizer = Optimizer(model.parameters(), lr=0.01)
    optimizer.extra_ms = arguments.optimizer_ms
    items = Items(arguments, slowed)
    loader = DataLoader(items, batch_size=arguments.batch, num_workers=arguments.workers,
                        collate_fn=make_collate(arguments, slowed), worker_init_fn=make_worker_init(arguments))
    live = [[i] for i in range(arguments.gc_objects)]
    ballast = torch.zeros(arguments.checkpoint_mb * 262144)
    gc.disable()
    step_ends, waits = [], []
    batches = own_generator(arguments, slowed) if arguments.generator_ms else iter(loader)
    for step in range(arguments.steps):
        begin = time.monotonic_ns()
        x, y = next(batches)
        waits.append(time.monotonic_ns() - begin)
        loss = torch.nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        begin = time.monotonic_ns()
        optimizer.step()
        if arguments.books_of == "optimizer":
            slowed.add(begin)
        if arguments.gc_every and step % arguments.gc_every == arguments.gc_every - 1:
            begin = time.monotonic_ns()
            gc.collect()
            slowed.add(begin)
        if arguments.checkpoint_every and step % arguments.checkpoint_every == arguments.checkpoint_every - 1:
            begin = time.monotonic_ns()
            torch.save({"model": model.state_dict(), "ballast": ballast}, arguments.books + ".pt")
            slowed.add(begin)
        step_ends.append(time.monotonic_ns())
    next(batches, None)
    del live
    if items.pipe is not None:
        items.pipe.close()
    return step_ends, waits


def main():
    arguments = parse_arguments()
    slowed = Slowed(arguments.steps * (arguments.batch + 4))
    step_ends, waits = train(arguments, slowed)
    with open(arguments.books, "w") as books:
        json.dump({"steps": len(step_ends), "workers": arguments.workers, "slowed_ns": slowed.all(),
                   "step_ends_ns": step_ends, "waits_ns": waits}, books)


if __name__ == "__main__":
    main()
