#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian 12 packages of the named groups; silent and quick when all are there already.
#   cmake/debian/install-packages.sh build|test|sample ...
set -euo pipefail

build="g++ cmake ninja-build pkg-config python3 libsqlite3-dev libzstd-dev libcli11-dev nlohmann-json3-dev libfmt-dev
  libsimdjson-dev libtomlplusplus-dev zlib1g-dev libimgui-dev libglfw3-dev libgl-dev libopengl-dev"
sample="python3 python3-torch fortunes xvfb xauth libgl1-mesa-dri fonts-dejavu-core"
test="$sample libgtest-dev libgmock-dev libbenchmark-dev binutils dpkg-dev file git sqlite3 zstd clang-format-14 chromium
  lld clang libclang-rt-14-dev"

wanted=()
for group in "$@"; do
  case $group in
    build | test | sample) read -r -d '' -a names <<<"${!group}" || true; wanted+=("${names[@]}") ;;
    *) echo "install-packages.sh: no package group '$group'; groups are build, test, sample" >&2; exit 2 ;;
  esac
done

missing=()
for package in $(printf '%s\n' "${wanted[@]}" | sort -u); do
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || {
    echo "missing Debian packages: ${missing[*]}; install them as root: apt-get install ${missing[*]}" >&2
    exit 2
  }
  as_root=(sudo)
fi
echo "installing ${#missing[@]} Debian packages: ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "$@" >>"$log" 2>&1; }
apt update && apt install --no-install-recommends "${missing[@]}" || {
  tail -n 20 "$log" >&2
  echo "apt-get could not install the packages above; check the network and /etc/apt/sources.list.d" >&2
  exit 2
}
