# SPDX-License-Identifier: BSD-3-Clause
"""Recorded channels under load, with the server killed: what publishers were told, what a subscriber heard and
what is on the log agree."""

import threading
import unittest

import redis

from server import Server

PARTITIONS = 3
PUBLISHERS = 4
CHANNELS = 3           # of each publisher
KILLS = 3
BETWEEN = 1500         # messages that are acknowledged between two kills
TOO_LARGE = 2000
REFUSED_EVERY = 25     # one in so many is too large for the topic


class Publisher(threading.Thread):
    """Publishes numbers on its channels in turn until the connection goes."""

    def __init__(self, name, port):
        super().__init__(daemon=True)
        self.name_, self.number = name, 0
        self.acknowledged = {}  # channel -> numbers
        self.refused = {}
        self.unknown = {}       # under way when the connection went
        self.odd = None
        self.again(port)

    def again(self, port):
        self.client = redis.Redis(port=port)

    def channel(self):
        return f"room.{self.name_}.{self.number % CHANNELS}"

    def note(self, of):
        of.setdefault(self.channel(), []).append(self.number)
        self.number += 1

    def publish_one(self):
        large = self.number % REFUSED_EVERY == 0
        try:
            self.client.publish(self.channel(), f"{self.number} " + "x" * (TOO_LARGE if large else 5))
            self.note(self.acknowledged)
        except redis.ResponseError as error:
            if not large or not str(error).startswith("MSGTOOLARGE"):
                self.odd = error
                raise
            self.note(self.refused)

    def publish(self, progress):
        try:
            while True:
                self.publish_one()
                progress.release()
        except redis.ConnectionError:
            self.note(self.unknown)
        except redis.ResponseError:
            progress.release(BETWEEN)  # odd has it
        self.client.close()


class Listener:
    """What a subscriber of all the channels heard until the connection went."""

    def __init__(self, port, heard):
        self.heard = heard
        self.client = redis.Redis(port=port)
        self.lines = self.client.pubsub()
        self.lines.psubscribe("room.*")
        assert self.lines.get_message(timeout=10)["type"] == "psubscribe"
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def listen(self):
        try:
            for message in self.lines.listen():
                self.heard.setdefault(message["channel"].decode(), []).append(
                    int(message["data"].split()[0]))
        except redis.ConnectionError:
            pass

    def close(self):
        self.thread.join()
        self.lines.close()
        self.client.close()


class TestRecorded(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.close)
        self.heard = {}
        with redis.Redis(port=self.server.port) as client:
            client.execute_command("TOPIC", "CREATE", "rooms", "PARTITIONS", PARTITIONS, "CONFIG",
                                   "record.channels", "room.*", "max.message.bytes", TOO_LARGE)
        self.publishers = [Publisher(name, self.server.port) for name in range(PUBLISHERS)]

    def log(self):
        recorded = {}
        with redis.Redis(port=self.server.port) as client:
            for partition in range(PARTITIONS):
                for _, _, key, value, _ in client.execute_command(
                        "FETCH", "rooms", partition, "EARLIEST", "COUNT", 1000000,
                        "MAXBYTES", 64 * 1024 * 1024):
                    recorded.setdefault(key.decode(), []).append(int(value.split()[0]))
        return recorded

    def load_and_kill(self):
        listener = Listener(self.server.port, self.heard)
        progress = threading.Semaphore(0)
        threads = [threading.Thread(target=publisher.publish, args=[progress])
                   for publisher in self.publishers]
        for thread in threads:
            thread.start()
        for _ in range(BETWEEN):
            self.assertTrue(progress.acquire(timeout=60))
        self.server.kill()
        for thread in threads:
            thread.join()
        listener.close()
        self.server.start()
        for publisher in self.publishers:
            self.assertIsNone(publisher.odd)
            publisher.again(self.server.port)

    def check(self):
        log = self.log()
        acknowledged = refused = recorded = 0
        for publisher in self.publishers:
            for channel, told in publisher.acknowledged.items():
                numbers = log[channel]
                self.assertEqual(numbers, sorted(set(numbers)), f"{channel}: once each, and in order")
                # More than was acknowledged is only what was under way at a kill.
                more = set(numbers) - set(told)
                self.assertLessEqual(set(told), set(numbers), channel)
                self.assertLessEqual(more, set(publisher.unknown.get(channel, [])), channel)
                heard = self.heard.get(channel, [])
                self.assertEqual(heard, sorted(set(heard)), channel)
                self.assertLessEqual(set(heard), set(numbers), f"{channel}: heard, but not recorded")
                acknowledged, recorded = acknowledged + len(told), recorded + len(numbers)
            refused += sum(map(len, publisher.refused.values()))
        self.assertEqual(sum(map(len, log.values())), recorded)
        self.assertGreater(refused, 0)
        self.assertGreater(sum(map(len, self.heard.values())), 0)
        print(f"\n    {KILLS} kills, {acknowledged} acknowledged, {refused} refused, {recorded} recorded, "
              f"{sum(map(len, self.heard.values()))} heard", end=" ")

    def test_what_publishers_were_told_and_the_log_agree_though_the_server_is_killed(self):
        for _ in range(KILLS):
            self.load_and_kill()
        self.check()


if __name__ == "__main__":
    unittest.main()
