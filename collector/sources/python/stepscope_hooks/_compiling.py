# SPDX-License-Identifier: Apache-2.0
"""Tells whether torch.compile is tracing the caller: a traced wrapper must do nothing but call the original.

`now` is torch's own `is_compiling` where it exists, since the tracer folds exactly that function to True.
"""


def now():
    return False


def install(module):
    """`module` is torch.compiler, loaded."""
    global now
    now = module.is_compiling


def install_skip(module):
    """`module` is torch._dynamo.trace_rules: what runs after a graph break is not to be compiled where it is ours."""
    module.add(__package__)
