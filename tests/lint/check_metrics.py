# SPDX-License-Identifier: Apache-2.0
"""docs/METRICS.md and the code name the same things: ledger leaves, diff terms, findings, host counters and readings of GPU health.

Names in the code: constants of `namespace leaf` and `namespace term` in analyzer/*.hpp, ids in the table of findings, and counter
names ("proc.cpu_ns", "gpu.power_mw") in collector/. Names in the document: `name` in the first column of a table; of findings in
the table of the section "Findings".
"""
import pathlib
import re

import lintlib

PAGE = "docs/METRICS.md"
NAMESPACE = re.compile(r"^namespace (?:leaf|term) \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
CONSTANT = re.compile(r'constexpr std::string_view k\w+ = "([a-z_./]+[a-z_])"')
COUNTER = re.compile(r'"((?:proc|cgroup|psi|watch|gpu)\.[a-z0-9_.]*[a-z0-9])"')
ROW = re.compile(r"^\|\s*`([^`]+)`")
RULES = "analyzer/findings/registry.cpp"
RULE = re.compile(r'^\s*\{(?:(?:leaf|term)::(k\w+)|"([^"]+)"), find_\w+\}', re.MULTILINE)
VALUE = re.compile(r'constexpr std::string_view (k\w+) = "([^"]+)"')
SECTION = re.compile(r"^## Findings\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


def names_in_code(root):
    found = {}
    for name in lintlib.files(root, ".hpp", under=("analyzer/",)):
        for block in NAMESPACE.findall(lintlib.text(root, name)):
            found.update(dict.fromkeys(CONSTANT.findall(block), name))
    for name in lintlib.files(root, ".cpp", ".hpp", under=("collector/",)):
        found.update(dict.fromkeys(COUNTER.findall(lintlib.text(root, name)), name))
    return found


def finding_problems(root):
    """Rules without a row in the section, rows without a rule. A family ends in "/"."""
    if not (pathlib.Path(root) / RULES).exists():
        return
    values = dict(pair for name in lintlib.files(root, ".hpp", under=("analyzer/",)) for pair in VALUE.findall(lintlib.text(root, name)))
    rules = [values.get(constant, constant) if constant else literal for constant, literal in RULE.findall(lintlib.text(root, RULES))]
    section = SECTION.search(lintlib.text(root, PAGE))
    rows = [match.group(1).split("<")[0] for line in (section.group(1) if section else "").splitlines() if (match := ROW.match(line))]
    for name in sorted(set(rules) - set(rows)):
        yield f"{PAGE}: no row in section Findings on `{name}` ({RULES})"
    for name in sorted(set(rows) - set(rules)):
        yield f"{PAGE}: section Findings: no rule finds `{name}`"
    if not rules:
        yield f"{RULES}: no rules found; has their form changed?"


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
    problems += finding_problems(root)
    if not code:
        problems.append("no names found in analyzer/ and collector/; has their form changed?")
    return problems


CODE = {"analyzer/ledger.hpp": 'namespace leaf {\ninline constexpr std::string_view kGc = "idle.gc";\n}  // namespace leaf\n',
        "collector/host.cpp": 'counter("proc.cpu_ns");\n'}
BOTH = "| `idle.gc` | ns |\n| `proc.cpu_ns` | ns |\n"
FOUND = {**CODE, RULES: 'constexpr Rule kRules[] = {\n    {leaf::kGc, find_gc},\n    {"gpu.clock", find_clock},\n};\n'}
ROWS = "## Findings\n| `idle.gc` | x |\n| `gpu.clock` | x |\n"
GOOD = {"the same names": {**CODE, PAGE: BOTH + "| `host/<name>` | ns |\n"},
        "findings with rows": {**FOUND, PAGE: BOTH + ROWS}}
BAD = {
    "no page": CODE,
    "a leaf without a row": {**CODE, PAGE: BOTH.replace("idle.gc", "proc.cpu_ns")},
    "a counter without a row": {**CODE, PAGE: BOTH.replace("proc.cpu_ns", "idle.gc")},
    "a row that nothing produces": {**CODE, PAGE: BOTH + "| `idle.gone` | ns |\n"},
    "a finding without a row": {**FOUND, PAGE: BOTH + ROWS.replace("gpu.clock", "idle.gc")},
    "a finding with a row elsewhere": {**FOUND, PAGE: ROWS.replace("## Findings", "## Terms") + BOTH},
    "a row without a rule": {**FOUND, "analyzer/gone.cpp": 'f("gpu.gone");\n', PAGE: BOTH + ROWS + "| `gpu.gone` | x |\n"},
    "no names understood": {PAGE: BOTH},
}

if __name__ == "__main__":
    lintlib.main(check, GOOD, BAD)
