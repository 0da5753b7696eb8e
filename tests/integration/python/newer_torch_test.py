# SPDX-License-Identifier: Apache-2.0
"""What newer PyTorch releases changed (tests/fakes/python/newer_torch), and a PyTorch that lacks what the hooks look for."""
import collections
import os
import shutil

from support import FAKE, HERE, LAST, SHIPPED, HookTest, main

NEWER = str(HERE.parents[1] / "fakes/python/newer_torch")

PROGRAM = """
import sys, time
from torch.utils.data import DataLoader

class Squares:
    def __len__(self):
        return 20
    def __getitem__(self, index):
        if index % 8 == 0:
            time.sleep(0.02)
        return index * index

options = eval(sys.argv[1])
epochs = options.pop("epochs", 1)
loader = DataLoader(Squares(), batch_size=2, **options)
print(sorted(batch for _ in range(epochs) for batch in loader))
"""


class NewerDataLoaderTest(HookTest):
    def run_style(self, **options):
        plain = self.python(PROGRAM, repr(options), hooks=False, path=(NEWER,))
        hooked = self.good(self.python(PROGRAM, repr(options), path=(NEWER,)))
        self.assertEqual((plain.code, plain.out, plain.err), (hooked.code, hooked.out, hooked.err))
        log = hooked.log
        batches = [row for row in log.events["batch"] if not row["flags"] & LAST]
        fetches = {(row["loader"], row["epoch"], row["task"]): row for row in log.events["batch_fetch"]}
        self.assertEqual(len(batches), 10 * options.get("epochs", 1))
        self.assertEqual({(row["loader"], row["epoch"], row["task"]) for row in batches}, set(fetches))
        for batch in batches:
            fetch = fetches[batch["loader"], batch["epoch"], batch["task"]]
            self.assertEqual(batch["worker"], fetch["worker"])
            stages = [batch["dispatch"], fetch["received"], fetch["start"], fetch["put"], batch["arrive"],
                      batch["start"] + batch["dur"]]
            self.assertEqual(stages, sorted(stages))
        return log, batches

    def test_in_process(self):
        self.run_style()

    def test_split_worker_loop_in_processes(self):
        log, _ = self.run_style(num_workers=2)
        self.assertEqual(collections.Counter(role for _, _, role in log.opened), {"main": 1, "worker": 2})

    def test_worker_threads_are_lanes_of_the_same_process(self):
        log, batches = self.run_style(num_workers=2, worker_method="thread")
        self.assertEqual([role for _, _, role in log.opened], ["main"])
        fetches = log.events["batch_fetch"]
        self.assertEqual({row["pid"] for row in fetches}, {batches[0]["pid"]})
        self.assertEqual(len({row["tid"] for row in fetches} | {batches[0]["tid"]}), 3)
        self.assertEqual([facts["start_method"] for facts in log.loaders().values()], ["thread"])

    def test_worker_threads_with_equal_seeds(self):
        options = dict(num_workers=2, worker_method="thread", base_seed=5, epochs=2)
        log = self.good(self.python(PROGRAM, repr(options), path=(NEWER,))).log
        batches = [row for row in log.events["batch"] if not row["flags"] & LAST]
        self.assertEqual(len({row["loader"] for row in batches}), 2)
        self.assertEqual(collections.Counter((row["loader"], row["task"]) for row in batches),
                         collections.Counter((row["loader"], row["task"]) for row in log.events["batch_fetch"]))

    def test_out_of_order_hand_over(self):
        log, batches = self.run_style(num_workers=2, in_order=False)
        self.assertNotEqual([row["task"] for row in batches], list(range(10)))
        self.assertEqual({row["out_of_order"] for row in batches}, {0})
        self.assertEqual([facts["in_order"] for facts in log.loaders().values()], [False])

    def test_in_order_hand_over_counts_the_blocked(self):
        _, batches = self.run_style(num_workers=2)
        self.assertEqual([row["task"] for row in batches], list(range(10)))
        self.assertTrue(any(row["out_of_order"] for row in batches))

    def test_persistent_workers(self):
        _, batches = self.run_style(num_workers=2, persistent_workers=True, epochs=3)
        self.assertEqual(collections.Counter(row["epoch"] for row in batches), {0: 10, 1: 10, 2: 10})

    def test_pinning_thread(self):
        log, batches = self.run_style(num_workers=2, pin_memory=True)
        self.assertTrue(all(row["pin"] >= 2000000 for row in batches), [row["pin"] for row in batches])
        self.assertEqual([facts["pin_memory"] for facts in log.loaders().values()], [True])


