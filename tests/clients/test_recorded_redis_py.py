# SPDX-License-Identifier: BSD-3-Clause
"""Recorded channels as an application of redis-py sees them: publish, subscribe, pipelines and transactions,
unmodified, and the messages again from the topic."""

import logging
import unittest

import redis

from server import Server

logging.getLogger("push_response").setLevel(logging.WARNING)


class Application:
    protocol = 0

    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.close)
        self.client = self.connect()
        self.configure("CREATE", "news", "CONFIG", "record.channels", "news.* alerts")
        self.listener = self.connect().pubsub(ignore_subscribe_messages=True)
        self.addCleanup(self.listener.close)

    def connect(self):
        client = redis.Redis(port=self.server.port, protocol=self.protocol, socket_timeout=30,
                             decode_responses=True)
        self.addCleanup(client.close)
        return client

    def configure(self, *words):
        self.assertEqual(self.client.execute_command("TOPIC", *words), "OK")

    def listen(self, *patterns):
        self.listener.psubscribe(*patterns)
        self.assertIsNone(self.listener.get_message(timeout=30))  # the confirmation

    def heard(self, count):
        messages = [self.listener.get_message(timeout=30) for _ in range(count)]
        return [(message["channel"], message["data"]) for message in messages]

    def recorded(self):
        return [(record[2], record[3])
                for record in self.client.execute_command("FETCH", "news", 0, "EARLIEST", "COUNT", 10000)]

    def test_publish_and_subscribe_are_as_ever_and_the_topic_has_what_was_said(self):
        self.assertEqual(self.client.publish("news.sport", "nobody listens"), 0)
        self.listen("*")
        self.assertEqual(self.client.publish("news.sport", "a goal"), 1)
        self.assertEqual(self.client.publish("weather", "rain"), 1)
        self.assertEqual(self.client.publish("alerts", "fire"), 1)
        self.assertEqual(self.heard(3),
                         [("news.sport", "a goal"), ("weather", "rain"), ("alerts", "fire")])
        self.assertEqual(self.recorded(), [("news.sport", "nobody listens"),
                                           ("news.sport", "a goal"), ("alerts", "fire")])

    def test_pipelines_and_transactions_keep_their_order(self):
        self.listen("*")
        said = []
        for transaction in [False, True]:
            with self.client.pipeline(transaction=transaction) as pipe:
                for number in range(500):
                    channel = ["news.a", "news.b", "weather"][number % 3]
                    said.append((channel, f"{transaction} {number}"))
                    pipe.publish(*said[-1])
                self.assertEqual(pipe.execute(), [1] * 500)
        heard = self.heard(len(said))
        self.assertEqual(heard, said)
        self.assertEqual(self.recorded(), [m for m in said if m[0] != "weather"])

    def test_one_that_comes_late_replays_a_channel_and_goes_on_live(self):
        self.client.publish("news.sport", "before")
        self.client.publish("news.politics", "not asked for")
        self.listener.psubscribe("log:news#news.sport@earliest")
        self.client.publish("news.sport", "after")
        lines = []
        while len(lines) < 2:
            message = self.listener.get_message(timeout=30)
            if message is not None:
                lines.append((message["channel"], message["data"]))
        self.assertEqual(lines, [("news/0@0 news.sport", "before"), ("news/0@2 news.sport", "after")])

    def test_recording_is_turned_on_and_off_by_a_command(self):
        self.configure("CONFIG", "SET", "news", "record.channels", "weather")
        self.client.publish("alerts", "not recorded")
        self.client.publish("weather", "sun")
        self.configure("DELETE", "news")
        self.assertEqual(self.client.publish("weather", "rain"), 0)
        self.configure("CREATE", "news")
        self.assertEqual(self.recorded(), [])

    def test_a_message_too_large_is_an_error_and_is_not_heard(self):
        self.configure("CONFIG", "SET", "news", "max.message.bytes", "200")
        self.listen("*")
        with self.assertRaisesRegex(redis.ResponseError, "^MSGTOOLARGE .*topic 'news'"):
            self.client.publish("alerts", "x" * 200)
        self.client.publish("alerts", "short")
        self.assertEqual(self.heard(1), [("alerts", "short")])
        self.assertEqual(self.recorded(), [("alerts", "short")])


class TestResp2(Application, unittest.TestCase):
    protocol = 2


class TestResp3(Application, unittest.TestCase):
    protocol = 3


if __name__ == "__main__":
    unittest.main()
