# SPDX-License-Identifier: Apache-2.0
"""Other data iterators, the stack sampler, and the fingerprint; needs no torch."""
import json
import os
import sys

from support import HOOKS, HookTest, main

sys.path.insert(0, HOOKS)
from stepscope_hooks import _dataset_place, _git, _iterators  # noqa: E402

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


class IteratorTableTest(HookTest):
    # How the classes of each row advance in the library itself.
    STYLES = {"webdataset.pipeline": "iter", "datasets.arrow_dataset": "iter", "datasets.iterable_dataset": "iter",
              "torchdata.nodes.base_node": "next", "streaming.base.dataset": "iter", "grain._src.python.data_loader": "next",
              "tensorflow.python.data.ops.iterator_ops": "next", "nvidia.dali.plugin.base_iterator": "next"}
    ADVANCE = {"iter": """
    def __iter__(self):
        for item in range(3):
            time.sleep(0.002)
            yield item
""", "next": """
    left = 3
    def __iter__(self):
        return self
    def __next__(self):
        if not self.left:
            raise StopIteration
        self.left -= 1
        time.sleep(0.002)
        return 2 - self.left
"""}

    def test_every_library_of_the_table(self):
        self.write("torch.py", TORCH)
        self.assertEqual(set(self.STYLES), set(_iterators._CLASSES))
        for module, classes in _iterators._CLASSES.items():
            for name in classes:
                with self.subTest(module=module, name=name):
                    folder = "library-" + name
                    packages = module.split(".")
                    for depth in range(1, len(packages)):
                        self.write("/".join((folder, *packages[:depth], "__init__.py")), "")
                    source = "import time\nclass %s:%s" % (name, self.ADVANCE[self.STYLES[module]])
                    self.write("/".join((folder, *packages)) + ".py", source)
                    run = self.python("import torch\nfrom %s import %s\nprint(list(%s()))" % (module, name, name),
                                      path=(os.path.join(self.folder, folder),))
                    self.assertEqual((run.code, run.out), (0, "[0, 1, 2]\n"), run.err)
                    waits = [row for row in run.log.phases("data_next") if row["dur"] >= 2000000]
                    self.assertEqual([row["name"] for row in waits], [packages[0] + "." + name] * 3)


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

    def test_code_that_lets_go_of_the_interpreter_now_and_then_is_seen_where_it_works(self):
        """The sampler waits for the interpreter; who drops it for a moment every millisecond is not asked for it by the usual interval."""
        self.write("torch.py", TORCH)
        program = """
        import hashlib, time
        import torch
        data = bytes(4096)

        def works():
            end = time.monotonic() + 0.8
            while time.monotonic() < end:
                pause = time.monotonic() + 0.001
                while time.monotonic() < pause:
                    pass
                hashlib.sha256(data)  # lets go and takes it back

        def rests():
            time.sleep(0.02)

        works()
        rests()
        """
        log = self.good(self.python(program, environment={"STEPSCOPE_PYTHON_SAMPLE": "100"})).log
        worked = sum(row["dur"] for row in log.events["python_sample"] if row["stack"].endswith(":works"))
        self.assertGreater(worked, 500_000_000)

    def test_off_unless_asked_for(self):
        self.write("torch.py", TORCH)
        log = self.good(self.python("import torch, threading; print(threading.active_count())")).log
        self.assertEqual(log.events["python_sample"], [])


class CheckpointLibrariesTest(HookTest):
    """Distributed checkpoints and safetensors, by their module and function names."""

    def test_each_outermost_call_is_one_phase(self):
        for package in ("torch", "torch/distributed", "torch/distributed/checkpoint", "safetensors"):
            self.write(package + "/__init__.py", "__version__ = '9.9'\n")
        self.write("torch/distributed/checkpoint/state_dict_saver.py",
                   "def save(state, path):\n    return path\ndef async_save(state, path):\n    return save(state, path)\n"
                   "def save_state_dict(state, path):\n    return path\n")
        self.write("torch/distributed/checkpoint/state_dict_loader.py",
                   "def load(state, path):\n    return path\ndef load_state_dict(state, path):\n    return path\n")
        for module in ("torch", "numpy"):
            self.write("safetensors/%s.py" % module,
                       "def save_file(tensors, path):\n    return path\ndef load_file(path):\n    return path\n")
        run = self.good(self.python("""
            import torch, safetensors.numpy, safetensors.torch
            from torch.distributed.checkpoint import state_dict_loader, state_dict_saver
            print(state_dict_saver.save({}, 1), state_dict_saver.async_save({}, 2), state_dict_saver.save_state_dict({}, 3))
            print(state_dict_loader.load({}, 4), state_dict_loader.load_state_dict({}, 5))
            for module in (safetensors.torch, safetensors.numpy):
                print(module.save_file({}, 6), module.load_file(7))
            """, path=(self.folder,)))
        self.assertEqual(run.out, "1 2 3\n4 5\n6 7\n6 7\n")
        saver, loader = ("torch.distributed.checkpoint." + name for name in ("", ""))
        self.assertEqual([row["name"] for row in run.log.phases("save")],
                         [saver + "save", saver + "async_save", saver + "save_state_dict", "safetensors.torch.save_file",
                          "safetensors.numpy.save_file"])
        self.assertEqual([row["name"] for row in run.log.phases("load")],
                         [loader + "load", loader + "load_state_dict", "safetensors.torch.load_file",
                          "safetensors.numpy.load_file"])


class DatasetPlaceTest(HookTest):
    MOUNTS = ("sysfs /sys sysfs rw 0 0\n/dev/sda1 / ext4 rw 0 0\nserver:/x /data nfs4 rw 0 0\n"
              "lustre /data/deep lustre rw 0 0\nnone /with\\040space tmpfs rw 0 0\n/dev/sdb1 /data/deep xfs rw 0 0\n")

    def test_the_longest_mount_point_above_a_path_says_its_file_system(self):
        mounts = self.write("mounts", self.MOUNTS)
        for path, kind in {"/": "ext4", "/home/me": "ext4", "/data": "nfs4", "/data/a/b": "nfs4", "/database": "ext4",
                           "/data/deep/c": "xfs", "/with space/d": "tmpfs"}.items():
            self.assertEqual(_dataset_place.file_system_of(path, mounts), kind, path)

    def test_a_dataset_says_where_it_lies(self):
        class Folder:
            def __init__(self, root):
                self.root = root
        self.assertEqual(_dataset_place.directory_of(Folder(self.folder)), os.path.realpath(self.folder))
        self.assertIsNone(_dataset_place.directory_of(Folder("/no/such/place")))
        self.assertIsNone(_dataset_place.directory_of(object()))

    DESCRIBED = """
        import torch
        from stepscope_hooks import _dataset_place
        class Folder:
            root = None
        one = Folder()
        one.root = %r
        _dataset_place.describe(one)
        """

    def test_it_is_written_once_unless_the_user_named_the_place(self):
        self.write("torch.py", TORCH)
        log = self.good(self.python(self.DESCRIBED % self.folder)).log
        (facts,) = log.meta.values()
        self.assertTrue(facts["fs.dataset"].endswith(":" + os.path.realpath(self.folder)), facts["fs.dataset"])
        log = self.good(self.python(self.DESCRIBED % self.folder, environment={"STEPSCOPE_DATASET": "/data"})).log
        self.assertFalse(any("fs.dataset" in facts for facts in log.meta.values()))


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
