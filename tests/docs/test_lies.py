# SPDX-License-Identifier: BSD-3-Clause
"""The runner itself: pages that lie must fail, and a page that tells the truth passes. And what is made from sources must
be what its sources make."""

import glob
import os
import re
import subprocess
import unittest

from machine import ROOT
from matching import same
from play import Player

DEADLINE_S = 1  # before what was shown is taken as final

TRUTH = """# A page

    $ redis-cli -p 3246 PRODUCE orders "a book"
    1) (integer) 0
    2) (integer) 0
    127.0.0.1:3246> PRODUCE orders "a lamp" KEY alice
    1) (integer) 0
    2) (integer) 1
    127.0.0.1:3246> FETCH orders 0 EARLIEST
    partition  offset  time                      key      value     headers
    orders/0        0  2026-01-01T00:00:00.000Z  (nil)    "a book"
    ...

Then commands,

    TOPIC CREATE clicks PARTITIONS 4     # and what they are for
    TOPIC DELETE clicks

a script, and a program.

```sh
redis-cli -p 3246 PUBLISH news "a goal"
```

```python
import redis
print(redis.Redis(port=3246).execute_command("PRODUCE", "orders", "a chair"))
```

```text
[0, 2]
```

<!-- docs: not run: because -->

    no command at all
"""


def outcomes(text):
    return [(outcome, why) for _, outcome, why in Player(text, DEADLINE_S).outcomes()]


class TestPages(unittest.TestCase):
    def failure(self, text):
        """Why the page fails."""
        self.assertNotEqual(text, TRUTH)
        whys = [why for outcome, why in outcomes(text) if outcome == "failed"]
        self.assertTrue(whys, "the page lies, and passed")
        return whys[0]

    def lie(self, truth, instead):
        self.assertIn(truth, TRUTH)
        return self.failure(TRUTH.replace(truth, instead, 1))

    def test_a_page_that_tells_the_truth_passes(self):
        self.assertEqual([outcome for outcome, _ in outcomes(TRUTH)], ["passed"] * 5 + ["not run"])

    def test_another_offset_fails(self):
        self.assertIn("the page shows", self.lie("2) (integer) 1\n", "2) (integer) 7\n"))

    def test_a_line_too_few_fails(self):
        self.assertIn("the page shows", self.lie("    ...\n", ""))

    def test_a_line_that_does_not_come_fails(self):
        self.assertIn("the page shows", self.lie("    2) (integer) 0\n", "    2) (integer) 0\n    OK\n"))

    def test_a_command_that_is_not_there_fails(self):
        self.assertIn("the page shows", self.lie("redis-cli -p 3246 PRODUCE", "redis-cli -p 3246 PRODUCT"))

    def test_a_bare_command_that_is_refused_fails(self):
        self.assertIn("UNKNOWNTOPIC", self.lie("TOPIC DELETE clicks", "TOPIC DELETE clocks"))

    def test_an_error_that_the_page_does_not_show_fails(self):
        self.assertIn("failed", self.failure("    $ redis-cli -p 3246 TOPIC DELETE clocks\n"))

    def test_a_program_that_prints_something_else_fails(self):
        self.assertIn("the page shows", self.lie("[0, 2]", "[0, 3]"))

    def test_a_program_that_breaks_fails(self):
        self.assertIn("status 1", self.lie("import redis", "import rudis"))

    def test_a_script_that_breaks_fails(self):
        self.assertIn("status", self.lie('redis-cli -p 3246 PUBLISH', 'radis-cli -p 3246 PUBLISH'))

    def test_a_block_that_is_not_understood_fails(self):
        self.assertIn("not understood", self.lie("<!-- docs: not run: because -->\n", ""))

    def test_a_comment_that_is_not_understood_fails(self):
        self.assertIn("not understood", self.lie("not run: because", "never mind"))

    def test_a_command_that_goes_on_without_a_word_fails(self):
        self.assertIn("goes on", self.failure(
            "    $ redis-cli -p 3246 PRODUCE t v; cat\n    1) (integer) 0\n    2) (integer) 0\n"))

    def test_commands_of_a_table_have_to_succeed(self):
        page = ("<!-- docs: table -->\n\n| there | here |\n|---|---|\n| `x` | `echolog-cli PRODUCE t 'a\\|b'` |\n"
                "| `y` | `echolog-cli consume --topic t --from-beginning`, or nothing |\n| `z` | nothing |\n"
                "| `stop` | `echolog-cli SHUTDOWN` |\n| `more` | `echolog-cli TOPIC DESCRIBE t` |\n")
        self.assertEqual([outcome for outcome, _ in outcomes(page)], ["passed"])
        self.assertIn("UNKNOWNTOPIC", self.failure(page.replace("DESCRIBE t", "DESCRIBE u")))
        self.assertIn("status 1", self.failure(page.replace("topic t", "topic u")))
        self.assertIn("no command", self.failure(page.replace("echolog-", "")))

    def test_what_follows_a_failure_has_failed(self):
        whys = outcomes(TRUTH.replace("2) (integer) 1", "2) (integer) 7"))
        self.assertEqual([outcome for outcome, _ in whys], ["failed"] * 6)

    def test_later_output_of_another_terminal_is_compared(self):
        page = ("<!-- docs: terminal 2 -->\n\n    $ redis-cli -p 3246 SUBSCRIBE news\n    ...\n    3) (integer) 1\n\nThen:\n\n"
                "    $ redis-cli -p 3246 PUBLISH news a\n    (integer) 1\n\n"
                "<!-- docs: terminal 2 shows -->\n\n    1) \"message\"\n    2) \"news\"\n    3) \"a\"\n")
        self.assertEqual([outcome for outcome, _ in outcomes(page)], ["passed"] * 3)
        self.assertIn("the page shows", self.failure(page.replace('3) "a"', '3) "b"')))


