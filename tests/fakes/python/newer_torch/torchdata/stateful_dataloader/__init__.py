# SPDX-License-Identifier: Apache-2.0
from .stateful_dataloader import StatefulDataLoader  # noqa: F401
