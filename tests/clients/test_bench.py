# SPDX-License-Identifier: BSD-3-Clause
"""echolog-bench against a server: that it counts what it says it counts. No test here looks at how long it took."""

import json
import os
import socket
import subprocess
import threading
import unittest

import redis

from server import Server

OK, ERRORS, NOT_DONE = 0, 1, 2
SHORT = ("-t", "0.2", "--warm-up", "0.05")


class Bench(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.close)
        self.client = redis.Redis(port=self.server.port, decode_responses=True)
        self.addCleanup(self.client.close)

    def bench(self, *words, status=OK, port=None):
        program = os.path.join(os.path.dirname(os.environ["ECHOLOG_CLI"]), "echolog-bench")
        done = subprocess.run([program, "-p", str(port or self.server.port), "--json", *words],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, status, (done.stdout, done.stderr))
        self.said = done.stderr
        return json.loads(done.stdout) if status != NOT_DONE else None

    def count_of(self, command):
        return self.client.info("commandstats").get("cmdstat_" + command, {}).get("calls", 0)


class TestRate(Bench):
    def test_as_many_requests_as_were_asked_for_reach_the_server(self):
        result = self.bench("-n", "1000", "-c", "7", "-P", "3", "publish", "--names", "5")
        self.assertEqual(result["messages"], 1000)
        self.assertEqual(self.count_of("publish"), 1000)
        self.assertEqual(result["latency"]["count"], 1000)

    def test_for_a_time(self):
        result = self.bench("ping", *SHORT)
        self.assertGreater(result["messages"], 0)
        self.assertLessEqual(result["messages"], self.count_of("ping"))

    def test_any_command_with_placeholders(self):
        self.client.execute_command("TOPIC", "CREATE", "t", "PARTITIONS", "3")
        words = ("PRODUCE", "t", "{payload}", "PARTITION", "{i}", "KEY", "{key}", "ACK", "WRITTEN")
        self.bench("-n", "300", "-d", "10", "--names", "3", "--keys", "2", *words)
        records = self.client.execute_command("FETCH", "t", 2, 0)
        self.assertEqual(len(records), 100)
        self.assertEqual({record[3] for record in records}, {"x" * 10})
        self.assertEqual({record[2] for record in records}, {"key:0", "key:1"})

    def test_errors_are_counted_shown_and_the_exit_status(self):
        result = self.bench("-n", "50", "NOSUCH", status=ERRORS)
        self.assertEqual(result["errors"], 50)
        self.assertIn("unknown command", result["first_error"])

    def test_what_a_process_has_used(self):
        server = self.bench("--pid", str(self.server.process.pid), "-n", "20000", "ping")["server"]
        self.assertGreater(server["cpu_us_each"], 0)
        self.assertGreater(server["peak_kib"], 1000)

    def test_no_server(self):
        with socket.create_server(("127.0.0.1", 0)) as unused:
            port = unused.getsockname()[1]
        self.bench("ping", status=NOT_DONE, port=port)
        self.assertIn("cannot connect", self.said)


class TestLog(Bench):
    def topics(self):
        names = self.client.execute_command("TOPIC", "LIST")
        return [name for name in names if not name.startswith("__")]

    def test_produce_writes_what_it_counts_and_leaves_nothing(self):
        before = self.client.info("everything")["records_appended"]
        result = self.bench("-n", "200", "produce", "--topics", "2", "--partitions", "3", "--batch",
                            "5", "--ack", "written")
        self.assertEqual(result["messages"], 1000)
        self.assertEqual(self.client.info("everything")["records_appended"] - before, 1000)
        self.assertEqual(self.topics(), [])

    def test_a_topic_that_is_given_is_used_and_left(self):
        self.client.execute_command("TOPIC", "CREATE", "mine")
        self.bench("-n", "100", "produce", "--topic", "mine")
        self.bench("--records", "100", "--count", "50", "fetch", "--topic", "mine")
        self.assertEqual(self.topics(), ["mine"])

    def test_fetch_gets_every_record(self):
        result = self.bench("--records", "5000", "--count", "100", "fetch")
        self.assertEqual(result["messages"], 5000)
        self.assertEqual(self.topics(), [])

    def test_fetch_of_less_than_it_was_promised_is_no_result(self):
        self.client.execute_command("PRODUCE", "mine", "only this")
        self.bench("--records", "500", "fetch", "--topic", "mine", status=NOT_DONE)
        self.assertIn("asked for 500 records and got 1", self.said)

    def test_a_group_consumes_every_record(self):
        result = self.bench("--records", "6000", "--count", "100", "--members", "4",
                            "--partitions", "6", "consume")
        self.assertEqual(result["messages"], 6000)
        self.assertEqual(self.topics(), [])
        self.assertEqual(self.client.execute_command("GROUP", "LIST"), [])


class TestDeliveries(Bench):
    def test_every_subscriber_hears_every_message(self):
        result = self.bench("fan-out", "--subscribers", "20", "--window", "10", *SHORT)
        self.assertGreater(result["messages"], 0)
        published = self.count_of("publish")
        self.assertLessEqual(result["messages"], published * 20)
        self.assertGreaterEqual(result["messages"] / 20, 10)

    def test_latency_counts_each_message_once(self):
        for scenario in ("latency", "latency-publish"):
            result = self.bench(scenario, "--rate", "1000", *SHORT)
            self.assertEqual(result["messages"], 200)
            self.assertEqual(result["latency"]["count"], 200)
            self.assertGreater(result["latency"]["p50_us"], 0)


class TestBrokenServers(Bench):
    """What a server does that is not one of ours."""

    def broken(self, answer):
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)

        def serve():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65536)
                    connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        return listener.getsockname()[1]

    def test_one_that_hangs_up(self):
        self.bench("-c", "1", "-n", "100", "ping", status=NOT_DONE, port=self.broken(b"+PONG\r\n"))
        self.assertIn("connection", self.said)

    def test_one_that_speaks_something_else(self):
        self.bench("-c", "1", "ping", status=NOT_DONE, port=self.broken(b"HTTP/1.1 400 Bad\r\n"))
        self.assertIn("not RESP", self.said)

    def broken_pubsub(self, frame):
        """Confirms a subscription, answers what is published, and sends the subscriber `frame` for it."""
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)

        def serve():
            subscriber, _ = listener.accept()
            publisher, _ = listener.accept()
            with subscriber, publisher:
                subscriber.recv(65536)
                subscriber.sendall(b"*3\r\n$9\r\nsubscribe\r\n$13\r\necholog-bench\r\n:1\r\n")
                publisher.recv(65536)
                subscriber.sendall(frame)
                subscriber.recv(1)

        threading.Thread(target=serve, daemon=True).start()
        return listener.getsockname()[1]

    def test_one_that_delivers_something_else(self):
        frame = b"*3\r\n$7\r\nmessage\r\n$13\r\necholog-bench\r\n$5\r\n%s\r\n"
        for said in (frame % b"xxxxy", b"x" + frame % b"xxxxx" * 2):
            self.bench("fan-out", "--subscribers", "1", "-d", "5", "--window", "2", *SHORT,
                       status=NOT_DONE, port=self.broken_pubsub(said))
            self.assertIn("something else", self.said)

    def test_one_that_answers_too_much(self):
        answer = b"+PONG\r\n" * 20
        self.bench("-c", "1", "-P", "2", "-n", "2", "ping", status=NOT_DONE,
                   port=self.broken(answer))
        self.assertIn("more replies", self.said)


if __name__ == "__main__":
    unittest.main()
