# SPDX-License-Identifier: Apache-2.0
"""Python files parse as Python 3.9 and use no name that nothing defines (a hook would swallow the NameError); what
runs inside the user's process imports nothing that may be absent."""
import ast
import builtins
import pathlib
import symtable
import warnings

import lintlib

FLOOR = (3, 9)
INJECTED = "collector/sources/python/"
# Modules of the standard library that the hooks may import; frameworks are only looked at once the user imported them.
# Heavy or risky modules (subprocess, socket, asyncio, logging...) are absent on purpose.
HOOKS_MAY_IMPORT = {
    "__future__", "_thread", "abc", "atexit", "builtins", "collections", "contextlib", "ctypes", "enum", "functools", "gc", "hashlib",
    "importlib", "inspect", "io", "itertools", "json", "marshal", "math", "mmap", "multiprocessing", "operator", "os", "pickle", "platform", "queue",
    "re", "select", "signal", "site", "struct", "sys", "threading", "time", "traceback", "types", "typing", "weakref", "stepscope",
}


def top_level(tree):
    """Modules imported when the file itself is imported (not inside functions)."""
    pending = list(tree.body)
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.lineno, node.module or ""
        pending.extend(ast.iter_child_nodes(node))


MODULE_NAMES = {"__file__", "__name__", "__doc__", "__path__", "__spec__", "__package__", "__loader__", "__builtins__"}


def undefined_names(source, name):
    """Names that some scope takes from the module, where nothing binds them."""
    module = symtable.symtable(source, name, "exec")
    scopes, used, bound = [module], set(), set(dir(builtins)) | MODULE_NAMES
    while scopes:
        scope = scopes.pop()
        scopes += scope.get_children()
        for symbol in scope.get_symbols():
            at_top = scope is module
            if at_top and (symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()):
                bound.add(symbol.get_name())
            elif symbol.is_declared_global() and symbol.is_assigned():
                bound.add(symbol.get_name())
            if symbol.is_referenced() and (at_top or symbol.is_global()):
                used.add(symbol.get_name())
    return set() if "import *" in source else used - bound


def check(root):
    warnings.simplefilter("error", SyntaxWarning)
    problems = []
    # A file beside the hooks is one of theirs, whatever the package is called.
    ours = {pathlib.PurePath(n).stem for n in lintlib.files(root, ".py", under=(INJECTED,))}
    ours |= {part for n in lintlib.files(root, ".py", under=(INJECTED,)) for part in pathlib.PurePath(n).parts}
    for name in lintlib.files(root, ".py"):
        try:
            tree = ast.parse(lintlib.text(root, name), name, feature_version=FLOOR)
        except (SyntaxError, SyntaxWarning, ValueError) as error:
            problems.append(f"{name}:{getattr(error, 'lineno', 0)}: not Python {FLOOR[0]}.{FLOOR[1]}: {error}")
            continue
        problems += [f"{name}: nothing defines {unknown}" for unknown in sorted(undefined_names(lintlib.text(root, name), name))]
        if not name.startswith(INJECTED):
            continue
        for number, module in top_level(tree):
            first = module.split(".")[0]
            if first not in HOOKS_MAY_IMPORT and first not in ours:
                problems.append(f"{name}:{number}: imports {module} into the user's process at start")
    return problems


GOOD = {
    "hooks with the standard library": {INJECTED + "a.py": "import os\nimport b\n\n\ndef late():\n    import torch\n", INJECTED + "b.py": ""},
    "tests may use anything": {"tests/a.py": "import torch\n"},
}
BAD = {
    "a name that was not imported": {INJECTED + "a.py": "def late():\n    return os.getpid()\n"},
    "a match statement": {"tests/a.py": "match 1:\n    case 1:\n        pass\n"},
    "broken syntax": {"samples/a.py": "def f(:\n"},
    "an eager framework import": {INJECTED + "a.py": "import torch\n"},
    "a guarded eager import": {INJECTED + "a.py": "try:\n    import numpy\nexcept ImportError:\n    pass\n"},
    "a network module": {INJECTED + "a.py": "import socket\n"},
}

if __name__ == "__main__":
    lintlib.main(check, GOOD, BAD)
