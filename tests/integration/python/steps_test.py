# SPDX-License-Identifier: Apache-2.0
"""Step boundaries, backward and optimizer phases, checkpoints, and the garbage collector, on real torch."""
from support import HookTest, main

ACCUMULATION = """
import torch
model = torch.nn.Linear(2, 1)
optimizer = torch.optim.AdamW(model.parameters())
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2)
for step in range(4):
    for micro in range(3):
        (model(torch.ones(1, 2)).sum() / 3).backward()
    optimizer.step()
    optimizer.zero_grad()
    scheduler.step()
"""

ADVERSARIAL = """
import torch
generator, critic = torch.nn.Linear(2, 2), torch.nn.Linear(2, 1)
first = torch.optim.Adam(critic.parameters())
second = torch.optim.SGD(generator.parameters(), lr=0.1)
for step in range(6):
    critic(generator(torch.ones(1, 2)).detach()).sum().backward()
    first.step()
    critic(generator(torch.ones(1, 2))).sum().backward()
    second.step()
"""

CLOSURE = """
import time, torch
model = torch.nn.Linear(2, 1)
optimizer = torch.optim.LBFGS(model.parameters(), max_iter=3)
def closure():
    optimizer.zero_grad()
    loss = (model(torch.ones(4, 2)) - 1).pow(2).sum()
    time.sleep(0.01)
    loss.backward()
    return loss
for step in range(2):
    optimizer.step(closure)
wrapped = torch.optim.SGD(model.parameters(), lr=0.1)
print(type(wrapped.step(closure=closure)).__name__, wrapped.step())
"""

SCALER = """
import torch
from torch.cuda.amp import GradScaler
model = torch.nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
class Scaler(GradScaler):
    def __init__(self):
        super().__init__(enabled=False)
        self.calls = 0
    def step(self, optimizer):
        return super().step(optimizer)
scaler = Scaler()
scaler._enabled = True
scaler._per_optimizer_states = {}
scaler._check_scale_growth_tracker = lambda name: (None, None)
scaler.unscale_ = lambda optimizer: None
from torch.cuda.amp.grad_scaler import OptState
scaler._per_optimizer_states[id(optimizer)] = {"stage": OptState.UNSCALED, "found_inf_per_device": {"cpu": None}}
def maybe(optimizer, state, *args, **kwargs):
    state["stage"] = OptState.UNSCALED
    scaler.calls += 1
    return None if scaler.calls == 2 else optimizer.step()
scaler._maybe_opt_step = maybe
for step in range(4):
    model(torch.ones(1, 2)).sum().backward()
    scaler.step(optimizer)
    scaler._per_optimizer_states[id(optimizer)]["stage"] = OptState.UNSCALED
"""

REENTRANT = """
import torch
from torch.utils.checkpoint import checkpoint
model = torch.nn.Linear(2, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
class Outer(torch.optim.SGD):
    def __init__(self, inner):
        self.inner = inner
        super().__init__(inner.param_groups, lr=0.1)
    def step(self, closure=None):
        return self.inner.step(closure)
outer = Outer(optimizer)
for step in range(3):
    value = torch.ones(1, 2, requires_grad=True)
    checkpoint(model, value, use_reentrant=True).sum().backward()
    outer.step()
"""

FORWARD = """
import copy, pickle, time, torch
from torch.utils.checkpoint import checkpoint
from torch.utils.data import DataLoader, Dataset

class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = torch.nn.Linear(2, 2)
    def forward(self, x, fail=False):
        if fail:
            raise ValueError("as asked")
        return checkpoint(self.inner, x, use_reentrant=False)

class Scale(torch.nn.Module):  # a transform: no parameters
    def forward(self, x):
        return x * 2

class Batches(Dataset):
    def __init__(self, model):
        self.model = model
    def __len__(self):
        return 3
    def __getitem__(self, index):
        with torch.no_grad():
            return self.model(torch.ones(2))  # data loading, though a model makes it

model, scale, loss = torch.nn.Sequential(Block(), Block()), Scale(), torch.nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for batch in DataLoader(Batches(copy.deepcopy(model))):
    loss(model(scale(batch)), torch.zeros(1, 2)).backward()
    optimizer.step()
try:
    model[0](torch.ones(1, 2), fail=True)
except ValueError as error:
    print(error)
again = pickle.loads(pickle.dumps(model))
print(bool((again(torch.ones(1, 2)) == model(torch.ones(1, 2))).all()))
small = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.ReLU())
for made in (torch.fx.symbolic_trace(small), torch.jit.script(small), torch.jit.trace(small, torch.ones(1, 2))):
    print([name for name, _ in made.named_children()], made(torch.ones(1, 2)).shape)
print(torch.nn.Module.__call__.__name__, torch.nn.Module.__call__.__qualname__)
"""

PROFILER = """
import torch
from torch.profiler import profile, ProfilerActivity, schedule
model = torch.nn.Linear(2, 1)
with profile(activities=[ProfilerActivity.CPU], schedule=schedule(wait=1, warmup=1, active=1)) as profiler:
    for step in range(5):
        model(torch.ones(1, 2))
        profiler.step()
"""

