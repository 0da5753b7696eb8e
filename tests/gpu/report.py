# SPDX-License-Identifier: Apache-2.0
"""results.tsv as Markdown, fit for docs/validation.md.

    report.py FACTS.tsv RESULTS.tsv [--dry-run]
"""
import sys


def rows(path, columns):
    with open(path, encoding="utf-8") as file:
        for text in file:
            cells = text.rstrip("\n").split("\t")
            yield [cell.replace("|", "\\|") for cell in (cells + [""] * columns)[:columns]]


def main(facts, results, dry_run):
    if dry_run:
        print("**Dry run against stand-ins: no number here was measured on a GPU.**\n")
    print("| machine | |\n| --- | --- |")
    for what, value in rows(facts, 2):
        print(f"| {what} | {value or 'unknown'} |")
    found = list(rows(results, 4))
    section = None
    for name, what, value, verdict in found:
        if name != section:
            print(f"\n| {name} | | |\n| --- | --- | --- |")
            section = name
        print(f"| {what} | {value} | {verdict} |")
    counts = {word: sum(row[3] == word for row in found) for word in ("PASS", "FAIL", "SKIP")}
    print(f"\n{counts['PASS']} bars met, {counts['FAIL']} not met, {counts['SKIP']} not tried")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], "--dry-run" in sys.argv)
