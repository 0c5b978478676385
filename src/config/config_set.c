/* SPDX-License-Identifier: BSD-3-Clause */
/* CONFIG SET: several directives at once, all or nothing. Everything is tried on a copy first; what was
 * accepted there is then set for real, so that what was not named is not touched. */
#include "config/config.h"
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

enum err config_set(struct config *c, const struct bytes *pairs, size_t pair_count,
                    void (*changed)(void *ctx, const struct directive *d), void *ctx,
                    struct buf *why)
{
    struct config trial;
    enum err err = check_names(pairs, pair_count, why);

    if (err != ERR_OK)
        return err;
    directives_copy(&config_table, &trial, c);
    err = set_values(&trial, pairs, pair_count, why);
    config_deinit(&trial);
    if (err != ERR_OK)
        return err;
    err = set_values(c, pairs, pair_count, why);
    ASSERT(err == ERR_OK);
    for (size_t i = 0; changed != NULL && i < pair_count; i++)
        changed(ctx, directive_find(&config_table, pairs[2 * i]));
    return ERR_OK;
}
