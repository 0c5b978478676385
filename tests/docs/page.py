# SPDX-License-Identifier: BSD-3-Clause
"""A page of Markdown as what can be run: its blocks and, between them, the comments "<!-- docs: ... -->" that say
how (README.md beside this file lists them). Whatever else stands on the page is prose."""

import re

FENCE = re.compile(r"```(\S*)\s*$")
ORDER = re.compile(r"<!-- docs: (.*?) -->\s*$")
CELL = re.compile(r"(?<!\\)\|")
CODE = re.compile(r"`([^`]+)`")
PROMPT = r"127\.0\.0\.1:\d+(?:\([^)]*\))*> "
TYPED = re.compile(rf"(\$ |{PROMPT})(.*)")


class Block:
    """Lines of a program, of a terminal, or commands; `line` is where it begins on the page."""

    def __init__(self, language, line):
        self.language = language  # of a fence; "" without one
        self.line = line
        self.lines = []
        self.orders = []  # what the comments before it say

    def text(self):
        return "\n".join(self.lines) + "\n"

    def steps(self):
        """(prompt, what is typed, what is shown below it) for each thing that is typed. What stands before the first has
        prompt None."""
        steps = []
        for line in self.lines:
            typed = TYPED.match(line)
            if typed:
                steps.append((typed.group(1), typed.group(2), []))
            elif steps:
                steps[-1][2].append(line)
            else:
                steps.append((None, "", [line]))
        return steps


def table_commands(lines):
    """What stands as code in the last column of a table and names one of our programs."""
    cells = [CELL.split(line.strip())[-2] for line in lines[2:]]
    codes = [code.replace("\\|", "|") for cell in cells for code in CODE.findall(cell)]
    return [code for code in codes if "echolog-" in code]


def blocks(text):
    """The blocks of a page, in order. The last has no lines when comments stand behind the last block."""
    found, orders, block, fenced, blank_before = [], [], None, False, True
    for number, line in enumerate(text.split("\n"), 1):
        fence = FENCE.match(line)
        if fenced:
            if fence:
                block, fenced = None, False
            else:
                block.lines.append(line)
        elif fence:
            block, fenced = Block(fence.group(1) or "text", number + 1), True
            block.orders, orders = orders, []
            found.append(block)
        elif line.startswith("|") and (block and block.language == "table" or "table" in orders):
            if block is None:
                block = Block("table", number)
                block.orders, orders = [order for order in orders if order != "table"], []
                found.append(block)
            block.lines.append(line)
        elif line.startswith("    ") and (block or blank_before):
            if block is None:
                block = Block("", number)
                block.orders, orders = orders, []
                found.append(block)
            block.lines.append(line[4:])
        elif block and not line.strip():
            block.lines.append("")
        else:
            block = None
            order = ORDER.match(line)
            if order:
                orders.append(order.group(1))
        blank_before = not line.strip() or bool(ORDER.match(line))
    if orders:
        last = Block("", number)
        last.orders = orders
        found.append(last)
    for each in found:
        while each.lines and not each.lines[-1].strip():
            each.lines.pop()
    return found
