# SPDX-License-Identifier: Apache-2.0
"""How the hooks get into an interpreter and out of sight again; needs no torch."""
import os
import sys

from support import HOOKS, HookTest, main

TORCH = "value = 1\n"


class SitecustomizeTest(HookTest):
    LOOK = """
    import os, sys
    module = sys.modules.get("sitecustomize")
    print(module and module.__file__, [path for path in sys.path if path == os.environ["HOOKS"]])
    try:
        import sitecustomize
        print(sitecustomize.__file__, getattr(sitecustomize, "marker", None))
    except ImportError as error:
        print(type(error).__name__, error.name)
    print(os.environ.get("PYTHONPATH", "").startswith(os.environ["HOOKS"]))
    """

    def look(self, **options):
        return self.python(self.LOOK, environment={"HOOKS": HOOKS}, **options)

    def test_the_users_own_sitecustomize_runs_and_is_the_one_seen(self):
        path = self.write("mine/sitecustomize.py", "import sys\nmarker = 'mine'\nprint('mine ran', __name__, file=sys.stderr)\n")
        run = self.look(path=(os.path.dirname(path),))
        self.assertEqual(run.err, "mine ran sitecustomize\n")
        self.assertEqual(run.out, "%s []\n%s mine\nTrue\n" % (path, path))

    def test_the_distributions_sitecustomize_is_kept(self):
        plain, hooked = self.look(hooks=False), self.look()
        self.assertEqual(plain.out.replace("False\n", "True\n"), hooked.out)
        self.assertEqual((hooked.code, hooked.err), (0, plain.err))

    def test_where_there_is_none_there_is_none(self):
        """In an interpreter without a sitecustomize of its own, importing it fails as it always did."""
        plain = self.look(hooks=False, python=(sys.executable, "-I"))
        script = self.write("none.py", """
            import site, sys
            sys.path[:] = [%r, %r]
            sys.modules.pop("sitecustomize", None)
            site.execsitecustomize()
            print(sys.modules.get("sitecustomize"), sys.path)
            try:
                import sitecustomize
            except ModuleNotFoundError as error:
                print(error.name)
            """ % (HOOKS, self.folder))
        run = self.python(script, hooks=False)
        self.assertEqual((run.out, run.err), ("None [%r]\nsitecustomize\n" % self.folder, ""))
        self.assertEqual(plain.code, 0)

    def test_a_broken_sitecustomize_is_reported_as_ever(self):
        folder = os.path.dirname(self.write("mine/sitecustomize.py", "raise ValueError('mine is broken')\n"))
        plain, hooked = self.python("print(1)", hooks=False, path=(folder,)), self.python("print(1)", path=(folder,))
        self.assertIn("mine is broken", plain.err)
        self.assertEqual((plain.code, plain.out, plain.err), (hooked.code, hooked.out, hooked.err))

    def test_a_child_interpreter_is_hooked_too(self):
        self.write("torch.py", TORCH)
        run = self.good(self.python("""
            import subprocess, sys
            subprocess.run([sys.executable, "-c", "import sys; sys.path.insert(0, '.'); import torch"], check=True)
            """))
        self.assertEqual([role for _, _, role in run.log.opened], ["main"])
        self.assertNotEqual(run.log.opened[0][0], run.pid)


