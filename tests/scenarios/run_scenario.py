# SPDX-License-Identifier: Apache-2.0
"""Records a healthy and a slowed job with the shipped program, diffs them, and checks the verdict.

    run_scenario.py --stepscope BIN --work DIR NAME      (NAME: a row of scenarios.py)

What must hold: the expected cause is the first term, and the first finding says why; its size is within max(5 %, 0.5 ms) of what the jobs measured
themselves; the terms add up to the change exactly; and where no slowdown was injected, nothing is flagged. A machine that was slower for one side is a
change too, and rightly flagged: where the jobs' own clocks say so of jobs that ought to be equal, both sides are recorded again.
So they are where the size is wrong and the steps, by the jobs' own clocks, did not grow by what was injected: then something else changed as well.
Exit status 0 = holds, 77 = cannot run here (no torch, or the machine changes its speed all the time), 1 = does not hold.
"""
import argparse
import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from scenarios import SCENARIOS, other_step_ms, piece_growth, piece_growth_in_worker, step_growth  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON = os.environ.get("STEPSCOPE_TEST_PYTHON", "/usr/bin/python3")
SKIPPED = 77
EQUAL_SHARE = 0.03  # by how much the steps of two equal jobs may differ
ATTEMPTS = 6


def skip(reason):
    print("skipped: " + reason)
    sys.exit(SKIPPED)


class NoCgroup(Exception):
    """This machine does not let us limit a cgroup."""


@contextlib.contextmanager
def cpu_quota(cpus):
    """A cgroup (v1 or v2) limited to `cpus`; NoCgroup where none can be made."""
    v1, v2 = "/sys/fs/cgroup/cpu", "/sys/fs/cgroup"
    parent = v1 if os.path.exists(v1 + "/cpu.cfs_quota_us") else v2
    path = f"{parent}/stepscope-scenario-{os.getpid()}"
    try:
        os.mkdir(path)
    except OSError as error:
        raise NoCgroup(f"no cgroup can be made here ({error})") from error
    try:
        try:
            if parent == v1:
                with open(path + "/cpu.cfs_quota_us", "w") as quota:
                    quota.write(str(int(cpus * 100000)))
            else:
                with open(path + "/cpu.max", "w") as quota:
                    quota.write(f"{int(cpus * 100000)} 100000")
        except OSError as error:
            raise NoCgroup(f"no CPU quota can be set here ({error})") from error
        yield path
    finally:
        os.rmdir(path)


def record(stepscope, work, arguments, tag):
    """Records train.py with these arguments; runs with equal arguments and tag are recorded once and shared."""
    key = hashlib.sha256(json.dumps([arguments, tag]).encode()).hexdigest()[:12]
    run, books = f"{work}/{key}", f"{work}/{key}.json"
    if not os.path.exists(books):
        shutil.rmtree(run, ignore_errors=True)
        command = [stepscope, "record", "-o", run, "--", PYTHON, HERE + "/train.py", "--books", books + ".part"]
        subprocess.run(command + arguments, check=True, timeout=120)
        os.rename(books + ".part", books)
    with open(books) as file:
        return run, json.load(file)


def record_sides(options, scenario, arguments, attempt):
    """The runs of both sides, one of each in turn: a list of (run, books) a side.

    A base is shared with other scenarios, recorded minutes ago perhaps, only where a slowdown stands out from what the machine did meanwhile.
    """
    shared = "" if scenario.expect else json.dumps(arguments)
    base, candidate = [], []
    for turn in range(scenario.runs * attempt, scenario.runs * (attempt + 1)):
        base.append(record(options.stepscope, options.work, scenario.base, f"base {turn}{shared}"))
        candidate.append(record(options.stepscope, options.work, arguments, f"candidate {turn}"))
    return base, candidate


def speed_changed(base_books, candidate_books):
    """Whether the machine was slower for one of two equal sides, by the jobs' own clocks: a sentence, or None.

    One run a side: more than EQUAL_SHARE apart. Several: that, and every run of one side slower than every run of the other.
    """
    base_ms, candidate_ms = ([other_step_ms(b) for b in books] for books in (base_books, candidate_books))
    growth = sum(candidate_ms) / sum(base_ms) - 1
    apart = max(base_ms) < min(candidate_ms) or max(candidate_ms) < min(base_ms)
    return f"the steps of equal jobs differ by {100 * growth:+.1f} %, by their own clocks" if apart and abs(growth) > EQUAL_SHARE else None


