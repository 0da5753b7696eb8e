# SPDX-License-Identifier: Apache-2.0
"""Pauses of the cyclic garbage collector, through gc.callbacks."""
import gc

from . import _api
from ._clock import now
from ._guard import Guard
from ._kinds import GC

_guard = Guard("gc")
_start = 0


def _collected(phase, info):
    global _start
    if phase == "start":
        _start = now()
    elif _start and _api.status == 1 and not _guard.off:
        try:
            _api.emit(GC, 0, _start, now() - _start, info["generation"], info["collected"], info["uncollectable"])
        except Exception:
            _guard.fail()
        _start = 0


def start():
    if _collected not in gc.callbacks:
        gc.callbacks.append(_collected)
