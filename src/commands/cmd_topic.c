/* SPDX-License-Identifier: BSD-3-Clause */
/* TOPIC CREATE, LIST, ALTER, CONFIG and DELETE. (DESCRIBE and OFFSETS read partitions: cmd_describe.c
 * and cmd_offsets.c.) */
#include "commands/arguments.h"
#include "commands/change_reply.h"
#include "commands/errors.h"
#include "commands/handlers.h"
#include "commands/help.h"

#include "base/glob.h"
#include "base/mem.h"

/* Answers with what the catalog refused; `code` where it has one of its own. */
static void reply_refused(struct call *c, const char *code, const struct buf *why)
{
    write_error(&c->w, "%s %.*s", code, (int)why->len, buf_bytes(why).data);
}

/* --- TOPIC CREATE name [PARTITIONS n] [IF NOT EXISTS] [CONFIG key value ...] -------------------- */

struct create_options {
    int64_t partitions;
    bool has_partitions;
    bool if_not_exists;
    const struct bytes *pairs;
    size_t pair_count;
};

static bool read_create_options(struct call *c, struct create_options *o)
{
    int at = 3;
    while (at < c->argc) {
        struct bytes word = c->argv[at];
        int rest = c->argc - at - 1;
        if (bytes_is(word, "partitions") && rest >= 1 && !o->has_partitions) {
            o->has_partitions = true;
            if (!argument_int(c, c->argv[at + 1], "PARTITIONS", 1, TOPIC_PARTITIONS_MAX,
                              &o->partitions))
                return false;
            at += 2;
        } else if (bytes_is(word, "if") && rest >= 2 && bytes_is(c->argv[at + 1], "not") &&
                   bytes_is(c->argv[at + 2], "exists") && !o->if_not_exists) {
            o->if_not_exists = true;
            at += 3;
        } else if (bytes_is(word, "config") && rest >= 2 && o->pairs == NULL) {
            /* Pairs go on to the end, or to a word that begins another option. */
            int first = ++at;
            while (at + 1 < c->argc && !bytes_is(c->argv[at], "partitions") &&
                   !bytes_is(c->argv[at], "if"))
                at += 2;
            o->pairs = &c->argv[first];
            o->pair_count = (size_t)(at - first) / 2;
        } else {
            reply_syntax_error(c);
            return false;
        }
    }
    return true;
}

void cmd_topic_create(struct call *c)
{
    struct create_options o = {.partitions = c->sv->config->default_partitions};
    if (!read_create_options(c, &o))
        return;
    struct bytes name = c->argv[2];
    struct buf why = {0};
    if (topic_check_name(name, &why) != ERR_OK || topic_is_internal(name)) {
        if (why.len == 0)
            buf_printf(&why, "names that begin with '__' are internal");
        reply_refused(c, "INVALIDTOPIC", &why);
    } else if (catalog_find(c->sv->catalog, name) != NULL) {
        if (o.if_not_exists)
            write_ok(&c->w);
        else
            write_error(&c->w, "TOPICEXISTS topic '%.*s' exists already", (int)name.len, name.data);
    } else {
        struct change_reply *r = change_reply_create(1, "create");
        struct topic *t;
        enum err err = catalog_create_topic(c->sv->catalog, name, o.partitions, o.pairs,
                                            o.pair_count, change_reply_next(r, name), &why, &t);
        if (err == ERR_OK) {
            change_reply_start(r, c);
        } else {
            reply_refused(c,
                          o.pair_count > 0 && err == ERR_INVALID ? "INVALIDCONFIG"
                                                                 : error_code_refused(err),
                          &why);
            change_reply_drop_last(r);
            change_reply_destroy(r);
        }
    }
    buf_deinit(&why);
}

/* --- TOPIC LIST [MATCH pattern] --------------------------------------------------------------- */

struct listing {
    struct writer *w; /* NULL: only count */
    struct bytes pattern;
    size_t count;
};

static void list_topic(void *ctx, struct topic *t)
{
    struct listing *l = ctx;
    if (!bytes_is_null(l->pattern) && !glob_match(l->pattern, t->name))
        return;
    l->count++;
    if (l->w != NULL)
        write_bulk(l->w, t->name);
}

void cmd_topic_list(struct call *c)
{
    struct listing l = {.pattern = BYTES_NULL};
    if (c->argc == 4 && bytes_is(c->argv[2], "match")) {
        l.pattern = c->argv[3];
    } else if (c->argc != 2) {
        reply_syntax_error(c);
        return;
    }
    catalog_each(c->sv->catalog, list_topic, &l);
    write_array(&c->w, l.count);
    l.w = &c->w;
    catalog_each(c->sv->catalog, list_topic, &l);
}

