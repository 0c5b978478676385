# SPDX-License-Identifier: BSD-3-Clause
"""What systemd is told, by a socket that plays it."""

import os
import signal
import socket
import unittest

from program import DEADLINE_S, ProcessTest, await_that


class Supervisor(ProcessTest):
    def setUp(self):
        super().setUp()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.socket.close)
        self.socket.settimeout(DEADLINE_S)
        self.socket.bind(self.path("notify"))

    def start_supervised(self, *directives, **variables):
        self.start("--supervised", "systemd", *directives, NOTIFY_SOCKET=self.path("notify"),
                   **variables)

    def hear(self, *prefixes):
        """The next message that begins with one of these."""
        while True:
            text = self.socket.recv(4096).decode()
            if text.startswith(prefixes):
                return text

    def hears_nothing(self):
        self.socket.setblocking(False)
        try:
            return self.socket.recv(4096).decode()
        except BlockingIOError:
            return None
        finally:
            self.socket.settimeout(DEADLINE_S)

    def test_start_reload_and_stop_are_told_in_their_order(self):
        self.start_supervised()
        port = self.port_in("output")
        self.assertEqual(self.hear("READY"), "READY=1\nSTATUS=Ready to accept connections on "
                         f"127.0.0.1:{port}")
        self.signal(signal.SIGHUP)
        self.assertRegex(self.hear("RELOADING"),
                         r"\ARELOADING=1\nMONOTONIC_USEC=\d+\nSTATUS=Reloading\Z")
        self.assertTrue(self.hear("READY"))
        self.signal(signal.SIGTERM)
        self.assertTrue(self.hear("STOPPING").startswith("STOPPING=1\n"))
        self.assertEqual(self.wait(), 0)

    def test_ready_comes_when_connections_are_accepted(self):
        self.start_supervised(ready=False)
        port = int(self.hear("READY").rpartition(":")[2])
        self.assertEqual(self.ask(port, "PING"), "+PONG")

    def test_a_stop_by_command_is_told(self):
        self.start_supervised()
        self.ask(self.port_in("output"), "SHUTDOWN")
        self.assertTrue(self.hear("STOPPING"))
        self.assertEqual(self.wait(), 0)

    def test_the_opening_of_a_log_asks_for_time(self):
        self.start()
        self.assertTrue(self.ask(self.port_in("output"), "PRODUCE", "t", "v").startswith("*"))
        self.end()
        os.unlink(self.output)
        self.start_supervised()
        self.assertRegex(self.hear("EXTEND"), r"\AEXTEND_TIMEOUT_USEC=\d+\nSTATUS=Opening the log: ")

    def test_auto_tells_whoever_is_there(self):
        self.start("--supervised", "auto", NOTIFY_SOCKET=self.path("notify"))
        self.assertTrue(self.hear("READY"))

    def test_auto_without_a_socket_and_no_tell_nobody(self):
        self.start("--supervised", "auto")
        self.signal(signal.SIGTERM)
        self.assertEqual(self.wait(), 0)
        self.assertNotIn("NOTIFY_SOCKET", self.read("output"))
        os.unlink(self.output)
        self.start("--supervised", "no", NOTIFY_SOCKET=self.path("notify"))
        self.signal(signal.SIGTERM)
        self.assertEqual(self.wait(), 0)
        self.assertIsNone(self.hears_nothing())

    def test_a_socket_that_is_missing_is_a_warning(self):
        self.start("--supervised", "systemd")
        self.assertIn("NOTIFY_SOCKET is not set", self.read("output"))
        self.end()
        os.unlink(self.output)
        self.start("--supervised", "systemd", NOTIFY_SOCKET=self.path("nobody"))
        self.assertIn("cannot be reached", self.read("output"))

    def test_one_that_is_supervised_stays_in_the_foreground(self):
        self.start_supervised("--daemonize", "yes")
        self.assertTrue(self.hear("READY"))
        self.assertIsNone(self.process.poll())

    def test_the_watchdog_hears_of_an_idle_loop_and_not_of_one_that_stands_still(self):
        self.start_supervised(WATCHDOG_USEC="100000")
        for _ in range(3):
            self.hear("WATCHDOG=1")
        self.signal(signal.SIGSTOP)
        await_that(lambda: self.state() == "T", "the standstill")
        while self.hears_nothing():
            pass
        # One that stands still says nothing, however long it is; what is told of next comes after.
        self.assertIsNone(self.hears_nothing())
        self.signal(signal.SIGCONT)
        self.hear("WATCHDOG=1")

    def state(self):
        with open(f"/proc/{self.process.pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0]

    def test_a_watchdog_for_another_process_is_not_its(self):
        self.start_supervised(WATCHDOG_USEC="1000", WATCHDOG_PID="1")
        self.signal(signal.SIGTERM)
        self.assertEqual(self.wait(), 0)
        while True:
            text = self.hears_nothing()
            if text is None:
                break
            self.assertNotIn("WATCHDOG", text)


if __name__ == "__main__":
    unittest.main()
