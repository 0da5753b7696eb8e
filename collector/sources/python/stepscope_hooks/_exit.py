# SPDX-License-Identifier: Apache-2.0
"""What is still to be said when the interpreter ends in good order."""
import atexit
import multiprocessing.process

from . import _api, _fingerprint

_registered = False


def _at_exit():
    try:
        if _api.status == _api.ON and multiprocessing.process.parent_process() is None:
            _fingerprint.take()
    except Exception:
        pass


def start():
    global _registered
    if not _registered:
        _registered = True
        atexit.register(_at_exit)
