# SPDX-License-Identifier: Apache-2.0
"""Optimizer.step of every class: one phase per outermost call, and the step boundary at its end.

torch itself wraps `step` of a class when its first instance is made; the hook follows it there. A closure is the
program's forward and backward pass, so the optimizer's own time is what lies around the closure's calls.
"""
import functools

from . import _api, _compiling, _steps
from ._clock import now
from ._context import local
from ._guard import Guard, own_function, replace
from ._kinds import OP_OPTIMIZER, PHASE, SOURCE_PYTHON

_guard = Guard("optimizer")
_scaler_guard = Guard("grad_scaler")

# Where torch wraps a class's step: the name has changed, its purpose has not.
_PATCHERS = ("_patch_step_function", "_hook_for_profile")


class _Span:
    """The optimizer's time between the calls of its closure."""

    __slots__ = ("name", "start")

    def __init__(self, name):
        self.name = name
        self.start = now()

    def end(self):
        _api.emit(PHASE, 0, self.start, now() - self.start, _api.intern(self.name), OP_OPTIMIZER, SOURCE_PYTHON, 0)

    def around(self, closure):
        @functools.wraps(closure)
        def timed(*args, **kwargs):
            self.end()
            try:
                return closure(*args, **kwargs)
            finally:
                self.start = now()

        return timed


def _with_timed_closure(span, args, kwargs):
    if len(args) > 1 and callable(args[1]):
        return (args[0], span.around(args[1])) + tuple(args[2:]), kwargs
    if callable(kwargs.get("closure")):
        return args, dict(kwargs, closure=span.around(kwargs["closure"]))
    return args, kwargs


def _wrap_step(owner):
    original = owner.step
    if getattr(original, "_stepscope", False) or not hasattr(original, "__code__"):
        return

    def step(*args, **kwargs):
        if _compiling.now() or local.thread.stepping or _guard.off or (_api.status != 1 and not _api.wake()):
            return original(*args, **kwargs)
        span = None
        try:
            optimizer = args[0] if args else kwargs["self"]
            span = _Span(type(optimizer).__name__)
            if len(args) > 1 or kwargs:
                args, kwargs = _with_timed_closure(span, args, kwargs)
        except Exception:
            _guard.fail()
        try:
            local.thread.stepping = True
            return original(*args, **kwargs)
        finally:
            local.thread.stepping = False
            try:
                if span is not None:
                    span.end()
                    local.thread.optimizer_steps += 1
                    _steps.optimizer_stepped(optimizer)
            except Exception:
                _guard.fail()

    replace(owner, "step", step, original)


def install(module):
    base = module.Optimizer
    for name in _PATCHERS:
        original = own_function(base, name)
        if original is not None:
            _wrap_patcher(base, name, original)
            return
    raise AttributeError("Optimizer._patch_step_function")


def _wrap_patcher(base, name, original):
    def patcher(self, *args, **kwargs):
        result = original(self, *args, **kwargs)
        try:
            _wrap_step(type(self))
        except Exception:
            _guard.fail()
        return result

    replace(base, name, patcher, original)


def install_scaler(module):
    """GradScaler.step leaves the optimizer's step out when gradients overflowed: the iteration ends all the same."""
    owner = module.GradScaler
    original = own_function(owner, "step")
    if original is None:
        return

    def step(self, optimizer, *args, **kwargs):
        before = local.thread.optimizer_steps
        result = original(self, optimizer, *args, **kwargs)
        if local.thread.optimizer_steps == before and not _scaler_guard.off and _api.status == 1:
            try:
                _steps.optimizer_stepped(optimizer)
            except Exception:
                _scaler_guard.fail()
        return result

    replace(owner, "step", step, original)
