# SPDX-License-Identifier: BSD-3-Clause
"""Where the log goes while files move under it and levels change."""

import os
import signal
import socket
import subprocess
import unittest

from program import READY, ProcessTest, await_that


class Logs(ProcessTest):
    def start_with_file(self):
        self.start("--logfile", self.path("log"), "--loglevel", "verbose", ready=False)
        self.await_text("log", READY)
        return self.port_in("log")

    def stop(self):
        self.signal(signal.SIGTERM)
        self.assertEqual(self.wait(), 0)

    def test_a_file_that_was_moved_away_is_opened_anew_on_hangup(self):
        self.start_with_file()
        os.rename(self.path("log"), self.path("log.1"))
        self.signal(signal.SIGHUP)
        self.await_text("log", "Received SIGHUP: the log file is open anew")
        self.stop()
        self.assertIn("Bye", self.read("log"))
        self.assertNotIn("Bye", self.read("log.1"))
        self.assertEqual(self.read("output"), "", "nothing goes elsewhere")

    def test_a_file_that_cannot_be_opened_anew_is_gone_on_with(self):
        self.start_with_file()
        os.rename(self.path("log"), self.path("log.1"))
        os.mkdir(self.path("log"))
        self.signal(signal.SIGHUP)
        self.await_text("log.1", "Cannot reopen the log file '.*/log': Is a directory")
        self.stop()
        self.assertIn("Bye", self.read("log.1"))

    def test_a_file_that_is_copied_and_cut_goes_on_from_its_beginning(self):
        self.start_with_file()
        os.truncate(self.path("log"), 0)
        self.stop()
        text = self.read("log")
        self.assertIn("Bye", text)
        self.assertNotIn("\0", text)
        self.assertNotIn("Ready", text)

    def test_the_file_is_added_to_by_the_next_start(self):
        self.start_with_file()
        self.stop()
        self.start("--logfile", self.path("log"), ready=False)
        self.await_text("log", r"(?s)Ready to accept.*Ready to accept")
        self.stop()

    def test_a_file_that_cannot_be_opened_is_a_start_that_fails(self):
        status, text = self.run_to_end("--logfile", self.path("nowhere/log"))
        self.assertEqual(status, 1)
        self.assertIn("cannot open the log file", text)

    def test_levels_change_while_it_runs(self):
        port = self.start_with_file()
        self.assertEqual(self.ask(port, "CONFIG", "SET", "loglevel", "warning"), "+OK")
        os.truncate(self.path("log"), 0)
        self.stop()
        self.assertEqual(self.read("log"), "", "of a stop there is nothing to warn of")

    def test_files_of_the_log_are_fixed(self):
        port = self.start_with_file()
        for name, value in (("logfile", "/tmp/x"), ("syslog-enabled", "yes"), ("syslog-ident", "x"),
                            ("syslog-facility", "user"), ("daemonize", "yes"), ("pidfile", "/tmp/x"),
                            ("supervised", "auto")):
            self.assertEqual(
                self.ask(port, "CONFIG", "SET", name, value),
                "-ERR CONFIG SET failed (possibly related to argument "
                f"'{name}') - can't set immutable config")
        self.stop()

    def test_the_journal_is_known_by_its_stream(self):
        read, write = os.pipe()
        try:
            st = os.fstat(write)
            env = self.environment(JOURNAL_STREAM=f"{st.st_dev}:{st.st_ino}")
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=write,
                                            env=env)
            os.close(write)
            with os.fdopen(read, "r") as lines:
                for line in lines:
                    self.assertRegex(line, "^<[4-7]>[A-Z]")
                    if READY.search(line):
                        break
                self.stop()
        finally:
            self.end()

    def test_a_pipe_that_nobody_reads_does_not_stop_the_server(self):
        read, write = os.pipe()
        self.addCleanup(os.close, read)
        self.process = subprocess.Popen(
            self.command("--loglevel", "verbose", "--pidfile", self.path("pid"), "--port",
                         str(self.free_port())),
            stdin=subprocess.DEVNULL, stdout=write, env=self.environment())
        os.set_blocking(write, False)
        port = self.port
        await_that(lambda: self.read("pid"), "the start")
        try:
            while True:
                os.write(write, b"x" * 4096)  # fills the pipe up
        except BlockingIOError:
            pass
        os.close(write)
        # The HTTP line is one for the log; each of these loses it.
        for _ in range(20):
            self.ask(port, "POST")
        self.assertRegex(self.ask(port, "INFO", "stats"), r"trace_lines_lost:[1-9]")
        self.signal(signal.SIGTERM)
        self.assertEqual(self.wait(), 0)

    def free_port(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        return self.port


if __name__ == "__main__":
    unittest.main()
