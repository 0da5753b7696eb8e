# SPDX-License-Identifier: Apache-2.0
"""Words that do not belong in the tree: promises for later, paths of one machine, a missing licence line."""
import re

import lintlib

SOURCES = (*lintlib.CXX, ".py", ".sh", ".cmake", "CMakeLists.txt", ".sql")
TEXTS = (*SOURCES, ".md", ".in", ".json", ".txt", ".clang-tidy", ".clang-format")
SPDX = "SPDX-License-Identifier: Apache-2.0"
# Written in pieces, so that this file does not object to itself.
FORBIDDEN = [
    (re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b"), "do it now or write an issue"),
    (re.compile(r"(?<![\w.$}])/(wo" r"rk|ho" r"me/[a-z]+|Us" r"ers)/"), "a path of one machine"),
    (re.compile(r"/tmp/(bri" r"ef|bash_" r"jobs)"), "a path of one machine"),
    (re.compile(r"\bnot impl" r"emented\b", re.IGNORECASE), "unfinished work"),
    (re.compile(r"[ \t]+$"), "trailing blanks"),
    (re.compile(r"^(<{7}|>{7}) "), "a merge conflict"),
]


def check(root):
    problems = []
    for name in lintlib.files(root, *TEXTS):
        if name.startswith(("tests/golden/", "samples/data/")) or name == "LICENSE":
            continue
        content = lintlib.text(root, name)
        if name.endswith(SOURCES) and content.strip() and SPDX not in content[:400]:
            problems.append(f"{name}:1: no line '{SPDX}'")
        for number, line in enumerate(content.splitlines(), start=1):
            for pattern, reason in FORBIDDEN:
                if name.endswith(".md") and reason in ("trailing blanks", "unfinished work"):
                    continue
                if pattern.search(line):
                    problems.append(f"{name}:{number}: {reason}: {line.strip()[:80]}")
        if content and not content.endswith("\n"):
            problems.append(f"{name}: no newline at the end")
    return problems


HEAD = f"// {SPDX}\n"
GOOD = {"an ordinary file": {"trace/a.cpp": HEAD + "// Built in ${work}/x; see /usr/share, build/work/a.\n", "README.md": "two blanks  \nend\n"}}
BAD = {
    "no licence line": {"trace/a.cpp": "int a;\n"},
    "a promise": {"trace/a.cpp": HEAD + "// TO" + "DO: later\n"},
    "a machine's path": {"docs/A.md": "see /wo" + "rk/main/x\n"},
    "blanks at the end": {"trace/a.cpp": HEAD + "int a; \n"},
    "no last newline": {"trace/a.cpp": HEAD + "int a;"},
    "a conflict": {"docs/A.md": "<" * 7 + " ours\n"},
}

if __name__ == "__main__":
    lintlib.main(check, GOOD, BAD)
