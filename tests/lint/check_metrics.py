# SPDX-License-Identifier: Apache-2.0
"""docs/METRICS.md and the code name the same things: ledger leaves, diff terms, host counters and readings of GPU health.

Names in the code: constants of `namespace leaf` and `namespace term` in analyzer/*.hpp, and counter names
("proc.cpu_ns", "gpu.power_mw") in collector/. Names in the document: `name` in the first column of a table.
"""
import pathlib
import re

import lintlib

PAGE = "docs/METRICS.md"
NAMESPACE = re.compile(r"^namespace (?:leaf|term) \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
CONSTANT = re.compile(r'constexpr std::string_view k\w+ = "([a-z_./]+[a-z_])"')
COUNTER = re.compile(r'"((?:proc|cgroup|psi|watch|gpu)\.[a-z0-9_.]*[a-z0-9])"')
ROW = re.compile(r"^\|\s*`([^`]+)`")


def names_in_code(root):
    found = {}
    for name in lintlib.files(root, ".hpp", under=("analyzer/",)):
        for block in NAMESPACE.findall(lintlib.text(root, name)):
            found.update(dict.fromkeys(CONSTANT.findall(block), name))
    for name in lintlib.files(root, ".cpp", ".hpp", under=("collector/",)):
        found.update(dict.fromkeys(COUNTER.findall(lintlib.text(root, name)), name))
    return found


def check(root):
    if not (pathlib.Path(root) / PAGE).exists():
        return [f"{PAGE} is missing"]
    code = names_in_code(root)
    sources = "\n".join(lintlib.text(root, n) for n in lintlib.files(root, ".cpp", ".hpp", ".py", under=("trace/", "collector/", "analyzer/")))
    documented = {match.group(1): number for number, line in lintlib.lines(root, PAGE) if (match := ROW.match(line))}
    problems = [f"{PAGE}: no row on `{name}` ({where})" for name, where in sorted(code.items()) if name not in documented]
    for name, number in documented.items():
        if "<" not in name and f'"{name}"' not in sources:
            problems.append(f"{PAGE}:{number}: no code knows `{name}`")
    if not code:
        problems.append("no names found in analyzer/ and collector/; has their form changed?")
    return problems


CODE = {"analyzer/ledger.hpp": 'namespace leaf {\ninline constexpr std::string_view kGc = "idle.gc";\n}  // namespace leaf\n',
        "collector/host.cpp": 'counter("proc.cpu_ns");\n'}
BOTH = "| `idle.gc` | ns |\n| `proc.cpu_ns` | ns |\n"
GOOD = {"the same names": {**CODE, PAGE: BOTH + "| `host/<name>` | ns |\n"}}
BAD = {
    "no page": CODE,
    "a leaf without a row": {**CODE, PAGE: BOTH.replace("idle.gc", "proc.cpu_ns")},
    "a counter without a row": {**CODE, PAGE: BOTH.replace("proc.cpu_ns", "idle.gc")},
    "a row that nothing produces": {**CODE, PAGE: BOTH + "| `idle.gone` | ns |\n"},
    "no names understood": {PAGE: BOTH},
}

if __name__ == "__main__":
    lintlib.main(check, GOOD, BAD)
