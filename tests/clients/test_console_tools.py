# SPDX-License-Identifier: BSD-3-Clause
"""The console tools against a server: what Kafka's users type."""

import json
import os
import re
import subprocess
import unittest

import redis

from server import Server
from terminal import Terminal

OK, REFUSED, FAILED = 0, 1, 2


class ConsoleTools(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.close)
        self.client = redis.Redis(port=self.server.port, decode_responses=True)
        self.addCleanup(self.client.close)

    def command(self, *words):
        return [os.environ["ECHOLOG_CLI"], "-p", str(self.server.port), *words]

    def cli(self, *words, given="", status=OK):
        done = subprocess.run(self.command(*words), input=given, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, status, (done.stdout, done.stderr))
        self.said = done.stderr
        return done.stdout

    def do(self, words):
        return self.client.execute_command(*words.split())

    def terminal(self, *words):
        terminal = Terminal(self.command(*words))
        self.addCleanup(terminal.close)
        return terminal


class TestTopics(ConsoleTools):
    def test_a_topic_from_its_creation_to_its_end(self):
        create = ("topics", "--create", "--topic", "orders", "--partitions", "3")
        self.assertEqual(self.cli(*create, "--replication-factor", "1", "--config",
                                  "retention.ms=60000"), "Created topic orders.\n")
        self.cli(*create, status=REFUSED)
        self.assertIn("TOPICEXISTS", self.said)
        self.cli(*create, "--if-not-exists")
        self.assertEqual(self.cli("topics", "--list", "--exclude-internal"), "orders\n")
        described = json.loads(self.cli("--json", "topics", "--describe", "--topic", "orders"))
        self.assertEqual(len(described["partitions"]), 3)
        self.assertEqual(described["config"]["retention.ms"], "60000")
        self.cli("topics", "--alter", "--topic", "orders", "--partitions", "5", "--config",
                 "ack=written", "--delete-config", "retention.ms")
        text = self.cli("topics", "--describe")
        self.assertRegex(text, r"(?m)^  ack +written$")
        self.assertRegex(text, r"(?m)^ +4 +0 +0 ")
        self.assertNotRegex(text, r"60000$")
        self.cli("topics", "--delete", "--topic", "orders", "--topic", "none", "--if-exists")
        self.assertEqual(self.cli("topics", "--list", "--exclude-internal"), "")
        self.cli("topics", "--delete", "--topic", "orders", status=REFUSED)
        self.cli("topics", "--describe", "--topc", "x", status=FAILED)
        self.assertIn("did you mean '--topic'?", self.said)


    def test_what_kafka_asks_about_partitions(self):
        self.do("TOPIC CREATE orders")
        self.assertEqual(self.cli("topics", "--describe", "--under-replicated-partitions"), "")
        self.assertIn("no replicas", self.said)
        self.assertEqual(self.cli("topics", "--describe", "--unavailable-partitions"), "")

    def test_the_server_may_be_named_behind_the_tool(self):
        self.do("TOPIC CREATE orders")
        for server in (["--bootstrap-server", f"localhost:{self.server.port}"],
                       [f"--bootstrap-server=127.0.0.1:{self.server.port}"],
                       ["--broker-list", f"127.0.0.1:{self.server.port}"]):
            done = subprocess.run([os.environ["ECHOLOG_CLI"], "topics", *server, "--list"],
                                  stdout=subprocess.PIPE, text=True, timeout=60, check=True)
            self.assertEqual(done.stdout, "orders\n")
        self.cli("topics", "--list", "--bootstrap-server", "a:1,b:1", status=FAILED)
        self.assertIn("takes one host:port", self.said)


