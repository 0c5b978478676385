# SPDX-License-Identifier: BSD-3-Clause
"""What signals do to a server."""

import os
import signal
import socket
import subprocess
import unittest

from program import ProcessTest, await_that

HERE = os.path.dirname(os.path.abspath(__file__))


class Signals(ProcessTest):
    def test_term_and_int_end_it_in_order(self):
        for number, name in ((signal.SIGTERM, "SIGTERM"), (signal.SIGINT, "SIGINT")):
            self.start()
            self.signal(number)
            self.assertEqual(self.wait(), 0)
            self.assertIn(f"Received {name} scheduling shutdown...", self.read("output"))
            self.assertIn("Everything is on disk. Bye", self.read("output"))
            os.unlink(self.output)

    def test_a_second_interrupt_ends_it_at_once(self):
        shim, hold = self.path("hold_syncs.so"), self.path("hold")
        subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-o", shim,
                        os.path.join(HERE, "hold_syncs.c")], check=True)
        # What waits for a device that does not answer holds an orderly stop up.
        self.start(LD_PRELOAD=shim, HOLD_SYNCS=hold)
        self.assertEqual(self.ask(self.port_in("output"), "PRODUCE", "t", "v"), "*2")
        with open(hold, "w"):
            pass
        with socket.create_connection(("127.0.0.1", self.port_in("output"))) as s:
            s.sendall(b"PRODUCE t v\r\n")
            await_that(lambda: self.ask(self.port_in("output"), "INFO", "everything").count(
                "cmdstat_produce:calls=2"), "the second record")
            self.signal(signal.SIGTERM)
            self.await_text("output", "scheduling shutdown")
            self.signal(signal.SIGINT)
            self.assertEqual(self.wait(), 1, self.read("output"))
        self.assertIn("You insist... exiting now.", self.read("output"))
        self.assertNotIn("Bye", self.read("output"))

    def test_a_second_term_goes_on_in_order(self):
        self.start()
        self.signal(signal.SIGTERM)
        self.signal(signal.SIGTERM)
        self.assertEqual(self.wait(), 0)

    def test_signals_for_users_mean_nothing(self):
        self.start()
        for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGPIPE, signal.SIGHUP):
            self.signal(number)
        self.assertEqual(self.ask(self.port_in("output"), "PING"), "+PONG")
        self.signal(signal.SIGTERM)
        self.assertEqual(self.wait(), 0)


if __name__ == "__main__":
    unittest.main()
