# SPDX-License-Identifier: Apache-2.0
"""Data iterators that no other hook understands: the thread was in next(), from here to there.

One row of `_CLASSES` per module names the classes whose `__next__`, or whose `__iter__`'s result, is timed. Nothing is
written for a next() inside another data iterator's, nor for one that only passed a DataLoader's on.
"""
from . import _api
from ._clock import now
from ._context import in_data, local
from ._guard import Guard, own_function, replace
from ._kinds import OP_DATA_NEXT, PHASE, SOURCE_PYTHON

_guard = Guard("iterators")

_MIN_WAIT_NS = 10000  # per-sample iterators answer a million times a minute; what is shorter is no wait

_CLASSES = {
    "webdataset.pipeline": ("DataPipeline",),
    "datasets.arrow_dataset": ("Dataset",),
    "datasets.iterable_dataset": ("IterableDataset",),
    "torchdata.nodes.base_node": ("BaseNode",),
    "streaming.base.dataset": ("StreamingDataset",),
    "grain._src.python.data_loader": ("DataLoaderIterator", "PyGrainDatasetIterator"),
    "tensorflow.python.data.ops.iterator_ops": ("OwnedIterator",),
    "nvidia.dali.plugin.base_iterator": ("_DaliBaseIterator",),
}


def timed_next(advance, label):
    """`advance()`, timed as a phase called `label`, if the thread is not loading data already."""
    if _guard.off or in_data() or (_api.status != 1 and not _api.wake()):
        return advance()
    nexts = _api.loading() >> 3
    start = now()
    try:
        local.thread.iterator_next = 1
        return advance()
    finally:
        local.thread.iterator_next = 0
        try:
            duration = now() - start
            if _api.loading() >> 3 == nexts and duration >= _MIN_WAIT_NS:
                _api.emit(PHASE, 0, start, duration, _api.intern(label), OP_DATA_NEXT, SOURCE_PYTHON, 0)
        except Exception:
            _guard.fail()


class TimedIterator:
    """An iterator whose next() is timed; everything else is the original's."""

    def __init__(self, iterator, label):
        self._stepscope_iterator = iterator
        self._stepscope_label = label
        self._stepscope_next = iterator.__next__

    def __iter__(self):
        return self

    def __next__(self):
        return timed_next(self._stepscope_next, self._stepscope_label)

    def __getattr__(self, name):
        return getattr(self._stepscope_iterator, name)


def _wrap_next(owner, original, label):
    def __next__(self, *args, **kwargs):
        return timed_next(lambda: original(self, *args, **kwargs), label)

    replace(owner, "__next__", __next__, original)


def _wrap_iter(owner, original, label):
    def __iter__(self, *args, **kwargs):
        iterator = original(self, *args, **kwargs)
        if iterator is self or in_data() or _guard.off:
            return iterator
        return TimedIterator(iterator, label)

    replace(owner, "__iter__", __iter__, original)


def install(module):
    found = False
    for name in _CLASSES[module.__name__]:
        owner = getattr(module, name, None)
        if not isinstance(owner, type):
            continue
        label = module.__name__.partition(".")[0] + "." + name
        following, iterating = own_function(owner, "__next__"), own_function(owner, "__iter__")
        if following is not None:
            _wrap_next(owner, following, label)
            found = True
        elif iterating is not None:
            _wrap_iter(owner, iterating, label)
            found = True
    if not found:
        raise AttributeError("no known iterator class")