class TestGroups(ConsoleTools):
    def setUp(self):
        super().setUp()
        self.do("TOPIC CREATE orders PARTITIONS 2 CONFIG retention.ms -1")
        for partition, count in ((0, 10), (1, 4)):
            for number in range(count):
                self.do(f"PRODUCE orders v{number} PARTITION {partition} "
                        f"TIMESTAMP {1700000000000 + number * 1000}")
        self.do("CONSUME billing m1 COUNT 3 RESET EARLIEST TOPICS orders")
        self.do("COMMIT billing m1")
        self.do("GROUP LEAVE billing m1")

    def committed(self):
        return {entry[3]: entry[5] for entry in self.do("GROUP OFFSETS billing")}

    def reset(self, *where, status=OK):
        return self.cli("groups", "--reset-offsets", "--group", "billing", *where, status=status)

    def test_what_a_dry_run_says_is_where_it_goes(self):
        before = self.committed()
        for where in (("--to-latest",), ("--to-earliest",), ("--to-offset", "4"),
                      ("--shift-by", "-2"), ("--shift-by", "100"),
                      ("--to-datetime", "2023-11-14T22:13:22Z"), ("--to-datetime", "1h")):
            with self.subTest(where):
                said = self.reset("--topic", "orders", *where)
                self.assertEqual(self.committed(), before)
                self.assertEqual(self.reset("--topic", "orders", *where, "--execute"), said)
                before = self.committed()
                told = {int(line.split()[2]): int(line.split()[4])
                        for line in said.splitlines()[1:]}
                self.assertEqual(told, before)
        self.reset("--all-topics", "--to-latest", "--execute")
        self.assertEqual(self.committed(), {0: 10, 1: 4})
        self.reset("--topic", "orders:1", "--to-earliest", "--execute")
        self.assertEqual(self.committed(), {0: 10, 1: 0})

    def test_places_as_kafkas_users_say_them(self):
        self.reset("--topic", "orders", "--to-datetime", "2023-11-14T22:13:22Z", "--execute")
        exported = self.reset("--topic", "orders", "--to-current", "--export")
        self.assertEqual(exported, "orders,0,2\norders,1,2\n")
        path = os.path.join(self.server.scratch, "places")
        with open(path, "w", encoding="utf-8") as file:
            file.write(exported.replace("1,2", "1,3"))
        said = self.reset("--from-file", path)
        self.assertEqual(self.committed(), {0: 2, 1: 2})
        self.assertEqual(self.reset("--from-file", path, "--execute"), said)
        self.assertEqual(self.committed(), {0: 2, 1: 3})
        self.reset("--topic", "orders", "--by-duration", "PT1H", "--execute")
        self.assertEqual(self.committed(), {0: 10, 1: 4})
        self.reset("--topic", "orders", "--by-duration", "P20000D", "--execute")
        self.assertEqual(self.committed(), {0: 0, 1: 0})
        self.do("GROUP SEEK other orders 0 TO 3")
        self.cli("groups", "--reset-offsets", "--all-groups", "--all-topics", "--to-latest",
                 "--execute")
        self.assertEqual(self.committed(), {0: 10, 1: 4})
        self.assertEqual(self.do("GROUP OFFSETS other")[1][5], 4)

    def test_offsets_are_forgotten_also_after_a_restart(self):
        self.do("TOPIC CREATE clicks")
        self.do("GROUP SEEK billing clicks TO 0")
        forget = ("groups", "--delete-offsets", "--group", "billing", "--topic")
        self.assertEqual(self.cli(*forget, "orders:1"), "")
        self.assertIn("committed nothing of topic 'orders' there", self.said)
        self.assertEqual(self.cli(*forget, "orders"), "group    topic   partition  offset\n"
                                                      "billing  orders          0       3\n")
        self.server.kill()
        self.server.start()
        offsets = self.cli("groups", "--describe", "--group", "billing", "--offsets")
        self.assertIn("clicks", offsets)
        self.assertNotIn("orders", offsets)

    def test_a_group_with_members_is_not_moved(self):
        self.do("CONSUME billing m1 COUNT 1 TOPICS orders")
        before = self.committed()
        self.reset("--topic", "orders", "--to-latest", "--execute", status=REFUSED)
        self.assertIn("member", self.said)
        self.assertEqual(self.committed(), before)

    def test_describe_list_and_delete(self):
        self.assertEqual(self.cli("groups", "--list"), "billing\n")
        self.assertRegex(self.cli("groups", "--describe", "--group", "billing"),
                         r"(?m)^lag +11$")
        for view in ("--state", "--offsets", "--explain"):
            self.assertTrue(self.cli("groups", "--describe", "--all-groups", view), view)
        self.cli("groups", "--describe", "--group", "billing", "--members")
        self.assertIn("has no members", self.said)
        self.cli("groups", "--describe", "--group", "none", status=REFUSED)
        self.assertEqual(self.cli("groups", "--list", "--state"), "group    state\nbilling  Empty\n")
        self.cli("groups", "--delete", "--group", "billing")
        self.assertEqual(self.cli("groups", "--list"), "")
        self.do("GROUP SEEK a orders TO 0")
        self.do("GROUP SEEK b orders TO 0")
        self.cli("groups", "--delete", "--all-groups")
        self.assertEqual(self.cli("groups", "--list"), "")

    def test_lag_in_a_pipe_is_a_line_per_group_and_round(self):
        lines = self.cli("lag", "--watch", "--rounds", "2", "--interval", "0.01").splitlines()
        self.assertEqual(len(lines), 2)
        for line in lines:
            self.assertRegex(line, r"^20\S+Z\tbilling\t11\t\d+\t\d+$")
        self.assertEqual(json.loads(self.cli("--json", "lag", "--group", "billing"))["lag"], 11)
        self.cli("lag", "--group", "none", status=REFUSED)

    def test_lag_watched_in_a_terminal(self):
        terminal = self.terminal("lag", "--watch", "--interval", "0.05")
        terminal.wait(lambda shown: "per-second" in shown and "billing   11" in shown)
        self.do("PRODUCE orders more PARTITION 0")
        terminal.wait(lambda shown: "billing   12" in shown and "█" in shown)
        terminal.resize(60, 20)
        terminal.wait("billing   12")
        terminal.type("q")
        self.assertEqual(terminal.ended(), OK)
        terminal = self.terminal("lag", "--watch", "--interval", "3600")
        terminal.wait("billing")
        terminal.type("\x03")
        self.assertEqual(terminal.ended(), OK)


