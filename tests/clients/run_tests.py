# SPDX-License-Identifier: BSD-3-Clause
"""Runs the tests of this folder, those of redis-py once more with the release in the directory given,
and closes with one line: N passed, N failed[, N skipped]."""

import os
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))


def run(pattern):
    suite = unittest.TestLoader().discover(HERE, pattern=pattern, top_level_dir=HERE)
    return unittest.TextTestRunner(verbosity=2, stream=sys.stdout).run(suite)


def count(result):
    bad = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    skipped = len(result.skipped)
    # An error while a class is set up stands for no single test.
    return [max(result.testsRun - bad - skipped, 0), bad, skipped]


def run_again_with(directory):
    """In a process of its own, since a module is loaded once. Its counts come by its last line."""
    env = dict(os.environ, PYTHONPATH=directory)
    done = subprocess.run(
        [sys.executable, os.path.abspath(__file__), "--only", "test_redis_py.py"],
        env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    print(done.stdout)
    counts = [int(word) for word in done.stdout.splitlines()[-1].replace(",", "").split()[::2]]
    return (counts + [0])[:3]


def release():
    import redis
    return redis.__version__


def main():
    if sys.argv[1] == "--only":
        print("redis-py", release())
        counts = count(run(sys.argv[2]))
    else:
        counts = [a + b for a, b in zip(count(run("test_*.py")), run_again_with(sys.argv[1]))]
    line = f"{counts[0]} passed, {counts[1]} failed"
    print(line + (f", {counts[2]} skipped" if counts[2] else ""), flush=True)
    sys.exit(1 if counts[1] else 0)


if __name__ == "__main__":
    main()