def record_equal_sides(options, scenario, arguments):
    """The first runs of both sides that were as fast by the jobs' own clocks, but for what was injected."""
    for attempt in range(max(3, ATTEMPTS // scenario.runs)):
        base, candidate = record_sides(options, scenario, arguments, attempt)
        changed = speed_changed([books for _, books in base], [books for _, books in candidate])
        if not changed:
            return base, candidate
        print("recorded again: " + changed)
    skip("this machine changed its speed between equal jobs each time")


def diff(stepscope, base, candidate):
    output = subprocess.run([stepscope, "diff", *base, "--vs", *candidate, "--json"], check=True, timeout=120,
                            stdout=subprocess.PIPE).stdout
    return json.loads(output)


def matches(name, patterns):
    return any(name.startswith(p) if p[-1] in "/." else name == p for p in patterns)


def check_classes(scenario, classes):
    """Whether the injected steps are a class of their own, in the candidate only."""
    problems = []
    for name, allowed in scenario.classes.items():
        found = [c for c in classes if c["class"] == name]
        if len(found) != 1 or found[0]["candidate_steps"] not in allowed or found[0]["base_steps"] != 0:
            problems.append(f"steps of class {name}: {found}, expected {allowed} in the candidate, none in the base")
    return problems


def check_findings(scenario, first, findings):
    """Whether the first finding is about the first term and says why."""
    family = first["leaf"].split("/")[0]
    said = [f["sentence"] for f in findings if f["id"] in (first["leaf"], family)]
    if not findings or findings[0]["id"] not in (first["leaf"], family):
        return [f"the first finding is not about {first['leaf']}: {[f['sentence'] for f in findings]}"]
    return [f"the finding does not say '{text}': {said[0]}" for text in scenario.finding if text not in said[0]]


def allowed_error_ms(injected_ms):
    return max(0.05 * abs(injected_ms), 0.5)


def something_else_changed(scenario, base_books, candidate_books):
    """Whether the steps of two single runs grew by something else than the piece that was slowed, by the jobs' own clocks."""
    if scenario.runs > 1 or not scenario.expect or scenario.injected_ms not in (piece_growth, piece_growth_in_worker):
        return False
    injected_ms = scenario.injected_ms(base_books, candidate_books)
    grown_ms = step_growth(base_books, candidate_books)
    if abs(grown_ms - injected_ms) <= allowed_error_ms(injected_ms) / 2:  # half of it is for the verdict
        return False
    print(f"something else changed: {injected_ms:+.3f} ms/step were injected, the steps took {grown_ms:+.3f} ms by the jobs' own clocks")
    return True


def check(scenario, result):
    """All that does not hold but for the size, as sentences."""
    problems = check_classes(scenario, result["classes"])
    terms = result["terms"]
    if sum(t["delta_ns"] for t in terms) != result["delta_ns"]:
        problems.append("the terms do not add up to the change")
    if result["residual_ns"] != 0:
        problems.append(f"residual {result['residual_ns']} ns")
    if not scenario.expect:
        problems += [f"{t['leaf']} is flagged ({t['delta_ns'] / 1e6:+.3f} ms) though nothing was slowed"
                     for t in terms if t["flagged"]]
        problems += [f"a finding though nothing was slowed: {f['sentence']}" for f in result["findings"]]
        return problems
    first = terms[0]
    if not matches(first["leaf"], scenario.expect):
        problems.append(f"first term is {first['leaf']}, expected {' or '.join(scenario.expect)}")
    if not first["flagged"]:
        problems.append(f"{first['leaf']} is not flagged")
    return problems + check_findings(scenario, first, result["findings"])


def check_size(scenario, terms, injected_ms):
    """Whether the first term, or those that share the slowdown, are as large as it is."""
    if not scenario.expect:
        return []
    shared = [t for t in terms if matches(t["leaf"], scenario.together)] if scenario.together else terms[:1]
    found_ms = sum(t["delta_ns"] for t in shared) / 1e6
    allowed_ms = allowed_error_ms(injected_ms)
    if abs(found_ms - injected_ms) <= allowed_ms:
        return []
    return [f"{terms[0]['leaf']} is {found_ms:+.3f} ms, injected were {injected_ms:+.3f} ms (allowed error {allowed_ms:.3f} ms)"]


def compare(options, scenario, arguments, attempt):
    """Records the runs of both sides and diffs them: what does not hold, the size apart, and the books of the last pair."""
    base, candidate = record_sides(options, scenario, arguments, attempt) if scenario.expect else record_equal_sides(options, scenario, arguments)
    result = diff(options.stepscope, [run for run, _ in base], [run for run, _ in candidate])
    base_books, candidate_books = base[-1][1], candidate[-1][1]
    injected_ms = scenario.injected_ms(base_books, candidate_books)
    print(f"injected {injected_ms:+.3f} ms/step, step time {result['delta_ns'] / 1e6:+.3f} ms/step")
    for term in result["terms"][:6]:
        print(f"  {term['leaf']:24} {term['delta_ns'] / 1e6:+9.3f} ms {'flagged' if term['flagged'] else ''}")
    for finding in result["findings"]:
        print(f"  {finding['id']}: {finding['sentence']}")
    return check(scenario, result), check_size(scenario, result["terms"], injected_ms), (base_books, candidate_books)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--stepscope", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("name", choices=list(SCENARIOS))
    options = parser.parse_args()
    if subprocess.run([PYTHON, "-c", "import torch"], stderr=subprocess.DEVNULL).returncode != 0:
        skip(f"{PYTHON} has no torch")
    os.makedirs(options.work, exist_ok=True)
    scenario = SCENARIOS[options.name]
    with contextlib.ExitStack() as stack:
        arguments = list(scenario.candidate)
        if scenario.cgroup_cpus:
            try:
                arguments += ["--cgroup", stack.enter_context(cpu_quota(scenario.cgroup_cpus))]
                print(f"used: a cgroup with a quota of {scenario.cgroup_cpus} CPUs")
            except NoCgroup as reason:
                print(f"used: affinity to one CPU ({scenario.fallback}), because {reason}")
                scenario = SCENARIOS[scenario.fallback]
                arguments = list(scenario.candidate)
        for attempt in range(ATTEMPTS):
            problems, wrong_size, books = compare(options, scenario, arguments, attempt)
            if problems or not wrong_size or not something_else_changed(scenario, *books):
                break
        else:
            skip("on this machine more than what was injected changed each time")
    for problem in problems + wrong_size:
        print("WRONG: " + problem)
    sys.exit(1 if problems or wrong_size else 0)


if __name__ == "__main__":
    main()
