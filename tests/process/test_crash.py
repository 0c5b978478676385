# SPDX-License-Identifier: BSD-3-Clause
"""The report of a fatal signal."""

import os
import re
import signal
import subprocess
import unittest

from program import READY, ProcessTest, await_that


class Crash(ProcessTest):
    def crash_by(self, number):
        self.start("--logfile", self.path("log"), ready=False)
        self.await_text("log", READY)
        pid = self.process.pid
        self.signal_thread(pid, number)
        self.assertEqual(self.wait(), -number, "it ends by the signal itself")
        return pid, self.read("log")

    def test_each_fatal_signal_is_reported_and_ends_it(self):
        for name in ("SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGABRT"):
            pid, text = self.crash_by(getattr(signal, name))
            self.assertRegex(text, f"Crashed by signal {getattr(signal, name).value} \\({name}\\), "
                             rf"si_code -?\d+, sent by process {os.getpid()} of user {os.getuid()}")
            self.assertIn(f"Process {pid}, thread {pid} 'echolog-server'", text)
            self.assertTrue(text.endswith("=== END OF THE CRASH REPORT ===\n"), text)
            os.unlink(self.path("log"))

    def test_the_backtrace_has_names_of_functions_and_the_registers_are_there(self):
        _, text = self.crash_by(signal.SIGSEGV)
        frames = text.partition("--- backtrace")[2]
        self.assertRegex(frames, r"echolog-server\(main\+0x[0-9a-f]+\) \[0x[0-9a-f]+\]")
        # A function that was put into its caller is found by the offset.
        offsets = re.findall(r"^echolog-server\(.*\) \[(0x[0-9a-f]+)\]$", frames, re.MULTILINE)
        lines = subprocess.run(["addr2line", "-fie", os.environ["ECHOLOG_SERVER"], *offsets],
                               stdout=subprocess.PIPE, text=True, check=True).stdout
        self.assertIn("\nreactor_wait\n", lines)
        self.assertIn("src/server/main.c:", lines)
        if os.uname().machine == "x86_64":
            self.assertRegex(text, r"rip 0x[0-9a-f]{16}")
            self.assertRegex(text, r"rsp 0x[0-9a-f]{16}")
        self.assertRegex(text, r"build [0-9a-f]{40}")

    def test_a_thread_that_works_for_the_disk_is_reported_by_its_name(self):
        self.start("--disk-sync-threads", "1")
        tasks = f"/proc/{self.process.pid}/task"

        def find():
            for tid in os.listdir(tasks):
                with open(f"{tasks}/{tid}/comm") as f:
                    if f.read() == "echolog-sync\n":
                        return int(tid)
            return None
        tid = await_that(find, "the thread")
        self.signal_thread(tid, signal.SIGBUS)
        self.assertEqual(self.wait(), -signal.SIGBUS)
        self.assertIn(f"thread {tid} 'echolog-sync'", self.read("output"))

    def crash_by_command(self, *words):
        self.start("--enable-debug-command", "yes")
        self.assertEqual(self.ask(self.port_in("output"), *words), "")
        self.wait()
        return self.read("output")

    def test_a_command_that_was_being_executed_is_named_and_its_arguments_are_not(self):
        text = self.crash_by_command("DEBUG", "SEGFAULT")
        self.assertRegex(text, r"--- at\necholog-server\(debug_segfault")
        self.assertRegex(text, r"Executing 'debug' or what comes after it, with arguments of 8 bytes, "
                         r"for client id=\d+ addr=127.0.0.1:\d+")
        self.assertNotIn("SEGFAULT\n", text)

    def test_an_assertion_of_its_own_is_the_reason(self):
        text = self.crash_by_command("DEBUG", "ASSERT")
        self.assertRegex(text, r"\nReason: assertion failed: .* \(src/commands/\w+\.c:\d+\)\n")

    def test_figures_of_the_server_are_there(self):
        _, text = self.crash_by(signal.SIGSEGV)
        self.assertRegex(text, r"Up for \d+ s, turn \d+, clients 0")
        self.assertRegex(text, r"Memory in pages .*: \d+ \d+ \d+")

    def test_it_goes_to_standard_output_where_the_log_does(self):
        self.start()
        self.signal(signal.SIGSEGV)
        self.assertEqual(self.wait(), -signal.SIGSEGV)
        self.assertIn("=== CRASH REPORT", self.read("output"))

    def test_it_can_be_turned_off_and_on(self):
        self.start("--crash-log-enabled", "no")
        port = self.port_in("output")
        self.signal(signal.SIGSEGV)
        self.assertEqual(self.wait(), -signal.SIGSEGV)
        self.assertNotIn("CRASH REPORT", self.read("output"))
        os.unlink(self.output)

        self.start()
        port = self.port_in("output")
        self.assertEqual(self.ask(port, "CONFIG", "SET", "crash-log-enabled", "no"), "+OK")
        self.assertEqual(self.ask(port, "CONFIG", "SET", "crash-log-enabled", "yes"), "+OK")
        self.signal(signal.SIGSEGV)
        self.assertEqual(self.wait(), -signal.SIGSEGV)
        self.assertIn("CRASH REPORT", self.read("output"))

    def test_what_was_acknowledged_is_there_after_it(self):
        self.start()
        self.ask(self.port_in("output"), "PRODUCE", "t", "kept")
        self.signal(signal.SIGSEGV)
        self.assertEqual(self.wait(), -signal.SIGSEGV)
        os.unlink(self.output)
        self.start()
        self.assertEqual(self.ask(self.port_in("output"), "FETCH", "t", "0", "0"), "*1")


if __name__ == "__main__":
    unittest.main()
