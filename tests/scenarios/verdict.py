# SPDX-License-Identifier: Apache-2.0
"""What a diff named, held against the truth about a simulated scenario."""
import re
from dataclasses import dataclass, field

# Terms that a finding speaks of besides the one it is named after (docs/METRICS.md, "Findings about GPUs").
COVERED = {
    "gpu.clock": ("compute/",),
    "idle.sync": ("idle.sync", "idle.launch", "idle.unknown"),
    "copy.pageable": ("copy.exposed/h2d", "copy.exposed/d2h"),
    "compute": ("compute/forward", "compute/backward"),
}
REFUSED = (4, 5)  # exit codes: not comparable; unreadable or damaged
LEAST_ALLOWED_NS = 50e3
ALLOWED_SHARE = 0.02


def matches(name, patterns):
    """Whether a name is one of these; a pattern that ends in / or . stands for a family."""
    return any(name.startswith(p) if p[-1] in "/." else name == p for p in patterns)


@dataclass
class Cause:
    """A cause as a reader of the diff meets it."""
    name: str
    effect_ns: int
    rank: int = -1  # whose fault it is, else of the place it points to
    terms: tuple = ()  # what it accounts for, when its name is no term

    def is_one_of(self, patterns):
        """By its name, or by everything that it puts the blame on."""
        return matches(self.name, patterns) or bool(self.terms) and all(matches(term, patterns) for term in self.terms)


def rank_of(finding):
    if finding["rank"] is not None:
        return finding["rank"]
    found = re.search(r"-r(\d+)-", (finding["where"] or {}).get("process", ""))
    return int(found.group(1)) if found else -1


def named_causes(diff):
    """Findings, and flagged terms that no finding speaks of; the largest first."""
    findings = [f for f in diff["findings"] if not f["id"].startswith("recording.")]
    causes = [Cause(f["id"], f["effect_ns"], rank_of(f), tuple(f["terms"])) for f in findings]
    spoken_of = [pattern for f in findings for pattern in COVERED.get(f["id"], ()) + (f["id"], *f["terms"])]
    causes += [Cause(t["leaf"], t["delta_ns"], -1 if t["rank"] is None else t["rank"]) for t in diff["terms"] if t["flagged"] and not matches(t["leaf"], spoken_of)]
    return sorted(causes, key=lambda cause: -abs(cause.effect_ns))


def contribution_ns(names, diff):
    """What the diff says of a cause, flagged or not: its finding's effect, else its terms together."""
    for finding in diff["findings"]:
        if Cause(finding["id"], 0, -1, tuple(finding["terms"])).is_one_of(names):
            return finding["effect_ns"]
    return sum(t["delta_ns"] for t in diff["terms"] if matches(t["leaf"], names))


@dataclass
class Verdict:
    right: bool
    said: str  # in a few words
    errors: list = field(default_factory=list)  # per cause: (ns off, ns allowed)
    false_causes: list = field(default_factory=list)


def show(causes):
    return ", ".join(f"{c.name} {c.effect_ns / 1e6:+.2f}" for c in causes[:4]) or "nothing"


def wrong_group(expected, diff):
    """How the group of kernels that changed most is matched, where that is not as expected; else ""."""
    groups = diff.get("kernels", {}).get("groups", [])
    found = f"{groups[0]['match_tier']} {groups[0]['change']}" if groups else "nothing"
    return "" if not expected or found in expected else found


def refused(exit_code, diff):
    faster = diff is not None and diff.get("flagged") and diff["delta_ns"] < 0
    return Verdict(exit_code in REFUSED, f"exit code {exit_code}", [], ["faster"] if faster and exit_code == 0 else [])


def judge(truth, exit_code, diff):
    """`diff` is the JSON of stepscope diff, None when it gave none."""
    if truth["expect"] == "refusal":
        return refused(exit_code, diff)
    if exit_code != 0 or diff is None:
        return Verdict(False, f"exit code {exit_code}")
    assert diff["residual_ns"] == 0, "the terms do not add up to the change"
    named = named_causes(diff)
    if truth["expect"] == "nothing":
        missing = [name for name in truth["hidden"] if not any(matches(h["name"], [name]) for h in diff["hidden"])]
        said = show(named) + "".join(f"; {name} is not listed as hidden" for name in missing)
        return Verdict(not named and not missing, said, [], [c.name for c in named])
    expected = truth["causes"]
    right = bool(named)
    for index, cause in enumerate(expected):
        candidates = named[:1] if index == 0 else named[1:]
        right = right and any(c.is_one_of(cause["names"]) and cause["rank"] in (-1, c.rank) for c in candidates)
    errors = [(abs(contribution_ns(cause["names"], diff) - cause["ns"]),
               max(LEAST_ALLOWED_NS, ALLOWED_SHARE * abs(cause["ns"]))) for cause in expected]
    allowed = [name for cause in expected for name in cause["names"]] + truth["consequences"]
    group = wrong_group(truth["groups"], diff)
    said = show(named) + (f"; kernels are matched by {group}" if group else "")
    return Verdict(right and not group, said, errors, [c.name for c in named if not c.is_one_of(allowed)])
