# SPDX-License-Identifier: Apache-2.0
"""A DataLoader worker's loop: which task it took from its queue, and when.

The loop's queue of tasks is replaced by one that looks at the task ids passing by. Nothing is done where the result is
handed over: the loop goes there straight from the fetch, whose record is written as it ends. The wrapped loop keeps its module and
name, so `spawn` and `forkserver` pickle it by reference as before and find the wrapped one again in the child.
"""
import inspect
import multiprocessing
import os
import threading

from . import _api, _keys
from ._clock import now
from ._context import makes_batches
from ._guard import Guard, own_function, replace
from ._kinds import OP_LOADER_START, PHASE, SOURCE_PYTHON

_guard = Guard("dataloader.worker")

# Outermost first; newer releases split the loop and run it in threads as well.
_LOOPS = ("_worker_loop", "_process_worker_loop", "_thread_worker_loop", "_base_worker_loop")


class IndexQueue:
    """Stands in for the queue a worker takes its tasks from: what is not `get` goes straight to it.

    The collector sets `get` to the queue's own as long as it counts the tasks (task_count.hpp), and back to `_stepscope_get`.
    """

    def __init__(self, queue):
        self._stepscope_queue = queue
        self.get = self._stepscope_get = _api.builtin("worker_get", queue.get, "__name__", "_ResumeIteration", "get", "_stepscope_get")

    def __getattr__(self, name):
        if name == "_stepscope_queue":
            raise AttributeError(name)
        return getattr(self._stepscope_queue, name)


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
    """The queue to run the loop with, or None when this worker is not recorded."""
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
    _api.emit(PHASE, 0, start, now() - start, _api.intern("DataLoader worker"), OP_LOADER_START, SOURCE_PYTHON, 0)
    queue = IndexQueue(arguments["index_queue"])
    in_turn = getattr(multiprocessing.current_process(), "_stepscope_in_turn", False) and _in_worker_process()
    _api.fetch_worker(key, 0, worker, id(queue) if in_turn else 0, bool(arguments.get("persistent_workers", True)))
    return queue


def _wrap(module, name):
    original = own_function(module, name)
    if original is None:
        return False
    signature = inspect.signature(original)
    if not {"base_seed", "worker_id", "index_queue"} <= set(signature.parameters):
        return False

    def loop(*args, **kwargs):
        queue = None
        if not _guard.off and not makes_batches():
            try:
                bound = signature.bind(*args, **kwargs)
                queue = _enter(bound.arguments)
                if queue is not None:
                    bound.arguments["index_queue"] = queue
                    args, kwargs = bound.args, bound.kwargs
            except Exception:
                _guard.fail()
        try:
            return original(*args, **kwargs)
        finally:
            if queue is not None:
                _api.fetch_worker(0, 0, -1)

    replace(module, name, loop, original)
    return True


def install(module):
    """Wraps whichever worker loops `module` has."""
    if not any([_wrap(module, name) for name in _LOOPS]):
        raise AttributeError("no known worker loop")
