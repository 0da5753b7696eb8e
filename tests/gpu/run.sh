#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What only a GPU can show, in one call: no network, CUDA and PyTorch installed, under nine minutes.
#
#   tests/gpu/run.sh [--out DIR] [--seconds N]   on a machine with a GPU
#   tests/gpu/run.sh --dry-run [...]             the same script against stand-ins, anywhere
#
# Uses build/gpu-pack, which tests/gpu/pack.sh makes and which can be carried to the machine; without it, builds it here.
# Leaves in DIR (default: $OUT, else build/gpu-results): results.md for docs/validation.md, results.tsv, log.txt and
# recordings.tar.gz (at most 3 MB). Ends with 0 when every bar was met, 1 when one was not, 2 when nothing could run.
#
# A section is a function below with a time of its own. It prints lines "what<TAB>value<TAB>verdict", the verdict being PASS, FAIL,
# SKIP (could not be tried; the value says why) or - (a number without a bar).
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
export LC_ALL=C.UTF-8 PYTHONUNBUFFERED=1

# --- what the sections use ------------------------------------------------------------------------------------------------

line() { printf '%s\t%s\t%s\n' "$1" "$2" "${3:--}"; }
note() { printf '%4d s  %s\n' "$SECONDS" "$*" >&2; }

# verdict CONDITION...: PASS when the test holds.
verdict() { if [ "$@" ]; then echo PASS; else echo FAIL; fi; }

# scalar RUN SELECT: the one value of a query; 0 when there is none.
scalar() {
  local value
  value=$("$STEPSCOPE" sql "$1" "$2" --csv 2>/dev/null | tail -n +2 | head -n 1 | tr -d '\r"')
  echo "${value:-0}"
}

count() { scalar "$1" "SELECT count(*) AS n FROM $2"; }
fact() { scalar "$1" "SELECT value FROM meta WHERE key = '$2'"; }

# record NAME LEVEL COMMAND...: records into $work/NAME.
record() {
  local name=$1 level=$2
  shift 2
  rm -rf "${work:?}/$name"
  "$STEPSCOPE" record -q --level "$level" -o "$work/$name" -- "$@" >"$work/$name.out" 2>"$work/$name.err"
}

# The last lines of what went wrong, as one.
reason() { tail -n 3 "$1" 2>/dev/null | tr '\t\n' '  ' | cut -c 1-200; }

# A model whose step takes 50 ms or more on a datacentre GPU.
big_model=(--batch 48 --length 512 --width 1024 --layers 12 --heads 16 --workers 4)
small_model=(--batch 16 --length 128 --width 256 --layers 4 --heads 8 --workers 2)
train() { echo "$root/samples/train_transformer.py"; }

# --- sections -------------------------------------------------------------------------------------------------------------

# The CUDA sample with each kind of cudart: everything it did is in the recording, for as long as events say.
section_cuda_sample() {
  local kind program run kernels seen copies
  for kind in shared static; do
    program=$SAMPLES/cuda_sample_$kind
    if [ ! -x "$program" ]; then
      line "$kind cudart" "not built: $program" SKIP
      continue
    fi
    run=$work/sample_$kind
    if ! record "sample_$kind" kernels "$program" --steps 40 --size 1024; then
      line "$kind cudart" "did not run: $(reason "$run.err")" FAIL
      continue
    fi
    kernels=$(awk '$1 == "kernels" { print $2 }' "$run.out")
    copies=$(awk '$1 == "copies" { print $2 }' "$run.out")
    seen=$(count "$run" kernel)
    line "$kind cudart: kernels seen of $kernels" "$seen" "$(verdict "$seen" = "$kernels")"
    seen=$(count "$run" memcpy)
    line "$kind cudart: copies seen of $copies" "$seen" "$(verdict "$seen" = "$copies")"
    "$STEPSCOPE" sql "$run" "SELECT dur_ns FROM kernel WHERE name LIKE '%matrix_product%' ORDER BY start_ns" --csv \
      >"$work/matrix.csv" 2>/dev/null
    python3 "$here/compare_times.py" "$kind cudart" "$run.out" "$work/matrix.csv"
  done
  if [ -d "$work/sample_shared" ]; then
    line "health" "$(count "$work/sample_shared" health) readings, NVML $(fact "$work/sample_shared" nvml.state)"
    line "CUPTI" "version $(fact "$work/sample_shared" cupti.version), $(fact "$work/sample_shared" cupti.library)"
  fi
}

