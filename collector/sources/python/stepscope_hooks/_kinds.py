# SPDX-License-Identifier: Apache-2.0
"""Numbers of the recording format that the hooks use; trace/kinds.hpp and trace/kinds.cpp define them."""
BATCH = 8
PYTHON_SAMPLE = 9
GC = 10
RANGE = 6
STEP = 15
PHASE = 16
BATCH_FETCH = 19

# Column `source`.
SOURCE_PYTHON = 3
SOURCE_TORCH_PROFILER = 4

# Column `op` of phase.
OP_OTHER = 0
OP_IMPORT = 1
OP_STARTUP = 2
OP_BACKWARD = 3
OP_OPTIMIZER = 4
OP_CHECKPOINT_SAVE = 5
OP_CHECKPOINT_LOAD = 6
OP_LOADER_START = 7
OP_LOADER_RESET = 8
OP_LOADER_SHUTDOWN = 9
OP_DATA_NEXT = 10
OP_FORWARD = 12

# Bits of column `flags` of batch.
BATCH_IN_PROCESS = 1
BATCH_LAST = 2
BATCH_ITERABLE = 4
BATCH_PERSISTENT = 8
