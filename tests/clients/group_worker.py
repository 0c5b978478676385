# SPDX-License-Identifier: BSD-3-Clause
"""A member of a consumer group, by redis-py. It writes what it was given into a ledger, then commits it with
triples. Ends by SIGTERM: then it leaves. Usage: group_worker.py PORT GROUP MEMBER TOPIC LEDGER COUNT"""

import os
import signal
import sys

import redis

port, group, member, topic, ledger, count = sys.argv[1:]
stopping = False


def stop(*_):
    global stopping
    stopping = True


def work(out, reply):
    lines, places = [], []
    for name, partition, records in reply:
        if isinstance(records, Exception):
            raise records
        for offset, _, _, value, _ in records:
            lines.append(b"%d %d %s %s\n" % (partition, offset, value, member.encode()))
        if records:
            places += [name, partition, records[-1][0] + 1]
    os.write(out, b"".join(lines))
    return places


def main():
    signal.signal(signal.SIGTERM, stop)
    out = os.open(ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    client = redis.Redis(port=int(port))
    while not stopping:
        try:
            places = work(out, client.execute_command(
                "CONSUME", group, member, "COUNT", count, "BLOCK", 200, "SESSION", 3000,
                "COMMIT", "MANUAL", "TOPICS", topic))
            if places:
                client.execute_command("COMMIT", group, member, *places)
        except redis.ResponseError as error:
            # Another has the partition now, and will be given what was not committed.
            if not str(error).startswith(("FENCED", "UNKNOWNMEMBER")):
                raise
    client.execute_command("GROUP", "LEAVE", group, member)


main()