SLOW_TASK = """
import time
from torch.utils.data import DataLoader

class Squares:
    def __len__(self):
        return 80
    def __getitem__(self, index):
        time.sleep(0.5 if index == 4 else 0.005)
        return index

print(sorted(DataLoader(Squares(), batch_size=2, num_workers=2, in_order=False)))
"""

THREADS_AT_THE_END = """
import time
from torch.utils.data import DataLoader

iterator = iter(DataLoader(range(40), num_workers=1, worker_method="thread", pin_memory=True))
print(next(iterator), flush=True)
time.sleep(0.2)  # now the worker waits for a task and the pinning thread for a batch
"""


class WaysOfUseTest(HookTest):
    def test_a_slow_task_among_fast_ones_out_of_order(self):
        log = self.good(self.python(SLOW_TASK, path=(NEWER,))).log
        batches = [row for row in log.events["batch"] if not row["flags"] & LAST]
        self.assertEqual(len(batches), 40)
        self.assertEqual([row["task"] for row in batches if not row["dispatch"] or not row["arrive"]], [])

    def test_threads_that_wait_in_a_hook_when_the_program_ends(self):
        for library in (FAKE, SHIPPED):
            plain = self.python(THREADS_AT_THE_END, hooks=False, path=(NEWER,))
            hooked = self.python(THREADS_AT_THE_END, path=(NEWER,),
                                 environment={"STEPSCOPE_LIBRARY": library, "STEPSCOPE_DIR": self.folder})
            self.assertEqual((plain.code, plain.out, plain.err), (hooked.code, hooked.out, hooked.err))


STATEFUL = """
import sys
from torchdata.stateful_dataloader import StatefulDataLoader

class Squares:
    def __len__(self):
        return 20
    def __getitem__(self, index):
        return index * index

def loader():
    return StatefulDataLoader(Squares(), batch_size=2, num_workers=int(sys.argv[1]))

before = loader()
iterator = iter(before)
print([next(iterator) for _ in range(3)])
state = before.state_dict()
after = loader()
after.load_state_dict(state)
print(list(after))
print(list(iterator))
"""


class StatefulDataLoaderTest(HookTest):
    """torchdata's StatefulDataLoader: a worker loop and iterators of its own, and a seed that comes back."""

    def run_resumed(self, workers):
        plain = self.python(STATEFUL, str(workers), hooks=False, path=(NEWER,))
        hooked = self.good(self.python(STATEFUL, str(workers), path=(NEWER,)))
        self.assertEqual((plain.code, plain.out, plain.err), (hooked.code, hooked.out, hooked.err))
        log = hooked.log
        batches = [row for row in log.events["batch"] if not row["flags"] & LAST]
        self.assertEqual(len(batches), 10 + 7)
        loaders = collections.Counter(row["loader"] for row in batches)
        self.assertEqual(sorted(loaders.values()), [7, 10], "the resumed one has the first one's seed, but a key of its own")
        fetches = {(row["loader"], row["epoch"], row["task"]): row for row in log.events["batch_fetch"]}
        self.assertEqual({(row["loader"], row["epoch"], row["task"]) for row in batches}, set(fetches))
        self.assertEqual({facts["class"] for facts in log.loaders().values()}, {"StatefulDataLoader"})
        return log, batches, fetches

    def test_resumed_with_workers(self):
        log, batches, fetches = self.run_resumed(2)
        for batch in batches:
            fetch = fetches[batch["loader"], batch["epoch"], batch["task"]]
            self.assertEqual(batch["worker"], fetch["worker"])
            stages = [batch["dispatch"], fetch["received"], fetch["start"], fetch["put"], batch["arrive"],
                      batch["start"] + batch["dur"]]
            self.assertEqual(stages, sorted(stages))
        self.assertEqual(collections.Counter(role for _, _, role in log.opened), {"main": 1, "worker": 4})
        self.assertEqual(len(log.phases("loader_shutdown")), 2)

    def test_resumed_in_process(self):
        # With no workers torch's own key would do, but the seed that came back is the first iterator's.
        self.run_resumed(0)


