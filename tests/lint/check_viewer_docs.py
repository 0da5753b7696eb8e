# SPDX-License-Identifier: Apache-2.0
"""docs/viewer.md names every command of the viewer, every verb of its scripts and every key of its links, and no others, and says of every
view which dimensions of the selection it shows and sets.

In the code: names in the table of viewer/model/commands.cpp, verbs in viewer/script.cpp, keys in viewer/link.cpp and viewer/view_options.cpp, rows
of kLinked in viewer/views/registry.cpp. In the document: `name` in the section "Keys" behind "The commands:", in the first column of the tables of
"Scripts" and "Links"; the table of "One selection", its views called as in VIEWS or by their id.
"""
import pathlib
import re

import lintlib

PAGE = "docs/viewer.md"
COMMANDS, VERBS, LINKS = "viewer/model/commands.cpp", "viewer/script.cpp", "viewer/link.cpp"
OPTIONS, LINKED = "viewer/view_options.cpp", "viewer/views/registry.cpp"
VIEWS = {"step strip": "strip", "where the time goes": "terms", "status line": "status", "delta map": "delta_map"}
COMMAND = re.compile(r'(?:true|false),\s*"([a-z-]+)"\}')
VERB = re.compile(r'^    \{\{"([a-z-]+)",', re.MULTILINE)
LINK = re.compile(r'^    \{"([a-z-]+)",', re.MULTILINE)
ROW = re.compile(r'^    \{"([a-z_]+)", "([a-z ]*)", "([a-z ]*)"\},', re.MULTILINE)
DIMENSIONS = re.compile(r"^\| ([a-z ]+) \| ([a-z, ]*)\| ([a-z, ]*)\|$", re.MULTILINE)
TICKED = re.compile(r"`([^`]+)`")
CELL = re.compile(r"^\|((?:[^|\\\n]|\\.)*)\|", re.MULTILINE)


def section(page, title):
    match = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    return match.group(1) if match else ""


def first_column(part):
    return {name.split("=")[0] for cell in CELL.findall(part) for name in TICKED.findall(cell)}


def linked(page):
    for name, reads, sets in DIMENSIONS.findall(section(page, "One selection")):
        if name != "view":
            yield VIEWS.get(name, name), *(" ".join(column.replace(",", " ").split()) for column in (reads, sets))


def differences(what, code, written, where):
    if not code:
        yield f"{where}: no names found; has their form changed?"
    for name in sorted(code - written):
        yield f"{PAGE}: does not name the {what} `{name}` ({where})"
    for name in sorted(written - code):
        yield f"{PAGE}: {where} has no {what} `{name}`"


def check(root):
    if not (pathlib.Path(root) / PAGE).exists():
        return [f"{PAGE} is missing"]
    page = lintlib.text(root, PAGE)
    listed = set(TICKED.findall(section(page, "Keys").partition("The commands:")[2]))
    found = lambda pattern, name: set(pattern.findall(lintlib.text(root, name)))
    options = set(LINK.findall(lintlib.text(root, OPTIONS).partition("kOptions[]")[2]))
    return [
        *differences("command", found(COMMAND, COMMANDS), listed, COMMANDS),
        *differences("verb", found(VERB, VERBS), first_column(section(page, "Scripts")), VERBS),
        *differences("key of a link", found(LINK, LINKS) | options, first_column(section(page, "Links")), LINKS),
        *differences("row of a view", {" | ".join(row) for row in found(ROW, LINKED)}, {" | ".join(row) for row in linked(page)}, LINKED),
    ]


CODE = {COMMANDS: '    {C::kQuit, "Show", "Quit", {K::kQ, true}, {}, false, "quit"},\n', VERBS: '    {{"tab", "a word"}, f, g},\n',
        LINKS: '    {"run", parse_run},\n', OPTIONS: 'kOptions[] = {\n    {"sql", f, g},\n', LINKED: '    {"strip", "time steps", "steps"},\n    {"details", "", "names"},\n'}
BOTH = "## One selection\n| view | shows | selects |\n| --- | --- | --- |\n| step strip | time, steps | steps |\n| details | | names |\n" \
       "## Links\n| `run=a\\|b`, `sql` | x |\n## Keys\n`F1` The commands: `quit`\n## Scripts\n| `tab` | x |\n"
GOOD = {"the same names": {**CODE, PAGE: BOTH}}
BAD = {
    "no page": CODE,
    "a command that is not written": {**CODE, PAGE: BOTH.replace("`quit`", "")},
    "a command that is none": {**CODE, PAGE: BOTH.replace("`quit`", "`quit` `fly`")},
    "a verb that is not written": {**CODE, PAGE: BOTH.replace("| `tab`", "| tab")},
    "a key that is not written": {**CODE, PAGE: BOTH.replace("`run=", "`ran=")},
    "an option that is not written": {**CODE, PAGE: BOTH.replace(", `sql`", "")},
    "a view that is not written": {**CODE, PAGE: BOTH.replace("| step strip | time, steps | steps |\n", "")},
    "a dimension that is not written": {**CODE, PAGE: BOTH.replace("time, steps", "steps")},
    "no names understood": {**CODE, COMMANDS: "", PAGE: BOTH.replace("`quit`", "")},
}

if __name__ == "__main__":
    lintlib.main(check, GOOD, BAD)
