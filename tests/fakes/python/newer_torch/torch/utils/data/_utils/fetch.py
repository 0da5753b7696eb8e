# SPDX-License-Identifier: Apache-2.0
class _BaseDatasetFetcher:
    def __init__(self, dataset, auto_collation, collate_fn, drop_last):
        self.dataset, self.collate_fn = dataset, collate_fn


class _MapDatasetFetcher(_BaseDatasetFetcher):
    def fetch(self, possibly_batched_index):
        return self.collate_fn([self.dataset[index] for index in possibly_batched_index])
