# SPDX-License-Identifier: Apache-2.0
"""torch.utils.data._utils.fetch: how long a batch took to make, how much of it was collating, and what it used.

A fetch is measured where the thread makes batches: in a worker or, with num_workers=0, inside the iterator's next().
"""
import sys

from . import _api
from ._guard import Guard, own_function, replace, replace_method

_collate_guard = Guard("dataloader.collate")


def _what_tells_tokens():
    """What the collector's collate() asks a batch's shape by: collector/sources/python/batch_tokens.hpp."""
    tensor = getattr(sys.modules.get("torch"), "Tensor", None)
    return (tensor, dict, "input_ids", "shape", "__name__", "BatchEncoding", "data") if isinstance(tensor, type) else ()


def _wrap_init(owner):
    original = own_function(owner, "__init__")
    if original is None:
        raise AttributeError("fetcher constructor")

    def __init__(self, *args, **kwargs):
        original(self, *args, **kwargs)
        if not _collate_guard.off:
            try:
                if _api.status == _api.ON:
                    _api.fetch_epoch()  # a worker makes itself another one in each
                self.collate_fn = _api.builtin("collate", self.collate_fn, *_what_tells_tokens())
            except Exception:
                _collate_guard.fail()

    replace(owner, "__init__", __init__, original)


def install(module):
    """Wraps every fetcher class of torch.utils.data._utils.fetch."""
    base = module._BaseDatasetFetcher
    _wrap_init(base)
    for value in list(vars(module).values()):
        if isinstance(value, type) and issubclass(value, base) and value is not base:
            replace_method(value, "fetch", "fetch")
