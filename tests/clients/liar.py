# SPDX-License-Identifier: BSD-3-Clause
"""A broker that breaks a promise: a proxy in front of the real one, which changes what is asked or answered.

A lie is a class with any of `request(link, words)`, `reply(link, words, value)` and `push(link, value)`. Each returns
what goes on in its place; None: nothing does. `link` is the connection, for notes of the lie's own.

As a program it is a server that lies: liar.py Lie echolog-server [argument ...]"""

import ctypes
import re
import signal
import socket
import subprocess
import sys
import threading


class Status(str):
    """+OK"""


class Refusal(str):
    """-ERR"""


class Line(bytes):
    """#t, ,1.5 and what else is a line by itself"""


class Push(list):
    """>3"""


def read_value(stream):
    """One value of RESP3; None at the end."""
    line = stream.readline()
    if not line:
        return None
    kind, rest = line[:1], line[1:-2]
    if kind == b"$" or kind == b"=":
        text = stream.read(int(rest) + 2)
        if len(text) < int(rest) + 2:
            raise EOFError
        return text[:-2]
    if kind in b"*~>":
        items = [read_item(stream) for _ in range(int(rest))]
        return Push(items) if kind == b">" else items
    if kind == b"%":
        return {index: (read_item(stream), read_item(stream)) for index in range(int(rest))}
    if kind == b":":
        return int(rest)
    if kind == b"+":
        return Status(rest.decode())
    if kind == b"-":
        return Refusal(rest.decode())
    if kind == b"_":
        return Nothing
    if kind in b"#,(":
        return Line(line)
    raise ValueError(f"what is {line!r}?")


class Nothing:
    """A null, which is not the end of the stream."""


def read_item(stream):
    value = read_value(stream)
    if value is None:
        raise EOFError
    return value


def write_value(value):
    if value is Nothing:
        return b"_\r\n"
    if isinstance(value, Status):
        return b"+%s\r\n" % value.encode()
    if isinstance(value, Refusal):
        return b"-%s\r\n" % value.encode()
    if isinstance(value, int):
        return b":%d\r\n" % value
    if isinstance(value, Line):
        return bytes(value)
    if isinstance(value, bytes):
        return b"$%d\r\n%s\r\n" % (len(value), value)
    if isinstance(value, dict):
        pairs = b"".join(write_value(k) + write_value(v) for k, v in value.values())
        return b"%%%d\r\n%s" % (len(value), pairs)
    kind = b">" if isinstance(value, Push) else b"*"
    return kind + b"%d\r\n%s" % (len(value), b"".join(map(write_value, value)))


# These are answered by pushes.
SUBSCRIPTIONS = {b"SUBSCRIBE", b"PSUBSCRIBE", b"UNSUBSCRIBE", b"PUNSUBSCRIBE", b"FOLLOW", b"UNFOLLOW"}


class Link:
    """One client's connection, and ours for it."""

    def __init__(self, liar, client, number):
        self.liar = liar
        self.number = number
        self.client = client
        self.server = socket.create_connection(("127.0.0.1", liar.server_port))
        self.asked = []  # words of what is not answered; None: it was asked by the lie itself
        self.lock = threading.Lock()
        self.ended = 0
        for pump in (self.pump_requests, self.pump_replies):
            threading.Thread(target=self.run, args=[pump], daemon=True).start()

    def run(self, pump):
        try:
            pump()
        except (OSError, EOFError, ValueError):
            pass
        for end in (self.client, self.server):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        with self.lock:
            self.ended += 1
            if self.ended == 2:
                self.client.close()
                self.server.close()

    def ask(self, words, own=False):
        with self.lock:
            if words[0].upper() not in SUBSCRIPTIONS:
                self.asked.append(None if own else words)
            self.server.sendall(write_value(list(words)))

    def pump_requests(self):
        with self.client.makefile("rb") as stream:
            while (words := read_value(stream)) is not None:
                sent = self.liar.request(self, words)
                if sent is not None:
                    self.ask(sent)

    def pump_replies(self):
        with self.server.makefile("rb") as stream:
            while (value := read_value(stream)) is not None:
                self.pass_on(value)

    def pass_on(self, value):
        if isinstance(value, Push):
            value = self.liar.push(self, value)
        else:
            with self.lock:
                words = self.asked.pop(0)
            if words is None:
                return
            value = self.liar.reply(self, words, value)
        if value is not None:
            self.client.sendall(write_value(value))


class Liar:
    """Tells the truth. Lies say otherwise."""

    def __init__(self, server_port, port=0):
        self.server_port = server_port
        self.links = []
        self.listener = socket.create_server(("127.0.0.1", port))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.links.append(Link(self, client, len(self.links)))

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def request(self, link, words):
        return words

    def reply(self, link, words, value):
        return value

    def push(self, link, value):
        return value


def is_command(words, *names):
    return [word.upper() for word in words[:len(names)]] == [name.encode() for name in names]


class SaysSomebodyHeard(Liar):
    """PUBLISH is answered 1 where nobody listens."""

    def reply(self, link, words, value):
        return 1 if is_command(words, "PUBLISH") and value == 0 else value


class KeepsMessages(Liar):
    """A channel hands out its last message to whoever comes later."""

    last = None

    def request(self, link, words):
        if is_command(words, "PUBLISH"):
            self.last = words
        return words

    def push(self, link, value):
        if value[0] == b"subscribe" and self.last is not None and self.last[1] == value[1]:
            link.client.sendall(write_value(value))
            return Push([b"message", *self.last[1:]])
        return value


