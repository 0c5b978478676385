# SPDX-License-Identifier: BSD-3-Clause
"""Pub/sub with a memory through redis-py, unmodified: replay, going on live, and joining up again
after the connection, the client or the server went."""

import logging
import threading
import unittest

import redis

from server import Server

# It would print each message of RESP3.
logging.getLogger("push_response").setLevel(logging.WARNING)

RECORDS = 2000
PARTITIONS = 3


def place(channel):
    """"topic/partition@offset[ key]" taken apart."""
    where, _, key = channel.decode().partition(" ")
    where, _, offset = where.rpartition("@")
    topic, _, partition = where.rpartition("/")
    return topic, int(partition), int(offset), key


class Reader:
    """What an application does: keeps the last offset of each partition, and goes on behind it."""

    def __init__(self, client, topic):
        self.topic = topic
        self.next = {}       # partition -> the next offset
        self.values = []
        self.duplicates = 0
        self.pubsub = client.pubsub(ignore_subscribe_messages=True)
        self.client = client

    def start(self):
        if self.next:
            self.pubsub.psubscribe(*[f"log:{self.topic}/{partition}@{offset}"
                                     for partition, offset in self.next.items()])
        else:
            self.pubsub.psubscribe(f"log:{self.topic}@earliest")

    def take(self, message):
        topic, partition, offset, _ = place(message["channel"])
        assert topic == self.topic, message
        expected = self.next.get(partition, 0)
        if offset < expected:
            self.duplicates += 1
            return
        assert offset == expected, f"{message['channel']} instead of {expected}"
        self.next[partition] = offset + 1
        self.values.append(message["data"])

    def read(self, count):
        """Until there are so many."""
        nothing = 0  # a confirmation that is ignored is one
        while len(self.values) < count:
            message = self.pubsub.get_message(timeout=10)
            if message is not None:
                self.take(message)
                continue
            nothing += 1
            assert nothing <= 2 * PARTITIONS, f"only {len(self.values)} of {count} came"


class Round:
    protocol = 0

    def setUp(self):
        self.server = Server("--log-retention-ms", "-1")
        self.addCleanup(self.server.close)
        self.client = self.connect()
        self.client.execute_command("TOPIC", "CREATE", "t", "PARTITIONS", PARTITIONS)

    def connect(self):
        client = redis.Redis(host="127.0.0.1", port=self.server.port, protocol=self.protocol,
                             socket_timeout=30)
        self.addCleanup(client.close)
        return client

    def produce(self, first, last):
        pairs = []
        for number in range(first, last):
            pairs += [f"key{number % 10}", number]
        self.client.execute_command("MPRODUCE", "t", "PAIRS", *pairs)

    def check(self, reader, count):
        self.assertEqual(sorted(map(int, reader.values)), list(range(count)))

    def test_history_and_then_the_present(self):
        self.produce(0, RECORDS)
        reader = Reader(self.connect(), "t")
        reader.start()
        reader.read(RECORDS)
        self.produce(RECORDS, 2 * RECORDS)
        reader.read(2 * RECORDS)
        self.check(reader, 2 * RECORDS)
        self.assertEqual(reader.duplicates, 0)

    def test_while_others_produce(self):
        reader = Reader(self.connect(), "t")
        thread = threading.Thread(
            target=lambda: [self.produce(n, n + 10) for n in range(0, RECORDS, 10)])
        thread.start()
        reader.start()
        reader.read(RECORDS)
        thread.join()
        self.check(reader, RECORDS)
        self.assertEqual(reader.duplicates, 0)

    def test_a_new_client_goes_on_behind_the_last_offset_of_the_one_before(self):
        self.produce(0, RECORDS)
        first = Reader(self.connect(), "t")
        first.start()
        first.read(RECORDS // 3)
        first.pubsub.close()
        second = Reader(self.connect(), "t")
        second.next = dict(first.next)
        for partition in range(PARTITIONS):
            second.next.setdefault(partition, 0)
        second.values = list(first.values)
        second.start()
        self.produce(RECORDS, RECORDS + 100)
        second.read(RECORDS + 100)
        self.check(second, RECORDS + 100)
        self.assertEqual(second.duplicates, 0)

    def test_it_joins_up_after_the_server_was_killed(self):
        self.produce(0, RECORDS)
        first = Reader(self.connect(), "t")
        first.start()
        first.read(RECORDS)
        self.server.kill()
        self.server.start()
        self.client = self.connect()
        self.produce(RECORDS, 2 * RECORDS)
        second = Reader(self.connect(), "t")
        second.next, second.values = first.next, first.values
        second.start()
        second.read(2 * RECORDS)
        self.check(second, 2 * RECORDS)
        self.assertEqual(second.duplicates, 0)

    def test_the_librarys_own_reconnect_repeats_and_offsets_tell_it(self):
        self.produce(0, RECORDS)
        reader = Reader(self.connect(), "t")
        reader.start()
        reader.read(RECORDS)
        self.client.execute_command("CLIENT", "KILL", "TYPE", "PUBSUB")
        self.produce(RECORDS, RECORDS + 100)
        try:
            reader.read(RECORDS + 100)
        except redis.ConnectionError:  # seen by the application, or repaired before it sees it
            reader.read(RECORDS + 100)
        self.check(reader, RECORDS + 100)
        self.assertEqual(reader.duplicates, RECORDS)

    def test_a_handler_a_filter_and_the_end(self):
        got = []
        self.produce(0, 100)
        pubsub = self.client.pubsub(ignore_subscribe_messages=True)
        pubsub.psubscribe(**{"log:t#key7@earliest": lambda message: got.append(message)})
        while len(got) < 10:
            pubsub.get_message(timeout=10)
        self.assertEqual([int(message["data"]) for message in got], list(range(7, 100, 10)))
        self.assertEqual({place(message["channel"])[3] for message in got}, {"key7"})
        self.assertEqual({message["pattern"] for message in got}, {b"log:t#key7@earliest"})
        self.assertEqual(self.client.pubsub_numpat(), 1)
        pubsub.punsubscribe()
        while pubsub.subscribed:
            pubsub.get_message(timeout=10)
        self.assertEqual(self.client.pubsub_numpat(), 0)
        pubsub.close()

    def test_what_is_lost_is_a_message_with_a_range(self):
        self.produce(0, 100)
        end = self.client.execute_command("TOPIC", "TRIM", "t", 0, "BEFORE", 5)
        self.assertEqual(end, 5)
        pubsub = self.client.pubsub(ignore_subscribe_messages=True)
        pubsub.psubscribe("log:t/0@2")
        message = None
        while message is None:
            message = pubsub.get_message(timeout=10)
        self.assertEqual(message["channel"], b"t/0@2-5")
        self.assertTrue(message["data"].startswith(b"OFFSETOUTOFRANGE "), message)
        pubsub.close()

    def test_a_bad_position_is_an_exception(self):
        pubsub = self.client.pubsub()
        pubsub.psubscribe("log:nosuch@earliest")
        with self.assertRaisesRegex(redis.ResponseError, "UNKNOWNTOPIC"):
            pubsub.get_message(timeout=10)
        pubsub.close()


class Resp2(Round, unittest.TestCase):
    protocol = 2


class Resp3(Round, unittest.TestCase):
    protocol = 3
