# SPDX-License-Identifier: BSD-3-Clause
"""The main job on real input: echolog-cli loads a text file with keys, another client reads it back;
the server is killed in the middle of such a load and everything acknowledged is there."""

import collections
import contextlib
import glob
import os
import re
import subprocess
import threading
import unittest

import redis

from server import Server

LINES = 120_000
PARTITIONS = 4
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


def real_text():
    """Lines of this project's own sources as "word:number text", again and again up to LINES; the
    first word of a line is its key and the number makes it one of a kind."""
    sources = sorted(glob.glob(os.path.join(ROOT, "src", "*", "*.[ch]")))
    texts = []
    for path in sources:
        with open(path, encoding="utf-8") as source:
            texts += [text for text in source.read().splitlines() if text.strip()]
    lines = []
    for number in range(LINES):
        text = texts[number % len(texts)]
        word = re.findall(r"\w+", text) or ["none"]
        lines.append(f"{word[0]}:{number} {text}")
    return lines


class TestLoad(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lines = real_text()

    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.close)

    def client(self):
        client = redis.Redis(port=self.server.port, socket_timeout=60)
        self.addCleanup(client.close)
        return client

    def cli(self, *words):
        return [os.environ["ECHOLOG_CLI"], "-p", str(self.server.port), *words]

    def produce(self, topic):
        return subprocess.Popen(
            self.cli("produce", "--topic", topic, "--parse-key", "--key-separator", ":"),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def read_back(self, topic):
        """All records as [(key, value)] per partition, with offsets checked."""
        client = self.client()
        partitions = []
        for partition in range(PARTITIONS):
            got = []
            while True:
                records = client.execute_command("FETCH", topic, partition, len(got),
                                                 "COUNT", 5000, "MAXBYTES", 8_000_000)
                if not records:
                    break
                for offset, _, key, value, _ in records:
                    self.assertEqual(offset, len(got))
                    got.append((key.decode(), value.decode()))
            partitions.append(got)
        return partitions

    def check_order(self, partitions):
        """Each key in one partition only, its lines in their order, no line twice."""
        home, last, seen = {}, collections.defaultdict(lambda: -1), set()
        for partition, records in enumerate(partitions):
            for key, value in records:
                self.assertEqual(home.setdefault(key, partition), partition)
                number = int(value.split()[0])
                self.assertGreater(number, last[key])
                last[key] = number
                seen.add(f"{key}:{value}")
        self.assertEqual(len(seen), sum(map(len, partitions)))
        return seen

    def test_a_file_comes_back_whole_and_in_order(self):
        self.client().execute_command("TOPIC CREATE", "lines", "PARTITIONS", PARTITIONS)
        load = self.produce("lines")
        said, _ = load.communicate("".join(line + "\n" for line in self.lines), timeout=300)
        self.assertEqual(load.returncode, 0, said)
        self.assertIn(f"{LINES} records", said)
        partitions = self.read_back("lines")
        self.assertEqual(self.check_order(partitions), set(self.lines))
        self.assertTrue(all(partitions), "a partition got nothing")

        out = subprocess.run(
            self.cli("consume", "--topic", "lines", "--from-beginning", "--max-messages",
                     str(LINES), "--print-key"),
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=300, check=True)
        self.assertEqual(sorted(out.stdout.splitlines()),
                         sorted(line.replace(":", "\t", 1) for line in self.lines))

    def test_kill_9_in_the_middle_loses_no_acknowledged_line(self):
        self.client().execute_command("TOPIC CREATE", "lines", "PARTITIONS", PARTITIONS)
        load = self.produce("lines")
        halfway = threading.Event()
        said = []

        def feed():
            with contextlib.suppress(BrokenPipeError):
                for number, line in enumerate(self.lines):
                    load.stdin.write(line + "\n")
                    if number == LINES // 2:
                        halfway.set()
            with contextlib.suppress(BrokenPipeError):
                load.stdin.close()

        feeder = threading.Thread(target=feed)
        reader = threading.Thread(target=lambda: said.append(load.stdout.read()))
        feeder.start()
        reader.start()
        self.assertTrue(halfway.wait(120))
        self.server.kill()
        self.assertNotEqual(load.wait(60), 0)
        feeder.join()
        reader.join()

        load.stdout.close()
        counted = re.search(r"acknowledged: lines 1 to (\d+) in order", said[0])
        self.assertIsNotNone(counted, said[0])
        acknowledged = int(counted.group(1))
        self.assertGreater(acknowledged, 0)
        self.assertLess(acknowledged, LINES)
        self.server.start()
        seen = self.check_order(self.read_back("lines"))
        missing = set(self.lines[:acknowledged]) - seen
        self.assertFalse(missing, f"{len(missing)} of {acknowledged} acknowledged lines are lost")


if __name__ == "__main__":
    unittest.main()
