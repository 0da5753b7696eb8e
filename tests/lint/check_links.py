# SPDX-License-Identifier: Apache-2.0
"""Relative links and `path/to/file` mentions in the documentation lead to something in the tree."""
import pathlib
import re

import lintlib

LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
MENTION = re.compile(r"`((?:include|trace|collector|analyzer|viewer|tests|samples|cmake|docs|\.ci)/[\w./-]*\w)`")
WRITTEN_LATER = re.compile(r"[<*{]|foo|FOO")


def check(root):
    problems = []
    for name in lintlib.files(root, ".md"):
        folder = (pathlib.Path(root) / name).parent
        for number, line in lintlib.lines(root, name):
            for target in LINK.findall(line):
                if "://" not in target and not target.startswith("mailto:") and not (folder / target).exists():
                    problems.append(f"{name}:{number}: the link to {target} leads nowhere")
            for target in MENTION.findall(line):
                if not WRITTEN_LATER.search(target) and not (pathlib.Path(root) / target).exists():
                    problems.append(f"{name}:{number}: {target} does not exist")
    return problems


GOOD = {"links that hold": {"README.md": "[a](docs/A.md#part) <https://x> [w](https://x.y/z) `docs/A.md` `trace/foo.cpp`\n", "docs/A.md": "[r](../README.md)\n"}}
BAD = {
    "a dead link": {"README.md": "[a](docs/B.md)\n"},
    "a file that has moved": {"README.md": "see `trace/gone.cpp`\n"},
}

if __name__ == "__main__":
    lintlib.main(check, GOOD, BAD)
