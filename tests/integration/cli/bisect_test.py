# SPDX-License-Identifier: Apache-2.0
"""samples/ci_gate/bisect.sh under a real `git bisect run`: it finds the commit that made the program slower."""
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from toy_repository import SAMPLES, commit, environment, git, make_repository

FAST_US, SLOW_US = 4000, 12000
ALLOWED_PERCENT = "50"  # far from both, however busy this machine is


class Bisect(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="stepscope-bisect-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.repository = self.folder / "repository"
        make_repository(self.repository)
        shutil.copy(SAMPLES / "bisect.sh", self.folder)

    def bisect(self, commits, command="/usr/bin/python3 train.py", **more):
        """Output and exit code of a bisection between the first and the last of these commits."""
        git(self.repository, "bisect", "start", commits[-1], commits[0])
        done = subprocess.run(["git", "bisect", "run", self.folder / "bisect.sh", commits[0], command], cwd=self.repository,
                              env=environment(self.folder, **{"RUNS": "3", "MAX_REGRESSION": ALLOWED_PERCENT, **more}), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return done.stdout, done.returncode

    def test_finds_the_commit_and_steps_over_one_that_does_not_work(self):
        commits = [commit(self.repository, f"change {n}", SLOW_US if n >= 6 else FAST_US, "no" if n == 4 else "yes") for n in range(9)]
        out, code = self.bisect(commits)
        self.assertEqual(code, 0, out)
        self.assertIn(f"{commits[6]} is the first bad commit", out)
        self.assertIn(f"skip {commits[4]}", git(self.repository, "bisect", "log"))
        self.assertIn("verdict=regression exit=1", out)
        self.assertEqual(git(self.repository, "status", "--porcelain"), "", "runs are not among the program's files")
        git(self.repository, "bisect", "reset")
        git(self.repository, "worktree", "remove", "--force", ".git/stepscope-bisect/good")  # as the script's head says

    def test_what_is_no_commits_fault_ends_it(self):
        commits = [commit(self.repository, f"change {n}", FAST_US) for n in range(3)]
        for why, expected, more in (("the program is missing", "nowhere/stepscope is not on the PATH", {"STEPSCOPE": "nowhere/stepscope"}),
                                    ("it cannot be built", "cannot be built: exit 9", {"BUILD": "exit 9"}),
                                    ("the policy is wrong", "--max-regression x", {"MAX_REGRESSION": "x"})):
            with self.subTest(why):
                out, code = self.bisect(commits, **more)
                self.assertNotEqual(code, 0, out)
                self.assertIn(expected, out)
                self.assertNotIn("first bad commit", out)

    def test_a_good_commit_that_does_not_work_ends_it(self):
        commits = [commit(self.repository, f"change {n}", FAST_US, "no" if n == 0 else "yes") for n in range(3)]
        out, code = self.bisect(commits)
        self.assertNotEqual(code, 0, out)
        self.assertIn("ended with exit code 1: /usr/bin/python3 train.py", out)


if __name__ == "__main__":
    unittest.main()