# No GPU here: the profiler is told that CUDA is among its activities, and that is all the hook looks at.
GPU_PROFILER = """
import torch
from torch.profiler import ProfilerActivity
torch.nn.Linear(1, 1)
optimizer = torch.optim.SGD(torch.nn.Linear(1, 1).parameters(), lr=0.1)
optimizer.step()  # the process is recorded from here on
for activities in ({ProfilerActivity.CPU}, {ProfilerActivity.CPU, ProfilerActivity.CUDA}):
    profiler = torch.autograd.profiler.profile(use_kineto=True)
    profiler.kineto_activities = activities
    try:
        profiler._prepare_trace()
    except RuntimeError:
        pass
"""

CHECKPOINT = """
import io, sys, torch
sys.path.insert(0, ".")
from torch.utils.data import DataLoader, Dataset
model = torch.nn.Linear(2, 1)
torch.save(model.state_dict(), "model.pt")
model.load_state_dict(torch.load("model.pt"))
class Files(Dataset):
    def __len__(self):
        return 2
    def __getitem__(self, index):
        return torch.load("model.pt")["bias"]
for _ in DataLoader(Files(), batch_size=None):
    pass
import safetensors.torch
safetensors.torch.save_file({}, "other")
"""

COLLECTOR = """
import gc, torch
ring = []
ring.append(ring)
del ring
gc.collect()
gc.collect(0)
"""


class StepsTest(HookTest):
    def boundaries(self, program, source=3):
        log = self.good(self.python(program)).log
        return log, [row for row in log.events["step"] if row["source"] == source]

    def test_the_forward_is_the_outermost_module_with_parameters(self):
        plain = self.python(FORWARD, hooks=False)
        run = self.good(self.python(FORWARD))
        self.assertEqual((plain.out, plain.err), (run.out, run.err))
        forwards, backwards = run.log.phases("forward"), run.log.phases("backward")
        # One per step, not the transform's, the loss's, the dataset's or the recomputation's; then the one that failed.
        self.assertEqual([row["name"] for row in forwards[:4]], ["Sequential"] * 3 + ["Block"])
        for forward, backward in zip(forwards[:3], backwards):
            self.assertGreater(forward["dur"], 0)
            self.assertLessEqual(forward["start"] + forward["dur"], backward["start"])

    def test_gradient_accumulation_counts_backwards_per_step(self):
        log, steps = self.boundaries(ACCUMULATION)
        self.assertEqual([(row["index"], row["name"], row["micro_steps"]) for row in steps],
                         [(index, "AdamW", 3) for index in range(4)])
        self.assertEqual((len(log.phases("backward")), len(log.phases("optimizer"))), (12, 4))
        for step, phase in zip(steps, log.phases("optimizer")):
            self.assertLessEqual(phase["start"] + phase["dur"], step["start"])

    def test_two_optimizers_make_one_step_per_iteration(self):
        log, steps = self.boundaries(ADVERSARIAL)
        self.assertEqual([row["name"] for row in steps], ["Adam"] + ["SGD"] * 5)
        self.assertEqual([row["micro_steps"] for row in steps[2:]], [2] * 4)
        self.assertEqual(len(log.phases("optimizer")), 12)

    def test_a_closure_is_not_the_optimizers_time(self):
        log, steps = self.boundaries(CLOSURE)
        self.assertGreaterEqual(steps[0]["micro_steps"], 2)
        spent = sum(row["dur"] for row in log.phases("optimizer"))
        closures = len(log.phases("backward"))
        for backward in log.phases("backward"):
            for phase in log.phases("optimizer"):
                self.assertTrue(phase["start"] + phase["dur"] <= backward["start"]
                                or phase["start"] >= backward["start"] + backward["dur"])
        self.assertGreaterEqual(closures, 4)
        self.assertLess(spent, closures * 10000000)

    def test_a_step_that_the_grad_scaler_leaves_out_is_a_step(self):
        log, steps = self.boundaries(SCALER)
        self.assertEqual([row["micro_steps"] for row in steps], [1, 1, 1, 1])
        self.assertEqual(len(log.phases("optimizer")), 3)

    def test_nested_backward_and_nested_optimizers_count_once(self):
        log, steps = self.boundaries(REENTRANT)
        self.assertEqual([(row["name"], row["micro_steps"]) for row in steps], [("Outer", 1)] * 3)
        self.assertEqual((len(log.phases("backward")), len(log.phases("optimizer"))), (3, 3))

    def test_profiler_steps_are_boundaries_of_their_own(self):
        _, steps = self.boundaries(PROFILER, source=4)
        self.assertEqual([row["index"] for row in steps], list(range(5)))

    def test_cupti_is_offered_to_a_profiler_that_wants_the_gpu(self):
        log = self.good(self.python(GPU_PROFILER)).log
        self.assertEqual(log.released, [("cupti", "torch.profiler")])

    def test_checkpoints_outside_data_loading(self):
        self.write("safetensors/__init__.py", "")
        self.write("safetensors/torch.py", "def save_file(tensors, filename, metadata=None):\n    pass\n")
        log = self.good(self.python(CHECKPOINT)).log
        self.assertEqual([row["name"] for row in log.phases("save")], ["torch.save", "safetensors.torch.save_file"])
        self.assertEqual([row["name"] for row in log.phases("load")], ["torch.load"])

    def test_garbage_collector_pauses(self):
        log = self.good(self.python(COLLECTOR)).log
        full = [row for row in log.events["gc"] if row["generation"] == 2]
        self.assertTrue(any(row["collected"] >= 1 for row in full))
        self.assertTrue(all(row["dur"] > 0 and row["uncollectable"] == 0 for row in log.events["gc"]))
        self.assertIn(0, {row["generation"] for row in log.events["gc"]})


if __name__ == "__main__":
    main()
