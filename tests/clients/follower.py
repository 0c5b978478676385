# SPDX-License-Identifier: BSD-3-Clause
"""An application that follows a topic by redis-py and never stops by itself; followers.py says what it
prints. Usage: follower.py PORT TOPIC repeats|again PARTITION@OFFSET..."""

import os
import sys

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

port, topic, mode, *places = sys.argv[1:]
next_offset = {partition: int(offset) for partition, _, offset in (p.partition("@") for p in places)}


def say(*words):
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def patterns():
    return [f"log:{topic}/{partition}@{offset}" for partition, offset in next_offset.items()] \
        or [f"log:{topic}@earliest"]


def take(message):
    place, _, _ = message["channel"].partition(" ")
    partition, _, offset = place.rpartition("/")[2].partition("@")
    if "-" in offset:
        say("odd", message["channel"], message["data"])
    elif int(offset) < next_offset.get(partition, 0):
        say("repeat", partition, offset)
    else:
        say("record", partition, offset, message["data"])
        next_offset[partition] = int(offset) + 1


def follow(client):
    """Comes back when the application is to subscribe anew."""
    with client.pubsub() as lines:
        lines.psubscribe(*patterns())
        while True:
            try:
                for message in lines.listen():
                    if message["type"] == "pmessage":
                        take(message)
                    else:
                        say("subscribed")
            except redis.ConnectionError:
                say("sees", "ConnectionError")
                if mode == "again":
                    return


def main():
    # Without its own reconnect the library tells of a connection that went.
    off = {"retry": Retry(NoBackoff(), 0)} if mode == "again" else {}
    client = redis.Redis(port=int(port), decode_responses=True, **off)
    while True:
        follow(client)


main()
