# SPDX-License-Identifier: BSD-3-Clause
"""daemonize and pidfile."""

import os
import signal
import subprocess
import unittest

from program import ProcessTest, await_that, is_alive


class Background(ProcessTest):
    def start_in_background(self, *directives):
        status, text = self.run_to_end("--daemonize", "yes", "--pidfile", self.path("pid"),
                                       "--logfile", self.path("log"), *directives)
        self.assertEqual(status, 0, text)
        pid = int(self.read("pid"))
        self.addCleanup(self.end_pid, pid)
        return pid

    def test_the_command_ends_when_the_server_serves(self):
        pid = self.start_in_background()
        self.assertEqual(self.ask(self.port_in("log"), "PING"), "+PONG")
        self.assertEqual(self.read("output"), "")
        os.kill(pid, signal.SIGTERM)
        await_that(lambda: not is_alive(pid), "its end")
        self.assertIn("Bye", self.read("log"))
        self.assertFalse(os.path.exists(self.path("pid")), "the file is removed")

    def test_it_has_a_session_no_terminal_and_no_streams_of_its_caller(self):
        pid = self.start_in_background()
        with open(f"/proc/{pid}/stat") as stat:
            fields = stat.read().rpartition(")")[2].split()
        session, terminal = int(fields[3]), int(fields[4])
        self.assertNotEqual(session, os.getsid(0))
        self.assertNotEqual(session, pid, "one that leads no session never gets a terminal")
        self.assertEqual(terminal, 0)
        for fd in (0, 1, 2):
            self.assertEqual(os.readlink(f"/proc/{pid}/fd/{fd}"), "/dev/null")

    def test_its_output_ends_for_a_caller_that_reads_it(self):
        done = subprocess.run(
            self.command("--daemonize", "yes", "--pidfile", self.path("pid")),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=60, text=True, check=False,
            cwd=self.scratch)
        self.addCleanup(self.end_pid, int(self.read("pid")))
        self.assertEqual(done.returncode, 0)
        self.assertIn("Ready to accept connections", done.stdout)

    def test_a_start_that_fails_is_told(self):
        pid = self.start_in_background()
        os.rename(self.path("pid"), self.path("pid.first"))
        status, text = self.run_to_end("--daemonize", "yes", "--pidfile", self.path("pid"),
                                       "--logfile", self.path("log"))
        self.assertEqual(status, 1)
        self.assertIn("cannot open the log", text)
        self.assertIn("the start failed", text)
        self.assertFalse(os.path.exists(self.path("pid")))
        self.assertTrue(is_alive(pid))

    def test_a_start_that_fails_leaves_the_file_of_the_one_that_runs(self):
        pid = self.start_in_background()
        status, _ = self.run_to_end("--daemonize", "yes", "--pidfile", self.path("pid"))
        self.assertEqual(status, 1)
        self.assertEqual(self.read("pid"), f"{pid}\n")

    def test_a_start_that_dies_is_told(self):
        os.mkfifo(self.path("log"))  # opening it waits for a reader, who never comes
        self.process = subprocess.Popen(
            self.command("--daemonize", "yes", "--logfile", self.path("log")),
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=self.scratch)
        self.addCleanup(self.process.stderr.close)
        server = await_that(self.find_server, "the process in the background")
        os.kill(server, signal.SIGKILL)
        self.assertIn("the start failed", self.process.stderr.read())
        self.assertEqual(self.wait(), 1)

    def find_server(self):
        """The one that leads no session and has left ours."""
        for name in os.listdir("/proc"):
            try:
                with open(f"/proc/{name}/cmdline") as f:
                    ours = self.path("log") in f.read()
                if ours and os.getsid(int(name)) not in (os.getsid(0), int(name)):
                    return int(name)
            except (OSError, ValueError):
                continue
        return None


class Pidfile(ProcessTest):
    def test_is_written_in_the_foreground_too_and_takes_the_place_of_a_stale_one(self):
        with open(self.path("pid"), "w") as f:
            f.write("999999999\n")
        self.start("--pidfile", self.path("pid"))
        self.assertEqual(self.read("pid"), f"{self.process.pid}\n")
        self.signal(signal.SIGTERM)
        self.assertEqual(self.wait(), 0)
        self.assertFalse(os.path.exists(self.path("pid")))

    def test_of_another_process_is_left(self):
        self.start("--pidfile", self.path("pid"))
        with open(self.path("pid"), "w") as f:
            f.write("1\n")
        self.signal(signal.SIGTERM)
        self.assertEqual(self.wait(), 0)
        self.assertEqual(self.read("pid"), "1\n")

    def test_that_cannot_be_written_is_a_warning(self):
        self.start("--pidfile", self.path("nowhere/pid"))
        self.assertIn("Failed to write PID file", self.read("output"))


if __name__ == "__main__":
    unittest.main()
