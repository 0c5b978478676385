# SPDX-License-Identifier: BSD-3-Clause
"""Starts redis-server and echolog-server, each on a free port of loopback and in a directory of its own."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

DEADLINE_S = 30
CONF = "server.conf"


def claim_port():
    """A free port, and what keeps others of us from taking it too as long as it is open: a server that
    does not get its port must not be mistaken for the one that did."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0echolog-parity-{port}")
            return port, claim
        except OSError:
            claim.close()


class Server:
    """One server. `setup` says how to start it (script.Setup)."""

    program = ""
    name = ""

    def __init__(self, setup):
        self.setup = setup
        self.dir = tempfile.mkdtemp(prefix=f"parity-{self.name}-")
        self.port = 0
        self.claim = None
        self.process = None
        for path, content in setup.files.items():
            self.write(path, content)
        self.start()

    def command(self):
        """A configuration file of the script's says all by itself, so that nothing else is in the way
        of what CONFIG REWRITE makes of it."""
        if CONF in self.setup.files:
            place = [self.path(CONF)]
        else:
            place = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", self.dir]
        return [self.program, *place, *self.setup.options, *self.setup.options_of[self.name]]

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, content):
        text = content.replace("$port", str(self.port)).replace("$dir", self.dir)
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def read(self, name):
        try:
            with open(self.path(name), encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError:
            return None

    def start(self):
        """Another program may take the port between our look and the server's: then once more. A server
        that is started again keeps its port, since its configuration file may name it."""
        if self.port:
            self.launch()
            if not self.answers():
                raise RuntimeError(f"{self.name} did not start again:\n{self.read('output')}")
            return
        for _ in range(5):
            self.release_port()
            self.port, self.claim = claim_port()
            if CONF in self.setup.files:
                self.write(CONF, self.setup.files[CONF])
            self.launch()
            if self.answers():
                return
            self.process.kill()
            self.process.wait()
        raise RuntimeError(f"{self.name} did not start:\n{self.read('output')}")

    def launch(self):
        with open(self.path("output"), "ab") as output:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, cwd=self.dir)

    def release_port(self):
        if self.claim:
            self.claim.close()

    def answers(self):
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 5) as probe:
                    probe.sendall(b"PING\r\n")
                    if probe.recv(1):
                        return True
            except OSError:
                pass
            time.sleep(0.005)
        return False

    def stop(self):
        self.process.kill()
        self.process.wait()

    def restart(self):
        self.stop()
        self.start()

    def trouble(self):
        """What is wrong with the server itself, or nothing."""
        if self.process.poll() is None:
            return None
        return f"{self.name} ended with status {self.process.returncode}:\n{self.read('output')}"

    def close(self):
        self.stop()
        self.release_port()
        shutil.rmtree(self.dir, ignore_errors=True)


class Redis(Server):
    name = "redis"
    program = os.environ.get("REDIS_SERVER") or shutil.which("redis-server") or ""



class Echolog(Server):
    name = "echolog"
    program = os.path.abspath(os.environ.get("ECHOLOG_SERVER", "build/release/echolog-server"))


    def stop(self):
        """It has to end well, too."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(DEADLINE_S)
        finally:
            super().stop()
        if status != 0:
            raise RuntimeError(f"echolog ended with status {status}:\n{self.read('output')}")
