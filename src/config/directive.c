/* SPDX-License-Identifier: BSD-3-Clause */
/* Typed options over the fields of a struct. The sentences for bad values are Redis's where Redis has
 * them, since people and programs know them. Knows nothing of files or clients. */
#include "config/directive.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "base/num.h"
#include <inttypes.h>

static void *field_of(const struct directive *d, void *values)
{
    return (char *)values + d->field;
}

static const void *const_field_of(const struct directive *d, const void *values)
{
    return (const char *)values + d->field;
}

/* --- one value ------------------------------------------------------------------------------ */

static enum err set_number(const struct directive *d, int64_t *target, struct bytes text,
                           struct buf *why)
{
    bool is_size = d->type == DIRECTIVE_SIZE;
    int64_t value;

    /* "-1" is no size, but some limits use it for "none". */
    if (is_size ? !num_parse_size(text, &value) && !(d->min < 0 && num_parse_i64(text, &value))
                : !num_parse_i64(text, &value)) {
        buf_append_string(why, is_size ? "argument must be a memory value"
                                       : "argument couldn't be parsed into an integer");
        return ERR_INVALID;
    }
    if (value < d->min || value > d->max) {
        buf_printf(why, "argument must be between %" PRId64 " and %" PRId64 " inclusive", d->min,
                   d->max);
        return ERR_INVALID;
    }
    *target = value;
    return ERR_OK;
}

static const char *bool_word(const struct directive *d, bool value)
{
    if (d->flags & DIRECTIVE_TRUE_FALSE)
        return value ? "true" : "false";
    return value ? "yes" : "no";
}

static enum err set_bool(const struct directive *d, bool *target, struct bytes text,
                         struct buf *why)
{
    bool value = bytes_is(text, bool_word(d, true));

    if (!value && !bytes_is(text, bool_word(d, false))) {
        buf_printf(why, "argument must be '%s' or '%s'", bool_word(d, true), bool_word(d, false));
        return ERR_INVALID;
    }
    *target = value;
    return ERR_OK;
}

static enum err set_string(const struct directive *d, char **target, struct bytes text,
                           struct buf *why)
{
    char *copy;

    if (text.len > 0 && memchr(text.data, '\0', text.len) != NULL) {
        buf_append_string(why, "argument must not contain a zero byte");
        return ERR_INVALID;
    }
    if (d->max != 0 && text.len > (uint64_t)d->max) {
        buf_printf(why, "argument must be at most %" PRId64 " bytes long", d->max);
        return ERR_INVALID;
    }
    if (d->check != NULL && d->check(text, why) != ERR_OK)
        return ERR_INVALID;
    copy = mem_strndup(text.len == 0 ? "" : text.data, text.len);
    mem_free(*target);
    *target = copy;
    return ERR_OK;
}

static enum err set_enum(const struct directive *d, int *target, struct bytes text, struct buf *why)
{
    for (const struct directive_word *w = d->words; w->word != NULL; w++) {
        if (bytes_is(text, w->word)) {
            *target = w->value;
            return ERR_OK;
        }
    }
    buf_append_string(why, "argument(s) must be one of the following: ");
    for (const struct directive_word *w = d->words; w->word != NULL; w++)
        buf_printf(why, "%s%s", w == d->words ? "" : ", ", w->word);
    return ERR_INVALID;
}

enum err directive_set(const struct directive *d, void *values, struct bytes text, struct buf *why)
{
    void *target = field_of(d, values);

    switch (d->type) {
    case DIRECTIVE_INT:
    case DIRECTIVE_SIZE:
        return set_number(d, target, text, why);
    case DIRECTIVE_BOOL:
        return set_bool(d, target, text, why);
    case DIRECTIVE_STRING:
        return set_string(d, target, text, why);
    case DIRECTIVE_ENUM:
        return set_enum(d, target, text, why);
    case DIRECTIVE_CUSTOM:
        return d->parse(target, text, why);
    }
    ASSERT(!"a directive type that exists");
    return ERR_INVALID;
}

static const char *enum_word(const struct directive *d, int value)
{
    const struct directive_word *w = d->words;

    while (w->word != NULL && w->value != value)
        w++;
    ASSERT(w->word != NULL);
    return w->word;
}

void directive_get(const struct directive *d, const void *values, struct buf *text)
{
    const void *source = const_field_of(d, values);

    switch (d->type) {
    case DIRECTIVE_INT:
    case DIRECTIVE_SIZE:
        buf_printf(text, "%" PRId64, *(const int64_t *)source);
        return;
    case DIRECTIVE_BOOL:
        buf_append_string(text, bool_word(d, *(const bool *)source));
        return;
    case DIRECTIVE_STRING:
        buf_append_string(text, *(char *const *)source);
        return;
    case DIRECTIVE_ENUM:
        buf_append_string(text, enum_word(d, *(const int *)source));
        return;
    case DIRECTIVE_CUSTOM:
        d->format(source, text);
        return;
    }
    ASSERT(!"a directive type that exists");
}

bool directive_equal(const struct directive *d, const void *a, const void *b)
{
    struct buf text_a = {0}, text_b = {0};
    bool equal;

    directive_get(d, a, &text_a);
    directive_get(d, b, &text_b);
    equal = bytes_equal(buf_bytes(&text_a), buf_bytes(&text_b));
    buf_deinit(&text_a);
    buf_deinit(&text_b);
    return equal;
}

/* --- all values of a struct ----------------------------------------------------------------- */

/* Gives a field of an uninitialised struct its first value, which must be acceptable. */
static void set_first(const struct directive *d, void *values, struct bytes text)
{
    struct buf why = {0};
    enum err err;

    if (d->type == DIRECTIVE_STRING) {
        *(char **)field_of(d, values) = NULL;
    } else if (d->type == DIRECTIVE_CUSTOM) {
        ASSERT(d->size > 0);
        memset(field_of(d, values), 0, d->size);
    }
    err = directive_set(d, values, text, &why);
    ASSERT(err == ERR_OK);
    buf_deinit(&why);
}

void directives_init(const struct directive_table *t, void *values)
{
    for (size_t i = 0; i < t->count; i++)
        set_first(&t->items[i], values, bytes_of_string(t->items[i].initial));
}

void directives_deinit(const struct directive_table *t, void *values)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct directive *d = &t->items[i];
        void *field = field_of(d, values);

        if (d->type == DIRECTIVE_STRING) {
            mem_free(*(char **)field);
            *(char **)field = NULL;
        } else if (d->type == DIRECTIVE_CUSTOM && d->release != NULL) {
            d->release(field);
        }
    }
}

void directives_copy(const struct directive_table *t, void *to, const void *from)
{
    struct buf text = {0};

    for (size_t i = 0; i < t->count; i++) {
        buf_clear(&text);
        directive_get(&t->items[i], from, &text);
        set_first(&t->items[i], to, buf_bytes(&text));
    }
    buf_deinit(&text);
}

/* --- names ---------------------------------------------------------------------------------- */

const struct directive *directive_find(const struct directive_table *t, struct bytes name)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct directive *d = &t->items[i];

        if (bytes_is(name, d->name) || (d->alias != NULL && bytes_is(name, d->alias)))
            return d;
    }
    return NULL;
}

const char *directive_nearest(const struct directive_table *t, struct bytes name)
{
    struct nearest nearest;

    nearest_init(&nearest, name);
    for (size_t i = 0; i < t->count; i++) {
        nearest_offer(&nearest, t->items[i].name);
        if (t->items[i].alias != NULL)
            nearest_offer(&nearest, t->items[i].alias);
    }
    return nearest.best;
}
