# SPDX-License-Identifier: Apache-2.0
"""Starts stepscope's Python hooks, then hands over to the sitecustomize that would have run without them.

The collector puts this folder first on PYTHONPATH. Python runs only the first `sitecustomize` it finds, so this one
takes its folder off `sys.path` (children still inherit PYTHONPATH) and imports the next. When there is none, that
import raises exactly what `site` expects of a missing sitecustomize, and `sys.modules` holds no trace of this file.
"""
import os
import sys


def _start():
    if os.environ.get("STEPSCOPE_DISABLE", "") not in ("", "0") or os.environ.get("STEPSCOPE_PYTHON") == "0":
        return
    try:
        import stepscope_hooks

        stepscope_hooks.start()
    except Exception:  # a tool that watches a program must not be a reason for it to fail
        pass


_folder = os.path.dirname(os.path.abspath(__file__))
_start()
sys.path[:] = [entry for entry in sys.path if not (isinstance(entry, str) and entry and os.path.abspath(entry) == _folder)]
sys.path_importer_cache.pop(_folder, None)
sys.modules.pop("sitecustomize", None)
import sitecustomize  # noqa: E402,F401  the user's, the distribution's, or ModuleNotFoundError
