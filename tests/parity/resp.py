# SPDX-License-Identifier: BSD-3-Clause
"""RESP as it stands on the wire: every type stays what it is, so that two servers can be compared
byte for byte. A frame is a pair (kind, value)."""

import re

AGGREGATES = {b"*": "array", b"~": "set", b">": "push", b"%": "map", b"|": "attribute"}
LINES = {b"+": "status", b"-": "error", b":": "int", b",": "double", b"#": "bool", b"(": "bignum"}
BULKS = {b"$": "bulk", b"=": "verbatim", b"!": "bulk-error"}


class Garbage(Exception):
    """Bytes that are no RESP."""


class Incomplete(Exception):
    """More bytes are needed."""


def encode(words):
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words)


class Reader:
    """Bytes go in, frames come out."""

    def __init__(self):
        self.data = b""
        self.broken = False

    def feed(self, data):
        self.data += data

    def frames(self):
        """The complete frames so far. What is no RESP comes as one frame "garbage", to the end."""
        found = []
        while self.data:
            try:
                frame, end = self.frame(0)
            except Incomplete:
                break
            except Garbage:
                frame, end = ("garbage", self.data), len(self.data)
            found.append(frame)
            self.data = self.data[end:]
        return found

    def line(self, at):
        end = self.data.find(b"\r\n", at)
        if end < 0:
            raise Incomplete
        return self.data[at:end], end + 2

    def frame(self, at):
        kind, (text, end) = self.data[at:at + 1], self.line(at)
        text = text[1:]
        if kind in LINES:
            return (LINES[kind], text), end
        if kind == b"_":
            return ("null", b""), end
        if kind in BULKS:
            return self.bulk(BULKS[kind], self.length(text), end)
        if kind in AGGREGATES:
            return self.aggregate(AGGREGATES[kind], self.length(text), end)
        raise Garbage

    @staticmethod
    def length(text):
        try:
            return int(text)
        except ValueError:
            raise Garbage from None

    def bulk(self, kind, length, at):
        if length < 0:
            return ("null-" + kind, b""), at
        if len(self.data) < at + length + 2:
            raise Incomplete
        if self.data[at + length:at + length + 2] != b"\r\n":
            raise Garbage
        value = self.data[at:at + length]
        if kind == "verbatim" and value[3:4] == b":":
            kind, value = "verbatim-" + quoted(value[:3]), value[4:]
        return (kind, value), at + length + 2

    def aggregate(self, kind, length, at):
        if length < 0:
            return ("null-" + kind, b""), at
        items = []
        for _ in range(length * 2 if kind in ("map", "attribute") else length):
            item, at = self.frame(at)
            items.append(item)
        return (kind, items), at


SPECIAL = re.compile(r'[^ !#-\[\]-~]')
NAMES = {"\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\"}


def quoted(data):
    """Bytes as printable text, every byte kept."""
    return SPECIAL.sub(lambda m: NAMES.get(m.group(), f"\\x{ord(m.group()):02x}"),
                       data.decode("latin-1"))


def is_text(kind):
    return kind in ("bulk", "bulk-error") or kind.startswith("verbatim")


def plain(value):
    return value if isinstance(value, str) else quoted(value)


def lines_of(frame, indent=""):
    """A frame as lines of text, types named."""
    kind, value = frame
    if kind in ("map", "attribute"):
        lines = [f"{indent}{kind} of {len(value) // 2}"]
        for key, item in zip(value[::2], value[1::2]):
            keys = lines_of(key, indent + "  ")
            items = lines_of(item, indent + "  ")
            lines += keys[:-1] + [keys[-1] + ": " + items[0].lstrip()] + items[1:]
        return lines
    if isinstance(value, list):
        head = kind if kind == "facts" else f"{kind} of {len(value)}"
        return [indent + head] + [
            line for item in value for line in lines_of(item, indent + "  ")]
    if is_text(kind) and b"\n" in value[:-1]:
        return [f"{indent}{kind} text"] + [
            f"{indent}  | {quoted(line)}" for line in value.split(b"\n")]
    if is_text(kind):
        return [f'{indent}{kind} "{quoted(value)}"']
    return [f"{indent}{kind} {plain(value)}".rstrip()]
