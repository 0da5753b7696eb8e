# SPDX-License-Identifier: Apache-2.0
"""torchdata's StatefulDataLoader: iterators of its own on torch's base class; a restored one goes on with the seed it had."""
import itertools
import multiprocessing

from torch.utils.data.dataloader import DataLoader, _BaseDataLoaderIter
from torch.utils.data._utils import fetch

from . import worker


class StatefulDataLoader(DataLoader):
    _state = _live = None

    def state_dict(self):
        return {"base_seed": self._live._base_seed, "yielded": self._live._yielded}

    def load_state_dict(self, state):
        self._state = state

    def __iter__(self):
        state, self._state = self._state, None
        kind = _StatefulMultiProcessingDataLoaderIter if self.num_workers else _StatefulSingleProcessDataLoaderIter
        self._live = kind(self, state)
        return self._live


class _StatefulBase(_BaseDataLoaderIter):
    def __init__(self, loader, state):
        super().__init__(loader)
        self._yielded = 0
        if state is not None:
            self._base_seed = state["base_seed"]
            self._yielded = state["yielded"]
            self._sampler_iter = itertools.islice(self._sampler_iter, state["yielded"], None)


class _StatefulSingleProcessDataLoaderIter(_StatefulBase):
    def __init__(self, loader, state):
        super().__init__(loader, state)
        self._dataset_fetcher = fetch._MapDatasetFetcher(loader.dataset, True, loader.collate_fn, False)

    def _next_data(self):
        data = self._dataset_fetcher.fetch(self._next_index())
        self._yielded += 1
        return data


class _StatefulMultiProcessingDataLoaderIter(_StatefulBase):
    def __init__(self, loader, state):
        super().__init__(loader, state)
        self._shutdown, self._in_order, self._prefetch_factor = False, True, loader.prefetch_factor
        self._data_queue = multiprocessing.Queue()
        self._index_queues = [multiprocessing.Queue() for _ in range(self._num_workers)]
        self._workers = []
        for number, index_queue in enumerate(self._index_queues):
            process = multiprocessing.Process(target=worker._worker_loop, daemon=True, args=(
                0, loader.dataset, index_queue, self._data_queue, None, True, loader.collate_fn, False, self._base_seed, None,
                number, self._num_workers, False, None, None))
            process.start()
            self._workers.append(process)
        self._send_idx = self._rcvd_idx = 0
        self._task_info = {}
        for _ in range(self._prefetch_factor * self._num_workers):
            self._try_put_index()

    def _try_put_index(self):
        try:
            index = list(self._next_index())
        except StopIteration:
            return
        number = self._send_idx % self._num_workers
        self._index_queues[number].put((self._send_idx, (index, True)))
        self._task_info[self._send_idx] = (number,)
        self._send_idx += 1

    def _get_data(self):
        return self._data_queue.get()

    def _next_data(self):
        while True:
            if not self._task_info:
                self._shutdown_workers()
                raise StopIteration
            if len(self._task_info[self._rcvd_idx]) == 2:
                data = self._task_info.pop(self._rcvd_idx)[1]
            else:
                task, (data, _, _) = self._get_data()
                if task != self._rcvd_idx:
                    self._task_info[task] += (data,)
                    continue
                del self._task_info[task]
            self._rcvd_idx += 1
            self._yielded += 1
            self._try_put_index()
            return data

    def _shutdown_workers(self):
        if not self._shutdown:
            self._shutdown = True
            for index_queue in self._index_queues:
                index_queue.put(None)
            for one in self._workers:
                one.join()
