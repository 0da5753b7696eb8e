# SPDX-License-Identifier: Apache-2.0
"""The consuming side of torch.utils.data.DataLoader: one `batch` per next(), with its task's dispatch and arrival.

Everything hangs on methods that all releases of the iterators share: `__next__`, `_next_index` (what comes out of it is
put to a worker's queue at once), `_get_data` (what came out of the workers' queue) and `_reset`. A batch costs one packed
record and one call into the collector.
"""
from . import _api, _loader_state
from ._clock import now
from ._context import local
from ._guard import Guard, own_function, replace
from ._kinds import BATCH, BATCH_LAST, OP_LOADER_RESET, OP_LOADER_SHUTDOWN, OP_LOADER_START, PHASE, SOURCE_PYTHON

_next_guard = Guard("dataloader.next")
_queue_guard = Guard("dataloader.queue")
_life_guard = Guard("dataloader.life")

_MAX_IN_FLIGHT = 65536  # tasks remembered per iterator: batches that are taken unseen leave theirs behind


def _phase(start, name, operation):
    _api.emit(PHASE, 0, start, now() - start, _api.intern(name), operation, SOURCE_PYTHON, 0)


def _emit_in_process(state, start, flags):
    """The record of a batch that next() made itself, and of its fetch."""
    task = state.task
    state.task = task + 1
    _api.batch_emit(start, state.key, state.epoch, task, state.index_ns, state.flags | flags)


def _emit_last(iterator, state, start):
    """The record of the next() that found the loader at its end."""
    if state.workers == 0:
        _emit_in_process(state, start, BATCH_LAST)
        return
    _api.emit(BATCH, 0, start, now() - start, state.key, state.epoch, iterator._rcvd_idx, -1, state.workers, 0, 0, 0,
              state.out_of_order, 0, 0, 0, state.flags | BATCH_LAST)
    state.out_of_order = 0


_UNSEEN = (0, -1)  # arrival and worker of a batch that no hook saw arriving


def _emit_fetched(iterator, state, start):
    """The record of a batch that a worker made."""
    end = now()
    task = iterator._rcvd_idx - 1 if state.in_order else state.last_arrived
    arrived, worker = state.arrived.pop(task, _UNSEEN)
    pinned = 0
    if state.pinning:
        pinned = getattr(iterator._data_queue, "_stepscope_pinned", {}).pop(task, 0)
    _api.emit(BATCH, 0, start, end - start, state.key, state.epoch, task, worker, state.workers,
              state.dispatched.pop(task, 0), arrived, pinned, state.out_of_order, 0, 0, 0, state.flags)
    state.out_of_order = 0


def _wrap_next(owner):
    original = own_function(owner, "__next__")
    owner._stepscope = None
    api, context, guard, clock = _api, local, _next_guard, now

    def __next__(self):
        state = self._stepscope
        if state is None or guard.off or (api.status != 1 and not api.wake()):
            return original(self)
        thread = context.thread
        if thread.owner is not None or thread.loader_next:
            return original(self)
        workers = state.workers
        received = getattr(self, "_rcvd_idx", 0) if workers else 0
        start = clock()
        try:
            thread.owner = state.fetch
            thread.loader_next = 1
            thread.loader_nexts += 1
            data = original(self)
        except BaseException as error:
            thread.owner = None
            thread.loader_next = 0
            try:
                if isinstance(error, StopIteration):
                    _emit_last(self, state, start)
                elif workers and self._rcvd_idx > received:
                    # An exception of the dataset takes the place of its batch; any other leaves the batch for later.
                    _emit_fetched(self, state, start)
            except Exception:
                guard.fail()
            raise
        thread.owner = None
        thread.loader_next = 0
        try:
            if workers:
                _emit_fetched(self, state, start)
            else:
                _emit_in_process(state, start, 0)
        except Exception:
            guard.fail()
        return data

    replace(owner, "__next__", __next__, original)


def _wrap_next_index(owner):
    original = own_function(owner, "_next_index")
    if original is None:
        raise AttributeError("_next_index")
    guard, clock = _queue_guard, now

    def _next_index(self):
        index = original(self)
        state = self._stepscope
        if state is not None and not guard.off:
            try:
                if state.workers == 0:
                    state.index_ns = clock()
                else:
                    dispatched = state.dispatched
                    if len(dispatched) < _MAX_IN_FLIGHT:
                        dispatched[self._send_idx] = clock()
            except Exception:
                guard.fail()
        return index

    replace(owner, "_next_index", _next_index, original)


