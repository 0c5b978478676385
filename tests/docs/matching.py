# SPDX-License-Identifier: BSD-3-Clause
"""Whether what came is what a page shows. The few things that must differ from run to run match by their kind:

    ...                        anything: a line of its own stands for any lines, else for anything within the line
    2026-01-01T00:00:00.000Z   any time
    1767225600000              any time in milliseconds: 13 digits
    12.5 ms, 0.3s              any duration in that unit
    3246                       the port in use (the caller puts it in)

A line "(1.50s)" that is not on the page may come: clients say so when they had to wait. Blanks at the ends of lines and empty
lines at the end do not count."""

import re

KINDS = [
    (re.compile(r"\.\.\.|…"), ".*"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"), r"\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z"),
    (re.compile(r"\b\d{13}\b"), r"\\d{13}"),
    (re.compile(r"\b\d+(?:\.\d+)?( ?)(µs|us|ms|s|min)\b"), r"\\d+(\\.\\d+)?\1\2"),
]
ANY_LINES = ("...", "…")
WAITED = re.compile(r"\(\d+\.\d+s\)$")


def line_pattern(line):
    parts, at = [], 0
    marks = []
    for kind, replacement in KINDS:
        for found in kind.finditer(line):
            if not any(found.start() < end and start < found.end() for start, end, _ in marks):
                marks.append((found.start(), found.end(), found.expand(replacement)))
    for start, end, pattern in sorted(marks):
        parts += [re.escape(line[at:start]), pattern]
        at = end
    return "".join(parts) + re.escape(line[at:])


def tidy(lines):
    lines = [line.rstrip() for line in lines]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def same(shown, came):
    """Lines of the page against lines that came."""
    shown = tidy(shown)
    came = tidy(came)
    if not any(WAITED.match(line) for line in shown):
        came = tidy(line for line in came if not WAITED.match(line))
    pattern = "(?=.)"  # a single "..." is something, too
    for line in shown:
        pattern += r"(?:[^\n]*\n)*" if line.strip() in ANY_LINES else line_pattern(line) + r"\n"
    if not shown:
        return not came
    return re.fullmatch(pattern, "".join(line + "\n" for line in came)) is not None
