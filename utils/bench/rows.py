# SPDX-License-Identifier: BSD-3-Clause
"""The rows of the table: for each who takes part in it, how that is measured, and what is aimed at. README.md beside
this file explains them.

A measurement is a dict: rate (messages a second), cpu (microseconds of the server's CPU time for each), p50, p99, p999
(microseconds), peak (MiB), and own (the share of a core that the load itself took); or fewer of these."""

import json
import os
import signal
import subprocess
import time

import servers
from servers import PAYLOAD, request

RECORDS = 1000000
READ_BY = 500
MANY_PARTITIONS = 100
START_PARTITIONS = 1000
RECOVERED_MIB = 256
RECOVERED_BATCH = 512
LATENCY_TIMES = 3  # one stall of 12 ms, whoever's, is a hundredth of a measurement, and so all of its p99
MIB = 1024 * 1024


class Setting:
    """Where the programs are, where there is room, and how long one measurement takes."""

    def __init__(self, build, scratch, seconds):
        self.build, self.scratch, self.seconds = build, scratch, seconds

    def bench(self, server, *words):
        """One run of echolog-bench against a server."""
        command = [os.path.join(self.build, "echolog-bench"), "-p", str(server.port), "--pid", str(server.process.pid),
                   "-t", str(self.seconds), "--json", *map(str, words)]
        load = servers.start(command, servers.cores()[1], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            printed, complained = load.communicate()
        finally:
            load.kill()
        if load.returncode != 0:
            raise RuntimeError(" ".join(command) + "\n" + printed + complained + server.said()[-2000:])
        result = json.loads(printed)
        measured = {"rate": result["per_second"], "cpu": result["server"]["cpu_us_each"],
                    "peak": result["server"]["peak_kib"] / 1024, "own": result["own_cpu_share"]}
        if result["latency"]:
            measured.update((name, result["latency"][name + "_us"]) for name in ("p50", "p99", "p999"))
        return measured


class Target:
    """What is aimed at: `figure` takes the measurements of all who took part, by name, and is held against a limit."""

    def __init__(self, text, limit, at_least, figure, form="{:.2f}"):
        self.text, self.limit, self.at_least, self.figure, self.form = text, limit, at_least, figure, form

    def judge(self, measured):
        """The figure as text and whether it is good; None for one of them who was not there."""
        try:
            figure = self.figure(measured)
        except KeyError:
            return None
        good = figure >= self.limit if self.at_least else figure <= self.limit
        return self.form.format(figure), good


def rate_ratio(whose, to, limit, name):
    return Target(f"at least {limit} x {name}", limit, True, lambda m: m[whose]["rate"] / m[to]["rate"])


def cpu_ratio(whose, to, limit, text):
    return Target(text, limit, False, lambda m: m[whose]["cpu"] / m[to]["cpu"])


def floor_ratio(limit):
    return cpu_ratio("echolog", "floor", limit, f"CPU at most {limit} x the floor's")


class Row:
    def __init__(self, name, title, contenders, targets, times=1):
        self.name, self.title = name, title
        self.contenders = contenders  # name: function of a setting
        self.targets = targets
        self.times = times  # in a round


# --- load on servers ---------------------------------------------------------------------------------------------


def loaded(start, *words):
    """A contender: starts the server, loads it, ends it."""

    def measure(setting):
        server = start(setting)
        try:
            return setting.bench(server, *words)
        finally:
            server.end()

    return measure


def echolog(setting):
    server = servers.echolog(setting.build, setting.scratch)
    server.ask("PING")
    return server


def redis(mode):
    return lambda setting: servers.redis(mode, setting.scratch)


def nats(setting):
    return servers.nats(setting.scratch)


def floor(mode, sent, text, files=1):
    return lambda setting: servers.floor(setting.build, setting.scratch, mode, len(sent), text, files)


def floor_stored(setting):
    record = b"*5\r\n:500000\r\n:1700000000000\r\n$-1\r\n$%d\r\n%s\r\n*0\r\n" % (len(PAYLOAD), PAYLOAD)
    reply = b"*%d\r\n" % READ_BY + record * READ_BY
    return servers.floor_stored(setting.build, setting.scratch, len(request(*FETCH_WORDS)), reply, RECORDS // READ_BY)


PRODUCED = b"*2\r\n:0\r\n:1000000\r\n"
FETCH_WORDS = ("FETCH", "t", 0, 500000, "COUNT", READ_BY)


def publish():
    sent = request("PUBLISH", "echolog-bench:0", PAYLOAD)
    return Row("publish", "PUBLISH without subscribers, 50 connections, depth 16", {
        "echolog": loaded(echolog, "publish"),
        "redis": loaded(redis("none"), "publish"),
        "floor": loaded(floor("answer", sent, b":0\r\n"), "publish"),
    }, [rate_ratio("echolog", "redis", 1.4, "Redis"), floor_ratio(1.3)])


def fan_out(subscribers):
    sent = request("PUBLISH", "echolog-bench", PAYLOAD)
    frame = request("message", "echolog-bench", PAYLOAD)
    words = ("fan-out", "--subscribers", subscribers)
    return Row(f"fan-out-{subscribers}", f"deliveries to {subscribers} subscribers", {
        "echolog": loaded(echolog, *words),
        "redis": loaded(redis("none"), *words),
        "nats": loaded(nats, *words, "--nats"),
        "floor": loaded(floor("fan-out", sent, frame), *words),
    }, [rate_ratio("echolog", "redis", 2, "Redis"), rate_ratio("echolog", "nats", 1.5, "NATS on one core")])


def written():
    sent = request("PRODUCE", "t", PAYLOAD, "ACK", "written")
    return Row("written", "PRODUCE ACK WRITTEN, 50 connections, depth 16; XADD with appendfsync everysec", {
        "echolog": loaded(echolog, "produce", "--ack", "written"),
        "redis everysec": loaded(redis("everysec"), "xadd"),
        "floor": loaded(floor("write", sent, PRODUCED), "produce", "--topic", "t", "--ack", "written"),
    }, [rate_ratio("echolog", "redis everysec", 2.4, "XADD"), floor_ratio(1.5)])


def synced():
    sent = request("PRODUCE", "t", PAYLOAD, "ACK", "synced")
    return Row("synced", "PRODUCE ACK SYNCED, 50 connections, depth 16; XADD with appendfsync always", {
        "echolog": loaded(echolog, "produce", "--ack", "synced"),
        "redis always": loaded(redis("always"), "xadd"),
        "floor": loaded(floor("sync", sent, PRODUCED), "produce", "--topic", "t", "--ack", "synced"),
    }, [cpu_ratio("echolog", "redis always", 0.5, "CPU at most 0.5 x XADD's"), floor_ratio(1.5)])


def to_partitions(ack):
    return {"100": loaded(echolog, "produce", "--ack", ack, "--partitions", MANY_PARTITIONS),
            "one": loaded(echolog, "produce", "--ack", ack)}


def partitions_written():
    return Row("partitions-written", f"PRODUCE ACK WRITTEN over {MANY_PARTITIONS} partitions by turns, and to one",
               to_partitions("written"), [rate_ratio("100", "one", 0.5, "the rate of one partition")])


def partitions_synced():
    """The floor has no journal: it syncs each file."""
    words = ("PRODUCE", "t", "{payload}", "PARTITION", "50", "ACK", "synced")
    sent = request(*words[:2], PAYLOAD, *words[3:])
    many = dict(to_partitions("synced"),
                floor=loaded(floor("sync", sent, PRODUCED, MANY_PARTITIONS), *words))
    return Row("partitions-synced", f"PRODUCE ACK SYNCED over {MANY_PARTITIONS} partitions by turns, and to one; "
               f"the floor syncs {MANY_PARTITIONS} files", many,
               [rate_ratio("100", "one", 0.5, "the rate of one partition")])


def read_back():
    size = ("--records", RECORDS, "--count", READ_BY)
    return Row("read-back", f"reading {RECORDS // 1000000} M records back by {READ_BY}, one connection, depth 4", {
        "echolog": loaded(echolog, "fetch", *size),
        "redis": loaded(redis("none"), "xread", *size),
        "floor": loaded(floor_stored, "-c", 1, "-P", 4, "--count-at", 1, "-n", RECORDS // READ_BY, *FETCH_WORDS),
    }, [rate_ratio("echolog", "redis", 2, "XREAD")])


def consume():
    size = ("--records", RECORDS, "--count", READ_BY)
    return Row("consume", f"one member CONSUMEs {RECORDS // 1000000} M records by {READ_BY}, and FETCH at depth 1", {
        "consume": loaded(echolog, "consume", *size),
        "fetch": loaded(echolog, "fetch", "-P", 1, *size),
    }, [cpu_ratio("consume", "fetch", 1.3, "CPU at most 1.3 x that of FETCH")])


def latency(ack, mode):
    name = "redis " + mode
    no_worse = [Target(f"{p} no worse than Redis's", 1, False, lambda m, p=p: m["echolog"][p] / m[name][p])
                for p in ("p50", "p99")]
    return Row(f"latency-{ack}", f"from PRODUCE ACK {ack.upper()} to a blocked reader, 5,000 messages a second", {
        "echolog": loaded(echolog, "latency", "--ack", ack),
        name: loaded(redis(mode), "latency-xadd"),
    }, no_worse, times=LATENCY_TIMES)


# --- other figures -------------------------------------------------------------------------------------------------


def started(setting, fresh=True):
    """A server, and how many milliseconds it took from its start to its first PONG. What others have left is gone and
    what they have written is on the disk by then, since a server that syncs a directory would wait for all of it."""
    if fresh:
        servers.clear(setting.scratch)
    os.sync()
    began = time.monotonic()
    server = servers.echolog(setting.build, setting.scratch, fresh=fresh)
    server.ask("PING")
    return server, (time.monotonic() - began) * 1000


def measure_idle(setting):
    server, start_ms = started(setting)
    try:
        return {"resident_mib": server.memory_kib() / 1024, "start_ms": start_ms}
    finally:
        server.end()


def measure_idle_redis(setting):
    server = servers.redis("none", setting.scratch)
    try:
        return {"resident_mib": server.memory_kib() / 1024}
    finally:
        server.end()


def measure_partitions_start(setting):
    server, _ = started(setting)
    server.ask("TOPIC", "CREATE", "t", "PARTITIONS", START_PARTITIONS)
    setting.bench(server, "-c", 1, "-n", START_PARTITIONS, "produce", "--topic", "t", "--partitions", START_PARTITIONS)
    server.end(signal.SIGTERM)
    server, start_ms = started(setting, fresh=False)
    server.end()
    return {"start_ms": start_ms}


def log_files(directory):
    return [os.path.join(path, name) for path, _, names in os.walk(directory) for name in names if name.endswith(".log")]


def measure_recovery(setting):
    """Writes that nothing has synced, kill -9, and the time until the last of them can be read."""
    server, _ = started(setting)
    server.ask("TOPIC", "CREATE", "t", "CONFIG", "flush.ms", 3600000)
    setting.bench(server, "-c", 4, "-P", 4, "-n", RECOVERED_MIB * 1024 // RECOVERED_BATCH, "-d", 1024, "produce",
                  "--topic", "t", "--ack", "written", "--batch", RECOVERED_BATCH)
    server.end()
    size = sum(os.path.getsize(path) for path in log_files(server.directory))
    began = time.monotonic()
    server = servers.echolog(setting.build, setting.scratch, fresh=False)
    server.ask("FETCH", "t", 0, RECOVERED_MIB * 1024 - 1)
    seconds = time.monotonic() - began
    server.end()
    return {"ms": seconds * 1000, "mib_s": size / MIB / seconds}


def measure_read(setting):
    """The same bytes, written, then read and synced as a recovery has to."""
    os.sync()
    path = os.path.join(setting.scratch, "plain")
    block = b"x" * MIB
    with open(path, "wb") as out:
        for _ in range(RECOVERED_MIB):
            out.write(block)
    began = time.monotonic()
    with open(path, "rb+", buffering=0) as file:
        room = bytearray(MIB)
        while file.readinto(room):
            pass
        os.fdatasync(file.fileno())
    seconds = time.monotonic() - began
    os.unlink(path)
    return {"ms": seconds * 1000, "mib_s": RECOVERED_MIB / seconds}


def measure_binary(setting):
    path = os.path.join(setting.scratch, "stripped")
    subprocess.run(["strip", "-o", path, os.path.join(setting.build, "echolog-server")], check=True)
    size = os.path.getsize(path)
    os.unlink(path)
    return {"mib": size / MIB}


def below(text, limit, whose, field, form):
    return Target(text, limit, False, lambda m: m[whose][field], form)


def idle():
    return Row("idle", "an idle server: its memory, and the time from its start to its first PONG", {
        "echolog": measure_idle,
        "redis": measure_idle_redis,
    }, [below("resident below 8 MiB", 8, "echolog", "resident_mib", "{:.1f} MiB"),
        below("started within 20 ms", 20, "echolog", "start_ms", "{:.1f} ms")])


def start():
    return Row("start", f"the start with {START_PARTITIONS:,} partitions after a clean stop", {
        "echolog": measure_partitions_start,
    }, [below("within 100 ms", 100, "echolog", "start_ms", "{:.1f} ms")])


def recovery():
    return Row("recovery", f"the start after kill -9 with {RECOVERED_MIB} MiB that were not synced", {
        "echolog": measure_recovery,
        "read, sync": measure_read,
    }, [Target("at the speed of reading and syncing these bytes (at most 1.25 x)", 1.25, False,
               lambda m: m["echolog"]["ms"] / m["read, sync"]["ms"])])


def binary():
    return Row("binary", "the server's program, stripped", {
        "echolog": measure_binary,
    }, [below("below 2 MiB", 2, "echolog", "mib", "{:.2f} MiB")])


def all_rows():
    return [publish(), *map(fan_out, (1, 10, 100, 1000)), written(), synced(), partitions_written(), partitions_synced(),
            read_back(), consume(), latency("written", "everysec"), latency("synced", "always"), idle(), start(),
            recovery(), binary()]