# Kernels seen by us and by torch.profiler in two runs of the same training, one beside the other.
section_kernel_counts() {
  local ours theirs
  if ! record counted kernels "$PYTHON" "$(train)" "${small_model[@]}" --steps 30; then
    line "training" "did not run: $(reason "$work/counted.err")" FAIL
    return
  fi
  ours=$(count "$work/counted" kernel)
  if ! "$PYTHON" "$here/profiled_training.py" --counts "$work/profiler.json" -- "${small_model[@]}" --steps 30 \
    >"$work/profiler.out" 2>"$work/profiler.err"; then
    line "torch.profiler" "did not run: $(reason "$work/profiler.err")" FAIL
    return
  fi
  theirs=$(python3 "$here/profiler_count.py" "$work/profiler.json")
  line "kernels, stepscope" "$ours"
  line "kernels, torch.profiler" "$theirs"
  line "kernel counts equal" "$((ours - theirs)) apart" "$(verdict "$ours" = "$theirs")"
  "$STEPSCOPE" sql "$work/counted" "SELECT name, count(*) AS n FROM kernel GROUP BY name" --csv >"$work/counted.csv" 2>/dev/null
  python3 "$here/profiler_count.py" "$work/profiler.json" --against "$work/counted.csv" >&2
}

# What training jobs use: each is recorded to its end, has steps and kernels, and its ledger closes.
one_training() {
  local what=$1 name=$2
  shift 2
  if ! record "$name" kernels "$PYTHON" "$(train)" "${small_model[@]}" --steps 30 "$@"; then
    line "$what" "did not run: $(reason "$work/$name.err")" FAIL
    return 1
  fi
  local kernels steps
  kernels=$(count "$work/$name" kernel)
  steps=$(count "$work/$name" step)
  line "$what: kernels, steps" "$kernels, $steps" "$(verdict "$kernels" -gt 0 -a "$steps" -gt 0)"
  if "$STEPSCOPE" selfcheck "$work/$name" >&2; then
    line "$what: self-check" ok PASS
  else
    line "$what: self-check" "failed" FAIL
  fi
}
section_training() {
  one_training "AMP and DataLoader workers" amp
  one_training "CUDA graphs" graphs --cuda-graphs && line "CUDA graphs: graph launches" "$(count "$work/graphs" graph_launch)"
  one_training "torch.compile" compiled --compile
}
section_nccl() {
  local seen
  one_training "one-rank NCCL" nccl --ddp-one-rank || return
  seen=$(count "$work/nccl" collective)
  line "one-rank NCCL: collectives" "$seen" "$(verdict "$seen" -gt 0)"
  line "one-rank NCCL: communicators" "$(count "$work/nccl" communicator)"
}