/* --- TOPIC ALTER name PARTITIONS n [REMAP] ----------------------------------------------------- */

void cmd_topic_alter(struct call *c)
{
    int64_t partitions;
    bool remap = c->argc == 6 && bytes_is(c->argv[5], "remap");
    if (!bytes_is(c->argv[3], "partitions") || (c->argc != 5 && !remap)) {
        reply_syntax_error(c);
        return;
    }
    if (!argument_int(c, c->argv[4], "PARTITIONS", 1, TOPIC_PARTITIONS_MAX, &partitions))
        return;
    struct topic *t = change_topic(c, c->argv[2]);
    if (t == NULL)
        return;
    struct buf why = {0};
    struct change_reply *r = change_reply_create(1, "alter");
    enum err err = catalog_grow_topic(c->sv->catalog, t, partitions, remap,
                                      change_reply_next(r, t->name), &why);
    if (err == ERR_OK) {
        change_reply_start(r, c);
    } else {
        reply_refused(c, "ERR", &why);
        change_reply_drop_last(r);
        change_reply_destroy(r);
    }
    buf_deinit(&why);
}

/* --- TOPIC CONFIG GET name [pattern] | SET name key value [...] | RESET name key [...] ----------- */

static void config_get(struct call *c, struct topic *t)
{
    if (c->argc > 5) {
        reply_syntax_error(c);
        return;
    }
    struct bytes pattern = c->argc == 5 ? c->argv[4] : BYTES_LITERAL("*");
    size_t count = 0;
    for (size_t i = 0; i < topic_config_table.count; i++)
        count += glob_match_nocase(pattern, bytes_of_string(topic_config_table.items[i].name));
    write_map(&c->w, count);
    struct buf text = {0};
    for (size_t i = 0; i < topic_config_table.count; i++) {
        const struct directive *d = &topic_config_table.items[i];
        if (!glob_match_nocase(pattern, bytes_of_string(d->name)))
            continue;
        bool is_set;
        buf_clear(&text);
        topic_config_get(t, d, &text, &is_set);
        write_bulk_string(&c->w, d->name);
        write_bulk(&c->w, buf_bytes(&text));
    }
    buf_deinit(&text);
}

static void config_change(struct call *c, struct topic *t, bool set)
{
    const struct bytes *words = &c->argv[4];
    size_t count = (size_t)c->argc - 4;
    if (count == 0 || (set && count % 2 != 0)) {
        write_error(&c->w, "ERR wrong number of arguments for 'topic|config' command");
        return;
    }
    struct buf why = {0};
    struct change_reply *r = change_reply_create(1, "configure");
    struct topic_change *change = change_reply_next(r, t->name);
    enum err err = set ? catalog_set_config(c->sv->catalog, t, words, count / 2, change, &why)
                       : catalog_reset_config(c->sv->catalog, t, words, count, change, &why);
    if (err == ERR_OK) {
        change_reply_start(r, c);
    } else {
        reply_refused(c, "INVALIDCONFIG", &why);
        change_reply_drop_last(r);
        change_reply_destroy(r);
    }
    buf_deinit(&why);
}

void cmd_topic_config(struct call *c)
{
    struct bytes word = c->argv[2];
    bool get = bytes_is(word, "get");
    bool set = bytes_is(word, "set");
    if (!get && !set && !bytes_is(word, "reset")) {
        reply_syntax_error(c);
        return;
    }
    struct topic *t = get ? argument_topic(c, c->argv[3]) : change_topic(c, c->argv[3]);
    if (t == NULL)
        return;
    if (get)
        config_get(c, t);
    else
        config_change(c, t, set);
}

/* --- TOPIC DELETE name [name ...] --------------------------------------------------------------- */

void cmd_topic_delete(struct call *c)
{
    /* All are looked up first: a name that is not there leaves the others alone. */
    for (int i = 2; i < c->argc; i++) {
        if (change_topic(c, c->argv[i]) == NULL)
            return;
    }
    struct change_reply *r = change_reply_create((size_t)c->argc - 2, "delete");
    for (int i = 2; i < c->argc; i++) {
        struct topic *t = catalog_find(c->sv->catalog, c->argv[i]);
        if (t != NULL) /* NULL: named twice */
            catalog_delete_topic(c->sv->catalog, t, change_reply_next(r, c->argv[i]));
    }
    change_reply_start(r, c);
}

void cmd_topic_help(struct call *c)
{
    reply_help(c);
}
