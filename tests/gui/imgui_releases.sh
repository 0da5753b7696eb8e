#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The viewer with other releases of Dear ImGui than the system's: builds it with each, and runs its frame tests and, where xvfb-run is,
# those of its window. Nothing is downloaded.
#   tests/gui/imgui_releases.sh BUILD-DIR IMGUI-DIR...      IMGUI-DIR: sources of a release, with backends/
# One line per release; exit code 0 only when all of them passed. Further arguments for cmake: CMAKE_ARGS.
set -uo pipefail
[ $# -ge 2 ] || { sed -n '3,7s/^# \{0,1\}//p' "$0" >&2; exit 2; }
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$1; shift
bad=0
for dir in "$@"; do
  version=$(sed -n 's/^#define IMGUI_VERSION  *"\(.*\)".*/\1/p' "$dir/imgui.h")
  here=$build/${version:-unknown}
  mkdir -p "$here"
  result=passed
  # shellcheck disable=SC2086  # several words
  if ! cmake --preset dev -S "$root" -B "$here" -D STEPSCOPE_BUILD_BENCH=OFF -D STEPSCOPE_IMGUI_DIR="$dir" ${CMAKE_ARGS:-} >"$here/log" 2>&1 ||
    ! cmake --build "$here" --target stepscope-viewer viewer_frame_test viewer_gui_test >>"$here/log" 2>&1; then
    result="does not build"
  else
    for program in unit/viewer/viewer_frame_test gui/viewer_gui_test; do
      (cd "$here" && "tests/$program") >>"$here/log" 2>&1 || result="$program failed"
    done
  fi
  [ "$result" = passed ] || bad=1
  echo "Dear ImGui ${version:-$dir}: $result ($here/log)"
done
exit $bad
