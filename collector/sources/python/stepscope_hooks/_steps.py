# SPDX-License-Identifier: Apache-2.0
"""Where one training step ends and the next begins, as told by optimizers and by torch.profiler.

A loop may step several optimizers per iteration. One of them, the leader, marks the boundary: the last one of the first
round in which an optimizer came round again. When the leader stays away while another comes round, that one takes over.
"""
from . import _api, _fingerprint, _startup
from ._clock import now
from ._kinds import SOURCE_PYTHON, SOURCE_TORCH_PROFILER, STEP

backwards = 0  # backward passes since the last boundary

_index = {SOURCE_PYTHON: 0, SOURCE_TORCH_PROFILER: 0}
_first = True


class Leader:
    """Decides which optimizer's step ends a training step."""

    def __init__(self):
        self.leader = None
        self.settled = False
        self.since = []  # others since the last boundary, in order

    def ends_step(self, optimizer):
        """True when the step that `optimizer` (any hashable identity) just finished ends the training step."""
        if self.leader is None:
            self.leader = optimizer
            return True
        if optimizer == self.leader:
            if self.settled or not self.since:
                self.settled = True
                self.since = []
                return True
            self.leader, self.since = self.since[-1], []  # the round is known now, and this is its beginning
            self.settled = True
            return False
        if optimizer in self.since:
            self.leader, self.since = optimizer, []
            return True
        self.since.append(optimizer)
        return False


_leader = Leader()


def optimizer_stepped(optimizer):
    """`optimizer` finished its step (or skipped it for a gradient overflow)."""
    global backwards
    if not _leader.ends_step(id(optimizer)):
        return
    micro_steps, backwards = backwards, 0
    _boundary(SOURCE_PYTHON, type(optimizer).__name__, micro_steps)


def profiler_stepped():
    """torch.profiler.profile.step was called."""
    _boundary(SOURCE_TORCH_PROFILER, "ProfilerStep", 0)


def _boundary(source, name, micro_steps):
    global _first
    if _first:
        _first = False
        _startup.finish()
        _fingerprint.take()  # inside the first step, which is warm-up anyway
    index = _index[source]
    _index[source] = index + 1
    _api.emit(STEP, 0, now(), index, source, _api.intern(name), micro_steps)
