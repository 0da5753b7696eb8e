# SPDX-License-Identifier: Apache-2.0
"""Which module's loading runs which hook: one row per module, and when the process is worth recording at all."""
import importlib
import os

from ._registry import REGISTRY

# Importing one of these opens the door: a process that does so trains, or prepares to.
_OPENERS = frozenset(("torch", "jax", "tensorflow"))

# Processes that import a framework and do no step of their own; they are recorded only if they turn out to.
_HELPERS = (
    "multiprocessing.spawn", "multiprocessing.forkserver", "multiprocessing.resource_tracker", "torch._inductor",
    "torch.distributed.run", "torch.distributed.launch", "torchrun", "accelerate.commands", "ray/_private",
)


def is_helper():
    """True for pool workers, launchers and compile helpers, by their command line."""
    try:
        with open("/proc/self/cmdline", "rb") as file:
            command = file.read(4096).replace(b"\0", b" ").decode("utf-8", "replace")
    except OSError:
        return False
    return any(name in command for name in _HELPERS)


def before(name):
    """Module `name` is about to load."""
    if name in _OPENERS:
        try:
            _once_attach()
            from . import _api

            if _api.status == _api.ASLEEP and not is_helper():
                _api.wake()
        except Exception:
            pass


def after(name, module):
    """Module `name` is loaded: run its hooks, unless the process is known not to be recorded."""
    try:
        _once_attach()
        from . import _api

        if _api.status == _api.OFF:
            return
        for hook, function in REGISTRY[name]:
            _run(hook, function, module)
    except Exception:
        not_hooked(name)


def _run(hook, function, module):
    try:
        getattr(importlib.import_module("stepscope_hooks." + hook), function)(module)
    except Exception:
        from . import _api

        _api.loss("python." + hook.strip("_") + ".install")


def not_hooked(name):
    try:
        from . import _api

        _api.loss("python.not_hooked." + name)
    except Exception:
        pass


_attached = False


def _once_attach():
    """Hooks that do not wait for a module of their own: they start when the door opens."""
    global _attached
    if _attached:
        return
    _attached = True
    from . import _api, _exit, _gc, _sampler, _startup

    _api.on_open(lambda: _startup.flush(_api))
    _api.on_open(_gc.start)
    _api.on_open(_exit.start)
    if os.environ.get("STEPSCOPE_PYTHON_SAMPLE", "0") not in ("", "0"):
        _api.on_open(_sampler.start)
