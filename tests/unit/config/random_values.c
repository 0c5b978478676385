/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit/config/random_values.h"
#include "base/check.h"
#include <inttypes.h>

static void number(struct random *r, const struct directive *d, struct buf *text)
{
    uint64_t span = (uint64_t)d->max - (uint64_t)d->min;
    uint64_t bound = random_below(r, 2) == 0 || span < 100 ? span : 100;

    buf_printf(text, "%" PRId64,
               (int64_t)((uint64_t)d->min + (bound == 0 ? 0 : random_below(r, bound))));
}

static void size(struct random *r, struct buf *text)
{
    static const char *const units[] = {"", "k", "kb", "MB", "mb", "gb"};

    buf_printf(text, "%d%s", (int)random_below(r, 5000), units[random_below(r, COUNT_OF(units))]);
}

/* With everything that quotes are for. */
static void string(struct random *r, const struct directive *d, struct buf *text)
{
    static const char bytes[] = "abc/.-# \"'\\\t\n\x01\x7f\xc3\xa9";
    size_t len = random_below(r, d->max != 0 && d->max < 20 ? (uint64_t)d->max : 20);

    while (len-- > 0)
        buf_append_char(text, bytes[random_below(r, sizeof(bytes) - 1)]);
}

static void custom(struct random *r, const struct directive *d, struct buf *text)
{
    static const char *const values[][2] = {
        {"bind", "10.0.0.1"},
        {"bind", "* -::*"},
        {"bind", "a\"b -'"},
        {"client-output-buffer-limit", "normal 1mb 7 9"},
        {"client-output-buffer-limit", "pubsub 0 0 0 normal 5 1kb 1"},
        {"latency-tracking-info-percentiles", ""},
        {"latency-tracking-info-percentiles", "1 2 99.999"},
    };
    const char *value = d->initial;

    for (size_t i = 0; i < COUNT_OF(values); i++)
        if (strcmp(values[i][0], d->name) == 0 && random_below(r, 2) == 0)
            value = values[i][1];
    buf_append_string(text, value);
}

static void any(struct random *r, const struct directive *d, struct buf *text)
{
    size_t words = 0;

    switch (d->type) {
    case DIRECTIVE_INT:
        number(r, d, text);
        return;
    case DIRECTIVE_SIZE:
        size(r, text);
        return;
    case DIRECTIVE_BOOL:
        buf_append_string(text, random_below(r, 2) == 0 ? "yes" : "no");
        return;
    case DIRECTIVE_STRING:
        string(r, d, text);
        return;
    case DIRECTIVE_ENUM:
        while (d->words[words].word != NULL)
            words++;
        buf_append_string(text, d->words[random_below(r, words)].word);
        return;
    case DIRECTIVE_CUSTOM:
        custom(r, d, text);
        return;
    }
}

static bool is_accepted(const struct directive *d, struct bytes text)
{
    struct buf why = {0};
    struct config c;

    config_init(&c);
    enum err err = directive_set(d, &c, text, &why);
    config_deinit(&c);
    buf_deinit(&why);
    return err == ERR_OK;
}

void random_value(struct random *r, const struct directive *d, struct buf *text)
{
    any(r, d, text);
    if (is_accepted(d, buf_bytes(text)))
        return;
    buf_clear(text);
    buf_append_string(text, d->initial);
}
