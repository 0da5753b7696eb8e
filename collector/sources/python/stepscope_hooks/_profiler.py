# SPDX-License-Identifier: Apache-2.0
"""torch.profiler.profile.step: the program says itself where a step ends."""
from . import _api, _steps
from ._guard import Guard, own_function, replace

_guard = Guard("profiler")


def install(module):
    owner = module.profile
    original = own_function(owner, "step")
    if original is None:
        raise AttributeError("profile.step")

    def step(self, *args, **kwargs):
        if not _guard.off and (_api.status == 1 or _api.wake()):
            try:
                _steps.profiler_stepped()
            except Exception:
                _guard.fail()
        return original(self, *args, **kwargs)

    replace(owner, "step", step, original)
