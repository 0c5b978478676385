# SPDX-License-Identifier: BSD-3-Clause
"""What a page runs on: a directory that is thrown away, a server, and terminals with a shell in them.

In that directory README.md, conf and build/release are those of the project, so that what a page types works as it does for
a reader who stands in the project's own. Clients without a port find the page's server."""

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "clients"))

from terminal import Terminal  # noqa: E402

DEADLINE_S = 60
NODE_MODULES = "/usr/share/nodejs"
COLUMNS, LINES = 200, 3000
PORT, TLS_PORT, METRICS_PORT = "3246", "3247", "9464"
READY = re.compile(r"Ready to accept (?:TLS )?connections on|connections at ")
LISTENS = re.compile(r"Ready to accept connections on .*:(\d+)\s*$", re.MULTILINE)


class Wrong(Exception):
    """The page does not tell what happens."""


def wait_for(seen, what):
    deadline = time.monotonic() + DEADLINE_S
    while not seen():
        if time.monotonic() > deadline:
            raise Wrong(f"waited for {what}")
        time.sleep(0.02)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Shell(Terminal):
    """A terminal in which a shell runs, and in it what is typed. Its prompt is the status of the last command."""

    def __init__(self, machine):
        self.machine = machine
        self.seen = 0  # rows that were compared already
        super().__init__(["bash", "--norc", "--noprofile", "-i"],
                         dict(machine.env, PS1=r"[$?] "), COLUMNS, LINES)
        self.wait_prompt()

    def row(self, y):
        cells = self.screen.buffer[y]
        return "".join(cells[x].data for x in range(COLUMNS)).rstrip()

    def at_prompt(self):
        """"$ ", or the beginning of echolog-cli's prompt, when one waits for something to be typed."""
        if self.screen.cursor.y < self.seen:  # what was typed is not taken yet
            return None
        if termios.tcgetattr(self.fd)[3] & termios.ICANON:  # nobody edits a line yet
            return None
        x, row = self.screen.cursor.x, self.row(self.screen.cursor.y)
        shell = re.fullmatch(r"\[(\d+)\]", row)
        if shell and x == len(row) + 1:
            self.status = int(shell.group(1))
            return "$ "
        prompt = re.match(rf"(\S+@)?127\.0\.0\.1:{self.machine.port}(\([^)]*\))*>( |$)", row)
        if prompt and x == len(prompt.group(0).rstrip()) + 1:
            return prompt.group(0).rstrip() + " "
        return None

    def wait_prompt(self):
        deadline = time.monotonic() + DEADLINE_S
        while not self.at_prompt():
            if time.monotonic() > deadline or not self.take(0.1):
                raise Wrong("no prompt came:\n" + "\n".join(self.output()))
        return self.at_prompt()

    def enter(self, text):
        """Types it, sees it, and then says Enter: what is below is the answer."""
        prompt_at = self.screen.cursor.y
        self.type(text)

        def shown():
            self.take(0.02)
            rows = range(max(prompt_at, self.screen.cursor.y - len(text) // COLUMNS), self.screen.cursor.y + 1)
            return text in "".join(self.row(y).ljust(COLUMNS) for y in rows)

        wait_for(shown, f"'{text}' to be shown")
        self.seen = self.screen.cursor.y + 1
        self.type("\r")

    def output(self):
        """What was shown since the last comparison, without the prompt."""
        end = self.screen.cursor.y if self.at_prompt() else self.screen.cursor.y + 1
        return [self.row(y) for y in range(self.seen, end)]

    def accept(self):
        """What is shown so far has been compared; the end of its last line may still be on its way."""
        y = self.screen.cursor.y
        self.seen = y if self.at_prompt() or not self.row(y) else y + 1

    def interrupt(self):
        """Back to a prompt, from whatever runs."""
        while not self.at_prompt():  # once more when the program had not begun to listen
            self.type("\x03")
            again = time.monotonic() + 1
            while not self.at_prompt() and time.monotonic() < again:
                if not self.take(0.1):
                    raise Wrong("the terminal ended")

    def prompt_for(self, prompt):
        """The prompt that the page shows: the shell's, or echolog-cli's, which is started when need be."""
        self.interrupt()
        if prompt == "$ " and self.at_prompt() != "$ ":
            self.type("\x15\x04")
            wait_for(lambda: self.take(0.1) and self.at_prompt() == "$ ", "the shell")
        elif prompt != "$ " and self.at_prompt() == "$ ":
            self.enter("build/release/echolog-cli")
            wait_for(lambda: self.take(0.1) and self.at_prompt() not in ("$ ", None), "echolog-cli")

    def close(self):
        """As when the window is closed: whatever runs in it is told so."""
        os.close(self.fd)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Machine:
    def __init__(self, directives=()):
        self.scratch = tempfile.mkdtemp(prefix="echolog-docs-")
        self.terminals = {}
        self.server = None
        self.ports = {TLS_PORT: free_port(), METRICS_PORT: free_port()}
        self.port = 0
        self.programs = os.path.join(self.scratch, "build", "release")
        self.env = self.environment()
        try:
            self.lay_out()
            self.start_server(directives)
        except Exception:
            self.close()
            raise

    def environment(self):
        env = {name: value for name, value in os.environ.items()
               if not name.startswith("ECHOLOG_") and name not in ("TERM", "NO_COLOR")}
        tools = os.path.dirname(sys.executable)  # where redis-py is
        env.update(HOME=self.scratch, PWD=self.scratch, LC_ALL="C.UTF-8", PYTHONUNBUFFERED="1", NODE_PATH=NODE_MODULES,
                   PATH=f"{self.programs}:{self.scratch}/bin:{tools}:{env['PATH']}",
                   ECHOLOG_BIND="127.0.0.1", ECHOLOG_PORT="0", ECHOLOG_DIR=os.path.join(self.scratch, "echolog-data"),
                   ECHOLOG_PIDFILE=os.path.join(self.scratch, "echolog.pid"))
        return env

    def lay_out(self):
        os.makedirs(self.programs)
        os.makedirs(os.path.join(self.scratch, "bin"))
        for name in ("README.md", "conf", "docs"):
            os.symlink(os.path.join(ROOT, name), os.path.join(self.scratch, name))
        os.symlink(NODE_MODULES, os.path.join(self.scratch, "node_modules"))
        os.symlink(os.environ["ECHOLOG_SERVER"], os.path.join(self.programs, "echolog-server"))
        dump = os.path.join(os.path.dirname(os.environ["ECHOLOG_SERVER"]), "echolog-dump")
        os.symlink(dump, os.path.join(self.programs, "echolog-dump"))

    def wrap(self, directory, name, program):
        """The program, but for the port it takes when nothing is said. A course starts its own server then."""
        path = os.path.join(directory, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\n"
                       f'[ "$1" != lab ] || exec {shlex.quote(program)} "$@"\n'
                       f'exec {shlex.quote(program)} -p {self.port} "$@"\n')
        os.chmod(path, 0o755)

    def mapped(self, text):
        """The page's ports are ours."""
        for shown, real in [(PORT, self.port), *self.ports.items()]:
            text = re.sub(rf"\b{shown}\b", str(real), text)
        return text

    # --- the server ----------------------------------------------------------------------------------

    def start_server(self, words):
        """Instead of the one that runs."""
        self.stop_server()
        path = os.path.join(self.scratch, "server.log")
        with open(path, "w", encoding="utf-8") as log:
            self.server = subprocess.Popen(["echolog-server", *words], cwd=self.scratch, env=self.env,
                                           stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)

        def ready():
            with open(path, encoding="utf-8") as log:
                printed = log.read()
            if self.server.poll() is not None:
                raise Wrong("the server ended:\n" + printed)
            listens = LISTENS.search(printed)
            if listens and not self.port:
                self.settle(int(listens.group(1)))
            return "Ready to accept" in printed

        wait_for(ready, "the server")

    def settle(self, port):
        """The server's first port stays the page's."""
        self.port = port
        self.env["ECHOLOG_PORT"] = str(port)
        self.wrap(self.programs, "echolog-cli", os.environ["ECHOLOG_CLI"])
        self.wrap(os.path.join(self.scratch, "bin"), "redis-cli", shutil.which("redis-cli"))

    def stop_server(self):
        """Also one that a page sent to the background, which is known by its pid file only."""
        path = self.env["ECHOLOG_PIDFILE"]
        if self.server is None and os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                pid = int(file.read())
            os.kill(pid, signal.SIGTERM)
            wait_for(lambda: not os.path.exists(path), "the server's end")
        if self.server is not None and self.server.poll() is None:
            self.server.send_signal(signal.SIGTERM)
            try:
                self.server.wait(DEADLINE_S)
            finally:
                self.server.kill()
                self.server.wait()
        self.server = None

    def wait_gone(self):
        """Until a server that the page stopped or killed has let go of its port and directory."""
        if self.server is not None:
            self.server.wait(DEADLINE_S)
            self.server = None
            return
        with open(self.env["ECHOLOG_PIDFILE"], encoding="utf-8") as file:
            status = f"/proc/{int(file.read())}/status"

        def gone():
            try:
                with open(status, encoding="utf-8") as file:
                    return "State:\tZ" in file.read()
            except (FileNotFoundError, ProcessLookupError):
                return True

        wait_for(gone, "the server's end")

    # --- programs and terminals ----------------------------------------------------------------------

    def terminal(self, name):
        if name not in self.terminals:
            self.terminals[name] = Shell(self)
            self.terminals[name].enter(f"cd {self.scratch}")
            self.terminals[name].wait_prompt()
        return self.terminals[name]

    def run(self, command):
        done = subprocess.run(command, cwd=self.scratch, env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=DEADLINE_S, check=False)
        return done.returncode, done.stdout

    def interrupted(self, command):
        """A command that goes on: Ctrl-C comes once it has said something."""
        process = subprocess.Popen(["bash", "-c", "exec " + command], cwd=self.scratch, env=self.env,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            said = process.stdout.readline()
            process.send_signal(signal.SIGINT)
            said += process.communicate(timeout=DEADLINE_S)[0]
        finally:
            process.kill()
            process.wait()
        return process.returncode, said

    def shell(self, script):
        return self.run(["bash", "-e", "-c", script])

    def save(self, name, text):
        path = os.path.join(self.scratch, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def close(self):
        for terminal in self.terminals.values():
            terminal.close()
        if self.server is not None and self.server.poll() is not None:
            self.server = None  # killed by the page: another may run in the background
        self.stop_server()
        shutil.rmtree(self.scratch, ignore_errors=True)
