# SPDX-License-Identifier: Apache-2.0
"""Saving and loading checkpoints: one phase per outermost call, unless it happens inside data loading."""
from . import _api
from ._clock import now
from ._context import in_data, local
from ._guard import Guard, own_function, replace
from ._kinds import OP_CHECKPOINT_LOAD, OP_CHECKPOINT_SAVE, PHASE, SOURCE_PYTHON

_guard = Guard("checkpoint")


def _wrap(module, name, operation, label):
    original = own_function(module, name)
    if original is None:
        return

    def checkpoint(*args, **kwargs):
        if _api.status != 1 or _guard.off or local.thread.checkpoint or in_data():
            return original(*args, **kwargs)
        start = now()
        try:
            local.thread.checkpoint = 1
            return original(*args, **kwargs)
        finally:
            local.thread.checkpoint = 0
            try:
                _api.emit(PHASE, 0, start, now() - start, _api.intern(label), operation, SOURCE_PYTHON, 0)
            except Exception:
                _guard.fail()

    replace(module, name, checkpoint, original)


def install_serialization(module):
    _wrap(module, "save", OP_CHECKPOINT_SAVE, "torch.save")
    _wrap(module, "load", OP_CHECKPOINT_LOAD, "torch.load")


def install_distributed(module):
    for name in ("save", "async_save", "save_state_dict"):
        _wrap(module, name, OP_CHECKPOINT_SAVE, "torch.distributed.checkpoint." + name)
    for name in ("load", "load_state_dict"):
        _wrap(module, name, OP_CHECKPOINT_LOAD, "torch.distributed.checkpoint." + name)


def install_safetensors(module):
    _wrap(module, "save_file", OP_CHECKPOINT_SAVE, module.__name__ + ".save_file")
    _wrap(module, "load_file", OP_CHECKPOINT_LOAD, module.__name__ + ".load_file")
