# SPDX-License-Identifier: BSD-3-Clause
"""A consumer group whose members are clients in two languages, killed and started again all the time."""

import os
import random
import shutil
import subprocess
import sys
import time
import unittest

import redis

from server import Server

HERE = os.path.dirname(os.path.abspath(__file__))
PARTITIONS = 12
CHANGES = 100
RECORDS_PER_CHANGE = 120
COUNT = 40  # that a member is given at once, so that may be given again after a kill
DEADLINE_S = 60
# Where the distribution's packages put node-redis.
NODE_PATH = "/usr/share/nodejs"


class Pool:
    """Members of a group: every other one by node-redis."""

    def __init__(self, port, ledger):
        self.port, self.ledger = port, ledger
        self.members = {}
        self.started = 0

    def start(self, name):
        self.started += 1
        args = [str(self.port), "pool", name, "work", self.ledger, str(COUNT)]
        if self.started % 2:
            command = [sys.executable, os.path.join(HERE, "group_worker.py")]
        else:
            command = ["node", os.path.join(HERE, "group_worker.js")]
        env = dict(os.environ, NODE_PATH=NODE_PATH)
        self.members[name] = subprocess.Popen(command + args, env=env)

    def kill(self, name):
        member = self.members.pop(name)
        if member.poll() is not None:
            raise AssertionError(f"member {name} ended by itself with {member.returncode}")
        member.kill()
        member.wait()

    def stop(self):
        for member in self.members.values():
            member.terminate()
        statuses = [member.wait(DEADLINE_S) for member in self.members.values()]
        self.members = {}
        return statuses

    def destroy(self):
        for member in self.members.values():
            member.kill()
            member.wait()


def read_ledger(path):
    with open(path, "rb") as file:
        return [line.split() for line in file.read().splitlines()]


@unittest.skipUnless(shutil.which("node") and os.path.isdir(os.path.join(NODE_PATH, "redis")),
                     "node-redis is not installed: deps/install.sh test")
class TestGroupOfTwoLanguages(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.client = redis.Redis(port=self.server.port)
        self.ledger = os.path.join(self.server.scratch, "ledger")
        self.pool = Pool(self.server.port, self.ledger)
        self.seed = int(os.environ.get("SEED", random.randrange(1 << 32)))
        self.random = random.Random(self.seed)
        self.sent = 0

    def tearDown(self):
        self.pool.destroy()
        self.client.close()
        self.server.close()

    def produce(self, count):
        words = []
        for _ in range(count):
            words += [f"key-{self.random.randrange(1000)}", f"v{self.sent}"]
            self.sent += 1
        self.client.execute_command("MPRODUCE", "work", "ACK", "WRITTEN", "PAIRS", *words)

    def wait_until_all_was_done(self):
        """By the ledger itself: an independent count."""
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline:
            done = {line[2] for line in read_ledger(self.ledger)} \
                if os.path.exists(self.ledger) else set()
            if len(done) == self.sent:
                return
            time.sleep(0.05)
        self.fail(f"seed {self.seed}: {len(done)} of {self.sent} records were processed:\n"
                  f"{self.client.execute_command('GROUP', 'EXPLAIN', 'pool')}")

    def wait_until_committed(self):
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline:
            if self.committed() == self.sent:
                return
            time.sleep(0.05)
        self.fail(f"seed {self.seed}: {self.committed()} of {self.sent} records are committed")

    def committed(self):
        """A count of committed records that GROUP LAG has no part in: from the group's own topic."""
        last = {}
        for _, _, key, value, _ in self.client.execute_command(
                "FETCH", "__consumer_offsets", 0, "EARLIEST", "COUNT", 1000000,
                "MAXBYTES", 64 * 1024 * 1024):
            if key[:2] == b"\0\1" and value is not None:
                last[key] = int.from_bytes(value[2:10], "big")
        return sum(last.values())

    def check_lag(self, records):
        lag = self.client.execute_command("GROUP", "LAG", "pool")
        lag = dict(zip(lag[::2], lag[1::2]))
        self.assertEqual(lag[b"lag"], records, f"seed {self.seed}: {lag}")

    def change(self, number):
        name = self.random.choice(sorted(self.pool.members))
        self.produce(RECORDS_PER_CHANGE)
        self.pool.kill(name)
        # It comes back under its name, or another takes its place.
        self.pool.start(name if number % 2 else f"c{number}")

    def test_every_record_is_processed_though_members_are_killed(self):
        self.client.execute_command("TOPIC", "CREATE", "work", "PARTITIONS", PARTITIONS)
        for number in range(6):
            self.pool.start(f"m{number}")
        for number in range(CHANGES):
            self.change(number)
            if number % 10 == 9:
                self.wait_until_all_was_done()
        self.wait_until_all_was_done()
        self.wait_until_committed()
        self.check_lag(0)
        self.assertEqual(self.pool.stop(), [0] * 6)

        lines = read_ledger(self.ledger)
        values = [line[2] for line in lines]
        self.assertEqual(set(values), {b"v%d" % i for i in range(self.sent)})
        twice = len(values) - len(set(values))
        print(f"\n    {CHANGES} kills, {self.sent} records, {twice} of them processed twice", end=" ")
        self.assertLessEqual(twice, CHANGES * COUNT, "more than was uncommitted at the kills")
        # A place holds one record, whoever read it.
        places = {}
        for partition, offset, value, _ in lines:
            self.assertEqual(places.setdefault((partition, offset), value), value)

        # What comes now nobody takes.
        self.produce(500)
        self.check_lag(500)


if __name__ == "__main__":
    unittest.main()
