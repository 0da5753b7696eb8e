# SPDX-License-Identifier: Apache-2.0
import functools


class Optimizer:
    def __init__(self):
        self._patch_step_function()

    def step(self, closure=None):
        return "stepped"

    @staticmethod
    def profile_hook_step(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            return function(*args, **kwargs)

        return wrapper

    def _patch_step_function(self):
        if not getattr(type(self).step, "hooked", False):
            type(self).step = self.profile_hook_step(type(self).step)
            type(self).step.hooked = True
