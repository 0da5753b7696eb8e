# SPDX-License-Identifier: Apache-2.0
"""torch.utils.data._utils.fetch: how long a batch took to make, how much of it was collating, and what it used.

A fetch is measured for whoever asked for it on this thread (`_context.local.thread.owner`): the worker loop or, with
num_workers=0, the iterator's next().
"""
from . import _api
from ._context import local
from ._guard import Guard, own_function, replace

_guard = Guard("dataloader.fetch")
_collate_guard = Guard("dataloader.collate")


class Fetch:
    """That a thread fetches; what it fetches, and what that takes, is kept by the collector (`_api.fetch_...`)."""

    __slots__ = ("busy",)

    def __init__(self):
        self.busy = False


def _wrap_init(owner):
    original = own_function(owner, "__init__")
    if original is None:
        raise AttributeError("fetcher constructor")

    def __init__(self, *args, **kwargs):
        original(self, *args, **kwargs)
        if not _collate_guard.off:
            try:
                self.collate_fn = _timed_collate(self.collate_fn)
            except Exception:
                _collate_guard.fail()

    replace(owner, "__init__", __init__, original)


def _timed_collate(collate):
    api, context, guard = _api, local, _collate_guard

    def timed(data, *args, **kwargs):
        if context.thread.owner is None or guard.off:
            return collate(data, *args, **kwargs)
        try:
            api.collate_begin()
        except Exception:
            guard.fail()
            return collate(data, *args, **kwargs)
        try:
            return collate(data, *args, **kwargs)
        finally:
            try:
                api.collate_end(len(data) if type(data) is list else 1)
            except Exception:
                guard.fail()

    for attribute in ("__module__", "__name__", "__qualname__", "__doc__"):
        try:
            setattr(timed, attribute, getattr(collate, attribute))
        except (AttributeError, TypeError):
            pass
    timed.__wrapped__ = collate
    return timed


def _wrap_fetch(owner):
    original = own_function(owner, "fetch")
    if original is None:
        return

    api, context, guard = _api, local, _guard

    def fetch(self, *args, **kwargs):
        fetching = context.thread.owner
        if fetching is None or fetching.busy or guard.off:
            return original(self, *args, **kwargs)
        try:
            fetching.busy = True
            api.fetch_begin()
        except Exception:
            fetching.busy = False
            guard.fail()
            return original(self, *args, **kwargs)
        try:
            return original(self, *args, **kwargs)
        finally:
            fetching.busy = False
            try:
                api.fetch_end()
            except Exception:
                guard.fail()

    replace(owner, "fetch", fetch, original)


def install(module):
    """Wraps every fetcher class of torch.utils.data._utils.fetch."""
    base = module._BaseDatasetFetcher
    _wrap_init(base)
    for value in list(vars(module).values()):
        if isinstance(value, type) and issubclass(value, base) and value is not base:
            _wrap_fetch(value)