def _wrap_get_data(owner):
    original = own_function(owner, "_get_data")
    if original is None:
        return
    guard, clock = _queue_guard, now
    if not hasattr(owner, "_stepscope"):
        owner._stepscope = None

    def _get_data(self, *args, **kwargs):
        item = original(self, *args, **kwargs)
        state = self._stepscope
        if state is not None and not guard.off:
            try:
                task = item[0]
                arrived = state.arrived
                if type(task) is int and len(arrived) < _MAX_IN_FLIGHT:
                    state.last_arrived = task
                    arrived[task] = (clock(), self._task_info[task][0])
                    if task != self._rcvd_idx and state.in_order and type(item[1]).__name__ != "_IterableDatasetStopIteration":
                        state.out_of_order += 1
            except Exception:
                guard.fail()
        return item

    replace(owner, "_get_data", _get_data, original)


def _wrap_reset(owner):
    original = own_function(owner, "_reset")
    if original is None:
        return

    def _reset(self, *args, **kwargs):
        state = getattr(self, "_stepscope", None)
        if state is None or state.resetting or local.thread.starting is self or _life_guard.off:
            return original(self, *args, **kwargs)
        start = now()
        try:
            state.resetting = True
            state.new_epoch()
            return original(self, *args, **kwargs)
        finally:
            state.resetting = False
            try:
                if _api.status == 1:
                    _phase(start, state.loader_class, OP_LOADER_RESET)
            except Exception:
                _life_guard.fail()

    replace(owner, "_reset", _reset, original)


def _wrap_shutdown(owner):
    original = own_function(owner, "_shutdown_workers")
    if original is None:
        return

    def _shutdown_workers(self, *args, **kwargs):
        start = now()
        before = getattr(self, "_shutdown", True)
        try:
            return original(self, *args, **kwargs)
        finally:
            try:
                if not before and self._shutdown and _api.status == 1:
                    for worker in self._workers:
                        if getattr(worker, "pid", None):
                            _api.watch(worker.pid, False)
                    _phase(start, self._stepscope.loader_class, OP_LOADER_SHUTDOWN)
            except Exception:
                _life_guard.fail()

    replace(owner, "_shutdown_workers", _shutdown_workers, original)


def _wrap_base_init(owner):
    original = own_function(owner, "__init__")
    if original is None:
        raise AttributeError("iterator constructor")

    def __init__(self, loader, *args, **kwargs):
        original(self, loader, *args, **kwargs)
        if _life_guard.off or local.thread.owner is not None or not _api.wake():
            return
        try:
            self._stepscope = state = _loader_state.LoaderState(self, loader)
            if state.workers == 0:
                _loader_state.describe(state, self, loader)
        except Exception:
            _life_guard.fail()

    replace(owner, "__init__", __init__, original)


def _wrap_derived_init(owner):
    """The constructor of an iterator with workers: starts them, and puts the first indices."""
    original = own_function(owner, "__init__")
    if original is None:
        return

    def __init__(self, loader, *args, **kwargs):
        if local.thread.starting is self or _life_guard.off:
            return original(self, loader, *args, **kwargs)
        before = local.thread.starting
        start = now()
        try:
            local.thread.starting = self
            original(self, loader, *args, **kwargs)
        finally:
            local.thread.starting = before
        try:
            state = getattr(self, "_stepscope", None)
            if state is not None and state.workers and _api.status == 1:
                _phase(start, state.loader_class, OP_LOADER_START)
                for worker in self._workers:
                    if getattr(worker, "pid", None):
                        _api.watch(worker.pid, True)
                _loader_state.describe(state, self, loader)
        except Exception:
            _life_guard.fail()

    replace(owner, "__init__", __init__, original)


def _wrap_process_start():
    """Lets a worker know which of several iterators with the same base seed it belongs to."""
    from multiprocessing.process import BaseProcess

    original = own_function(BaseProcess, "start")
    if original is None:
        return

    def start(self):
        iterator = local.thread.starting
        if iterator is not None:
            try:
                state = iterator._stepscope
                state.take_key(iterator._base_seed)
                if state.reuse:
                    self._stepscope_reuse = state.reuse
            except Exception:
                _life_guard.fail()
        return original(self)

    replace(BaseProcess, "start", start, original)


def install_derived(module):
    """Wraps the iterator classes that `module` derives from the base iterator."""
    for value in list(vars(module).values()):
        if isinstance(value, type) and value.__module__ == module.__name__ and hasattr(value, "_next_data"):
            if "_get_data" in vars(value):
                _wrap_derived_init(value)
                _wrap_get_data(value)
                _wrap_shutdown(value)
            if "_next_data" in vars(value):
                _wrap_reset(value)


def install(module):
    base = module._BaseDataLoaderIter
    if own_function(base, "__next__") is None:
        raise AttributeError("__next__")
    install_derived(module)
    _wrap_base_init(base)
    _wrap_next_index(base)
    _wrap_process_start()
    _wrap_next(base)
