# SPDX-License-Identifier: Apache-2.0
"""The thread that copies batches to pinned memory: how long each took between its two queues."""
import inspect
import weakref

from . import _api
from ._guard import Guard, own_function, replace

_guard = Guard("dataloader.pin")

_expected = weakref.WeakSet()  # recorded iterators whose pinning thread has not begun


def expect(iterator):
    """`iterator` is about to start a pinning thread."""
    _expected.add(iterator)


def _state_behind(queue):
    """The LoaderState of the iterator whose workers put their batches into `queue`, or None."""
    for iterator in list(_expected):
        if getattr(iterator, "_worker_result_queue", None) is queue:
            _expected.discard(iterator)
            return iterator._stepscope
    return None


class _Queue:
    """Stands in for a queue, but for what is set here."""

    def __init__(self, queue):
        self._stepscope_queue = queue

    def __getattr__(self, name):
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
                    bound.arguments["in_queue"].get = _api.wrapper("pin_get", taken.get)
                    bound.arguments["out_queue"].put = _api.wrapper("pin_put", handed.put, state.address, state)
                    args, kwargs = bound.args, bound.kwargs
            except Exception:
                _guard.fail()
        return original(*args, **kwargs)

    replace(module, "_pin_memory_loop", _pin_memory_loop, original)
