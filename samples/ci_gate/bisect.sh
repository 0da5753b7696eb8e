#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Which commit made the training step slower? Tells `git bisect run` of a commit whether it is slower than a good one:
#   git bisect start BAD GOOD
#   git bisect run ~/bisect.sh GOOD 'python3 train.py --steps 200'      (a copy outside of the repository: bisect changes the files in it)
# At every commit both are recorded, one after the other in turns, the good one in a work tree of its own. The commit is bad when the
# gate finds a regression, good when it passes, and skipped when the gate cannot tell or BUILD or the command fails there.
# RUNS (default 5): runs per side; fewer where the slowdown is large. MAX_REGRESSION (default 2): percent; best is half of the slowdown
# that is looked for. BUILD: a command that runs first, as 'make -j8'. OUT (default stepscope-bisect in the .git folder): where runs and
# the good work tree go; afterwards: git bisect reset; git worktree remove --force .git/stepscope-bisect/good
set -uo pipefail
end() { echo "bisect.sh: $1" >&2; exit 128; }  # what is wrong is no commit's fault: git bisect run ends
[ $# -eq 2 ] || end "usage: git bisect run bisect.sh GOOD 'COMMAND'"
stepscope=${STEPSCOPE:-stepscope} runs=${RUNS:-5}
command -v "$stepscope" >/dev/null || end "$stepscope is not on the PATH; STEPSCOPE says where it is"
cd "$(git rev-parse --show-toplevel)" || end "run it inside the repository"
good=$(git rev-parse --verify --quiet "$1^{commit}") || end "no commit $1"
commit=$(git rev-parse HEAD)
out=${OUT:-$(git rev-parse --absolute-git-dir)/stepscope-bisect}

record() { "$stepscope" record -q -o "$1" -- sh -c "$2" >&2; }
build() { [ -z "${BUILD:-}" ] || sh -c "$BUILD" >&2; }

if [ "$(git -C "$out/good" rev-parse HEAD 2>/dev/null)" != "$good" ]; then
  git worktree remove --force "$out/good" 2>/dev/null
  git worktree add --force --detach "$out/good" "$good" >&2 || end "no work tree of $1 in $out"
  (cd "$out/good" && build) || end "$1 cannot be built: $BUILD"
fi
build || exit 125

rm -rf "${out:?}/$commit"  # of an earlier bisection
base=() candidate=()
for ((i = 1; i <= runs; ++i)); do
  (cd "$out/good" && record "$out/$commit/good-$i" "$2") || end "the good commit $1 ended with exit code $?: $2"
  record "$out/$commit/this-$i" "$2" || exit 125
  base+=("$out/$commit/good-$i") candidate+=("$out/$commit/this-$i")
done
exec "$stepscope" gate --bisect "${candidate[@]}" --baseline "${base[@]}" --max-regression "${MAX_REGRESSION:-2}"
