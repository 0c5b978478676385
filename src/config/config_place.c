/* SPDX-License-Identifier: BSD-3-Clause */
/* One directive: found, set, or complained about where it stands. */
#include "config/config_place.h"
#include "base/nearest.h"
#include "config/quote.h"
#include "config/words.h"

void place_begin_problem(struct config_source *s, const struct place *p)
{
    if (s->problems++ > 0)
        buf_append_char(s->why, '\n');
    if (p->kind == PLACE_LINE) {
        quote_append(s->why, bytes_of_string(p->file->name));
        buf_printf(s->why, ":%zu: ", p->line);
    }
}

void place_name(const struct place *p, struct bytes name, struct buf *text)
{
    if (p->kind != PLACE_VARIABLE) {
        buf_append_string(text, p->kind == PLACE_OPTION ? "--" : "");
        quote_append(text, name);
        return;
    }
    struct buf variable = {0};
    buf_append_string(&variable, CONFIG_VARIABLE_PREFIX);
    for (size_t i = 0; i < name.len; i++)
        buf_append_char(&variable, name.data[i] == '-' ? '_' : byte_upper(name.data[i]));
    quote_append(text, buf_bytes(&variable));
    buf_deinit(&variable);
}

/* The closest of what can stand at such a place, or NULL. */
static const char *nearest_name(const struct place *p, struct bytes name)
{
    const char *directive = directive_nearest(&config_table, name);
    struct nearest nearest;

    nearest_init(&nearest, name);
    if (directive != NULL)
        nearest_offer(&nearest, directive);
    if (p->kind != PLACE_VARIABLE)
        nearest_offer(&nearest, "include");
    return nearest.best;
}

void place_unknown(struct config_source *s, const struct place *p, struct bytes name)
{
    static const char *const words[] = {
        [PLACE_LINE] = "directive", [PLACE_OPTION] = "option", [PLACE_VARIABLE] = "variable"};
    const char *nearest = nearest_name(p, name);

    place_begin_problem(s, p);
    buf_printf(s->why, "unknown %s '", words[p->kind]);
    place_name(p, name, s->why);
    buf_append_char(s->why, '\'');
    if (nearest == NULL)
        return;
    buf_append_string(s->why, "; did you mean '");
    place_name(p, bytes_of_string(nearest), s->why);
    buf_append_string(s->why, "'?");
}

static void say_word_count(struct config_source *s, const struct place *p,
                           const struct directive *d, const struct bytes *words, size_t count)
{
    place_begin_problem(s, p);
    place_name(p, bytes_of_string(d->name), s->why);
    buf_append_string(s->why, " needs a value");
    if (count == 0)
        return;
    buf_printf(s->why, ", a single one, and here are %zu", count);
    if (p->kind == PLACE_LINE && bytes_starts_with(words[1], "#"))
        buf_append_string(s->why, "; a comment needs a line of its own");
}

static void say_bad_value(struct config_source *s, const struct place *p, const struct directive *d,
                          struct bytes value, struct bytes cause)
{
    place_begin_problem(s, p);
    place_name(p, bytes_of_string(d->name), s->why);
    if (!(d->flags & DIRECTIVE_SECRET)) {
        buf_append_string(s->why, " '");
        quote_append(s->why, value);
        buf_append_char(s->why, '\'');
    }
    buf_append_string(s->why, ": ");
    buf_append_bytes(s->why, cause);
}

static void join(const struct bytes *words, size_t count, struct buf *text)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_append_char(text, ' ');
        buf_append_bytes(text, words[i]);
    }
}

enum err place_apply(struct config_source *s, const struct place *p, struct bytes name,
                     const struct bytes *words, size_t count)
{
    if (bytes_is(name, "include"))
        return include_apply(s, p, words, count);
    const struct directive *d = directive_find(&config_table, name);
    if (d == NULL) {
        place_unknown(s, p, name);
        return ERR_INVALID;
    }
    if (count == 0 || (count > 1 && !(d->flags & DIRECTIVE_WORDS))) {
        say_word_count(s, p, d, words, count);
        return ERR_INVALID;
    }
    struct buf value = {0}, cause = {0};
    if ((d->flags & DIRECTIVE_LINES) && count > 1) /* one word is a line as it is */
        words_join(words, count, &value);
    else
        join(words, count, &value);
    enum err err = directive_set(d, s->config, buf_bytes(&value), &cause);
    if (err != ERR_OK)
        say_bad_value(s, p, d, buf_bytes(&value), buf_bytes(&cause));
    buf_deinit(&value);
    buf_deinit(&cause);
    return err;
}
