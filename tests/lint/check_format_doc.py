# SPDX-License-Identifier: Apache-2.0
"""docs/FORMAT.md lists every event kind of trace/kinds.cpp with its id and its columns, in order."""
import pathlib
import re

import lintlib

PAGE = "docs/FORMAT.md"
TABLE = "trace/kinds.cpp"
ROW = re.compile(r"\{Kind::(k\w+),\s*\"(\w+)\",")
SHORT = re.compile(r"constexpr Column (k\w+)\{\"(\w+)\"")
COLUMN = re.compile(r"\{\"(\w+)\",\s*C::|\b(k(?:Start|Dur|Name))\b")


def kinds(root):
    """Triples (id, name, column names), read from the sources of the kind table."""
    source = lintlib.text(root, TABLE)
    ids = dict(re.findall(r"\b(k\w+) = (\d+)", lintlib.text(root, "trace/kinds.hpp").split("enum class ColumnType")[0]))
    shorts = dict(SHORT.findall(source))
    rows = list(ROW.finditer(source))
    for row, following in zip(rows, [*rows[1:], None]):
        body = source[row.end():following.start() if following else source.find("};", row.end())]
        names = [plain or shorts[short] for plain, short in COLUMN.findall(body)]
        yield int(ids[row.group(1)]), row.group(2), names


def check(root):
    if not (pathlib.Path(root) / PAGE).exists():
        return [f"{PAGE} is missing"]
    table_rows = [line for line in lintlib.text(root, PAGE).splitlines() if line.startswith("|")]
    problems = []
    known = list(kinds(root))
    if not known:
        problems.append(f"{TABLE}: no kinds found; has the form of the table changed?")
    for number, name, columns in known:
        row = next((r for r in table_rows if re.match(rf"\|\s*{number}\s*\|\s*`{name}`", r)), None)
        if row is None:
            problems.append(f"{PAGE}: no row '| {number} | `{name}` | ...' for this kind")
            continue
        written = re.findall(r"\b\w+\b", row.split("|", 3)[3])
        position = 0
        for column in columns:
            if column not in written[position:]:
                problems.append(f"{PAGE}: kind `{name}` does not list column {column} in its place")
                break
            position += written[position:].index(column) + 1
    return problems


KINDS = """constexpr Column kStart{"start_ns", C::kTime, E::kDelta};
constexpr KindInfo kKinds[] = {
    {Kind::kIo, "io", "x", 2,
     {kStart, {"op", C::kString, E::kDict}}},
};
"""
HPP = "enum class Kind { kIo = 11, };\nenum class ColumnType { kIo = 1 };\n"
TREE = {TABLE: KINDS, "trace/kinds.hpp": HPP}
GOOD = {"a kind that is written down": {**TREE, PAGE: "| 11 | `io` | `start_ns` (delta), `op` |\n"}}
BAD = {
    "no page": TREE,
    "a kind is missing": {**TREE, PAGE: "| 12 | `x` | start_ns |\n"},
    "another id": {**TREE, PAGE: "| 12 | `io` | start_ns, op |\n"},
    "a column is missing": {**TREE, PAGE: "| 11 | `io` | start_ns |\n"},
    "columns change places": {**TREE, PAGE: "| 11 | `io` | op, start_ns |\n"},
    "a table that is not understood": {**TREE, TABLE: "nothing\n", PAGE: "x\n"},
}

if __name__ == "__main__":
    lintlib.main(check, GOOD, BAD)
