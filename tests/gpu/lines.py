# SPDX-License-Identifier: Apache-2.0
"""What the helpers of run.sh share: its output lines, medians, and how numbers are written."""
import csv
import statistics
import subprocess


def line(what, value, verdict="-"):
    print(f"{what}\t{value}\t{verdict}", flush=True)


def verdict(good):
    return "PASS" if good else "FAIL"


def spread(values):
    """Median and half the distance between the quartiles; of few values, half their range."""
    middle = statistics.median(values)
    if len(values) < 4:
        return middle, (max(values) - min(values)) / 2
    quarters = statistics.quantiles(values, n=4)
    return middle, (quarters[2] - quarters[0]) / 2


def read_csv(path):
    """Rows of `stepscope sql --csv` without the header; empty when the query failed."""
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]


def scalar(stepscope, run, query):
    """The one number of a query; 0 when there is none."""
    done = subprocess.run([stepscope, "sql", run, query, "--csv"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    rows = list(csv.reader(done.stdout.splitlines()))[1:]
    try:
        return float(rows[0][0])
    except (IndexError, ValueError):
        return 0.0
