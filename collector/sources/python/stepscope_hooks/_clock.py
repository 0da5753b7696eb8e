# SPDX-License-Identifier: Apache-2.0
"""The recording's clock: nanoseconds of CLOCK_MONOTONIC_RAW, comparable between the processes of a host."""
import functools
import time

now = functools.partial(time.clock_gettime_ns, getattr(time, "CLOCK_MONOTONIC_RAW", time.CLOCK_MONOTONIC))


def process_start_ns():
    """When the kernel created this process (to one clock tick, usually 10 ms), or 0 when /proc does not say."""
    try:
        import os

        with open("/proc/self/stat", "rb") as stat:
            ticks = int(stat.read().rsplit(b")", 1)[1].split()[19])
        age = time.clock_gettime_ns(time.CLOCK_BOOTTIME) - ticks * 1000000000 // os.sysconf("SC_CLK_TCK")
        return now() - age
    except (OSError, ValueError, IndexError, AttributeError):
        return 0