# torch.profiler started inside a recorded job, under each policy. Whoever has CUPTI, the job runs to its end.
section_coexistence() {
  local policy ours theirs run
  for policy in hold yield off; do
    run=$work/with_$policy
    if ! STEPSCOPE_CUPTI=$policy record "with_$policy" kernels "$PYTHON" "$here/profiled_training.py" \
      --counts "$work/$policy.json" --first 10 --last 20 -- "${small_model[@]}" --steps 30; then
      line "STEPSCOPE_CUPTI=$policy" "the job failed: $(reason "$run.err")" FAIL
      continue
    fi
    ours=$(count "$run" kernel)
    theirs=$(python3 "$here/profiler_count.py" "$work/$policy.json")
    case $policy in
      hold) line "$policy: kernels of ours, of torch.profiler" "$ours, $theirs" "$(verdict "$ours" -gt 0)" ;;
      yield) line "$policy: kernels of ours, of torch.profiler" "$ours, $theirs" "$(verdict "$ours" -gt 0 -a "$theirs" -gt 0)" ;;
      off) line "$policy: kernels of ours, of torch.profiler" "$ours, $theirs" "$(verdict "$ours" = 0 -a "$theirs" -gt 0)" ;;
    esac
    line "$policy: what the recording says" "$(fact "$run" cupti.state)"
  done
}

# A job killed in the middle of its work keeps what it recorded.
section_kill() {
  local program=$SAMPLES/cuda_sample_shared run=$work/killed recorder job kernels
  if [ ! -x "$program" ]; then
    line "kill -9" "not built: $program" SKIP
    return
  fi
  rm -rf "$run"
  "$STEPSCOPE" record -q -o "$run" -- "$program" --steps 10000000 --size 512 >/dev/null 2>"$run.err" &
  recorder=$!
  sleep "${KILL_AFTER:-6}"
  job=$(pgrep -P "$recorder" | head -n 1)
  if [ -z "$job" ]; then
    line "kill -9" "the job had ended: $(reason "$run.err")" FAIL
    kill "$recorder" 2>/dev/null
    return
  fi
  kill -9 "$job"
  wait "$recorder"
  kernels=$(count "$run" kernel)
  line "kill -9: kernels kept" "$kernels" "$(verdict "$kernels" -gt 0)"
  if "$STEPSCOPE" selfcheck "$run" >&2; then
    line "kill -9: self-check" ok PASS
  else
    line "kill -9: self-check" "failed" FAIL
  fi
}

# What one kernel costs: our own CPU time, and what many tiny kernels take longer.
section_kernel_cost() {
  local program=$SAMPLES/cuda_sample_shared
  if [ ! -x "$program" ]; then
    line "per kernel" "not built: $program" SKIP
    return
  fi
  python3 "$here/kernel_cost.py" --stepscope "$STEPSCOPE" --program "$program" --work "$work" --seconds "${SECTION_SECONDS:-40}"
}

# Step times, interleaved: one round runs each variant once.
section_step_time() {
  python3 "$here/step_time.py" --stepscope "$STEPSCOPE" --python "$PYTHON" --train "$(train)" --work "$work" \
    --seconds "${SECTION_SECONDS:-240}" --rounds "${ROUNDS:-0}" -- "${big_model[@]}" --steps 60 --warm-up 20
}

# --- the run --------------------------------------------------------------------------------------------------------------

if [ "${1:-}" = --section ]; then
  "section_$2"
  exit
fi

out=${OUT:-$root/build/gpu-results} total=520 dry_run=
while [ $# -gt 0 ]; do
  case $1 in
    --out) out=$2; shift ;;
    --seconds) total=$2; shift ;;
    --dry-run) dry_run=yes ;;
    *) sed -n '3,7s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
  esac
  shift
done
mkdir -p "$out" || exit 2
out=$(cd "$out" && pwd)
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
: >"$out/results.tsv"
exec 2> >(tee "$out/log.txt" >&2)
unset LD_PRELOAD CUDA_INJECTION64_PATH NVTX_INJECTION64_PATH NCCL_PROFILER_PLUGIN "${!STEPSCOPE_@}"