class TestTail(ConsoleTools):
    def tail(self, *words):
        process = subprocess.Popen(self.command("tail", *words), stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)

        def end():
            if process.poll() is None:
                process.kill()
            process.communicate()
        self.addCleanup(end)
        return process

    def test_topics_and_channels_come_interleaved(self):
        for topic in ("orders", "clicks"):
            self.do(f"TOPIC CREATE {topic}")
            self.do(f"PRODUCE {topic} old KEY k")
        tail = self.tail("--topic", "orders", "--topic", "clicks", "--channel", "news",
                         "--pattern", "sport.*", "--since", "1h", "--max-messages", "6")
        said = [tail.stderr.readline() for _ in range(4)]
        self.assertIn("following clicks/0 from offset 0\n", said)
        old = sorted(tail.stdout.readline() for _ in range(2))
        self.assertRegex(old[0], r'^clicks/0@0  20\S+Z  "k"  "old"$')
        for words in ("PUBLISH news a", "PRODUCE orders b", "PUBLISH sport.ski c",
                      "PRODUCE clicks d"):
            self.do(words)
        lines = tail.stdout.read().splitlines()
        self.assertEqual([re.sub("  20\\S+Z", "", line) for line in lines],
                         ['news  "a"', 'orders/0@1  (nil)  "b"', 'sport.ski (sport.*)  "c"',
                          'clicks/0@1  (nil)  "d"'])
        self.assertEqual(tail.wait(60), OK)

    def test_ctrl_c_is_a_good_end(self):
        terminal = self.terminal("tail", "--channel", "news")
        terminal.wait("listening to channel news")
        self.do("PUBLISH news hello")
        terminal.wait('news  "hello"')
        terminal.type("\x03")
        self.assertEqual(terminal.ended(), OK)

    def test_a_topic_that_is_not_there(self):
        self.cli("tail", "--topic", "none", status=REFUSED)
        self.assertIn("UNKNOWNTOPIC", self.said)


