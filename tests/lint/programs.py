# SPDX-License-Identifier: Apache-2.0
"""Asks the built programs what they can do, by their --help. Paths come from STEPSCOPE_PROGRAM and STEPSCOPE_VIEWER;
the checks' own examples bring stand-ins in bin/."""
import functools
import os
import pathlib
import re
import subprocess

OPTION = re.compile(r"(?<![\w-])(--[a-z][a-z0-9-]*|-[a-zA-Z](?![\w-]))")


def find(root, name, variable):
    stand_in = pathlib.Path(root) / "bin" / name
    return str(stand_in) if stand_in.exists() else os.environ.get(variable, "")


@functools.lru_cache(maxsize=None)
def help_text(program, *arguments):
    result = subprocess.run([program, *arguments, "--help"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30, check=False)
    return result.stdout


def section(text, title):
    """The indented lines below `title:`."""
    match = re.search(rf"^{title}:\n((?:[ \t]+.*\n?)+)", text, re.MULTILINE)
    return match.group(1).splitlines() if match else []


def commands(program):
    return [line.split()[0] for line in section(help_text(program), "commands")]


def options(program, *command):
    """Every option of a command, as its help names it on the left of each line; None for an unknown command."""
    text = help_text(program, *command)
    if "usage:" not in text.lower():
        return None
    lines = [line for line in text.splitlines() if re.match(r"\s+-", line)]
    left = [re.split(r"\s{2,}", line.strip())[0] for line in lines]
    return set(OPTION.findall("\n".join(left))) | {"--help", "-h"}
