# SPDX-License-Identifier: BSD-3-Clause
"""The servers that are measured side by side. Each is started on a fresh directory, on the core kept for it, and ended
by its process; all of them stand on the loopback address."""

import os
import re
import shutil
import signal
import socket
import subprocess
import time

DEADLINE_S = 30
PRIORITY = -20
PAYLOAD = b"x" * 100


class NotThere(Exception):
    """The program is not installed."""


def request(*words):
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        data = word if isinstance(word, bytes) else str(word).encode()
        parts.append(b"$%d\r\n%s\r\n" % (len(data), data))
    return b"".join(parts)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as unused:
        return unused.getsockname()[1]


def cores():
    """The server's, and the load's."""
    mine = sorted(os.sched_getaffinity(0))
    return mine[:1], mine[1:2] or mine[:1]


def go_before_others():
    """For a process in a session of its own. The scheduler shares a core among sessions first (autogroups), so that
    the priority of a process alone is not enough. False: this may not."""
    try:
        with open("/proc/self/autogroup", "w", encoding="ascii") as group:
            group.write(str(PRIORITY))
    except OSError:
        pass
    try:
        os.setpriority(os.PRIO_PROCESS, 0, PRIORITY)
    except PermissionError:
        return False
    return True


def start(command, core, **how):
    """A process of its own session on that core."""

    def place():
        os.sched_setaffinity(0, core)
        go_before_others()

    return subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=place, start_new_session=True, **how)


def may_go_before_others():
    pid = os.fork()
    if pid == 0:
        os.setsid()
        os._exit(0 if go_before_others() else 1)
    return os.waitpid(pid, 0)[1] == 0


def data_directory(scratch):
    return os.path.join(scratch, "data")


def clear(scratch):
    """Removes what the server before has left, which takes long where that was much."""
    shutil.rmtree(data_directory(scratch), ignore_errors=True)


class Server:
    """A process that was started, with the directory it has for itself."""

    spawned = []  # all of them, so that none is left when a measurement fails

    @classmethod
    def end_all(cls):
        for process in cls.spawned:
            if process.poll() is None:
                process.kill()
                process.wait()

    def __init__(self, scratch):
        self.scratch = scratch
        self.directory = data_directory(scratch)
        self.out = os.path.join(scratch, "out")
        self.process = None
        self.port = None
        clear(scratch)
        os.makedirs(self.directory)

    def spawn(self, *command, env=None):
        with open(self.out, "wb") as out:
            self.process = start(command, cores()[0], stdout=out, stderr=subprocess.STDOUT, env=env, cwd=self.directory)
        self.spawned.append(self.process)

    def said(self):
        with open(self.out, encoding="utf-8", errors="replace") as out:
            return out.read()

    def connect(self):
        """As soon as it listens."""
        end = time.monotonic() + DEADLINE_S
        while True:
            try:
                return socket.create_connection(("127.0.0.1", self.port))
            except ConnectionRefusedError:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError("it did not start:\n" + self.said()) from None
                time.sleep(0.0005)

    def ask(self, *words):
        """The first bytes of a reply. A server that is still loading says so, and is asked again."""
        with self.connect() as s:
            while True:
                s.sendall(request(*words))
                reply = s.recv(65536)
                if not reply.startswith(b"-LOADING"):
                    break
        if not reply or reply.startswith(b"-"):
            raise RuntimeError(f"{words[0]}: the server says {reply!r}")
        return reply

    def end(self, how=signal.SIGKILL):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait()

    def memory_kib(self, field="VmRSS"):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            for line in status:
                if line.startswith(field + ":"):
                    return int(line.split()[1])
        return 0


def need(program):
    path = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if path is None:
        raise NotThere(program)
    return path


# --- what is measured ---------------------------------------------------------------------------------------


def echolog(build, scratch, *directives, fresh=True):
    server = Server(scratch) if fresh else fresh_process(scratch)
    server.port = free_port()
    server.spawn(os.path.join(build, "echolog-server"), "--port", str(server.port), "--bind", "127.0.0.1", "--dir",
                 os.path.join(server.directory, "log"), *directives)
    return server


def fresh_process(scratch):
    """Another process on the directory of the one before."""
    server = Server.__new__(Server)
    server.scratch, server.process = scratch, None
    server.directory, server.out = data_directory(scratch), os.path.join(scratch, "out")
    return server


REDIS_MODES = {
    "none": (),
    "everysec": ("--appendonly", "yes", "--appendfsync", "everysec"),
    "always": ("--appendonly", "yes", "--appendfsync", "always"),
}


def redis(mode, scratch, *directives):
    program = need("redis-server")
    server = Server(scratch)
    server.port = free_port()
    server.spawn(program, "--port", str(server.port), "--bind", "127.0.0.1", "--save", "", "--dir", server.directory,
                 *REDIS_MODES[mode], *directives)
    server.ask("PING")
    return server


def nats(scratch):
    program = need("nats-server")
    server = Server(scratch)
    server.port = free_port()
    server.spawn(program, "-a", "127.0.0.1", "-p", str(server.port), env=dict(os.environ, GOMAXPROCS="1"))
    server.connect().close()
    return server


def floor(build, scratch, mode, request_bytes, text, files=1):
    server = Server(scratch)
    program = os.path.join(build, "bench-floor")
    file = [os.path.join(server.directory, "written"), str(files)] if mode in ("write", "sync") else []
    server.spawn(program, mode, str(request_bytes), escaped(text), *file)
    wait_for_port(server)
    return server


def floor_stored(build, scratch, request_bytes, reply, times):
    """A file with the reply so many times, to be sent as it is stored."""
    server = Server(scratch)
    path = os.path.join(server.directory, "stored")
    with open(path, "wb") as stored:
        for _ in range(times):
            stored.write(reply)
    server.spawn(os.path.join(build, "bench-floor"), "stored", str(request_bytes), str(len(reply)), path)
    wait_for_port(server)
    return server


def escaped(text):
    return text.decode().replace("\r", "\\r").replace("\n", "\\n")


def wait_for_port(server):
    end = time.monotonic() + DEADLINE_S
    while server.port is None:
        if server.process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(server.said())
        listening = re.match(r"listening on port (\d+)\n", server.said())
        if listening:
            server.port = int(listening.group(1))
        else:
            time.sleep(0.001)
