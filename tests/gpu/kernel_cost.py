# SPDX-License-Identifier: Apache-2.0
"""What recording one kernel costs, with a program of many small ones: run alone and recorded, by turns.

Prints the CPU time of our drain thread per kernel, and how much longer the program took per kernel at level kernels.
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import time

import lines

ARGUMENTS = ["--steps", "4000", "--size", "64"]
KERNELS_QUERY = "SELECT count(*) AS n FROM kernel"
OWN_CPU_QUERY = "SELECT value FROM meta WHERE key = 'self.drain_cpu_ns'"


def run(command):
    """Seconds, and the kernels the program says it launched."""
    begin = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    kernels = re.search(r"^kernels (\d+)$", done.stdout, re.MULTILINE)
    return time.monotonic() - begin, int(kernels.group(1)) if kernels else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stepscope", required=True)
    parser.add_argument("--program", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--seconds", type=float, default=40)
    options = parser.parse_args()
    directory = str(pathlib.Path(options.work) / "cost")
    recorded = [options.stepscope, "record", "-q", "-o", directory, "--", options.program, *ARGUMENTS]
    alone, beside, drain, seen = [], [], [], 0
    end = time.monotonic() + options.seconds * 0.8
    while not alone or (len(alone) < 5 and time.monotonic() < end):
        alone.append(run([options.program, *ARGUMENTS]))
        shutil.rmtree(directory, ignore_errors=True)
        beside.append(run(recorded))
        seen = lines.scalar(options.stepscope, directory, KERNELS_QUERY)
        drain.append(lines.scalar(options.stepscope, directory, OWN_CPU_QUERY) / max(seen, 1))
    kernels = alone[0][1]
    lines.line(f"kernels seen of {kernels}", f"{seen:.0f}", lines.verdict(seen == kernels))
    cost, width = lines.spread(drain)
    lines.line("our CPU time per kernel", f"{cost:.0f} ± {width:.0f} ns ({len(drain)} runs)", lines.verdict(cost <= 150))
    added = [(b[0] - a[0]) * 1e9 / max(kernels, 1) for a, b in zip(alone, beside)]
    cost, width = lines.spread(added)
    lines.line("the whole program, start and finalize included, longer per kernel", f"{cost:.0f} ± {width:.0f} ns")


if __name__ == "__main__":
    main()
