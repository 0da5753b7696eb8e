# SPDX-License-Identifier: Apache-2.0
"""The number that joins a batch in the consumer with the same batch in its worker.

It is the iterator's base seed, which every start method hands to the worker anyway. A program that seeds its loaders alike
draws the same base seed twice; the n-th such iterator mixes n in. Its workers learn n from an attribute of the Process
object (fork, spawn and forkserver all deliver it), or, being threads of this process, from `_used`.
"""
_MASK = (1 << 63) - 1
_SPREAD = 0x9E3779B97F4A7C15
_MAX_KEPT = 65536

_used = {}  # base seed -> iterators that drew it


def mix(base_seed, reuse):
    return (int(base_seed) + reuse * _SPREAD) & _MASK


def claim(base_seed):
    """How many iterators of this process had this base seed before."""
    reuse = _used.get(base_seed, 0)
    if reuse or len(_used) < _MAX_KEPT:
        _used[base_seed] = reuse + 1
    return reuse


def latest(base_seed):
    """The `reuse` of the iterator that drew this base seed last."""
    return max(0, _used.get(base_seed, 1) - 1)
