# SPDX-License-Identifier: Apache-2.0
"""A model of tokens on batches as tokenizers make them: sequence_train.py SEQUENCE_LENGTH STEPS. The work of a step goes by its tokens."""
import sys

import torch
from torch.utils.data import DataLoader, Dataset

BATCH_SIZE, WORDS, WIDTH = 8, 128, 64


class Texts(Dataset):
    def __init__(self, length, steps):
        self.length, self.items = length, steps * BATCH_SIZE

    def __len__(self):
        return self.items

    def __getitem__(self, index):
        ids = torch.arange(index, index + self.length) % WORDS
        return {"input_ids": ids, "labels": ids}


def main(length, steps):
    torch.manual_seed(1)
    torch.set_num_threads(1)
    model = torch.nn.Sequential(torch.nn.Embedding(WORDS, WIDTH), torch.nn.Linear(WIDTH, 2 * WIDTH), torch.nn.ReLU(),
                                torch.nn.Linear(2 * WIDTH, WORDS))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for batch in DataLoader(Texts(length, steps), batch_size=BATCH_SIZE):
        optimizer.zero_grad()
        words = model(batch["input_ids"])
        torch.nn.functional.cross_entropy(words.flatten(0, 1), batch["labels"].flatten()).backward()
        optimizer.step()
    print("trained", steps)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
