/* SPDX-License-Identifier: BSD-3-Clause */
/* What reaches the sink: whole lines, without control bytes, never too long. */
#include "base/trace.h"
#include <criterion/criterion.h>
#include <string.h>

struct recorder {
    struct trace trace;
    int count;
    enum trace_level level;
    char line[TRACE_LINE_BYTES_MAX * 2];
};

static void record(struct trace *trace, enum trace_level level, const char *line)
{
    struct recorder *r = CONTAINER_OF(trace, struct recorder, trace);

    r->count++;
    r->level = level;
    cr_assert_lt(strlen(line), TRACE_LINE_BYTES_MAX);
    memcpy(r->line, line, strlen(line) + 1);
}

static struct recorder recorder(enum trace_level level)
{
    return (struct recorder){.trace = {level, record}};
}

Test(trace, formats_a_line_and_names_its_level)
{
    struct recorder r = recorder(TRACE_DEBUG);

    TRACE_WARN(&r.trace, "lost %d of %s", 3, "news");
    cr_assert_str_eq(r.line, "lost 3 of news");
    cr_assert_eq(r.level, TRACE_WARNING);
    TRACE_FINE(&r.trace, "%s", "");
    cr_assert_str_eq(r.line, "");
    cr_assert_eq(r.level, TRACE_DEBUG);
}

Test(trace, lines_below_the_level_are_not_made)
{
    struct recorder r = recorder(TRACE_NOTICE);

    TRACE_FINE(&r.trace, "debug");
    TRACE_INFO(&r.trace, "verbose");
    cr_assert_eq(r.count, 0);
    TRACE_NOTE(&r.trace, "notice");
    TRACE_WARN(&r.trace, "warning");
    cr_assert_eq(r.count, 2);
}

Test(trace, control_bytes_are_escaped_and_others_pass)
{
    struct recorder r = recorder(TRACE_DEBUG);

    TRACE_NOTE(&r.trace, "%s", "a\nb\r\x1b[31m\t\x7f \\ \xc3\xa4");
    cr_assert_str_eq(r.line, "a\\x0ab\\x0d\\x1b[31m\\x09\\x7f \\ \xc3\xa4");
}

Test(trace, a_long_line_is_cut_and_says_so)
{
    struct recorder r = recorder(TRACE_DEBUG);
    char text[TRACE_LINE_BYTES_MAX * 2];

    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    TRACE_NOTE(&r.trace, "%s", text);
    cr_assert_eq(strlen(r.line), TRACE_LINE_BYTES_MAX - 1);
    cr_assert_str_eq(r.line + TRACE_LINE_BYTES_MAX - 5, "x...");
}

Test(trace, any_length_and_any_bytes_stay_within_the_line)
{
    struct recorder r = recorder(TRACE_DEBUG);
    char text[TRACE_LINE_BYTES_MAX + 8];

    for (size_t len = 0; len < sizeof(text); len++) {
        memset(text, len % 2 ? '\n' : 'x', len);
        text[len] = '\0';
        TRACE_NOTE(&r.trace, "%s", text); /* the sink checks the length */
    }
    cr_assert_eq(r.count, (int)sizeof(text));
    cr_assert_str_eq(r.line + strlen(r.line) - 7, "\\x0a...");
}

Test(trace, a_line_that_just_fits_is_not_marked_as_cut)
{
    struct recorder r = recorder(TRACE_DEBUG);
    char text[TRACE_LINE_BYTES_MAX];

    memset(text, 'x', sizeof(text));
    text[TRACE_LINE_BYTES_MAX - 4] = '\0';
    TRACE_NOTE(&r.trace, "%s", text);
    cr_assert_str_eq(r.line, text);
}
