# SPDX-License-Identifier: BSD-3-Clause
"""The HTTP port for metrics, asked by Python's own client and judged by parsers that are not ours: promtool
and the OpenMetrics parser of prometheus_client."""

import http.client
import os
import random
import re
import socket
import subprocess
import threading
import unittest

import redis
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client import parser as classic

from server import Server

HERE = os.path.dirname(os.path.abspath(__file__))
PAGE = os.path.join(HERE, "..", "..", "docs", "metrics.md")
OPENMETRICS = "application/openmetrics-text;version=1.0.0"
# What Prometheus itself sends.
PROMETHEUS = (OPENMETRICS + ",application/openmetrics-text;version=0.0.1;q=0.75,"
              "text/plain;version=0.0.4;q=0.5,*/*;q=0.1")
CONNECTIONS_MAX = 32  # HTTP_CONNECTIONS_MAX of src/net/http.h
DEADLINE_S = 60


def start_with_metrics(*directives):
    try:
        return Server("--metrics-port", "any", "--metrics-bind", "127.0.0.1", *directives)
    except RuntimeError as problem:
        if "METRICS=no" in str(problem):
            raise unittest.SkipTest("built without metrics") from problem
        raise


def ask(server, path="/metrics", accept=None, method="GET", body=None):
    """(status, headers, text) of one request."""
    connection = http.client.HTTPConnection("127.0.0.1", server.metrics_port, timeout=DEADLINE_S)
    connection.request(method, path, body=body, headers={"Accept": accept} if accept else {})
    response = connection.getresponse()
    text = response.read().decode("utf-8")
    connection.close()
    return response.status, response.headers, text


def samples(text, families=openmetrics.text_string_to_metric_families):
    """{(name, ((label, value), ...)): number}; the parser refuses what is not well formed."""
    found = {}
    for family in families(text):
        for sample in family.samples:
            key = (sample.name, tuple(sorted(sample.labels.items())))
            assert key not in found, key
            found[key] = sample.value
    return found


class Figures:
    """A page, by series."""

    def __init__(self, server):
        status, _, text = ask(server, accept=OPENMETRICS)
        assert status == 200, text
        self.text = text
        self.samples = samples(text)

    def get(self, name, **labels):
        return self.samples[(name, tuple(sorted(labels.items())))]

    def has(self, name, **labels):
        return (name, tuple(sorted(labels.items()))) in self.samples


class WithServer(unittest.TestCase):
    directives = ()

    @classmethod
    def setUpClass(cls):
        cls.server = start_with_metrics(*cls.directives)
        cls.client = redis.Redis(port=cls.server.port, socket_timeout=DEADLINE_S)

    @classmethod
    def tearDownClass(cls):
        cls.client.close()
        cls.server.close()

    def figures(self):
        return Figures(self.server)


