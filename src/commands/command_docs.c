/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/command_docs.h"

#include "base/buf.h"
#include "commands/command_syntax.h"

static bool is_sub(const struct command_table *t, size_t index, const struct command *parent)
{
    return index < command_table_count(t) && command_at(t, index)->parent == parent;
}

static size_t sub_count(const struct command_table *t, const struct command *c)
{
    size_t count = 0;
    while (is_sub(t, c->index + 1 + count, c))
        count++;
    return count;
}

/* --- INFO ----------------------------------------------------------------------------------- */

struct word_list {
    struct writer *w; /* NULL: only count */
    size_t count;
};

static void on_word(void *ctx, const char *word)
{
    struct word_list *list = ctx;
    list->count++;
    if (list->w != NULL)
        write_status(list->w, word);
}

static void write_words(struct writer *w, const struct command *c,
                        void (*each)(const struct command *, void (*)(void *, const char *),
                                     void *))
{
    struct word_list list = {0};
    each(c, on_word, &list);
    write_set(w, list.count);
    list.w = w;
    each(c, on_word, &list);
}

static void write_pair(struct writer *w, const char *name, int64_t value)
{
    write_bulk_string(w, name);
    write_int(w, value);
}

/* Whether a spec is of keys, which is what COMMAND INFO tells. */
static bool tells_keys(const struct key_spec *spec)
{
    return !(spec->flags & KEY_NO_KEY);
}

static void write_begin_search(struct writer *w, const struct key_spec *spec)
{
    bool by_keyword = !bytes_is_null(spec->keyword);
    write_bulk_string(w, "begin_search");
    write_map(w, 2);
    write_bulk_string(w, "type");
    write_bulk_string(w, spec->first == 0 ? "unknown" : by_keyword ? "keyword" : "index");
    write_bulk_string(w, "spec");
    if (spec->first == 0) {
        write_map(w, 0);
    } else if (by_keyword) {
        write_map(w, 2);
        write_bulk_string(w, "keyword");
        write_bulk(w, spec->keyword);
        write_pair(w, "startfrom", spec->first);
    } else {
        write_map(w, 1);
        write_pair(w, "index", spec->first);
    }
}

static void write_find_keys(struct writer *w, const struct key_spec *spec)
{
    write_bulk_string(w, "find_keys");
    write_map(w, 2);
    write_bulk_string(w, "type");
    write_bulk_string(w, spec->first == 0 ? "unknown" : "range");
    write_bulk_string(w, "spec");
    if (spec->first == 0) {
        write_map(w, 0);
        return;
    }
    write_map(w, 3);
    write_pair(w, "lastkey", spec->to_end ? -1 : 0);
    write_pair(w, "keystep", spec->step);
    write_pair(w, "limit", 0);
}

/* Where keys stand, in the long form that cluster clients read. */
static void write_key_specs(struct writer *w, const struct command *c)
{
    size_t count = 0;
    for (int i = 0; i < c->key_spec_count; i++)
        count += tells_keys(&c->key_specs[i]);
    write_set(w, count);
    for (int i = 0; i < c->key_spec_count; i++) {
        const struct key_spec *spec = &c->key_specs[i];
        struct word_list flags = {0};
        if (!tells_keys(spec))
            continue;
        write_map(w, 3);
        write_bulk_string(w, "flags");
        key_each_flag(spec->flags, on_word, &flags);
        write_set(w, flags.count);
        flags.w = w;
        key_each_flag(spec->flags, on_word, &flags);
        write_begin_search(w, spec);
        write_find_keys(w, spec);
    }
}

void command_write_info(struct writer *w, const struct command_table *t, const struct command *c)
{
    write_array(w, 10);
    write_bulk_string(w, c->name);
    write_int(w, c->arity);
    write_words(w, c, command_each_flag);
    write_int(w, c->first_key);
    write_int(w, c->last_key);
    write_int(w, c->key_step);
    write_words(w, c, command_each_category);
    write_set(w, 0); /* tips */
    write_key_specs(w, c);
    size_t count = sub_count(t, c);
    if (count == 0)
        write_set(w, 0);
    else
        write_array(w, count);
    for (size_t i = 1; i <= count; i++)
        command_write_info(w, t, command_at(t, c->index + i));
}

