# SPDX-License-Identifier: Apache-2.0
"""Prints how many kernels torch.profiler saw; with --against, in which names the two recordings differ.

    profiler_count.py COUNTS.json [--against CSV]     rows of the CSV: name, count
"""
import json
import pathlib
import sys

import lines


def main(counts_file, against=None):
    path = pathlib.Path(counts_file)
    theirs = json.loads(path.read_text()) if path.exists() else {}
    if against is None:
        print(sum(theirs.values()))
        return
    ours = {row[0]: int(row[1]) for row in lines.read_csv(against)}
    for name in sorted(set(ours) | set(theirs)):
        if ours.get(name, 0) != theirs.get(name, 0):
            print(f"stepscope {ours.get(name, 0)}, torch.profiler {theirs.get(name, 0)}: {name[:120]}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[3] if "--against" in sys.argv else None)
