/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/docs.h"

/* --- the reply ------------------------------------------------------------------------------------ */

/* A map, which RESP2 sends as an array. */
static bool is_map(const struct reply *r)
{
    return r->kind == REPLY_MAP || (r->kind == REPLY_ARRAY && r->count % 2 == 0);
}

void docs_deinit(struct docs *d)
{
    reply_free(d->reply);
    d->reply = NULL;
}

void docs_set(struct docs *d, struct reply *reply)
{
    docs_deinit(d);
    if (is_map(reply))
        d->reply = reply;
    else
        reply_free(reply);
}

const struct reply *docs_field(const struct reply *entry, const char *name)
{
    if (!is_map(entry))
        return NULL;
    for (size_t i = 0; i + 1 < entry->count; i += 2)
        if (bytes_is(entry->items[i].text, name))
            return &entry->items[i + 1];
    return NULL;
}

struct bytes docs_text(const struct reply *entry, const char *name)
{
    const struct reply *field = docs_field(entry, name);

    return field == NULL || bytes_is_null(field->text) ? BYTES_LITERAL("") : field->text;
}

bool docs_has_flag(const struct reply *argument, const char *flag)
{
    const struct reply *flags = docs_field(argument, "flags");

    for (size_t i = 0; flags != NULL && i < flags->count; i++)
        if (bytes_is(flags->items[i].text, flag))
            return true;
    return false;
}

/* --- commands ------------------------------------------------------------------------------------- */

/* What stands behind the bar of "config|get", or the whole of a name without one. */
static struct bytes last_word(struct bytes name)
{
    const char *bar = memchr(name.data, '|', name.len);

    if (bar == NULL)
        return name;
    size_t before = (size_t)(bar + 1 - name.data);
    return bytes_of(bar + 1, name.len - before);
}

static void each_entry(const struct reply *entries, docs_fn *fn, void *ctx)
{
    for (size_t i = 0; entries != NULL && is_map(entries) && i + 1 < entries->count; i += 2)
        fn(ctx, last_word(entries->items[i].text), &entries->items[i + 1]);
}

void docs_each(const struct docs *d, docs_fn *fn, void *ctx)
{
    each_entry(d->reply, fn, ctx);
}

void docs_each_sub(const struct reply *entry, docs_fn *fn, void *ctx)
{
    each_entry(docs_field(entry, "subcommands"), fn, ctx);
}

struct sought {
    struct bytes word;
    const struct reply *found;
};

static void compare(void *ctx, struct bytes word, const struct reply *entry)
{
    struct sought *s = ctx;

    if (bytes_equal_nocase(word, s->word))
        s->found = entry;
}

const struct reply *docs_find(const struct docs *d, const struct bytes *words, size_t count,
                              size_t *used)
{
    struct sought command = {0}, sub = {0};

    *used = 0;
    if (count == 0)
        return NULL;
    command.word = words[0];
    docs_each(d, compare, &command);
    if (command.found == NULL)
        return NULL;
    *used = 1;
    if (count > 1) {
        sub.word = words[1];
        docs_each_sub(command.found, compare, &sub);
    }
    if (sub.found == NULL)
        return command.found;
    *used = 2;
    return sub.found;
}

/* --- arguments ------------------------------------------------------------------------------------ */

static void put_children(struct buf *out, const struct reply *argument, const char *between)
{
    const struct reply *children = docs_field(argument, "arguments");

    for (size_t i = 0; children != NULL && i < children->count; i++) {
        if (i > 0)
            buf_append_string(out, between);
        docs_append_argument(out, &children->items[i]);
    }
}

static void put_body(struct buf *out, const struct reply *argument)
{
    struct bytes type = docs_text(argument, "type");
    bool optional = docs_has_flag(argument, "optional");
    bool has_token = docs_field(argument, "token") != NULL;

    if (bytes_is(type, "block")) {
        put_children(out, argument, " ");
    } else if (bytes_is(type, "oneof")) {
        bool brackets = has_token || !optional;

        buf_append_string(out, brackets ? "<" : "");
        put_children(out, argument, " | ");
        buf_append_string(out, brackets ? ">" : "");
    } else if (!bytes_is(type, "pure-token")) {
        struct bytes shown = docs_text(argument, "display_text");

        buf_append_bytes(out, shown.len > 0 ? shown : docs_text(argument, "name"));
    }
}

static void put_token(struct buf *out, const struct reply *argument)
{
    struct bytes token = docs_text(argument, "token");

    buf_append_bytes(out, token.len > 0 ? token : BYTES_LITERAL("\"\""));
    if (!bytes_is(docs_text(argument, "type"), "pure-token"))
        buf_append_char(out, ' ');
}

void docs_append_argument(struct buf *out, const struct reply *argument)
{
    bool optional = docs_has_flag(argument, "optional");
    bool has_token = docs_field(argument, "token") != NULL;

    if (optional)
        buf_append_char(out, '[');
    if (has_token)
        put_token(out, argument);
    put_body(out, argument);
    if (docs_has_flag(argument, "multiple")) {
        buf_append_string(out, " [");
        if (has_token && docs_has_flag(argument, "multiple_token"))
            put_token(out, argument);
        put_body(out, argument);
        buf_append_string(out, " ...]");
    }
    if (optional)
        buf_append_char(out, ']');
}
