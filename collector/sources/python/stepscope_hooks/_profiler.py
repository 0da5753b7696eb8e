# SPDX-License-Identifier: Apache-2.0
"""torch.profiler: profile.step says where a step ends; before the profiler starts on a GPU, CUPTI may have to be left to it."""
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


def install_autograd(module):
    """profile._prepare_trace is where the profiler takes CUPTI, which serves one tool: once and for all if it fails."""
    owner = module.profile
    original = own_function(owner, "_prepare_trace")
    if original is None:
        raise AttributeError("profile._prepare_trace")

    def _prepare_trace(self, *args, **kwargs):
        if not _guard.off and _api.status == 1:
            try:
                if any(activity.name == "CUDA" for activity in self.kineto_activities):
                    _api.release("cupti", "torch.profiler")
            except Exception:
                _guard.fail()
        return original(self, *args, **kwargs)

    replace(owner, "_prepare_trace", _prepare_trace, original)
