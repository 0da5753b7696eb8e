# SPDX-License-Identifier: Apache-2.0
"""What the current thread is in the middle of; how hooks that nest know of each other."""
import os
import threading


class _Local(threading.local):
    owner = None  # the Fetch that is waiting for this thread's dataset fetcher: a worker's or an in-process next()'s
    starting = None  # the DataLoader iterator whose constructor is running
    loader_next = 0  # 1 inside a DataLoader's next()
    loader_nexts = 0  # DataLoader next() calls so far
    iterator_next = 0  # 1 inside another data iterator's next()
    checkpoint = 0  # 1 inside a checkpoint call
    stepping = False  # inside an optimizer's step
    optimizer_steps = 0  # optimizer steps this thread finished


local = _Local()


def in_data():
    """True inside a DataLoader's next() or a worker's fetch: what happens there is data loading, whatever it calls."""
    owner = local.owner
    return local.loader_next > 0 or local.iterator_next > 0 or (owner is not None and owner.busy)


def _after_fork_in_child():
    local.__dict__.clear()


os.register_at_fork(after_in_child=_after_fork_in_child)
