# SPDX-License-Identifier: BSD-3-Clause
"""Plays a case against one server and keeps what came, frame by frame.

Nothing here waits for a time to pass. After each step two PINGs go through a connection of their own:
loopback hands bytes over at once and the server takes its sockets in the order in which they became
readable, so that all the step caused, on whichever connection, has been written by then."""

import re
import select
import socket
import time

import resp

DEADLINE_S = 4
DEAF_BYTES = 4096
POLL_S = 0.02


class Connection:
    def __init__(self, port, deaf=False):
        self.socket = socket.socket()
        self.deaf = deaf
        if deaf:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, DEAF_BYTES)
        self.socket.settimeout(DEADLINE_S)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port = self.socket.getsockname()[1]
        self.reader = resp.Reader()
        self.closed = False

    def send(self, data):
        """What a server that has closed does not take is none of the script's business."""
        try:
            self.socket.sendall(data)
        except OSError:
            pass

    def receive(self, wait_s):
        """Takes what is there, or what comes within the time; false when there was nothing."""
        if self.closed or self.deaf or not select.select([self.socket], [], [], wait_s)[0]:
            return False
        try:
            data = self.socket.recv(1 << 20)
        except OSError:
            data = b""
        self.closed = not data
        self.reader.feed(data)
        return True

    def drain(self, wait_for_whole=True):
        """The frames that are there; one that has begun is waited for."""
        while self.receive(0):
            pass
        frames = self.reader.frames()
        deadline = time.monotonic() + (DEADLINE_S if wait_for_whole else 0)
        while self.reader.data and not self.closed and time.monotonic() < deadline:
            self.receive(DEADLINE_S)
            frames += self.reader.frames()
        if self.reader.data:
            frames.append(("cut", self.reader.data))
            self.reader.data = b""
        return frames

    def drain_until(self, done):
        frames = self.drain()
        deadline = time.monotonic() + DEADLINE_S
        while not done(frames) and not self.closed and time.monotonic() < deadline:
            self.receive(deadline - time.monotonic())
            frames += self.drain()
        return frames

    def close(self):
        self.socket.close()


class Barrier:
    """The connection that says when all is done."""

    def __init__(self, port):
        self.server_port = port
        self.connection = None

    def pass_once(self):
        for _ in range(3):
            if self.connection is None:
                self.connection = Connection(self.server_port)
            self.connection.send(b"PING\r\n")
            frames = self.connection.drain_until(lambda frames: frames)
            if not self.connection.closed:
                if not frames:
                    raise RuntimeError("the server does not answer PING")
                return
            self.connection.close()
            self.connection = None

    def wait(self):
        self.pass_once()
        self.pass_once()

    def port(self):
        return self.connection.port if self.connection else 0

    def close(self):
        if self.connection:
            self.connection.close()


