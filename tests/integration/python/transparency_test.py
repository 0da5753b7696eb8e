# SPDX-License-Identifier: Apache-2.0
"""The program is the same program: output, errors, exit code, random state, pickles and signatures with and without hooks."""
import re
import signal

from support import HookTest, main

RAISING = """
import sys, torch
from torch.utils.data import DataLoader, Dataset

class Broken(Dataset):
    def __len__(self):
        return 8
    def __getitem__(self, index):
        if index == 5:
            raise KeyError("sample 5")
        return index

try:
    for batch in DataLoader(Broken(), batch_size=2, num_workers=int(sys.argv[1])):
        print(batch.tolist(), flush=True)
except KeyError as error:
    print(type(error).__name__, "sample 5" in str(error))
for batch in DataLoader(Broken(), batch_size=2, num_workers=int(sys.argv[1])):
    pass
"""

CONTINUES_AFTER_ERROR = """
import torch
from torch.utils.data import DataLoader, Dataset

class Broken(Dataset):
    def __len__(self):
        return 8
    def __getitem__(self, index):
        if index == 3:
            raise ValueError("no")
        return index

iterator = iter(DataLoader(Broken(), batch_size=2, num_workers=2))
while True:
    try:
        print(next(iterator).tolist())
    except ValueError:
        print("error")
    except StopIteration:
        break
"""

WORKER_KILLED = """
import os, signal, time, torch
from torch.utils.data import DataLoader, Dataset

class Deadly(Dataset):
    def __len__(self):
        return 8
    def __getitem__(self, index):
        if index == 4:
            time.sleep(0.5)  # the batches before are with the consumer, who would else fail to take them from a dead worker
            os.kill(os.getpid(), signal.SIGKILL)
        return index

try:
    for batch in DataLoader(Deadly(), batch_size=2, num_workers=1):
        pass
except RuntimeError as error:
    print("RuntimeError", "exited unexpectedly" in str(error) or "killed by signal" in str(error))
"""

INTERRUPTED = """
import os, signal, threading, time, torch
from torch.utils.data import DataLoader, Dataset

class Slow(Dataset):
    def __len__(self):
        return 8
    def __getitem__(self, index):
        if index == 2:
            os.kill(os.getppid(), signal.SIGINT)
            time.sleep(0.2)
        return index

signal.signal(signal.SIGINT, signal.default_int_handler)
for batch in DataLoader(Slow(), batch_size=2, num_workers=1):
    print(batch.tolist(), flush=True)
"""

EARLY_EXIT = """
import torch
from torch.utils.data import DataLoader, Dataset

class Map(Dataset):
    def __len__(self):
        return 64
    def __getitem__(self, index):
        return index

def first(count, workers, persistent=False):
    for number, batch in enumerate(DataLoader(Map(), batch_size=2, num_workers=workers, persistent_workers=persistent)):
        yield batch.tolist()
        if number + 1 == count:
            return

print(list(first(3, 0)), list(first(3, 2)), list(first(3, 2, True)))
for value in first(5, 2):
    print(value)
    break
"""

RANDOM_STATE = """
import random, sys, torch
from torch.utils.data import DataLoader, Dataset

class Noise(Dataset):
    def __len__(self):
        return 12
    def __getitem__(self, index):
        return torch.rand(1), random.random(), index

def main():
    torch.manual_seed(3)
    random.seed(3)
    for method in (None, "fork", "spawn"):
        options = dict(num_workers=2, multiprocessing_context=method) if method else {}
        for batch in DataLoader(Noise(), batch_size=3, shuffle=True, **options):
            print(batch)
    print(torch.rand(3), random.random(), hash(tuple(torch.get_rng_state().tolist())))
    model = torch.nn.Linear(4, 2)
    optimizer = torch.optim.Adam(model.parameters())
    for _ in range(3):
        optimizer.zero_grad()
        model(torch.ones(1, 4)).sum().backward()
        optimizer.step()
    print([value.tolist() for value in model.parameters()])

if __name__ == "__main__":
    main()
"""

LOOKS = """
import copy, inspect, io, pickle, sys, warnings, weakref, torch
from torch.utils.data import DataLoader
from torch.utils.data._utils import worker, fetch
from torch.utils.data.dataloader import _BaseDataLoaderIter

for function in (torch.save, torch.load, torch.autograd.backward, torch.Tensor.backward, worker._worker_loop,
                 _BaseDataLoaderIter.__next__, fetch._MapDatasetFetcher.fetch, torch.optim.SGD.step, torch.optim.Optimizer.step,
                 torch.profiler.profile.step):
    print(function.__module__, function.__qualname__, inspect.signature(function), len(inspect.getsource(function)))
for function in (worker._worker_loop, _BaseDataLoaderIter.__next__, fetch._MapDatasetFetcher.fetch):
    print(pickle.loads(pickle.dumps(function)) is function, copy.copy(function) is function, copy.deepcopy([function])[0] is function,
          weakref.ref(function)() is function)
model = torch.nn.Linear(1, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
again = pickle.loads(pickle.dumps(optimizer))
twin = copy.deepcopy(optimizer)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1)
print(sorted(vars(optimizer)), sorted(vars(again)), sorted(vars(twin)), type(optimizer.step).__name__)

class Mine(torch.optim.SGD):
    def step(self, closure=None):
        print("mine")
        return super().step(closure)

mine = Mine(model.parameters(), lr=0.1)
print(mine.step(), mine.step(lambda: model(torch.ones(1, 1)).sum()).shape)

@torch.jit.script
def scripted(x: torch.Tensor):
    y = x * 2
    y.backward()
    return x
print(scripted(torch.ones((), requires_grad=True)).grad)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    scheduler.step()
print([(str(w.message)[:40], w.filename == __file__, w.lineno) for w in caught])
print([name for name in sys.modules if name == "sitecustomize"], [path for path in sys.path if "stepscope" in path.split("/")])
torch.load(io.BytesIO(b"not a checkpoint"))
"""


