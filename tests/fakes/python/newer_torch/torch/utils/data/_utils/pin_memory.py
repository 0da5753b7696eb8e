# SPDX-License-Identifier: Apache-2.0
import queue
import time


def _pin_memory_loop(in_queue, out_queue, device_id, done_event, device):
    while not done_event.is_set():
        try:
            item = in_queue.get(timeout=0.05)
        except queue.Empty:
            continue
        time.sleep(0.002)
        out_queue.put(item)
