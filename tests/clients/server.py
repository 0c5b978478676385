# SPDX-License-Identifier: BSD-3-Clause
"""Starts the server under test on a scratch directory and a free port."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading

READY = re.compile(r"Ready to accept connections on .*:(\d+)\s*$")
TLS_READY = re.compile(r"Ready to accept TLS connections on .*:(\d+)\s*$")
METRICS = re.compile(r"Metrics over HTTP on .*:(\d+)\s*$")
DEADLINE_S = 60


def has_tls():
    """Whether it was built with TLS."""
    version = subprocess.run([os.environ["ECHOLOG_SERVER"], "--version"], check=True, text=True, stdout=subprocess.PIPE)
    return "TLS none" not in version.stdout


class Server:
    def __init__(self, *directives):
        self.scratch = tempfile.mkdtemp(prefix="echolog-clients-")
        self.directives = directives
        self.process = None
        self.port = 0
        self.tls_port = 0  # where there is one
        self.metrics_port = 0  # likewise
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [os.environ["ECHOLOG_SERVER"], "--port", "0", "--bind", "127.0.0.1",
             "--dir", os.path.join(self.scratch, "data"), *self.directives],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        watchdog = threading.Timer(DEADLINE_S, self.process.kill)
        watchdog.start()
        printed = []
        for line in self.process.stdout:
            printed.append(line)
            tls_ready = TLS_READY.search(line)
            if tls_ready:
                self.tls_port = int(tls_ready.group(1))
            metrics = METRICS.search(line)
            if metrics:
                self.metrics_port = int(metrics.group(1))
            ready = READY.search(line)
            if ready:
                self.port = int(ready.group(1))
                break
        watchdog.cancel()
        if self.process.poll() is not None or not self.port:
            raise RuntimeError("the server did not start:\n" + "".join(printed))
        # What it prints from here on is read away, so that it never waits for us.
        self.reader = threading.Thread(target=self.process.stdout.read, daemon=True)
        self.reader.start()

    def stopped(self):
        self.process.wait()
        self.reader.join()
        self.process.stdout.close()

    def kill(self):
        """As kill -9. The data stays; start() goes on with it."""
        self.process.kill()
        self.stopped()

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(DEADLINE_S)
        finally:
            self.process.kill()
            self.stopped()
            shutil.rmtree(self.scratch, ignore_errors=True)
        if status != 0:
            raise RuntimeError(f"the server ended with status {status}")
