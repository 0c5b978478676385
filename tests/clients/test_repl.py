# SPDX-License-Identifier: BSD-3-Clause
"""The prompt of echolog-cli as a person meets it, in a terminal."""

import os
import re
import signal
import termios
import unittest

import redis

from server import Server
from terminal import Terminal

CTRL_C = "\x03"
CTRL_D = "\x04"
UP = "\x1b[A"


class TestPrompt(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.close)
        self.client = redis.Redis(port=self.server.port, decode_responses=True)
        self.addCleanup(self.client.close)
        self.history = os.path.join(self.server.scratch, "history")
        self.terminal = self.open()

    def open(self, *options, **size):
        terminal = Terminal([os.environ["ECHOLOG_CLI"], "-p", str(self.server.port), *options],
                            env={"ECHOLOGCLI_HISTFILE": self.history}, **size)
        self.addCleanup(terminal.close)
        terminal.wait(self.prompt())
        return terminal

    def prompt(self, state=""):
        return f"127.0.0.1:{self.server.port}{state}>"

    def run_line(self, text, seen):
        self.terminal.type(text + "\r")
        self.terminal.wait(seen)

    def produce(self, topic, *values):
        for value in values:
            self.client.execute_command("PRODUCE", topic, value)

    # --- Tab and hints ---

    def test_tab_completes_commands_sub_commands_and_names(self):
        self.produce("orders-of-today", "x")
        self.terminal.type("TOP\t")
        self.terminal.wait("> TOPIC")
        self.terminal.type("des\t")
        self.terminal.wait("> TOPIC describe")
        self.terminal.type("ord\t")
        self.terminal.wait("> TOPIC describe orders-of-today")
        self.run_line("", "log-start")

    def test_tab_lists_what_there_is_when_there_are_several(self):
        self.produce("orders", "x")
        self.produce("ordinary", "x")
        self.terminal.type("FETCH o\t")
        self.terminal.wait("> FETCH ord")
        self.terminal.type("\t")
        self.terminal.wait(lambda shown: "orders" in shown and "ordinary" in shown)

    def test_tab_does_not_disturb_a_transaction(self):
        self.produce("orders", "x")
        self.run_line("MULTI", self.prompt("(TX)"))
        self.terminal.type("FETCH ord\t")
        self.terminal.wait("> FETCH orders")
        self.run_line("0 0", "QUEUED")
        self.run_line("EXEC", '"x"')

    def test_the_syntax_is_shown_while_typing_and_gone_behind_the_line(self):
        self.terminal.type("PUBLISH ")
        self.terminal.wait("channel message")
        self.terminal.type("news ")
        self.terminal.wait(lambda shown: "channel message" not in shown and "message" in shown)
        self.run_line("hi", "(integer) 0")
        self.assertNotIn("message", self.terminal.shown())

    # --- history and editing ---

    def test_lines_come_back_also_in_the_next_session_but_not_passwords(self):
        self.run_line("ECHO first", '"first"')
        for line, seen in (("AUTH secret", "(error)"), ("2 AUTH secret", "(error)"),
                           ("HELLO 3 AUTH nobody secret", "(error)"), ("ACL SETUSER ann on >secret", "OK"),
                           ("CONFIG SET maxclients 100 tls-key-file-pass secret", "OK")):
            self.run_line(line, seen)
            self.run_line("clear", lambda shown: "secret" not in shown)
        self.run_line("CONFIG SET maxclients 100", "OK")
        self.terminal.type(CTRL_D)
        self.assertEqual(self.terminal.ended(), 0)
        with open(self.history, encoding="utf-8") as history:
            self.assertNotIn("secret", history.read())
        self.terminal = self.open()
        self.terminal.type(UP)
        self.terminal.wait("> CONFIG SET maxclients 100")
        self.terminal.type(UP + UP)
        self.terminal.wait("> ECHO first")
        self.run_line("", '"first"')

    def test_keys_that_move_by_words_and_to_the_ends(self):
        left, right, home, end, delete = "\x1b[1;5D", "\x1b[1;5C", "\x1b[H", "\x1b[F", "\x1b[3~"
        self.terminal.type("xCHO 'one two'" + home + delete + "E" + end + left + "big ")
        self.run_line(right + left + "and ", '"one big and two"')

    def test_ctrl_c_drops_the_line_and_on_an_empty_one_leaves(self):
        self.terminal.type("ECHO never")
        self.terminal.wait("ECHO never")
        self.terminal.type(CTRL_C)
        self.terminal.wait(lambda shown: shown.count(self.prompt()) == 2)
        self.run_line("ECHO after", '"after"')
        self.assertNotIn('"never"', self.terminal.shown())
        self.terminal.type(CTRL_C)
        self.assertEqual(self.terminal.ended(), 0)

    def test_ctrl_c_as_a_signal_between_two_lines_does_not_end_it(self):
        self.terminal.process.send_signal(signal.SIGINT)
        self.terminal.wait(lambda shown: shown.count(self.prompt()) == 2)
        self.run_line("ECHO after", '"after"')

    def test_another_size_of_the_window(self):
        self.run_line("ECHO one", '"one"')
        self.terminal.resize(60, 20)
        self.run_line("ECHO " + "x" * 100, '"' + "x" * 55)
        self.run_line("ECHO two", '"two"')

    def test_many_lines_pasted_at_once(self):
        self.terminal.type("".join(f"PRODUCE pasted line-{i}\r" for i in range(200)))
        self.terminal.wait("(integer) 199")
        records = self.client.execute_command("FETCH", "pasted", 0, 0)
        self.assertEqual([record[3] for record in records], [f"line-{i}" for i in range(200)])

    def test_an_open_quote_goes_on_in_the_next_line(self):
        self.terminal.type('PRODUCE notes "first\r')
        self.terminal.wait(lambda shown: re.search(r'\n +"> +goes on until the " is closed', shown))
        self.terminal.type("  it's\r")
        self.run_line('\rlast" KEY \'k', "'>")
        self.run_line("k2'", "2) (integer) 0")
        records = self.client.execute_command("FETCH", "notes", 0, 0)
        self.assertEqual([record[2:4] for record in records], [["k\nk2", "first\n  it's\n\nlast"]])
        self.terminal.type(UP)  # comes back as one
        self.terminal.wait(lambda shown: shown.count('PRODUCE notes "first') == 2)
        self.run_line("", "2) (integer) 1")
        self.assertEqual(len(self.client.execute_command("FETCH", "notes", 0, 0)), 2)

    def test_ctrl_c_and_ctrl_d_drop_all_lines_of_an_open_quote(self):
        for key in (CTRL_C, CTRL_D):
            self.run_line('ECHO "never', '">')
            self.terminal.type(key)
            self.run_line("ECHO after", '"after"')
            self.assertNotIn('"never', self.terminal.shown().split("ECHO after")[1])
            self.run_line("clear", lambda shown: "after" not in shown)
        self.run_line('ECHO "a"b', "Invalid argument(s)")

    def test_messages_come_above_a_command_of_several_lines(self):
        self.run_line("SUBSCRIBE news", "listening to channel news")
        self.run_line('ECHO "one\rtwo"', r'"one\ntwo"')
        self.terminal.type(UP)
        self.terminal.wait(lambda shown: shown.count('ECHO "one') == 2)
        self.client.publish("news", "hello")
        self.terminal.wait('news  "hello"')
        self.terminal.wait(lambda shown: shown.count('ECHO "one') == 2)
        self.run_line("", lambda shown: shown.count(r'"one\ntwo"') == 2)

    def test_what_is_typed_ahead_is_shown_once(self):
        self.produce("quiet", "x")
        self.terminal.type("FETCH quiet 0 LATEST BLOCK 0\r")
        self.wait_for_blocked(1)
        flags = termios.tcgetattr(self.terminal.fd)[3]
        self.assertFalse(flags & (termios.ECHO | termios.ICANON))
        self.assertTrue(flags & termios.ISIG)
        self.terminal.type("PRODUCE long " + "x" * 5000 + "\rclear\rECHO ahaed\x7f\x7fead\r")
        self.produce("quiet", "now")
        self.terminal.wait('"ahaead"')
        self.assertEqual(self.terminal.shown().count("ECHO ahaead"), 1)
        self.assertEqual(len(self.client.execute_command("FETCH", "long", 0, 0)[0][3]), 5000)

    def test_the_terminal_is_again_as_it_was(self):
        def state():
            return termios.tcgetattr(self.terminal.fd)[:4]

        self.produce("quiet", "x")
        self.terminal.type(CTRL_D)
        self.assertEqual(self.terminal.ended(), 0)
        for sent in (signal.SIGTERM, signal.SIGHUP):
            self.terminal = self.open()
            before = self.terminal.before[:4]
            self.terminal.type("FETCH quiet 0 LATEST BLOCK 0\r")
            self.wait_for_blocked(1)
            self.assertNotEqual(state(), before)
            self.terminal.process.send_signal(sent)
            self.assertEqual(self.terminal.process.wait(60), -sent)
            self.assertEqual(state(), before)
            self.wait_for_blocked(0)

    def test_text_of_the_world_and_bytes_that_are_none(self):
        self.run_line('PRODUCE world "día 日本 😀"', "(integer) 0")
        self.run_line('PRODUCE world "\\xff\\x00"', "(integer) 1")
        self.run_line("FETCH world 0 0", '"\\xff\\x00"')
        self.terminal.wait(lambda shown: '"día 日本' in shown.replace("日 本 ", "日本"))
        raw = redis.Redis(port=self.server.port)
        self.addCleanup(raw.close)
        records = raw.execute_command("FETCH", "world", 0, 0)
        self.assertEqual([record[3] for record in records], ["día 日本 😀".encode(), b"\xff\x00"])

    # --- layout ---

    def test_records_are_rows_and_errors_say_so(self):
        self.client.execute_command("PRODUCE", "orders", "a book", "KEY", "ann", "HEADER", "a", "b")
        self.run_line("FETCH orders 0 EARLIEST", "partition  offset  time")
        self.assertRegex(self.terminal.shown(), r'orders/0 +0  2\d{3}-\S+Z  "ann"  "a book"  "a"="b"')
        self.run_line("NOSUCH", "(error) ERR unknown command")

    def test_help_comes_from_the_server(self):
        self.run_line("help publish", "PUBLISH channel message")
        self.run_line("help @group", "CONSUME")
        self.run_line("help nosuch", "There is no command 'nosuch'")

    def test_a_command_can_be_repeated(self):
        self.run_line("3 PRODUCE orders x", "(integer) 2")
        self.run_line("3 NOSUCH", lambda shown: shown.count("(error)") == 1)
        self.run_line("ECHO after", '"after"')
        self.assertEqual(self.client.execute_command("TOPIC", "OFFSETS", "orders")[0][1], 3)

    def test_another_server_can_be_connected_to(self):
        other = Server()
        self.addCleanup(other.close)
        self.run_line("SUBSCRIBE news", self.prompt("(listening to 1)"))
        self.run_line(f"connect localhost {other.port}", f"localhost:{other.port}>")
        self.run_line("PRODUCE there x", "(integer) 0")
        self.assertEqual(self.client.execute_command("TOPIC", "LIST"), [])
        self.run_line(f"connect 127.0.0.1 {self.server.port}", self.prompt())
        self.run_line("connect", "connect host [port]")

    def test_a_mistake_is_explained(self):
        self.run_line("PUBLSH a b", "Did you mean PUBLISH?")
        self.run_line("topic descrbe a", "Did you mean TOPIC DESCRIBE?")
        self.run_line("PRODUCE a", "  PRODUCE topic value [KEY key]")
        self.run_line("help grop", "Did you mean GROUP?")

    def test_nothing_is_hidden_where_there_is_no_room_and_another_size_counts_at_once(self):
        value = "".join(f" word-{number}" for number in range(20))
        self.client.execute_command("PRODUCE", "orders", value, "HEADER", "shop", "north")
        self.terminal.resize(80, 30)
        self.run_line("FETCH orders 0 0", 'word-19"')
        rows = self.terminal.shown().splitlines()
        first = next(i for i, row in enumerate(rows) if row.startswith("orders/0"))
        place = rows[first - 1].index("value"), rows[first - 1].index("headers")
        cells = "".join(row[slice(*place)] for row in rows[first:])
        self.assertIn(value.replace(" ", ""), cells.replace(" ", ""))
        self.run_line("clear", lambda shown: "orders" not in shown)
        self.terminal.resize(250, 30)
        self.run_line("FETCH orders 0 0", f'"{value}"')

    def test_a_slow_command_says_how_long_it_took(self):
        self.produce("quiet", "x")
        self.run_line("FETCH quiet 0 LATEST BLOCK 600", "s)")
        self.assertRegex(self.terminal.shown(), r"\(\d+\.\d\ds\)")

    # --- what comes by itself ---

    def test_messages_come_above_the_line_that_is_being_typed(self):
        self.run_line("SUBSCRIBE news", "listening to channel news")
        self.terminal.type("ECHO unfin")
        self.terminal.wait("ECHO unfin")
        self.client.publish("news", "hello")
        self.terminal.wait('news  "hello"')
        self.run_line("ished", '"unfinished"')

    def test_a_followed_topic_goes_on_beside_other_commands(self):
        self.produce("chat", "one")
        self.run_line("FOLLOW chat FROM EARLIEST", '"one"')
        self.run_line("PRODUCE chat two", '"two"')
        self.terminal.wait('chat/0@1')

    def test_a_member_hears_of_its_share(self):
        self.produce("orders", "x")
        self.run_line("CONSUME g m1 NOTIFY TOPICS orders", "group g: m1 now has orders/0")

    # --- the server goes and comes ---

    def test_after_a_restart_everything_is_as_it_was(self):
        self.produce("chat", "one", "two")
        self.run_line("SUBSCRIBE news", "listening to channel news")
        self.run_line("FOLLOW chat FROM EARLIEST", '"two"')
        port = self.server.port
        self.server.kill()
        self.terminal.wait("the next command connects again")
        self.run_line("PING", "not connected>")
        self.server.directives = ("--port", str(port))
        self.server.start()
        self.client.execute_command("PRODUCE", "chat", "meanwhile")
        self.run_line("PING", "PONG")
        self.terminal.wait('"meanwhile"')
        self.client.publish("news", "again")
        self.terminal.wait('news  "again"')
        self.assertEqual(self.terminal.shown().count('"two"'), 1)

    def test_where_no_server_is_one_can_come_later(self):
        self.terminal.type(CTRL_D)
        self.assertEqual(self.terminal.ended(), 0)
        port = self.server.port
        self.server.kill()
        self.terminal = Terminal([os.environ["ECHOLOG_CLI"], "-p", str(port)],
                                 env={"ECHOLOGCLI_HISTFILE": self.history})
        self.addCleanup(self.terminal.close)
        self.terminal.wait("Is it running?")
        self.terminal.wait("not connected>")
        self.server.directives = ("--port", str(port))
        self.server.start()
        self.run_line("PING", "PONG")
        self.terminal.wait(self.prompt())

    def test_ctrl_c_ends_a_command_that_waits(self):
        self.produce("quiet", "x")
        self.terminal.type("FETCH quiet 0 LATEST BLOCK 0\r")
        self.wait_for_blocked(1)
        self.terminal.type(CTRL_C)
        self.wait_for_blocked(0)
        self.run_line("ECHO after", '"after"')

    def wait_for_blocked(self, count):
        self.terminal.wait(lambda _: self.client.info("clients")["blocked_clients"] == count)

    def test_resp2_takes_a_subscription_until_ctrl_c(self):
        self.terminal = self.open("-2")
        self.run_line("SUBSCRIBE news", "press Ctrl-C to quit")
        self.terminal.wait('1) "subscribe"')
        self.client.publish("news", "hello")
        self.terminal.wait('3) "hello"')
        self.terminal.type(CTRL_C)
        self.run_line("ECHO after", '"after"')


if __name__ == "__main__":
    unittest.main()