/* --- DOCS ----------------------------------------------------------------------------------- */

static void write_arguments(struct writer *w, const struct syntax *syntax, int first);

static struct bytes argument_name(const struct syntax *syntax, const struct syntax_node *n)
{
    if (n->type == SYNTAX_VALUE)
        return n->text;
    if (!bytes_is_null(n->token))
        return n->token;
    return argument_name(syntax, &syntax->nodes[n->child]);
}

static void write_lower(struct writer *w, struct bytes text)
{
    struct buf lower = {0};
    for (size_t i = 0; i < text.len; i++)
        buf_append_char(&lower, text.data[i] == ' ' ? '-' : byte_lower(text.data[i]));
    write_bulk(w, buf_bytes(&lower));
    buf_deinit(&lower);
}

static const char *value_type(struct bytes name)
{
    static const char *const integers[] = {"n",         "ms",       "index",    "offset",
                                           "partition", "protover", "client-id"};
    for (size_t i = 0; i < COUNT_OF(integers); i++)
        if (bytes_is(name, integers[i]))
            return "integer";
    return bytes_is(name, "pattern") ? "pattern" : "string";
}

static const char *type_name(const struct syntax_node *n)
{
    switch (n->type) {
    case SYNTAX_TOKEN:
        return "pure-token";
    case SYNTAX_BLOCK:
        return "block";
    case SYNTAX_ONEOF:
        return "oneof";
    case SYNTAX_VALUE:
        break;
    }
    return value_type(n->text);
}

static void write_argument_flags(struct writer *w, const struct syntax_node *n)
{
    write_bulk_string(w, "flags");
    write_set(w, (size_t)n->optional + n->multiple + n->multiple_token);
    if (n->optional)
        write_status(w, "optional");
    if (n->multiple)
        write_status(w, "multiple");
    if (n->multiple_token)
        write_status(w, "multiple_token");
}

static void write_argument(struct writer *w, const struct syntax *syntax,
                           const struct syntax_node *n)
{
    bool has_token = !bytes_is_null(n->token);
    bool has_flags = n->optional || n->multiple;
    bool has_children = n->child != SYNTAX_NONE;
    write_map(w, 2 + (size_t)has_token + has_flags + has_children);
    write_bulk_string(w, "name");
    write_lower(w, argument_name(syntax, n));
    write_bulk_string(w, "type");
    write_bulk_string(w, type_name(n));
    if (has_token) {
        write_bulk_string(w, "token");
        write_bulk(w, n->token);
    }
    if (has_flags)
        write_argument_flags(w, n);
    if (has_children) {
        write_bulk_string(w, "arguments");
        write_arguments(w, syntax, n->child);
    }
}

static void write_arguments(struct writer *w, const struct syntax *syntax, int first)
{
    size_t count = 0;
    for (int i = first; i != SYNTAX_NONE; i = syntax->nodes[i].next)
        count++;
    write_array(w, count);
    for (int i = first; i != SYNTAX_NONE; i = syntax->nodes[i].next)
        write_argument(w, syntax, &syntax->nodes[i]);
}

static void write_text(struct writer *w, const char *name, const char *value)
{
    write_bulk_string(w, name);
    write_bulk_string(w, value);
}

void command_write_docs(struct writer *w, const struct command_table *t, const struct command *c)
{
    struct syntax syntax;
    bool has_syntax = c->syntax[0] != '\0';
    bool has_arguments = has_syntax && syntax_parse(c->syntax, &syntax) == ERR_OK;
    size_t subs = sub_count(t, c);
    write_bulk_string(w, c->name);
    write_map(w, 3 + (size_t)has_syntax + has_arguments + (subs > 0));
    write_text(w, "summary", c->summary);
    write_text(w, "since", c->since);
    write_text(w, "group", c->group);
    if (has_syntax)
        write_text(w, "syntax", c->syntax);
    if (has_arguments) {
        write_bulk_string(w, "arguments");
        write_arguments(w, &syntax, syntax.first);
    }
    if (subs > 0) {
        write_bulk_string(w, "subcommands");
        write_map(w, subs);
    }
    for (size_t i = 1; i <= subs; i++)
        command_write_docs(w, t, command_at(t, c->index + i));
}
