#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Gates a change in CI: records a few runs of the program as it was and as it is now, in turns (old new, new old, ...), so that both
# see the same machine in the same state however that drifts, and asks stepscope whether the new one is slower.
#   gate.sh 'BASE COMMAND' 'CANDIDATE COMMAND'
# Ends with the gate's exit code; 2 also when a command fails: a run that broke off measures nothing.
# RUNS (default 3): runs per side. OUT (default gate-runs): where runs and results go. POLICY: the policy file.
set -euo pipefail
[ $# -eq 2 ] || { echo "usage: gate.sh 'BASE COMMAND' 'CANDIDATE COMMAND'" >&2; exit 2; }
runs=${RUNS:-3} out=${OUT:-gate-runs} policy=${POLICY:-$(dirname "$0")/gate.toml} stepscope=${STEPSCOPE:-stepscope}

record() {
  rm -rf "$1"  # a runner of one's own may keep what the job before left
  "$stepscope" record -o "$1" -- sh -c "$2" >&2 || { echo "gate.sh: ended with exit code $?: $2" >&2; exit 2; }
}

mkdir -p "$out"
base=() candidate=()
for ((i = 1; i <= runs; ++i)); do
  sides=(base candidate)
  ((i % 2)) || sides=(candidate base)
  for side in "${sides[@]}"; do
    command=$1
    [ "$side" = base ] || command=$2
    record "$out/$side-$i" "$command"
  done
  base+=("$out/base-$i") candidate+=("$out/candidate-$i")
done

forms=(--json "$out/gate.json" --junit "$out/gate.xml" --html "$out/gate.html")
[ -z "${GITHUB_STEP_SUMMARY:-}" ] || forms+=(--markdown "$GITHUB_STEP_SUMMARY" --github)
exec "$stepscope" gate "${candidate[@]}" --baseline "${base[@]}" --policy "$policy" "${forms[@]}"
