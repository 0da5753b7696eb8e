# SPDX-License-Identifier: Apache-2.0
"""What is still to be said when the interpreter ends in good order."""
import atexit
import multiprocessing.process
import sys

from . import _api, _fingerprint

_registered = False


def _interrupted():
    """The program ends by an unhandled KeyboardInterrupt: any eval() now, even inside an import, makes CPython forget that it
    wanted to die of SIGINT, and the exit code would be another."""
    return getattr(sys, "last_type", None) is KeyboardInterrupt


def _at_exit():
    try:
        if not _interrupted() and _api.status == _api.ON and multiprocessing.process.parent_process() is None:
            _fingerprint.take()
    except Exception:
        pass


def start():
    global _registered
    if not _registered:
        _registered = True
        atexit.register(_at_exit)
