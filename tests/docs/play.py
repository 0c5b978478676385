# SPDX-License-Identifier: BSD-3-Clause
"""Does what a page says, block by block, and compares."""

import os
import re
import shlex
import time

from machine import DEADLINE_S, NODE_MODULES, Machine, Wrong
from matching import same, tidy
import page

NAMED = re.compile(r"(?:#|//) (\S+\.(?:py|mjs))\b")
SERVER = re.compile(r"(?:build/release/)?echolog-server(?= |$)(?!.*--(check-config|version|help|daemonize))")
LISTENS = re.compile(r"\b([PS]?SUBSCRIBE|FOLLOW|MONITOR)\b")  # these go on until Ctrl-C, but not at echolog-cli's prompt
ENDLESS = re.compile(r"echolog-cli (tail|consume)\b(?!.*--(max-messages|timeout-ms|until-end))")
COMMENT = re.compile(r"\s{2,}#\s.*$|\s+# .*$")
BARE = re.compile(r"([A-Z]+|echolog-cli|redis-cli)( |$)")
PROGRAMS = {"python": (["python3"], ".py"), "js": (["node"], ".mjs")}


class NotRun(Exception):
    """A block that says itself that it is not run."""


class Player:
    def __init__(self, text, deadline_s=DEADLINE_S):
        self.blocks = page.blocks(text)
        self.deadline_s = deadline_s
        self.machine = None
        self.printed = None  # by the last program
        self.known = None    # names of commands

    # --- the orders ----------------------------------------------------------------------------------

    def obey(self, order):
        """One comment. Those about the block itself are returned: how it is to be played."""
        word, _, rest = order.partition(" ")
        if word == "not" and rest.startswith("run: "):
            raise NotRun(rest)
        if word == "terminal":
            name, _, how = rest.partition(" ")
            if how not in ("", "goes on", "shows"):
                raise Wrong(f"'{how}' is nothing a terminal does")
            return name, how
        if word == "run":
            status, output = self.machine.shell(self.machine.mapped(rest))
            if status != 0 or "(error)" in output or output.startswith("ERR"):
                raise Wrong(f"{rest}: status {status}\n{output}")
        elif word == "until":
            self.until(*rest.split(" => "))
        elif word == "gone":
            self.machine.wait_gone()
        elif word == "interrupt":
            self.machine.terminal(rest).interrupt()
        elif word != "server":
            raise Wrong(f"a comment that is not understood: {order}")
        return None

    def until(self, command, text):
        deadline = time.monotonic() + self.deadline_s
        while text not in self.machine.shell(self.machine.mapped(command))[1]:
            if time.monotonic() > deadline:
                raise Wrong(f"waited for '{text}' from {command}")

    # --- blocks --------------------------------------------------------------------------------------

    def play(self, block):
        terminal, how = "1", ""
        for order in block.orders:
            said = self.obey(order)
            if said:
                terminal, how = said
        if not block.lines:
            return
        if how == "shows":
            self.compare(self.machine.terminal(terminal), block.lines, True)
        elif block.language == "sh":
            self.play_shell(block)
        elif block.language == "js" and not os.path.isdir(os.path.join(NODE_MODULES, "redis")):
            raise NotRun("run: node-redis is not installed")
        elif block.language in PROGRAMS:
            self.play_program(block)
        elif block.language == "text" and self.printed is not None:
            self.check(block.lines, self.printed.split("\n"))
            self.printed = None
        elif block.language == "table":
            self.play_table(block)
        elif block.language in ("", "text"):
            self.play_lines(block, terminal, how)
        else:
            raise Wrong(f"a block of '{block.language}' is not understood")

    def play_lines(self, block, terminal, how):
        steps = block.steps()
        if steps[0][0] is not None:
            self.play_terminal(self.machine.terminal(terminal), steps, how)
        elif all(BARE.match(line) for line in block.lines if line.strip()):
            self.play_bare([line for line in block.lines if line.strip()])
        else:
            raise Wrong("a block that is not understood: neither prompts nor commands")

    def play_terminal(self, terminal, steps, how):
        for number, (prompt, typed, shown) in enumerate(steps):
            goes_on = how == "goes on" and number == len(steps) - 1 or prompt == "$ " and LISTENS.search(typed)
            command = self.machine.mapped(COMMENT.sub("", typed))
            server = SERVER.match(command) if prompt == "$ " else None
            if server and not tidy(shown):
                self.machine.start_server(shlex.split(command[server.end():]))
                continue
            terminal.prompt_for(prompt)
            terminal.enter(command)
            if tidy(shown):
                self.compare(terminal, shown, goes_on)
            elif not goes_on:
                self.succeed(terminal, command)

    def succeed(self, terminal, command):
        """What shows nothing on the page must have worked."""
        prompt = terminal.wait_prompt()
        output = terminal.output()
        if prompt == "$ " and terminal.status != 0 or any(line.startswith("(error)") for line in output):
            raise Wrong(f"{command}: failed\n" + "\n".join(output))
        terminal.accept()

    def play_bare(self, lines):
        """Commands without a prompt: each must be one, and work."""
        terminal = self.machine.terminal("bare")
        for line in lines:
            command = self.machine.mapped(COMMENT.sub("", line))
            terminal.prompt_for("127.0.0.1" if command[0].isupper() else "$ ")
            terminal.enter(command)
            self.succeed(terminal, command)

    def play_table(self, block):
        """The commands of its last column, one after the other: each has to succeed."""
        commands = page.table_commands(block.lines)
        if not commands:
            raise Wrong("there is no command in the last column")
        for command in map(self.machine.mapped, commands):
            server = SERVER.match(command)
            if server:
                self.machine.start_server(shlex.split(command[server.end():]))
                continue
            run = self.machine.interrupted if ENDLESS.match(command) else self.machine.shell
            status, output = run(command)
            if status != 0:
                raise Wrong(f"{command}: status {status}\n{output}")
            if "SHUTDOWN" in command:
                self.machine.wait_gone()
                self.machine.start_server(())

    def play_shell(self, block):
        script = []
        for line in self.machine.mapped(block.text()).split("\n"):
            server = SERVER.match(line)
            if not server:
                script.append(line)
                continue
            self.run_script(script)
            script = []
            self.machine.start_server(shlex.split(COMMENT.sub("", line)[server.end():]))
        self.run_script(script)

    def run_script(self, lines):
        status, output = self.machine.shell("\n".join(lines))
        if status != 0:
            raise Wrong(f"the script ended with status {status}:\n{output}")
        self.printed = output

    def play_program(self, block):
        """A program whose first line names a file is kept there for later; another is run."""
        text = self.machine.mapped(block.text())
        named = NAMED.match(block.lines[0])
        if named:
            self.machine.save(named.group(1), text)
            return
        command, suffix = PROGRAMS[block.language]
        status, self.printed = self.machine.run([*command, self.machine.save("program" + suffix, text)])
        if status != 0:
            raise Wrong(f"the program ended with status {status}:\n{self.printed}")

    # --- comparing -----------------------------------------------------------------------------------

    def check(self, shown, came):
        shown = [self.machine.mapped(line) for line in shown]
        if not same(shown, came):
            raise Wrong("the page shows\n" + "\n".join(tidy(shown)) + "\nand what came is\n" + "\n".join(tidy(came)))

    def compare(self, terminal, shown, goes_on):
        """Until it shows what the page shows, and the prompt unless it goes on."""
        shown = [self.machine.mapped(line) for line in shown]
        deadline = time.monotonic() + self.deadline_s
        while not same(shown, terminal.output()) or not (goes_on or terminal.at_prompt()):
            if time.monotonic() > deadline or not terminal.take(0.1):
                self.check(shown, terminal.output())
                raise Wrong("it goes on, and the page does not say so:\n" + "\n".join(tidy(shown)))
        terminal.accept()

    # --- the page ------------------------------------------------------------------------------------

    def outcomes(self):
        """(line, "passed" | "failed" | "not run", why) for each block. What follows a failure is not reached, and has failed."""
        directives = [shlex.split(order.partition(" ")[2]) for block in self.blocks for order in block.orders
                      if order.startswith("server ")]
        self.machine = Machine([word for words in directives for word in words])
        failed = None
        try:
            for block in self.blocks:
                if failed:
                    yield block.line, "failed", f"not reached, for line {failed} failed"
                    continue
                try:
                    self.play(block)
                    yield block.line, "passed", ""
                except NotRun as reason:
                    yield block.line, "not run", str(reason)[len("run: "):]
                except Exception as error:  # whatever it is, the page does not work
                    failed = block.line
                    yield block.line, "failed", f"{type(error).__name__}: {error}"
        finally:
            self.machine.close()
