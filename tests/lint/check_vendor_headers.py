# SPDX-License-Identifier: Apache-2.0
"""One room per vendor: a vendor's header is included in one folder only (tests may talk to a vendor's own side)."""
import re

import lintlib

# header prefix -> the only places that may include it
HOMES = {
    "sqlite3": ("trace/",),
    "zstd": ("trace/",),
    "simdjson": ("analyzer/import/",),
    "zlib": ("analyzer/import/",),
    "toml++": ("analyzer/gate/",),
    "imgui": ("viewer/",),
    "backends/imgui": ("viewer/",),
    "GLFW/": ("viewer/",),
    "GL/": ("viewer/",),
    "stb_": ("viewer/",),
    "stb/": ("viewer/",),
    "CLI/": ("analyzer/cli/",),
    "nlohmann/": ("analyzer/", "viewer/"),
    "fmt/": ("analyzer/", "viewer/"),
    "nvtx3/": ("collector/sources/nvtx/",),
    "cupti": ("collector/sources/cupti/",),
    "cuda": ("collector/sources/cupti/",),
    "nvml": ("collector/sources/nvml/",),
    "nccl": ("collector/sources/nccl/",),
    "Python.h": ("collector/sources/python/",),
    "benchmark/": (),
    "gtest/": (),
    "gmock/": (),
}
# The window-free half of the viewer, which has unit tests without a display.
WINDOWLESS = ("viewer/model/",)
WINDOW_HEADERS = ("imgui", "backends/imgui", "GLFW/", "GL/")
ROOMS = ("include/", "trace/", "collector/", "analyzer/", "viewer/")
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^">]+)[">]')


def check(root):
    problems = []
    for name in lintlib.files(root, *lintlib.CXX, under=ROOMS):
        for number, line in lintlib.lines(root, name):
            match = INCLUDE.match(line)
            if not match:
                continue
            for prefix, homes in HOMES.items():
                if match.group(1).startswith(prefix) and not name.startswith(homes or ("tests/",)):
                    problems.append(f"{name}:{number}: {line.strip()}: belongs in {' or '.join(homes) or 'tests/'}")
            if name.startswith(WINDOWLESS) and match.group(1).startswith(WINDOW_HEADERS):
                problems.append(f"{name}:{number}: {line.strip()}: viewer/model/ is free of windows")
    return problems


GOOD = {
    "each vendor at home": {
        "trace/a.cpp": "#include <sqlite3.h>\n#include <zstd.h>\n",
        "viewer/b.cpp": "#include <imgui.h>\n#include <GLFW/glfw3.h>\n",
        "analyzer/cli/c.cpp": "#include <CLI/CLI.hpp>\n",
        "tests/unit/trace/d_test.cpp": "#include <gtest/gtest.h>\n#include <sqlite3.h>\n",
    },
}
BAD = {
    "SQLite in the analyzer": {"analyzer/a.cpp": "#include <sqlite3.h>\n"},
    "JSON parsing outside of the importers": {"analyzer/a.cpp": "#include <simdjson.h>\n"},
    "zlib in the recording format": {"trace/a.cpp": "#include <zlib.h>\n"},
    "zstd in the collector": {"collector/a.cpp": "#include <zstd.h>\n"},
    "ImGui in the viewer's model": {"viewer/model/a.cpp": "#include <imgui.h>\n"},
    "CLI11 in the library": {"analyzer/a.cpp": "#include <CLI/CLI.hpp>\n"},
    "NVML in the room of CUPTI": {"collector/sources/cupti/a.cpp": "#include <nvml.h>\n"},
    "Python.h anywhere else": {"collector/door.cpp": "#include <Python.h>\n"},
    "a test framework in the product": {"trace/a.cpp": "#include <gtest/gtest.h>\n"},
}

if __name__ == "__main__":
    lintlib.main(check, GOOD, BAD)
