# SPDX-License-Identifier: BSD-3-Clause
"""TLS and the Unix socket with clients that are not ours, and echolog-cli. The certificates are made, and the
examples run, as docs/tls.md has them."""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

import redis

import certificates
from server import Server, has_tls

LARGE = 8 * 1024 * 1024
PROGRAMS = ("redis-cli", os.environ.get("ECHOLOG_CLI", "echolog-cli"))


class Round(unittest.TestCase):
    """A server with a Unix socket, in a folder."""

    directives = ()

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="echolog-tls-")
        cls.path = cls.file("sock")
        cls.server = Server("--port", "any", "--unixsocket", cls.path, *cls.tls(), *cls.directives)

    @classmethod
    def tls(cls):
        return ()

    @classmethod
    def tearDownClass(cls):
        cls.server.close()
        shutil.rmtree(cls.folder)

    @classmethod
    def file(cls, name):
        return os.path.join(cls.folder, name)

    def run_program(self, *words, given=None, status=0, env=None):
        done = subprocess.run(words, input=given, cwd=self.folder, timeout=60, check=False,
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env=dict(os.environ, **(env or {})))
        self.assertIn(done.returncode, status if isinstance(status, tuple) else (status,), done.stdout)
        return done.stdout


@unittest.skipUnless(has_tls(), "the server is built without TLS")
class TlsRound(Round):
    """It asks clients for a certificate; all of them are in the folder."""

    @classmethod
    def tls(cls):
        certificates.make(cls.folder)
        return ("--tls-port", "any", "--tls-cert-file", cls.file("server.crt"),
                "--tls-key-file", cls.file("server.key"), "--tls-ca-cert-file", cls.file("ca.crt"))


