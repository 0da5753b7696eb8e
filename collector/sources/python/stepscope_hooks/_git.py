# SPDX-License-Identifier: Apache-2.0
"""The git commit a file belongs to, read from .git itself: no subprocess, no object is opened."""
import os

_MAX_LEVELS = 32


def _read(path, limit=4096):
    with open(path, "r", encoding="utf-8", errors="replace") as file:
        return file.read(limit).strip()


def find(folder):
    """The .git directory that governs `folder`, or None."""
    folder = os.path.abspath(folder)
    for _ in range(_MAX_LEVELS):
        candidate = os.path.join(folder, ".git")
        if os.path.isdir(candidate):
            return candidate
        if os.path.isfile(candidate):  # a linked worktree or a submodule
            text = _read(candidate)
            return os.path.join(folder, text[len("gitdir:"):].strip()) if text.startswith("gitdir:") else None
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent
    return None


def commit(folder):
    """The checked-out commit of the repository around `folder` as hex digits, or None."""
    git = find(folder)
    if git is None:
        return None
    head = _read(os.path.join(git, "HEAD"))
    if not head.startswith("ref:"):
        return head if _is_hash(head) else None
    name = head[len("ref:"):].strip()
    common = git
    if os.path.isfile(os.path.join(git, "commondir")):
        common = os.path.join(git, _read(os.path.join(git, "commondir")))
    for base in (git, common):
        path = os.path.join(base, name)
        if os.path.isfile(path):
            value = _read(path)
            return value if _is_hash(value) else None
    packed = os.path.join(common, "packed-refs")
    if os.path.isfile(packed):
        with open(packed, "r", encoding="utf-8", errors="replace") as file:
            for line in file:
                value, _, ref = line.strip().partition(" ")
                if ref == name and _is_hash(value):
                    return value
    return None


def _is_hash(text):
    return len(text) in (40, 64) and all(digit in "0123456789abcdef" for digit in text)
