# SPDX-License-Identifier: Apache-2.0
"""torchdata's own worker loop: hands its state over with every batch."""
from torch.utils.data._utils import fetch


def _worker_loop(dataset_kind, dataset, index_queue, data_queue, done_event, auto_collation, collate_fn, drop_last, base_seed,
                 init_fn, worker_id, num_workers, persistent_workers, shared_seed, worker_state):
    fetcher = fetch._MapDatasetFetcher(dataset, auto_collation, collate_fn, drop_last)
    while True:
        item = index_queue.get()
        if item is None:
            return
        task, (index, snapshot) = item
        data_queue.put((task, (fetcher.fetch(index), worker_id, {"seen": task} if snapshot else None)))
