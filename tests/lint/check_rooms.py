# SPDX-License-Identifier: Apache-2.0
"""Room arrows: which room may include which, read from the include lines.

include/ <- trace/ <- {collector/, analyzer/}; analyzer/cli and viewer/ know the analyzer's headers only; the collector
knows only the freestanding part of trace/.
"""
import pathlib
import re

import lintlib

FREESTANDING = ("trace/kinds.hpp", "trace/segment.hpp", "trace/spool_format.hpp", "trace/spool_writer.hpp")

# room -> what its quoted and <stepscope/...> includes may start with. The longest matching room counts.
MAY_INCLUDE = {
    "include/": ("stepscope/",),
    "trace/": ("trace/", "stepscope/"),
    "collector/": ("collector/", "stepscope/", *FREESTANDING),
    "analyzer/": ("analyzer/", "trace/", "stepscope/"),
    "analyzer/cli/": ("analyzer/", "stepscope/"),
    "viewer/": ("viewer/", "analyzer/", "stepscope/"),
    "viewer/model/": ("viewer/model/", "analyzer/", "stepscope/"),
}
FORBIDDEN = {
    "analyzer/": ("analyzer/cli/",),  # the library does not know its program
    "viewer/": ("analyzer/cli/",),
}
# What runs inside the recorded process: the sources of stepscope_trace_core with the headers they include, and the
# collector. Of C++ it may include only headers that bring no code of libstdc++ with them.
CORE_SOURCES = re.compile(r"add_library\(stepscope_trace_core STATIC([^)]*)\)")
FREESTANDING_CXX = {"array", "atomic", "bit", "concepts", "cstddef", "cstdint", "initializer_list", "limits", "new", "span", "type_traits", "utility"}
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<(stepscope/[^>]+)>)')
SYSTEM_INCLUDE = re.compile(r"^\s*#\s*include\s*<([a-z_]+)>")


def longest(table, name):
    rooms = [room for room in table if name.startswith(room)]
    return max(rooms, key=len) if rooms else None


def freestanding_files(root):
    """Core sources, what they include from trace/, and what that includes."""
    build = pathlib.Path(root) / "trace/CMakeLists.txt"
    sources = CORE_SOURCES.search(build.read_text()) if build.exists() else None
    pending = [*FREESTANDING, *(f"trace/{name}" for name in (sources.group(1).split() if sources else ()))]
    found = set()
    while pending:
        name = pending.pop()
        if name in found or not (pathlib.Path(root) / name).exists():
            continue
        found.add(name)
        matches = (INCLUDE.match(line) for _, line in lintlib.lines(root, name))
        pending += [m.group(1) for m in matches if m and m.group(1) and m.group(1).startswith("trace/")]
    return found


def freestanding_problems(root):
    inside = freestanding_files(root) | set(lintlib.files(root, *lintlib.CXX, under=("collector/",)))
    for name in sorted(inside):
        for number, line in lintlib.lines(root, name):
            match = SYSTEM_INCLUDE.match(line)
            if match and match.group(1) not in FREESTANDING_CXX:
                yield f"{name}:{number}: {line.strip()}: runs inside the recorded process, where no libstdc++ is"


def objection(name, target):
    room = longest(MAY_INCLUDE, name)
    if room is None:
        return None
    if room == "include/":
        return None if "/" not in target or target.startswith("stepscope/") else "public headers include nothing of ours"
    if not target.startswith(MAY_INCLUDE[room]):
        return f"{room} may include only {', '.join(MAY_INCLUDE[room])} (write includes from the root)"
    if not name.startswith("analyzer/cli/") and target.startswith(FORBIDDEN.get(room.split("/")[0] + "/", ())):
        return "analyzer/cli is a program: nobody includes it"
    return None


def check(root):
    problems = list(freestanding_problems(root))
    for name in lintlib.files(root, *lintlib.CXX, under=tuple(r for r in MAY_INCLUDE if r.count("/") == 1)):
        for number, line in lintlib.lines(root, name):
            match = INCLUDE.match(line)
            reason = match and objection(name, match.group(1) or match.group(2))
            if reason:
                problems.append(f"{name}:{number}: {line.strip()}: {reason}")
    return problems


GOOD = {
    "arrows along the layers": {
        "trace/segment.hpp": '#include "trace/kinds.hpp"\n',
        "collector/ring.cpp": '#include "collector/ring.hpp"\n#include "trace/spool_writer.hpp"\n#include <stepscope/stepscope.h>\n',
        "analyzer/run.cpp": '#include "trace/recording.hpp"\n',
        "analyzer/cli/main.cpp": '#include "analyzer/run.hpp"\n#include "analyzer/cli/command.hpp"\n',
        "viewer/app.cpp": '#include "viewer/model/lod.hpp"\n#include "analyzer/diff.hpp"\n',
        "include/stepscope/stepscope.h": '#include "stepscope_inline.h"\n',
    },
}
BAD = {
    "collector knows the analyzer": {"collector/a.cpp": '#include "analyzer/run.hpp"\n'},
    "collector knows the SQLite side of trace": {"collector/a.cpp": '#include "trace/recording.hpp"\n'},
    "analyzer knows the collector": {"analyzer/a.cpp": '#include "collector/ring.hpp"\n'},
    "the program knows trace": {"analyzer/cli/a.cpp": '#include "trace/recording.hpp"\n'},
    "the viewer knows trace": {"viewer/a.cpp": '  #  include "trace/recording.hpp"\n'},
    "the viewer knows the program": {"viewer/a.cpp": '#include "analyzer/cli/output.hpp"\n'},
    "the library knows the program": {"analyzer/a.cpp": '#include "analyzer/cli/output.hpp"\n'},
    "trace knows the analyzer": {"trace/a.cpp": '#include "analyzer/run.hpp"\n'},
    "the window-free model knows views": {"viewer/model/a.cpp": '#include "viewer/views/b.hpp"\n'},
    "freestanding trace uses libstdc++": {"trace/spool_batch.cpp": '#include <string>\n',
                                          "trace/CMakeLists.txt": "add_library(stepscope_trace_core STATIC spool_batch.cpp)\n"},
    "freestanding trace knows the rest": {"trace/spool_writer.hpp": '#include "trace/status.hpp"\n', "trace/status.hpp": "#include <string>\n"},
    "the collector uses libstdc++": {"collector/a.cpp": "#include <vector>\n"},
    "relative include": {"trace/a.cpp": '#include "kinds.hpp"\n'},
    "public header knows trace": {"include/stepscope/a.h": '#include "trace/kinds.hpp"\n'},
}

if __name__ == "__main__":
    lintlib.main(check, GOOD, BAD)
