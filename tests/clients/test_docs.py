# SPDX-License-Identifier: BSD-3-Clause
"""The programs of docs/pubsub-with-a-memory.md, run as they stand there but for the port."""

import os
import re
import shutil
import subprocess
import sys
import threading
import time
import unittest

import redis

from followers import NODE_PATH
from server import Server

HERE = os.path.dirname(os.path.abspath(__file__))
PAGE = os.path.join(HERE, "..", "..", "docs", "pubsub-with-a-memory.md")
DEADLINE_S = 60


class Enough(Exception):
    """Leaves an example that would go on for ever."""


def example(language, word, port):
    """The one block in this language that has this word in it."""
    with open(PAGE, encoding="utf-8") as page:
        blocks = re.findall(rf"^```{language}\n(.*?)^```$", page.read(), re.MULTILINE | re.DOTALL)
    block, = (block for block in blocks if word in block)
    return block.replace("3246", str(port))


class TestExamples(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.close)
        self.client = redis.Redis(port=self.server.port, decode_responses=True)
        self.addCleanup(self.client.close)

    def write(self, name, text):
        path = os.path.join(self.server.scratch, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def run_program(self, *command):
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                   env=dict(os.environ, PYTHONUNBUFFERED="1", NODE_PATH=NODE_PATH))
        watchdog = threading.Timer(DEADLINE_S, process.kill)
        watchdog.start()
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stdin.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(watchdog.cancel)
        return process

    def lines(self, process, count):
        return [process.stdout.readline().rstrip("\n") for _ in range(count)]

    def test_the_chat_in_python_has_its_history(self):
        path = self.write("chat.py", example("python", "an_hour_ago", self.server.port))
        ann = self.run_program(sys.executable, path, "ann")
        self.assertEqual(self.lines(ann, 1), ["ann: ann is here"])
        ann.stdin.write("hello\n")
        ann.stdin.flush()
        self.assertEqual(self.lines(ann, 1), ["ann: hello"])
        bob = self.run_program(sys.executable, path, "bob")
        self.assertEqual(self.lines(bob, 3), ["ann: ann is here", "ann: hello", "bob: bob is here"])
        bob.stdin.write("hi ann\n")
        bob.stdin.flush()
        self.assertEqual(self.lines(bob, 1), ["bob: hi ann"])
        self.assertEqual(self.lines(ann, 2), ["bob: bob is here", "bob: hi ann"])

    @unittest.skipUnless(shutil.which("node") and os.path.isdir(os.path.join(NODE_PATH, "redis")),
                         "node-redis is not installed: deps/install.sh test")
    def test_the_same_in_node_redis(self):
        os.symlink(NODE_PATH, os.path.join(self.server.scratch, "node_modules"))
        path = self.write("chat.mjs", example("js", "pSubscribe", self.server.port))
        self.client.execute_command("PRODUCE", "chat", "hello", "KEY", "ann")
        node = self.run_program("node", path)
        self.assertEqual(self.lines(node, 1), ["chat/0@0 ann hello"])
        self.client.execute_command("PRODUCE", "chat", "still there?", "KEY", "bob")
        self.assertEqual(self.lines(node, 1), ["chat/0@1 bob still there?"])

    def test_offsets_tell_repeats_and_what_is_lost(self):
        got = []

        def produce(*texts):
            for text in texts:
                self.client.execute_command("PRODUCE", "t", text, "KEY", "k")

        def handle(key, text):
            got.append((key, text))
            if text == "cut":
                self.client.client_kill_filter(_type="pubsub")
                produce("d", "last")
            if text == "last":
                raise Enough

        produce("a", "b", "c", "cut")
        self.client.execute_command("TOPIC", "TRIM", "t", 0, "BEFORE", 1)
        said = []
        with self.client.pubsub(ignore_subscribe_messages=True) as lines:
            lines.psubscribe("log:t/0@0")
            with self.assertRaises(Enough):
                exec(example("python", "next_offset", self.server.port),
                     {"redis": redis, "time": time, "lines": lines, "handle": handle,
                      "print": lambda *words: said.append(words)})
        self.assertEqual(got, [("k", text) for text in ("b", "c", "cut", "d", "last")])
        self.assertEqual([words[:2] for words in said], [("lost", "t/0@0-1")])


if __name__ == "__main__":
    unittest.main()
