#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Everything that must hold, from an empty clone on Debian 12: installs the packages, builds, runs all tests; those that need neither
# a window nor the collector preloaded under sanitizers. The last line reads
#   N passed, M failed[, K skipped]
# and the exit code is 0 only when nothing failed. Logs: build/test-logs/.
#   tests/run.sh          all of it
#   tests/run.sh --quick  all of it, without the sanitizers
set -uo pipefail
cd "$(dirname "$0")/.."
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 CMAKE_BUILD_PARALLEL_LEVEL="${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}"
unset LD_PRELOAD "${!STEPSCOPE_@}"
presets="dev asan tsan"
case "${1:-}" in
  "") ;;
  --quick) presets="dev" ;;
  *) echo "usage: tests/run.sh [--quick]" >&2; exit 2 ;;
esac

passed=0 failed=0 skipped=0
logs=build/test-logs
mkdir -p "$logs"

say() { printf '%4d s  %s\n' "$SECONDS" "$*"; }

finish() {
  [ "$skipped" = 0 ] && echo "$passed passed, $failed failed" || echo "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" = 0 ]
  exit $?
}

# step NAME COMMAND...: one step of building; when it fails it counts as one failed test and its log is shown.
step() {
  local name=$1; shift
  say "$name"
  "$@" >"$logs/$name.log" 2>&1 && return 0
  tail -n 60 "$logs/$name.log"
  say "$name failed: $logs/$name.log"
  failed=$((failed + 1))
  return 1
}

# attribute XML NAME: an attribute of the first <testsuite>.
attribute() { head -n 12 "$1" | grep -o "[[:space:]]$2=\"[0-9]*\"" | head -n 1 | tr -dc 0-9; }

# run_tests NAME PRESET CTEST-OPTIONS...: adds what ctest counted to the totals.
run_tests() {
  local name=$1 preset=$2 xml="$PWD/$logs/$1.xml" code=0 tests bad quiet
  shift 2
  say "$name"
  rm -f "$xml"
  ctest --test-dir "build/$preset" --output-on-failure --no-tests=error --output-junit "$xml" "$@" >"$logs/$name.log" 2>&1 || code=$?
  tests=$(attribute "$xml" tests 2>/dev/null) bad=$(attribute "$xml" failures 2>/dev/null)
  quiet=$(($(attribute "$xml" skipped 2>/dev/null || echo 0) + $(attribute "$xml" disabled 2>/dev/null || echo 0)))
  tests=${tests:-0} bad=${bad:-0}
  passed=$((passed + tests - bad - quiet)) skipped=$((skipped + quiet))
  [ "$code" != 0 ] && [ "$bad" = 0 ] && bad=1  # ctest itself could not run
  failed=$((failed + bad))
  if [ "$bad" != 0 ]; then
    grep -vE '^ *[0-9]+/[0-9]+ Test .*Passed|^ +Start ' "$logs/$name.log" | tail -n 200
    say "$name: $bad of $tests failed: $logs/$name.log"
  elif [ "$quiet" != 0 ]; then
    grep -E '\*\*\*(Skipped|Not Run)' "$logs/$name.log" | sed 's/^/        /'
  fi
}

if ! cmake/debian/install-packages.sh build test; then
  failed=1
  finish
fi
for preset in $presets; do
  options=()
  # What runs under sanitizers follows; and most of the time here is compiling from nothing.
  [ "$preset $presets" = "dev dev asan tsan" ] && options=(-D STEPSCOPE_SANITIZED_TESTS=OFF -D STEPSCOPE_QUICK_BUILD=ON)
  step "$preset-configure" cmake --preset "$preset" "${options[@]}" && step "$preset-build" cmake --build --preset "$preset" || continue
  case $preset in
    dev)
      run_tests tests dev -j "$(nproc)" -LE '^(gpu|gui|scenario|integration)$'
      run_tests integration dev -j "$(($(nproc) * 2))" -L '^integration$'  # half of their time they wait for something
      run_tests gui dev -j 1 -L '^gui$'
      run_tests scenarios dev -j 1 -L '^scenario$'
      ;;
    asan) run_tests asan asan -j "$(nproc)" -L '^(unit|fuzz|golden)$' ;;
    tsan) run_tests tsan tsan -j "$(nproc)" -L '^unit$' ;;
  esac
done
say done
finish
