# SPDX-License-Identifier: Apache-2.0
"""End to end: real torch under the real libstepscope.so, read back from the recordings with `stepscope sql`.

Environment beside support.py's: STEPSCOPE_COLLECTOR (libstepscope.so) and STEPSCOPE_PROGRAM (the `stepscope` program).
"""
import json
import os
import re
import shutil
import subprocess
import sys

from support import HOOKS, SKIPPED, HookTest, main

COLLECTOR = os.environ.get("STEPSCOPE_COLLECTOR", "")
PROGRAM = os.environ.get("STEPSCOPE_PROGRAM", "")

TRAINING = """
import sys, torch
from torch.utils.data import DataLoader, Dataset

class Map(Dataset):
    def __len__(self):
        return 40
    def __getitem__(self, index):
        return torch.full((2,), float(index))

def main():
    model = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.001)
    options = dict(num_workers=2, multiprocessing_context=sys.argv[1]) if sys.argv[1] != "none" else {}
    for epoch in range(2):
        for number, batch in enumerate(DataLoader(Map(), batch_size=4, **options)):
            model(batch).sum().backward()
            if number % 2:
                optimizer.step()
                optimizer.zero_grad()
    torch.save(model.state_dict(), "model.pt")
    print("trained")

if __name__ == "__main__":
    main()
"""


SAMPLED = """
import time, torch

def busy():
    end = time.monotonic() + 2
    while time.monotonic() < end:
        pass

busy()
"""


class RecordingTest(HookTest):
    def test_no_part_of_a_recorded_training_opens_a_connection(self):
        if not shutil.which("strace"):
            self.skipTest("no strace")
        run_folder, trace = os.path.join(self.folder, "run"), os.path.join(self.folder, "trace")
        script = self.write("train.py", TRAINING)
        command = ["strace", "-f", "-qq", "-e", "trace=socket,connect,bind,listen,accept,accept4,sendto", "-o", trace]
        recorded = [PROGRAM, "record", "-o", run_folder, "--", sys.executable, script, "fork"]
        environment = dict(os.environ, STEPSCOPE_LIBRARY=COLLECTOR)
        probe = subprocess.run([*command, "true"], stderr=subprocess.PIPE, text=True, check=False)
        if probe.returncode != 0:
            self.skipTest("strace cannot trace here: " + probe.stderr.strip())

        def families(of):
            done = subprocess.run([*command, *of], cwd=self.folder, env=environment, stdout=subprocess.PIPE, text=True, check=True)
            self.assertIn("trained", done.stdout)
            with open(trace, encoding="utf-8", errors="replace") as file:
                # torch's own workers talk over Unix sockets; what leaves the machine has an address of another family.
                return sum(1 for line in file if re.search(r"AF_INET|AF_PACKET|AF_NETLINK", line))

        self.assertEqual(families(recorded), 0)
        self.assertTrue([name for name in os.listdir(run_folder) if name.endswith(".stepscope")])

    def test_the_stack_sampler_end_to_end(self):
        run_folder = os.path.join(self.folder, "run")
        environment = dict(os.environ, STEPSCOPE_LIBRARY=COLLECTOR)
        subprocess.run([PROGRAM, "record", "-o", run_folder, "--python-samples", "100", "--", sys.executable,
                        self.write("busy.py", SAMPLED)], check=True, env=environment, stderr=subprocess.DEVNULL)
        (row,) = self.rows(run_folder, "SELECT count(*), max(stack) FROM python_sample WHERE stack LIKE '%busy.py:busy%'")
        count, stack = self.values(row)
        self.assertTrue(60 <= count <= 220, count)  # 100 a second for two seconds, less where the machine is busy
        self.assertIn("busy.py:<module>;busy.py:busy", stack)

    def record(self, start_method):
        run_folder = os.path.join(self.folder, "run-" + start_method)
        os.mkdir(run_folder, 0o700)
        environment = {"LD_PRELOAD": COLLECTOR, "STEPSCOPE_LIBRARY": COLLECTOR, "STEPSCOPE_DIR": run_folder, "PYTHONPATH": HOOKS}
        run = self.python(TRAINING, start_method, environment=environment)
        self.assertEqual((run.code, run.out, self.said(run)), (0, "trained\n", ""))
        subprocess.run([PROGRAM, "finalize", run_folder], check=True, stdout=subprocess.DEVNULL)
        return run_folder

    def rows(self, run_folder, query):
        done = subprocess.run([PROGRAM, "sql", run_folder, query, "--json"], check=True, stdout=subprocess.PIPE, text=True)
        return json.loads(done.stdout)["rows"]

    def test_every_batch_is_joined_with_its_worker(self):
        for start_method in ("none", "fork", "spawn", "forkserver"):
            with self.subTest(start_method=start_method):
                run_folder = self.record(start_method)
                self.assertEqual(len([name for name in os.listdir(run_folder) if name.startswith("worker-")]),
                                 0 if start_method == "none" else 4)
                (joined,) = self.rows(run_folder, """
                    SELECT count(*), sum(b.dispatch_ns <= f.received_ns AND f.received_ns <= f.start_ns
                                         AND f.start_ns + f.dur_ns <= f.put_ns AND f.put_ns <= b.arrive_ns
                                         AND b.arrive_ns <= b.start_ns + b.dur_ns AND b.worker = f.worker)
                    FROM batch b JOIN batch_fetch f ON f.loader = b.loader AND f.epoch = b.epoch AND f.task = b.task
                    WHERE (b.flags & 2) = 0""")
                self.assertEqual(self.values(joined), [20, 20])
                (counts,) = self.rows(run_folder, """
                    SELECT (SELECT count(*) FROM batch), (SELECT count(*) FROM batch_fetch),
                           (SELECT count(*) FROM step_event WHERE micro_steps = 2), (SELECT count(*) FROM phase WHERE op = 5)""")
                self.assertEqual(self.values(counts), [22, 20, 10, 1])
                losses = self.rows(run_folder, "SELECT counter FROM loss WHERE counter LIKE 'python.%' OR counter LIKE '%drop%'")
                self.assertEqual(losses, [])

    @staticmethod
    def values(row):
        return list(row.values()) if isinstance(row, dict) else list(row)


if __name__ == "__main__":
    if not (os.path.exists(COLLECTOR) and os.path.exists(PROGRAM)):
        print("skipped: STEPSCOPE_COLLECTOR and STEPSCOPE_PROGRAM name the built library and program")
        sys.exit(SKIPPED)
    main()
