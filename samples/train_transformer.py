#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains a small transformer to write text, character by character, on a GPU when there is one.

An ordinary training script: it knows nothing of stepscope. It uses what training scripts use: DataLoader workers with pinned
memory, mixed precision, and on request CUDA graphs, torch.compile and DistributedDataParallel with one rank, so that NCCL runs.
The text is Debian's package `fortunes` where it is installed, else sentences made up by a little grammar. Either way the loss falls.
"""
import argparse
import contextlib
import json
import os
import pathlib
import random
import time

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

FORTUNES = "/usr/share/games/fortunes"
SUBJECTS = ["the scheduler", "a patient engineer", "every gradient", "the oldest kernel", "nobody", "the second worker"]
VERBS = ["waits for", "forgets", "overtakes", "explains", "copies", "measures"]
OBJECTS = ["the last batch", "a longer queue", "what it was told", "the slowest rank", "an empty stream", "the morning"]


def made_up_text(characters, seed=1):
    rng = random.Random(seed)
    sentences, length = [], 0
    while length < characters:
        sentence = f"{rng.choice(SUBJECTS)} {rng.choice(VERBS)} {rng.choice(OBJECTS)}"
        sentence += rng.choice([".", ", and " + rng.choice(SUBJECTS) + " knows.", ";", "?"]) + rng.choice([" ", "\n"])
        sentences.append(sentence)
        length += len(sentence)
    return "".join(sentences)


def read_text(folder):
    files = sorted(p for p in pathlib.Path(folder).glob("*") if p.is_file() and p.suffix == "")
    text = "".join(p.read_text(encoding="utf-8", errors="ignore") for p in files)
    return text or made_up_text(400000)


class Windows(Dataset):
    """Windows of `length` characters of a text, and the characters that follow each of them."""

    def __init__(self, text, length, samples):
        self.symbols = sorted(set(text))
        index = {symbol: i for i, symbol in enumerate(self.symbols)}
        self.ids = torch.tensor([index[symbol] for symbol in text])
        self.length, self.samples = length, samples

    def __len__(self):
        return self.samples

    def __getitem__(self, item):
        start = random.Random(item).randrange(len(self.ids) - self.length - 1)
        window = self.ids[start : start + self.length + 1]
        return window[:-1], window[1:]


class Transformer(nn.Module):
    def __init__(self, symbols, length, width, layers, heads):
        super().__init__()
        self.symbol = nn.Embedding(symbols, width)
        self.place = nn.Parameter(torch.zeros(length, width))
        layer = nn.TransformerEncoderLayer(width, heads, 4 * width, dropout=0.0, batch_first=True, norm_first=True)
        self.layers = nn.TransformerEncoder(layer, layers)
        self.head = nn.Linear(width, symbols)
        mask = torch.full((length, length), float("-inf")).triu(1)
        self.register_buffer("mask", mask, persistent=False)

    def forward(self, ids):
        return self.head(self.layers(self.symbol(ids) + self.place, mask=self.mask))


class Trainer:
    def __init__(self, options, symbols):
        self.device = torch.device(options.device)
        self.amp = options.amp == "on" or (options.amp == "auto" and self.device.type == "cuda")
        self.model = Transformer(symbols, options.length, options.width, options.layers, options.heads).to(self.device)
        forward = self.model
        if options.ddp_one_rank:
            forward = nn.parallel.DistributedDataParallel(self.model)
        self.forward = torch.compile(forward) if options.compile else forward
        capturable = {"capturable": True} if options.cuda_graphs else {}
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=options.learning_rate, **capturable)
        self.loss_of = nn.CrossEntropyLoss()

    def compute(self, ids, following):
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.amp, cache_enabled=False):
            loss = self.loss_of(self.forward(ids).flatten(0, 1), following.flatten())
        loss.backward()
        self.optimizer.step()
        return loss

    def step(self, ids, following):
        self.optimizer.zero_grad(set_to_none=True)
        return self.compute(ids, following).detach()


class GraphTrainer(Trainer):
    """Replays forward, backward and optimizer as one CUDA graph; the batch is copied to where the graph reads it."""

    WARM_UP = 3

    def __init__(self, options, symbols):
        super().__init__(options, symbols)
        self.ids = torch.zeros(options.batch, options.length, dtype=torch.long, device=self.device)
        self.following = torch.zeros_like(self.ids)
        self.graph = None

    def capture(self):
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(self.WARM_UP):
                super().step(self.ids, self.following)
        torch.cuda.current_stream().wait_stream(side)
        self.graph = torch.cuda.CUDAGraph()
        self.optimizer.zero_grad(set_to_none=True)
        with torch.cuda.graph(self.graph):
            self.loss = self.compute(self.ids, self.following)

    def step(self, ids, following):
        self.ids.copy_(ids, non_blocking=True)
        self.following.copy_(following, non_blocking=True)
        if self.graph is None:
            self.capture()
        self.graph.replay()
        return self.loss.detach()


def arguments(argv):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--data", default=FORTUNES, help="folder of plain text files")
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--warm-up", type=int, default=10, help="steps that are not in the mean")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--length", type=int, default=64, help="characters per sample")
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--learning-rate", type=float, default=3e-4)
    parser.add_argument("--workers", type=int, default=2, help="DataLoader workers")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--amp", choices=["auto", "on", "off"], default="auto", help="bfloat16 autocast; auto: on a GPU")
    parser.add_argument("--cuda-graphs", action="store_true", help="replay the step as one CUDA graph")
    parser.add_argument("--compile", action="store_true", help="torch.compile the model")
    parser.add_argument("--ddp-one-rank", action="store_true", help="DistributedDataParallel in a group of one (NCCL on a GPU)")
    parser.add_argument("--json", help="write the step times there")
    options = parser.parse_args(argv)
    if options.cuda_graphs and (options.ddp_one_rank or not options.device.startswith("cuda")):
        parser.error("--cuda-graphs needs a GPU and no --ddp-one-rank")
    if options.compile and not hasattr(torch, "compile"):
        parser.error(f"--compile needs PyTorch 2; this is {torch.__version__}")
    return options


@contextlib.contextmanager
def group_of_one(options):
    if not options.ddp_one_rank:
        yield
        return
    os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
    os.environ.setdefault("MASTER_PORT", "29517")
    backend = "nccl" if options.device.startswith("cuda") else "gloo"
    torch.distributed.init_process_group(backend, rank=0, world_size=1)
    try:
        yield
    finally:
        torch.distributed.destroy_process_group()


def synchronize(options):
    if options.device.startswith("cuda"):
        torch.cuda.synchronize()


def train(options, after_step=lambda: None):
    """Trains; returns the times at which the steps ended, in seconds. `after_step` is called after each step."""
    data = Windows(read_text(options.data), options.length, options.steps * options.batch)
    loader = DataLoader(data, batch_size=options.batch, num_workers=options.workers, drop_last=True,
                        pin_memory=options.device.startswith("cuda"))
    trainer = (GraphTrainer if options.cuda_graphs else Trainer)(options, len(data.symbols))
    marks = []
    for step, (ids, following) in enumerate(loader, start=1):
        loss = trainer.step(ids.to(options.device, non_blocking=True), following.to(options.device, non_blocking=True))
        after_step()
        if step in (options.warm_up, options.steps):
            synchronize(options)
        marks.append(time.perf_counter())
        if step % 20 == 0 or step == options.steps:
            print(f"step {step:4d}  loss {loss.item():.3f}", flush=True)
    return marks


def report(options, marks):
    first = min(options.warm_up, len(marks) - 1)
    timed = marks[max(first - 1, 0):]
    steps = [(b - a) * 1000 for a, b in zip(timed, timed[1:])]
    mean = sum(steps) / len(steps) if steps else 0.0
    print(f"mean {mean:.3f} ms per step over {len(steps)} steps")
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps({"mean_ms": mean, "steps_ms": steps, "torch": torch.__version__}))


def main(argv=None):
    options = arguments(argv)
    torch.manual_seed(1)
    with group_of_one(options):
        marks = train(options)
    report(options, marks)


if __name__ == "__main__":
    main()
