# SPDX-License-Identifier: Apache-2.0
"""The thread that copies batches to pinned memory: how long each took between its two queues."""
import inspect
import os
import threading
import weakref

from . import _api
from ._guard import Guard, own_function, replace

_guard = Guard("dataloader.pin")

_lock = threading.Lock()
_starting = {}  # id of an iterator under construction -> (weak reference to it, its state)
_started = {}  # id of the queue that a pinning thread takes from, which has not begun yet -> state


def expect(iterator):
    """`iterator` is about to start a pinning thread, which cannot tell whose it is: it knows its queues."""
    with _lock:
        _starting[id(iterator)] = weakref.ref(iterator), iterator._stepscope


def started(iterator):
    """The constructor of `iterator` is at its end."""
    with _lock:
        _, state = _starting.pop(id(iterator), (None, None))
        if state is not None and hasattr(iterator, "_data_queue"):
            _started[id(iterator._worker_result_queue)] = state


def _state_behind(queue):
    """The LoaderState of the iterator whose workers put their batches into `queue`, or None."""
    with _lock:
        for number, (reference, state) in _starting.items():
            # The constructor waits for the lock before it gives its iterator away: this thread never holds the last reference.
            if getattr(reference(), "_worker_result_queue", None) is queue:
                del _starting[number]
                return state
        return _started.pop(id(queue), None)


def _after_fork_in_child():
    global _lock
    _lock = threading.Lock()
    _starting.clear()
    _started.clear()


os.register_at_fork(after_in_child=_after_fork_in_child)


class _Queue:
    """Stands in for a queue, but for what is set here."""

    def __init__(self, queue):
        self._stepscope_queue = queue

    def __getattr__(self, name):
        if name == "_stepscope_queue":
            raise AttributeError(name)
        return getattr(self._stepscope_queue, name)


def install(module):
    original = own_function(module, "_pin_memory_loop")
    if original is None:
        raise AttributeError("_pin_memory_loop")
    signature = inspect.signature(original)

    def _pin_memory_loop(*args, **kwargs):
        if not _guard.off and _api.status == _api.ON:
            try:
                bound = signature.bind(*args, **kwargs)
                taken, handed = bound.arguments["in_queue"], bound.arguments["out_queue"]
                state = _state_behind(taken)
                if state is not None:
                    bound.arguments["in_queue"], bound.arguments["out_queue"] = _Queue(taken), _Queue(handed)
                    bound.arguments["in_queue"].get = _api.builtin("pin_get", taken.get)
                    bound.arguments["out_queue"].put = _api.builtin("pin_put", handed.put, state)
                    args, kwargs = bound.args, bound.kwargs
            except Exception:
                _guard.fail()
        return original(*args, **kwargs)

    replace(module, "_pin_memory_loop", _pin_memory_loop, original)
