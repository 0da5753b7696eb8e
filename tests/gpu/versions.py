# SPDX-License-Identifier: Apache-2.0
"""One line: the versions of PyTorch, CUDA and NCCL that the jobs use."""
import torch

nccl = torch.cuda.nccl.version() if torch.cuda.is_available() else ()
print(f"{torch.__version__}, CUDA {torch.version.cuda}, NCCL {'.'.join(map(str, nccl)) or 'none'}")
