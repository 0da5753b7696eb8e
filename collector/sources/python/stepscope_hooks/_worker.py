# SPDX-License-Identifier: Apache-2.0
"""A DataLoader worker's loop: when it took a task from its queue, and when it handed the result over.

The loop's two queues are replaced by proxies that look at the task ids passing by. The wrapped loop keeps its module and
name, so `spawn` and `forkserver` pickle it by reference as before and find the wrapped one again in the child.
"""
import inspect
import multiprocessing
import os
import threading

from . import _api, _keys
from ._clock import now
from ._context import local
from ._fetch import Fetch
from ._guard import Guard, own_function, replace
from ._kinds import OP_LOADER_START, PHASE, SOURCE_PYTHON, pack6

_guard = Guard("dataloader.worker")

# Outermost first; newer releases split the loop and run it in threads as well.
_LOOPS = ("_worker_loop", "_process_worker_loop", "_thread_worker_loop", "_base_worker_loop")


class _Queue:
    """Stands in for a queue: what is not `get` or `put` goes straight to it."""

    def __init__(self, queue, fetch):
        self._stepscope_queue = queue
        self._stepscope_fetch = fetch

    def __getattr__(self, name):
        return getattr(self._stepscope_queue, name)


class IndexQueue(_Queue):
    """The queue a worker takes its tasks from."""

    def get(self, *args, **kwargs):
        item = self._stepscope_queue.get(*args, **kwargs)
        fetch = self._stepscope_fetch
        if type(item) is tuple:
            fetch.received = now()
            fetch.task = item[0]
        elif type(item).__name__ == "_ResumeIteration":
            fetch.epoch += 1
        return item


class DataQueue(_Queue):
    """The queue a worker puts its results on."""

    def put(self, item, *args, **kwargs):
        at = now()
        result = self._stepscope_queue.put(item, *args, **kwargs)
        if not _guard.off:
            try:
                if type(item) is tuple and type(item[0]) is int and item[0] == self._stepscope_fetch.task:
                    self._stepscope_fetch.emit(at)
            except Exception:
                _guard.fail()
        return result


def _begin_process(key, worker):
    """Starts recording this worker process."""
    os.environ["STEPSCOPE_ROLE"], before = "worker", os.environ.get("STEPSCOPE_ROLE")
    try:
        recorded = _api.wake(b"python-worker")
    finally:
        if before is None:
            os.environ.pop("STEPSCOPE_ROLE", None)
        else:
            os.environ["STEPSCOPE_ROLE"] = before
    if recorded:
        parent = multiprocessing.parent_process()
        _api.meta("worker.id", worker)
        _api.meta("worker.loader", key)
        _api.meta("worker.parent_pid", parent.pid if parent is not None else os.getppid())
    return recorded


def _in_worker_process():
    return multiprocessing.parent_process() is not None and threading.current_thread() is threading.main_thread()


def _enter(arguments):
    """The queues to run the loop with, or None when this worker is not recorded."""
    start = now()
    seed, worker = arguments["base_seed"], int(arguments["worker_id"])
    if _in_worker_process():
        key = _keys.mix(seed, getattr(multiprocessing.current_process(), "_stepscope_reuse", 0))
        if not _begin_process(key, worker):
            return None
    else:
        key = _keys.mix(seed, _keys.latest(seed))
        if not _api.wake():
            return None
    fetch = Fetch(key, worker, always_full=True)
    local.thread.owner = fetch
    _api.emit(PHASE, 0, pack6(start, now() - start, _api.intern("DataLoader worker"), OP_LOADER_START, SOURCE_PYTHON, 0), 6)
    return IndexQueue(arguments["index_queue"], fetch), DataQueue(arguments["data_queue"], fetch)


def _wrap(module, name):
    original = own_function(module, name)
    if original is None:
        return False
    signature = inspect.signature(original)
    if not {"base_seed", "worker_id", "index_queue", "data_queue"} <= set(signature.parameters):
        return False

    def loop(*args, **kwargs):
        queues = None
        if not _guard.off and local.thread.owner is None:
            try:
                bound = signature.bind(*args, **kwargs)
                queues = _enter(bound.arguments)
                if queues is not None:
                    bound.arguments["index_queue"], bound.arguments["data_queue"] = queues
                    args, kwargs = bound.args, bound.kwargs
            except Exception:
                local.thread.owner = None
                _guard.fail()
        try:
            return original(*args, **kwargs)
        finally:
            if queues is not None:
                local.thread.owner = None

    replace(module, name, loop, original)
    return True


def install(module):
    """Wraps whichever worker loops `module` has."""
    if not any([_wrap(module, name) for name in _LOOPS]):
        raise AttributeError("no known worker loop")
