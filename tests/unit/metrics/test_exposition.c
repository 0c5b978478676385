/* SPDX-License-Identifier: BSD-3-Clause */
/* The two dialects of the text, byte for byte. */
#include "metrics/exposition.h"
#include <criterion/criterion.h>
#include <math.h>

static const struct family counter = {"x_seconds", FAMILY_COUNTER, "seconds", "Help."};
static const struct family gauge = {"x", FAMILY_GAUGE, NULL, "Help."};
static const struct family info = {"x", FAMILY_INFO, NULL, "Help."};
static const struct family histogram = {"x_seconds", FAMILY_HISTOGRAM, "seconds", "Help."};

static void expect(struct buf *out, const char *expected)
{
    buf_append_char(out, '\0');
    cr_expect_str_eq(out->data, expected);
    buf_deinit(out);
}

static struct exposition begin(enum exposition_format format, struct buf *out,
                               const struct family *family)
{
    struct exposition e = {.format = format, .out = out};
    exposition_begin(&e, family);
    return e;
}

Test(exposition, a_counter_in_both_dialects)
{
    struct buf out = {0};
    struct exposition e = begin(EXPOSITION_TEXT, &out, &counter);
    exposition_count(&e, NULL, 0, 7);
    exposition_end(&e);
    expect(&out, "# HELP x_seconds_total Help.\n# TYPE x_seconds_total counter\n"
                 "x_seconds_total 7\n");
    e = begin(EXPOSITION_OPENMETRICS, &out, &counter);
    exposition_real(&e, NULL, 0, 0.25);
    exposition_end(&e);
    expect(&out, "# HELP x_seconds Help.\n# TYPE x_seconds counter\n# UNIT x_seconds seconds\n"
                 "x_seconds_total 0.25\n# EOF\n");
}

Test(exposition, an_info_in_both_dialects)
{
    const struct label labels[] = {{"version", BYTES_LITERAL("1.2")}};
    struct buf out = {0};
    struct exposition e = begin(EXPOSITION_TEXT, &out, &info);
    exposition_count(&e, labels, 1, 1);
    expect(&out, "# HELP x_info Help.\n# TYPE x_info gauge\nx_info{version=\"1.2\"} 1\n");
    e = begin(EXPOSITION_OPENMETRICS, &out, &info);
    exposition_count(&e, labels, 1, 1);
    expect(&out, "# HELP x Help.\n# TYPE x info\nx_info{version=\"1.2\"} 1\n");
}

Test(exposition, a_histogram_adds_its_buckets_up)
{
    const struct label labels[] = {{"command", BYTES_LITERAL("get")}};
    const double bounds[] = {0.001024, 1};
    const uint64_t counts[] = {3, 2};
    struct buf out = {0};
    struct exposition e = begin(EXPOSITION_OPENMETRICS, &out, &histogram);
    exposition_histogram(&e, labels, 1, bounds, counts, 2, 6, 2.5);
    expect(&out, "# HELP x_seconds Help.\n# TYPE x_seconds histogram\n# UNIT x_seconds seconds\n"
                 "x_seconds_bucket{command=\"get\",le=\"0.001024\"} 3\n"
                 "x_seconds_bucket{command=\"get\",le=\"1.0\"} 5\n"
                 "x_seconds_bucket{command=\"get\",le=\"+Inf\"} 6\n"
                 "x_seconds_sum{command=\"get\"} 2.5\n"
                 "x_seconds_count{command=\"get\"} 6\n");
}

/* What a label's value becomes. */
static void expect_label(struct bytes value, const char *expected)
{
    const struct label labels[] = {{"a", value}};
    struct buf out = {0}, all = {0};
    struct exposition e = {.out = &out, .family = &gauge};
    exposition_count(&e, labels, 1, 0);
    buf_printf(&all, "x{a=\"%s\"} 0\n", expected);
    buf_append_char(&all, '\0');
    expect(&out, all.data);
    buf_deinit(&all);
}

Test(exposition, label_values_are_escaped)
{
    expect_label(BYTES_LITERAL("plain._-"), "plain._-");
    expect_label(BYTES_LITERAL(""), "");
    expect_label(BYTES_LITERAL("a\"b\\c\nd"), "a\\\"b\\\\c\\nd");
    expect_label(BYTES_LITERAL("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"),
                 "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
}

Test(exposition, what_is_no_utf8_becomes_the_replacement_character)
{
    expect_label(BYTES_LITERAL("\xff"), "\xef\xbf\xbd");
    expect_label(BYTES_LITERAL("\xc3"), "\xef\xbf\xbd");                   /* cut off */
    expect_label(BYTES_LITERAL("\xc0\x80x"), "\xef\xbf\xbd\xef\xbf\xbdx"); /* longer than need be */
    expect_label(BYTES_LITERAL("\xed\xa0\x80"),
                 "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"); /* half of a surrogate pair */
    expect_label(BYTES_LITERAL("\xe2\x82\"x"), "\xef\xbf\xbd\xef\xbf\xbd\\\"x");
}

Test(exposition, numbers_that_are_none_have_names)
{
    struct buf out = {0};
    struct exposition e = {.out = &out, .family = &gauge};
    exposition_real(&e, NULL, 0, NAN);
    exposition_real(&e, NULL, 0, INFINITY);
    exposition_real(&e, NULL, 0, -INFINITY);
    exposition_real(&e, NULL, 0, 1e300);
    exposition_count(&e, NULL, 0, UINT64_MAX);
    expect(&out, "x NaN\nx +Inf\nx -Inf\nx 1e+300\nx 18446744073709551615\n");
}
