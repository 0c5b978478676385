# SPDX-License-Identifier: BSD-3-Clause
"""What may differ between two servers that behave alike (ids, times, ports, sizes) is replaced by a
name in <>, and only where a step asks for it. Addresses and ports of the script's own connections and
the times that MONITOR tells are the exception: each stands for one known thing, and is replaced everywhere."""

import re

import command_views
import resp

ADDRESS = re.compile(rb"127\.0\.0\.1:(\d+)")
MONITOR_TIME = re.compile(rb"^\d+\.\d{6} (\[\d+ )")
SCALARS = ("bulk", "status", "error", "verbatim-txt", "bulk-error")

# Fields of CLIENT LIST that say how big or old something is.
CLIENT_FIELDS = re.compile(
    rb"\b(fd|age|idle|qbuf|qbuf-free|argv-mem|multi-mem|rbs|rbp|obl|oll|omem|tot-mem)=\d+")
CLIENT_ID = re.compile(rb"^id=(\d+)|(?<=\n)id=(\d+)")


def map_scalars(frame, change, kinds=SCALARS):
    kind, value = frame
    if isinstance(value, list):
        return kind, [map_scalars(item, change, kinds) for item in value]
    return (kind, change(value)) if kind in kinds and isinstance(value, bytes) else frame


def map_text(change):
    return lambda frame, _context, _arguments: map_scalars(frame, change)


def sort(frame, _context, _arguments):
    """The order of a set, or of a list that stands for one."""
    kind, value = frame
    if not isinstance(value, list):
        return frame
    if kind in ("map", "attribute"):
        pairs = sorted(zip(value[::2], value[1::2]), key=repr)
        return kind, [item for pair in pairs for item in pair]
    return kind, sorted(value, key=repr)


def sort_pairs(frame, _context, _arguments):
    """The order of a flat list that stands for a map."""
    kind, value = frame
    return (kind, sort(("map", value), None, None)[1]) if isinstance(value, list) else frame


def sort_rest(frame, _context, _arguments):
    """The order of all but the first."""
    kind, value = frame
    return (kind, value[:1] + sorted(value[1:], key=repr)) if isinstance(value, list) else frame


def sort_deep(frame, _context, _arguments):
    kind, value = frame
    if not isinstance(value, list):
        return frame
    return sort((kind, [sort_deep(item, None, None) for item in value]), None, None)


def mask_int(frame, _context, _arguments):
    return map_scalars(frame, lambda _: b"<int>", ("int",))


def mask_double(frame, _context, _arguments):
    return map_scalars(frame, lambda _: b"<double>", ("double",))


def mask_bulk(frame, _context, _arguments):
    return map_scalars(frame, lambda _: b"<bulk>", ("bulk",))


def shape(frame, _context, _arguments):
    """Types and the number of elements, without values."""
    kind, value = frame
    return kind, [shape(item, None, None) for item in value] if isinstance(value, list) else b""


def mask_field(frame, _context, arguments):
    """The value that follows this name, in a map or in a flat list."""
    kind, value = frame
    if not isinstance(value, list):
        return frame
    items = [mask_field(item, None, arguments) for item in value]
    for i in range(1, len(items)):
        if items[i - 1] == ("bulk", arguments[0].encode()):
            items[i] = (items[i][0], f"<{arguments[0]}>".encode())
    return kind, items


RULE_RUN = re.compile(rb"(?:(?<= )|^)([-+])[a-z|-]+(?: \1[a-z|-]+)+(?= |$)")


def rules(frame, _context, _arguments):
    """Single commands in the rules of a user stand in the order of a hash table in Redis."""
    return map_scalars(frame, lambda text: RULE_RUN.sub(
        lambda m: b" ".join(sorted(m.group().split(b" "))), text))


def client_lines(frame, context, _arguments):
    """CLIENT LIST, a field a line; the barrier is none of the script's clients."""
    def change(text):
        text = CLIENT_FIELDS.sub(rb"\1=<\1>", text)
        text = CLIENT_ID.sub(lambda m: b"id=" + context.id_name(m.group(1) or m.group(2)), text)
        clients = [line for line in text.split(b"\n") if b"addr=<barrier>" not in line]
        return b"\n".join(clients).replace(b" ", b"\n")

    return map_scalars(frame, change)


def info_names(frame, _context, _arguments):
    """Sections in order, and in each the names of its fields."""
    def change(text):
        section, names = b"", []
        for line in text.split(b"\r\n"):
            if line.startswith(b"# "):
                section = line[2:]
                names.append((section, b""))
            elif b":" in line:
                names.append((section, line.split(b":")[0]))
        order = [name for name, field in names if not field]
        names.sort(key=lambda pair: (order.index(pair[0]) if pair[0] in order else -1, pair[1]))
        return b"\n".join(b"# " + s if not field else s + b"." + field for s, field in names)

    return map_scalars(frame, change)


def pick(frame, _context, arguments):
    """The lines of a text that begin with one of these names, in alphabetical order."""
    starts = tuple(name.encode() + b":" for name in arguments[0].split(","))
    return map_scalars(frame, lambda text: b"\n".join(sorted(
        line.rstrip() for line in text.split(b"\n") if line.startswith(starts))))


def help_names(frame, _context, _arguments):
    """Of a HELP text: the first line and the names of sub-commands, in alphabetical order; neither how
    their arguments are written nor how they are explained."""
    _, value = frame
    if not isinstance(value, list):
        return frame
    names = {(line[0], line[1].split(b" ")[0]) for line in value[1:] if line[1][:1] != b" "}
    return "facts", value[:1] + sorted(names)


