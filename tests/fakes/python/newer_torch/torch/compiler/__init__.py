# SPDX-License-Identifier: Apache-2.0
tracing = False


def is_compiling():
    return tracing
