# SPDX-License-Identifier: Apache-2.0
"""A stand-in for what newer PyTorch releases changed around the DataLoader and the optimizers: names, signatures, threads.

Only what the hooks look at is here, in the shape in which they will meet it; nothing computes.
"""
from . import compiler  # noqa: F401
from .optim import optimizer  # noqa: F401
from .utils import data  # noqa: F401
