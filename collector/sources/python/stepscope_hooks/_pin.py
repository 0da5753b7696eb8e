# SPDX-License-Identifier: Apache-2.0
"""The thread that copies batches to pinned memory: how long each took between its two queues."""
import inspect

from . import _api
from ._clock import now
from ._guard import Guard, own_function, replace

_guard = Guard("dataloader.pin")

_MAX_KEPT = 4096


class _In:
    def __init__(self, queue, taken):
        self._stepscope_queue = queue
        self._stepscope_taken = taken

    def get(self, *args, **kwargs):
        item = self._stepscope_queue.get(*args, **kwargs)
        self._stepscope_taken[0] = now()
        return item

    def __getattr__(self, name):
        return getattr(self._stepscope_queue, name)


class _Out:
    def __init__(self, queue, taken, pinned):
        self._stepscope_queue = queue
        self._stepscope_taken = taken
        self._stepscope_pinned = pinned

    def put(self, item, *args, **kwargs):
        pinned = self._stepscope_pinned
        if type(item) is tuple and type(item[0]) is int and len(pinned) < _MAX_KEPT:
            pinned[item[0]] = now() - self._stepscope_taken[0]
        return self._stepscope_queue.put(item, *args, **kwargs)

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
                taken, pinned = [0], {}
                out = bound.arguments["out_queue"]
                bound.arguments["out_queue"] = _Out(out, taken, pinned)
                bound.arguments["in_queue"] = _In(bound.arguments["in_queue"], taken)
                out._stepscope_pinned = pinned  # the consumer reads it from the queue it gets from
                args, kwargs = bound.args, bound.kwargs
            except Exception:
                _guard.fail()
        return original(*args, **kwargs)

    replace(module, "_pin_memory_loop", _pin_memory_loop, original)
