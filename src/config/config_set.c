/* SPDX-License-Identifier: BSD-3-Clause */
/* CONFIG SET: several directives at once, all or nothing. Everything is tried on a copy first, the parts
 * that work with the values are asked, and what was accepted is then set for real, so that what was not
 * named is not touched. */
#include "base/mem.h"
#include "config/config_part.h"
#include "config/quote.h"

static void say_failed(struct bytes name, struct bytes cause, struct buf *why)
{
    buf_append_string(why, "CONFIG SET failed (possibly related to argument '");
    quote_append(why, name);
    buf_append_string(why, "') - ");
    buf_append_bytes(why, cause);
}

static void say_unknown(struct bytes name, struct buf *why)
{
    const char *nearest = directive_nearest(&config_table, name);

    buf_append_string(why, "Unknown option or number of arguments for CONFIG SET - '");
    quote_append(why, name);
    buf_append_char(why, '\'');
    if (nearest != NULL)
        buf_printf(why, "; did you mean '%s'?", nearest);
}

static bool given_before(const struct directive *d, const struct bytes *pairs, size_t before)
{
    for (size_t i = 0; i < before; i++) {
        if (directive_find(&config_table, pairs[2 * i]) == d)
            return true;
    }
    return false;
}

/* The names, all of them before any value is looked at. */
static enum err check_names(const struct bytes *pairs, size_t pair_count, struct buf *why)
{
    for (size_t i = 0; i < pair_count; i++) {
        struct bytes name = pairs[2 * i];
        const struct directive *d = directive_find(&config_table, name);

        if (d == NULL) {
            say_unknown(name, why);
            return ERR_INVALID;
        }
        if (d->flags & DIRECTIVE_FIXED) {
            say_failed(name, BYTES_LITERAL("can't set immutable config"), why);
            return ERR_INVALID;
        }
        /* Stops at the first repetition, so after at most as many pairs as there are directives. */
        if (given_before(d, pairs, i)) {
            say_failed(name, BYTES_LITERAL("duplicate parameter"), why);
            return ERR_INVALID;
        }
    }
    return ERR_OK;
}

static enum err set_values(struct config *c, const struct bytes *pairs, size_t pair_count,
                           struct buf *why)
{
    struct buf cause = {0};
    enum err err = ERR_OK;

    for (size_t i = 0; err == ERR_OK && i < pair_count; i++) {
        const struct directive *d = directive_find(&config_table, pairs[2 * i]);

        err = directive_set(d, c, pairs[2 * i + 1], &cause);
        if (err != ERR_OK)
            say_failed(pairs[2 * i], buf_bytes(&cause), why);
    }
    buf_deinit(&cause);
    return err;
}

struct setting {
    struct config *config;
    const struct bytes *pairs;
    size_t pair_count;
    struct buf *why;
};

static void publish(void *ctx)
{
    struct setting *s = ctx;
    enum err err = set_values(s->config, s->pairs, s->pair_count, s->why);

    ASSERT(err == ERR_OK);
}

/* Asks the parts, and sets the values if all agree. */
static enum err change(struct setting *s, const struct config *after, struct list *parts)
{
    struct buf cause = {0};
    struct config_change change = {
        .after = after,
        .changed = mem_zalloc(s->pair_count, sizeof(struct directive *)),
        .why = &cause,
    };
    enum err err;

    for (size_t i = 0; i < s->pair_count; i++) {
        const struct directive *d = directive_find(&config_table, s->pairs[2 * i]);

        if ((d->flags & DIRECTIVE_REFERS) || !directive_equal(d, s->config, after))
            change.changed[change.changed_count++] = d;
    }
    err = config_change_run(&change, parts, publish, s);
    if (err != ERR_OK)
        say_failed(bytes_of_string(change.culprit->name), buf_bytes(&cause), s->why);
    mem_free(change.changed);
    buf_deinit(&cause);
    return err;
}

enum err config_set(struct config *c, const struct bytes *pairs, size_t pair_count,
                    struct list *parts, void (*changed)(void *ctx, const struct directive *d),
                    void *ctx, struct buf *why)
{
    struct setting setting = {.config = c, .pairs = pairs, .pair_count = pair_count, .why = why};
    struct config after;
    enum err err = check_names(pairs, pair_count, why);

    if (err != ERR_OK)
        return err;
    directives_copy(&config_table, &after, c);
    err = set_values(&after, pairs, pair_count, why);
    if (err == ERR_OK)
        err = change(&setting, &after, parts);
    config_deinit(&after);
    if (err != ERR_OK)
        return err;
    for (size_t i = 0; changed != NULL && i < pair_count; i++)
        changed(ctx, directive_find(&config_table, pairs[2 * i]));
    return ERR_OK;
}
