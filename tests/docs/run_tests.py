# SPDX-License-Identifier: BSD-3-Clause
"""Plays README.md and docs/*.md, or the pages that are named, and closes with one line: N passed, N failed[, N skipped].
Skipped are the blocks that say themselves, with the reason, that they are not run, and pages that need more than is built."""

import concurrent.futures
import glob
import os
import subprocess
import sys
import unittest

from machine import HERE, ROOT
from play import Player


NEEDS_TLS = "<!-- docs: page needs TLS -->"


def has_tls():
    version = subprocess.run([os.environ["ECHOLOG_SERVER"], "--version"], check=True, text=True, stdout=subprocess.PIPE)
    return "TLS none" not in version.stdout


def play(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if NEEDS_TLS in text and not has_tls():
        return path, [(1, "not run", "the server is built without TLS")]
    try:
        return path, list(Player(text.replace(NEEDS_TLS, "")).outcomes())
    except Exception as error:  # the server did not start or end
        return path, [(0, "failed", repr(error))]


def main():
    paths = sys.argv[1:] or [os.path.join(ROOT, "README.md"), *sorted(glob.glob(os.path.join(ROOT, "docs", "*.md")))]
    counts = {"passed": 0, "failed": 0, "not run": 0}
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for path, outcomes in pool.map(play, paths):
            for line, outcome, why in outcomes:
                counts[outcome] += 1
                if outcome != "passed":
                    print(f"{os.path.relpath(path, ROOT)}:{line}: {outcome}: {why}")
    if not sys.argv[1:]:
        suite = unittest.TestLoader().discover(HERE, pattern="test_*.py", top_level_dir=HERE)
        result = unittest.TextTestRunner(verbosity=2, stream=sys.stdout).run(suite)
        bad = len(result.failures) + len(result.errors)
        counts["failed"] += bad
        counts["passed"] += result.testsRun - bad
    line = f"{counts['passed']} passed, {counts['failed']} failed"
    print(line + (f", {counts['not run']} skipped" if counts["not run"] else ""), flush=True)
    sys.exit(1 if counts["failed"] else 0)


if __name__ == "__main__":
    main()
