# SPDX-License-Identifier: BSD-3-Clause
"""echolog-cli in scripts: what goes in, what comes out, and the exit status."""

import os
import socket
import subprocess
import unittest

from server import Server

OK, REFUSED, FAILED = 0, 1, 2


class TestScripting(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def cli(self, *words, given=b"", status=OK, port=None):
        done = subprocess.run(
            [os.environ["ECHOLOG_CLI"], "-p", str(port or self.server.port), *words],
            input=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, check=False)
        self.assertEqual(done.returncode, status, (done.stdout, done.stderr))
        self.said = done.stderr.decode()
        return done.stdout

    def test_the_exit_status_tells_an_error_from_no_connection(self):
        self.assertEqual(self.cli("PING"), b"PONG\n")
        self.assertIn(b"UNKNOWNTOPIC", self.cli("FETCH", "nosuch", "0", "0", status=REFUSED))
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            self.cli("PING", port=unused.getsockname()[1], status=FAILED)
            self.assertIn("Could not connect", self.said)
            self.cli(given=b"PING\n", port=unused.getsockname()[1], status=FAILED)
        self.cli("--no-such-option", status=FAILED)
        self.cli("produce", "--topci", "t", status=FAILED)
        self.assertIn("did you mean '--topic'?", self.said)
        self.assertEqual(self.cli(given=b"PING\nFOO\nPING\n", status=REFUSED).count(b"PONG"), 2)

    def test_the_last_argument_comes_from_the_input(self):
        value = bytes(range(256)) * 300 + b"\n"
        self.cli("-x", "PRODUCE", "binary", given=value)
        text = self.cli("--raw", "FETCH", "binary", "0", "0")
        self.assertIn(value, text)

    def test_a_command_is_repeated(self):
        self.assertEqual(self.cli("-r", "3", "-i", "0.001", "PING"), b"PONG\n" * 3)
        self.assertEqual(self.cli("-r", "2", "FOO", status=REFUSED).count(b"ERR unknown"), 2)

    def test_mass_insertion_of_resp_and_of_lines(self):
        words = (b"PRODUCE", b"mass", b"x" * 1000)
        request = b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words)
        text = self.cli("--pipe", given=request * 5000).decode()
        self.assertIn("errors: 0, replies: 5000\n", text)
        self.assertIn("Last reply received from server.", text)
        self.assertEqual(self.cli("--csv", "TOPIC", "OFFSETS", "mass").split(b",")[1], b"5000")
        text = self.cli("--pipe", given=b"PRODUCE mass a\nFOO\r\nPRODUCE mass b", status=REFUSED)
        self.assertIn(b"errors: 1, replies: 3\n", text)
        self.assertIn("ERR unknown command", self.said)

    def test_a_word_larger_than_every_buffer_goes_through_the_pipe(self):
        value = b"v" * 3_000_000
        request = b"*2\r\n$4\r\nECHO\r\n$%d\r\n%s\r\n" % (len(value), value)
        self.assertIn(b"errors: 0, replies: 2\n", self.cli("--pipe", given=request * 2))

    def test_a_pipe_sees_no_colour_and_no_prompt(self):
        text = self.cli(given=b"PRODUCE plain v\nFETCH plain 0 0\nHELLO 3\nFOO\n", status=REFUSED)
        self.assertNotIn(b"\x1b", text)
        self.assertNotIn(b">", text)
        self.assertTrue(text.startswith(b"0\n0\n0\n"), text)


if __name__ == "__main__":
    unittest.main()
