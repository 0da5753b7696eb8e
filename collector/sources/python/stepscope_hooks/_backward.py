# SPDX-License-Identifier: Apache-2.0
"""torch.autograd.backward, which Tensor.backward calls too: one phase per outermost call.

Recomputation inside a backward pass may call it again, also on autograd's own threads: only the outermost call of the
process counts, because the number of backward passes per step is the gradient accumulation.
"""
import os

from . import _api, _compiling, _steps
from ._clock import now
from ._guard import Guard, own_function, replace
from ._kinds import OP_BACKWARD, PHASE, SOURCE_PYTHON

_guard = Guard("backward")
_active = False


def active():
    return _active


def _emit(start):
    _api.emit(PHASE, 0, start, now() - start, _api.intern("backward"), OP_BACKWARD, SOURCE_PYTHON, 0)
    _steps.backwards += 1


def install(module):
    original = own_function(module, "backward")
    if original is None:
        raise AttributeError("backward")

    def backward(*args, **kwargs):
        global _active
        if _compiling.now() or _active or _guard.off or (_api.status != 1 and not _api.wake()):
            return original(*args, **kwargs)
        start = now()
        try:
            _active = True
            return original(*args, **kwargs)
        finally:
            _active = False
            try:
                _emit(start)
            except Exception:
                _guard.fail()

    replace(module, "backward", backward, original)


def _after_fork_in_child():
    global _active
    _active = False
    _steps.backwards = 0


os.register_at_fork(after_in_child=_after_fork_in_child)
