# SPDX-License-Identifier: Apache-2.0
"""Jobs that hang, as the flight recorders of their ranks would have dumped them, and what `stepscope info` says of them.

A simulated job: ranks run one program of collectives on the whole job, on pairs and on halves, each a few calls ahead of what has
finished; a communicator finishes its collectives in order, each when all its members have called the same. One thing goes wrong, at a
random place of a random rank. Right is who names the rank (or, where the wire is at fault, none), in the communicator and at the number where
it began.
"""
import collections
import json
import os
import random
import subprocess
import tempfile
from dataclasses import dataclass

BYTES = {"BFloat16": 2, "Float": 4}
AHEAD = 3  # calls that a rank enqueues behind one that does not finish
START_NS, CALL_NS = 1700000000000000000, 10_000_000


@dataclass(frozen=True)
class Call:
    group: str
    op: str
    elements: int
    dtype: str = "BFloat16"


class Job:
    """Ranks, their communicators and the program of each."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.size = self.random.choice((8, 16))
        half = self.size // 2
        self.members = {"0": list(range(self.size))}
        self.members.update({f"pair{i}": [2 * i, 2 * i + 1] for i in range(half)})
        self.members.update({f"half{i}": list(range(i, self.size, 2)) for i in range(2)})
        self.programs = [self.program_of(rank) for rank in range(self.size)]
        self.broken = None  # (communicator, number) that never finishes though all called it
        self.stuck = {}     # rank: calls that it makes

    def program_of(self, rank):
        calls = []
        for step in range(6):
            for layer in range(4):
                calls += [Call(f"pair{rank // 2}", "all_gather", 4096), Call(f"pair{rank // 2}", "reduce_scatter", 2048)]
                calls.append(Call(f"half{rank % 2}", "all_reduce", 1000 * (layer + 1)))
            if step % 2:
                calls.append(Call("0", "all_reduce", 1))
        return calls

    def somewhere(self, wanted):
        """A rank, a place of its program that `wanted` takes, and that call's number in its communicator."""
        rank = self.random.randrange(self.size)
        program = self.programs[rank]
        at = self.random.choice([i for i in range(10, len(program) - 20) if wanted(program, i)])
        return rank, at, sum(1 for call in program[:at + 1] if call.group == program[at].group)

    def run(self):
        """(calls, how many of each communicator are finished) of each rank, when nothing moves any more."""
        called = [[] for _ in range(self.size)]
        numbered = [collections.defaultdict(list) for _ in range(self.size)]
        done = collections.Counter()
        moved = True
        while moved:
            moved = False
            for rank, program in enumerate(self.programs):
                waiting = sum(len(calls) - done[group] for group, calls in numbered[rank].items())
                at = len(called[rank])
                if at < self.stuck.get(rank, len(program)) and waiting <= AHEAD:
                    call = program[at]
                    called[rank].append(call)
                    numbered[rank][call.group].append(call)
                    moved = True
            for group, members in self.members.items():
                lists = [numbered[rank][group] for rank in members]
                while all(len(calls) > done[group] for calls in lists) and len({calls[done[group]] for calls in lists}) == 1 and (
                        self.broken != (group, done[group] + 1)):
                    done[group] += 1
                    moved = True
        return called, done


def dump(job, rank, called, done):
    numbers, entries = collections.Counter(), []
    for at, call in enumerate(called):
        numbers[call.group] += 1
        number, created = numbers[call.group], START_NS + at * CALL_NS
        finished = number <= done[call.group]
        started = number <= done[call.group] + 1
        entries.append({
            "record_id": at, "pg_id": list(job.members).index(call.group), "process_group": [call.group, call.group],
            "collective_seq_id": number, "p2p_seq_id": 0, "op_id": number, "profiling_name": "nccl:" + call.op, "time_created_ns": created,
            "input_sizes": [[call.elements]], "input_dtypes": [call.dtype], "output_sizes": [[call.elements]], "output_dtypes": [call.dtype],
            "state": "completed" if finished else "started" if started else "scheduled",
            "time_discovered_started_ns": created + 1_000_000 if started else 0,
            "time_discovered_completed_ns": created + 3_000_000 if finished else 0, "retired": finished, "timeout_ms": 600000,
            "is_p2p": False, "thread_id": "139", "thread_name": "pt_main_thread"})
    own = [group for group, members in job.members.items() if rank in members]
    status = {str(list(job.members).index(group)): {"last_enqueued_collective": str(numbers[group]),
              "last_started_collective": str(min(numbers[group], done[group] + 1)), "last_completed_collective": str(done[group])} for group in own}
    return {"version": "2.10", "nccl_version": "2.27.5", "nccl_comm_state": {}, "pg_status": status, "entries": entries,
            "pg_config": {group: {"name": group, "desc": group, "ranks": str(job.members[group])} for group in own}}


