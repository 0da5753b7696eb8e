# SPDX-License-Identifier: Apache-2.0
"""Public recordings of other people's jobs whose difference is known, and what the diff says of them.

One row per pair. Expected answers are those that the recordings' publishers gave (what was changed, published slowdowns), not ours.
Rows of a folder that is not there are left out.
"""
import json
import os
import subprocess
import tempfile
from dataclasses import dataclass

from verdict import named_causes

OPERATOR_TIERS = ("exact", "family", "operator")
LEAST_MATCHED = 0.9
ALLOWED_SHARE = 0.02  # of a published number
WORKERS_4 = "kineto_tb_plugin/resnet50_num_workers_4__worker0.1623212756351.pt.trace.json.gz"
WORKERS_4_AGAIN = "kineto_tb_plugin/resnet50_num_workers_4__worker0.1623213129365.pt.trace.json.gz"
WORKERS_0 = "kineto_tb_plugin/resnet50_num_workers_0__worker0.1623143089861.pt.trace.json.gz"
MODELS = ("Falconsai_nsfw_image_detection__1016002", "Qwen_Qwen1.5-0.5B-Chat__1016005", "gaunernst_bert-small-uncased__1016001")


@dataclass
class PairResult:
    name: str
    expected: str
    found: str
    right: bool


@dataclass
class Compared:
    """What `stepscope diff A --vs B` did, as text and as JSON."""
    exit_code: int
    said: str
    diff: dict


class Tools:
    def __init__(self, stepscope, replay_test, data, work):
        self.stepscope, self.replay_test, self.data, self.work = stepscope, replay_test, data, work
        self.runs = 0

    def has(self, *files):
        return all(os.path.exists(os.path.join(self.data, file)) for file in files)

    def import_trace(self, file):
        self.runs += 1
        run = os.path.join(self.work, f"run{self.runs}")
        subprocess.run([self.stepscope, "import", os.path.join(self.data, file), "-o", run], check=True, stdout=subprocess.DEVNULL)
        return run

    def compare(self, base, candidate):
        command = [self.stepscope, "diff", self.import_trace(base), "--vs", self.import_trace(candidate)]
        text = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        document = subprocess.run(command + ["--json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
        return Compared(text.returncode, text.stdout + text.stderr, json.loads(document) if document else {})


def words(causes):
    return ", ".join(f"{cause.name} {cause.effect_ns / 1e6:+.1f} ms" for cause in causes[:3]) or "nothing"


def fewer_workers(tools):
    if not tools.has(WORKERS_4, WORKERS_0):
        return []
    got = tools.compare(WORKERS_4, WORKERS_0)
    named = named_causes(got.diff) if got.exit_code == 0 else []
    first = got.diff["terms"][0] if got.exit_code == 0 else {"leaf": "", "delta_ns": 0}
    rest = max([abs(cause.effect_ns) for cause in named[1:]], default=0)
    right = bool(named) and named[0].name == first["leaf"] == "data.other" and 3 * rest < named[0].effect_ns
    return [PairResult("ResNet-50, num_workers 4 -> 0", "data.other, no other a third of it", words(named), right)]


def same_job(tools):
    if not tools.has(WORKERS_4, WORKERS_4_AGAIN):
        return []
    got = tools.compare(WORKERS_4, WORKERS_4_AGAIN)
    named = named_causes(got.diff) if got.exit_code == 0 else []
    found = words(named) if got.exit_code == 0 else f"exit code {got.exit_code}"
    return [PairResult("ResNet-50, num_workers 4, again", "nothing", found, got.exit_code == 0 and not named)]


def other_world(tools):
    base, candidate = "hta/trace_diff/control/control.json.gz", "hta/trace_diff/test/test.json.gz"
    if not tools.has(base, candidate):
        return []
    got = tools.compare(base, candidate)
    blocking = [d["key"] for d in got.diff.get("comparability", {}).get("differences", []) if d["blocking"]]
    right = got.exit_code == 4 and "world size" in blocking and "not comparable" in got.said and "delta_ns" not in got.diff
    return [PairResult("HTA trace_diff, 8 x A100 -> 2 x V100", "exit code 4, world size", f"exit code {got.exit_code}, {', '.join(blocking)}", right)]


def other_gpu(tools):
    rows = []
    for model in MODELS:
        base, candidate = (f"tracelens/{machine}/{model}.json.gz" for machine in ("h100", "mi300"))
        if not tools.has(base, candidate):
            continue
        got = tools.compare(base, candidate)
        notes = [d["key"] for d in got.diff.get("comparability", {}).get("differences", [])]
        shares = got.diff.get("kernels", {}).get("tier_shares", {})
        matched = sum(shares.get(tier, 0) for tier in OPERATOR_TIERS)
        right = got.exit_code == 0 and matched >= LEAST_MATCHED and "GPU" in notes
        rows.append(PairResult(f"TraceLens {model.split('__')[0]}, H100 -> MI300X", f"{100 * LEAST_MATCHED:.0f} % matched by operator or better",
                               f"exit code {got.exit_code}, {100 * matched:.1f} %", right))
    return rows


def published_jobs(tools):
    """The replay against the artifact's numbers: unit test `replay_test`, which reads them there."""
    expected = {"AR": "stage 0 and data-parallel rank 0", "ST": "stage 3"}
    if tools.replay_test is None or not tools.has("straggler_analysis/trace-AR.csv.gz", "straggler_analysis/trace-ST.csv.gz"):
        return []
    report = os.path.join(tools.work, "replay.json")
    ended = subprocess.run([tools.replay_test, "--gtest_filter=StragglerAnalysis/*", f"--gtest_output=json:{report}"], stdout=subprocess.DEVNULL)
    with open(report) as file:
        tests = {test["value_param"].strip('"'): test for suite in json.load(file)["testsuites"] for test in suite["testsuite"]}
    rows = []
    for job, culprit in expected.items():
        test = tests[job]
        worst = float(test["worst_difference"])
        right = ended.returncode == 0 and "failures" not in test and test["culprit"] == culprit and worst <= ALLOWED_SHARE
        rows.append(PairResult(f"StragglerAnalysis {job}, {test['numbers']} published numbers", f"{culprit}; within {100 * ALLOWED_SHARE:.0f} %",
                               f"{test['culprit']}, alone x{float(test['culprit_slowdown']):.3f}; within {100 * worst:.3f} %", right))
    return rows


PAIRS = (fewer_workers, same_job, other_world, other_gpu, published_jobs)


def score_pairs(stepscope, replay_test, data, work):
    """One result per pair that is there."""
    with tempfile.TemporaryDirectory(prefix="stepscope-pairs-", dir=work) as directory:
        tools = Tools(os.path.abspath(stepscope), replay_test and os.path.abspath(replay_test), os.path.abspath(data), directory)
        return [row for pair in PAIRS for row in pair(tools)]


def print_pairs(rows):
    width = max(len(row.name) for row in rows)
    expected = max(len(row.expected) for row in rows)
    print(f"{'real recordings':{width}}  {'expected':{expected}}  found")
    for row in rows:
        print(f"{row.name:{width}}  {row.expected:{expected}}  {row.found}{'' if row.right else '   WRONG'}")
