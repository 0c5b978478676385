/* SPDX-License-Identifier: BSD-3-Clause */
#include "metrics/exposition.h"

#include "base/num.h"
#include <math.h>
#include <stdio.h>

const char *exposition_content_type(enum exposition_format format)
{
    return format == EXPOSITION_OPENMETRICS
               ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
               : "text/plain; version=0.0.4; charset=utf-8";
}

/* --- the head of a family --------------------------------------------------------------------- */

/* What its samples' names end with. */
static const char *suffix(const struct family *f)
{
    switch (f->type) {
    case FAMILY_COUNTER:
        return "_total";
    case FAMILY_INFO:
        return "_info";
    default:
        return "";
    }
}

static const char *type_word(const struct exposition *e, const struct family *f)
{
    switch (f->type) {
    case FAMILY_COUNTER:
        return "counter";
    case FAMILY_HISTOGRAM:
        return "histogram";
    case FAMILY_INFO:
        return e->format == EXPOSITION_OPENMETRICS ? "info" : "gauge";
    default:
        return "gauge";
    }
}

/* In OpenMetrics a family has its bare name; in the old text each name stands for itself. */
static void append_family_name(struct exposition *e)
{
    buf_append_string(e->out, e->family->name);
    if (e->format != EXPOSITION_OPENMETRICS)
        buf_append_string(e->out, suffix(e->family));
}

void exposition_begin(struct exposition *e, const struct family *family)
{
    e->family = family;
    buf_append_string(e->out, "# HELP ");
    append_family_name(e);
    buf_printf(e->out, " %s\n# TYPE ", family->help);
    append_family_name(e);
    buf_printf(e->out, " %s\n", type_word(e, family));
    if (e->format == EXPOSITION_OPENMETRICS && family->unit != NULL)
        buf_printf(e->out, "# UNIT %s %s\n", family->name, family->unit);
}

void exposition_end(struct exposition *e)
{
    if (e->format == EXPOSITION_OPENMETRICS)
        buf_append_string(e->out, "# EOF\n");
}

/* --- labels --------------------------------------------------------------------------------- */

/* How many bytes the UTF-8 character at the front takes; 0 when there is none. */
static size_t character_len(struct bytes text)
{
    static const unsigned char firsts[] = {0, 0, 0xc2, 0xe0, 0xf0}; /* lowest, by length */
    const unsigned char *p = (const unsigned char *)text.data;
    size_t len = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    if (len == 1)
        return 1;
    if (p[0] < firsts[len] || p[0] > 0xf4 || len > text.len)
        return 0;
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    }
    /* Longer than need be, half of a surrogate pair, beyond the last character. */
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
        (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
        return 0;
    return len;
}

static void append_value(struct buf *out, struct bytes text)
{
    while (text.len > 0) {
        size_t len = character_len(text);
        if (len == 0)
            buf_append_string(out, "\xef\xbf\xbd");
        else if (text.data[0] == '\n')
            buf_append_string(out, "\\n");
        else {
            if (text.data[0] == '"' || text.data[0] == '\\')
                buf_append_char(out, '\\');
            buf_append(out, text.data, len);
        }
        len += len == 0;
        text = bytes_of((const char *)text.data + len, text.len - len);
    }
}

static void append_label(struct buf *out, const char *name, struct bytes value, bool first)
{
    buf_append_char(out, first ? '{' : ',');
    buf_append_string(out, name);
    buf_append_string(out, "=\"");
    append_value(out, value);
    buf_append_char(out, '"');
}

static void append_labels(struct buf *out, const struct label *labels, size_t count)
{
    for (size_t i = 0; i < count; i++)
        append_label(out, labels[i].name, labels[i].value, i == 0);
    if (count > 0)
        buf_append_char(out, '}');
}

/* --- samples -------------------------------------------------------------------------------- */

static void append_count(struct buf *out, uint64_t value)
{
    char digits[NUM_TEXT_BYTES_MAX];
    buf_append_char(out, ' ');
    buf_append(out, digits, num_format_u64(digits, value));
    buf_append_char(out, '\n');
}

static void append_real(struct buf *out, double value)
{
    if (isnan(value))
        buf_append_string(out, " NaN\n");
    else if (isinf(value))
        buf_append_string(out, value > 0 ? " +Inf\n" : " -Inf\n");
    else
        buf_printf(out, " %.15g\n", value);
}

static void append_sample_name(struct exposition *e, const struct label *labels, size_t count)
{
    buf_append_string(e->out, e->family->name);
    buf_append_string(e->out, suffix(e->family));
    append_labels(e->out, labels, count);
}

void exposition_count(struct exposition *e, const struct label *labels, size_t label_count,
                      uint64_t value)
{
    append_sample_name(e, labels, label_count);
    append_count(e->out, value);
}

void exposition_real(struct exposition *e, const struct label *labels, size_t label_count,
                     double value)
{
    append_sample_name(e, labels, label_count);
    append_real(e->out, value);
}

static void append_bucket(struct exposition *e, const struct label *labels, size_t label_count,
                          struct bytes bound, uint64_t count)
{
    buf_append_string(e->out, e->family->name);
    buf_append_string(e->out, "_bucket");
    for (size_t i = 0; i < label_count; i++)
        append_label(e->out, labels[i].name, labels[i].value, i == 0);
    append_label(e->out, "le", bound, label_count == 0);
    buf_append_char(e->out, '}');
    append_count(e->out, count);
}

void exposition_histogram(struct exposition *e, const struct label *labels, size_t label_count,
                          const double *bounds, const uint64_t *counts, size_t bucket_count,
                          uint64_t count, double sum)
{
    uint64_t so_far = 0;
    for (size_t i = 0; i < bucket_count; i++) {
        char bound[32];
        so_far += counts[i];
        /* "1.0" and not "1": that is how OpenMetrics has it, so that both dialects give one series. */
        int len = snprintf(bound, sizeof(bound),
                           bounds[i] == (double)(int64_t)bounds[i] ? "%.1f" : "%.15g", bounds[i]);
        append_bucket(e, labels, label_count, bytes_of(bound, (size_t)len), so_far);
    }
    append_bucket(e, labels, label_count, BYTES_LITERAL("+Inf"), count);
    buf_append_string(e->out, e->family->name);
    buf_append_string(e->out, "_sum");
    append_labels(e->out, labels, label_count);
    append_real(e->out, sum);
    buf_append_string(e->out, e->family->name);
    buf_append_string(e->out, "_count");
    append_labels(e->out, labels, label_count);
    append_count(e->out, count);
}
