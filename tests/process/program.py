# SPDX-License-Identifier: BSD-3-Clause
"""The server as a child process with a directory of its own. Whatever is waited for has a deadline."""

import ctypes
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

DEADLINE_S = 60
READY = re.compile(r"Ready to accept connections on \S*:(\d+)")


def await_that(condition, what):
    """Looks until the condition holds, and returns what it said."""
    deadline = time.monotonic() + DEADLINE_S
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {DEADLINE_S} s: {what}")
        time.sleep(0.005)


def is_alive(pid):
    """Whether the process runs; one that nobody has asked for its end yet does not."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def no_core():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class ProcessTest(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.mkdtemp(prefix="echolog-process-")
        self.addCleanup(shutil.rmtree, self.scratch, ignore_errors=True)
        self.output = self.path("output")
        self.process = None
        self.addCleanup(self.end)

    def path(self, name):
        return os.path.join(self.scratch, name)

    def read(self, name):
        try:
            with open(self.path(name), errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def command(self, *directives):
        return [os.environ["ECHOLOG_SERVER"], "--port", "0", "--bind", "127.0.0.1",
                "--dir", self.path("data"), *directives]

    def environment(self, **variables):
        env = {k: v for k, v in os.environ.items()
               if k not in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "JOURNAL_STREAM")}
        env.update(variables)
        return env

    def start(self, *directives, ready=True, **variables):
        """In the foreground, with all it prints in `output`."""
        with open(self.output, "ab") as out:
            self.process = subprocess.Popen(
                self.command(*directives), stdin=subprocess.DEVNULL, stdout=out,
                stderr=subprocess.STDOUT, env=self.environment(**variables), cwd=self.scratch,
                preexec_fn=no_core)
        if ready:
            self.await_text("output", READY)

    def run_to_end(self, *directives, **variables):
        """Of a command that ends by itself; its status and what it printed. What stays in the background must
        not keep its output."""
        with open(self.output, "ab") as out:
            done = subprocess.run(self.command(*directives), stdin=subprocess.DEVNULL, stdout=out,
                                  stderr=subprocess.STDOUT, env=self.environment(**variables),
                                  cwd=self.scratch, timeout=DEADLINE_S, preexec_fn=no_core,
                                  check=False)
        return done.returncode, self.read("output")

    def await_text(self, name, pattern):
        def look():
            if self.process is not None and self.process.poll() is not None:
                found = re.search(pattern, self.read(name))
                if not found:
                    raise AssertionError("it ended: " + self.read("output") + self.read(name))
                return found
            return re.search(pattern, self.read(name))
        return await_that(look, f"'{pattern}' in {name}")

    def port_in(self, name):
        return int(READY.search(self.read(name)).group(1))

    def ask(self, port, *words):
        """The reply to a command: a bulk string, or its first line; '' when the connection was closed."""
        with socket.create_connection(("127.0.0.1", port), DEADLINE_S) as s:
            text = b"*%d\r\n" % len(words)
            for word in words:
                text += b"$%d\r\n%s\r\n" % (len(word), word.encode())
            s.sendall(text)
            with s.makefile("rb") as f:
                try:
                    line = f.readline().decode().rstrip("\r\n")
                    return f.read(int(line[1:])).decode() if line.startswith("$") else line
                except ConnectionResetError:
                    return ""

    def signal(self, number):
        self.process.send_signal(number)

    def signal_thread(self, thread, number):
        """One for the process may be taken by any of its threads."""
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.tgkill(self.process.pid, thread, number) != 0:
            raise OSError(ctypes.get_errno(), "tgkill")

    def wait(self):
        """The status; negative: the signal it died of."""
        status = self.process.wait(DEADLINE_S)
        self.process = None
        return status

    def end(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def end_pid(self, pid):
        """Of a server in the background."""
        if is_alive(pid):
            os.kill(pid, signal.SIGKILL)
        await_that(lambda: not is_alive(pid), f"the end of {pid}")