class DormancyTest(HookTest):
    def test_a_program_that_imports_no_framework_is_left_alone(self):
        run = self.python("""
            import collections, json, sys
            print("ctypes" in sys.modules, "multiprocessing" in sys.modules, "threading" in sys.modules)
            print(sorted(name for name in sys.modules if name.startswith("stepscope")))
            import gc; print(gc.callbacks)
            """)
        lines = run.out.splitlines()
        self.assertEqual(run.log.opened, [])
        self.assertEqual(lines[0].split()[:2], ["False", "False"])
        self.assertEqual(lines[2], "[]")

    def test_switched_off_by_environment(self):
        self.write("torch.py", TORCH)
        for name, value in (("STEPSCOPE_DISABLE", "1"), ("STEPSCOPE_PYTHON", "0")):
            run = self.python("import torch, sys; print([m for m in sys.modules if 'stepscope' in m], sys.meta_path)",
                              environment={name: value})
            self.assertEqual(run.log.opened, [])
            self.assertTrue(run.out.startswith("[] "), run.out)
            self.assertNotIn("stepscope", run.out)

    def test_without_a_collector_nothing_happens(self):
        self.write("torch.py", TORCH)
        for library in ("", "/nonexistent/libstepscope.so", sys.executable):
            run = self.python("import torch; print(torch.value)", environment={"STEPSCOPE_LIBRARY": library})
            self.assertEqual((run.code, run.out, run.err), (0, "1\n", ""))

    def test_a_collector_that_does_not_record_this_process(self):
        self.write("torch/__init__.py", "")
        self.write("torch/serialization.py", "def save(): pass\ndef load(): pass\n")
        run = self.python("import torch.serialization as s; print(hasattr(s.save, '__wrapped__'))",
                          environment={"FAKE_COLLECTOR_OPEN": "0"})
        self.assertEqual(run.out, "False\n")
        self.assertEqual(len(run.log.opened), 1)

    def test_isolated_interpreters_are_not_hooked(self):
        self.write("torch.py", TORCH)
        for flag in ("-I", "-E", "-S"):
            run = self.python("import sys; sys.path.insert(0, '.'); import torch", python=(sys.executable, flag))
            self.assertEqual((run.code, run.err), (0, ""))
            self.assertEqual(len(run.log.opened), 0)


class ImportsTest(HookTest):
    def test_slow_imports_make_a_waterfall(self):
        self.write("torch.py", "import time, inner\ntime.sleep(0.02)\n")
        self.write("inner.py", "import time\ntime.sleep(0.02)\n")
        self.write("late.py", "import time\ntime.sleep(0.02)\n")
        quick = ["quick%d" % number for number in range(20)]
        for name in quick:
            self.write(name + ".py", "")
        log = self.good(self.python("import torch, late, " + ", ".join(quick))).log
        by_name = {row["name"]: row for row in log.phases("import")}
        self.assertLessEqual({"torch", "inner", "late"}, set(by_name))
        # A busy machine makes some of them slow indeed.
        self.assertLess(len(by_name.keys() & set(quick)), len(quick) / 2)
        outer, inner = by_name["torch"], by_name["inner"]
        self.assertLessEqual(outer["start"], inner["start"])
        self.assertGreaterEqual(outer["start"] + outer["dur"], inner["start"] + inner["dur"])
        self.assertGreaterEqual(outer["dur"], 40000000)
        (interpreter,) = [row for row in log.phases("startup") if row["name"] == "python interpreter"]
        self.assertGreater(interpreter["dur"], 0)
        self.assertLess(interpreter["start"] + interpreter["dur"], outer["start"])

    def test_errors_of_imports_look_the_same(self):
        self.write("broken.py", "def f():\n    raise OSError('disk')\nf()\n")
        self.write("missing.py", "import not_there\n")
        self.write("syntax.py", "def f(:\n")
        for name in ("broken", "missing", "syntax", "absent"):
            script = self.write("program.py", "import %s\n" % name)
            plain, hooked = self.python(script, hooks=False), self.python(script)
            self.assertEqual((plain.code, plain.out, plain.err), (hooked.code, hooked.out, hooked.err))

    def test_an_imported_module_shows_no_trace(self):
        self.write("torch.py", TORCH)
        self.write("plain.py", "import warnings\nwarnings.warn('old', DeprecationWarning, stacklevel=2)\n")
        script = self.write("program.py", """
            import importlib, warnings, sys
            warnings.simplefilter("always")
            import torch, plain
            for module in (torch, plain):
                print(vars(module.__loader__), type(module.__spec__.loader).__name__, module.__loader__ is module.__spec__.loader)
            importlib.reload(plain)
            print(importlib.util.find_spec("torch").origin)
            """)
        plain, hooked = self.python(script, hooks=False), self.python(script)
        self.assertEqual((plain.out, plain.err), (hooked.out, hooked.err))

    def test_helper_processes_are_recorded_only_when_they_turn_out_to_train(self):
        self.write("torch.py", TORCH)
        run = self.python("""
            import multiprocessing, sys

            def child():
                import torch

            if __name__ == "__main__":
                process = multiprocessing.get_context("spawn").Process(target=child)
                process.start()
                process.join()
                print(process.exitcode)
            """)
        self.assertEqual((run.out, run.log.opened), ("0\n", []))


if __name__ == "__main__":
    main(torch=False)
