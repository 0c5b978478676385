# SPDX-License-Identifier: BSD-3-Clause
"""The attacks. Each is a function of a server that is up, and how large it is to be (1: all of it; less in the short
form), and returns a sentence on what the server did; what must hold is checked. Decorated with what the server is
started with (words, or a function of the server that gives them), and how much memory the server may need for it at most."""

import contextlib
import itertools
import os
import random
import select
import socket
import ssl
import struct
import subprocess
import time

from rig import Client, Failed, encode, is_closed, push

ATTACKS = []


def tls_directives(server):
    """A port of TLS beside the plain one, and a certificate made for it."""
    key, certificate = (os.path.join(server.scratch, name) for name in ("key.pem", "certificate.pem"))
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                    "-nodes", "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost"],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with socket.create_server(("127.0.0.1", 0)) as free, socket.create_server(("127.0.0.1", 0)) as other:
        server.tls_port, port = free.getsockname()[1], other.getsockname()[1]
    return ["--port", str(port), "--tls-port", str(server.tls_port), "--tls-cert-file", certificate, "--tls-key-file", key,
            "--tls-auth-clients", "no"]


def has_tls():
    words = [os.environ["ECHOLOG_SERVER"], "--check-config", "--tls-port", "0"]
    version = [os.environ["ECHOLOG_SERVER"], "--version"]
    if subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode != 0:
        return False
    return b"TLS OpenSSL" in subprocess.run(version, stdout=subprocess.PIPE, check=True).stdout


def attack(title, *directives, peak_mb):
    def add(function):
        ATTACKS.append((title, directives, peak_mb, function))
        return function
    return add


def check(holds, text):
    if not holds:
        raise Failed(text)


def open_many(server, count):
    return [server.connect() for _ in range(count)]


def close_all(sockets):
    for s in sockets:
        s.close()


def reset(s):
    """Closes it the rude way."""
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


def await_few_clients(server):
    server.await_info("connected_clients", lambda count: count <= 2)


# --- many ---------------------------------------------------------------------------------------


@attack("idle connections, closed all at once", "--maxclients", "10010", peak_mb=60)
def idle_connections(server, scale):
    count = int(10000 * scale)
    sockets = open_many(server, count)
    there = server.await_info("connected_clients", lambda n: n >= count)
    close_all(sockets)
    await_few_clients(server)
    return f"served {there}"