find_tools() {
  if [ -n "$dry_run" ]; then
    STEPSCOPE=$here/dry_run/stepscope PYTHON=$here/dry_run/torch_python NVIDIA_SMI=$here/dry_run/nvidia-smi SAMPLES=$here/dry_run
    export KILL_AFTER=1 ROUNDS=2
    return 0
  fi
  NVIDIA_SMI=nvidia-smi PYTHON=${PYTHON:-python3}
  if ! "$NVIDIA_SMI" -L >&2; then
    echo "tests/gpu/run.sh: no GPU here: nvidia-smi finds none (the script itself: --dry-run)" >&2
    return 1
  fi
  if [ ! -x "$root/build/gpu-pack/stepscope" ] && ! "$here/pack.sh" >&2; then
    echo "tests/gpu/run.sh: nothing to test: carry build/gpu-pack, which tests/gpu/pack.sh makes where the packages are" >&2
    return 1
  fi
  STEPSCOPE=$root/build/gpu-pack/stepscope SAMPLES=$root/build/gpu-pack
  export STEPSCOPE_LIBRARY=$root/build/gpu-pack/libstepscope.so
}

facts() {
  printf 'date\t%s\n' "$(date -u +%Y-%m-%d)"
  printf 'stepscope\t%s\n' "$("$STEPSCOPE" --version 2>/dev/null | head -n 1)"
  printf 'GPU, driver\t%s\n' "$("$NVIDIA_SMI" --query-gpu=name,driver_version --format=csv,noheader 2>/dev/null | head -n 1)"
  printf 'clocks, power limit\t%s\n' "$("$NVIDIA_SMI" --query-gpu=clocks.max.sm,power.limit --format=csv,noheader 2>/dev/null | head -n 1)"
  printf 'CPUs, kernel\t%s, %s\n' "$(nproc)" "$(uname -r)"
  printf 'PyTorch\t%s\n' "$("$PYTHON" "$here/versions.py" 2>/dev/null)"
}

# section NAME SECONDS: runs it for so long at most, and not past the end of the whole.
section() {
  local name=$1 limit=$2 left code=0
  left=$((total - SECONDS))
  if [ "$left" -lt 15 ]; then
    printf '%s\t%s\t%s\t%s\n' "$name" "the section" "no time left: $total s are used up" SKIP >>"$out/results.tsv"
    return
  fi
  [ "$limit" -le "$left" ] || limit=$left
  note "$name (at most $limit s)"
  export SECTION_SECONDS=$limit
  timeout --kill-after=5 "$limit" bash "${BASH_SOURCE[0]}" --section "$name" >"$work/section.tsv" || code=$?
  sed "s/^/$name\t/" "$work/section.tsv" >>"$out/results.tsv"
  case $code in
    0) ;;
    124 | 137) printf '%s\t%s\t%s\t%s\n' "$name" "the section" "ran past its $limit s" FAIL >>"$out/results.tsv" ;;
    *) printf '%s\t%s\t%s\t%s\n' "$name" "the section" "ended with code $code" FAIL >>"$out/results.tsv" ;;
  esac
}

# The recordings that are small, up to 3 MB together.
keep_recordings() {
  local keep=$work/recordings run size used=0
  mkdir -p "$keep"
  for run in sample_shared amp graphs nccl; do
    [ -d "$work/$run" ] || continue
    size=$(du -sk "$work/$run" | cut -f 1)
    if [ $((used + size)) -le 3000 ]; then
      cp -r "$work/$run" "$keep/" && used=$((used + size))
    fi
  done
  tar -C "$work" -czf "$out/recordings.tar.gz" recordings
}

find_tools || exit 2
export STEPSCOPE PYTHON NVIDIA_SMI SAMPLES work
facts >"$out/facts.tsv"
section cuda_sample 50
section kernel_counts 60
section training 120
section nccl 45
section coexistence 90
section kill 25
section kernel_cost 40
section step_time 240
keep_recordings
python3 "$here/report.py" "$out/facts.tsv" "$out/results.tsv" ${dry_run:+--dry-run} >"$out/results.md" || exit 2
rm -f "$out/facts.tsv"
cat "$out/results.md"
note "results: $out/results.md"
! cut -f 4 "$out/results.tsv" | grep -q FAIL
