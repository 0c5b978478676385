# SPDX-License-Identifier: BSD-3-Clause
"""What COMMAND INFO and COMMAND DOCS say, as a line for each fact: their nested lists are hard to compare
otherwise, and many of them are sets."""


def described(frame, _context, _arguments):
    """Of COMMAND INFO everything; of sub-commands the names, since each can be asked for."""
    _, value = frame
    if not isinstance(value, list):
        return frame
    lines = []
    for entry in value:
        if not isinstance(entry[1], list):
            lines.append(entry)
            continue
        name, arity, flags, first, last, step, categories, tips, keys, below = entry[1]
        lines.append(("command", name[1]))
        lines.append(("arity", arity[1]))
        lines.append(("keys", b" ".join(number[1] for number in (first, last, step))))
        lines += words("flag", flags) + words("category", categories) + words("tip", tips)
        lines += [("key-spec", repr(spec).encode()) for spec in keys[1]]
        lines += sorted(("sub-command", sub[1][0][1]) for sub in below[1])
    return "facts", lines


def words(what, frame):
    return sorted((what, word[1]) for word in frame[1])


def as_map(frame):
    """COMMAND DOCS nests flat lists in RESP2: by their names they are told from others."""
    _, value = frame
    if isinstance(value, list):
        return dict((value[i][1], value[i + 1]) for i in range(0, len(value) - 1, 2))
    return {}


def documented(frame, _context, _arguments):
    """Of COMMAND DOCS what programs go by: names, types, tokens and flags of arguments, the group; not
    the wording, nor since when and how costly; and not our field "syntax"."""
    _, value = frame
    if not isinstance(value, list):
        return frame
    shown = []
    for name, entry in zip(value[::2], value[1::2]):
        fields = as_map(entry)
        shown.append(("command", name[1]))
        shown += [("field", field) for field in sorted(fields)
                  if field not in (b"syntax", b"history", b"complexity")]
        shown += [("group", fields.get(b"group", ("", b"none"))[1])]
        shown += argument_lines(fields.get(b"arguments", ("array", [])), 1)
    return "facts", shown


def argument_lines(frame, depth):
    lines = []
    for argument in frame[1]:
        fields = as_map(argument)
        # Of alternatives and groups the name is nobody's word.
        named = fields[b"type"][1] not in (b"oneof", b"block")
        text = [fields[name][1] for name in (b"name", b"type", b"token")
                if name in fields and (named or name != b"name")]
        text += sorted(flag[1] for flag in fields.get(b"flags", ("array", []))[1])
        lines.append(("argument", b"  " * depth + b" ".join(text)))
        lines += argument_lines(fields.get(b"arguments", ("array", [])), depth + 1)
    return lines
