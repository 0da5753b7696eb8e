# SPDX-License-Identifier: Apache-2.0
"""The duration of each step's matrix product: recorded, against CUDA events around it.

    compare_times.py TITLE SAMPLE-OUTPUT CSV-OF-DURATIONS
Events include the launch of the kernel on the device, so they are a little longer; the first step also loads the module.
"""
import statistics
import sys

import lines


def main(title, sample_output, durations):
    with open(sample_output, encoding="utf-8") as file:
        events = [float(row.split()[1]) for row in file if row.startswith("matrix_product_us")]
    recorded = [float(row[0]) / 1000 for row in lines.read_csv(durations)]
    what = f"{title}: matrix product, recorded vs CUDA events"
    if not events or len(events) != len(recorded):
        lines.line(what, f"{len(recorded)} recorded, {len(events)} by events", "FAIL")
        return
    pairs = list(zip(recorded, events))[1:] or list(zip(recorded, events))
    apart = statistics.median(event - kernel for kernel, event in pairs)
    middle = statistics.median(event for _, event in pairs)
    good = abs(apart) <= max(10.0, 0.05 * middle)
    lines.line(what, f"events {middle:.1f} us, {apart:+.2f} us longer (median of {len(pairs)})", lines.verdict(good))


if __name__ == "__main__":
    main(*sys.argv[1:4])
