# SPDX-License-Identifier: BSD-3-Clause
"""The course of echolog-cli: every lesson holds, with whatever can be varied, and leaves nothing behind."""

import itertools
import os
import re
import subprocess
import tempfile
import unittest

import redis

from server import Server

DEADLINE_S = 120
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")

# What is played besides the lessons as they begin.
VARIED = {
    "unheard": [{"listeners": [2]}],
    "sharing": [{"shipping": [1, 3], "billing": [0, 2]}],
    "keys": [{"partitions": [1, 3, 6], "keys": ["yes", "no"]}],
    "members": [{"members": [2, 5], "partitions": [2, 6]}],
    "rebalance": [{"change": ["joins", "crashes"], "partitions": [2, 5]}, {"change": ["hangs"]}],
    "twice": [{"batch": [1, 3], "crash": [2, 4]}],
    "never": [{"batch": [3, 4], "crash": [1, 2]}],
    "slow": [{"messages": ["few", "many"], "sue": ["subscribes", "follows"]}],
    "replay": [{"from": ["earliest", "noon", "offset", "latest"], "ann": ["leaves", "stays"]}],
    "restart": [{"end": ["kill", "stop"], "ack": ["synced", "written", "none"]}],
    "retention": [{"by": ["time", "bytes", "trim", "nothing"],
                  "gus": ["fetches", "consumes", "follows"]}],
    "compaction": [{"policy": ["compact", "delete"], "lamp": ["stays", "removed"]}],
    "queue": [{"way": ["channel", "group", "groups"], "dies": ["no", "yes"]}],
    "memory": [{"bob": ["follows", "pattern", "subscribes"], "from": ["earliest", "second", "latest"]}],
}


def lab(*words, options=(), env=None, stdin=subprocess.DEVNULL):
    env = dict(os.environ, **(env or {}))
    return subprocess.run(
        [env["ECHOLOG_CLI"], *options, "lab", *words], stdin=stdin, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, timeout=DEADLINE_S, check=False, env=env)


def lessons():
    """The names, in their order."""
    rows = lab("--list").stdout.splitlines()[1:]
    return [row.split()[1] for row in rows]


def each(case, name, rows, check):
    """A test of its own for each row, named by its first column."""
    for row in rows:
        def test(self, row=row):
            check(self, *row)
        setattr(case, f"test_{name}_{row[0]}", test)


class Plays(unittest.TestCase):
    def plays(self, *words, **more):
        done = lab("--auto", *words, **more)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(done.stderr, "")
        return done.stdout


class TestLessons(Plays):
    def plays_as_it_begins(self, name, number):
        self.assertRegex(self.plays(name), rf"(?m)^lesson {number}, {name}(, .*)?: held$")

    def plays_however_it_is_varied(self, name):
        for dials in VARIED[name]:
            for values in itertools.product(*dials.values()):
                settings = [f"{dial}={value}" for dial, value in zip(dials, values)]
                with self.subTest(settings=settings):
                    self.plays(name, *settings)


each(TestLessons, "the_lesson", [(name, number) for number, name in enumerate(lessons(), 1)],
     TestLessons.plays_as_it_begins)
each(TestLessons, "varied", [(name,) for name in lessons()], TestLessons.plays_however_it_is_varied)


class TestLab(Plays):
    def test_all_lessons_hold_say_where_to_read_on_and_leave_nothing_behind(self):
        names = lessons()
        with tempfile.TemporaryDirectory() as scratch:
            printed = self.plays(env={"TMPDIR": scratch})
            self.assertEqual(os.listdir(scratch), [])
        for number, name in enumerate(names, 1):
            with self.subTest(lesson=name):
                self.assertRegex(printed, rf"(?m)^lesson {number}, {name}(, .*)?: held$")
        self.assertTrue(printed.endswith(f"{len(names)} lessons, {len(names)} held\n"))
        pages = re.findall("^More: (.*)$", printed, re.MULTILINE)
        self.assertEqual(len(pages), len(names))
        for page in pages:
            self.assertTrue(os.path.exists(os.path.join(ROOT, page)), page)

    def test_what_the_environment_says_of_servers_is_not_for_its_own(self):
        self.plays("1", env={"ECHOLOG_REQUIREPASS": "secret", "ECHOLOG_PORT": "1",
                             "ECHOLOGCLI_AUTH": "another"})

    def test_every_lesson_is_on_the_page_of_the_course(self):
        with open(os.path.join(ROOT, "docs/lab.md"), encoding="utf-8") as page:
            text = page.read()
        for number, name in enumerate(lessons(), 1):
            self.assertIn(f"| {number} | `{name}` | ", text)

    def test_one_lesson_by_its_number_or_name_with_other_dials(self):
        by_number = self.plays("1", "listeners=2")
        self.assertIn("lesson 1, unheard, listeners=2: held", by_number)
        self.assertTrue(by_number.endswith("1 lesson, 1 held\n"))
        self.assertIn("lesson 1, unheard, listeners=0: held", self.plays("unheard"))

    def test_on_a_server_that_others_use_it_cleans_up_behind_itself(self):
        server = Server()
        self.addCleanup(server.close)
        client = redis.Redis(port=server.port, decode_responses=True)
        self.addCleanup(client.close)
        client.execute_command("PRODUCE", "orders", "somebody else's")
        self.plays(options=["-p", str(server.port)])
        topics = client.execute_command("TOPIC", "LIST")
        self.assertEqual([name for name in topics if not name.startswith("__")], ["orders"])
        self.assertEqual(client.execute_command("GROUP", "LIST"), [])
        self.assertEqual(len(client.execute_command("FETCH", "orders", 0, "EARLIEST")), 1)

    def test_what_makes_no_sense_is_said(self):
        for words, said in [(["unhaerd"], "did you mean 'unheard'?"),
                            (["99"], "there is no lesson '99'"),
                            (["--auto", "1", "listeners=99"], "listeners is 0 to 3"),
                            (["--auto", "1", "listners=1"], "did you mean 'listeners'?"),
                            (["1"], "--auto")]:
            with self.subTest(words=words):
                done = lab(*words)
                self.assertEqual(done.returncode, 2)
                self.assertIn(said, done.stderr)

    def test_it_is_played_once_and_reads_no_input(self):
        for options in (["-r", "2"], ["-x"]):
            done = lab("--list", options=options)
            self.assertEqual(done.returncode, 2)
            self.assertIn("do not go with lab", done.stderr)

    def test_no_server_is_not_a_lesson_that_fails(self):
        done = lab("--auto", options=["-p", "1"])
        self.assertEqual(done.returncode, 2)
        self.assertIn("Could not connect", done.stderr)
        self.assertIn("0 held", done.stdout)


if __name__ == "__main__":
    unittest.main()
