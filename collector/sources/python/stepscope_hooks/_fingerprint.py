# SPDX-License-Identifier: Apache-2.0
"""What software this process runs, taken once and in bounded time: versions of what it imported, commit, environment."""
import json
import os
import platform
import sys

from . import _api, _git
from ._clock import now
from ._guard import Guard
from ._kinds import OP_STARTUP, PHASE, SOURCE_PYTHON, pack6

_guard = Guard("fingerprint", calls_foreign=True)

_BUDGET_NS = 100000000
_MAX_PACKAGES = 512
# Import name -> distribution name, where they differ and the module says no version itself.
_DISTRIBUTIONS = {"PIL": "pillow", "cv2": "opencv-python", "sklearn": "scikit-learn", "yaml": "PyYAML", "google": None}

_taken_by = 0


def take():
    """Writes the fingerprint; does nothing the second time in a process."""
    global _taken_by
    if _taken_by == os.getpid() or _guard.off:
        return
    _taken_by = os.getpid()
    start = now()
    for part in (_python, _torch, _commit, _environment, _packages):
        try:
            part(start + _BUDGET_NS)
        except Exception:
            _guard.fail()
    _api.emit(PHASE, 0, pack6(start, now() - start, _api.intern("stepscope fingerprint"), OP_STARTUP, SOURCE_PYTHON, 0), 6)


def _python(_):
    _api.meta("soft.python", platform.python_implementation() + " " + platform.python_version())


def _torch(_):
    torch = sys.modules.get("torch")
    if torch is None:
        return
    _api.meta("soft.torch", torch.__version__)
    _api.meta("soft.torch_config", torch.__config__.show())
    _api.meta("soft.torch_threads", torch.get_num_threads())
    for name, value in (("cuda", torch.version.cuda), ("git", getattr(torch.version, "git_version", None))):
        if value:
            _api.meta("soft.torch_" + name, value)


def _commit(_):
    main = getattr(sys.modules.get("__main__"), "__file__", None)
    commit = _git.commit(os.path.dirname(os.path.abspath(main))) if main else None
    if commit is None:
        commit = _git.commit(os.getcwd())
    if commit:
        _api.meta("git.commit", commit)


def _environment(_):
    if sys.prefix != sys.base_prefix:
        _api.meta("fs.venv", "%s:%s" % (_filesystem(sys.prefix), sys.prefix))


def _filesystem(path):
    """The type of the file system that holds `path`."""
    path = os.path.realpath(path)
    best, kind = -1, "unknown"
    with open("/proc/self/mounts", "r", encoding="utf-8", errors="replace") as mounts:
        for line in mounts:
            fields = line.split(" ")
            point = fields[1].replace("\\040", " ")
            if len(point) > best and (path == point or path.startswith(point.rstrip("/") + "/")):
                best, kind = len(point), fields[2]
    return kind


def _packages(deadline):
    _api.meta("soft.packages", json.dumps(versions(deadline), sort_keys=True))


def versions(deadline):
    """Import name -> version of the imported top-level modules that come from an installation, until `deadline`."""
    from importlib import metadata

    standard = getattr(sys, "stdlib_module_names", frozenset())
    found = {}
    for name, module in sorted((item for item in list(sys.modules.items()) if "." not in item[0]), key=lambda item: item[0]):
        if now() > deadline or len(found) >= _MAX_PACKAGES:
            _api.loss("python.packages_not_listed")
            break
        origin = getattr(module, "__file__", None) or ""
        if name in standard or ("site-packages" not in origin and "dist-packages" not in origin):
            continue
        version = vars(module).get("__version__")
        if not isinstance(version, str):
            try:
                distribution = _DISTRIBUTIONS.get(name, name)
                version = metadata.version(distribution) if distribution else None
            except Exception:
                continue
        if version:
            found[name] = version
    return found
