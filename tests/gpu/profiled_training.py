# SPDX-License-Identifier: Apache-2.0
"""samples/train_transformer.py under torch.profiler; writes how often it saw each kernel.

    profiled_training.py --counts FILE [--json FILE] [--first N --last M] -- OPTIONS OF THE SAMPLE
Without --first the whole training is profiled, from before CUDA starts.
"""
import argparse
import collections
import json
import pathlib
import sys

import torch
from torch.profiler import ProfilerActivity, profile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "samples"))
import train_transformer  # noqa: E402


class Window:
    """Profiles steps `first` to `last`; a hook after each step."""

    def __init__(self, options, first, last):
        self.options, self.first, self.last, self.done = options, first, last, 0
        self.profiler = profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA])

    def __call__(self):
        self.done += 1
        if self.done == self.first:
            self.profiler.start()
        elif self.done == self.last:
            train_transformer.synchronize(self.options)
            self.profiler.stop()


def counts_of(profiler):
    """Kernels by name: what ran on the device, without copies and memsets."""
    counts = collections.Counter()
    for event in profiler.profiler.kineto_results.events():
        on_device = str(event.device_type()).endswith("CUDA")
        if on_device and not event.name().startswith(("Memcpy", "Memset", "gpu_user_annotation", "ProfilerStep#")):
            counts[event.name()] += 1
    return counts


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--counts", required=True)
    parser.add_argument("--json")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--last", type=int, default=0)
    parser.add_argument("rest", nargs=argparse.REMAINDER)
    chosen = parser.parse_args()
    options = train_transformer.arguments([word for word in chosen.rest if word != "--"])
    options.json = chosen.json
    torch.manual_seed(1)
    if chosen.first:
        window = Window(options, chosen.first, chosen.last)
        marks = train_transformer.train(options, window)
        profiler = window.profiler
    else:
        with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as profiler:
            marks = train_transformer.train(options)
            train_transformer.synchronize(options)
    train_transformer.report(options, marks)
    pathlib.Path(chosen.counts).write_text(json.dumps(counts_of(profiler)))


if __name__ == "__main__":
    main()
