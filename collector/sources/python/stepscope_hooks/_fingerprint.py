# SPDX-License-Identifier: Apache-2.0
"""What software this process runs, taken once and in bounded time: versions of what it imported, commit, environment."""
import json
import os
import platform
import sys

from . import _api, _dataset_place, _git
from ._clock import now
from ._guard import Guard
from ._kinds import OP_STARTUP, PHASE, SOURCE_PYTHON

_guard = Guard("fingerprint", calls_foreign=True)

_BUDGET_NS = 100000000
_MAX_PACKAGES = 512
# Import name -> distribution name, where they differ.
_DISTRIBUTIONS = {"PIL": "pillow", "cv2": "opencv-python", "sklearn": "scikit-learn", "yaml": "PyYAML", "dateutil": "python-dateutil"}

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
    _api.emit(PHASE, 0, start, now() - start, _api.intern("stepscope fingerprint"), OP_STARTUP, SOURCE_PYTHON, 0)


def _python(_):
    _api.meta("soft.python", platform.python_implementation() + " " + platform.python_version())


def _torch(_):
    torch = sys.modules.get("torch")
    if getattr(torch, "version", None) is None:
        return
    _api.meta("soft.torch", torch.__version__)
    _api.meta("soft.torch_config", torch._C._show_config())  # what torch.__config__.show() calls: no frame for torch.compile
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
        _api.meta("fs.venv", "%s:%s" % (_dataset_place.file_system_of(os.path.realpath(sys.prefix)), sys.prefix))


def _packages(deadline):
    _api.meta("soft.packages", json.dumps(versions(deadline), sort_keys=True))


def _normal(name):
    return name.replace("-", "_").replace(".", "_").lower()


def _installed(deadline):
    """Normalised distribution name -> version, from the names of the *.dist-info and *.egg-info entries on sys.path.

    What importlib.metadata would find, without loading it: it drags in the e-mail and zip libraries.
    """
    found = {}
    for folder in sys.path:
        if now() > deadline:
            break
        if "-packages" not in folder:
            continue
        try:
            entries = os.listdir(folder)
        except OSError:
            continue
        for entry in entries:
            stem, suffix = os.path.splitext(entry)
            if suffix in (".dist-info", ".egg-info"):
                name, _, rest = stem.partition("-")
                version = rest.partition("-py")[0] if suffix == ".egg-info" else rest
                if version:
                    found.setdefault(_normal(name), version)
    return found


def versions(deadline):
    """Import name -> version of the imported top-level modules that come from an installation, until `deadline`."""
    standard = getattr(sys, "stdlib_module_names", frozenset())
    installed = _installed(deadline)
    found = {}
    for name, module in list(sys.modules.items()):
        if "." in name or name in standard or name.startswith("_"):
            continue
        if now() > deadline or len(found) >= _MAX_PACKAGES:
            _api.loss("python.packages_not_listed")
            break
        origin = getattr(module, "__file__", None) or ""
        if "-packages" not in origin:
            continue
        version = installed.get(_normal(_DISTRIBUTIONS.get(name, name))) or vars(module).get("__version__")
        if isinstance(version, str):
            found[name] = version
    return found
