# SPDX-License-Identifier: BSD-3-Clause
"""Reads case files. README.md says how one is written."""

import os
import re
from dataclasses import dataclass, field

HERE = os.path.dirname(os.path.abspath(__file__))
PROTOCOLS = (2, 3)


class ScriptError(Exception):
    pass


@dataclass
class Setup:
    """How the two servers are started."""
    options: list = field(default_factory=list)
    options_of: dict = field(default_factory=lambda: {"redis": [], "echolog": []})
    files: dict = field(default_factory=dict)
    login: list = field(default_factory=list)


@dataclass
class Step:
    text: str  # as written, for people and for differences.toml
    kind: str  # command, raw, open or a word of %
    connection: str = "a"
    words: list = field(default_factory=list)
    notes: list = field(default_factory=list)  # what stands behind "->"
    held: bool = False  # goes out with the next one


@dataclass
class Case:
    area: str
    title: str
    setup: Setup
    flags: list
    line: int
    steps: list = field(default_factory=list)

    @property
    def protocols(self):
        """A plain case says HELLO itself, or speaks no protocol yet: it is run once."""
        if "plain" in self.flags:
            return (2,)
        chosen = [p for p in PROTOCOLS if str(p) in self.flags]
        return tuple(chosen) or PROTOCOLS

    def name(self, protocol):
        return f"{self.area}/{self.title}" + ("" if "plain" in self.flags else f" (RESP{protocol})")


WORD = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|\'([^\']*)\'|(\S+))')
ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|.)", re.DOTALL)
NAMED = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "a": "\a", "0": "\0"}
REPEAT = re.compile(r"\{(\d+)\*([^}]*)\}")
TITLE = re.compile(r"(.*?)(?:\[((?:plain|fresh|2|3|\s)+)\])?")
STEP = re.compile(r"(?:([a-z]\d?)(:|!|\+) ?|(!|\+) )?(.*)", re.DOTALL)


def unescaped(text):
    """As one character a byte (latin-1); {1000*x} is x a thousand times."""
    def one(match):
        code = match.group(1)
        return chr(int(code[1:], 16)) if len(code) == 3 else NAMED.get(code, code)

    return REPEAT.sub(lambda m: m.group(2) * int(m.group(1)), ESCAPE.sub(one, text))


def words_of(text):
    """Words and, for each, whether it was quoted."""
    text = text.strip()
    words, at = [], 0
    while at < len(text):
        match = WORD.match(text, at)
        if not match:
            raise ScriptError(f"cannot read the words of: {text}")
        double, single, bare = match.groups()
        if double is not None:
            words.append((unescaped(double), True))
        elif single is not None:
            words.append((single, True))
        else:
            words.append((REPEAT.sub(lambda m: m.group(2) * int(m.group(1)), bare), False))
        at = match.end()
    return words


def split_notes(text):
    """What stands in front of a bare "->", and the words behind it."""
    words = words_of(text)
    for i, (word, was_quoted) in enumerate(words):
        if word == "->" and not was_quoted:
            return [w for w, _ in words[:i]], [w for w, _ in words[i + 1:]]
    return [w for w, _ in words], []


def step_of(text):
    if text.startswith("%"):
        words, notes = split_notes(text[1:])
        return Step(text, words[0], words=words[1:], notes=notes)
    name, mark, bare_mark, rest = STEP.fullmatch(text).groups()
    mark = mark or bare_mark
    if mark == "!":
        head, arrow, tail = rest.rpartition(" -> ")
        raw, notes = (head, tail.split()) if arrow else (rest, [])
        return Step(text, "raw", name or "a", [unescaped(raw)], notes)
    words, notes = split_notes(rest)
    return Step(text, "command" if words else "open", name or "a", words, notes, mark == "+")


def unrolled(lines):
    """%for NAME in WORDS … %end, written out. Lines come and go as (number, text)."""
    out, i = [], 0
    while i < len(lines):
        number, text = lines[i]
        if not text.startswith("%for "):
            out.append(lines[i])
            i += 1
            continue
        depth, end = 1, i
        while depth:
            end += 1
            if end == len(lines):
                raise ScriptError(f"line {number}: %for without %end")
            depth += lines[end][1].startswith("%for ") - (lines[end][1] == "%end")
        _, name, _, values = text.split(" ", 3)
        for value in re.findall(r'"(?:[^"\\]|\\.)*"|\S+', values):
            value = value[1:-1] if value.startswith('"') else value
            out += unrolled([(n, t.replace("$" + name, value)) for n, t in lines[i + 1:end]])
        i = end + 1
    return out


class Parser:
    def __init__(self, area):
        self.area = area
        self.setup = Setup()
        self.cases = []

    def read(self, text):
        lines = [(n, line.strip()) for n, line in enumerate(text.split("\n"), 1)]
        lines = iter(unrolled(lines))
        for number, line in lines:
            try:
                self.take(number, line, lines)
            except (ScriptError, IndexError, ValueError) as error:
                raise ScriptError(f"{self.area}.case:{number}: {error or line}") from error
        return self.cases

    def take(self, number, line, lines):
        if not line or line.startswith("#"):
            return
        if line.startswith("== "):
            self.begin_case(number, line[3:])
        elif line.split()[0] in ("server", "redis", "echolog", "login", "file"):
            self.set_up(line, lines)
        elif not self.cases:
            raise ScriptError("a step in front of the first case")
        else:
            self.cases[-1].steps.append(step_of(line))

    def begin_case(self, number, text):
        title, flags = TITLE.fullmatch(text).groups()
        self.cases.append(Case(self.area, title.strip(), self.setup, (flags or "").split(), number))

    def set_up(self, line, lines):
        """`server` begins a new set-up; the others add to it."""
        words = [w for w, _ in words_of(line)]
        if words[0] == "server":
            self.setup = Setup(options=words[1:])
        elif words[0] == "login":
            self.setup.login = words[1:]
        elif words[0] == "file":
            self.setup.files[words[1]] = self.here_document(lines)
        else:
            self.setup.options_of[words[0]] += words[1:]

    @staticmethod
    def here_document(lines):
        content = []
        for _, line in lines:
            if line == "%end-file":
                return "".join(text + "\n" for text in content)
            content.append(line)
        raise ScriptError("file without %end-file")


def areas():
    names = os.listdir(os.path.join(HERE, "cases"))
    return sorted(name[:-5] for name in names if name.endswith(".case"))


def read_area(area):
    with open(os.path.join(HERE, "cases", area + ".case"), encoding="utf-8") as file:
        cases = Parser(area).read(file.read())
    names = [case.title for case in cases]
    for name in names:
        if names.count(name) > 1:
            raise ScriptError(f"{area}.case: there are two cases '{name}'")
    return cases