class TestProduce(ConsoleTools):
    def setUp(self):
        super().setUp()
        self.do("TOPIC CREATE t")

    def records(self):
        return [record[2:] for record in self.do("FETCH t 0 0")]

    def test_headers_keys_and_tombstones(self):
        self.cli("produce", "--topic", "t", "--parse-key", "--parse-headers", "--null-marker", "NULL",
                 given="a:1,b:2\tk\tv\nNULL\tNULL\tv\n\tk\tNULL\n")
        self.assertIn("3 records acknowledged", self.said)
        self.assertEqual(self.records(), [["k", "v", ["a", "1", "b", "2"]], [None, "v", []],
                                          ["k", None, []]])
        self.assertEqual(self.cli("consume", "--topic", "t", "--from-beginning", "--until-end",
                                  "--print-headers", "--print-key"),
                         "a:1,b:2\tk\tv\nNO_HEADERS\tnull\tv\nNO_HEADERS\tk\tnull\n")

    def test_a_file(self):
        path = os.path.join(self.server.scratch, "lines")
        with open(path, "w", encoding="utf-8") as f:
            f.write("a\nb")
        self.cli("produce", "--topic", "t", "--file", path)
        self.assertEqual([record[1] for record in self.records()], ["a", "b"])
        self.cli("produce", "--topic", "t", "--file", path + "-none", status=FAILED)
        self.assertIn("cannot open", self.said)

    def test_many_lines_with_headers(self):
        self.cli("produce", "--topic", "t", "--parse-headers",
                 given="".join(f"n:{number}\tv{number}\n" for number in range(5000)))
        self.assertIn("5000 records acknowledged", self.said)
        records = self.do("FETCH t 0 0 COUNT 10000 MAXBYTES 8000000")
        self.assertEqual([record[3] for record in records],
                         [f"v{number}" for number in range(5000)])

    def test_a_rate_and_what_a_terminal_shows_of_it(self):
        cli = " ".join(self.command("produce", "--topic", "t", "--rate", "40"))
        terminal = Terminal(["sh", "-c", f"seq 60 | {cli}"])
        self.addCleanup(terminal.close)
        terminal.wait("per second")
        terminal.wait(lambda shown: shown.strip() == "60 records acknowledged")
        self.assertEqual(terminal.ended(), OK)
        self.assertEqual(len(self.records()), 60)

    def test_ctrl_c_tells_what_was_acknowledged(self):
        terminal = self.terminal("produce", "--topic", "t")
        terminal.wait("Ctrl-D ends")
        terminal.type("hello\n")
        terminal.wait("hello")
        self.assertEqual(len(self.do("FETCH t 0 0 BLOCK 60000")), 1)
        terminal.type("\x03")
        terminal.wait("1 records acknowledged")
        self.assertEqual(terminal.ended(), REFUSED)


