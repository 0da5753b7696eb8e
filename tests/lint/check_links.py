# SPDX-License-Identifier: Apache-2.0
"""Relative links and `path/to/file` mentions in the documentation lead to something in the tree, and the index of
decisions lists every decision."""
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
    index = pathlib.Path(root) / "docs/adr/README.md"
    listed = index.read_text(encoding="utf-8") if index.exists() else ""
    for name in lintlib.files(root, ".md", under=("docs/adr/0", "docs/adr/1")):
        if f"({pathlib.PurePath(name).name})" not in listed:
            problems.append(f"{name}: is not in docs/adr/README.md")
    return problems


GOOD = {"links that hold": {"README.md": "[a](docs/A.md#part) <https://x> [w](https://x.y/z) `docs/A.md` `trace/foo.cpp`\n", "docs/A.md": "[r](../README.md)\n"}}
BAD = {
    "a dead link": {"README.md": "[a](docs/B.md)\n"},
    "a decision that nobody finds": {"docs/adr/README.md": "none\n", "docs/adr/0001-a.md": "x\n"},
    "a file that has moved": {"README.md": "see `trace/gone.cpp`\n"},
}

if __name__ == "__main__":
    lintlib.main(check, GOOD, BAD)
