# SPDX-License-Identifier: Apache-2.0
"""Stacks of the main thread at STEPSCOPE_PYTHON_SAMPLE Hz (opt-in), folded as "file:function;file:function;...", outermost first.

The thread that looks needs the interpreter. One that is refused it for sys.getswitchinterval() makes the main thread hand it over, but
only if nobody let go of it in between: code that does for a moment every millisecond (each torch.tensor()) would be seen only where it
lets go for long, whatever it does elsewhere. So the interval is short while stacks are taken. What is still
seen too late is said to be so, and not laid at the door of the place that was found.
"""
import os
import sys
import threading
import time

from . import _api
from ._clock import now
from ._guard import Guard
from ._kinds import PYTHON_SAMPLE

_guard = Guard("sampler", calls_foreign=True)

_MAX_DEPTH = 64
_MAX_STACKS = 16384
_MAX_HZ = 1000
_REPORT_EVERY = 256
_SWITCH_S = 0.0002
_LATE = "[busy, not looked at]"

_names = {}  # code object -> "file:function"


def _rate():
    try:
        return min(_MAX_HZ, max(1, int(os.environ.get("STEPSCOPE_PYTHON_SAMPLE", "0"))))
    except ValueError:
        return 100


def fold(frame):
    """The stack of `frame` as one string; the innermost _MAX_DEPTH frames."""
    parts = []
    while frame is not None and len(parts) < _MAX_DEPTH:
        code = frame.f_code
        name = _names.get(code)
        if name is None:
            name = _names[code] = "%s:%s" % (os.path.basename(code.co_filename), code.co_name)
            if len(_names) > _MAX_STACKS:
                _names.clear()
        parts.append(name)
        frame = frame.f_back
    if frame is not None:
        parts.append("[deeper]")
    parts.reverse()
    return ";".join(parts)


def _run(pid, thread, period):
    lane = _api.lane("python_samples", "main thread")
    known, cost, taken = {}, 0, 0
    late_ns = int(2e9 * period)
    last = now()
    while _api.status == _api.ON and os.getpid() == pid and not _guard.off:
        time.sleep(period)
        begin = now()
        spent = time.thread_time_ns()
        try:
            frame = sys._current_frames().get(thread)
            stack = fold(frame) if frame is not None else "[no stack]"
            frame = None
            number = known.get(stack)
            if number is None:
                number = _api.intern(stack if len(known) < _MAX_STACKS else "[too many stacks]")
                if len(known) < _MAX_STACKS:
                    known[stack] = number
            if begin - last > late_ns + int(1e9 * period):
                _api.emit(PYTHON_SAMPLE, lane, begin - late_ns, begin - late_ns - last, _api.intern(_LATE))
                last = begin - late_ns
            _api.emit(PYTHON_SAMPLE, lane, begin, begin - last, number)
        except Exception:
            _guard.fail()
        last = begin
        cost += time.thread_time_ns() - spent
        taken += 1
        if taken % _REPORT_EVERY == 1:
            _api.meta("self.python_sampler", "%d samples, %d ns" % (taken, cost))


def start():
    sys.setswitchinterval(min(sys.getswitchinterval(), _SWITCH_S))
    thread = threading.Thread(target=_run, args=(os.getpid(), threading.main_thread().ident, 1.0 / _rate()),
                              name="stepscope-sampler", daemon=True)
    thread.start()
