# SPDX-License-Identifier: Apache-2.0
"""docs/cli.md has a section for every command of `stepscope --help`, and names every option of that command in it."""
import pathlib
import re
import sys

import lintlib
import programs

PAGE = "docs/cli.md"
HEADING = re.compile(r"^#{2,3} .*?`?stepscope ([a-z]+)\b|^#{2,3} `?([a-z]+)\b", re.MULTILINE)


def sections(content):
    """Command name -> text of its section."""
    found = list(HEADING.finditer(content))
    ends = [match.start() for match in found[1:]] + [len(content)]
    return {match.group(1) or match.group(2): content[match.end():end] for match, end in zip(found, ends)}


def check(root):
    program = programs.find(root, "stepscope", "STEPSCOPE_PROGRAM")
    if not program:
        return ["set STEPSCOPE_PROGRAM to the built stepscope"]
    if not (pathlib.Path(root) / PAGE).exists():
        return [f"{PAGE} is missing"]
    written = sections(lintlib.text(root, PAGE))
    names = programs.commands(program)
    if not names:
        return [f"{program} --help lists no commands"]
    problems = [f"{PAGE}: no section on `stepscope {name}`" for name in names if name not in written]
    for name in names:
        for option in sorted(programs.options(program, name) or ()):
            if name in written and option.startswith("--") and option != "--help" and option not in written[name]:
                problems.append(f"{PAGE}: the section on `stepscope {name}` does not name {option}")
    return problems


FAKE = """#!/bin/sh
case "$1" in
  record) printf 'usage: x\\n\\noptions:\\n      --output DIR  where\\n' ;;
  *) printf 'usage: x\\n\\ncommands:\\n  record  x\\n  info  y\\n\\noptions:\\n  -h, --help  x\\n' ;;
esac
"""
BOTH = "# CLI\n## stepscope record\nUse --output.\n## stepscope info\nx\n"
GOOD = {"all described": {"bin/stepscope": FAKE, PAGE: BOTH}}
BAD = {
    "a command is missing": {"bin/stepscope": FAKE, PAGE: BOTH.split("## stepscope info")[0]},
    "an option is missing": {"bin/stepscope": FAKE, PAGE: BOTH.replace("--output", "it")},
    "an option in another section": {"bin/stepscope": FAKE, PAGE: BOTH.replace("--output", "it").replace("\nx\n", "\n--output\n")},
    "no page": {"bin/stepscope": FAKE},
}


def executable_check(root):
    (pathlib.Path(root) / "bin/stepscope").chmod(0o755)
    programs.help_text.cache_clear()
    return check(root)


if __name__ == "__main__":
    lintlib.main(executable_check if "--self-test" in sys.argv else check, GOOD, BAD)