class TestConsume(ConsoleTools):
    def setUp(self):
        super().setUp()
        self.do("TOPIC CREATE orders PARTITIONS 2 CONFIG retention.ms -1")
        for number in range(20):
            self.do(f"PRODUCE orders v{number} KEY k PARTITION {number % 2} "
                    f"TIMESTAMP {1700000000000 + number * 1000} HEADER h {number}")

    def consume(self, *words, status=OK):
        return self.cli("consume", "--topic", "orders", *words, status=status)

    def test_until_end_and_from_a_time(self):
        self.assertEqual(len(self.consume("--from-beginning", "--until-end").splitlines()), 20)
        self.assertEqual(sorted(self.consume("--from-timestamp", "2023-11-14T22:13:38Z",
                                             "--until-end").splitlines()), ["v18", "v19"])
        self.assertEqual(self.consume("--until-end"), "")

    def test_all_of_a_record_can_be_printed(self):
        everything = ("--partition", "1", "--offset", "1", "--max-messages", "1")
        self.assertEqual(self.consume(*everything, "--print-key", "--print-headers", "--print-offset",
                                      "--print-timestamp", "--print-partition"),
                         "CreateTime:1700000003000\tPartition:1\tOffset:1\th:3\tk\tv3\n")
        self.assertEqual(self.consume(*everything, "--property", "print.key=true", "--property",
                                      "key.separator=|"), "k|v3\n")
        self.assertEqual(json.loads(self.consume(*everything, "--json")),
                         {"topic": "orders", "partition": 1, "offset": 1, "key": "k",
                          "timestamp": 1700000003000, "value": "v3", "headers": {"h": "3"}})

    def test_a_group_goes_on_where_it_stopped(self):
        first = self.consume("--group", "g", "--from-beginning", "--max-messages", "7")
        second = self.consume("--group", "g", "--from-beginning", "--max-messages", "13")
        self.assertEqual(sorted(first.split() + second.split()),
                         sorted(f"v{number}" for number in range(20)))
        self.assertEqual(self.consume("--group", "g", "--from-beginning", "--timeout-ms", "1"), "")
        self.assertIn("has no members", self.cli("groups", "--describe", "--group", "g",
                                                 "--members") + self.said)
        self.assertRegex(self.cli("groups", "--describe", "--group", "g"), r"(?m)^lag +0$")

    def test_ctrl_c_leaves_the_group_at_once(self):
        terminal = self.terminal("consume", "--topic", "orders", "--group", "g",
                                 "--from-beginning")
        terminal.wait(lambda shown: shown.count("v") == 20)
        terminal.type("\x03")
        self.assertEqual(terminal.ended(), OK)
        self.assertEqual(self.do("GROUP MEMBERS g"), [])
        self.assertRegex(self.cli("groups", "--describe", "--group", "g"), r"(?m)^lag +0$")


class TestBench(ConsoleTools):
    def test_it_counts_what_it_did_and_leaves_nothing_behind(self):
        for connections in (1, 20):
            self.count(connections)

    def count(self, connections):
        results = json.loads(self.cli("--json", "bench", "--requests", "500", "--connections",
                                      str(connections)))
        rows = {row["test"]: row for row in results}
        self.assertEqual(list(rows), ["ping", "publish", "produce", "fetch", "consume"])
        for test, row in rows.items():
            if test != "consume":
                self.assertEqual(row["requests"], 500)
            self.assertGreater(row["requests"], 0)
            self.assertEqual(row["errors"], 0)
            self.assertGreater(row["per-second"], 0)
            self.assertLessEqual(row["p50-us"], row["p99-us"])
            self.assertLessEqual(row["p99.9-us"], row["max-us"])
        self.assertIsNone(rows["ping"]["records-per-second"])
        self.assertEqual(rows["produce"]["records-per-second"], rows["produce"]["per-second"])
        self.assertGreater(rows["consume"]["records-per-second"], rows["consume"]["per-second"])
        self.assertEqual(self.do("TOPIC LIST"), ["__consumer_offsets"])
        self.assertEqual(self.do("GROUP LIST"), [])

    def test_a_topic_that_is_there_stays(self):
        self.do("TOPIC CREATE load")
        self.cli("bench", "--test", "fetch", "--topic", "load", status=REFUSED)
        self.assertIn("no record to read", self.said)
        self.cli("bench", "--test", "produce", "--requests", "70", "--topic", "load")
        self.assertEqual(self.do("TOPIC OFFSETS load")[0][1], 70)
        read = json.loads(self.cli("--json", "bench", "--test", "consume", "--topic", "load",
                                   "--count", "50", "--connections", "3"))
        self.assertEqual(read[0]["requests"], 2)


if __name__ == "__main__":
    unittest.main()
