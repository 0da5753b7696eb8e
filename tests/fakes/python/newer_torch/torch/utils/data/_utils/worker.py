# SPDX-License-Identifier: Apache-2.0
"""The loop is split: an entry for processes, one for threads, and what both share."""
from . import fetch


class _ResumeIteration:
    pass


def _base_worker_loop(dataset_kind, dataset, index_queue, data_queue, done_event, auto_collation, collate_fn, drop_last, seed,
                      init_fn, worker_id, num_workers, persistent_workers, shared_rng=None, worker_method="multiprocessing",
                      watchdog_constructor=None, post_fetch_fn=None):
    if init_fn is not None:
        init_fn(worker_id)
    fetcher = fetch._MapDatasetFetcher(dataset, auto_collation, collate_fn, drop_last)
    while True:
        item = index_queue.get()
        if item is None:
            return
        if isinstance(item, _ResumeIteration):
            data_queue.put((item, None))
            continue
        task, index = item
        data_queue.put((task, fetcher.fetch(index)))


def _process_worker_loop(dataset_kind, dataset, index_queue, data_queue, done_event, auto_collation, collate_fn, drop_last,
                         base_seed, init_fn, worker_id, num_workers, persistent_workers, shared_seed):
    _base_worker_loop(dataset_kind=dataset_kind, dataset=dataset, index_queue=index_queue, data_queue=data_queue,
                      done_event=done_event, auto_collation=auto_collation, collate_fn=collate_fn, drop_last=drop_last,
                      seed=base_seed + worker_id, init_fn=init_fn, worker_id=worker_id, num_workers=num_workers,
                      persistent_workers=persistent_workers)


def _thread_worker_loop(dataset_kind, dataset, index_queue, data_queue, done_event, auto_collation, collate_fn, drop_last,
                        base_seed, init_fn, worker_id, num_workers, persistent_workers, pin_memory=False):
    _base_worker_loop(dataset_kind=dataset_kind, dataset=dataset, index_queue=index_queue, data_queue=data_queue,
                      done_event=done_event, auto_collation=auto_collation, collate_fn=collate_fn, drop_last=drop_last,
                      seed=base_seed + worker_id, init_fn=init_fn, worker_id=worker_id, num_workers=num_workers,
                      persistent_workers=persistent_workers, worker_method="thread")