def stuck_rank(job):
    rank, at, number = job.somewhere(lambda program, i: True)
    job.stuck[rank] = at
    return "missing rank", job.programs[rank][at].group, number, rank


def skipped_call(job):
    def next_differs(program, i):
        later = [call for call in program[i + 1:] if call.group == program[i].group]
        return len(job.members[program[i].group]) > 2 and later and later[0] != program[i]
    rank, at, number = job.somewhere(next_differs)
    group = job.programs[rank][at].group
    del job.programs[rank][at]
    return "mismatch", group, number, rank


def other_type(job):
    rank, at, number = job.somewhere(lambda program, i: len(job.members[program[i].group]) > 2)
    call = job.programs[rank][at]
    job.programs[rank][at] = Call(call.group, call.op, call.elements, "Float")
    return "mismatch", call.group, number, rank


def dead_wire(job):
    rank, at, number = job.somewhere(lambda program, i: True)
    job.broken = (job.programs[rank][at].group, number)
    return "not finished", job.programs[rank][at].group, number, None


HANGS = (("22a", "a rank stops calling", stuck_rank), ("22b", "a rank skips a collective", skipped_call),
         ("22c", "a rank calls with another type", other_type), ("22d", "a collective never finishes", dead_wire))


def odd_ones(first):
    """The ranks that the answer points to."""
    ranks = first["ranks"]
    if first["kind"] == "missing rank":
        return [one["rank"] for one in ranks if one["state"] == "not called"]
    if first["kind"] != "mismatch":
        return [None]
    usual, _ = collections.Counter((one["op"], one["bytes"]) for one in ranks if one["op"]).most_common(1)[0]
    return [one["rank"] for one in ranks if one["op"] and (one["op"], one["bytes"]) != usual]


def one_hang(stepscope, breaks, seed, work):
    """None when the answer is right, else what was said."""
    job = Job(seed)
    kind, group, number, culprit = breaks(job)
    called, done = job.run()
    with tempfile.TemporaryDirectory(prefix="stepscope-hang-", dir=work) as directory:
        files = []
        for rank in range(job.size):
            files.append(os.path.join(directory, f"nccl_trace_rank_{rank}.json"))
            with open(files[-1], "w") as file:
                json.dump(dump(job, rank, called[rank], done), file)
        run = os.path.join(directory, "run")
        subprocess.run([stepscope, "import", *files, "-o", run], check=True, stdout=subprocess.DEVNULL)
        answer = json.loads(subprocess.run([stepscope, "info", run, "--json"], check=True, stdout=subprocess.PIPE, text=True).stdout)
    first = answer["unfinished"]["first"][0]
    said = (first["kind"], first["sequence"], odd_ones(first))
    right = said == (kind, number, [culprit]) and group in first["communicator"].split()[0:1] + [first["communicator"]]
    return None if right else f"{kind} at {group} {number}, rank {culprit}; said {first['communicator']} {said}: {first['sentence']}"


def score_hangs(stepscope, seeds, work, only=(), verbose=False):
    """Prints a row per kind of hang; True when all answers are right."""
    fine = True
    for scenario, name, breaks in HANGS:
        if only and scenario not in only:
            continue
        wrong = [(seed, said) for seed in seeds if (said := one_hang(os.path.abspath(stepscope), breaks, seed, work)) is not None]
        print(f"{scenario:>4} {name:40} {100 * (1 - len(wrong) / len(seeds)):5.0f} % of {len(seeds)} seeds name the rank, the communicator and the number")
        for seed, said in wrong if verbose else wrong[:1]:
            print(f"     seed {seed}: {said}")
        fine = fine and not wrong
    return fine
