# SPDX-License-Identifier: Apache-2.0
"""A training job that lasts a second or two: tiny_train.py MILLISECONDS_PER_BATCH STEPS."""
import sys
import time

import torch
from torch.utils.data import DataLoader, Dataset

BATCH_SIZE = 4


class Items(Dataset):
    def __init__(self, batch_seconds, steps):
        self.item_seconds = batch_seconds / BATCH_SIZE
        self.items = steps * BATCH_SIZE

    def __len__(self):
        return self.items

    def __getitem__(self, index):
        time.sleep(self.item_seconds)
        return torch.randn(64), index % 4


def main(batch_ms, steps):
    torch.manual_seed(1)
    torch.set_num_threads(1)
    model = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 4))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for inputs, labels in DataLoader(Items(batch_ms / 1e3, steps), batch_size=BATCH_SIZE, num_workers=2):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(inputs), labels).backward()
        optimizer.step()
    print("trained", steps)


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]))
