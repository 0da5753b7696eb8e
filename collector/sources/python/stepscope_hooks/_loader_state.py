# SPDX-License-Identifier: Apache-2.0
"""What is remembered about one DataLoader iterator between its events, and the facts written about it once."""
import ctypes
import json
import multiprocessing

from . import _api, _dataset_place, _keys
from ._guard import Guard
from ._kinds import BATCH_IN_PROCESS, BATCH_ITERABLE, BATCH_PERSISTENT

_MAX_DESCRIBED = 1024  # iterators described in `meta`: a program may make one per epoch for ever

_guard = Guard("dataloader.describe", calls_foreign=True)
_described = 0


class LoaderState(int):
    """One iterator's identity, and the memory in which the collector keeps the times of its tasks in flight.

    The number is that memory's address: the collector asks an iterator for its attribute of exactly this type. A copy of the iterator is not
    recorded.
    """

    def __new__(cls, iterator, loader):
        in_flight = int(iterator._num_workers) * int(getattr(iterator, "_prefetch_factor", None) or 2)
        memory = ctypes.create_string_buffer(_api.loader_bytes(in_flight))
        self = super().__new__(cls, ctypes.addressof(memory))
        self.memory, self.in_flight = memory, in_flight
        return self

    def __reduce_ex__(self, _protocol):
        return type(None), ()

    def __init__(self, iterator, loader):
        self.workers = int(iterator._num_workers)
        self.flags = (BATCH_IN_PROCESS if self.workers == 0 else 0)
        if type(getattr(iterator, "_dataset_kind", None)) is int and iterator._dataset_kind == 1:  # _DatasetKind.Iterable
            self.flags |= BATCH_ITERABLE
        if getattr(iterator, "_persistent_workers", False):
            self.flags |= BATCH_PERSISTENT
        self.resetting = False
        self.in_order = bool(getattr(loader, "in_order", True))
        self.in_turn = self.in_order and not self.flags & BATCH_ITERABLE  # task n is worker n % workers'
        self.loader_class = type(loader).__name__
        self.seed = None
        self.epoch = 0
        self.take_key(iterator._base_seed)
        self.begin()

    def take_key(self, seed):
        """The iterator's seed decides the key; a restored StatefulDataLoader takes another seed after construction."""
        if seed != self.seed:
            self.seed = seed
            self.reuse = _keys.claim(seed)
            self.key = _keys.mix(seed, self.reuse)
            _api.loader_key(self, self.key)

    def new_epoch(self):
        self.epoch += 1
        self.begin()

    def begin(self):
        """Forgets all tasks: from now on others are put."""
        _api.loader_begin(self, self.in_flight, self.key, self.epoch, self.workers, self.flags, self.in_order)


def _start_method(iterator):
    workers = getattr(iterator, "_workers", None)
    if not workers:
        return None
    method = getattr(workers[0], "_start_method", None)
    if method is None and isinstance(workers[0], multiprocessing.process.BaseProcess):
        method = multiprocessing.get_start_method(allow_none=True)
    return method or "thread"


def describe(state, iterator, loader):
    """Writes loader.<key> into meta: what a reader needs to name and compare loaders."""
    global _described
    _described += 1
    if _described > _MAX_DESCRIBED or _guard.off:
        _api.loss("python.loader_not_described")
        return
    try:
        _api.meta("loader.%d" % state.key, json.dumps(_facts(state, iterator, loader), default=str))
        _dataset_place.describe(getattr(loader, "dataset", None))
    except Exception:
        _guard.fail()


def _facts(state, iterator, loader):
    dataset = type(getattr(loader, "dataset", None))
    workers = getattr(iterator, "_workers", None) or ()
    return {
        "class": type(loader).__name__,
        "dataset": dataset.__module__ + "." + dataset.__qualname__,
        "batch_size": getattr(loader, "batch_size", None),
        "collates_samples": getattr(loader, "_auto_collation", None),  # else a batch's `items` are not samples
        "num_workers": state.workers,
        "prefetch_factor": getattr(iterator, "_prefetch_factor", None),
        "persistent": bool(state.flags & BATCH_PERSISTENT),
        "pin_memory": bool(getattr(iterator, "_pin_memory", False)),
        "start_method": _start_method(iterator),
        "in_order": state.in_order,
        "style": "iterable" if state.flags & BATCH_ITERABLE else "map",
        "pids": [worker.pid for worker in workers if getattr(worker, "pid", None)],
    }
