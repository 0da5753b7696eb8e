# SPDX-License-Identifier: Apache-2.0
"""Changes that `stepscope trend` finds beside those of Apache Otava (E-divisive with a t-test), on histories with clear steps: both
have to find each step, at the same run or the one beside it. On the histories that Otava ships, both answers are printed.

Otava comes from PyPI into a folder of this test, with 60 s to get there; without it the test skips (exit code 77)."""
import csv
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

PROGRAM = os.environ["STEPSCOPE_PROGRAM"]
HISTORIES = pathlib.Path(os.environ["STEPSCOPE_OTAVA_HISTORIES"])
SECONDS = 60
PACKAGES = ("apache-otava", "numpy", "scipy")


def install(folder):
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--only-binary=:all:", "--no-deps", "--retries", "0", "--timeout", "5",
           "--disable-pip-version-check", "--target", folder, *PACKAGES]
    try:
        subprocess.run(pip, check=True, timeout=SECONDS, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        sys.path.insert(0, folder)
        from otava.analysis import compute_change_points
        return compute_change_points
    except (OSError, subprocess.SubprocessError, ImportError) as error:
        reason = getattr(error, "stderr", None) or str(error).encode()
        print("skipped: apache-otava is not to be had:", reason.decode(errors="replace").strip().splitlines()[-1:])
        sys.exit(77)


def ours(path, column):
    result = subprocess.run([PROGRAM, "trend", "--csv", path, "--metric", column, "--json"], stdout=subprocess.PIPE, check=False)
    assert result.returncode in (0, 3), result
    return [change["index"] for change in json.loads(result.stdout)["changes"]]


def theirs(compute, values):
    return [change.index for change in compute(values)[0]]


def steps(folder, compute):
    draw = random.Random(7)
    for place, size in ((15, 4), (25, 5), (35, -4)):
        values = [100 + draw.gauss(0, 1) + (size if run >= place else 0) for run in range(50)]
        path = os.path.join(folder, "steps.csv")
        with open(path, "w", newline="", encoding="utf-8") as out:
            csv.writer(out).writerows([["commit", "value"], *([f"c{run}", value] for run, value in enumerate(values))])
        found, known = ours(path, "value"), theirs(compute, values)
        print(f"step of {size} SD at {place}: stepscope {found}, otava {known}")
        for answer in (found, known):
            assert len(answer) == 1 and abs(answer[0] - place) <= 1, (place, found, known)


def published(compute):
    for path in sorted(HISTORIES.glob("sample*.csv")):
        with open(path, newline="", encoding="utf-8") as source:
            first = source.readline()
            rows = list(csv.DictReader([first, *source], delimiter=";" if ";" in first else ","))
        for column in ("metric1", "metric2"):
            known = theirs(compute, [float(row[column]) for row in rows])
            print(f"{path.name} {column}: stepscope {ours(path, column)}, otava {known}")


def main():
    with tempfile.TemporaryDirectory() as folder:
        compute = install(folder)
        steps(folder, compute)
        published(compute)


main()