PATCHES = """
import warnings
warnings.simplefilter("error")
from torch.utils.data import DataLoader
from torch.utils.data._utils import fetch
from torch.utils.data.dataloader import _BaseDataLoaderIter as Iterator

before = Iterator.__next__
Iterator.__next__ = lambda self: before(self)
print(len(list(DataLoader(range(4)))))
Iterator.__next__ = before
print(len(list(DataLoader(range(4)))))

class Mine(fetch._MapDatasetFetcher):
    old_fetch = fetch._MapDatasetFetcher.fetch
    def fetch(self, indices):
        return self.old_fetch(indices)

print(Mine(list(range(5)), True, list, False).fetch([1, 2]))
"""

ODD_SAMPLES = """
import sys, torch, weakref
from torch.utils.data import DataLoader, Dataset

class Lazy:
    @property
    def __class__(self):
        print("asked for its class")
        raise RuntimeError("not loaded")

class Endless(list):
    def __len__(self):
        raise RuntimeError("no length")

class Gone:
    pass

class Odd(Dataset):
    def __len__(self):
        return 3
    def __getitem__(self, index):
        return (Lazy(), Endless([1]), weakref.proxy(Gone()))[index]

class Collate:
    def __init__(self):
        self.__dict__["config"] = {"a": 1}
    def __getattr__(self, name):
        return self.__dict__["config"][name]
    def __call__(self, batch):
        return 1

print(list(DataLoader(Odd(), batch_size=None, collate_fn=Collate())))
"""

COPIED_ITERATOR = """
import copy, gc
from unittest.mock import MagicMock
from torch.utils.data import dataloader

class Iterator(dataloader._SingleProcessDataLoaderIter):
    def __getstate__(self):
        return {name: value for name, value in vars(self).items() if name not in ("_dataset_fetcher", "_sampler_iter", "_index_sampler")}
    def _next_data(self):
        return 7

one = Iterator(dataloader.DataLoader(range(100)))
two = copy.deepcopy(one)
three = copy.copy(one)
print(next(one))
del one
gc.collect()
print(next(two), next(two), next(three))
mock = MagicMock()
mock._profile_name = "mock"
mock._next_data.return_value = 5
print(dataloader._BaseDataLoaderIter.__next__(mock))
"""


class SameProgramTest(HookTest):
    def compare(self, program, *arguments, scrub_error=False):
        script = self.write("program.py", program)
        plain = self.python(script, *arguments, hooks=False)
        hooked = self.python(script, *arguments)
        self.assertEqual(hooked.log.losses, {})
        self.assertEqual((plain.code, plain.out), (hooked.code, hooked.out), hooked.err)
        left, right = (self.scrubbed(run.err) if scrub_error else run.err.replace(str(run.pid), "PID") for run in (plain, hooked))
        self.assertEqual(left, right)
        return hooked

    @staticmethod
    def scrubbed(text):
        """A traceback without our own frames, which name themselves."""
        text = re.sub(r'  File "<stepscope importlib._bootstrap>".*\n', "", text)
        text = re.sub(r'  File "[^"]*stepscope_hooks/[^"]*".*\n(    .*\n)*', "", text)
        text = re.sub(r"line \d+, in _next_data", "in _next_data", text)  # differs with the order in which batches arrive
        return re.sub(r"\(pid(\(s\))? [0-9, ]+\)|0x[0-9a-f]+", "", text)

    def test_a_dataset_that_raises(self):
        for workers in ("0", "2"):
            run = self.compare(RAISING, workers, scrub_error=True)
            self.assertEqual(run.code, 1)
            self.assertIn("KeyError: ", run.err)

    def test_an_iterator_that_goes_on_after_an_error(self):
        run = self.compare(CONTINUES_AFTER_ERROR)
        self.assertEqual(len([row for row in run.log.events["batch"] if not row["flags"] & 2]), 4,
                         "the batch that failed is one of the four")
        self.assertEqual(len(run.log.events["batch_fetch"]), 4)

    def test_a_worker_that_is_killed(self):
        run = self.compare(WORKER_KILLED, scrub_error=True)
        self.assertEqual(run.out, "RuntimeError True\n")

    def test_interrupt_from_the_keyboard(self):
        run = self.compare(INTERRUPTED, scrub_error=True)
        self.assertEqual(run.code, -signal.SIGINT)
        self.assertIn("KeyboardInterrupt", run.err)

    def test_generators_that_stop_early(self):
        self.compare(EARLY_EXIT)

    def test_random_numbers_and_trained_weights(self):
        self.compare(RANDOM_STATE)

    def test_patching_over_a_hook_and_back(self):
        self.compare(PATCHES)

    def test_samples_and_collators_that_resist(self):
        run = self.compare(ODD_SAMPLES)
        self.assertEqual(run.out, "[1, 1, 1]\n")

    def test_iterators_that_are_copied_or_pretended(self):
        run = self.compare(COPIED_ITERATOR)
        self.assertEqual(len(run.log.events["batch"]), 1, "a copy is not recorded")

    def test_looks_of_wrapped_things(self):
        run = self.compare(LOOKS, scrub_error=True)
        self.assertIn("UnpicklingError", run.err)


if __name__ == "__main__":
    main()