def directives(frame, _context, _arguments):
    """Of a configuration file what it says, sorted: where lines stand and how they are written is not
    compared, since servers keep, add and leave out lines in their own ways."""
    def change(text):
        last, many = {}, []
        for line in text.split(b"\n"):
            words = line.replace(b'"<dir>"', b"<dir>").split()
            if not words or words[0].startswith(b"#"):
                continue
            name = words[0].lower()
            if name in (b"client-output-buffer-limit", b"user", b"save"):
                many.append(b" ".join([name, *words[1:]]))
            else:
                last[name] = b" ".join([name, *words[1:]])
        return b"\n".join(sorted([*last.values(), *many]))

    return map_scalars(frame, change)


def names(frame, _context, _arguments):
    """Of a map, or a flat list that stands for one: the names alone, sorted."""
    _, value = frame
    return ("facts", sorted(value[::2])) if isinstance(value, list) else frame


def size(frame, _context, _arguments):
    kind, value = frame
    return kind, str(len(value)).encode()


def first(frame, _context, _arguments):
    """Of a list the types in its first element, whatever else there is."""
    kind, value = frame
    return (kind, [("first", shape(value[0], None, None)[0])] if value else []) \
        if isinstance(value, list) else frame


def sections(frame, _context, _arguments):
    """Of an INFO text the headings."""
    return map_scalars(frame, lambda text: b"\n".join(
        line.strip() for line in text.split(b"\n") if line.startswith(b"#")))


def substitute(note):
    _, pattern, text = re.split(r"(?<!\\)/", note)[:3]
    return map_text(lambda value: re.sub(pattern.encode(), text.encode(), value))


def drop(frame, _context, arguments):
    """Leaves out the elements of a list whose text has this in it."""
    kind, value = frame
    if not isinstance(value, list):
        return frame
    return kind, [item for item in value if not re.search(arguments[0].encode(), repr(item).encode())]


FILTERS = {
    "sort": (0, sort),
    "sort-pairs": (0, sort_pairs),
    "sort-rest": (0, sort_rest),
    "sort-deep": (0, sort_deep),
    "int": (0, mask_int),
    "double": (0, mask_double),
    "bulk": (0, mask_bulk),
    "digits": (0, map_text(lambda text: re.sub(rb"\d+(\.\d+)?", b"<n>", text))),
    "hex": (0, map_text(lambda text: re.sub(rb"\b[0-9a-f]{16,}\b", b"<hex>", text))),
    "shape": (0, shape),
    "field": (1, mask_field),
    "client": (0, client_lines),
    "rules": (0, rules),
    "info-names": (0, info_names),
    "pick": (1, pick),
    "names": (0, names),
    "directives": (0, directives),
    "first": (0, first),
    "size": (0, size),
    "sections": (0, sections),
    "doc": (0, command_views.documented),
    "about": (0, command_views.described),
    "help": (0, help_names),
    "drop": (1, drop),
}
# Notes that are for the player, or for all that came at once, with how many words belong to each.
TO_OTHERS = {"none": 0, "closes": 0, "bytewise": 0, "frames": 1, "as": 1, "any-order": 0,
             "cut": 0, "also": 2}


class Context:
    """What is known of one server in one case."""

    def __init__(self, ports, server_port, server_dir, captured, barrier_port):
        self.ports = {port: name for name, port in ports.items()}
        self.server_port = server_port
        self.server_dir = server_dir.encode()
        self.ids = {value: name for name, value in captured.items()}
        self.barrier_port = barrier_port

    def id_name(self, value):
        name = self.ids.get(value.decode())
        return f"<{name}>".encode() if name else b"<id>"

    def address(self, match):
        port = int(match.group(1))
        if port == self.server_port:
            return b"<server>"
        if port == self.barrier_port:
            return b"<barrier>"
        return f"<{self.ports.get(port, 'other')}>".encode()

    def always(self, frame):
        def change(text):
            if text == str(self.server_port).encode():
                return b"<port>"
            text = text.replace(b"tcp_port:%d" % self.server_port, b"tcp_port:<port>")
            text = MONITOR_TIME.sub(rb"<time> \1", text.replace(self.server_dir, b"<dir>"))
            return ADDRESS.sub(self.address, text)

        return map_scalars(frame, change)


def apply(frame, notes, context):
    frame = context.always(frame)
    i = 0
    while i < len(notes):
        note = notes[i]
        i += 1
        if note in TO_OTHERS:
            i += TO_OTHERS[note]
        elif note.startswith("s/"):
            frame = substitute(note)(frame, context, [])
        elif note in FILTERS:
            count, change = FILTERS[note]
            frame = change(frame, context, notes[i:i + count])
            i += count
        else:
            raise ValueError(f"no filter is called '{note}'")
    return frame


def is_noise(frame, barrier_port):
    """MONITOR shows the barrier's own commands."""
    kind, value = frame
    return kind == "status" and f"127.0.0.1:{barrier_port}]".encode() in value


def transcript(case, player, all_that_came):
    """What came, as (step, lines)."""
    barrier_port = player.barrier.port()
    context = Context(player.ports, player.server.port, player.server.dir, player.captured,
                      barrier_port)
    notes = [step.notes for step in case.steps] + [[]]
    out = []
    for (text, frames), note in zip(all_that_came, notes):
        came = [(name, apply(frame, note, context)) for name, frame in frames
                if not is_noise(frame, barrier_port)]
        # Between connections there is no order.
        came.sort(key=repr if "any-order" in note else lambda pair: pair[0])
        lines = [f"{name} {line}" for name, frame in came for line in resp.lines_of(frame)]
        out.append((text, lines))
    return out
