# SPDX-License-Identifier: Apache-2.0
"""tests/gpu/run.sh against stand-ins: the whole script runs, and what goes wrong is what it says.

"""
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import time
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parent / "run.sh"
SECTIONS = ["cuda_sample", "kernel_counts", "training", "nccl", "coexistence", "kill", "kernel_cost", "step_time"]


class DryRun(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.out = pathlib.Path(folder.name)

    def run_script(self, faults="", *arguments):
        environment = dict(os.environ, STAND_IN=faults)
        environment.pop("OUT", None)
        command = [str(SCRIPT), "--dry-run", "--out", str(self.out), *arguments]
        self.done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        results = self.out / "results.tsv"
        rows = [row.split("\t") for row in results.read_text().splitlines()] if results.exists() else []
        self.assertTrue(all(len(row) == 4 for row in rows), rows)
        return rows

    def verdict_of(self, rows, what):
        found = [row[3] for row in rows if what in row[1]]
        self.assertEqual(len(found), 1, f"{what}: {rows}\n{self.done.stderr}")
        return found[0]

    def test_every_section_runs_and_every_bar_is_met(self):
        rows = self.run_script()
        self.assertEqual(self.done.returncode, 0, self.done.stderr + self.done.stdout)
        self.assertEqual(list(dict.fromkeys(row[0] for row in rows)), SECTIONS)
        self.assertEqual([row for row in rows if row[3] == "FAIL"], [])
        for what in ("kernel counts equal", "step time, steps (bar 0.3%)", "step time, kernels (bar 1.0%)", "step time, off",
                     "kill -9: kernels kept", "static cudart: kernels seen of 240", "yield: kernels of ours", "our CPU time per kernel"):
            self.assertEqual(self.verdict_of(rows, what), "PASS")
        self.assertEqual([row[2] for row in rows if row[1] == "step time, full"], ["63.000 ms, +5.00% ± 0.00%"])
        with tarfile.open(self.out / "recordings.tar.gz") as archive:
            self.assertIn("recordings/amp/job.json", archive.getnames())

        self.check_that_the_markdown_says_that_nothing_was_measured()

    def check_that_the_markdown_says_that_nothing_was_measured(self):
        text = (self.out / "results.md").read_text()
        self.assertIn("no number here was measured on a GPU", text)
        self.assertIn("| GPU, driver | Stand-in GPU, 000.00 |", text)
        for section in SECTIONS:
            self.assertIn(f"\n| {section} | | |\n", text)
        self.assertRegex(text, r"\d+ bars met, 0 not met")
        self.assertIn(text, self.done.stdout)

    def test_one_kernel_too_few_and_a_ledger_that_does_not_close_are_failures(self):
        rows = self.run_script("lose_kernels no_ledger")
        self.assertEqual(self.done.returncode, 1)
        self.assertEqual(self.verdict_of(rows, "kernel counts equal"), "FAIL")
        self.assertEqual(self.verdict_of(rows, "shared cudart: kernels seen"), "FAIL")
        self.assertEqual(self.verdict_of(rows, "shared cudart: copies seen"), "PASS")
        self.assertIn("stepscope 999, torch.profiler 1000: add", (self.out / "log.txt").read_text())
        self.assertEqual(self.verdict_of(rows, "torch.compile: self-check"), "FAIL")
        self.assertEqual(self.verdict_of(rows, "kill -9: self-check"), "FAIL")

    def test_a_cost_above_its_bar_is_a_failure(self):
        rows = self.run_script("slow")
        self.assertEqual(self.done.returncode, 1)
        self.assertEqual(self.verdict_of(rows, "step time, kernels"), "FAIL")
        self.assertEqual(self.verdict_of(rows, "step time, steps"), "PASS")

    def test_a_program_that_does_not_run_says_why_and_the_rest_goes_on(self):
        rows = self.run_script("no_samples")
        reasons = [row[2] for row in rows if row[1] == "shared cudart"]
        self.assertEqual(len(reasons), 1)
        self.assertIn("no CUDA-capable device is detected", reasons[0])
        self.assertEqual(self.verdict_of(rows, "step time, kernels"), "PASS")

    def test_what_hangs_is_stopped_and_what_has_no_time_left_is_named(self):
        # It is the first section that hangs: how far the others come in these seconds would be for the machine to say.
        begin = time.monotonic()
        rows = self.run_script("hang", "--seconds", "25")
        self.assertLess(time.monotonic() - begin, 60)
        self.assertEqual(self.done.returncode, 1)
        sections = {row[0]: row for row in rows if row[1] == "the section"}
        self.assertRegex(sections["cuda_sample"][2], r"ran past its \d+ s")
        self.assertEqual(list(sections), SECTIONS)
        for name in SECTIONS[1:]:
            self.assertEqual(sections[name][2:], ["no time left: 25 s are used up", "SKIP"])

    def test_without_a_gpu_the_script_says_so(self):
        environment = dict(os.environ, PATH=f"{SCRIPT.parent / 'dry_run'}:{os.environ['PATH']}", STAND_IN="no_gpu")
        done = subprocess.run([str(SCRIPT), "--out", str(self.out)], env=environment, stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("no GPU here", done.stderr)

    def test_the_shell_scripts_are_clean(self):
        scripts = [SCRIPT, SCRIPT.parent / "pack.sh"]
        try:
            done = subprocess.run(["shellcheck", *map(str, scripts)], stdout=subprocess.PIPE, text=True, check=False)
        except FileNotFoundError:
            self.skipTest("shellcheck is not installed")
        self.assertEqual(done.returncode, 0, done.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
