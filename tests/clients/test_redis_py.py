# SPDX-License-Identifier: BSD-3-Clause
"""redis-py, unmodified: echo and log over RESP2 and RESP3."""

import threading
import unittest

import redis

from server import Server


def next_message(pubsub):
    """The next message that is not the confirmation of a subscription."""
    for _ in range(100):
        message = pubsub.get_message(timeout=10)
        if message and "subscribe" not in message["type"]:
            return message
    raise AssertionError("no message came")


def confirm(pubsub, count):
    """Reads `count` confirmations of (un)subscriptions; returns (type, channel) of each."""
    got = []
    while len(got) < count:
        message = pubsub.get_message(timeout=10)
        if message is None:
            raise AssertionError(f"only {got} came")
        got.append((message["type"], message["channel"]))
    return got


class Round:
    """One round of everything; the classes below say in which protocol."""

    protocol = 0

    @classmethod
    def setUpClass(cls):
        cls.server = Server("--log-retention-ms", "-1")

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def setUp(self):
        self.client = self.connect()
        self.topic = self.id().rsplit(".", 1)[-1]

    def connect(self, **more):
        client = redis.Redis(host="127.0.0.1", port=self.server.port, protocol=self.protocol,
                             socket_timeout=30, **more)
        self.addCleanup(client.close)
        return client

    def records(self, reply):
        """What FETCH answered as (offset, key, value, headers); RESP3 gives headers as a map."""
        def headers(given):
            return given if isinstance(given, dict) else dict(zip(given[::2], given[1::2]))
        return [(offset, key, value, headers(given)) for offset, _, key, value, given in reply]

    # --- connection ---

    def test_ping_name_and_info(self):
        self.assertTrue(self.client.ping())
        self.assertEqual(self.client.echo("hi"), b"hi")
        named = self.connect(client_name="worker", decode_responses=True)
        self.assertEqual(named.client_getname(), "worker")
        self.assertIn("worker", [c["name"] for c in named.client_list()])
        self.assertEqual(self.client.info("server")["tcp_port"], self.server.port)
        self.assertEqual(self.client.config_get("maxclients"),
                         {"maxclients": "10000"} if isinstance(
                             next(iter(self.client.config_get("maxclients"))), str)
                         else {b"maxclients": b"10000"})
        self.assertGreater(self.client.command_count(), 30)
        self.assertIn("produce", self.client.command())
        self.assertEqual(len(self.client.time()), 2)

    def test_errors_are_the_librarys_exceptions(self):
        with self.assertRaisesRegex(redis.ResponseError, "unknown command"):
            self.client.execute_command("NOSUCH")
        with self.assertRaisesRegex(redis.ResponseError, "UNKNOWNTOPIC"):
            self.client.execute_command("FETCH", "nosuch", 0, 0)
        self.assertTrue(self.client.ping())

    # --- echo ---

    def test_publish_and_subscribe(self):
        pubsub = self.client.pubsub()
        pubsub.subscribe("news", "sport")
        self.assertEqual(sorted(confirm(pubsub, 2)),
                         [("subscribe", b"news"), ("subscribe", b"sport")])
        self.assertEqual(self.client.publish("news", b"a\0b"), 1)
        self.assertEqual(self.client.publish("nobody", "x"), 0)
        message = next_message(pubsub)
        self.assertEqual((message["channel"], message["data"]), (b"news", b"a\0b"))
        self.assertEqual(dict(self.client.pubsub_numsub("news", "none")),
                         {b"news": 1, b"none": 0})
        pubsub.unsubscribe()
        self.assertEqual({kind for kind, _ in confirm(pubsub, 2)}, {"unsubscribe"})
        pubsub.close()

    def test_patterns(self):
        pubsub = self.client.pubsub()
        pubsub.psubscribe("p.*")
        confirm(pubsub, 1)
        self.assertEqual(self.client.pubsub_numpat(), 1)
        self.assertEqual(self.client.publish("p.x", "y"), 1)
        message = next_message(pubsub)
        self.assertEqual((message["type"], message["pattern"], message["channel"],
                          message["data"]), ("pmessage", b"p.*", b"p.x", b"y"))
        pubsub.close()

    def test_shard_channels(self):
        pubsub = self.client.pubsub()
        pubsub.ssubscribe("shard")
        confirm(pubsub, 1)
        self.assertEqual(self.client.execute_command("SPUBLISH", "shard", "m"), 1)
        message = next_message(pubsub)
        self.assertEqual((message["type"], message["data"]), ("smessage", b"m"))
        self.assertEqual(self.client.pubsub_shardchannels(), [b"shard"])
        pubsub.close()

    def test_a_thread_that_listens(self):
        got = []
        done = threading.Event()

        def handle(message):
            got.append(message["data"])
            if len(got) == 100:
                done.set()

        pubsub = self.client.pubsub(ignore_subscribe_messages=True)
        pubsub.subscribe(**{"handled": handle})
        thread = pubsub.run_in_thread(sleep_time=0.01)
        while dict(self.client.pubsub_numsub("handled"))[b"handled"] == 0:
            pass
        for number in range(100):
            self.client.publish("handled", number)
        self.assertTrue(done.wait(30))
        thread.stop()
        thread.join()
        self.assertEqual(got, [str(number).encode() for number in range(100)])

    # --- log ---

    def test_produce_and_fetch(self):
        run = self.client.execute_command
        self.assertIn(run("TOPIC CREATE", self.topic, "PARTITIONS", 2), (b"OK", "OK", True))
        self.assertEqual(run("PRODUCE", self.topic, b"v\0\r\n", "KEY", b"k\xff", "PARTITION", 1,
                             "HEADER", "h", "w"), [1, 0])
        self.assertEqual(run("PRODUCE", self.topic, "", "KEY", "gone", "TOMBSTONE",
                             "PARTITION", 1), [1, 1])
        self.assertEqual(self.records(run("FETCH", self.topic, 1, 0)),
                         [(0, b"k\xff", b"v\0\r\n", {b"h": b"w"}), (1, b"gone", None, {})])
        self.assertIn(self.topic.encode(), run("TOPIC LIST"))

    def test_mproduce_and_mfetch(self):
        run = self.client.execute_command
        self.assertEqual(run("MPRODUCE", self.topic, "VALUES", *range(1000)), [[0, 0, 1000]])
        values = []
        while len(values) < 1000:
            (topic, partition, records), = run("MFETCH", "COUNT", 300, "FROM", self.topic, 0,
                                               len(values))
            self.assertEqual((topic, partition), (self.topic.encode(), 0))
            values += [int(record[3]) for record in records]
        self.assertEqual(values, list(range(1000)))

    def test_a_blocked_fetch(self):
        run = self.client.execute_command
        run("TOPIC CREATE", self.topic)
        other = self.connect()
        timer = threading.Timer(0.05, other.execute_command, ("PRODUCE", self.topic, "late"))
        timer.start()
        self.assertEqual(self.records(run("FETCH", self.topic, 0, 0, "BLOCK", 20000)),
                         [(0, None, b"late", {})])
        timer.join()

    def test_transactions_and_pipelines(self):
        for transaction in (True, False):
            pipe = self.client.pipeline(transaction=transaction)
            for number in range(200):
                pipe.execute_command("PRODUCE", self.topic, number)
            pipe.publish("nobody", "x")
            pipe.execute_command("FETCH", "nosuch", 0, 0)
            replies = pipe.execute(raise_on_error=False)
            first = 0 if transaction else 200
            self.assertEqual(replies[:200], [[0, first + n] for n in range(200)])
            self.assertEqual(replies[200], 0)
            self.assertIsInstance(replies[201], redis.ResponseError)

    def test_the_contrast(self):
        """A message with no subscriber is gone; a record with no consumer waits."""
        self.assertEqual(self.client.publish(self.topic, "gone"), 0)
        self.client.execute_command("PRODUCE", self.topic, "kept")
        pubsub = self.client.pubsub()
        pubsub.subscribe(self.topic)
        confirm(pubsub, 1)
        self.assertIsNone(pubsub.get_message(timeout=0.05))
        pubsub.close()
        reply = self.client.execute_command("FETCH", self.topic, 0, "EARLIEST")
        self.assertEqual(self.records(reply), [(0, None, b"kept", {})])


class TestResp2(Round, unittest.TestCase):
    protocol = 2


class TestResp3(Round, unittest.TestCase):
    protocol = 3


class TestAsync(unittest.IsolatedAsyncioTestCase):
    """The same library's asyncio client."""

    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.close)

    async def test_echo_and_log(self):
        import redis.asyncio
        for protocol in (2, 3):
            client = redis.asyncio.Redis(port=self.server.port, protocol=protocol)
            topic = f"t{protocol}"
            async with client.pubsub() as pubsub:
                await pubsub.subscribe(topic)
                await pubsub.get_message(timeout=10)
                await client.publish(topic, "m")
                message = await pubsub.get_message(timeout=10)
                self.assertEqual(message["data"], b"m")
            self.assertEqual(await client.execute_command("PRODUCE", topic, "v"), [0, 0])
            records = await client.execute_command("FETCH", topic, 0, 0)
            self.assertEqual(records[0][3], b"v")
            await client.aclose()


if __name__ == "__main__":
    unittest.main()
