# SPDX-License-Identifier: BSD-3-Clause
"""GROUP LAG against a count that it has no part in: the committed offsets as they stand in the log of
__consumer_offsets, the ends of the logs by TOPIC OFFSETS, and the records themselves."""

import os
import random
import struct
import time
import unittest

import redis

from server import Server

PARTITIONS = 60
ROUNDS = 6
DEADLINE_S = 60
FETCH_ALL = ("COUNT", 1000000, "MAXBYTES", 64 * 1024 * 1024)


def pairs(reply):
    return dict(zip(reply[::2], reply[1::2]))


def read_string(data, at):
    length, = struct.unpack_from(">h", data, at)
    return data[at + 2:at + 2 + length], at + 2 + length


class TestGroupLag(unittest.TestCase):
    def setUp(self):
        self.server = Server("--log-retention-check-ms", "20")
        self.client = redis.Redis(port=self.server.port)
        self.seed = int(os.environ.get("SEED", random.randrange(1 << 32)))
        self.random = random.Random(self.seed)
        self.do("TOPIC CREATE t PARTITIONS", PARTITIONS, "CONFIG segment.bytes 4096")

    def tearDown(self):
        self.client.close()
        self.server.close()

    def do(self, words, *more):
        split = []
        for word in (words, *more):
            split += word.split() if isinstance(word, str) else [word]
        return self.client.execute_command(*split)

    def produce(self):
        for partition in self.random.sample(range(PARTITIONS), PARTITIONS // 2):
            values = [b"v" * self.random.randrange(300)
                      for _ in range(self.random.randrange(1, 40))]
            self.do("MPRODUCE t PARTITION", partition, "ACK WRITTEN VALUES", *values)

    def committed(self):
        """By partition."""
        found = {}
        for _, _, key, value, _ in self.do("FETCH __consumer_offsets 0 EARLIEST", *FETCH_ALL):
            if key[:2] != b"\0\1":
                continue  # the group's own record
            group, at = read_string(key, 2)
            topic, at = read_string(key, at)
            partition, = struct.unpack_from(">i", key, at)
            self.assertEqual((group, topic), (b"g", b"t"))
            found[partition] = None if value is None else struct.unpack_from(">q", value, 2)[0]
        return {p: offset for p, offset in found.items() if offset is not None}

    def ends(self, which):
        return [offset for _, offset, _ in self.do("TOPIC OFFSETS t", which)]

    def check(self):
        """Returns how many committed offsets have fallen off their logs."""
        committed, start, end = self.committed(), self.ends("EARLIEST"), self.ends("LATEST")
        lag = pairs(self.do("GROUP LAG g"))
        parts = [pairs(part) for part in lag[b"partitions"]]
        self.assertEqual([part[b"partition"] for part in parts], list(range(PARTITIONS)))
        expected, lost = [], 0
        for p, part in enumerate(parts):
            offset = committed.get(p, start[p])
            expected.append(end[p] - offset)
            self.assertEqual((part[b"committed"], part[b"log-start"], part[b"end"], part[b"lag"]),
                             (committed.get(p), start[p], end[p], end[p] - offset),
                             f"seed {self.seed}, partition {p}")
            waiting = self.do("FETCH t", p, max(offset, start[p]), *FETCH_ALL)
            self.assertEqual(len(waiting), end[p] - max(offset, start[p]))
            lost += offset < start[p]
        self.assertEqual((lag[b"lag"], lag[b"lag-max"]), (sum(expected), max(expected)),
                         f"seed {self.seed}")
        return lost

    def commit(self):
        committed, start, end = self.committed(), self.ends("EARLIEST"), self.ends("LATEST")
        words = []
        for p in self.random.sample(range(PARTITIONS), PARTITIONS // 3):
            least = max(committed.get(p, 0), start[p])
            words += ["t", p, self.random.choice([least, end[p], self.random.randint(least, end[p])])]
        self.do("COMMIT g m", *words)

    def trim(self):
        start, end = self.ends("EARLIEST"), self.ends("LATEST")
        for p in self.random.sample(range(PARTITIONS), PARTITIONS // 6):
            self.do("TOPIC TRIM t", p, "BEFORE", self.random.randint(start[p], end[p]))

    def let_retention_take_some(self):
        before = sum(self.ends("EARLIEST"))
        self.do("TOPIC CONFIG SET t retention.bytes 4096")
        deadline = time.monotonic() + DEADLINE_S
        while sum(self.ends("EARLIEST")) == before:
            self.assertLess(time.monotonic(), deadline, "retention took nothing")
            self.produce()
        self.do("TOPIC CONFIG SET t retention.bytes -1")

    def test_lag_agrees_with_what_is_in_the_logs(self):
        self.do("CONSUME g m COMMIT MANUAL SESSION 3600000 TOPICS t")
        self.assertEqual(self.check(), 0)  # empty logs
        self.produce()
        self.assertEqual(self.check(), 0)  # nothing is committed
        lost = 0
        for _ in range(ROUNDS):
            self.commit()
            self.check()
            self.trim()
            self.check()
            self.produce()
            lost += self.check()
            self.let_retention_take_some()
            lost += self.check()
        self.assertGreater(lost, 0, f"seed {self.seed}: nothing fell off the log")
