# SPDX-License-Identifier: Apache-2.0
"""Other data iterators, the stack sampler, and the fingerprint; needs no torch."""
import json
import os
import sys

from support import HOOKS, HookTest, main

sys.path.insert(0, HOOKS)
from stepscope_hooks import _git  # noqa: E402

TORCH = "__version__ = '9.9'\n"

WEBDATASET = """
import time

class DataPipeline:
    def __init__(self, source, pause):
        self.source, self.pause = source, pause
    def __iter__(self):
        for item in self.source:
            time.sleep(self.pause)
            yield item
"""

NODES = """
import time

class BaseNode:
    def __iter__(self):
        return self
    def __next__(self):
        return self.next()

class Source(BaseNode):
    def __init__(self):
        self.left = 3
    def next(self):
        time.sleep(0.002)
        if not self.left:
            raise StopIteration
        self.left -= 1
        return self.left

class Doubled(BaseNode):
    def __init__(self, inner):
        self.inner = inner
    def next(self):
        return 2 * next(self.inner)
"""


class OtherIteratorsTest(HookTest):
    def setUp(self):
        super().setUp()
        self.write("torch.py", TORCH)
        self.write("webdataset/__init__.py", "")
        self.write("webdataset/pipeline.py", WEBDATASET)
        for package in ("torchdata", "torchdata/nodes"):
            self.write(package + "/__init__.py", "")
        self.write("torchdata/nodes/base_node.py", NODES)

    def test_the_wait_in_a_pipelines_next(self):
        run = self.good(self.python("""
            import torch
            from webdataset.pipeline import DataPipeline
            iterator = iter(DataPipeline("abc", 0.002))
            print(list(iterator), type(iter(iterator)).__name__ != "", iterator.gi_frame)
            """))
        self.assertEqual(run.out, "['a', 'b', 'c'] True None\n")
        waits = run.log.phases("data_next")
        self.assertEqual({row["name"] for row in waits}, {"webdataset.DataPipeline"})
        self.assertEqual(sum(1 for row in waits if row["dur"] >= 2000000), 3)

    def test_nodes_that_ask_nodes_wait_once(self):
        run = self.good(self.python("""
            import torch
            from torchdata.nodes.base_node import Doubled, Source
            print(list(Doubled(Source())))
            """))
        self.assertEqual(run.out, "[4, 2, 0]\n")
        self.assertEqual([row["name"] for row in run.log.phases("data_next")], ["torchdata.BaseNode"] * 4)

    def test_answers_that_take_no_time_are_no_waits(self):
        run = self.good(self.python("""
            import torch, time
            time.sleep = lambda seconds: None
            from webdataset.pipeline import DataPipeline
            print(sum(1 for _ in DataPipeline(range(1000), 0)))
            """))
        self.assertEqual(run.out, "1000\n")
        self.assertLess(len(run.log.phases("data_next")), 500)


class SamplerTest(HookTest):
    PROGRAM = """
    import sys, time
    import torch

    def inner():
        end = time.monotonic() + 0.4
        while time.monotonic() < end:
            pass

    def deep(levels):
        return deep(levels - 1) if levels else inner()

    inner()
    deep(100)
    """

    def test_stacks_of_the_main_thread(self):
        self.write("torch.py", TORCH)
        log = self.good(self.python(self.PROGRAM, environment={"STEPSCOPE_PYTHON_SAMPLE": "100"})).log
        samples = log.events["python_sample"]
        stacks = {row["stack"] for row in samples}
        self.assertIn("program1.py:<module>;program1.py:inner", stacks)
        deepest = [stack for stack in stacks if stack.startswith("[deeper];")]
        self.assertTrue(deepest)
        self.assertEqual(deepest[0].count("program1.py:deep") + 1, 64)
        self.assertTrue(all(row["dur"] > 0 for row in samples))
        self.assertEqual({row["lane"] for row in samples}, {7})
        (facts,) = log.meta.values()
        self.assertIn(" ns", facts["self.python_sampler"])

    def test_off_unless_asked_for(self):
        self.write("torch.py", TORCH)
        log = self.good(self.python("import torch, threading; print(threading.active_count())")).log
        self.assertEqual(log.events["python_sample"], [])


class FingerprintTest(HookTest):
    COMMIT = "0123456789abcdef0123456789abcdef01234567"

    def repository(self):
        self.write("repo/.git/HEAD", "ref: refs/heads/main\n")
        return os.path.join(self.folder, "repo")

    def test_commit_of_a_branch(self):
        repo = self.repository()
        self.write("repo/.git/refs/heads/main", self.COMMIT + "\n")
        self.write("repo/deep/inside/x.py", "")
        self.assertEqual(_git.commit(os.path.join(repo, "deep/inside")), self.COMMIT)

    def test_commit_of_a_packed_branch(self):
        repo = self.repository()
        self.write("repo/.git/packed-refs", "# pack-refs with: peeled\n%s refs/heads/main\n^%s\n" % (self.COMMIT, "f" * 40))
        self.assertEqual(_git.commit(repo), self.COMMIT)

    def test_detached_head(self):
        self.write("repo/.git/HEAD", self.COMMIT)
        self.assertEqual(_git.commit(os.path.join(self.folder, "repo")), self.COMMIT)

    def test_linked_worktree(self):
        self.repository()
        self.write("repo/.git/refs/heads/side", self.COMMIT)
        self.write("repo/.git/worktrees/w/HEAD", "ref: refs/heads/side")
        self.write("repo/.git/worktrees/w/commondir", "../..")
        self.write("linked/.git", "gitdir: ../repo/.git/worktrees/w")
        self.assertEqual(_git.commit(os.path.join(self.folder, "linked")), self.COMMIT)

    def test_no_repository_and_damaged_ones(self):
        self.assertIsNone(_git.commit(self.folder))
        self.write("odd/.git", "not a pointer")
        self.assertIsNone(_git.commit(os.path.join(self.folder, "odd")))
        self.write("empty/.git/HEAD", "ref: refs/heads/unborn")
        self.assertIsNone(_git.commit(os.path.join(self.folder, "empty")))
        self.write("junk/.git/HEAD", "zz" * 20)
        self.assertIsNone(_git.commit(os.path.join(self.folder, "junk")))

    def test_versions_of_what_was_imported(self):
        self.write("site-packages/some_lib/__init__.py", "")
        self.write("site-packages/some_lib-1.2.3.dist-info/METADATA", "")
        self.write("site-packages/old_lib.py", "__version__ = 'from source'\n")
        self.write("site-packages/old-lib.egg-info/PKG-INFO", "")
        self.write("site-packages/unused-7.dist-info/METADATA", "")
        self.write("site-packages/own.py", "__version__ = '0.5'\n")
        self.write("torch.py", TORCH)
        self.write(".git/HEAD", self.COMMIT)
        run = self.good(self.python("import torch, some_lib, old_lib, own",
                                    path=(os.path.join(self.folder, "site-packages"),)))
        (facts,) = run.log.meta.values()
        self.assertLessEqual({"some_lib": "1.2.3", "own": "0.5", "old_lib": "from source"}.items(),
                             json.loads(facts["soft.packages"]).items())
        self.assertNotIn("unused", facts["soft.packages"])
        self.assertEqual(facts["git.commit"], self.COMMIT)
        self.assertIn("%d.%d" % sys.version_info[:2], facts["soft.python"])
        (phase,) = [row for row in run.log.phases("startup") if row["name"] == "stepscope fingerprint"]
        self.assertLess(phase["dur"], 1000000000)


if __name__ == "__main__":
    main(torch=False)
