# SPDX-License-Identifier: BSD-3-Clause
"""What programs do with Echolog, by redis-py; run_tests.py says how it is called and what it prints."""

import sys
import threading

import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

port, tls_port, ca_file = sys.argv[1:]
WORKERS = 16


def expect(condition, why):
    if not condition:
        raise AssertionError(why)


class Checks:
    def __init__(self, over, protocol):
        self.over = over
        self.protocol = protocol
        self.name = f"py-{over}-{protocol}"
        self.client = self.connect()

    def connect(self, **more):
        secured = {"ssl": True, "ssl_ca_certs": ca_file} if self.over == "tls" else {}
        options = {"username": "worker", "password": "secret", **secured, **more}
        return redis.Redis(host="localhost", port=int(tls_port if secured else port),
                           protocol=self.protocol, decode_responses=True, socket_timeout=30,
                           retry=Retry(ConstantBackoff(0.05), 100),
                           retry_on_error=[redis.ConnectionError], **options)

    def say(self, *words):
        return self.client.execute_command(*words)

    def hello(self):
        expect(self.client.ping(), "PING")
        expect(f"resp={self.protocol}" in self.say("CLIENT", "LIST"), "the protocol")

    def user(self):
        expect(self.client.acl_whoami() == "worker", "ACL WHOAMI")
        try:
            self.say("PRODUCE", "forbidden", "x")
            expect(False, "a topic that is not the user's")
        except redis.exceptions.NoPermissionError:
            pass
        try:
            self.connect(password="wrong").ping()
            expect(False, "a wrong password")
        except redis.AuthenticationError:
            pass

    def pool(self):
        topic = self.name + "-pool"

        def work():
            for _ in range(25):
                self.say("PRODUCE", topic, "x")
        threads = [threading.Thread(target=work) for _ in range(WORKERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        expect(len(self.say("FETCH", topic, 0, 0)) == 25 * WORKERS, "records")

    def pipeline(self):
        pipe = self.client.pipeline(transaction=False)
        for number in range(1000):
            pipe.execute_command("PRODUCE", self.name + "-pipeline", number)
        expect([offset for _, offset in pipe.execute()] == list(range(1000)), "offsets")

    def multi(self):
        pipe = self.client.pipeline(transaction=True)
        pipe.execute_command("PRODUCE", self.name + "-multi", "a")
        pipe.publish(self.name, "b")
        pipe.execute_command("FETCH", self.name + "-multi", 0, 0)
        produced, heard, fetched = pipe.execute()
        expect((produced, heard, len(fetched)) == ([0, 0], 0, 1), "EXEC")

    def pubsub(self):
        with self.client.pubsub(ignore_subscribe_messages=False) as listener:
            listener.subscribe(self.name)
            listener.psubscribe(self.name + "*")
            for _ in range(2):
                next(listener.listen())
            self.client.publish(self.name, "hello")
            got = sorted(next(listener.listen())["type"] for _ in range(2))
            expect(got == ["message", "pmessage"], got)

    def reconnect(self):
        with self.connect(client_name=self.name + "-killed").pubsub() as listener:
            listener.subscribe(self.name)
            next(listener.listen())
            self.kill(self.name + "-killed")
            done = threading.Event()

            def publish():
                while not done.wait(0.05):
                    self.client.publish(self.name, "still there")
            thread = threading.Thread(target=publish)
            thread.start()
            try:
                kinds = [next(listener.listen())["type"] for _ in range(2)]
                expect("message" in kinds, kinds)
            finally:
                done.set()
                thread.join()

    def kill(self, name):
        one, = (c for c in self.client.client_list() if c["name"] == name)
        expect(self.client.client_kill_filter(_id=one["id"]) == 1, "CLIENT KILL")

    def log(self):
        topic, group = self.name + "-log", self.name + "-group"
        for value in "abc":
            self.say("PRODUCE", topic, value, "KEY", "k", "HEADER", "h", value)
        records = self.say("FETCH", topic, 0, "EARLIEST")
        expect([record[3] for record in records] == ["a", "b", "c"], records)
        expect(records[0][4] == ({"h": "a"} if self.protocol == 3 else ["h", "a"]), "headers")
        (name, partition, consumed), = self.say("CONSUME", group, "m", "BLOCK", 10000, "TOPICS", topic)
        expect((name, partition, len(consumed)) == (topic, 0, 3), "CONSUME")
        self.say("COMMIT", group, "m", topic, 0, 3)
        expect(self.say("GROUP", "LEAVE", group, "m"), "GROUP LEAVE")

    def follow(self):
        topic = self.name + "-follow"
        for value in "ab":
            self.say("PRODUCE", topic, value)
        with self.client.pubsub(ignore_subscribe_messages=True) as listener:
            listener.psubscribe(f"log:{topic}@earliest")
            got = [next(listener.listen())["data"] for _ in range(2)]
            self.say("PRODUCE", topic, "c")
            got.append(next(listener.listen())["data"])
            expect(got == ["a", "b", "c"], got)


def main():
    for over in ["plain"] + (["tls"] if tls_port != "0" else []):
        for protocol in (2, 3):
            for check in ("hello", "user", "pool", "pipeline", "multi", "pubsub", "reconnect", "log",
                          "follow"):
                said = f"{over} resp{protocol} {check}"
                try:
                    getattr(Checks(over, protocol), check)()
                    print("ok", said, flush=True)
                except Exception as problem:  # pylint: disable=broad-except
                    print("not ok", said, repr(problem), flush=True)


if __name__ == "__main__":
    main()
