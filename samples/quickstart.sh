#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# stepscope in five minutes, on Debian 12: installs what is needed, builds, trains a small real model twice (once with a
# slow data pipeline) under `stepscope record`, and asks why the second run is slower.
#   samples/quickstart.sh [DIR]     DIR: where the two recorded runs go (default: build/quickstart)
set -euo pipefail
cd "$(dirname "$0")/.."
unset LD_PRELOAD "${!STEPSCOPE_@}"
out=${1:-build/quickstart}
log=build/quickstart.log
bin=build/release
stepscope=$bin/analyzer/cli/stepscope
viewer=$bin/viewer/stepscope-viewer
python=/usr/bin/python3  # Debian's, which has Debian's PyTorch

bold=$(tput bold 2>/dev/null || true) plain=$(tput sgr0 2>/dev/null || true)
[ -t 1 ] && [ -z "${NO_COLOR:-}" ] || bold="" plain=""
say() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
quietly() { "$@" >>"$log" 2>&1 || { tail -n 40 "$log" >&2; echo "failed: $* (all of it: $log)" >&2; exit 1; }; }

mkdir -p build "$(dirname "$out")"
: >"$log"

say "1/4  Packages and build"
cmake/debian/install-packages.sh build sample
# As it is shipped, but for what a debugger would want to know; built from nothing.
quietly cmake --preset release -DSTEPSCOPE_BUILD_TESTS=OFF -DSTEPSCOPE_BUILD_BENCH=OFF -DSTEPSCOPE_QUICK_BUILD=ON
quietly cmake --build --preset release --target stepscope stepscope_collector stepscope-viewer
"$stepscope" --version

record() {
  local name=$1; shift
  rm -rf "${out:?}/$name"
  printf '\n$ stepscope record -o %s -- %s samples/train.py %s\n' "$out/$name" "$python" "$*"
  "$stepscope" record -o "$out/$name" -- "$python" samples/train.py "$@"
}

# As many data-loading workers as leave the training thread a CPU of its own, two at most.
workers=$(($(nproc) > 2 ? 2 : 1))
say "2/4  Train, recorded: once healthy, once with a data pipeline that does too much"
record healthy --workers "$workers"
# Half as much again as a step takes here: processors differ, and what hides behind computing slows nothing.
step_ms=$("$stepscope" steps "$out/healthy" --json | "$python" -c '
import json, sys
classes = json.load(sys.stdin)["processes"][0]["classes"]
print(round(next(c["median_ns"] for c in classes if c["class"] == "train") / 1e6))')
record slow --workers "$workers" --augment-ms $((workers * step_ms * 3 / 2))

say "3/4  Why is the second run slower?"
echo "\$ stepscope diff $out/healthy --vs $out/slow"
"$stepscope" diff "$out/healthy" --vs "$out/slow"

say "4/4  See it"
quietly xvfb-run -a "$viewer" --screenshot "$out/viewer.png" "$out/healthy" --vs "$out/slow"
echo "a picture of the viewer:  $out/viewer.png"
echo "the window itself:        $stepscope view $out/healthy --vs $out/slow"
echo "more about one run:       $stepscope report $out/slow"
