# SPDX-License-Identifier: Apache-2.0
"""Where a dataset lies: its directory and the type of file system, since a network one explains many slow fetches.

Known only for datasets that keep their directory in an attribute, as torchvision's and most home-made ones do.
"""
import os

from . import _api

_ATTRIBUTES = ("root", "data_dir", "data_path", "data_root", "folder", "directory", "path")

_written = False


def directory_of(dataset):
    """The directory or file the dataset reads, or None when it does not say."""
    facts = getattr(dataset, "__dict__", {})
    for name in _ATTRIBUTES:
        path = facts.get(name)
        if isinstance(path, (str, os.PathLike)) and os.path.exists(path):
            return os.path.realpath(path)
    return None


def file_system_of(path, mounts="/proc/self/mounts"):
    """The type of the file system that `path` (absolute) lies on: that of the longest mount point above it."""
    best, kind = "", "unknown"
    with open(mounts, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            fields = line.split(" ")
            point = fields[1].replace("\\040", " ")
            inside = path == point or path.startswith(point.rstrip("/") + "/")
            if inside and len(point) >= len(best):  # a later mount on the same point hides the earlier one
                best, kind = point, fields[2]
    return kind


def describe(dataset):
    """Writes fs.dataset once, unless the user named the place (STEPSCOPE_DATASET)."""
    global _written
    if _written or os.environ.get("STEPSCOPE_DATASET"):
        return
    path = directory_of(dataset)
    if path is not None:
        _written = True
        _api.meta("fs.dataset", file_system_of(path) + ":" + path)
