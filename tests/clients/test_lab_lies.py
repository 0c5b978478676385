# SPDX-License-Identifier: BSD-3-Clause
"""A broker that breaks its promises, and lessons that notice: each names what it expected and what it saw."""

import os
import shlex
import shutil
import sys
import tempfile
import unittest

import liar
from server import Server
from test_lab import each, lab

# The lie, the lesson, and what the lesson has to say. A lie may be noticed in several lessons.
NOTICED = [
    (liar.SaysSomebodyHeard, ["unheard"],
     "how many PUBLISH says have heard it: expected 0, saw 1"),
    (liar.KeepsMessages, ["unheard"],
     'what happened: expected "The record of the topic, and not the message of the channel.", saw "Both."'),
    (liar.DropsAMessage, ["sharing"], "heard: expected 4, saw 3"),
    (liar.GivesToAllMembers, ["sharing"],
     "members of shipping that got record 1: expected 1, saw 2"),
    (liar.GivesToAllMembers, ["members"],
     "members that got the record of partition 0: expected 1, saw 3"),
    (liar.LeavesAPartitionOut, ["members", "members=1"],
     "members that got the record of partition 1: expected 1, saw 0"),
    (liar.ForgetsKeys, ["keys"],
     "saw \"None: the records of one customer may be read in another order than they were produced.\""),
    (liar.DealsAnew, ["rebalance"],
     'saw "All partitions are taken back, and dealt out from the beginning."'),
    (liar.CommitsByItself, ["twice"], "how often a lamp is charged: expected 2, saw 1"),
    (liar.CommitsNothing, ["twice"], "orders that were committed at the crash: expected 1, saw 0"),
    (liar.SeeksTheEnd, ["replay"], 'what happened: expected "The two orders since noon.", saw "'),
    (liar.PassesOverLoss, ["retention"],
     'saw "The click from one hour ago: what is gone is passed over."'),
    (liar.MovesGroupsOn, ["retention", "gus=consumes"],
     'saw "The click from one hour ago: what is gone is passed over."'),
    (liar.HidesLoss, ["retention", "gus=follows"],
     'saw "The click from one hour ago: what is gone is passed over."'),
    (liar.DestroysWhatIsDone, ["queue"],
     'saw "Each order to one of them; when it is done it is gone."'),
    (liar.KeepsMessages, ["queue", "way=channel"],
     'saw "Each order to both; all four can still be read."'),
    (liar.HasASeam, ["memory"],
     'saw "What was said before and what is said now, but some in between is missing."'),
    (liar.Stutters, ["memory"], 'saw "All of it, but some that was said while he came he gets twice."'),
    (liar.KeepsMessages, ["memory", "bob=subscribes"],
     "lines that Bob hears of what he missed: expected 0, saw 1"),
    (liar.CommitsNothing, ["never"], "how often a lamp is charged: expected 0, saw 1"),
]


# On a server of the lesson's own.
NOTICED_ALONE = [
    (liar.HasNoLag, ["slow"], "the lag of Gus's group: expected"),
    (liar.NumbersAnew, ["compaction"],
     'saw "Lamp 30, book 15 and chair 55, at the offsets 0, 1 and 2."'),
    (liar.SaysSomebodyHeard, ["restart"],
     'saw "The three orders, the place of billing, and Sue\'s subscription."'),
]

# What of its data a server forgets before it starts again; the first time there is nothing to forget.
FORGOTTEN = [
    ("*", 'saw "Nothing: it begins empty."'),
    ("*/__consumer_offsets*", 'saw "The three orders. Billing begins with the book again."'),
]


class TestLies(unittest.TestCase):
    def assert_noticed(self, done, said):
        printed = " ".join(done.stdout.split())
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("! The broker contradicts this lesson: ", printed)
        self.assertIn(said, printed)
        self.assertTrue(done.stdout.endswith("1 lesson, 0 held, 1 contradicted\n"))

    def assert_held(self, done):
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertTrue(done.stdout.endswith("1 lesson, 1 held\n"))

    # --- on a server that was named ---

    def play(self, lie, words):
        server = Server()
        self.addCleanup(server.close)
        proxy = lie(server.port)
        self.addCleanup(proxy.close)
        return lab("--auto", *words, options=["-p", str(proxy.port)])

    def notices(self, _, lie, words, said):
        self.assert_noticed(self.play(lie, words), said)

    def test_the_same_lessons_hold_when_nobody_lies(self):
        for words in {" ".join(words): words for _, words, _ in NOTICED}.values():
            with self.subTest(lesson=words):
                self.assert_held(self.play(liar.Liar, words))

    # --- on the course's own, which is the one beside echolog-cli ---

    def play_beside(self, server, words):
        """The server is a script."""
        with tempfile.TemporaryDirectory() as scratch:
            cli = shutil.copy(os.environ["ECHOLOG_CLI"], os.path.join(scratch, "echolog-cli"))
            path = os.path.join(scratch, "echolog-server")
            with open(path, "w", encoding="utf-8") as script:
                script.write("#!/bin/sh\n" + server)
            os.chmod(path, 0o755)
            return lab("--auto", *words, env={"ECHOLOG_CLI": cli})

    def play_alone(self, lie, words):
        program = [sys.executable, liar.__file__, lie.__name__, os.environ["ECHOLOG_SERVER"]]
        return self.play_beside(f'exec {shlex.join(program)} "$@"\n', words)

    def notices_alone(self, _, lie, words, said):
        self.assert_noticed(self.play_alone(lie, words), said)
        self.assert_held(self.play_alone(liar.Liar, words))

    def test_a_server_that_forgets_what_it_acknowledged_is_noticed(self):
        program = shlex.quote(os.environ["ECHOLOG_SERVER"])
        for files, said in FORGOTTEN:
            with self.subTest(files=files):
                done = self.play_beside(
                    f'rm -rf "$6"/{files} "$6"/__consumer_offsets-0\nexec {program} "$@"\n', ["restart"])
                self.assert_noticed(done, said)


def named(rows):
    return [(f"{lie.__name__}_{words[0]}", lie, words, said) for lie, words, said in rows]


each(TestLies, "notices", named(NOTICED), TestLies.notices)
each(TestLies, "notices", named(NOTICED_ALONE), TestLies.notices_alone)


if __name__ == "__main__":
    unittest.main()