class TestFigures(WithServer):
    def test_publishing_moves_echo(self):
        before = self.figures()
        with self.client.pubsub() as listener:
            listener.subscribe("news")
            listener.get_message(timeout=DEADLINE_S)
            self.assertEqual(self.figures().get("echolog_echo_subscribers"), 1)
            self.client.publish("news", "a")
            self.client.publish("nobody", "b")
        after = self.figures()
        for name, step in (("messages", 2), ("deliveries", 1)):
            name = f"echolog_echo_{name}_total"
            self.assertEqual(after.get(name) - before.get(name), step, name)
        self.assertEqual(
            after.get("echolog_command_calls_total", command="publish")
            - (before.get("echolog_command_calls_total", command="publish")
               if before.has("echolog_command_calls_total", command="publish") else 0), 2)

    def test_producing_and_consuming_move_topics_and_lag(self):
        say = self.client.execute_command
        say("TOPIC", "CREATE", "orders", "PARTITIONS", 2)
        for value in range(5):
            say("PRODUCE", "orders", value, "PARTITION", 1)
        figures = self.figures()
        self.assertEqual(figures.get("echolog_topic_appended_records_total", topic="orders"), 5)
        self.assertEqual(figures.get("echolog_topic_partitions", topic="orders"), 2)
        self.assertGreater(figures.get("echolog_topic_size_bytes", topic="orders"), 0)
        self.assertGreater(figures.get("echolog_log_syncs_total"), 0)
        self.assertEqual(figures.get("echolog_topic_read_records_total", topic="orders"), 0)

        say("CONSUME", "billing", "c1", "COUNT", 3, "TOPICS", "orders")
        figures = self.figures()
        self.assertEqual(figures.get("echolog_topic_read_records_total", topic="orders"), 3)
        self.assertEqual(figures.get("echolog_group_lag_records", group="billing"), 5)
        say("CONSUME", "billing", "c1", "COUNT", 1, "TOPICS", "orders")
        figures = self.figures()
        self.assertEqual(figures.get("echolog_group_lag_records", group="billing"), 2)
        self.assertEqual(figures.get("echolog_group_members", group="billing"), 1)
        self.assertEqual(
            figures.get("echolog_group_topic_lag_records", group="billing", topic="orders"), 2)
        say("TOPIC", "DELETE", "orders")
        self.assertFalse(self.figures().has("echolog_topic_partitions", topic="orders"))

    def test_latency_is_a_histogram_of_each_command(self):
        for _ in range(20):
            self.client.ping()
        figures = self.figures()
        count = figures.get("echolog_command_duration_seconds_count", command="ping")
        self.assertGreaterEqual(count, 20)
        self.assertEqual(figures.get("echolog_command_calls_total", command="ping"), count)
        self.assertEqual(
            figures.get("echolog_command_duration_seconds_bucket", command="ping", le="+Inf"),
            count)
        self.assertGreater(
            figures.get("echolog_command_duration_seconds_sum", command="ping"), 0)

    def test_denials_are_counted(self):
        before = self.figures()
        self.client.execute_command("ACL", "SETUSER", "limited", "on", ">secret", "+ping",
                                    "+client|setinfo")
        with redis.Redis(port=self.server.port, username="limited", password="secret") as limited:
            limited.ping()
            with self.assertRaises(redis.exceptions.NoPermissionError):
                limited.publish("c", "x")
        with redis.Redis(port=self.server.port, username="limited", password="x") as stranger:
            with self.assertRaises(redis.AuthenticationError):
                stranger.ping()
        after = self.figures()
        for reason in ("command", "auth"):
            self.assertEqual(after.get("echolog_access_denials_total", reason=reason)
                             - before.get("echolog_access_denials_total", reason=reason), 1, reason)

    def test_resetting_statistics_leaves_a_whole_page(self):
        self.client.ping()
        self.client.config_resetstat()
        self.figures()


class TestForm(WithServer):
    def test_each_gets_the_dialect_it_asks_for(self):
        for accept, wanted in ((None, "text/plain; version=0.0.4; charset=utf-8"),
                               ("*/*", "text/plain; version=0.0.4; charset=utf-8"),
                               (PROMETHEUS, "application/openmetrics-text; version=1.0.0; "
                                            "charset=utf-8")):
            status, headers, _ = ask(self.server, accept=accept)
            self.assertEqual((status, headers["Content-Type"]), (200, wanted))

    def test_promtool_has_nothing_to_say(self):
        self.client.execute_command("PRODUCE", "t", "v")
        self.client.execute_command("CONSUME", "g", "m", "TOPICS", "t")
        _, _, text = ask(self.server)
        done = subprocess.run(["promtool", "check", "metrics"], input=text, text=True,
                              capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))

    def test_both_dialects_tell_the_same_series(self):
        _, _, old = ask(self.server)
        _, _, new = ask(self.server, accept=OPENMETRICS)
        self.assertEqual(samples(old, classic.text_string_to_metric_families).keys(),
                         samples(new).keys())

    def test_the_page_of_docs_lists_what_is_there(self):
        with self.assertRaises(redis.ResponseError):
            self.client.execute_command("FETCH", "nosuch", 0, 0)
        self.client.execute_command("PRODUCE", "t", "v")
        self.client.execute_command("CONSUME", "g", "m", "TOPICS", "t")
        _, _, text = ask(self.server)
        helps = dict(re.findall(r"^# HELP (\S+) (.*)$", text, re.MULTILINE))
        kinds = dict(re.findall(r"^# TYPE (\S+) (.*)$", text, re.MULTILINE))
        labels = {}
        for name, inside in re.findall(r"^([a-z_]+?)(?:_bucket|_sum|_count)?(?:\{(.*)\})? \S+$",
                                       text, re.MULTILINE):
            words = [word for word in re.findall(r"(\w+)=\"", inside) if word != "le"]
            labels.setdefault(name, ", ".join(words))
        with open(PAGE, encoding="utf-8") as page:
            rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (.*?) \| (.*) \|$", page.read(),
                              re.MULTILINE)
        listed = {name: (kind, of, text) for name, kind, of, text in rows}
        self.assertEqual(len(listed), len(rows), "a metric is listed twice")
        there = {name: (kinds[name], labels[name], helps[name]) for name in helps}
        self.assertEqual(listed, there)