class NewerOptimizerTest(HookTest):
    def test_optimizer_and_scaler(self):
        log = self.good(self.python("""
            import torch
            from torch.amp.grad_scaler import GradScaler
            class Mine(torch.optimizer.Optimizer):
                pass
            mine, scaler = Mine(), GradScaler()
            for step in range(4):
                scaler.overflow = step == 2
                print(scaler.step(mine))
            """, path=(NEWER,))).log
        self.assertEqual([row["name"] for row in log.events["step"]], ["Mine"] * 4)
        self.assertEqual(len(log.phases("optimizer")), 3)

    def test_nothing_is_done_while_torch_compile_traces(self):
        run = self.good(self.python("""
            import torch
            optimizer = torch.optimizer.Optimizer()
            torch.compiler.tracing = True
            torch.compiler.is_compiling.__globals__["tracing"] = True
            print(optimizer.step())
            """, path=(NEWER,)))
        self.assertEqual((run.out, run.log.events["step"]), ("stepped\n", []))


class FailingHooksTest(HookTest):
    """Whatever torch has become, the program runs; what could not be hooked is counted by name."""

    def broken(self, name, text, **options):
        folder = os.path.join(self.folder, "torch-copy")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(NEWER, folder)
        path = os.path.join(folder, "torch", name)
        with open(path, encoding="utf-8") as file:
            source = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text(source))
        options = repr(dict(options, num_workers=2))
        plain = self.python(PROGRAM, options, hooks=False, path=(folder,))
        hooked = self.python(PROGRAM, options, path=(folder,))
        self.assertEqual((plain.code, plain.out, plain.err), (hooked.code, hooked.out, hooked.err))
        self.assertEqual(hooked.code, 0, hooked.err)
        return hooked.log

    def test_a_renamed_worker_loop(self):
        log = self.broken("utils/data/_utils/worker.py", lambda source: source)
        self.assertEqual(log.losses, {})
        log = self.broken("utils/data/_utils/worker.py", lambda source: source.replace("base_seed", "first_seed"))
        self.assertEqual(log.losses, {"python.worker.install": 1})
        self.assertEqual(len([row for row in log.events["batch"] if not row["flags"] & LAST]), 10)
        self.assertEqual(log.events["batch_fetch"], [])

    def test_a_renamed_fetcher(self):
        log = self.broken("utils/data/_utils/fetch.py", lambda source: source.replace("_BaseDatasetFetcher", "_Fetcher"))
        self.assertEqual(log.losses, {"python.fetch.install": 1})

    def test_a_renamed_iterator(self):
        log = self.broken("utils/data/dataloader.py", lambda source: source.replace("_BaseDataLoaderIter", "_Iter"))
        self.assertEqual(log.losses, {"python.dataloader.install": 1})

    def test_a_renamed_optimizer_patch(self):
        log = self.broken("optim/optimizer.py", lambda source: source.replace("_patch_step_function", "_wrap_step_function"))
        self.assertEqual(log.losses, {"python.optimizer.install": 1})

    def test_a_hook_that_fails_each_time_is_not_counted_for_ever(self):
        log = self.broken("utils/data/dataloader.py", lambda source: source.replace("_rcvd_idx", "_received_idx"), epochs=4)
        self.assertEqual(dict(log.losses), {"python.dataloader.next": 4 * 8})

    def test_a_renamed_count_of_tasks(self):
        log = self.broken("utils/data/dataloader.py", lambda source: source.replace("_send_idx", "_put_idx"))
        self.assertEqual(set(log.losses), {"python.dataloader.queue"})
        batches = [row for row in log.events["batch"] if not row["flags"] & LAST]
        self.assertEqual(len(batches), 10)
        self.assertTrue(all(row["arrive"] and not row["dispatch"] for row in batches))


if __name__ == "__main__":
    main(torch=False)
