# SPDX-License-Identifier: Apache-2.0
"""One sys.meta_path entry: runs the hooks of a module right after it was loaded, and times top-level imports at start-up.

The spec that the other finders would have found is returned as it is; only its loader's `exec_module` is covered for the
one call and uncovered by it, so that nothing about the loaded module tells of the visit.
"""
import sys

from . import _hooks, _startup
from ._clock import now

# CPython cuts frames with this file name out of tracebacks that pass through an import, and warnings skip them.
_IMPORT_SYSTEM = "<frozen importlib._bootstrap>"


class Finder:
    """The sys.meta_path entry; `find_spec` is all that the import system asks of it."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        hooked = name in _hooks.REGISTRY
        timed = _startup.active and "." not in name
        if not hooked and not timed:
            return None
        start = now()
        if hooked:
            _hooks.before(name)
        spec = _next_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            try:
                _cover(spec.loader, name, start if timed else 0, hooked)
            except Exception:  # a loader that cannot be covered loads unwatched
                if hooked:
                    _hooks.not_hooked(name)
        return spec


def _next_spec(name, path, target):
    for finder in list(sys.meta_path):
        if finder is Finder:
            continue
        find = getattr(finder, "find_spec", None)
        if find is not None:
            spec = find(name, path, target)
            if spec is not None:
                return spec
    return None


def _cover(loader, name, start, hooked):
    if isinstance(loader, type) or not hasattr(loader, "exec_module"):  # built-in and frozen modules: nothing to learn
        return
    state = vars(loader)
    if "exec_module" in state:
        return
    original = loader.exec_module

    def exec_module(module):
        state.pop("exec_module", None)
        try:
            original(module)
        finally:
            if start:
                try:
                    _startup.imported(name, start)
                except Exception:
                    _startup.finish()
        if hooked:
            _hooks.after(name, module)

    exec_module.__code__ = exec_module.__code__.replace(co_filename=_IMPORT_SYSTEM)
    state["exec_module"] = exec_module


def install():
    sys.meta_path.insert(0, Finder)
    for name in _hooks.REGISTRY:  # whatever a .pth file imported before us
        module = sys.modules.get(name)
        if module is not None:
            _hooks.before(name)
            _hooks.after(name, module)
