# SPDX-License-Identifier: Apache-2.0
"""Audits the shipped libstepscope.so: it must load into any process of any distribution with glibc 2.28 or newer.

It opens no connection: libc's functions that do are not asked for. Exported symbols, symbol versions asked of glibc, DT_NEEDED, no text relocations, never unloaded.
    check_collector_binary.py path/to/libstepscope.so | --self-test
"""
import pathlib
import re
import subprocess
import sys
import tempfile

EXPORTS = {"stepscope_get_api", "InitializeInjection", "InitializeInjectionNvtx2", "InitializeInjectionNvtxExtension",
           *(f"ncclProfiler_v{version}" for version in range(1, 7))}
NEEDED = re.compile(r"^(libc\.so\.6|libm\.so\.6|ld-linux-[a-z0-9_-]+\.so\.\d)$")
NETWORK = {"socket", "socketpair", "connect", "bind", "listen", "accept", "accept4", "getaddrinfo", "gethostbyname", "sendto", "recvfrom"}
NEWEST_GLIBC = (2, 28)


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def exported(library):
    """Defined dynamic symbols, without version nodes (type A)."""
    rows = (line.split() for line in run("nm", "-D", "--defined-only", library).splitlines())
    return {row[-1].split("@")[0] for row in rows if len(row) >= 3 and row[-2] != "A"}


def check(library):
    problems = []
    found = exported(library)
    problems += [f"exports {name}, which is not on the list" for name in sorted(found - EXPORTS)]
    problems += [f"does not export {name}" for name in sorted(EXPORTS - found)]
    dynamic = run("readelf", "-d", "-W", library)
    for name in re.findall(r"\(NEEDED\)\s+Shared library: \[([^\]]+)\]", dynamic):
        if not NEEDED.match(name):
            problems.append(f"needs {name}; only libc, libm and ld.so are sure to be there")
    if "TEXTREL" in dynamic:
        problems.append("has text relocations")
    if re.search(r"\((RPATH|RUNPATH)\)", dynamic):
        problems.append("carries a library search path of the build machine")
    if "NODELETE" not in dynamic:
        problems.append("may be unloaded (link with -z nodelete): its threads and handlers would dangle")
    if ".gcc_except_table" in run("readelf", "-S", "-W", library):
        problems.append("has tables of exception handlers: a thread that is ended while it is in our frames would abort the program")
    undefined = run("nm", "-D", "--undefined-only", library)
    for symbol, version in re.findall(r"(\S+)@GLIBC_([0-9.]+)", undefined):
        if tuple(int(part) for part in version.split(".")) > NEWEST_GLIBC:
            problems.append(f"asks for {symbol}@GLIBC_{version}; the floor is {'.'.join(map(str, NEWEST_GLIBC))}")
    for symbol in re.findall(r"U (\w+)@", undefined):
        if symbol in NETWORK:
            problems.append(f"asks for {symbol}: recordings stay on this machine")
    for symbol in re.findall(r"U (_Z\w+|__cxa_\w*throw\w*|__gxx_personality_v0)", undefined):
        problems.append(f"asks for {symbol}, a libstdc++ symbol")
    return [f"{library}: {problem}" for problem in problems]


def build(folder, source, *flags):
    path = pathlib.Path(folder) / "candidate.c"
    path.write_text(source, encoding="utf-8")
    library = str(path.with_suffix(".so"))
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, str(path), *flags], check=True)
    return library


def self_test():
    doors = "".join(f"void {name}(void) {{}}\n" for name in sorted(EXPORTS))
    keep = "-Wl,-z,nodelete"
    bad = {
        "an extra symbol": (doors + "int leaked;\n", keep),
        "a missing door": ("void stepscope_get_api(void) {}\n", keep),
        "a library too many": (doors, keep, "-Wl,--no-as-needed", "-lstdc++"),
        "a glibc that is too new": (doors + "#include <stdlib.h>\nstatic unsigned use(void) { extern unsigned arc4random(void); "
                                    "return arc4random(); }\nvoid* stepscope_hidden __attribute__((visibility(\"hidden\"))) = use;\n", keep),
        "a socket": (doors + "int socket(int, int, int);\nint (*stepscope_hidden)(int, int, int) "
                             "__attribute__((visibility(\"hidden\"))) = socket;\n", keep),
        "unloadable": (doors,),
        "a search path": (doors, keep, "-Wl,-rpath,/opt/lib"),
        "exception handlers": (doors + "static void end(int* value) { *value = 0; }\nvoid call(int*);\nvoid stepscope_hidden(void) __attribute__((visibility("
                                       "\"hidden\"), used));\nvoid stepscope_hidden(void) { __attribute__((cleanup(end))) int value; call(&value); }\n",
                               keep, "-fexceptions"),
    }
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        problems = check(build(folder, doors, keep))
        if problems:
            wrong.append(f"should accept a clean library, but says {problems}")
        for title, (source, *flags) in bad.items():
            if not check(build(folder, source, *flags)):
                wrong.append(f"should reject {title}")
    return wrong


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    failures = self_test() if sys.argv[1] == "--self-test" else check(sys.argv[1])
    print("\n".join(failures))
    sys.exit(1 if failures else 0)
