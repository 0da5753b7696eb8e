# SPDX-License-Identifier: Apache-2.0
"""torch.utils.data._utils.fetch: how long a batch took to make, how much of it was collating, and what it used.

A fetch is measured for whoever asked for it on this thread (`_context.local.thread.owner`): the worker loop or, with
num_workers=0, the iterator's next().
"""
import ctypes
import time

from . import _api
from ._clock import now
from ._context import local
from ._guard import Guard, own_function, replace
from ._kinds import BATCH_FETCH, pack15

_guard = Guard("dataloader.fetch")
_collate_guard = Guard("dataloader.collate")

# Below this length a fetch in the training process itself gets its CPU time from one clock call: reading /proc twice
# would cost more than it could tell.
_FULL_USAGE_NS = 500000

# A worker that is busy goes from one fetch to the next within this time: the reading at the end of one is then the reading
# at the beginning of the other. An idle one reads again, while nobody waits for it.
_SAME_READING_NS = 100000

# A fetch this short has waited for nothing worth knowing: it is not read again for its end.
_SHORT_NS = 200000

_Usage = ctypes.c_int64 * 5


class Fetch:
    """One thread's fetches: the fields describe the latest."""

    __slots__ = ("key", "epoch", "worker", "task", "received", "busy", "start", "end", "collate", "items", "always_full",
                 "_before", "_after", "_before_at", "_after_at", "_read", "_cpu", "_full")

    def __init__(self, key, worker, always_full):
        self.key = key
        self.worker = worker
        self.always_full = always_full
        self.epoch = self.task = self.received = self.start = self.end = self.collate = self.items = 0
        self.busy = False
        self._full = always_full
        self._read = self._cpu = 0
        self._before, self._after = _Usage(), _Usage()
        self._before_at, self._after_at = ctypes.addressof(self._before), ctypes.addressof(self._after)

    def begin(self, cell):
        cell[0] = cell[1] = 0
        self.busy = True
        if not self._full:
            self._cpu = time.thread_time_ns()
            self.start = now()
            return
        self._before, self._after = self._after, self._before
        self._before_at, self._after_at = self._after_at, self._before_at
        self.start = start = now()
        if start - self._read > _SAME_READING_NS:
            _api.thread_usage(self._before_at)
            self.start = now()

    def finish(self, cell):
        self.end = end = now()
        self.busy = False
        self.collate, self.items = cell
        if not self._full:
            self._cpu = time.thread_time_ns() - self._cpu
        elif end - self.start < _SHORT_NS:
            before, after = self._before, self._after
            after[:] = before
            after[0] = time.thread_time_ns()
            self._read = 0
        else:
            _api.thread_usage(self._after_at)
            self._read = end

    def emit(self, put_ns):
        """Writes the batch_fetch of `task`, handed over at `put_ns`."""
        start, end = self.start, self.end
        if start < self.received:  # nothing was fetched: the worker failed before it could
            start = end = self.received
        elif self._full:
            cpu0, runq0, read0, faults0, throttled0 = self._before
            cpu, runq, read, faults, throttled = self._after
            duration = end - start
            _api.emit(BATCH_FETCH, 0, pack15(
                start, duration, self.key, self.epoch, self.task, self.worker, self.collate, self.received, put_ns,
                min(cpu - cpu0, duration), min(runq - runq0, duration), read - read0, faults - faults0, self.items,
                min(throttled - throttled0, duration)), 15)
            self._full = self.always_full or end - start >= _FULL_USAGE_NS
            return
        _api.emit(BATCH_FETCH, 0, pack15(start, end - start, self.key, self.epoch, self.task, self.worker, self.collate,
                                         self.received, put_ns, self._cpu, 0, 0, 0, self.items, 0), 15)
        self._full = self.always_full or end - start >= _FULL_USAGE_NS


def _wrap_init(owner):
    original = own_function(owner, "__init__")
    if original is None:
        raise AttributeError("fetcher constructor")

    def __init__(self, *args, **kwargs):
        original(self, *args, **kwargs)
        if not _collate_guard.off:
            try:
                self._stepscope = cell = [0, 0]  # ns spent collating, samples collated
                self.collate_fn = _timed_collate(self.collate_fn, cell)
            except Exception:
                _collate_guard.fail()

    replace(owner, "__init__", __init__, original)


def _timed_collate(collate, cell):
    def timed(data, *args, **kwargs):
        start = now()
        try:
            return collate(data, *args, **kwargs)
        finally:
            cell[0] += now() - start
            cell[1] += len(data) if type(data) is list else 1

    for attribute in ("__module__", "__name__", "__qualname__", "__doc__"):
        try:
            setattr(timed, attribute, getattr(collate, attribute))
        except (AttributeError, TypeError):
            pass
    timed.__wrapped__ = collate
    return timed


def _wrap_fetch(owner):
    original = own_function(owner, "fetch")
    if original is None:
        return

    def fetch(self, *args, **kwargs):
        fetching = local.thread.owner
        if fetching is None or fetching.busy or _guard.off:
            return original(self, *args, **kwargs)
        try:
            cell = self._stepscope
            fetching.begin(cell)
        except Exception:
            fetching.busy = False
            _guard.fail()
            return original(self, *args, **kwargs)
        try:
            return original(self, *args, **kwargs)
        finally:
            try:
                fetching.finish(cell)
            except Exception:
                fetching.busy = False
                _guard.fail()

    replace(owner, "fetch", fetch, original)


def install(module):
    """Wraps every fetcher class of torch.utils.data._utils.fetch."""
    base = module._BaseDatasetFetcher
    _wrap_init(base)
    for value in list(vars(module).values()):
        if isinstance(value, type) and issubclass(value, base) and value is not base:
            _wrap_fetch(value)
