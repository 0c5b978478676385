# SPDX-License-Identifier: BSD-3-Clause
"""The differences that are meant, from differences.toml, and what of a diff they explain."""

import difflib
import fnmatch
import os
import tomllib
from dataclasses import dataclass, field

HERE = os.path.dirname(os.path.abspath(__file__))
FILE = os.path.join(HERE, "differences.toml")
CONTEXT_LINES = 3
WIDTH = 300
FIELDS = {"case", "step", "redis", "echolog", "why"}


def as_list(value):
    return [value] if isinstance(value, str) else list(value)


def matches(text, glob):
    """As a shell's, but [ stands for itself: replies are full of them."""
    return fnmatch.fnmatchcase(text, glob.replace("[", "[[]"))


@dataclass
class Entry:
    cases: list
    steps: list
    globs: dict  # of "redis" and "echolog"
    why: str
    used: set = field(default_factory=set)  # (what, glob) that matched something

    def explains(self, case, step, server, line):
        place = [("case", glob) for glob in self.cases if matches(case, glob)]
        place += [("step", glob) for glob in self.steps if matches(step, glob)]
        if len({what for what, _ in place}) < 2:
            return False
        hits = [(server, glob) for glob in self.globs[server] if matches(line, glob)]
        if hits:
            self.used.update(place + hits)
        return bool(hits)

    def unused(self):
        everything = [("case", g) for g in self.cases] + [("step", g) for g in self.steps]
        everything += [(s, g) for s, globs in self.globs.items() for g in globs]
        return [pair for pair in everything if pair not in self.used]

    def areas(self):
        return {glob.split("/")[0] for glob in self.cases}


def entry_of(table):
    unknown = set(table) - FIELDS
    if unknown or "case" not in table or not table.get("why", "").strip():
        raise ValueError(f"differences.toml: each entry needs 'case' and 'why', and may have "
                         f"{sorted(FIELDS)}: {table}")
    globs = {server: as_list(table.get(server, [])) for server in ("redis", "echolog")}
    if not any(globs.values()):
        raise ValueError(f"differences.toml: this entry explains nothing: {table}")
    return Entry(as_list(table["case"]), as_list(table.get("step", "*")), globs, table["why"])


def load():
    with open(FILE, "rb") as file:
        return [entry_of(table) for table in tomllib.load(file).get("difference", [])]


def hunks(left, right):
    """A diff as (mark, line), with some lines around each change."""
    matcher = difflib.SequenceMatcher(None, left, right, autojunk=False)
    for group in matcher.get_grouped_opcodes(CONTEXT_LINES):
        for tag, a, b, c, d in group:
            if tag == "equal":
                yield from ((" ", line) for line in left[a:b])
            else:
                yield from (("-", line) for line in left[a:b])
                yield from (("+", line) for line in right[c:d])


def cut(line):
    return line if len(line) <= WIDTH else f"{line[:WIDTH]}… ({len(line)} characters)"


def settle_ends(early, late):
    """The end of a connection may be seen a step later than what was sent behind it. Where nothing else
    came from it in between, it counts as seen when the other server's was."""
    for i, (_, lines) in enumerate(early):
        for end in [line for line in lines if line.endswith(" closed") and line not in late[i][1]]:
            name = end.split(" ")[0] + " "
            rest = [(j, line) for j in range(i + 1, len(late)) for line in late[j][1]
                    if line.startswith(name)]
            if len(rest) == 1 and rest[0][1] == end:
                late[rest[0][0]][1].remove(end)
                late[i][1].insert(lines.index(end), end)


def compare(case, redis, echolog, entries):
    """The lines of a diff, and whether any of it is unexplained."""
    settle_ends(redis, echolog)
    settle_ends(echolog, redis)
    shown, unexplained = [], False
    for (step, left), (_, right) in zip(redis, echolog):
        if left == right:
            continue
        shown.append(f"    {step}")
        for mark, line in hunks(left, right):
            if mark == " ":
                shown.append(f"      {cut(line)}")
                continue
            server = "redis" if mark == "-" else "echolog"
            known = [entry for entry in entries if entry.explains(case, step, server, line)]
            unexplained |= not known
            shown.append(f"  {mark if not known else '~'}   {cut(line)}    <- {server}"
                         + (", meant" if known else ""))
    return shown, unexplained
