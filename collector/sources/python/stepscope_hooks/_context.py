# SPDX-License-Identifier: Apache-2.0
"""What the current thread is in the middle of; how hooks that nest know of each other."""
import os
import threading


class Thread:
    """One thread's state; a plain object, since an attribute of `threading.local` costs several times as much."""

    __slots__ = ("owner", "starting", "loader_next", "loader_nexts", "iterator_next", "checkpoint", "stepping",
                 "optimizer_steps", "forward")

    def __init__(self):
        self.owner = None  # the Fetch that is waiting for this thread's dataset fetcher: a worker's or an in-process next()'s
        self.starting = None  # the DataLoader iterator whose constructor is running
        self.loader_next = 0  # 1 inside a DataLoader's next()
        self.loader_nexts = 0  # DataLoader next() calls so far
        self.iterator_next = 0  # 1 inside another data iterator's next()
        self.checkpoint = 0  # 1 inside a checkpoint call
        self.stepping = False  # inside an optimizer's step
        self.forward = False  # inside the outermost module's call
        self.optimizer_steps = 0  # optimizer steps this thread finished


class _Local(threading.local):
    def __init__(self):
        self.thread = Thread()


local = _Local()


def in_data():
    """True inside a DataLoader's next() or a worker's fetch: what happens there is data loading, whatever it calls."""
    thread = local.thread
    owner = thread.owner
    return thread.loader_next > 0 or thread.iterator_next > 0 or (owner is not None and owner.busy)


def _after_fork_in_child():
    local.__dict__.clear()
    local.thread = Thread()


os.register_at_fork(after_in_child=_after_fork_in_child)
