# SPDX-License-Identifier: BSD-3-Clause
"""A broker that breaks its promises, and lessons that notice: each names what it expected and what it saw."""

import unittest

import liar
from server import Server
from test_lab import lab

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
    (liar.CommitsNothing, ["never"], "how often a lamp is charged: expected 0, saw 1"),
]


class TestLies(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.close)

    def play(self, lie, words):
        proxy = lie(self.server.port)
        self.addCleanup(proxy.close)
        done = lab("--auto", *words, options=["-p", str(proxy.port)])
        return done, " ".join(done.stdout.split())

    def test_every_lie_is_noticed(self):
        for lie, words, said in NOTICED:
            with self.subTest(lie=lie.__name__, lesson=words):
                done, printed = self.play(lie, words)
                self.assertEqual(done.returncode, 1, done.stdout)
                self.assertIn("! The broker contradicts this lesson: ", printed)
                self.assertIn(said, printed)
                self.assertTrue(done.stdout.endswith("1 lesson, 0 held, 1 contradicted\n"))

    def test_the_same_lessons_hold_when_nobody_lies(self):
        for words in {" ".join(words): words for _, words, _ in NOTICED}.values():
            with self.subTest(lesson=words):
                done, _ = self.play(liar.Liar, words)
                self.assertEqual(done.returncode, 0, done.stdout)
                self.assertTrue(done.stdout.endswith("1 lesson, 1 held\n"))


if __name__ == "__main__":
    unittest.main()
