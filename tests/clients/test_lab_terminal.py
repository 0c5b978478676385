# SPDX-License-Identifier: BSD-3-Clause
"""The course as a learner meets it, in a terminal."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import termios
import time
import unittest

from terminal import Terminal

CTRL_C = "\x03"
CTRL_D = "\x04"
DEADLINE_S = 60
GUESS = "What do you think?"
NEXT = "q leave >"


def servers_on(directory):
    """The processes that have it on their command line."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as line:
                if directory.encode() in line.read():
                    found.append(int(pid))
        except OSError:
            pass
    return found


class TestLearner(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.mkdtemp(prefix="echolog-learner-")
        self.addCleanup(shutil.rmtree, self.scratch, ignore_errors=True)

    def open(self, *words, pace="0", env=None, **size):
        self.terminal = Terminal([os.environ["ECHOLOG_CLI"], "lab", "--pace", pace, *words],
                                 env={"TMPDIR": self.scratch, **(env or {})},
                                 **{"columns": 100, "lines": 70, **size})
        self.addCleanup(self.terminal.close)
        return self.terminal

    def say(self, answer, seen):
        """The screen is emptied first, so that what is seen came behind the answer."""
        self.terminal.screen.reset()
        self.terminal.type(answer + "\r")
        self.terminal.wait(seen)
        return " ".join(self.terminal.shown().split())

    def assert_nothing_is_left(self):
        self.assertEqual(os.listdir(self.scratch), [])
        self.assertEqual(servers_on(self.scratch), [])

    def test_what_is_typed_while_it_plays_is_not_drawn_into_it(self):
        self.open("unheard", pace="3600").wait(GUESS)
        self.terminal.type("b\r")
        self.terminal.wait("> PUBLISH")
        self.assertFalse(termios.tcgetattr(self.terminal.fd)[3] & termios.ECHO)
        for _ in range(20):
            self.terminal.type("unseen\r")
        self.terminal.wait(NEXT)
        self.assertNotIn("unseen", self.terminal.shown())
        self.assertTrue(termios.tcgetattr(self.terminal.fd)[3] & termios.ECHO)

    # --- predicting ---

    def test_a_wrong_guess_is_welcome_and_explained(self):
        self.open("unheard").wait(GUESS)
        shown = self.say("a", NEXT)
        self.assertIn("You said a. The channel kept nothing for him.", shown)
        self.assertIn("What happened b) The record of the topic", shown)
        self.assertIn("More: docs/tutorial-1.md", shown)

    def test_a_right_guess_is_told_to_be_one(self):
        self.open("unheard").wait(GUESS)
        self.assertIn("You said so.", self.say("B)", NEXT))

    def test_no_guess_is_no_reproach(self):
        self.open("1").wait(GUESS)
        self.assertNotIn("You said", self.say("", NEXT))

    def test_what_is_no_answer_gets_a_hint(self):
        self.open("1").wait(GUESS)
        self.assertIn("'x' is none of the choices", self.say("x", GUESS))
        self.assertIn("A wrong guess costs nothing", self.say("?", GUESS))
        self.say("b", NEXT)

    # --- going on ---

    def test_a_lesson_is_varied_and_its_teaching_with_it(self):
        self.open("members").wait(GUESS)
        self.assertIn("1 waits with nothing to do", self.say("a", NEXT))
        self.assertIn("did you mean 'members'?", self.say("v membres=2", NEXT))
        self.assertIn("members is 1 to 5", self.say("v members=9", NEXT))
        self.assertIn("members=3", self.say("v", NEXT))
        self.assertIn("Each gets one partition.", self.say("v members=2 partitions=2", GUESS))
        self.assertIn("one more member would have nothing to do", self.say("a", NEXT))
        self.assertIn("a group of 2 members", self.say("r", GUESS))

    def test_from_one_lesson_to_the_next_and_to_any(self):
        self.open().wait(GUESS)
        self.assertIn("Lesson 1 of", " ".join(self.terminal.shown().split()))
        self.say("b", NEXT)
        self.assertIn("Lesson 2 of", self.say("", GUESS))
        self.say("b", NEXT)
        self.assertIn("Lesson 5 of", self.say("rebalance", GUESS))
        self.say("", NEXT)
        self.assertIn("unheard", self.say("l", NEXT))
        self.assertIn("did you mean 'keys'?", self.say("kyes", NEXT))
        self.assertIn("the list of lessons", self.say("?", NEXT))
        self.assertIn("Lesson 3 of", self.say("3", GUESS))

    def test_what_was_made_can_be_looked_at_until_the_next_run(self):
        self.open("1").wait(GUESS)
        port = re.search(r"echolog-cli -p (\d+)", self.say("b", NEXT)).group(1)
        done = subprocess.run([os.environ["ECHOLOG_CLI"], "-p", port, "FETCH", "orders", "0", "0"],
                              stdout=subprocess.PIPE, text=True, check=True)
        self.assertIn("a book", done.stdout)

    # --- leaving ---

    def leave(self, how):
        how()
        self.assertEqual(self.terminal.ended(), 0)
        self.assert_nothing_is_left()

    def test_q_leaves_wherever_something_is_asked(self):
        self.open("1").wait(GUESS)
        self.leave(lambda: self.terminal.type("q\r"))
        self.open("1").wait(GUESS)
        self.say("b", NEXT)
        self.leave(lambda: self.terminal.type("q\r"))

    def test_ctrl_d_and_ctrl_c_leave_too(self):
        for key in (CTRL_C, CTRL_D):
            with self.subTest(key=key):
                self.open("1").wait(GUESS)
                self.say("b", NEXT)
                self.assertEqual(len(os.listdir(self.scratch)), 1)
                self.leave(lambda: self.terminal.type(key))

    def test_ctrl_c_in_the_middle_of_a_play(self):
        self.open("1", pace="30").wait(GUESS)
        self.terminal.type("b\r")
        self.terminal.wait("PUBLISH news")
        self.leave(lambda: self.terminal.type(CTRL_C))

    def test_a_terminal_that_goes_away_takes_all_with_it(self):
        for number in (signal.SIGHUP, signal.SIGTERM):
            with self.subTest(signal=number):
                self.open("1", pace="30").wait(GUESS)
                self.terminal.type("b\r")
                self.terminal.wait("PUBLISH news")
                self.leave(lambda: self.terminal.process.send_signal(number))

    def test_also_when_it_is_killed_its_server_ends(self):
        self.open("1").wait(GUESS)
        self.say("b", NEXT)
        self.assertEqual(len(servers_on(self.scratch)), 1)
        self.terminal.process.kill()
        deadline = time.monotonic() + DEADLINE_S
        while servers_on(self.scratch):
            self.assertLess(time.monotonic(), deadline)

    # --- looks ---

    def test_enter_hurries_on(self):
        self.open("1", pace="600").wait(GUESS)
        self.terminal.type("b\r")
        self.terminal.wait("PUBLISH news")
        while "Remember" not in self.terminal.shown():
            self.terminal.type("\r")
            self.terminal.take(0.05)

    def test_lanes_stand_side_by_side_where_there_is_room(self):
        self.open("sharing").wait(GUESS)
        self.say("b", NEXT)
        self.assertIn(" writer                 │ ann                    │ bob", self.terminal.shown())

    def test_a_narrow_window_has_names_in_front(self):
        self.open("sharing", columns=50, lines=200).wait(GUESS)
        self.say("b", NEXT)
        shown = self.terminal.shown()
        self.assertNotIn("│", shown)
        self.assertIn("\nann < news: \"goal 1\"\n", shown)
        self.assertLessEqual(max(map(len, shown.splitlines())), 50)

    def test_another_size_of_the_window_in_the_middle(self):
        self.open("1", pace="600").wait(GUESS)
        self.terminal.type("b\r")
        self.terminal.wait("PUBLISH news")
        self.assertIn("│", self.terminal.shown())
        self.terminal.resize(30, 70)
        while "bob <" not in self.terminal.shown().lower():
            self.terminal.type("\r")
            self.terminal.take(0.05)

    def test_colour_only_where_it_is_wanted(self):
        for none, expected in (("1", False), ("", True)):
            with self.subTest(no_color=none):
                command = f"NO_COLOR={none} exec $ECHOLOG_CLI lab --pace 0 1"
                terminal = Terminal(["/bin/sh", "-c", command], env={"TMPDIR": self.scratch})
                self.addCleanup(terminal.close)
                terminal.wait(GUESS)
                bold = any(cell.bold for row in terminal.screen.buffer.values()
                           for cell in row.values())
                self.assertEqual(bold, expected)
                terminal.type("q\r")
                terminal.ended()


class TestNoServer(unittest.TestCase):
    def test_a_server_that_is_not_there_or_does_not_start_is_said(self):
        with tempfile.TemporaryDirectory() as scratch:
            cli = os.path.join(scratch, "echolog-cli")
            shutil.copy(os.environ["ECHOLOG_CLI"], cli)
            for server, said in ((None, "there is no echolog-server"),
                                 ("#!/bin/sh\necho no luck today\nexit 1\n", "no luck today")):
                with self.subTest(server=server):
                    if server is not None:
                        path = os.path.join(scratch, "echolog-server")
                        with open(path, "w", encoding="ascii") as script:
                            script.write(server)
                        os.chmod(path, 0o755)
                    done = subprocess.run([cli, "lab", "--auto", "1"], stdout=subprocess.DEVNULL,
                                          stderr=subprocess.PIPE, text=True, check=False,
                                          env=dict(os.environ, PATH="/nowhere", TMPDIR=scratch))
                    self.assertEqual(done.returncode, 2)
                    self.assertIn(said, done.stderr)
                    self.assertFalse([name for name in os.listdir(scratch) if "lab-" in name])


if __name__ == "__main__":
    unittest.main()
