#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Checks that what a purpose needs is here, by using it, and names the package of whatever is not.
# `make` calls it once per build directory: CC=gcc MALLOC=jemalloc deps/check.sh run|test
set -eu

purpose=${1:-run}
cc=${CC:-gcc}
absent=0

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

missing() {
    echo "missing: $1 (Debian: $2, Fedora: $3)" >&2
    absent=1
}

# Compiles and links a program that includes the headers and links the libraries given.
builds() {
    headers=$1
    shift
    for header in $headers; do
        echo "#include <$header>"
    done >"$scratch/probe.c"
    echo 'int main(void) { return 0; }' >>"$scratch/probe.c"
    "$cc" -D_GNU_SOURCE -o "$scratch/probe" "$scratch/probe.c" "$@" >/dev/null 2>&1
}

library() {
    # The libraries are words of their own.
    # shellcheck disable=SC2086
    builds "$2" $3 || missing "$1" "$4" "$5"
}

check_run() {
    if ! command -v "$cc" >/dev/null; then
        missing "the compiler $cc" gcc gcc
        return
    fi
    if ! builds 'stdio.h'; then
        missing "the C library's headers" libc6-dev glibc-devel
        return
    fi
    [ "${MALLOC:-jemalloc}" = libc ] ||
        library jemalloc jemalloc/jemalloc.h -ljemalloc libjemalloc-dev jemalloc-devel
    library ISA-L isa-l.h -lisal libisal-dev isa-l-devel
    library libsodium sodium.h -lsodium libsodium-dev libsodium-devel
    library OpenSSL openssl/ssl.h '-lssl -lcrypto' libssl-dev openssl-devel
    [ "${METRICS:-yes}" = no ] ||
        library libmicrohttpd microhttpd.h -lmicrohttpd libmicrohttpd-dev libmicrohttpd-devel
    library libedit editline/readline.h -ledit libedit-dev libedit-devel
    library Jansson jansson.h -ljansson libjansson-dev jansson-devel
}

check_test() {
    library Criterion criterion/criterion.h -lcriterion libcriterion-dev criterion-devel
    library hiredis hiredis/hiredis.h -lhiredis libhiredis-dev hiredis-devel
    command -v redis-benchmark >/dev/null || missing "redis-cli and redis-benchmark" redis-tools redis
    command -v openssl >/dev/null || missing "the openssl program" openssl openssl
    python3 -c 'import venv, ensurepip' 2>/dev/null ||
        missing "Python 3 with venv" 'python3 python3-venv' python3
}

check_run
[ "$purpose" = run ] || [ "$absent" = 1 ] || check_test
if [ "$absent" = 1 ]; then
    echo "run 'deps/install.sh $purpose' to install what is missing" >&2
    exit 1
fi
