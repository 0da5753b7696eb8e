# SPDX-License-Identifier: Apache-2.0
"""Runs a Python program under the hooks with the stand-in collector, and reads what the collector was told.

Environment: FAKE_COLLECTOR (the stand-in's .so), SHIPPED_COLLECTOR (libstepscope.so), STEPSCOPE_HOOKS (the folder with sitecustomize.py).
"""
import collections
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
import unittest

HERE = pathlib.Path(__file__).resolve().parent
HOOKS = os.environ.get("STEPSCOPE_HOOKS", str(HERE.parents[2] / "collector/sources/python"))
FAKE = os.environ.get("FAKE_COLLECTOR", "")
SHIPPED = os.environ.get("SHIPPED_COLLECTOR", "")

SKIPPED = 77

# Columns of trace/kinds.cpp.
COLUMNS = {
    8: ("batch", "start dur loader epoch task worker workers dispatch arrive pin out_of_order fetch collate items flags"),
    9: ("python_sample", "start dur stack"),
    10: ("gc", "start dur generation collected uncollectable"),
    15: ("step", "start index source name micro_steps"),
    16: ("phase", "start dur name op source flags"),
    19: ("batch_fetch", "start dur loader epoch task worker collate received put cpu runq read_bytes major_faults items throttled tokens"),
}
OP = {"import": 1, "startup": 2, "backward": 3, "optimizer": 4, "save": 5, "load": 6, "loader_start": 7, "loader_reset": 8,
      "loader_shutdown": 9, "data_next": 10, "forward": 12}
LAST, IN_PROCESS, ITERABLE, PERSISTENT = 2, 1, 4, 8

Event = collections.namedtuple("Event", "pid tid lane values")


class Log:
    """What the stand-in collector was told, parsed."""

    def __init__(self, path):
        self.opened, self.strings, self.losses, self.watched, self.released = [], {}, collections.Counter(), [], []
        self.meta = collections.defaultdict(dict)  # pid -> key -> value
        self.events = collections.defaultdict(list)
        if not os.path.exists(path):
            return
        with open(path, encoding="utf-8", errors="replace") as file:
            for line in file:
                what, pid, rest = line.rstrip("\n").split(" ", 2)
                getattr(self, "_" + what, lambda *_: None)(int(pid), rest)

    def _open(self, pid, rest):
        self.opened.append((pid,) + tuple(rest.split(" ")))

    def _intern(self, pid, rest):
        number, _, text = rest.partition(" ")
        self.strings[int(number)] = text

    def _meta(self, pid, rest):
        key, _, value = rest.partition(" ")
        self.meta[pid][key] = value

    def _loss(self, pid, rest):
        name, count = rest.split(" ")
        self.losses[name] += int(count)

    def _watch(self, pid, rest):
        target, on = rest.split(" ")
        self.watched.append((pid, int(target), int(on)))

    def _release(self, pid, rest):
        self.released.append(tuple(rest.split(" ", 1)))

    def _emit(self, pid, rest):
        tid, kind, lane, *values = (int(word) for word in rest.split(" "))
        name, columns = COLUMNS[kind]
        row = dict(zip(columns.split(" "), values))
        if len(row) != len(values):
            raise AssertionError("%s with %d columns" % (name, len(values)))
        row.update(pid=pid, tid=tid, lane=lane)
        for column in ("name", "stack"):
            if column in row:
                row[column] = self.strings[row[column]]
        self.events[name].append(row)

    def phases(self, operation):
        return [row for row in self.events["phase"] if row["op"] == OP[operation]]

    def loaders(self):
        """Loader key -> its description, over all processes."""
        found = {}
        for facts in self.meta.values():
            for key, value in facts.items():
                if key.startswith("loader."):
                    found[int(key[len("loader."):])] = json.loads(value)
        return found


Run = collections.namedtuple("Run", "code out err log pid")


class HookTest(unittest.TestCase):
    """A test with a folder of its own and a way to run programs in it."""

    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="stepscope-python-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self._runs = 0

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(textwrap.dedent(text))
        return path

    def python(self, program, *arguments, hooks=True, environment=None, python=(sys.executable,), path=(), timeout=100):
        """Runs `program` (source text, or the path of a .py file) to its end."""
        self._runs += 1
        log = os.path.join(self.folder, "log%d" % self._runs)
        values = {name: value for name, value in os.environ.items() if not name.startswith(("STEPSCOPE_", "FAKE_", "PYTHON"))}
        values.update(PYTHONDONTWRITEBYTECODE="1", PYTHONPATH=os.pathsep.join(path))
        if hooks:
            values.update(PYTHONPATH=os.pathsep.join((HOOKS,) + tuple(path)), STEPSCOPE_LIBRARY=FAKE, FAKE_COLLECTOR_LOG=log)
        if not values["PYTHONPATH"]:
            del values["PYTHONPATH"]
        values.update(environment or {})
        script = program if program.endswith(".py") else self.write("program%d.py" % self._runs, program)
        process = subprocess.Popen([*python, script, *arguments], env=values, cwd=self.folder, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise
        return Run(process.returncode, out, err, Log(log), process.pid)

    @staticmethod
    def said(run):
        """What the program wrote to stderr; not what multiprocessing's tracker process, which ends later and at its own pace, did."""
        return re.sub(r".*resource_tracker.*\n", "", run.err)

    def good(self, run):
        """The program ended well and no hook failed."""
        self.assertEqual((run.code, run.log.losses), (0, {}), run.err)
        return run


def has_torch():
    return subprocess.run([sys.executable, "-c", "import torch"], stderr=subprocess.DEVNULL, check=False).returncode == 0


def main(torch=True):
    """Runs the calling file's tests; exits with SKIPPED, saying why, where they cannot run."""
    if not FAKE:
        print("FAKE_COLLECTOR is not set: run through ctest")
        sys.exit(SKIPPED)
    if torch and not has_torch():
        print("skipped: %s has no torch (Debian: python3-torch)" % sys.executable)
        sys.exit(SKIPPED)
    unittest.main(verbosity=1)
