# SPDX-License-Identifier: BSD-3-Clause
"""Counts can be compared where the same instructions come out of the same sources."""

import os
import platform
import re
import shutil
import subprocess


def compiler():
    """As the program says which it was built with."""
    comment = subprocess.run(["readelf", "-p", ".comment", os.environ["ECHOLOG_SERVER"]], capture_output=True,
                             text=True, check=True).stdout
    names = sorted(set(re.findall(r"^\s*\[[ 0-9a-f]+\]\s+(.*)$", comment, re.M)))
    return " + ".join(names)


def processor():
    """Libraries choose their functions by what the processor has."""
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as info:
        wide = re.search(r"^flags\s*:.*\bavx2\b", info.read(), re.M)
    return platform.machine() + (" with AVX2" if wide else "")


def kind():
    valgrind = subprocess.run(["valgrind", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    return f"{compiler()}, {processor()}, {' '.join(platform.libc_ver())}, {valgrind}"


def reason_to_skip(recorded_by):
    """Why counts say nothing here, or nothing."""
    if os.environ.get("FLAVOUR", "release") != "release":
        return "only the release flavour is counted"
    for name, usual in (("CFLAGS", ""), ("MALLOC", "jemalloc"), ("TLS", "yes"), ("METRICS", "yes")):
        if os.environ.get(name, usual) != usual:
            return f"{name} is {os.environ[name]}: the record is for '{usual}'"
    if shutil.which("valgrind") is None:
        return "valgrind is not here"
    if kind() != recorded_by:
        return f"this is {kind()}; the record is for {recorded_by}"
    return None
