# SPDX-License-Identifier: Apache-2.0
class GradScaler:
    def __init__(self):
        self.overflow = False

    def step(self, optimizer, *args, **kwargs):
        return None if self.overflow else optimizer.step(*args, **kwargs)
