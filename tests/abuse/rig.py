# SPDX-License-Identifier: BSD-3-Clause
"""What the attacks work with: a server that is watched from outside, plain sockets, and a second client in a
process of its own that asks PING again and again and notes how long each answer takes."""

import contextlib
import os
import re
import resource
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

READY = re.compile(r"Ready to accept connections on .*:(\d+)\s*$")
DEADLINE_S = 120
HERE = os.path.dirname(os.path.abspath(__file__))


def raise_file_limit():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


class Failed(Exception):
    pass


class Server:
    """The server under attack, on a fresh directory and a free port."""

    def __init__(self, *directives):
        self.scratch = tempfile.mkdtemp(prefix="echolog-abuse-")
        self.output = os.path.join(self.scratch, "output")
        self.tls_port = 0
        if directives and callable(directives[0]):
            directives = directives[0](self)
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen(
                [os.environ["ECHOLOG_SERVER"], "--port", "0", "--bind", "127.0.0.1",
                 "--dir", os.path.join(self.scratch, "data"), *directives],
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        self.port = self._await_port()

    def printed(self):
        with open(self.output, encoding="utf-8", errors="replace") as output:
            return output.read()

    def _await_port(self):
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline and self.process.poll() is None:
            for line in self.printed().splitlines():
                ready = READY.search(line)
                if ready and int(ready.group(1)) != self.tls_port:
                    return int(ready.group(1))
            time.sleep(0.01)
        raise Failed("the server did not start:\n" + self.printed())

    def _status_kb(self, name):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            for line in status:
                if line.startswith(name + ":"):
                    return int(line.split()[1])
        return 0

    def memory_kb(self):
        return self._status_kb("VmRSS")

    def peak_kb(self):
        return self._status_kb("VmHWM")

    def forget_peak(self):
        with open(f"/proc/{self.process.pid}/clear_refs", "w", encoding="ascii") as refs:
            refs.write("5")

    def connect(self, port=None):
        s = socket.create_connection(("127.0.0.1", port or self.port), timeout=DEADLINE_S)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return s

    def info(self, field):
        with Client(self) as c:
            text = c.ask("INFO", "everything")
        found = re.search(rb"^" + field.encode() + rb":(.*?)\r$", text, re.M)
        if not found:
            raise Failed(f"INFO has no {field}")
        return found.group(1).decode()

    def await_info(self, field, wanted):
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline:
            value = self.info(field)
            if wanted(int(value)):
                return int(value)
            time.sleep(0.05)
        raise Failed(f"{field} is {value}")

    def close(self):
        """Ends it as an operator would: a server that was only hurt does not stop cleanly."""
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        printed = self.printed()
        shutil.rmtree(self.scratch, ignore_errors=True)
        if status != 0:
            raise Failed(f"the server ended with status {status}:\n" + printed[-4000:])


def encode(*words):
    out = [b"*%d\r\n" % len(words)]
    for word in words:
        data = word if isinstance(word, bytes) else str(word).encode()
        out.append(b"$%d\r\n%s\r\n" % (len(data), data))
    return b"".join(out)


class Client:
    """One that behaves: it asks and reads the answer."""

    def __init__(self, server):
        self.socket = server.connect()
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.file.close()
        self.socket.close()

    def send(self, *words):
        self.socket.sendall(encode(*words))

    def read(self):
        line = self.file.readline()
        if not line:
            raise Failed("the server closed the connection")
        kind, rest = line[:1], line[1:-2]
        if kind in b"+-":
            return kind + rest if kind == b"-" else rest
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else self.file.read(int(rest) + 2)[:-2]
        if kind in b"*>%":
            count = int(rest) * (2 if kind == b"%" else 1)
            return [self.read() for _ in range(count)]
        raise Failed(f"what is {line!r}?")

    def ask(self, *words):
        self.send(*words)
        return self.read()


def push(sockets, chunks):
    """Writes to many sockets that nobody may be reading from, without waiting for any: returns how many bytes were
    taken, when nothing is taken any more for a while or all is sent. `chunks` gives the bytes for each."""
    left = {s.fileno(): (s, memoryview(chunks(i))) for i, s in enumerate(sockets)}
    poller = select.epoll()
    for fd, (s, _) in left.items():
        s.setblocking(False)
        poller.register(fd, select.EPOLLOUT)
    taken = 0
    while left:
        ready = poller.poll(2)
        if not ready:
            break
        for fd, _ in ready:
            s, data = left[fd]
            try:
                n = s.send(data[:1 << 18])
            except BlockingIOError:
                continue
            except OSError:
                n = len(data)
            taken += n
            left[fd] = (s, data[n:])
            if len(data) == n:
                poller.unregister(fd)
                del left[fd]
    poller.close()
    return taken


def is_closed(s, timeout_s=DEADLINE_S):
    """Whether the server closed it; what it still sent is read away."""
    s.settimeout(timeout_s)
    try:
        while s.recv(1 << 16):
            pass
        return True
    except socket.timeout:
        return False
    except OSError:
        return True


# --- the second client ---------------------------------------------------------------------------


class Watch:
    """PING every few milliseconds, from a process of its own, until it is asked for what it saw."""

    def __init__(self, server):
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(HERE, "rig.py"), str(server.port)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()

    def finish(self):
        """(how many, p50, p99, longest), in milliseconds."""
        out, _ = self.process.communicate("")
        if self.process.returncode != 0:
            raise Failed("another client was hurt: " + out)
        count, p50, p99, longest = out.split()
        return int(count), float(p50), float(p99), float(longest)


def watch(port):
    # Before everybody, where it may: what it waits for is the server then, and not the attackers' programs.
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    s = socket.create_connection(("127.0.0.1", port))
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    took = []
    print("watching", flush=True)
    while not select.select([sys.stdin], [], [], 0.002)[0]:
        before = time.perf_counter()
        s.sendall(b"PING\r\n")
        if s.recv(64) != b"+PONG\r\n":
            sys.exit("no answer to PING")
        took.append((time.perf_counter() - before) * 1000)
    took.sort()
    at = lambda share: took[min(int(len(took) * share), len(took) - 1)] if took else 0
    print(len(took), at(0.5), at(0.99), took[-1] if took else 0)


if __name__ == "__main__":
    watch(int(sys.argv[1]))
