# SPDX-License-Identifier: BSD-3-Clause
"""The table, for people."""

OWN_SHARE_MAX = 0.95  # of a core; above that the load was the bottleneck

COLUMNS = ("", "messages/s", "CPU us", "p50 us", "p99 us", "p99.9 us", "peak MiB", "x rate", "x CPU")
WIDTHS = (16, 13, 9, 9, 9, 9, 9, 8, 7)


def number(measured, name, form):
    return form.format(measured[name]) if name in measured else ""


def rate(measured):
    mark = ">" if measured.get("own", 0) >= OWN_SHARE_MAX and "p50" not in measured else ""
    return mark + number(measured, "rate", "{:,.0f}")


def ratio(first, measured, field):
    """How the row's first compares with this one."""
    if measured is first or field not in measured or field not in first or not measured[field]:
        return ""
    return f"{first[field] / measured[field]:.2f}"


def line(cells):
    return "".join([cells[0].ljust(WIDTHS[0])] + [cell.rjust(width) for cell, width in zip(cells[1:], WIDTHS[1:])]).rstrip()


def other_figures(measured):
    forms = {"resident_mib": "{:.1f} MiB resident", "start_ms": "{:.1f} ms", "ms": "{:.0f} ms", "mib_s": "{:,.0f} MiB/s",
             "mib": "{:.2f} MiB"}
    return ", ".join(form.format(measured[name]) for name, form in forms.items() if name in measured)


def contender_line(name, first, measured):
    if measured is None:
        return f"  {name:<14}(not installed)"
    if "rate" not in measured:
        return f"  {name:<14}{other_figures(measured)}"
    return line(["  " + name, rate(measured), number(measured, "cpu", "{:.3f}"), number(measured, "p50", "{:.0f}"),
                 number(measured, "p99", "{:.0f}"), number(measured, "p999", "{:.0f}"), number(measured, "peak", "{:.1f}"),
                 ratio(first, measured, "rate"), ratio(first, measured, "cpu")])


def verdict_line(target, verdict):
    if verdict is None:
        return f"    --      {target.text}: who is needed for that is not here"
    figure, good = verdict
    return f"    {'met   ' if good else 'MISSED'}  {target.text}: {figure}"


def print_table(rows, results):
    """Returns how many targets were met, and of how many."""
    met = judged = 0
    print(line(COLUMNS))
    for row in rows:
        measured = results[row.name]
        first = next(iter(measured.values()))
        print(f"{row.name}: {row.title}")
        for name, figures in measured.items():
            print(contender_line(name, first, figures))
        there = {name: figures for name, figures in measured.items() if figures is not None}
        for target in row.targets:
            verdict = target.judge(there)
            print(verdict_line(target, verdict))
            if verdict is not None:
                judged += 1
                met += verdict[1]
    print(f"\n{met} of {judged} targets met; x rate and x CPU are those of a row's first by those of the others")
    return met, judged