class DropsAMessage(Liar):
    """One of the subscribers misses one message."""

    dropped = False

    def push(self, link, value):
        if value[0] == b"message" and b"3" in value[2] and not self.dropped:
            self.dropped = True
            return None
        return value


class GivesToAllMembers(Liar):
    """Each member of a group gets every record, as if it were a group by itself."""

    def request(self, link, words):
        if is_command(words, "CONSUME"):
            return [words[0], words[1] + b"-" + words[2], *words[2:]]
        return words


class LeavesAPartitionOut(Liar):
    """Nobody is given the records of the last partition."""

    def reply(self, link, words, value):
        if is_command(words, "CONSUME") and isinstance(value, list):
            return [part for part in value if part[1] != 1]
        return value


class ForgetsKeys(Liar):
    """The key does not choose the partition."""

    turn = 0

    def request(self, link, words):
        if is_command(words, "PRODUCE"):
            self.turn += 1
            return [*words, b"PARTITION", b"%d" % (self.turn % 3)]
        return words


class CommitsByItself(Liar):
    """What was handed out counts as done: nothing is redelivered after a crash."""

    def reply(self, link, words, value):
        if is_command(words, "CONSUME") and isinstance(value, list) and value:
            link.ask([b"COMMIT", words[1], words[2]], own=True)
        return value


class CommitsNothing(Liar):
    """COMMIT is answered OK, and that is all."""

    def request(self, link, words):
        if is_command(words, "COMMIT"):
            return [b"PING"]
        return words

    def reply(self, link, words, value):
        return Status("OK") if value == "PONG" and is_command(words, "PING") else value


class DealsAnew(Liar):
    """GROUP MEMBERS tells of other owners at each rebalance: partitions wander for no reason."""

    def reply(self, link, words, value):
        if is_command(words, "GROUP", "MEMBERS") and isinstance(value, list) and len(value) > 2:
            first, second = ([at for at, (name, _) in member.items() if name == b"owned"][0]
                             for member in value[:2])
            value[0][first], value[1][second] = value[1][second], value[0][first]
        return value


class SeeksTheEnd(Liar):
    """GROUP SEEK goes to the end, wherever it was to go."""

    def request(self, link, words):
        if is_command(words, "GROUP", "SEEK"):
            return [*words[:words.index(b"TO") + 1], b"LATEST"]
        return words


class HasNoLag(Liar):
    """GROUP LAG finds nobody behind."""

    def reply(self, link, words, value):
        if is_command(words, "GROUP", "LAG") and isinstance(value, dict):
            return {at: (name, 0 if name == b"lag" else field) for at, (name, field) in value.items()}
        return value


class PassesOverLoss(Liar):
    """FETCH begins with what is there, whatever offset was asked for."""

    def request(self, link, words):
        return [*words[:3], b"EARLIEST", *words[4:]] if is_command(words, "FETCH") else words


class DestroysWhatIsDone(Liar):
    """After a commit there is nothing to read any more."""

    done = False

    def reply(self, link, words, value):
        self.done = self.done or is_command(words, "COMMIT")
        return [] if self.done and is_command(words, "FETCH") else value


class MovesGroupsOn(Liar):
    """A group that retention has overtaken goes on with what is there, and hears nothing of it."""

    def request(self, link, words):
        if is_command(words, "CONSUME"):
            at = [word.upper() for word in words].index(b"TOPICS")
            return [*words[:at], b"RESET", b"EARLIEST", *words[at:]]
        return words

    def reply(self, link, words, value):
        if is_command(words, "CONSUME") and isinstance(value, list):
            return [part for part in value if not isinstance(part[2], Refusal)]
        return value


class HidesLoss(Liar):
    """A follower is not told of what it will not get."""

    def push(self, link, value):
        return None if value[0] == b"lost" else value


class HasASeam(Liar):
    """A follower misses a record between what was there and what comes."""

    def push(self, link, value):
        return None if value[0] == b"record" and value[3] == 4 else value


class Stutters(Liar):
    """A follower gets one record twice."""

    def push(self, link, value):
        if value[0] == b"record" and value[3] == 4:
            link.client.sendall(write_value(value))
        return value


class NumbersAnew(Liar):
    """What FETCH finds has the offsets 0, 1, 2 ..., whatever is gone."""

    def reply(self, link, words, value):
        if is_command(words, "FETCH") and isinstance(value, list):
            return [[offset, *record[1:]] for offset, record in enumerate(value)]
        return value


# --- as a program ---------------------------------------------------------------------------------

PR_SET_PDEATHSIG = 1


def end_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def serve(lie, program, arguments):
    """Stands in for the program, also when it is told to end, or killed."""
    at = arguments.index("--port") + 1
    port = 0 if arguments[at] == "any" else int(arguments[at])
    arguments = [*arguments[:at], "any", *arguments[at + 1:]]
    server = subprocess.Popen([program, *arguments], stdout=subprocess.PIPE, text=True,
                              preexec_fn=end_with_parent)
    signal.signal(signal.SIGTERM, lambda *_: server.terminate())
    for line in server.stdout:
        ready = re.search(r"(.*Ready to accept connections on .*:)(\d+)$", line.rstrip())
        if ready:
            proxy = lie(int(ready.group(2)), port)
            line = f"{ready.group(1)}{proxy.port}\n"
        sys.stdout.write(line)
        sys.stdout.flush()
    sys.exit(server.wait())


if __name__ == "__main__":
    serve(globals()[sys.argv[1]], sys.argv[2], sys.argv[3:])
