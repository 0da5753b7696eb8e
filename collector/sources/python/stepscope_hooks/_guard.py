# SPDX-License-Identifier: Apache-2.0
"""What keeps a failing hook from becoming the program's problem."""
import os
import sys

from . import _api, _method

_LIMIT = 8

# A frame with this file name is taken for the import system's by `warnings`, so that a warning raised by a wrapped function
# still names the caller's line; a traceback says honestly whose frame it is.
_TRANSPARENT = "<stepscope importlib._bootstrap>"


_FOLDER = os.path.dirname(os.path.abspath(__file__))


def _is_ours():
    """Whether the exception being handled was raised by this package's code."""
    trace = sys.exc_info()[2]
    if trace is None:
        return True
    while trace.tb_next is not None:
        trace = trace.tb_next
    name = trace.tb_frame.f_code.co_filename
    return name == _TRANSPARENT or name.startswith(_FOLDER)


class Guard:
    """Counts the failures of one hook as loss `python.<name>`; `off` once there were too many. Of hooks in Python: the collector's own
    wrappers count for themselves.

    A signal handler of the program may raise while a hook is at work, as the DataLoader's does when a worker dies: that
    exception is the program's and goes on. A hook that calls into foreign code itself (`calls_foreign`) cannot tell the two
    apart, and keeps all.
    """

    __slots__ = ("name", "failures", "off", "calls_foreign")

    def __init__(self, name, calls_foreign=False):
        self.name = name
        self.failures = 0
        self.off = False
        self.calls_foreign = calls_foreign

    def fail(self):
        """Called while handling the exception."""
        if not self.calls_foreign and not _is_ours():
            raise  # noqa: PLE0704  whoever raised it meant it for the program
        self.failures += 1
        if self.failures >= _LIMIT:
            self.off = True
        try:
            _api.loss("python." + self.name)
        except Exception:
            self.off = True


def transparent(function):
    """Marks a wrapper so that warnings skip its frame."""
    function.__code__ = function.__code__.replace(co_filename=_TRANSPARENT)
    return function


def dress(wrapper, original):
    """Gives `wrapper` the looks of the function `original` to inspect, pickle and help(); returns it."""
    for attribute in ("__module__", "__name__", "__qualname__", "__doc__"):
        try:
            setattr(wrapper, attribute, getattr(original, attribute))
        except Exception:
            pass
    try:
        wrapper.__dict__.update(original.__dict__)
    except AttributeError:
        pass
    wrapper.__wrapped__ = original
    wrapper._stepscope = True
    return wrapper


def replace(owner, name, wrapper, original):
    """Puts the function `wrapper` in place of `owner.name`."""
    setattr(owner, name, transparent(dress(wrapper, original)))


def replace_method(owner, name, native, *needs):
    """Puts the collector's wrapper `native` in place of the method `owner.name`; False when that is no function of its own."""
    original = own_function(owner, name)
    if original is not None:
        setattr(owner, name, dress(_method.make(native, original, *needs), original))
    return original is not None


def own_function(owner, name):
    """`owner.name` if it is defined there as a plain function that is not wrapped yet, else None."""
    function = vars(owner).get(name)
    if callable(function) and hasattr(function, "__code__") and not getattr(function, "_stepscope", False):
        return function
    return None
