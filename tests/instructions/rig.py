# SPDX-License-Identifier: BSD-3-Clause
"""A server under callgrind, and a client that goes in step with it.

Callgrind writes what it has counted, and starts from nothing again, whenever the server enters the function of DBSIZE: a
client marks the ends of what it measures by that command. A pipeline goes out in one piece and the next only when all
replies are here, so the server's turns hold the same commands in every run."""

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

READY = re.compile(r"Ready to accept connections on .*:(\d+)\s*$", re.M)
TOTALS = re.compile(r"^totals: (\d+)", re.M)
MARK = "cmd_dbsize"
DEADLINE_S = 300
# What happens by the clock does not belong to a command.
DIRECTIVES = ("--log-flush-ms", "3600000", "--log-retention-check-ms", "3600000", "--disk-sync-threads", "1",
              "--disk-bulk-threads", "1", "--client-output-buffer-limit", "pubsub 0 0 0")


class Server:
    def __init__(self):
        self.scratch = tempfile.mkdtemp(prefix="echolog-instructions-")
        self.output = os.path.join(self.scratch, "output")
        self.counts = os.path.join(self.scratch, "counts")
        self.dumps = 0
        self.connections = []
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen(
                ["valgrind", "--tool=callgrind", f"--dump-before={MARK}", f"--callgrind-out-file={self.counts}",
                 os.environ["ECHOLOG_SERVER"], "--port", "0", "--bind", "127.0.0.1",
                 "--dir", os.path.join(self.scratch, "data"), *DIRECTIVES],
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        try:
            self.port = self._await_port()
            self.control = self.connect()
        except RuntimeError:
            self.process.kill()
            raise

    def _printed(self):
        with open(self.output, encoding="utf-8", errors="replace") as output:
            return output.read()

    def _await_port(self):
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline and self.process.poll() is None:
            ready = READY.search(self._printed())
            if ready:
                return int(ready.group(1))
            time.sleep(0.02)
        raise RuntimeError("the server did not start:\n" + self._printed())

    def connect(self):
        self.connections.append(Connection(self.port))
        return self.connections[-1]

    def instructions(self):
        """Those since it was last asked."""
        self.control.call("DBSIZE")
        self.dumps += 1
        with open(f"{self.counts}.{self.dumps}", encoding="utf-8") as dump:
            totals = TOTALS.search(dump.read())
        if not totals:
            raise RuntimeError(f"callgrind counted nothing: is there a function {MARK}?\n" + self._printed())
        return int(totals.group(1))

    def close(self):
        for connection in self.connections:
            connection.socket.close()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(DEADLINE_S)
        finally:
            self.process.kill()
            shutil.rmtree(self.scratch, ignore_errors=True)


def encoded(*words):
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        data = word if isinstance(word, bytes) else str(word).encode()
        parts.append(b"$%d\r\n%s\r\n" % (len(data), data))
    return b"".join(parts)


class Connection:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.input = b""
        self.at = 0

    def call(self, *words):
        return self.pipeline([words])[0]

    def pipeline(self, commands):
        self.socket.sendall(b"".join(encoded(*words) for words in commands))
        return [self.reply() for _ in commands]

    def send(self, data, replies):
        """What was encoded before, in one piece; takes the first error for a failure."""
        self.socket.sendall(data)
        for _ in range(replies):
            self.reply()

    def _more(self):
        data = self.socket.recv(1 << 20)
        if not data:
            raise RuntimeError("the server closed a connection")
        self.input = self.input[self.at:] + data
        self.at = 0

    def _line(self):
        while (end := self.input.find(b"\r\n", self.at)) < 0:
            self._more()
        line = self.input[self.at:end]
        self.at = end + 2
        return line

    def reply(self):
        line = self._line()
        kind, rest = line[:1], line[1:]
        if kind == b"-":
            raise RuntimeError(line.decode(errors="replace"))
        if kind == b"$" and int(rest) >= 0:
            size = int(rest)
            while len(self.input) - self.at < size + 2:
                self._more()
            data = self.input[self.at:self.at + size]
            self.at += size + 2
            return data
        if kind == b"*" and int(rest) >= 0:
            return [self.reply() for _ in range(int(rest))]
        return rest