class TestRedisPy(TlsRound):
    def client(self, **options):
        settings = {"host": "localhost", "port": self.server.tls_port, "ssl": True,
                    "ssl_ca_certs": self.file("ca.crt"), "ssl_certfile": self.file("client.crt"),
                    "ssl_keyfile": self.file("client.key"), "socket_timeout": 60}
        client = redis.Redis(**{**settings, **options})
        self.addCleanup(client.close)
        return client

    def test_the_log(self):
        for protocol in (2, 3):
            with self.subTest(protocol=protocol):
                client = self.client(protocol=protocol)
                topic = f"log-{protocol}"
                value = os.urandom(LARGE // 16)
                self.assertEqual(client.execute_command("PRODUCE", topic, value), [0, 0])
                got = client.execute_command("FETCH", topic, 0, 0)
                self.assertEqual(got[0][3], value)

    def test_large_arguments(self):
        value = os.urandom(LARGE)
        self.assertEqual(self.client().execute_command("ECHO", value), value)

    def test_pipelines(self):
        with self.client().pipeline(transaction=False) as pipeline:
            for number in range(20_000):
                pipeline.echo(number)
            self.assertEqual(pipeline.execute(), [b"%d" % n for n in range(20_000)])

    def test_pubsub(self):
        with self.client().pubsub() as hears:
            hears.subscribe("news")
            self.assertEqual(hears.get_message(timeout=60)["type"], "subscribe")
            self.client().publish("news", "hello")
            self.assertEqual(hears.get_message(timeout=60)["data"], b"hello")

    def test_a_blocked_reader_wakes(self):
        client, got = self.client(), []
        client.execute_command("TOPIC", "CREATE", "waited")
        reader = threading.Thread(target=lambda: got.extend(
            self.client().execute_command("FETCH", "waited", 0, 0, "BLOCK", 0)))
        reader.start()
        client.execute_command("PRODUCE", "waited", "here")
        reader.join(60)
        self.assertEqual(got[0][3], b"here")

    def test_many_connections_at_once(self):
        clients = [self.client() for _ in range(50)]
        threads = [threading.Thread(target=client.ping) for client in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        for client in clients:
            self.assertTrue(client.ping())

    def test_without_a_certificate(self):
        with self.assertRaises(redis.ConnectionError):
            self.client(ssl_certfile=None, ssl_keyfile=None).ping()

    def test_the_example_of_the_page(self):
        block, = certificates.blocks("python")
        program = self.file("example.py")
        with open(program, "w", encoding="utf-8") as file:
            file.write(block.replace("3247", str(self.server.tls_port)))
        self.assertEqual(self.run_program(sys.executable, program, env={
            "PYTHONPATH": os.path.dirname(os.path.dirname(redis.__file__))}), "True\n")


class TestPrograms(TlsRound):
    """redis-cli and echolog-cli alike."""

    directives = ("--requirepass", "sesame")
    secure = ("--tls", "--cacert", "ca.crt", "--cert", "client.crt", "--key", "client.key")
    programs = PROGRAMS

    def each(self):
        """Both, as functions of their words, on the TLS port."""
        for program in self.programs:
            yield lambda *words, program=program, **how: self.run_program(
                program, "-p", str(self.server.tls_port), *words, **how)

    def test_tls(self):
        for cli in self.each():
            self.assertIn("PONG", cli(*self.secure, "-a", "sesame", "PING"))
            self.assertIn("PONG", cli(*self.secure, "--user", "default", "--pass", "sesame", "PING"))
            self.assertIn("PONG", cli("--tls", "--cacertdir", self.hashed(), *self.secure[3:], "-a",
                                      "sesame", "PING"))

    def hashed(self):
        folder = self.file("authorities")
        os.makedirs(folder, exist_ok=True)
        shutil.copy(self.file("ca.crt"), folder)
        self.run_program("openssl", "rehash", folder)
        return folder

    def test_passwords_from_the_environment(self):
        for cli in self.each():
            self.assertIn("PONG", cli(*self.secure, "PING", env={"REDISCLI_AUTH": "sesame"}))
            self.assertIn("PONG", cli("-s", self.path, "PING", env={"REDISCLI_AUTH": "sesame"}))
        self.assertEqual("PONG\n", self.run_program(
            self.programs[1], "-s", self.path, "PING",
            env={"ECHOLOGCLI_AUTH": "sesame", "REDISCLI_AUTH": "simsim"}))

    def test_uris(self):
        port = self.server.tls_port
        for cli in self.each():
            for user in ("default:sesame", "default:%73esam%65", "sesame"):
                self.assertIn("PONG", cli("-u", f"rediss://{user}@127.0.0.1:{port}", *self.secure[1:],
                                          "PING"))
            self.assertIn("PONG", cli("-u", f"redis://default:sesame@127.0.0.1:{self.server.port}",
                                      "PING"))

    def test_a_server_of_a_stranger_is_not_trusted(self):
        for cli in self.each():
            self.assertIn("certificate verify failed", cli("--tls", "PING", status=(1, 2)))
            self.assertIn("PONG", cli("--tls", "--insecure", *self.secure[3:], "-a", "sesame", "PING"))

    def test_the_console_tools(self):
        cli = (self.programs[1], "-p", str(self.server.tls_port), *self.secure, "-a", "sesame")
        lines = "".join(f"line {number}\n" for number in range(50_000))
        self.assertIn("50000 records acknowledged",
                      self.run_program(*cli, "produce", "--topic", "lines", given=lines))
        got = subprocess.run([*cli, "consume", "--topic", "lines", "--from-beginning",
                              "--max-messages", "50000"], cwd=self.folder, timeout=60, check=True,
                             text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.assertEqual(got.stdout, lines)

    def test_what_cannot_work_is_said(self):
        cli = self.programs[1]
        for words, expected in (
                (("--tls", "--cacert", "nosuch"), "--cacert: No such file or directory"),
                (("--tls", "--cert", "client.crt"), "--cert and --key belong together"),
                (("--tls", "--tls-ciphers", "nonsense"), "--tls-ciphers: no cipher match"),
                (("-s", "nosuch"), "Could not connect to Echolog at nosuch: No such file"),
                (("-s", self.path, "--tls"), "-s and --tls exclude each other"),
                (("-u", "http://x"), "it begins with redis://"),
                (("--tls", "-p", str(self.server.port)), "TLS: wrong version number")):
            with self.subTest(words=words):
                self.assertIn(expected, self.run_program(
                    cli, "-p", str(self.server.tls_port), *words, "PING", status=2))


class TestUnixSocket(Round):
    directives = ("--requirepass", "sesame")

    def test_redis_py(self):
        with redis.Redis(unix_socket_path=self.path, password="sesame", socket_timeout=60) as client:
            value = os.urandom(LARGE)
            self.assertEqual(client.execute_command("ECHO", value), value)
            self.assertEqual(client.client_list()[0]["addr"], self.path + ":0")

    def test_programs(self):
        for program in PROGRAMS:
            self.assertIn("PONG", self.run_program(program, "-s", self.path, "-a", "sesame", "PING"))

    def test_askpass(self):
        self.assertEqual("PONG\n", self.run_program(
            PROGRAMS[1], "-s", self.path, "--askpass", "PING", given="sesame\n"))
        self.assertIn("WRONGPASS", self.run_program(
            PROGRAMS[1], "-s", self.path, "--askpass", "PING", given="simsim\n", status=2))