class Player:
    """Plays cases, one after the other, against one server."""

    def __init__(self, server):
        self.server = server
        self.barrier = Barrier(server.port)
        self.connections = {}
        self.ports = {}
        self.captured = {}
        self.held = b""
        self.count = 1

    def play(self, case, protocol, counts=None):
        """What came, as a list of (step, [(connection, frame), …]); the last step is the end. `counts` is
        for cases that cannot say themselves how many frames a step brings: what to wait for, by step."""
        self.case, self.protocol = case, protocol
        self.connections, self.ports, self.captured, self.held = {}, {}, {}, b""
        came = []
        for i, step in enumerate(case.steps):
            self.count = counts[i] if counts else 1
            came.append((step.text, self.step(step)))
        came.append(("(at the end)", self.end()))
        return came

    # --- connections ---

    def connection(self, name):
        if name not in self.connections:
            connection = self.connections[name] = Connection(self.server.port)
            self.ports[name] = connection.port
            self.greet(connection)
        return self.connections[name]

    def greet(self, connection):
        if "plain" in self.case.flags:
            return
        login = self.case.setup.login
        if self.protocol == 3:
            words = ["HELLO", "3"] + (["AUTH", *login] if login else [])
        elif login:
            words = ["AUTH", *login]
        else:
            return
        connection.send(resp.encode([w.encode("latin-1") for w in words]))
        frames = connection.drain_until(lambda frames: frames)
        if not frames or frames[0][0] == "error":
            raise RuntimeError(f"{self.server.name}: {' '.join(words)}: {frames}")

    def gather(self, wait_for_whole=True):
        """What has come on all connections."""
        came = []
        for name, connection in sorted(self.connections.items()):
            was_closed = connection.closed
            came += [(name, frame) for frame in connection.drain(wait_for_whole)]
            if connection.closed and not was_closed:
                came.append((name, ("closed", "")))
        return came

    def end(self):
        """Closes, and returns only when the server has forgotten the connections."""
        came = []
        for name, connection in sorted(self.connections.items()):
            came += self.bid_farewell(name, connection)
        self.connections = {}
        self.barrier.wait()
        return came

    @staticmethod
    def bid_farewell(name, connection):
        """Says that no more will come, and takes all that is still sent."""
        came, connection.deaf = [], False
        if not connection.closed:
            try:
                connection.socket.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            came = [(name, frame) for frame in connection.drain_until(lambda frames: False)]
            if not connection.closed:
                came.append((name, ("not closed", "")))
        connection.close()
        return came

    # --- steps ---

    def step(self, step):
        if step.kind in ("command", "raw", "open"):
            return self.talk(step)
        return getattr(self, "do_" + step.kind.replace("-", "_"))(step)

    def word(self, word):
        if word[:1] == "$":
            word = {"proto": str(self.protocol), "port": str(self.server.port),
                    "dir": self.server.dir, **self.captured}.get(word[1:], word)
            at = re.fullmatch(r"\$(l?addr)\.(\w+)", word)
            if at:
                port = self.ports[at.group(2)] if at.group(1) == "addr" else self.server.port
                word = f"127.0.0.1:{port}"
        return word.encode("latin-1")

    def talk(self, step):
        connection = self.connection(step.connection)
        if step.kind == "command":
            self.held += resp.encode([self.word(word) for word in step.words])
        elif step.kind == "raw":
            self.held += step.words[0].encode("latin-1")
        if step.held:
            return []
        if "bytewise" in step.notes:
            for i in range(len(self.held)):
                connection.send(self.held[i:i + 1])
        else:
            connection.send(self.held)
        self.held = b""
        return self.outcome(step, connection)

    def outcome(self, step, connection):
        self.barrier.wait()
        came = self.gather("cut" not in step.notes)
        if step.kind != "open" and "none" not in step.notes:
            wanted = self.wanted(step)
            mine = [frame for name, frame in came if name == step.connection]
            if len(mine) < wanted and not connection.closed:
                more = connection.drain_until(lambda frames: len(mine) + len(frames) >= wanted)
                came += [(step.connection, frame) for frame in more]
                if connection.closed:
                    came.append((step.connection, ("closed", "")))
                elif not more and not mine:
                    came.append((step.connection, ("no reply", "")))
                self.barrier.wait()
                came += self.gather()
        came += self.await_others(step, came) + self.see_out(step, came)
        if "as" in step.notes:
            self.capture(step, came)
        return came

    def wanted(self, step):
        if "frames" in step.notes:
            return int(step.notes[step.notes.index("frames") + 1])
        return 1 << 30 if "closes" in step.notes else self.count

    def await_others(self, step, came):
        """For "also b 20": until another connection has got so many."""
        if "also" not in step.notes:
            return []
        at = step.notes.index("also")
        name, wanted = step.notes[at + 1], int(step.notes[at + 2])
        wanted -= sum(1 for who, _ in came if who == name)
        more = self.connection(name).drain_until(lambda frames: len(frames) >= wanted)
        return [(name, frame) for frame in more]

    def see_out(self, step, came):
        """A protocol error is a last word, and so is the answer to QUIT: waits for the end that follows."""
        found = []
        quits = [word.lower() for word in step.words[:1]] == ["quit"] and "cut" not in step.notes
        for name, (kind, value) in came:
            if (kind == "error" and value.startswith(b"ERR Protocol error")) or \
                    (quits and name == step.connection and (kind, value) == ("status", b"OK")):
                connection = self.connections[name]
                if not connection.closed:
                    found += [(name, f) for f in connection.drain_until(lambda frames: False)]
                    found += [(name, ("closed", ""))] if connection.closed else []
        return found

    def capture(self, step, came):
        for _, (kind, value) in came:
            if kind in ("int", "bulk", "status"):
                self.captured[step.notes[step.notes.index("as") + 1]] = value.decode("latin-1")

    # --- what begins with % ---

    def do_close(self, step):
        """Closes as a client does, and comes back when the server has noticed."""
        name = step.words[0]
        came = self.bid_farewell(name, self.connections.pop(name))
        self.barrier.wait()
        return came + self.gather()

    def do_await(self, step):
        """Waits until something comes on a connection, for what takes the server a time."""
        connection = self.connection(step.words[0])
        came = connection.drain_until(lambda frames: frames)
        found = [(step.words[0], frame) for frame in came]
        if connection.closed:
            found.append((step.words[0], ("closed", "")))
        self.barrier.wait()
        return found + self.gather()

    # A subscriber that does not read: nothing is taken from a deaf connection until it is to hear again.

    def do_deaf(self, step):
        name = step.words[0]
        connection = self.connections[name] = Connection(self.server.port, deaf=True)
        self.ports[name] = connection.port
        return []

    def do_hear(self, step):
        """How much had fitted into the kernel's buffers is nobody's business: only the end is told."""
        connection = self.connections[step.words[0]]
        connection.deaf = False
        connection.drain_until(lambda frames: False)
        return [(step.words[0], ("closed" if connection.closed else "open", ""))]

    def ask(self, words):
        self.barrier.connection.send(resp.encode([word.encode() for word in words]))
        return self.barrier.connection.drain_until(lambda frames: frames)[0]

    def do_flood(self, step):
        """Publishes until nobody hears it any more, at most so many times; tells how many heard the last."""
        channel, count, size = step.words
        for _ in range(int(count)):
            heard = self.ask(["PUBLISH", channel, "x" * int(size)])
            if heard != ("int", b"1"):
                break
        return [("flood", heard)]

    def do_unheard(self, step):
        """Waits until a channel has no subscribers."""
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline:
            left = self.ask(["PUBSUB", "NUMSUB", step.words[0]])
            if left[1][1] == ("int", b"0"):
                break
            time.sleep(POLL_S)
        return [("subscribers", left[1][1])]

    def do_cat(self, step):
        content = self.server.read(step.words[0])
        if content is None:
            return [("file", ("absent", ""))]
        content = content.replace(str(self.server.port), "<port>")
        return [("file", ("bulk", content.encode("latin-1", "replace")))]

    def do_write(self, step):
        self.server.write(step.words[0], step.words[1])
        return []

    def do_restart(self, _step):
        for connection in self.connections.values():
            connection.close()
        self.connections = {}
        self.server.restart()
        self.barrier.close()
        self.barrier = Barrier(self.server.port)
        return []

    def close(self):
        for connection in self.connections.values():
            connection.close()
        self.barrier.close()
