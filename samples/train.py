#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains a small character-level language model on the quotations of Debian's package `fortunes`.

An ordinary training script: it knows nothing of stepscope. Samples are windows of text in which some letters are
mistyped, so that the model learns to predict the next character from sloppy input; --augment-ms makes that
augmentation do more work per batch, which is how data pipelines usually get slow, and --forward-ms makes the model do so.
"""
import argparse
import pathlib
import random
import time

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

NEIGHBOURS = {"a": "qsz", "e": "wrd", "i": "uok", "o": "ipl", "n": "bm", "r": "etf", "s": "adw", "t": "ryg"}


class Quotations(Dataset):
    """Windows of `length` characters and the characters that follow each of them."""

    def __init__(self, folder, length, samples, augment_ms):
        files = sorted(p for p in pathlib.Path(folder).iterdir() if p.is_file() and p.suffix == "")
        if not files:
            raise SystemExit(f"{folder}: no text found; install the Debian package fortunes or name another --data")
        self.text = "".join(p.read_text(encoding="utf-8", errors="ignore") for p in files)
        self.index = {c: i for i, c in enumerate(sorted(set(self.text)))}
        self.length, self.samples, self.augment_ms = length, samples, augment_ms

    def __len__(self):
        return self.samples

    def mistype(self, window, rng):
        return "".join(rng.choice(NEIGHBOURS[c]) if c in NEIGHBOURS and rng.random() < 0.02 else c for c in window)

    def __getitem__(self, item):
        rng = random.Random(item)
        start = rng.randrange(len(self.text) - self.length - 1)
        window = self.text[start : start + self.length + 1]
        noisy = self.mistype(window, rng)
        began = time.thread_time()
        while (time.thread_time() - began) * 1000 < self.augment_ms:  # more rounds of typing errors, until enough
            noisy = self.mistype(noisy, rng)
        ids = torch.tensor([self.index[c] for c in window])
        noisy_ids = torch.tensor([self.index[c] for c in noisy])
        return noisy_ids[:-1], ids[1:]


class Model(nn.Module):
    def __init__(self, symbols, width, forward_ms):
        super().__init__()
        self.embedding = nn.Embedding(symbols, width)
        self.memory = nn.GRU(width, width, batch_first=True)
        self.head = nn.Linear(width, symbols)
        self.forward_ms = forward_ms

    def forward(self, ids):
        began = time.thread_time()
        while (time.thread_time() - began) * 1000 < self.forward_ms:  # arithmetic that nobody needs
            torch.mm(self.head.weight.data, self.head.weight.data.t())
        return self.head(self.memory(self.embedding(ids))[0])


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--data", default="/usr/share/games/fortunes", help="folder of plain text files")
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--workers", type=int, default=2, help="DataLoader workers")
    parser.add_argument("--length", type=int, default=48, help="characters per sample")
    parser.add_argument("--width", type=int, default=96, help="units of the model")
    parser.add_argument("--augment-ms", type=float, default=0.0, help="extra CPU time of augmentation per batch, ms")
    parser.add_argument("--forward-ms", type=float, default=0.0, help="extra CPU time of the forward pass per step, ms")
    parser.add_argument("--threads", type=int, default=1, help="threads of PyTorch itself")
    return parser.parse_args()


def main():
    options = arguments()
    torch.manual_seed(1)
    torch.set_num_threads(options.threads)
    samples = options.steps * options.batch
    data = Quotations(options.data, options.length, samples, options.augment_ms / options.batch)
    loader = DataLoader(data, batch_size=options.batch, num_workers=options.workers)
    model = Model(len(data.index), options.width, options.forward_ms)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    loss_of = nn.CrossEntropyLoss()

    marks = [time.perf_counter()]
    for step, (noisy, following) in enumerate(loader, start=1):
        loss = loss_of(model(noisy).flatten(0, 1), following.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        marks.append(time.perf_counter())
        if step % 20 == 0:
            recent = (marks[-1] - marks[-20]) / 19 * 1000
            print(f"step {step:4d}  loss {loss.item():.3f}  {recent:.1f} ms/step", flush=True)
    durations = sorted((b - a) * 1000 for a, b in zip(marks[1:], marks[2:]))
    if durations:
        print(f"mean {sum(durations) / len(durations):.2f} ms, median {durations[len(durations) // 2]:.2f} ms per step")


if __name__ == "__main__":
    main()
