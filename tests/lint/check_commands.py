# SPDX-License-Identifier: Apache-2.0
"""Every command in a code block of README.md, CONTRIBUTING.md or docs/*.md exists: scripts are files that can be
executed, presets are presets, and options of stepscope and stepscope-viewer are in their --help."""
import json
import os
import pathlib
import re
import shlex
import sys

import lintlib
import programs

BLOCK = re.compile(r"^```(?:sh|bash|console|shell)\n(.*?)^```", re.MULTILINE | re.DOTALL)
ORDINARY = {"git", "cd", "apt-get", "sudo", "apt", "export", "python3", "sqlite3", "ctest", "cpack", "xvfb-run", "ls", "cp", "cat", "nm",
            "dpkg", "ninja", "clang-format", "find_package", "torchrun", "srun", "systemd-run", "gcc", "g++", "cc", "datasette",
            "gdb", "strace", "echo", "gzip"}
PREFIXES = {"sudo", "xvfb-run"}
SEPARATORS = {"&&", "||", ";", "|", "&"}


def commands_of(block):
    """Pairs (line offset, words). In a block with `$ ` prompts only those lines are commands."""
    text = block.replace("\\\n", " \\\n")
    prompted = re.search(r"^\$ ", text, re.MULTILINE)
    pending = ""
    for offset, line in enumerate(text.splitlines()):
        line = pending + line
        if line.endswith("\\"):
            pending = line[:-1]
            continue
        pending = ""
        if prompted and not line.startswith("$ "):
            continue
        line = line[2:] if prompted else line
        try:
            lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
            lexer.whitespace_split = True
            words = list(lexer)
        except ValueError as error:
            yield offset, ["?", str(error)]
            continue
        start = 0
        for index, word in enumerate([*words, ";"]):
            if word in SEPARATORS:
                if words[start:index]:
                    yield offset, words[start:index]
                start = index + 1


def without_prefix(words):
    """Without VAR=value and sudo in front, and without what follows a redirection."""
    for index, word in enumerate(words):
        if word in (">", ">>", "<", "2>"):
            words = words[:index]
            break
    while words and (re.match(r"^\w+=", words[0]) or words[0] in PREFIXES or (words[0] == "-a" and len(words) > 1)):
        words = words[1:]
    return words


def own_program_objection(program, command, arguments, more=None):
    known = programs.options(program, *command)
    if known is None:
        return f"{' '.join(command)} is no command"
    known = known | (more or set())
    for word in arguments:
        if word == "--":
            break
        option = word.split("=")[0]
        if option.startswith("-") and len(option) > 1 and not re.match(r"^-[\d.]", option) and option not in known:
            return f"no option {option}"
    return None


def stepscope_objection(root, words):
    program = programs.find(root, "stepscope", "STEPSCOPE_PROGRAM")
    if not program:
        return None
    if words[1:2] and not words[1].startswith("-"):
        if words[1] not in programs.commands(program):
            return f"stepscope has no command {words[1]}"
        viewer = programs.find(root, "stepscope-viewer", "STEPSCOPE_VIEWER") if words[1] == "view" else ""
        objection = own_program_objection(program, (words[1],), words[2:], viewer and programs.options(viewer))
        if objection is None and "--" in words:
            return command_objection(root, words[words.index("--") + 1:])
        return objection
    return None if set(words[1:]) <= {"--help", "-h", "--version"} else f"no option {words[1]}"


def command_objection(root, words):
    words = without_prefix(words)
    if not words:
        return None
    root, first = pathlib.Path(root), words[0]
    name = first.rsplit("/", 1)[-1]
    if first == "?":
        return words[1]
    if name == "stepscope":
        return stepscope_objection(root, words)
    if name == "stepscope-viewer":
        program = programs.find(root, name, "STEPSCOPE_VIEWER")
        return own_program_objection(program, (), words[1:]) if program else None
    if first == "cmake":
        presets = root / "CMakePresets.json"
        known = json.loads(presets.read_text())["configurePresets"] if presets.exists() else []
        for option, value in zip(words, words[1:]):
            if option == "--preset" and value not in [p["name"] for p in known if not p.get("hidden")]:
                return f"no preset {value}"
        return None
    if "/" in first and not first.startswith(("/", "~", "$", "build/")):
        path = root / first
        return None if path.is_file() and os.access(path, os.X_OK) else f"{first} is no script of this tree"
    if first in ORDINARY:
        scripts = [w for w in words[1:] if w.startswith(("samples/", "tests/", "docs/")) and "." in w]
        missing = [w for w in scripts if not (root / w).exists()]
        return f"{missing[0]} does not exist" if missing else None
    return None if first.startswith(("build/", "#", "/", "~", "$")) else f"unknown program {first}"


def check(root):
    problems = []
    for name in lintlib.files(root, ".md", under=("README.md", "CONTRIBUTING.md", "docs/", "samples/")):
        content = lintlib.text(root, name)
        for block in BLOCK.finditer(content):
            first_line = content[:block.start(1)].count("\n") + 1
            for offset, words in commands_of(block.group(1)):
                if words[0].startswith("#"):
                    continue
                objection = command_objection(root, words)
                if objection:
                    problems.append(f"{name}:{first_line + offset}: {' '.join(words)}: {objection}")
    return problems


FAKE = """#!/bin/sh
case "$1" in
  record) printf 'usage: stepscope record\\n\\noptions:\\n  -o, --output DIR  where\\n' ;;
  *) printf 'usage: stepscope COMMAND\\n\\ncommands:\\n  record  x\\n\\noptions:\\n  -h, --help  x\\n' ;;
esac
"""


def with_programs(tree):
    return {"bin/stepscope": FAKE, "bin/stepscope-viewer": FAKE.replace("-h,", "-h, --screenshot FILE,"), **tree}


def executable_check(root):
    for path in pathlib.Path(root).rglob("*"):
        if path.parent.name == "bin" or path.suffix == ".sh":
            path.chmod(0o755)
    programs.help_text.cache_clear()
    return check(root)


def block(text):
    return with_programs({"README.md": f"x\n```sh\n{text}\n```\n", "samples/go.sh": "", "samples/train.py": "",
                          "CMakePresets.json": '{"configurePresets": [{"name": "dev"}, {"name": "base", "hidden": true}]}'})


GOOD = {
    "known commands": block("samples/go.sh && cd x\nstepscope record -o base -- python3 samples/train.py --lr 1\ncmake --preset dev"),
    "output below a prompt": block("$ stepscope record -o a -- python3 x.py\nstep 12  nonsense output"),
    "a comment": block("# explain\nstepscope --help  # more"),
}
BAD = {
    "a missing script": block("samples/gone.sh"),
    "a missing argument script": block("python3 samples/gone.py"),
    "an unknown command": block("stepscope recrod -- true"),
    "an unknown option": block("stepscope record --ouput base -- true"),
    "an unknown viewer option": block("stepscope-viewer --screenshoot x.png run"),
    "an unknown preset": block("cmake --preset debug"),
    "a hidden preset": block("cmake --preset base"),
    "an unknown program": block("stepscop record"),
    "behind the double dash": block("stepscope record -- samples/gone.sh"),
    "an unclosed quote": block("git commit -m 'x"),
}

if __name__ == "__main__":
    lintlib.main(executable_check if "--self-test" in sys.argv else check, GOOD, BAD)
