# SPDX-License-Identifier: BSD-3-Clause
"""Applications that follow a topic, each a process: follower.js, follower.py and, for `make interop`,
tests/interop/follower. All are started alike, PORT TOPIC repeats|again PARTITION@OFFSET..., and subscribe
from those places, or from `earliest` when none is given. `repeats` leaves it to the library to come back
after a cut and drops what it has seen; `again` subscribes from where it was. A line each on standard output:

    subscribed                          confirmed
    record <partition> <offset> <value> something new: handled
    repeat <partition> <offset>         seen before: dropped
    sees <what>                         what the library tells the application of a cut
    odd <channel> <value>               none of these

A pipe paces them: they get no further than a test reads. What they wrote before they were killed counts as
handled; half a line does not."""

import os
import subprocess
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
# Where the distribution's packages put node-redis.
NODE_PATH = "/usr/share/nodejs"
NODE = ["node", os.path.join(HERE, "follower.js")]
PYTHON = [sys.executable, os.path.join(HERE, "follower.py")]
DEADLINE_S = 60


class Seen:
    """What an application handled, over all its lives."""

    def __init__(self, start=None, on_record=lambda: None):
        self.start = dict(start or {})
        self.on_record = on_record
        self.next = dict(self.start)
        self.values = {}   # partition -> values from its first offset on
        self.repeats = {}  # partition -> offsets that came again
        self.begun_again = 0  # how often partition 0 came from its start
        self.sees = []

    def count(self):
        return sum(map(len, self.values.values()))

    def repeated(self):
        return sum(map(len, self.repeats.values()))

    def take(self, line):
        kind, *words = line.split()
        if kind == "record":
            partition, offset, value = int(words[0]), int(words[1]), words[2]
            expected = self.next.get(partition, 0)
            assert offset == expected, f"{line!r} where offset {expected} was to come"
            self.next[partition] = offset + 1
            self.values.setdefault(partition, []).append(value)
            self.on_record()
        elif kind == "repeat":
            partition, offset = map(int, words)
            self.repeats.setdefault(partition, []).append(offset)
            self.begun_again += partition == 0 and offset == self.start.get(0, 0)
        elif kind == "sees":
            self.sees.append(words[0])
        else:
            assert kind == "subscribed", line
        return kind


class Follower:
    def __init__(self, command, port, topic, seen, mode="repeats", env=None):
        places = [f"{partition}@{offset}" for partition, offset in seen.next.items()]
        self.seen = seen
        self.process = subprocess.Popen(
            [*command, str(port), topic, mode, *places], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, text=True, env=dict(os.environ, NODE_PATH=NODE_PATH, **(env or {})))
        self.watchdog = threading.Timer(DEADLINE_S, self.process.kill)
        self.watchdog.start()

    def read(self):
        line = self.process.stdout.readline()
        if not line.endswith("\n"):
            raise AssertionError(f"it ended (status {self.process.wait()}) or was silent for "
                                 f"{DEADLINE_S} s; it handled {self.seen.count()} records and saw "
                                 f"{self.seen.repeated()} again")
        return self.seen.take(line)

    def read_until(self, condition):
        while not condition():
            self.read()

    def wait_until_subscribed(self):
        while self.read() != "subscribed":
            pass

    def kill(self):
        """As kill -9. What it wrote before is handled."""
        self.process.kill()
        for line in self.process.stdout:
            if line.endswith("\n"):
                self.seen.take(line)
        self.close()

    def close(self):
        self.watchdog.cancel()
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
