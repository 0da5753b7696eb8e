# SPDX-License-Identifier: Apache-2.0
"""No source file is longer than 500 lines. Prints the tree's median and 90th percentile, which are what to watch."""
import statistics
import sys

import lintlib

LIMIT = 500
SOURCES = (*lintlib.CXX, ".py", ".sh", ".cmake", "CMakeLists.txt", ".sql", ".js")


def check(root):
    lengths = {name: lintlib.text(root, name).count("\n") for name in lintlib.files(root, *SOURCES)}
    if len(lengths) > 2 and "--self-test" not in sys.argv:
        ordered = sorted(lengths.values())
        p90 = ordered[(len(ordered) * 9) // 10 - 1]
        print(f"{len(ordered)} files, {sum(ordered)} lines: median {statistics.median(ordered):.0f}, p90 {p90}, longest {ordered[-1]}")
    return [f"{name}: {count} lines; the limit is {LIMIT}: split it by responsibility"
            for name, count in lengths.items() if count > LIMIT]


GOOD = {"a file at the limit": {"trace/a.cpp": "x\n" * LIMIT}}
BAD = {
    "a long C++ file": {"trace/a.cpp": "x\n" * (LIMIT + 1)},
    "a long Python file": {"collector/sources/python/a.py": "x\n" * (LIMIT + 1)},
}

if __name__ == "__main__":
    lintlib.main(check, GOOD, BAD)
