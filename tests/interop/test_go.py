# SPDX-License-Identifier: BSD-3-Clause
"""go-redis in the scenario of tests/clients/test_resume.py, and the Go example of the docs. INTEROP names the
directory of the programs that tests/interop/run built."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import redis

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "clients"))

from server import Server  # pylint: disable=wrong-import-position
from test_docs import example  # pylint: disable=wrong-import-position
from test_resume import Scenario  # pylint: disable=wrong-import-position

PROGRAMS = os.environ["INTEROP"]

# What the page leaves out.
PROGRAM = """package main

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"
)

func main() {
	ctx := context.Background()
%s}
"""


class TestGoRedis(Scenario, unittest.TestCase):
    command = [os.path.join(PROGRAMS, "follower")]
    told_again = {"error"}


class TestExample(unittest.TestCase):
    def test_the_chat_of_the_docs(self):
        server = Server()
        self.addCleanup(server.close)
        with redis.Redis(port=server.port) as client:
            client.execute_command("PRODUCE", "chat", "hello", "KEY", "ann")
        process = subprocess.Popen([self.build(server.port)], stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assertEqual(process.stdout.readline(), "chat/0@0 ann hello\n")
        with redis.Redis(port=server.port) as client:
            client.execute_command("PRODUCE", "chat", "still there?", "KEY", "bob")
        self.assertEqual(process.stdout.readline(), "chat/0@1 bob still there?\n")

    def build(self, port):
        """In a module like that of the follower."""
        module = tempfile.mkdtemp(prefix="example-", dir=PROGRAMS)
        self.addCleanup(shutil.rmtree, module)
        for file in ("go.mod", "go.sum"):
            shutil.copy(os.path.join(HERE, file), module)
        with open(os.path.join(module, "main.go"), "w", encoding="utf-8") as file:
            file.write(PROGRAM % example("go", "PSubscribe", port))
        subprocess.run(["go", "build", "-o", "example", "."], cwd=module, check=True)
        return os.path.join(module, "example")


if __name__ == "__main__":
    unittest.main()
