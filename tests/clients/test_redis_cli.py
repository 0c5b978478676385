# SPDX-License-Identifier: BSD-3-Clause
"""redis-cli and redis-benchmark, unmodified."""

import subprocess
import unittest

from server import Server


class TestRedisCli(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server("--log-retention-ms", "-1")

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def cli(self, *words, given=None, status=0):
        done = subprocess.run(["redis-cli", "-p", str(self.server.port), *words], input=given,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=60, check=False)
        self.assertEqual(done.returncode, status, done.stdout)
        return done.stdout

    def test_one_command(self):
        self.assertEqual(self.cli("PING"), "PONG\n")
        self.assertEqual(self.cli("-3", "PING"), "PONG\n")
        self.assertEqual(self.cli("-3", "HELLO").splitlines()[0].split()[0], "server")

    def test_log_in_both_protocols(self):
        for flag, topic in (("-2", "two"), ("-3", "three")):
            with self.subTest(flag):
                self.assertEqual(self.cli(flag, "PRODUCE", topic, "hello", "KEY", "k", "TIMESTAMP",
                                          "1700000000000", "HEADER", "a", "b"), "0\n0\n")
                self.assertEqual(self.cli(flag, "--json", "FETCH", topic, "0", "0")
                                 if flag == "-3" else "", '[[0,1700000000000,"k","hello",{"a":"b"}]]\n'
                                 if flag == "-3" else "")
                self.assertEqual(self.cli(flag, "FETCH", topic, "0", "0").split(),
                                 ["0", "1700000000000", "k", "hello", "a", "b"])

    def test_errors(self):
        self.assertIn("UNKNOWNTOPIC", self.cli("-e", "FETCH", "nosuch", "0", "0", status=1))
        self.assertIn("ERR unknown command", self.cli("NOSUCH"))

    def test_commands_from_standard_input(self):
        text = self.cli(given="PRODUCE piped a\nPRODUCE piped 'b c'\nFETCH piped 0 1\nPUBLISH x y\n")
        self.assertEqual(text.split()[:5], ["0", "0", "0", "1", "1"])
        self.assertIn("b c", text)

    def test_mass_insertion(self):
        words = ("PRODUCE", "mass", "x" * 100)
        request = f"*{len(words)}\r\n" + "".join(f"${len(w)}\r\n{w}\r\n" for w in words)
        text = self.cli("--pipe", given=request * 2000)
        self.assertIn("errors: 0, replies: 2000", text)
        self.assertEqual(self.cli("TOPIC", "OFFSETS", "mass", "LATEST").split()[1], "2000")

    def test_subscribing(self):
        for flag in ("-2", "-3"):
            with self.subTest(flag):
                with subprocess.Popen(["redis-cli", flag, "-p", str(self.server.port), "SUBSCRIBE",
                                       "heard" + flag], stdout=subprocess.PIPE, text=True) as sub:
                    while "heard" + flag not in sub.stdout.readline():
                        pass
                    self.assertEqual(self.cli("PUBLISH", "heard" + flag, "loud"), "1\n")
                    while "loud" not in sub.stdout.readline():
                        pass
                    sub.kill()


class TestRedisBenchmark(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server("--default-ack", "written")

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def bench(self, *words):
        done = subprocess.run(["redis-benchmark", "-p", str(self.server.port), "-q", *words],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("requests per second", done.stdout)
        self.assertNotIn("rror", done.stdout)
        print(done.stdout.replace("\r", "\n").strip().splitlines()[-1])

    def test_ping(self):
        self.bench("-n", "20000", "-t", "ping")

    def test_publish(self):
        self.bench("-n", "20000", "-P", "16", "PUBLISH", "channel", "x" * 100)

    def test_produce(self):
        self.bench("-n", "50000", "-P", "16", "PRODUCE", "bench", "x" * 100)
        self.bench("-n", "2000", "PRODUCE", "bench", "x" * 100, "ACK", "SYNCED")

    def test_fetch(self):
        self.bench("-n", "1", "PRODUCE", "read", "x" * 100)
        self.bench("-n", "5000", "FETCH", "read", "0", "0")

    def test_many_connections(self):
        self.bench("-n", "20000", "-c", "500", "PRODUCE", "wide", "x" * 100)


if __name__ == "__main__":
    unittest.main()
