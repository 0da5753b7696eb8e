# SPDX-License-Identifier: Apache-2.0
"""stepscope's hooks inside a Python process: they record, and change nothing that the program can rely on.

Rules every module here keeps:
  * standard library only, Python 3.9 or newer; nothing imports a framework, frameworks are met when the user imports them;
  * what to wrap is probed by name and signature, never by version;
  * bookkeeping runs inside try/except through a `_guard.Guard`: a failure is counted as loss `python.<hook>`, and a hook
    that keeps failing switches itself off; the wrapped function's result and exceptions pass through untouched;
  * a process that meets no known framework only pays for one `sys.meta_path` entry.
"""


def start():
    """Called once by sitecustomize, before the program's own code."""
    from . import _imports, _startup

    _startup.mark_start()
    _imports.install()
