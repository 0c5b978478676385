#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Sees to it that promtool is there: it does nothing when it is installed, and otherwise takes it, and nothing else,
# out of the system's package into the directory given. (The whole package is a server that starts by itself.)
#
#   deps/promtool.sh DIR
set -eu

dir=$1
if command -v promtool >/dev/null || [ -x "$dir/promtool" ]; then
    exit 0
fi

dir=$(mkdir -p "$dir" && cd "$dir" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
echo "fetching promtool into $dir"
if command -v apt-get >/dev/null; then
    cd "$scratch"
    apt-get download -q prometheus || (apt-get update -q && apt-get download -q prometheus)
    dpkg-deb --fsys-tarfile prometheus_*.deb | tar -x ./usr/bin/promtool
elif command -v dnf >/dev/null; then
    cd "$scratch"
    dnf download -q golang-github-prometheus
    rpm2cpio ./*.rpm | cpio -id --quiet ./usr/bin/promtool
else
    echo "deps: neither apt-get nor dnf is here, and no promtool" >&2
    exit 1
fi
install -m 755 "$scratch/usr/bin/promtool" "$dir/promtool"
