# SPDX-License-Identifier: Apache-2.0
"""torch.nn.Module.__call__: one phase per outermost call of a module with parameters, the model's forward pass.

Without it the time before the model would be taken for the model's: an iterator that no hook knows has no other end. Not a
forward pass: a call inside another's, inside data loading (transforms are modules) or a backward pass (recomputation), or of
a module without parameters (a loss, a transform).

Each module of a model pays for the wrapper, so what is not outermost leaves at the first test. A hook on all modules, as
torch offers it, would cost each of them more, and torch.compile warns of it.
"""
from . import _api, _backward, _compiling
from ._clock import now
from ._context import in_data, local
from ._guard import Guard, replace
from ._kinds import OP_FORWARD, PHASE, SOURCE_PYTHON

_guard = Guard("forward", calls_foreign=True)


def _is_forward(module):
    """Whether this outermost call is worth a phase. May run the program's `parameters()`."""
    if _compiling.now() or _guard.off or _api.status != 1 or _backward.active() or in_data():
        return False
    try:
        return next(module.parameters(), None) is not None
    except Exception:
        _guard.fail()
        return False


def _emit(module, start):
    _api.emit(PHASE, 0, start, now() - start, _api.intern(type(module).__name__), OP_FORWARD, SOURCE_PYTHON, 0)


def install(module):
    owner = module.Module
    original = owner.__call__
    if getattr(original, "_stepscope", False) or not hasattr(original, "__code__"):
        raise AttributeError("Module.__call__")
    context, compiling = local, _compiling

    def __call__(self, *args, **kwargs):
        if compiling.now():
            return original(self, *args, **kwargs)
        thread = context.thread
        if thread.forward or not _is_forward(self):
            return original(self, *args, **kwargs)
        start = now()
        try:
            thread.forward = True
            return original(self, *args, **kwargs)
        finally:
            thread.forward = False
            try:
                _emit(self, start)
            except Exception:
                _guard.fail()

    replace(owner, "__call__", __call__, original)
