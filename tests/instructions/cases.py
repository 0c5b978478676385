# SPDX-License-Identifier: BSD-3-Clause
"""What is counted. A case repeats a round many times, and that three times over: the least counts, for now and then something
else happens beside it. Records and messages have 100 bytes."""

from itertools import groupby

from rig import encoded

DEPTH = 16
ROUNDS = 50
WARM = 5
TIMES = 3
PAYLOAD = b"x" * 100
PER_FETCH = 500


class Case:
    """`start` prepares and gives the function that plays one round; a round counts `per_round` times."""

    def __init__(self, group, name, start, per_round=DEPTH, rounds=ROUNDS):
        self.group = group
        self.name = name
        self.start = start
        self.per_round = per_round
        self.rounds = rounds

    def count(self, server):
        play = self.start(server)
        for _ in range(WARM):
            play()
        server.instructions()
        return min(self._once(server, play) for _ in range(TIMES)) / self.rounds / self.per_round

    def _once(self, server, play):
        for _ in range(self.rounds):
            play()
        return server.instructions()


def group_of(cases):
    return groupby(cases, key=lambda case: case.group)


# --- groups: what a server is like ---------------------------------------------------------------

def quiet(server):
    for topic in ("NONE", "WRITTEN", "SYNCED", "MPRODUCE"):
        server.control.call("TOPIC", "CREATE", topic)
    server.control.call("TOPIC", "CREATE", "many", "PARTITIONS", 100)


def one_subscriber(server):
    subscribe(server, 1)


def hundred_subscribers(server):
    subscribe(server, 100)


def subscribe(server, count):
    server.subscribers = [server.connect() for _ in range(count)]
    for subscriber in server.subscribers:
        subscriber.call("SUBSCRIBE", "news")


def thousand_patterns(server):
    listener = server.connect()
    listener.pipeline([("PSUBSCRIBE", f"sensor.{n}.*") for n in range(1000)])


def filled(server):
    """A topic of 10,000 records, all of them in memory."""
    for _ in range(100):
        server.control.call("MPRODUCE", "filled", "ACK", "WRITTEN", "VALUES", *[PAYLOAD] * 100)


# --- cases ---------------------------------------------------------------------------------------

def repeated(*words, pipeline=DEPTH):
    """The same command, pipelined on one connection."""
    def start(server):
        data = encoded(*words) * pipeline
        connection = server.connect()
        return lambda: connection.send(data, pipeline)
    return start


def published(server):
    """A pipeline of PUBLISH; the round ends when all subscribers have all of it."""
    publish = repeated("PUBLISH", "news", PAYLOAD)(server)

    def play():
        publish()
        for subscriber in server.subscribers:
            for _ in range(DEPTH):
                subscriber.reply()
    return play


def subscribed_and_not(server):
    data = (encoded("SUBSCRIBE", "weather") + encoded("UNSUBSCRIBE", "weather")) * DEPTH
    connection = server.connect()
    return lambda: connection.send(data, 2 * DEPTH)


def fetched(server):
    connection = server.connect()
    requests = [encoded("FETCH", "filled", 0, offset, "COUNT", PER_FETCH) for offset in range(0, 10000, PER_FETCH)]
    turn = iter(range(1 << 30))
    return lambda: connection.send(requests[next(turn) % len(requests)], 1)


def consumed(server):
    connection = server.connect()
    request = encoded("CONSUME", "group", "member", "COUNT", PER_FETCH, "TOPICS", "filled")
    return lambda: connection.send(request, 1)


CASES = [
    Case(quiet, "PING", repeated("PING")),
    Case(quiet, "PUBLISH, nobody listens", repeated("PUBLISH", "news", PAYLOAD)),
    Case(quiet, "SUBSCRIBE and UNSUBSCRIBE", subscribed_and_not),
    Case(quiet, "PRODUCE ACK NONE", repeated("PRODUCE", "NONE", PAYLOAD, "ACK", "NONE")),
    Case(quiet, "PRODUCE ACK WRITTEN", repeated("PRODUCE", "WRITTEN", PAYLOAD, "ACK", "WRITTEN")),
    Case(quiet, "PRODUCE ACK SYNCED", repeated("PRODUCE", "SYNCED", PAYLOAD, "ACK", "SYNCED")),
    Case(quiet, "PRODUCE ACK WRITTEN, with a key, 100 partitions",
         repeated("PRODUCE", "many", PAYLOAD, "KEY", "a-key", "ACK", "WRITTEN")),
    Case(quiet, "MPRODUCE of 100, per record",
         repeated("MPRODUCE", "MPRODUCE", "ACK", "WRITTEN", "VALUES", *[PAYLOAD] * 100, pipeline=1), 100),
    Case(one_subscriber, "PUBLISH to 1 subscriber", published),
    Case(hundred_subscribers, "PUBLISH to 100 subscribers", published, rounds=10),
    Case(thousand_patterns, "PUBLISH beside 1,000 patterns", repeated("PUBLISH", "news", PAYLOAD)),
    Case(filled, "FETCH of 500, per record", fetched, PER_FETCH, rounds=10),
    Case(filled, "FETCH of the last record", repeated("FETCH", "filled", 0, 9999)),
    Case(filled, "CONSUME of 500, per record", consumed, PER_FETCH, rounds=4),
]