@attack("idle connections, killed all at once", "--maxclients", "10010", peak_mb=60)
def killed_connections(server, scale):
    count = int(10000 * scale)
    sockets = open_many(server, count)
    with Client(server) as admin:
        # The watching client is of a name of its own: it is spared by its kind.
        for s in sockets:
            s.sendall(b"SSUBSCRIBE all\r\n")
        server.await_info("pubsub_clients", lambda n: n >= count)
        killed = admin.ask("CLIENT", "KILL", "TYPE", "pubsub")
    check(killed == count, f"{killed} of {count} were killed")
    check(all(is_closed(s) for s in sockets[:: max(count // 100, 1)]), "some are still there")
    close_all(sockets)
    await_few_clients(server)
    return f"killed {killed}"


@attack("more connections than maxclients", "--maxclients", "100", peak_mb=10)
def too_many(server, scale):
    count = max(int(3000 * scale), 1000)
    sockets = []
    for _ in range(count):
        try:
            sockets.append(server.connect())
        except OSError:
            pass
    refused = sum(s.recv(100, socket.MSG_DONTWAIT).startswith(b"-ERR max number of clients")
                  for s in sockets[200:] if is_readable(s))
    check(refused >= count * 0.8, f"only {refused} were told")
    close_all(sockets)
    return f"refused {server.info('rejected_connections')}"


def is_readable(s):
    poller = select.poll()
    poller.register(s, select.POLLIN)
    return bool(poller.poll(5000))


@attack("connections that come and go at once", peak_mb=20)
def storm(server, scale):
    count = int(30000 * scale)
    for i in range(count):
        s = server.connect()
        if i % 3 == 0:
            s.sendall(b"PING\r\n")
        if i % 2 == 0:
            reset(s)
        else:
            s.close()
    await_few_clients(server)
    return f"took {server.info('total_connections_received')}"


# --- slow ---------------------------------------------------------------------------------------


@attack("subscribers that read nothing", "--client-output-buffer-limit", "pubsub 8mb 2mb 60",
        peak_mb=220)
def slow_subscribers(server, scale):
    count = max(int(20 * scale), 4)
    slow = open_many(server, count)
    for s in slow:
        s.sendall(encode("SUBSCRIBE", "news"))
        s.recv(100)
    message = b"x" * 1000
    with Client(server) as publisher:
        heard, rounds = count, 0
        while heard > 0 and rounds < 1000:
            publisher.socket.sendall(encode("PUBLISH", "news", message) * 100)
            heard = [publisher.read() for _ in range(100)][-1]
            rounds += 1
    check(heard == 0, "they are still fed")
    close_all(slow)
    with Client(server) as c:
        entry = c.ask("CLIENT", "LOG", "1")[0]
    lost = entry[entry.index(b"dropped-messages") + 1]
    check(lost >= 1000, "what they lost is not told")
    return f"cut off {server.info('client_output_buffer_limit_disconnections')}, each losing {lost}"


@attack("readers of large answers that read nothing", "--maxmemory-clients", "64mb", peak_mb=160)
def slow_readers(server, scale):
    slow = open_many(server, max(int(100 * scale), 20))
    request = encode("ECHO", b"x" * 100000) * 200
    push(slow, lambda i: request)
    evicted = server.await_info("evicted_clients", lambda n: n > 0)
    close_all(slow)
    return f"evicted {evicted}"


@attack("a million commands, no answer read", peak_mb=330)
def pipeline(server, scale):
    s = server.connect()
    request = encode("ECHO", b"x" * 200)
    count = int(1000000 * scale)
    sent = push([s], lambda i: request * count)
    s.close()
    await_few_clients(server)
    return f"took {sent // len(request)} and stopped reading"


@attack("the same with a limit", "--client-output-buffer-limit", "normal 16mb 0 0", peak_mb=60)
def limited_pipeline(server, scale):
    s = server.connect()
    request = encode("ECHO", b"x" * 200)
    push([s], lambda i: request * max(int(1000000 * scale), 300000))
    check(is_closed(s), "it is still there")
    return f"cut off {server.info('client_output_buffer_limit_disconnections')}"


@attack("a byte at a time", peak_mb=60)
def byte_by_byte(server, scale):
    sockets = open_many(server, int(5000 * scale))
    request = encode("ECHO", b"x" * 20)
    for i in range(len(request)):
        for s in sockets:
            s.send(request[i:i + 1])
    check(all(s.recv(100) == b"$20\r\n" + b"x" * 20 + b"\r\n" for s in sockets), "an answer is wrong")
    close_all(sockets)
    await_few_clients(server)
    return f"answered {len(sockets)} after {len(request)} bytes each"


@attack("half-open: ends of sending, resets, silence in the middle of a command", "--timeout", "2",
        peak_mb=40)
def half_open(server, scale):
    count = int(3000 * scale)
    sockets = open_many(server, count)
    for i, s in enumerate(sockets):
        # On a slow machine the first ones are timed out before the last ones are open.
        with contextlib.suppress(OSError):
            s.sendall(b"*2\r\n$4\r\nECHO\r\n$1000\r\nabc" if i % 2 else b"PING\r\n*1\r\n$4")
            if i % 3 == 0:
                s.shutdown(socket.SHUT_WR)
            elif i % 3 == 1:
                reset(s)
    await_few_clients(server)
    close_all(sockets)
    return f"closed all, {server.info('client_timeouts')} of them for the timeout"


# --- large --------------------------------------------------------------------------------------


@attack("512 MiB announced, not sent", peak_mb=40)
def announced(server, scale):
    sockets = open_many(server, int(500 * scale))
    for s in sockets:
        s.sendall(b"*2\r\n$4\r\nECHO\r\n$536870912\r\n" + b"x" * 1000)
    time.sleep(0.5)
    close_all(sockets)
    await_few_clients(server)
    return f"held {len(sockets)} of them"


@attack("a million arguments announced, not sent", peak_mb=60)
def announced_arguments(server, scale):
    sockets = open_many(server, int(500 * scale))
    for s in sockets:
        s.sendall(b"*1048576\r\n" + b"$1\r\nx\r\n" * 100)
    time.sleep(0.5)
    close_all(sockets)
    await_few_clients(server)
    return f"held {len(sockets)} of them"


@attack("512 MiB sent, in a command that is refused", peak_mb=600)
def huge_argument(server, scale):
    size = int((512 << 20) * scale)
    s = server.connect()
    s.sendall(b"*2\r\n$7\r\nNOTHING\r\n$%d\r\n" % size)
    piece = b"x" * (1 << 20)
    for _ in range(size >> 20):
        s.sendall(piece)
    s.sendall(b"x" * (size & ((1 << 20) - 1)) + b"\r\n")
    s.settimeout(60)
    answer = s.recv(100)
    check(answer.startswith(b"-ERR unknown command 'NOTHING'"), f"it said {answer!r}")
    s.close()
    await_few_clients(server)
    return "refused it when it was there"


@attack("MULTI with a command after the other", "--client-query-buffer-limit", "64mb", peak_mb=200)
def huge_multi(server, scale):
    s = server.connect()
    s.sendall(encode("MULTI"))
    request = encode("ECHO", b"x" * 400)
    push([s], lambda i: request * 300000)
    check(is_closed(s), "it is still there")
    return f"cut off {server.info('client_query_buffer_limit_disconnections')}"


@attack("a transaction of 200,000 commands", peak_mb=120)
def long_exec(server, scale):
    count = int(200000 * scale)
    with Client(server) as c:
        c.ask("MULTI")
        for _ in range(count // 1000):
            c.socket.sendall(encode("PING") * 1000)
            for _ in range(1000):
                c.read()
        answers = c.ask("EXEC")
    check(len(answers) == count, "some were not executed")
    return "executed it in one piece"


@attack("very many subscriptions of one client, then it goes", peak_mb=500)
def many_subscriptions(server, scale):
    count = int(1000000 * scale)
    with Client(server) as c:
        for start in range(0, count, 1000):
            for verb in ("SUBSCRIBE", "PSUBSCRIBE")[start // 1000 % 2:][:1]:
                c.send(verb, *(f"{verb}:{i}" for i in range(start, start + 1000)))
                for _ in range(1000):
                    c.read()
    server.await_info("pubsub_patterns", lambda n: n == 0)
    await_few_clients(server)
    return f"dropped {count} of them"


@attack("long names of clients, listed", peak_mb=200)
def long_names(server, scale):
    sockets = open_many(server, int(2000 * scale))
    for s in sockets:
        s.sendall(encode("CLIENT", "SETNAME", "n" * 4096))
        check(s.recv(100) == b"+OK\r\n", "a name of 4096 bytes is refused")
    with Client(server) as c:
        check(c.ask("CLIENT", "SETNAME", "n" * 100000).startswith(b"-ERR"), "one of 100,000 is not")
        for _ in range(5):
            lines = c.ask("CLIENT", "LIST").count(b"\n")
    check(lines >= len(sockets), "some are not listed")
    close_all(sockets)
    return f"listed {lines}; longer ones are refused"


# --- clever -------------------------------------------------------------------------------------


@attack("patterns that are exponential for a naive matcher", peak_mb=40)
def patterns(server, scale):
    with Client(server) as c, Client(server) as other:
        for i in range(20):
            c.ask("PSUBSCRIBE", "a*" * (100 + i) + "b")
            c.ask("PSUBSCRIBE", "*" + "[a-c]?" * 20 + f"x{i}*" + "a*?" * 50)
            c.ask("PSUBSCRIBE", "*" + "a" * (1000 + i) + "b")
        channel = "a" * 2000
        for _ in range(int(100 * scale) + 10):
            check(other.ask("PUBLISH", channel, "m") == 0, "one matched")
        other.ask("PUBSUB", "CHANNELS", "a*" * 5000 + "b")
        other.ask("CONFIG", "GET", "*a" * 5000 + "b")
    return "matched none, and answered"


@attack("names that collide in other hash tables", peak_mb=150)
def collisions(server, scale):
    bits = 17 if scale == 1 else 13
    # "Ez" and "FY" have one hash under h * 33 + c, and so has whatever is put together of them.
    names = ["".join(pair) for pair in itertools.product(("Ez", "FY"), repeat=bits)]
    plain = [f"{random.getrandbits(8 * bits):0{2 * bits}x}"[:2 * bits] for _ in names]
    took = []
    for chosen in (plain, names):
        before = time.perf_counter()
        with Client(server) as c:
            for start in range(0, len(chosen), 1024):
                c.send("SUBSCRIBE", *chosen[start:start + 1024])
                for _ in chosen[start:start + 1024]:
                    c.read()
        took.append(time.perf_counter() - before)
    check(took[1] < took[0] * 5 + 1, f"{took[1]:.1f} s in place of {took[0]:.1f}")
    return f"{len(names)} channels as fast as others"


@attack("HELLO again and again", peak_mb=40)
def hello_flood(server, scale):
    with Client(server) as c:
        for i in range(int(100 * scale) + 5):
            c.socket.sendall((encode("HELLO", "3") + encode("HELLO", "2")) * 500)
            for _ in range(1000):
                c.read()
    return "answered each"


@attack("what is not RESP", peak_mb=40)
def bad_protocol(server, scale):
    inputs = [b"*-2\r\n", b"*1\r\n" * 1000, b"*1048577\r\n", b"*1\r\n$-1\r\n", b"*1\r\n$536870913\r\n",
              b"*99999999999999999999\r\n", b"*1\r\n$1\r\nabc\r\n", b"$5\r\nhello\r\n", b"*1\r\n:5\r\n",
              b"*\r\n", b"\x00" * 1000, b"\xff" * 70000, b"'unbalanced\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
              b"POST / HTTP/1.1\r\n\r\n", b"*3\r\n*2\r\n*1\r\n", b"%1\r\n$1\r\na\r\n$1\r\nb\r\n"]
    for _ in range(int(100 * scale) + 2):
        for data in inputs:
            s = server.connect()
            try:
                s.sendall(data)
                s.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            check(is_closed(s), f"{data[:20]!r} is waited for")
            s.close()
    return f"answered or closed; protocol errors {server.info('protocol_errors')}"


def rubbish(server, connect, seconds):
    seed = int(os.environ.get("ABUSE_SEED", random.getrandbits(32)))
    source = random.Random(seed)
    print(f"  seed {seed} (ABUSE_SEED)", flush=True)
    end = time.monotonic() + seconds
    sent = 0
    while time.monotonic() < end:
        s = connect(source)
        data = source.randbytes(source.choice([1, 10, 100, 10000, 300000]))
        if source.random() < 0.5:
            data = source.choice([b"*3\r\n$7\r\n", b"*1\r\n$", b"PUBLISH a ", b"MULTI\r\n"]) + data
        try:
            s.sendall(data)
            sent += len(data)
        except OSError:
            pass
        if source.random() < 0.5:
            reset(s)
        else:
            s.close()
    return f"took {sent >> 20} MiB of it"


@attack("random bytes", peak_mb=60)
def random_bytes(server, scale):
    return rubbish(server, lambda source: server.connect(), 60 * scale)


@attack("random bytes on the port of TLS, before and inside of handshakes", tls_directives, peak_mb=120)
def random_bytes_tls(server, scale):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE

    def connect(source):
        s = server.connect(server.tls_port)
        return context.wrap_socket(s) if source.random() < 0.2 else s

    said = rubbish(server, connect, 60 * scale)
    with context.wrap_socket(server.connect(server.tls_port)) as s:
        s.sendall(b"PING\r\n")
        check(s.recv(100) == b"+PONG\r\n", "it does not answer any more")
    return said
