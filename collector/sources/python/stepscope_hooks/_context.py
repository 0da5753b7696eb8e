# SPDX-License-Identifier: Apache-2.0
"""What the current thread is in the middle of; how hooks that nest know of each other."""
import os
import threading

from . import _api


class Thread:
    """One thread's state; a plain object, since an attribute of `threading.local` costs several times as much."""

    __slots__ = ("starting", "iterator_next", "checkpoint", "stepping", "optimizer_steps", "forward")

    def __init__(self):
        self.starting = None  # the DataLoader iterator whose constructor is running
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
    return local.thread.iterator_next > 0 or _api.loading() & 3 != 0


def makes_batches():
    """True in a worker and inside a next() without workers: a DataLoader used there is a part of the dataset."""
    return _api.loading() & 4 != 0


def _after_fork_in_child():
    local.__dict__.clear()
    local.thread = Thread()


os.register_at_fork(after_in_child=_after_fork_in_child)
