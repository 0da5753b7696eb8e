# SPDX-License-Identifier: Apache-2.0
"""Every style of DataLoader on real torch: each batch is there once, joined with its worker's record, stages in order."""
import collections
import operator

from support import IN_PROCESS, ITERABLE, LAST, PERSISTENT, HookTest, main

PROGRAM = """
import sys, time, torch
from torch.utils.data import DataLoader, Dataset, IterableDataset, get_worker_info

class Map(Dataset):
    def __len__(self):
        return 23
    def __getitem__(self, index):
        return torch.tensor([index])

class Stream(IterableDataset):
    def __iter__(self):
        info = get_worker_info()
        start, step = (info.id, info.num_workers) if info else (0, 1)
        return iter([torch.tensor([index]) for index in range(start, 23, step)])

def loader(dataset, **options):
    return DataLoader(dataset, batch_size=4, **options)

def main():
    options = eval(sys.argv[2])
    epochs = options.pop("epochs", 1)
    data = loader(globals()[sys.argv[1]](), **options)
    seen = []
    for _ in range(epochs):
        for batch in data:
            seen.append(sorted(batch.flatten().tolist()))
    print(seen)

if __name__ == "__main__":
    main()
"""


class StylesTest(HookTest):
    def run_style(self, dataset, **options):
        arguments = (dataset, repr(options))
        plain = self.python(PROGRAM, *arguments, hooks=False)
        hooked = self.good(self.python(PROGRAM, *arguments))
        self.assertEqual((plain.code, plain.out, self.said(plain)), (hooked.code, hooked.out, self.said(hooked)))
        self.batches = len(eval(hooked.out))
        return hooked.log

    def check_joined(self, log, workers):
        """Exactly the handed-over batches, each with one fetch of the same key, and every stage after the one before."""
        handed = [row for row in log.events["batch"] if not row["flags"] & LAST]
        self.assertEqual(len(handed), self.batches)
        fetches = {(row["loader"], row["epoch"], row["task"]): row for row in log.events["batch_fetch"]}
        self.assertEqual(len(fetches), len(log.events["batch_fetch"]), "a task was fetched twice")
        keys = {(row["loader"], row["epoch"], row["task"]) for row in handed}
        self.assertEqual(len(keys), self.batches)
        self.assertLessEqual(keys, set(fetches))
        for batch in handed:
            fetch = fetches[batch["loader"], batch["epoch"], batch["task"]]
            self.assertEqual((batch["worker"], batch["workers"]), (fetch["worker"], workers))
            stages = [batch["dispatch"], fetch["received"], fetch["start"], fetch["start"] + fetch["dur"], fetch["put"],
                      batch["arrive"], batch["start"] + batch["dur"]]
            self.assertEqual(stages, sorted(stages))
            self.assertGreater(stages[0], 0)
            self.assertGreater(fetch["collate"], 0)
            self.assertLessEqual(fetch["collate"], fetch["dur"])
            self.assertIn(fetch["items"], (1, 2, 3, 4))
            self.assertGreater(fetch["cpu"], 0)
        return handed, fetches

    def check_workers(self, log, handed, count, process_count):
        roles = collections.Counter(role for _, _, role in log.opened)
        self.assertEqual(roles, {"main": 1, "worker": process_count})
        main_pid = handed[0]["pid"]
        self.assertEqual({row["worker"] for row in handed}, set(range(count)))
        for pid, _, role in log.opened:
            if role == "worker":
                facts = log.meta[pid]
                self.assertIn(int(facts["worker.loader"]), {row["loader"] for row in handed})
                self.assertEqual(int(facts["worker.parent_pid"]), main_pid)
                self.assertIn((main_pid, pid, 1), log.watched)
                self.assertIn(int(facts["worker.id"]), range(count))
        self.assertEqual(len(log.phases("loader_start")), process_count + process_count // count)

    def test_map_style_in_process(self):
        log = self.run_style("Map")
        handed, fetches = self.check_joined(log, workers=0)
        self.assertEqual([row["task"] for row in handed], list(range(6)))
        for batch in handed:
            fetch = fetches[batch["loader"], 0, batch["task"]]
            self.assertEqual((batch["worker"], batch["fetch"], batch["collate"], batch["items"]),
                             (-1, fetch["dur"], fetch["collate"], fetch["items"]))
            self.assertTrue(batch["flags"] & IN_PROCESS)
        self.assertEqual([row["flags"] & LAST for row in log.events["batch"]], [0] * 6 + [LAST])
        self.assertEqual([row["items"] for row in handed], [4, 4, 4, 4, 4, 3])

    def test_batches_of_sequences_tell_their_tokens(self):
        program = """
import sys, torch
from collections import UserDict
from torch.utils.data import DataLoader, Dataset

class BatchEncoding(UserDict):  # as transformers has it
    def __getitem__(self, key):
        print("asked for", key)
        return self.data[key]

class Texts(Dataset):
    def __len__(self):
        return 24
    def __getitem__(self, index):
        return {"input_ids": torch.arange(5 + index // 4), "labels": index}

def encoded(samples):
    return BatchEncoding(torch.utils.data.default_collate(samples))

def named(samples):
    return {"words": torch.zeros(4, 7), "input_ids": torch.zeros(4, 7, 2)}

if __name__ == "__main__":
    batches = DataLoader(Texts(), batch_size=4, num_workers=int(sys.argv[2]), collate_fn=globals().get(sys.argv[1]))
    print(len(list(batches)))
"""
        one_in_five = [20, 0, 0, 0, 0, 40]
        for collate, workers, tokens in (("", 0, one_in_five), ("", 1, one_in_five), ("encoded", 1, one_in_five), ("named", 1, [0] * 6)):
            with self.subTest(collate=collate, workers=workers):
                run = self.good(self.python(program, collate, str(workers)))
                self.assertEqual(run.out, "6\n")
                rows = sorted(run.log.events["batch_fetch"], key=lambda row: row["task"])
                self.assertEqual([row["tokens"] for row in rows], tokens)
                self.assertEqual([row["items"] for row in rows], [4] * 6)

    def test_iterable_style_in_process(self):
        handed, _ = self.check_joined(self.run_style("Stream", epochs=2), workers=0)
        self.assertEqual(len({row["loader"] for row in handed}), 2)
        self.assertTrue(all(row["flags"] & ITERABLE for row in handed))

    def test_map_style_forked_workers(self):
        log = self.run_style("Map", num_workers=2, multiprocessing_context="fork")
        handed, _ = self.check_joined(log, workers=2)
        self.check_workers(log, handed, 2, 2)
        (facts,) = log.loaders().values()
        self.assertEqual({name: facts[name] for name in ("class", "dataset", "batch_size", "num_workers", "style", "start_method",
                                                         "prefetch_factor", "persistent", "pin_memory", "in_order")},
                         {"class": "DataLoader", "dataset": "__main__.Map", "batch_size": 4, "num_workers": 2, "style": "map",
                          "start_method": "fork", "prefetch_factor": 2, "persistent": False, "pin_memory": False, "in_order": True})
        self.assertEqual(sorted(facts["pids"]), sorted(pid for pid, _, role in log.opened if role == "worker"))
        self.assertEqual(len(log.phases("loader_shutdown")), 1)

    def test_map_style_spawned_workers(self):
        log = self.run_style("Map", num_workers=2, multiprocessing_context="spawn")
        handed, _ = self.check_joined(log, workers=2)
        self.check_workers(log, handed, 2, 2)
        (facts,) = log.loaders().values()
        self.assertEqual(facts["start_method"], "spawn")
        spawned = [row for row in log.phases("import") if row["pid"] in facts["pids"] and row["name"] == "torch"]
        self.assertEqual(len(spawned), 2, "a spawned worker's imports belong to its start-up")

    def test_map_style_forkserver_workers(self):
        log = self.run_style("Map", num_workers=2, multiprocessing_context="forkserver")
        handed, _ = self.check_joined(log, workers=2)
        self.check_workers(log, handed, 2, 2)
        self.assertEqual([facts["start_method"] for facts in log.loaders().values()], ["forkserver"])

    def test_iterable_style_workers_that_end_at_different_times(self):
        log = self.run_style("Stream", num_workers=3, epochs=2)
        handed, _ = self.check_joined(log, workers=3)
        self.check_workers(log, handed, 3, 6)
        self.assertEqual(sum(1 for row in log.events["batch"] if row["flags"] & LAST), 2)

    def test_persistent_workers_keep_their_key_and_count_epochs(self):
        log = self.run_style("Map", num_workers=2, persistent_workers=True, epochs=3)
        handed, _ = self.check_joined(log, workers=2)
        self.check_workers(log, handed, 2, 2)
        self.assertEqual(len({row["loader"] for row in handed}), 1)
        self.assertEqual(collections.Counter(row["epoch"] for row in handed), {0: 6, 1: 6, 2: 6})
        self.assertTrue(all(row["flags"] & PERSISTENT for row in handed))
        self.assertEqual(len(log.phases("loader_reset")), 2)

    def test_persistent_iterable_style(self):
        log = self.run_style("Stream", num_workers=2, persistent_workers=True, epochs=2)
        self.check_joined(log, workers=2)


HEAD_OF_LINE = """
import time, torch
from torch.utils.data import DataLoader, Dataset, get_worker_info

class OneSlowWorker(Dataset):
    def __len__(self):
        return 16
    def __getitem__(self, index):
        if get_worker_info().id == 0:
            time.sleep(0.05)
        return index

for _ in DataLoader(OneSlowWorker(), batch_size=1, num_workers=2):
    pass
"""

SAME_SEED = """
import torch
from torch.utils.data import DataLoader, Dataset

class Map(Dataset):
    def __len__(self):
        return 6
    def __getitem__(self, index):
        return index

def main():
    for method in ("fork", "fork", "spawn", "forkserver", None):
        options = dict(num_workers=1, multiprocessing_context=method) if method else {}
        data = DataLoader(Map(), batch_size=2, generator=torch.Generator().manual_seed(7), **options)
        print([batch.tolist() for batch in data])

if __name__ == "__main__":
    main()
"""

NESTED = """
import torch
from torch.utils.data import DataLoader, Dataset

class Inner(Dataset):
    def __len__(self):
        return 3
    def __getitem__(self, index):
        return index

class Outer(Dataset):
    def __len__(self):
        return 4
    def __getitem__(self, index):
        return sum(int(value) for value in DataLoader(Inner()))

for workers in (0, 2):
    print([batch.tolist() for batch in DataLoader(Outer(), batch_size=2, num_workers=workers)])
"""


MANY_TASKS = """
from torch.utils.data import DataLoader

loader = DataLoader(range(301), batch_size=1, num_workers=3, persistent_workers=%s)
for _ in range(3):
    print(sum(int(batch) for batch in loader))
"""

LEFT_EARLY = """
import time
from torch.utils.data import DataLoader

loader = DataLoader(range(40), batch_size=2, num_workers=4, persistent_workers=True)
for _ in range(3):
    for number, batch in enumerate(loader):
        if number == 1:
            time.sleep(0.2)  # the workers go on to all they have
            break
"""

TAKEN_ELSEWHERE = """
from torch.utils.data import DataLoader

iterator = iter(DataLoader(range(400), batch_size=2, num_workers=2))
for number in range(199):
    if number == 70:
        iterator._next_data()  # not through next()
    next(iterator)
print(next(iterator, "end"))
"""

FORKS = """
import os, sys, torch
from torch.utils.data import DataLoader, Dataset

class Forking(Dataset):
    def __len__(self):
        return 8
    def __getitem__(self, index):
        if index == 3 and os.fork() == 0:
            raise SystemExit  # through the frames of the fetch and of next()
        return index

for workers in (0, 2):
    print([batch.tolist() for batch in DataLoader(Forking(), batch_size=2, num_workers=workers)], flush=True)

iterator = iter(DataLoader(Forking(), batch_size=1))
next(iterator)
child = os.fork()
print(child == 0, next(iterator), flush=True)
if child == 0:
    os._exit(0)
os.waitpid(child, 0)
"""


class SpecialCasesTest(HookTest):
    def test_a_slow_worker_shows_as_head_of_line_blocking(self):
        log = self.good(self.python(HEAD_OF_LINE)).log
        batches = [row for row in log.events["batch"] if not row["flags"] & LAST]
        blocked = [row for row in batches if row["out_of_order"]]
        self.assertGreaterEqual(len(blocked), 4)
        self.assertEqual({row["worker"] for row in blocked}, {0})
        early = [row for row in batches if row["arrive"] < row["start"]]
        self.assertTrue(early, "batches of the fast worker lay ready before they were asked for")
        self.assertEqual({row["worker"] for row in early}, {1})

    def test_iterators_with_equal_seeds_keep_apart(self):
        run = self.good(self.python(SAME_SEED))
        batches = [row for row in run.log.events["batch"] if not row["flags"] & LAST]
        self.assertEqual(len(batches), 15)
        self.assertEqual(len({row["loader"] for row in batches}), 5)
        self.assertEqual(collections.Counter((row["loader"], row["task"]) for row in batches),
                         collections.Counter((row["loader"], row["task"]) for row in run.log.events["batch_fetch"]))

    def test_a_loader_inside_a_dataset_belongs_to_the_outer_fetch(self):
        run = self.good(self.python(NESTED))
        self.assertEqual(run.out, "[[3, 3], [3, 3]]\n" * 2)
        self.assertEqual(len([row for row in run.log.events["batch"] if not row["flags"] & LAST]), 4)
        self.assertEqual(len(run.log.events["batch_fetch"]), 4)
        self.assertEqual([row["items"] for row in run.log.events["batch_fetch"]], [2] * 4, "collating in the dataset is fetching")

    def test_many_tasks_of_a_worker_are_each_told_apart(self):
        for persistent in (False, True):
            run = self.good(self.python(MANY_TASKS % persistent))
            self.assertEqual(run.out, "45150\n" * 3)
            key = operator.itemgetter("loader", "epoch", "task", "worker")
            batches = [row for row in run.log.events["batch"] if not row["flags"] & LAST]
            self.assertEqual(len(set(map(key, batches))), 903)
            self.assertEqual(sorted(map(key, batches)), sorted(map(key, run.log.events["batch_fetch"])))
            self.assertTrue(all(row["received"] <= row["start"] for row in run.log.events["batch_fetch"]))

    def test_a_persistent_loader_that_is_left_early(self):
        log = self.good(self.python(LEFT_EARLY)).log
        firsts = [row for row in log.events["batch"] if row["task"] == 0]
        self.assertEqual([row["epoch"] for row in firsts], [0, 1, 2])
        self.assertLess(max(row["out_of_order"] for row in firsts), 8, "what is left of an epoch is not of the next one")
        self.assertTrue(all(row["dispatch"] and row["arrive"] for row in log.events["batch"]))

    def test_a_batch_taken_by_another_way_than_next(self):
        run = self.good(self.python(TAKEN_ELSEWHERE))
        self.assertEqual(run.out, "end\n")
        batches = [row for row in run.log.events["batch"] if not row["flags"] & LAST]
        self.assertEqual(len(batches), 199)
        settled = batches[70 + 32:]  # by then the iterator was asked what it has handed over
        self.assertEqual([row["task"] for row in settled], list(range(103, 200)))
        self.assertTrue(all(row["dispatch"] and row["arrive"] and row["worker"] == row["task"] % 2 for row in settled))

    def test_a_child_forked_within_a_fetch_records_nothing_of_it(self):
        plain = self.python(FORKS, hooks=False)
        hooked = self.good(self.python(FORKS))
        self.assertEqual((plain.code, sorted(plain.out.splitlines())), (hooked.code, sorted(hooked.out.splitlines())))
        batches = [row for row in hooked.log.events["batch"] if not row["flags"] & LAST]
        by_process = collections.Counter(row["pid"] for row in batches)
        self.assertEqual(sorted(by_process.values()), [1, 4 + 4 + 2], "the child that took a batch itself, and the parent")
        self.assertEqual(by_process[hooked.pid], 10)
        self.assertEqual(len(hooked.log.events["batch_fetch"]), 4 + 4 + 3)


if __name__ == "__main__":
    main()
