# SPDX-License-Identifier: Apache-2.0
"""Iterators over workers that are processes or threads, which hand over in order or as they come."""
import itertools
import multiprocessing
import queue
import threading

from ._utils import fetch, pin_memory, worker

_seeds = itertools.count(100)


class DataLoader:
    def __init__(self, dataset, batch_size=1, num_workers=0, collate_fn=list, worker_method="multiprocessing", in_order=True,
                 persistent_workers=False, pin_memory=False, prefetch_factor=2, base_seed=None):
        vars(self).update({name: value for name, value in locals().items() if name != "self"})
        self._iterator = None

    def __iter__(self):
        if self.num_workers == 0:
            return _SingleProcessDataLoaderIter(self)
        if self._iterator is not None:
            self._iterator._reset(self)
            return self._iterator
        kind = _ThreadingDataLoaderIter if self.worker_method == "thread" else _MultiProcessingDataLoaderIter
        iterator = kind(self)
        if self.persistent_workers:
            self._iterator = iterator
        return iterator


class _BaseDataLoaderIter:
    def __init__(self, loader):
        self._loader, self._num_workers = loader, loader.num_workers
        self._dataset_kind = 0
        self._base_seed = loader.base_seed if loader.base_seed is not None else next(_seeds)
        self._persistent_workers, self._pin_memory = loader.persistent_workers, loader.pin_memory
        self._sampler_iter = self._indices()

    def _indices(self):
        size = self._loader.batch_size
        return (range(at, min(at + size, len(self._loader.dataset))) for at in range(0, len(self._loader.dataset), size))

    def _reset(self, loader, first_iter=False):
        self._sampler_iter = self._indices()

    def __iter__(self):
        return self

    def _next_index(self):
        return next(self._sampler_iter)

    def _next_data(self):
        raise NotImplementedError

    def __next__(self):
        return self._next_data()


class _SingleProcessDataLoaderIter(_BaseDataLoaderIter):
    def __init__(self, loader):
        super().__init__(loader)
        self._fetcher = fetch._MapDatasetFetcher(loader.dataset, True, loader.collate_fn, False)

    def _next_data(self):
        return self._fetcher.fetch(self._next_index())


class _WorkersDataLoaderIter(_BaseDataLoaderIter):
    """What both kinds of workers share."""

    def __init__(self, loader):
        super().__init__(loader)
        self._in_order, self._prefetch_factor = loader.in_order, loader.prefetch_factor
        self._shutdown = False
        self._index_queues = [self._queue() for _ in range(self._num_workers)]
        self._worker_result_queue = self._data_queue = self._queue()
        self._workers = [self._start(number) for number in range(self._num_workers)]
        if self._pin_memory:
            self._data_queue, self._done = queue.Queue(), threading.Event()
            threading.Thread(target=pin_memory._pin_memory_loop, daemon=True,
                             args=(self._worker_result_queue, self._data_queue, 0, self._done, None)).start()
        self._reset(loader, first_iter=True)

    def _arguments(self, number):
        loader = self._loader
        return (0, loader.dataset, self._index_queues[number], self._worker_result_queue, None, True, loader.collate_fn, False,
                self._base_seed, None, number, self._num_workers, self._persistent_workers)

    def _reset(self, loader, first_iter=False):
        super()._reset(loader, first_iter)
        self._send_idx = self._rcvd_idx = 0
        self._task_info = {}
        if not first_iter:
            for index_queue in self._index_queues:
                index_queue.put(worker._ResumeIteration())
            for _ in self._index_queues:
                self._get_data()
        for _ in range(self._prefetch_factor * self._num_workers):
            self._try_put_index()

    def _try_put_index(self):
        try:
            index = self._next_index()
        except StopIteration:
            return
        number = self._send_idx % self._num_workers
        if not self._in_order:  # to whoever has least to do
            waiting = [entry[0] for entry in self._task_info.values()]
            number = min(range(self._num_workers), key=waiting.count)
        self._index_queues[number].put((self._send_idx, list(index)))
        self._task_info[self._send_idx] = (number,)
        self._send_idx += 1

    def _get_data(self):
        return self._data_queue.get()

    def _next_data(self):
        while True:
            if not self._task_info:
                if not self._persistent_workers:
                    self._shutdown_workers()
                raise StopIteration
            if self._in_order and len(self._task_info[self._rcvd_idx]) == 2:
                number, data = self._task_info.pop(self._rcvd_idx)
                self._rcvd_idx += 1
                return self._process_data(data, number)
            task, data = self._get_data()
            if not self._in_order:
                return self._process_data(data, self._task_info.pop(task)[0])
            if task == self._rcvd_idx:
                self._rcvd_idx += 1
                return self._process_data(data, self._task_info.pop(task)[0])
            self._task_info[task] += (data,)

    def _process_data(self, data, worker_idx):
        self._try_put_index()
        return data

    def _shutdown_workers(self):
        if not self._shutdown:
            self._shutdown = True
            for index_queue in self._index_queues:
                index_queue.put(None)
            for one in self._workers:
                one.join()
            if self._pin_memory:
                self._done.set()


class _MultiProcessingDataLoaderIter(_WorkersDataLoaderIter):
    _queue = staticmethod(multiprocessing.Queue)

    def _start(self, number):
        process = multiprocessing.Process(target=worker._process_worker_loop, args=self._arguments(number) + (None,), daemon=True)
        process.start()
        return process


class _ThreadingDataLoaderIter(_WorkersDataLoaderIter):
    _queue = staticmethod(queue.Queue)

    def _start(self, number):
        thread = threading.Thread(target=worker._thread_worker_loop, args=self._arguments(number), daemon=True)
        thread.start()
        return thread
