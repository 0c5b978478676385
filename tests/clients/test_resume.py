# SPDX-License-Identifier: BSD-3-Clause
"""Applications in several languages follow a topic by plain pattern subscriptions. They are killed and go on
behind the last offset they saw; their connections are cut under the library's own reconnect. What they handled
is always the log, complete and without a duplicate. docs/pubsub-with-a-memory.md says what is tested here."""

import os
import shutil
import sys
import threading
import unittest

import redis

from followers import NODE, NODE_PATH, PYTHON, Follower, Seen
from server import Server

PARTITIONS = 3
BATCH = 10
AHEAD = 500     # records that the producer is ahead of the application at most
KILLS = 4
CUTS = 3
BETWEEN = 1000  # records that are handled between two of them
HISTORY = 600
LATER = 90


class Producer(threading.Thread):
    """Writes numbers until it is told to stop, as fast as they are handled."""

    def __init__(self, client):
        super().__init__(daemon=True)
        self.client, self.stopping, self.sent, self.error = client, False, 0, None
        self.room = threading.Semaphore(AHEAD)

    def run(self):
        try:
            while not self.stopping:
                for _ in range(BATCH):
                    self.room.acquire()
                self.produce(BATCH)
        except redis.RedisError as error:
            self.error = error

    def produce(self, count):
        pairs = []
        for number in range(self.sent, self.sent + count):
            pairs += [f"key{number % 17}", number]
        self.client.execute_command("MPRODUCE", "t", "PAIRS", *pairs)
        self.sent += count

    def stop(self):
        self.stopping = True
        self.room.release(BATCH)
        self.join()
        if self.error:
            raise self.error


class Scenario:
    """For one library: `command` starts the application."""
    command = []
    env = None
    told = set()          # what the library tells of a cut when it comes back by itself
    told_again = set()    # and the application that subscribes anew

    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.close)
        self.client = redis.Redis(port=self.server.port)
        self.addCleanup(self.client.close)
        self.client.execute_command("TOPIC", "CREATE", "t", "PARTITIONS", PARTITIONS)
        self.producer = Producer(self.client)

    def seen(self, start=None):
        return Seen(start, self.producer.room.release)

    def follow(self, seen, mode="repeats"):
        follower = Follower(self.command, self.server.port, "t", seen, mode, self.env)
        self.addCleanup(follower.close)
        return follower

    def produce_meanwhile(self):
        self.producer.start()
        self.addCleanup(self.producer.stop)

    def cut(self):
        with redis.Redis(port=self.server.port) as other:
            self.assertEqual(other.execute_command("CLIENT", "KILL", "TYPE", "PUBSUB"), 1)

    def log(self, partition, start):
        records = self.client.execute_command("FETCH", "t", partition, start, "COUNT", 1000000,
                                              "MAXBYTES", 64 * 1024 * 1024)
        return [record[3].decode() for record in records]

    def check(self, seen):
        """It handled the log from where it began: all of it, and in order."""
        for partition in range(PARTITIONS):
            log = self.log(partition, seen.start.get(partition, 0))
            self.assertEqual(seen.values.get(partition, []), log, f"partition {partition}")
        if not seen.start:
            values = [int(value) for of_one in seen.values.values() for value in of_one]
            self.assertEqual(sorted(values), list(range(self.producer.sent)))

    def read_the_rest(self, follower):
        self.producer.stop()
        skipped = sum(follower.seen.start.values())
        follower.read_until(lambda: follower.seen.count() == self.producer.sent - skipped)

    def test_killed_while_others_write_it_goes_on_behind_what_it_saw(self):
        self.produce_meanwhile()
        seen = self.seen()
        for _ in range(KILLS):
            follower = self.follow(seen)
            enough = seen.count() + BETWEEN
            follower.read_until(lambda: seen.count() >= enough)
            self.assertTrue(self.producer.is_alive())
            follower.kill()
            for partition in range(PARTITIONS):
                seen.next.setdefault(partition, 0)
        self.read_the_rest(self.follow(seen))
        self.check(seen)
        self.assertEqual(seen.repeated(), 0)
        self.assertEqual(seen.sees, [])

    def test_a_library_that_reconnects_repeats_from_its_first_position(self):
        self.producer.produce(HISTORY)
        seen = self.seen({0: 5, 1: 0, 2: 11})
        follower = self.follow(seen)
        follower.read_until(lambda: seen.count() == HISTORY - 16)
        ends = dict(seen.next)
        self.cut()
        self.producer.produce(LATER)
        follower.read_until(lambda: seen.count() == HISTORY - 16 + LATER)
        self.check(seen)
        follower.read_until(lambda: seen.repeated() >= HISTORY - 16)
        for partition, first in seen.start.items():
            self.assertEqual(seen.repeats[partition], list(range(first, ends[partition])))
        follower.read_until(lambda: self.told <= set(seen.sees))
        self.assertEqual(set(seen.sees), self.told)

    def test_repeats_dropped_the_union_is_complete_though_cut_again_and_again(self):
        self.produce_meanwhile()
        seen = self.seen()
        follower = self.follow(seen)
        for _ in range(CUTS):
            enough = seen.count() + BETWEEN
            follower.read_until(lambda: seen.count() >= enough)
            self.cut()
            # What it had been sent before comes first: the next cut is for the connection that it makes now.
            begun_again = seen.begun_again
            follower.read_until(lambda: seen.begun_again > begun_again)
        self.read_the_rest(follower)
        self.check(seen)

    def test_subscribed_anew_it_goes_on_where_it_was(self):
        self.produce_meanwhile()
        seen = self.seen({partition: 0 for partition in range(PARTITIONS)})
        follower = self.follow(seen, "again")
        for _ in range(CUTS):
            enough = seen.count() + BETWEEN
            follower.read_until(lambda: seen.count() >= enough)
            self.cut()
            told = len(seen.sees)
            follower.read_until(lambda: len(seen.sees) > told)
            follower.wait_until_subscribed()
        self.read_the_rest(follower)
        self.check(seen)
        self.assertEqual(set(seen.sees), self.told_again)


@unittest.skipUnless(shutil.which("node") and os.path.isdir(os.path.join(NODE_PATH, "redis")),
                     "node-redis is not installed: deps/install.sh test")
class TestNodeRedis(Scenario, unittest.TestCase):
    command = NODE
    told = {"error", "reconnecting", "ready"}
    told_again = told


class TestRedisPy(Scenario, unittest.TestCase):
    command = PYTHON
    told = {"ConnectionError"}
    told_again = told


class TestNewestRedisPy(TestRedisPy):
    env = {"PYTHONPATH": os.path.join(sys.prefix, "newest")}
    told = set()


if __name__ == "__main__":
    unittest.main()
