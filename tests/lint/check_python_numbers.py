# SPDX-License-Identifier: Apache-2.0
"""The Python hooks write the numbers of the recording format: _kinds.py says the same as trace/kinds.hpp."""
import ast
import pathlib
import re

import lintlib

PAGE = "collector/sources/python/stepscope_hooks/_kinds.py"
TABLE = "trace/kinds.hpp"


def camel(words):
    return "k" + "".join(word.capitalize() for word in words.lower().split("_"))


def numbers_of_format(root):
    """Name as the hooks write it -> number."""
    source = lintlib.text(root, TABLE)
    enums = {name: dict(re.findall(r"\b(k\w+) = (\d+)", body)) for name, body in re.findall(r"enum class (\w+)[^{]*\{(.*?)\};", source, re.DOTALL)}
    constants = dict(re.findall(r"constexpr int64_t (k\w+) = (\d+);", source))
    return enums, constants


def expected(name, enums, constants):
    for prefix, enum in (("SOURCE_", "Source"), ("OP_", "PhaseOp")):
        if name.startswith(prefix):
            return enums.get(enum, {}).get(camel(name[len(prefix):]))
    return enums.get("Kind", {}).get(camel(name), constants.get(camel(name)))


def check(root):
    if not (pathlib.Path(root) / PAGE).exists():
        return [f"{PAGE} is missing"]
    enums, constants = numbers_of_format(root)
    problems, seen = [], 0
    for node in ast.parse(lintlib.text(root, PAGE)).body:
        if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Constant) or not isinstance(node.value.value, int):
            continue
        name, value = node.targets[0].id, node.value.value
        seen += 1
        number = expected(name, enums, constants)
        if number != str(value):
            problems.append(f"{PAGE}:{node.lineno}: {name} = {value}, but {TABLE} says {number}")
    return problems or ([] if seen else [f"{PAGE}: no numbers found"])


HPP = """enum class Kind : uint16_t { kBatch = 8, kPythonSample = 9, };
enum class PhaseOp : uint8_t { kLoaderStart = 7 };
enum class Source : uint8_t { kPython = 3 };
inline constexpr int64_t kBatchLast = 2;
"""
PY = "BATCH = 8\nPYTHON_SAMPLE = 9\nOP_LOADER_START = 7\nSOURCE_PYTHON = 3\nBATCH_LAST = 2\n"
GOOD = {"the same numbers": {TABLE: HPP, PAGE: PY}}
BAD = {
    "another kind": {TABLE: HPP, PAGE: PY.replace("BATCH = 8", "BATCH = 19")},
    "another phase": {TABLE: HPP, PAGE: PY.replace("= 7", "= 8")},
    "another flag": {TABLE: HPP, PAGE: PY.replace("LAST = 2", "LAST = 1")},
    "a name the format does not know": {TABLE: HPP, PAGE: PY + "OP_DREAM = 9\n"},
    "no numbers": {TABLE: HPP, PAGE: "x = 'y'\n"},
}

if __name__ == "__main__":
    lintlib.main(check, GOOD, BAD)
