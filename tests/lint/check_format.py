# SPDX-License-Identifier: Apache-2.0
"""clang-format 14 agrees with every C and C++ file. Exit 77 (skipped) where clang-format 14 is not installed."""
import re
import shutil
import subprocess
import sys

import lintlib

MAJOR = 14


def find_tool():
    for name in (f"clang-format-{MAJOR}", "clang-format"):
        path = shutil.which(name)
        if path:
            version = subprocess.run([path, "--version"], stdout=subprocess.PIPE, text=True, check=False).stdout
            if re.search(rf"version {MAJOR}\.", version):
                return path
    return None


def check(root):
    names = lintlib.files(root, *lintlib.CXX, under=("include/", "trace/", "collector/", "analyzer/", "viewer/", "tests/", "samples/"))
    if not names:
        return []
    command = [find_tool(), "--dry-run", "--style=file", "--ferror-limit=1", *names]
    result = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    wrong = dict.fromkeys(re.findall(r"^([^\s:]+):\d+:\d+: warning: .*clang-formatted", result.stdout, re.MULTILINE))
    return [f"{name}: clang-format -i {name}" for name in wrong]


STYLE = "BasedOnStyle: Google\nColumnLimit: 110\n"
GOOD = {"formatted": {".clang-format": STYLE, "trace/a.cpp": "int a = 1;\n"}}
BAD = {"not formatted": {".clang-format": STYLE, "trace/a.cpp": "int  a=1 ;\n"}}

if __name__ == "__main__":
    if find_tool() is None:
        print(f"skipped: clang-format {MAJOR} is not installed (apt-get install clang-format-{MAJOR})")
        sys.exit(77)
    lintlib.main(check, GOOD, BAD)