class TestMatching(unittest.TestCase):
    def test_what_must_differ_matches_by_kind(self):
        for shown, came in [("at 2026-01-01T00:00:00.000Z", "at 2031-12-30T23:59:59.999Z"), ("1767225600000", "1893456000000"),
                            ("in 12.5 ms", "in 3 ms"), ("0.3s", "17.25s"), ("a ... z", "a b z")]:
            self.assertTrue(same([shown], [came]), shown)

    def test_nothing_else_does(self):
        for shown, came in [("at 2026-01-01T00:00:00.000Z", "at noon"), ("17", "18"), ("in 12 ms", "in 12 s"), ("a.c", "abc"),
                            ("a", "a b"), ("a ... z", "a b"), ("...", "")]:
            self.assertFalse(same([shown], [came]), shown)

    def test_dots_on_a_line_of_their_own_are_any_lines(self):
        self.assertTrue(same(["a", "...", "z"], ["a", "b", "c", "z"]))
        self.assertFalse(same(["a", "...", "z"], ["a", "b", "c"]))

    def test_a_client_may_say_that_it_waited(self):
        self.assertTrue(same(["OK"], ["OK", "(1.50s)"]))


class TestMade(unittest.TestCase):
    def made(self, *command):
        return subprocess.run([os.path.join(ROOT, command[0]), *command[1:]], stdout=subprocess.PIPE, text=True, check=True).stdout

    def kept(self, *path):
        with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
            return file.read()

    def test_the_reference_is_what_the_table_makes(self):
        self.assertEqual(self.kept("docs", "commands.md"), self.made("utils/make-reference"), "run `make docs`")

    def test_the_pictures_are_what_their_sources_draw(self):
        sources = glob.glob(os.path.join(ROOT, "docs", "pictures", "*.seq"))
        self.assertTrue(sources)
        for source in sources:
            self.assertEqual(self.kept(source[:-len("seq")] + "svg"), self.made("utils/make-pictures", source), "run `make docs`")

    def test_links_lead_somewhere(self):
        for page in [os.path.join(ROOT, "README.md"), *glob.glob(os.path.join(ROOT, "docs", "*.md"))]:
            for link in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", self.kept(page)):
                self.assertTrue(os.path.exists(os.path.join(os.path.dirname(page), link)), f"{page}: {link}")

    def spans(self):
        """(page, code) for what stands between backquotes in prose and tables."""
        for page in [os.path.join(ROOT, "README.md"), *glob.glob(os.path.join(ROOT, "docs", "*.md"))]:
            prose = re.sub(r"^```.*?^```", "", self.kept(page), flags=re.MULTILINE | re.DOTALL)
            for span in re.findall(r"`([^`\n]+)`", re.sub(r"(?<!\n)\n(?![\n|#-])", " ", prose)):
                yield os.path.basename(page), span

    def test_commands_named_in_prose_are_there(self):
        names = set(re.findall(r"^### (.*)$", self.kept("docs", "commands.md"), re.MULTILINE))
        containers = {name.split()[0] for name in names if " " in name} - names
        for page, span in self.spans():
            words = re.sub(r"^echolog-cli ", "", span).split()
            if len(words) > 1 and words[0] in containers and re.fullmatch("[A-Z-]+", words[1]):
                self.assertIn(" ".join(words[:2]), names | {words[0] + " HELP"}, f"{page}: {span}")
            elif span.startswith("echolog-cli ") and re.fullmatch("[A-Z]+", words[0]):
                self.assertIn(words[0], names | containers, f"{page}: {span}")

    def test_options_of_tools_named_in_prose_are_there(self):
        helps = {}
        seen = 0
        for page, span in self.spans():
            tool = re.match(r"echolog-cli ([a-z]+) (.*)", span)
            if not tool:
                continue
            if tool.group(1) not in helps:
                helps[tool.group(1)] = subprocess.run([os.environ["ECHOLOG_CLI"], tool.group(1), "--help"], check=True,
                                                      stdout=subprocess.PIPE, text=True).stdout
            for option in re.findall(r"--[a-z-]+", tool.group(2)):
                self.assertRegex(helps[tool.group(1)], rf"{option}\b", f"{page}: {span}")
                seen += 1
        self.assertGreater(seen, 10)

    def test_the_reference_has_every_command_of_the_server(self):
        player = Player("    PING\n")
        for _ in player.outcomes():
            status, listed = player.machine.shell("redis-cli COMMAND LIST")
        self.assertEqual(status, 0)
        page = set(re.findall(r"^### (.*)$", self.kept("docs", "commands.md"), re.MULTILINE))
        names = {name.replace("|", " ").upper() for name in listed.split()}
        self.assertEqual({name for name in names if not name.endswith(" HELP")} - page - {name.split()[0] for name in page}, set())
        self.assertEqual(page - names - {name for name in page if " " in name}, set())


if __name__ == "__main__":
    unittest.main()
