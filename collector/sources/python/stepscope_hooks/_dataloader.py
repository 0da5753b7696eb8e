# SPDX-License-Identifier: Apache-2.0
"""The consuming side of torch.utils.data.DataLoader: one `batch` per next(), with its task's dispatch and arrival.

Everything hangs on what all releases of the iterators share: the methods `__next__`, `_get_data` (what came out of the workers'
queue) and `_reset`, and the counts `_send_idx` and `_rcvd_idx` of tasks put and batches handed over. The first two methods are
called for every batch: the collector's own wrappers stand in their place.
"""
from . import _api, _loader_state, _pin
from ._clock import now
from ._context import local, makes_batches
from ._guard import Guard, own_function, replace, replace_method
from ._kinds import OP_LOADER_RESET, OP_LOADER_SHUTDOWN, OP_LOADER_START, PHASE, SOURCE_PYTHON

_guard = Guard("dataloader")

_STATE = ("_stepscope", _loader_state.LoaderState)  # the iterator's attribute with its state; None when it is not recorded


def _phase(start, name, operation):
    _api.emit(PHASE, 0, start, now() - start, _api.intern(name), operation, SOURCE_PYTHON, 0)


def _wrap_reset(owner):
    original = own_function(owner, "_reset")
    if original is None:
        return

    def _reset(self, *args, **kwargs):
        state = getattr(self, "_stepscope", None)
        if state is None or state.resetting or _guard.off:
            return original(self, *args, **kwargs)
        if local.thread.starting is self:  # its workers have been started, and its first tasks are about to be put
            state.begin()
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
                _guard.fail()

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
                _guard.fail()

    replace(owner, "_shutdown_workers", _shutdown_workers, original)


def _wrap_base_init(owner):
    original = own_function(owner, "__init__")
    if original is None:
        raise AttributeError("iterator constructor")

    def __init__(self, loader, *args, **kwargs):
        original(self, loader, *args, **kwargs)
        if _guard.off or makes_batches() or not _api.wake():
            return
        try:
            self._stepscope = state = _loader_state.LoaderState(self, loader)
            if state.workers and getattr(self, "_pin_memory", False):
                _pin.expect(self)
            if state.workers == 0:
                _loader_state.describe(state, self, loader)
        except Exception:
            _guard.fail()

    replace(owner, "__init__", __init__, original)


def _wrap_derived_init(owner):
    """The constructor of an iterator with workers: starts them, and puts the first indices."""
    original = own_function(owner, "__init__")
    if original is None:
        return

    def __init__(self, loader, *args, **kwargs):
        if local.thread.starting is self or _guard.off:
            return original(self, loader, *args, **kwargs)
        before = local.thread.starting
        start = now()
        try:
            local.thread.starting = self
            original(self, loader, *args, **kwargs)
        finally:
            local.thread.starting = before
            try:
                _pin.started(self)
            except Exception:
                _guard.fail()
        try:
            state = getattr(self, "_stepscope", None)
            if state is not None and state.workers and _api.status == 1:
                _phase(start, state.loader_class, OP_LOADER_START)
                for worker in self._workers:
                    if getattr(worker, "pid", None):
                        _api.watch(worker.pid, True)
                _loader_state.describe(state, self, loader)
        except Exception:
            _guard.fail()

    replace(owner, "__init__", __init__, original)


def _wrap_process_start():
    """Lets a worker know which of several iterators with the same base seed it belongs to, and whether its tasks come in turn."""
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
                if state.in_turn and type(iterator).__module__ == "torch.utils.data.dataloader":
                    self._stepscope_in_turn = True
            except Exception:
                _guard.fail()
        return original(self)

    replace(BaseProcess, "start", start, original)


def install_derived(module):
    """Wraps the iterator classes that `module` derives from the base iterator."""
    for value in list(vars(module).values()):
        if isinstance(value, type) and value.__module__ == module.__name__ and hasattr(value, "_next_data"):
            if "_get_data" in vars(value):
                _wrap_derived_init(value)
                replace_method(value, "_get_data", "loader_get_data", *_STATE, "_rcvd_idx", "_send_idx", "_task_info", "__name__",
                               "_IterableDatasetStopIteration")
                _wrap_shutdown(value)
            if "_next_data" in vars(value):
                _wrap_reset(value)


def install(module):
    base = module._BaseDataLoaderIter
    if own_function(base, "__next__") is None:
        raise AttributeError("__next__")
    base._stepscope = None
    install_derived(module)
    _wrap_base_init(base)
    _wrap_process_start()
    replace_method(base, "__next__", "loader_next", *_STATE, "_rcvd_idx", "_send_idx", _api.wake, StopIteration)
