# SPDX-License-Identifier: Apache-2.0
"""The start-up waterfall: interpreter start, then every top-level import that took over a millisecond, until the first step.

Imports happen before anybody knows whether the process is worth recording: they are kept here until the door opens.
"""
import os

from . import _clock
from ._kinds import OP_IMPORT, OP_STARTUP, PHASE, SOURCE_PYTHON

MIN_IMPORT_NS = 1000000
_MAX_KEPT = 2048

active = True  # until the first step
_started_ns = 0
_api = None  # module _api, once the door is open: loading it here would load ctypes into every interpreter
_kept = []  # (start, duration, name, op)


def mark_start():
    global _started_ns
    _started_ns = _clock.now()
    os.register_at_fork(after_in_child=_after_fork_in_child)


def imported(name, start_ns):
    """A top-level module that began to load at `start_ns` is loaded (or failed to)."""
    duration = _clock.now() - start_ns
    if duration >= MIN_IMPORT_NS and active:
        _keep(start_ns, duration, name, OP_IMPORT)


def _keep(start_ns, duration, name, operation):
    if _api is not None and _api.status == _api.ON:
        _emit(start_ns, duration, name, operation)
    elif len(_kept) < _MAX_KEPT:
        _kept.append((start_ns, duration, name, operation))


def flush(api):
    """The door opened: hand what was kept to `api`, and from now on write at once."""
    global _started_ns, _api
    _api = api
    if _started_ns:
        begin = _clock.process_start_ns()
        if 0 < begin < _started_ns:
            _emit(begin, _started_ns - begin, "python interpreter", OP_STARTUP)
        _started_ns = 0
    kept = list(_kept)
    _kept.clear()
    for item in kept:
        _emit(*item)


def finish():
    """The first step is done."""
    global active
    active = False


def _emit(start_ns, duration, name, operation):
    _api.emit(PHASE, 0, start_ns, duration, _api.intern(name), operation, SOURCE_PYTHON, 0)


def _after_fork_in_child():
    global active, _started_ns
    active = False
    _started_ns = 0
    _kept.clear()
