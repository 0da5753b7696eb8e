# SPDX-License-Identifier: Apache-2.0
"""What the lint checks share: the list of source files, and how a check reports and proves itself.

A check is a function check(root) -> list of problems, each "path:line: what is wrong, and the remedy". Its bad()
examples are small trees that it must object to, its good() examples trees that it must accept: `--self-test` runs
them, so that a check that has stopped finding anything fails too.
"""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

SKIPPED_FOLDERS = {"build", ".git", "__pycache__", ".cache", ".pytest_cache"}
CXX = (".cpp", ".hpp", ".h", ".c")


def files(root, *suffixes, under=("",)):
    """Paths relative to root of the files that git tracks or would add, sorted; every file when root is no checkout."""
    root = pathlib.Path(root)
    names = []
    if (root / ".git").exists():
        git = ["git", "-c", "safe.directory=*", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(git, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        names = [name for name in listed.stdout.decode("utf-8", "replace").split("\0") if name]
    if not names:
        for folder, folders, found in os.walk(root):
            folders[:] = [f for f in folders if f not in SKIPPED_FOLDERS]
            names += [str((pathlib.Path(folder) / f).relative_to(root)) for f in found]
    chosen = (n for n in names if n.startswith(tuple(under)) and (not suffixes or n.endswith(suffixes)))
    return sorted(n for n in set(chosen) if (root / n).is_file())


def text(root, name):
    return (pathlib.Path(root) / name).read_text(encoding="utf-8", errors="replace")


def lines(root, name):
    """Pairs (line number, line)."""
    return enumerate(text(root, name).splitlines(), start=1)


def write_tree(root, tree):
    for name, content in tree.items():
        path = pathlib.Path(root) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


def self_test(check, good, bad):
    """Returns what is wrong with the check itself."""
    wrong = []
    for expectation, examples in (("accept", good), ("reject", bad)):
        for title, tree in examples.items():
            with tempfile.TemporaryDirectory() as root:
                write_tree(root, tree)
                problems = check(root)
            if expectation == "accept" and problems:
                wrong.append(f"should accept: {title}, but says {problems[0]}")
            if expectation == "reject" and not problems:
                wrong.append(f"should reject: {title}")
    return wrong


def main(check, good, bad):
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
    parser.add_argument("root", nargs="?", default=".", help="the checkout (default: here)")
    parser.add_argument("--self-test", action="store_true", help="prove that the check finds what it is for")
    options = parser.parse_args()
    problems = self_test(check, good, bad) if options.self_test else check(options.root)
    for problem in problems:
        print(problem)
    if problems:
        print(f"{len(problems)} problem(s)")
    sys.exit(1 if problems else 0)
