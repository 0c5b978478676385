#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Installs the packages that one purpose needs and that are not here yet, and nothing else.
#
#   deps/install.sh [run|test|dev]
#
#   run   build and run the server (the default)
#   test  the same, and `make test`, `make asan`, `make tsan`
#   dev   the same, and `make lint`, `make fuzz`, `make bench`, `make interop`, debuggers and profilers
#
# It never asks anything, uses sudo only when not root, and goes on the network only when something
# is missing.
set -eu

# --- the lists: Debian and Ubuntu, then Fedora --------------------------------------------------

list() {
    case $1 in
    run-debian) echo 'gcc libc6-dev make libjemalloc-dev libisal-dev libsodium-dev libssl-dev libedit-dev libjansson-dev' ;;
    test-debian) echo 'openssl curl libcriterion-dev libhiredis-dev redis-tools redis-server python3 python3-venv ca-certificates nodejs node-redis valgrind' ;;
    dev-debian) echo 'clang libclang-rt-dev clang-format clang-tidy shellcheck groff mandoc gdb golang-go' ;;
    metrics-debian) echo 'libmicrohttpd-dev' ;;
    interop-debian) echo 'golang-go default-jdk-headless maven nodejs npm openssl' ;;
    profiler-debian) echo 'linux-perf' ;;
    profiler-ubuntu) echo 'linux-tools-generic' ;;

    run-fedora) echo 'gcc make jemalloc-devel isa-l-devel libsodium-devel openssl-devel libedit-devel jansson-devel' ;;
    test-fedora) echo 'openssl curl libasan libubsan libtsan criterion-devel hiredis-devel redis python3 binutils valgrind' ;;
    dev-fedora) echo 'clang clang-tools-extra compiler-rt ShellCheck groff mandoc gdb golang' ;;
    metrics-fedora) echo 'libmicrohttpd-devel' ;;
    interop-fedora) echo 'golang java-devel maven nodejs nodejs-npm openssl' ;;
    profiler-fedora) echo 'perf' ;;
    esac
}

# All packages of a purpose, for the family and system at hand.
packages() {
    list "run-$family"
    list "metrics-$family"
    [ "$1" = run ] && return
    list "test-$family"
    [ "$1" = test ] && return
    list "dev-$family"
    list "interop-$family"
    list "profiler-$system"
}

# --- what to do ---------------------------------------------------------------------------------

say() {
    echo "deps: $*"
}

fail() {
    echo "deps: $*" >&2
    exit 1
}

is_installed() {
    case $family in
    debian) [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ] ;;
    fedora) rpm -q --quiet --whatprovides "$1" ;;
    esac
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        fail "not root, and there is no sudo. Run as root: $*"
    fi
}

# Tests start their servers themselves: none that a package brings is to run because of us, now or after
# the next boot. Debian asks this file before it starts one; where there is one it has been decided.
guard=/usr/sbin/policy-rc.d
keep_services_off() {
    if [ ! -e "$guard" ]; then
        trap 'as_root rm -f "$guard"' EXIT
        trap 'exit 1' HUP INT TERM # so that it goes then too
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$guard" >/dev/null
        as_root chmod 755 "$guard"
    fi
}

let_no_service_begin() {
    case $missing in
    *redis-server*)
        if command -v systemctl >/dev/null; then
            as_root systemctl --quiet disable redis-server.service || true
        elif command -v update-rc.d >/dev/null; then
            as_root update-rc.d redis-server disable || true
        fi
        ;;
    esac
}

purpose=${1:-run}
case $purpose in
run | test | dev) ;;
*) fail "'$purpose' is no purpose; usage: deps/install.sh [run|test|dev]" ;;
esac
[ $# -le 1 ] || fail "usage: deps/install.sh [run|test|dev]"

if command -v apt-get >/dev/null; then
    family=debian
    system=debian
    grep -q '^ID=ubuntu' /etc/os-release && system=ubuntu
elif command -v dnf >/dev/null; then
    family=fedora
    system=fedora
else
    fail "neither apt-get nor dnf is here; the lists in this script name what to install"
fi

missing=
for package in $(packages "$purpose"); do
    is_installed "$package" || missing="$missing $package"
done
if [ -z "$missing" ]; then
    say "nothing to install for '$purpose'"
    exit 0
fi

say "installing for '$purpose':$missing"
# $missing is split into words on purpose.
# shellcheck disable=SC2086
case $family in
debian)
    keep_services_off
    as_root apt-get update -q || say "the package lists could not be refreshed; trying with those here"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
    let_no_service_begin
    ;;
fedora)
    as_root dnf install -q -y --setopt=install_weak_deps=False $missing
    ;;
esac
say "done"
