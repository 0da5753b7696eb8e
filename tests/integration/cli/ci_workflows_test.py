# SPDX-License-Identifier: Apache-2.0
"""samples/ci_gate/{github,gitlab}.yml, run as their runners would: their commands for real, checkout and artifacts by stand-ins.

Each job runs twice in the same folder, as on a machine of one's own that keeps what the job before left.
Skips (exit code 77) where Python has no YAML."""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

try:
    import yaml
except ImportError:
    print("skipped: no module yaml (Debian: python3-yaml)")
    sys.exit(77)
from toy_repository import SAMPLES, commit, environment, git, make_repository

FASTER_US, FAST_US, SLOW_US = 2000, 4000, 8000


class Workflows(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="stepscope-ci-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.repository = self.folder / "repository"
        self.workspace = self.folder / "workspace"
        self.workspace.mkdir()
        make_repository(self.repository)
        self.base = commit(self.repository, "as it was", FAST_US)

    def shell(self, options, script, directory, **variables):
        return subprocess.run(["bash", *options, "-c", script], cwd=directory, env=environment(self.folder, CI="true", **variables),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def check_results(self, folder, code, verdict):
        self.assertEqual(json.loads((folder / "gate.json").read_text())["verdict"], verdict)
        suite = xml.etree.ElementTree.parse(folder / "gate.xml").getroot().find("testsuite")
        self.assertGreater(int(suite.get("tests")), 1)
        self.assertEqual(int(suite.get("failures")) > 0, code == 1)
        self.assertTrue((folder / "gate.html").read_text().startswith("<!DOCTYPE html>"))


class GitHub(Workflows):
    def run_job(self, head):
        """Steps of the workflow's job on a pull request; returns what its `run` printed, its exit code, the summary and the artifacts."""
        job = yaml.safe_load((SAMPLES / "github.yml").read_text())["jobs"]["gate"]
        summary = self.folder / "summary.md"
        summary.write_text("")
        out, code, artifacts = "", 0, []
        for step in job["steps"]:
            if code != 0 and step.get("if") != "always()":
                continue
            options = step.get("with", {})
            uses = step.get("uses", "").split("@")[0]
            if uses == "actions/checkout":  # removes what is there
                ref = options.get("ref", head)
                ref = re.sub(r"\$\{\{ *github\.event\.pull_request\.base\.sha *\}\}", self.base, ref)
                self.assertNotIn("${{", ref)
                target = self.workspace / options["path"]
                shutil.rmtree(target, ignore_errors=True)
                git(self.repository, "worktree", "prune")
                git(self.repository, "worktree", "add", "--detach", str(target), ref)
            elif uses == "actions/upload-artifact":
                artifacts = sorted(path.name for path in self.workspace.glob(options["path"]))
            else:
                self.assertNotIn("${{", step["run"], "nothing of a pull request becomes part of a command")
                done = self.shell(["-e"], step["run"], self.workspace, GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(summary),
                                  GITHUB_WORKSPACE=str(self.workspace), GITHUB_OUTPUT=str(self.folder / "output"))
                out, code = done.stdout, done.returncode
        return out, code, summary.read_text(), artifacts

    def test_a_slower_change_fails_and_says_why_then_a_faster_one_passes(self):
        slow = commit(self.repository, "slower", SLOW_US)
        out, code, summary, artifacts = self.run_job(slow)
        self.assertEqual(code, 1, out)
        self.assertRegex(out, r"(?m)^::error title=stepscope gate%3A regression::the median step is [0-9.]+ %25 slower")
        self.assertIn("### ❌ stepscope gate: regression", summary)
        self.assertEqual(artifacts, ["gate.html", "gate.json", "gate.xml"])
        self.check_results(self.workspace / "gate-runs", code, "regression")

        faster = commit(self.repository, "faster", FASTER_US)
        out, code, summary, artifacts = self.run_job(faster)
        self.assertEqual(code, 0, out)
        self.assertNotIn("::error", out)
        self.assertIn("### ✅ stepscope gate: pass", summary)
        self.check_results(self.workspace / "gate-runs", code, "pass")

    def test_a_program_that_breaks_off_is_no_measurement(self):
        broken = commit(self.repository, "broken", FAST_US, "no")
        out, code, summary, artifacts = self.run_job(broken)
        self.assertEqual((code, summary, artifacts), (2, "", []), out)


class GitLab(Workflows):
    def run_job(self, head):
        """The script of the job on a merge request; returns its exit code, whether that fails the pipeline, and the artifacts."""
        job = yaml.safe_load((SAMPLES / "gitlab.yml").read_text())["step-time"]
        depth = int(job.get("variables", {}).get("GIT_DEPTH", 20))  # 20 is what GitLab does otherwise
        if not (self.workspace / ".git").exists():
            git(self.workspace, "init", "--quiet")
            git(self.workspace, "remote", "add", "origin", f"file://{self.repository}")
        git(self.workspace, "fetch", "--quiet", *([f"--depth={depth}"] if depth else []), "origin", "main")
        git(self.workspace, "checkout", "--quiet", "--force", "--detach", head)
        git(self.workspace, "clean", "-ffdx")
        done = self.shell(["-eo", "pipefail"], "\n".join(job["script"]), self.workspace, GITLAB_CI="true",
                          CI_PIPELINE_SOURCE="merge_request_event", CI_PROJECT_DIR=str(self.workspace),
                          CI_MERGE_REQUEST_DIFF_BASE_SHA=self.base)
        wanted = job["artifacts"]["paths"] + [job["artifacts"]["reports"]["junit"]]
        fails = done.returncode not in (0, job["allow_failure"]["exit_codes"])
        return done.returncode, fails, [path for path in wanted if (self.workspace / path).exists()], done.stderr

    def test_a_slower_change_fails_then_a_faster_one_does_not(self):
        for n in range(25):
            slow = commit(self.repository, f"slower {n}", SLOW_US)
        code, fails, artifacts, log = self.run_job(slow)
        self.assertEqual((code, fails), (1, True), log)
        self.assertEqual(len(artifacts), 3)
        self.check_results(self.workspace / "gate-runs", code, "regression")

        faster = commit(self.repository, "faster", FASTER_US)
        code, fails, artifacts, log = self.run_job(faster)
        self.assertEqual((code, fails), (0, False), log)
        self.check_results(self.workspace / "gate-runs", code, "pass")

    def test_a_program_that_breaks_off_fails_the_pipeline(self):
        broken = commit(self.repository, "broken", FAST_US, "no")
        code, fails, artifacts, log = self.run_job(broken)
        self.assertEqual((code, fails, artifacts), (2, True, []), log)


if __name__ == "__main__":
    unittest.main()