class TestRequests(WithServer):
    def test_head_is_get_without_the_page(self):
        status, headers, text = ask(self.server, method="HEAD")
        self.assertEqual((status, text), (200, ""))
        self.assertGreater(int(headers["Content-Length"]), 1000)

    def test_other_methods_are_refused(self):
        for method, body in (("POST", "x" * 100000), ("PUT", ""), ("DELETE", None), ("BREW", None)):
            status, headers, _ = ask(self.server, method=method, body=body)
            self.assertEqual((status, headers["Allow"]), (405, "GET, HEAD"), method)

    def test_other_paths_are_not_found(self):
        for path in ("/", "/metrics/", "/METRICS", "/../metrics", "/%00", "/" + "x" * 2000):
            self.assertEqual(ask(self.server, path)[0], 404, path)
        self.assertEqual(ask(self.server, "/metrics?name=x")[0], 200)

    def test_alive_and_ready(self):
        self.assertEqual(ask(self.server, "/healthz")[::2], (200, "ok\n"))
        self.assertEqual(ask(self.server, "/readyz")[::2], (200, "ok\n"))


class TestAbuse(WithServer):
    """Whatever somebody does to the port, scrapes go on, and so do clients of the broker."""

    def connect(self):
        made = socket.create_connection(("127.0.0.1", self.server.metrics_port), DEADLINE_S)
        self.addCleanup(made.close)
        return made

    def read_all(self, connection):
        got = b""
        try:
            while True:
                more = connection.recv(65536)
                if not more:
                    return got
                got += more
        except ConnectionResetError:
            return got

    def check_alive(self):
        self.assertTrue(self.client.ping())
        self.assertEqual(ask(self.server)[0], 200)

    def test_garbage(self):
        for sent in (b"\0" * 3000, b"\xff\xfe\r\n\r\n", b"GET\r\n\r\n", b"GET /metrics\r\n\r\n",
                     b"GET /metrics HTTP/9.9\r\n\r\n", b"*1\r\n$4\r\nPING\r\n\r\n\r\n",
                     b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
                     b"GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
                     b"GET /metrics HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n"):
            connection = self.connect()
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            got = self.read_all(connection)
            self.assertTrue(got == b"" or got.startswith(b"HTTP/1."), got[:100])
        self.check_alive()

    def test_requests_with_bytes_changed(self):
        seed = int(os.environ.get("TEST_SEED", random.randrange(1 << 32)))
        print("TEST_SEED", seed)
        chance = random.Random(seed)
        for _ in range(5):
            # Some wait for more until their time is up: at once, and fewer than there may be.
            connections = [self.connect() for _ in range(CONNECTIONS_MAX // 2)]
            for connection in connections:
                connection.sendall(self.changed(chance))
                connection.shutdown(socket.SHUT_WR)
            for connection in connections:
                got = self.read_all(connection)
                self.assertTrue(got == b"" or got.startswith(b"HTTP/1."), got[:100])
        self.check_alive()

    def changed(self, chance):
        sent = bytearray(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept: "
                         + PROMETHEUS.encode() + b"\r\nContent-Length: 3\r\n\r\nabc")
        for _ in range(chance.randrange(1, 8)):
            at = chance.randrange(len(sent))
            sent[at:at + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
        return sent

    def test_a_huge_head_is_refused(self):
        connection = self.connect()
        try:
            connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n")
            for number in range(100000):
                connection.sendall(b"X-%d: %s\r\n" % (number, b"y" * 100))
        except (ConnectionResetError, BrokenPipeError):
            pass
        got = self.read_all(connection)
        self.assertTrue(got == b"" or re.match(rb"HTTP/1.1 (431|413|400) ", got), got[:100])
        self.check_alive()

    def test_who_never_finishes_a_request_is_cut_off(self):
        silent, slow = self.connect(), self.connect()
        silent.sendall(b"GET /metrics HTTP/1.1\r\n")
        slow.sendall(b"GET /metrics HTTP/1.1\r\nX: ")
        ended = threading.Event()
        with self.assertRaises((ConnectionResetError, BrokenPipeError)):
            while True:  # its silence is never long enough, its time is
                slow.sendall(b"x")
                ended.wait(0.2)
        self.assertEqual(self.read_all(silent), b"")
        self.check_alive()

    def test_pipelined_requests_get_one_answer(self):
        connection = self.connect()
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 50)
        got = self.read_all(connection)
        self.assertEqual(got.count(b"HTTP/1.1 200 "), 1)

    def test_more_connections_than_there_may_be_wait(self):
        idle = [self.connect() for _ in range(CONNECTIONS_MAX)]
        waiting = self.connect()
        waiting.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertTrue(self.client.ping())
        for connection in idle:
            connection.close()
        self.assertTrue(self.read_all(waiting).startswith(b"HTTP/1.1 200 "))
        self.check_alive()

    def test_a_thousand_scrapes_at_once(self):
        answers, problems = [], []

        def scrape():
            try:
                answers.append(ask(self.server)[0])
            except OSError as problem:
                problems.append(problem)

        for _ in range(10):
            threads = [threading.Thread(target=scrape) for _ in range(100)]
            for thread in threads:
                thread.start()
            self.assertTrue(self.client.ping())
            for thread in threads:
                thread.join()
        self.assertEqual((answers, problems), ([200] * 1000, []))

    def test_clients_that_hang_up_while_their_page_is_made(self):
        for _ in range(200):
            connection = self.connect()
            connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            connection.close()
        self.check_alive()


class TestBounds(WithServer):
    directives = ("--metrics-topics-max", "3", "--metrics-groups-max", "2",
                  "--default-ack", "written")

    def test_what_has_no_series_of_its_own_is_summed_up(self):
        for number in range(10):
            self.client.execute_command("MPRODUCE", f"t{number}", "VALUES",
                                        *["x" * 100] * (number + 1))
            self.client.execute_command("CONSUME", f"g{number}", "m", "TOPICS", f"t{number}")
        figures = self.figures()
        self.assertEqual(figures.get("echolog_topic_appended_records_total", topic="t9"), 10)
        self.assertFalse(figures.has("echolog_topic_appended_records_total", topic="t1"))
        self.assertEqual(figures.get("echolog_topics_left_out"),
                         figures.get("echolog_log_topics") - 3)
        self.assertEqual(figures.get("echolog_group_lag_records", group="_other"), sum(range(1, 9)))
        self.assertEqual(figures.get("echolog_groups_left_out"), 8)
        self.client.config_set("metrics-topics-max", 100)
        self.assertTrue(self.figures().has("echolog_topic_appended_records_total", topic="t1"))


class TestDocs(unittest.TestCase):
    """The examples of docs/metrics.md, by the tool that knows."""

    def promtool(self, kind, word):
        with open(PAGE, encoding="utf-8") as page:
            blocks = re.findall(r"^```yaml\n(.*?)^```$", page.read(), re.MULTILINE | re.DOTALL)
        block, = (block for block in blocks if word in block)
        done = subprocess.run(["promtool", "check", kind, "/dev/stdin"], input=block, text=True,
                              capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return block

    def test_the_configuration_is_one(self):
        self.promtool("config", "scrape_configs:")

    def test_the_rules_are_some_and_name_metrics_that_exist(self):
        rules = self.promtool("rules", "alert:")
        with open(PAGE, encoding="utf-8") as page:
            listed = re.findall(r"^\| `(\w+)` \|", page.read(), re.MULTILINE)
        for name in re.findall(r"\b(?:echolog|process)_[a-z_]+", rules):
            self.assertTrue(name in listed or re.sub("_(bucket|sum|count)$", "", name) in listed,
                            name)


if __name__ == "__main__":
    unittest.main()
