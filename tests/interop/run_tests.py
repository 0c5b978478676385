# SPDX-License-Identifier: BSD-3-Clause
"""Client libraries that are not ours, doing what programs do with Echolog. For each library there is a program that
is started as `PROGRAM PORT TLS_PORT CA_FILE`, connects as the user `worker` (password `secret`) and says

    ok <plain|tls> <resp2|resp3> <check>
    not ok <plain|tls> <resp2|resp3> <check> <why>

for each of the checks below:

    hello      it connects, in that protocol
    user       it is that user; another topic is NOPERM, another password WRONGPASS
    pool       many at once, each over a connection of a pool
    pipeline   1,000 commands without waiting
    multi      MULTI and EXEC around commands of the log and of echo
    pubsub     channels and patterns
    reconnect  CLIENT KILL under a subscription, which goes on by itself (or by the loop that the library asks for)
    log        PRODUCE, FETCH, CONSUME, COMMIT by the library's call for any command
    follow     PSUBSCRIBE log:topic@earliest: history, then what comes

INTEROP names the directory of what tests/interop/run built. The last line counts all of it."""

import os
import subprocess
import sys
import tempfile
import unittest

import redis

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "clients"))

import certificates  # pylint: disable=wrong-import-position
from server import Server  # pylint: disable=wrong-import-position

PROGRAMS = os.environ["INTEROP"]
CHECKS = ("hello", "user", "pool", "pipeline", "multi", "pubsub", "reconnect", "log", "follow")
SECONDS_MAX = 300  # for one library
JAVA = ["java", "-cp", os.path.join(PROGRAMS, "java", "classes") + ":"
        + os.path.join(PROGRAMS, "java", "jars", "*")]
LIBRARIES = {
    "redis-py": [sys.executable, os.path.join(HERE, "checks.py")],
    "go-redis": [os.path.join(PROGRAMS, "checks")],
    "node-redis": ["node", os.path.join(PROGRAMS, "node", "checks.js")],
    "Jedis": JAVA + ["JedisChecks"],
    "Lettuce": JAVA + ["LettuceChecks"],
}


class Libraries:
    """The server that all of them connect to."""

    def __init__(self, directory):
        certificates.make(directory)
        self.ca_file = os.path.join(directory, "ca.crt")
        self.server = Server("--port", "any", "--tls-port", "any", "--tls-auth-clients", "no",
                             "--tls-cert-file", os.path.join(directory, "server.crt"),
                             "--tls-key-file", os.path.join(directory, "server.key"))
        with redis.Redis(port=self.server.port) as client:
            client.execute_command("ACL", "SETUSER", "worker", "on", ">secret", "~??-*", "&*",
                                   "+@all")

    def run(self, name):
        """How many passed and failed."""
        process = subprocess.run(
            [*LIBRARIES[name], str(self.server.port), str(self.server.tls_port), self.ca_file],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
            timeout=SECONDS_MAX)
        wanted = [f"{over} resp{protocol} {check}" for over in ("plain", "tls")
                  for protocol in (2, 3) for check in CHECKS]
        passed = {line[3:] for line in process.stdout.splitlines() if line.startswith("ok ")}
        good = sum(one in passed for one in wanted)
        if good < len(wanted):
            print(process.stdout)
            print("\n".join(f"{name}: not seen to pass: {one}" for one in wanted
                            if one not in passed))
        print(f"  {name:<24} {good} passed, {len(wanted) - good} failed", flush=True)
        return good, len(wanted) - good


def run_scenarios():
    """go-redis in the scenario of tests/clients, as a test of its own kind."""
    result = unittest.TextTestRunner(verbosity=2, stream=sys.stdout).run(
        unittest.TestLoader().discover(HERE, pattern="test_*.py", top_level_dir=HERE))
    bad = len(result.failures) + len(result.errors)
    return result.testsRun - bad, bad


def main():
    names = sys.argv[1:] or list(LIBRARIES)
    with tempfile.TemporaryDirectory(prefix="echolog-interop-") as directory:
        libraries = Libraries(directory)
        try:
            counts = [libraries.run(name) for name in names]
        finally:
            libraries.server.close()
    if not sys.argv[1:]:
        counts.append(run_scenarios())
    passed, failed = (sum(column) for column in zip(*counts))
    print(f"{passed} passed, {failed} failed", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
