# SPDX-License-Identifier: BSD-3-Clause
"""A program in a terminal of its own: what is typed goes in, and what a person would see can be looked at."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time

import pyte

DEADLINE_S = 60


class Terminal:
    def __init__(self, command, env=None, columns=100, lines=30):
        self.screen = pyte.Screen(columns, lines)
        self.stream = pyte.ByteStream(self.screen)
        self.fd, other = pty.openpty()
        self.set_size(other, columns, lines)
        self.before = termios.tcgetattr(other)
        self.process = subprocess.Popen(
            command, stdin=other, stdout=other, stderr=other, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            env=dict(os.environ, TERM="xterm-256color", NO_COLOR="1", **(env or {})))
        os.close(other)

    @staticmethod
    def set_size(fd, columns, lines):
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def resize(self, columns, lines):
        self.screen.resize(lines, columns)
        self.set_size(self.fd, columns, lines)
        self.process.send_signal(signal.SIGWINCH)

    def type(self, text):
        os.write(self.fd, text if isinstance(text, bytes) else text.encode())

    def shown(self):
        """What is on the screen, without blanks at the ends."""
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip()

    def take(self, wait_s):
        """Reads what there is; False at the end."""
        if not select.select([self.fd], [], [], wait_s)[0]:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # the program has closed its end
            return False
        self.stream.feed(data)
        return bool(data)

    def wait(self, seen):
        """Until the screen holds the text, or the function says that it is as wanted."""
        matches = seen if callable(seen) else lambda shown: seen in shown
        deadline = time.monotonic() + DEADLINE_S
        while not matches(self.shown()):
            if time.monotonic() > deadline or not self.take(0.2):
                raise AssertionError(f"waited for {seen!r}, and the screen is\n{self.shown()}")

    def ended(self):
        deadline = time.monotonic() + DEADLINE_S
        while self.take(0.2) and time.monotonic() < deadline:
            pass
        return self.process.wait(DEADLINE_S)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.fd)
