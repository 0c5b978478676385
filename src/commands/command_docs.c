/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/command_docs.h"

#include "base/buf.h"
#include "commands/command_facts.h"
#include "commands/command_syntax.h"
#include <string.h>

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

static void write_tips(struct writer *w, const char *tips)
{
    size_t count = tips[0] != '\0';
    for (const char *at = tips; *at != '\0'; at++)
        count += *at == ' ';
    write_set(w, count);
    while (*tips != '\0') {
        size_t len = strcspn(tips, " ");
        write_bulk(w, bytes_of(tips, len));
        tips += len + (tips[len] == ' ');
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
    write_tips(w, command_tips(c));
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

#define NO_KEY (-1)

/* The arguments of a command, and which of them are keys. */
struct arguments {
    struct syntax syntax;
    int key_spec[SYNTAX_NODES_MAX]; /* per node: the spec it belongs to, or NO_KEY */
};

/* The first value in it, which is what a key spec means. */
static int first_value(const struct syntax *s, int node)
{
    while (s->nodes[node].type != SYNTAX_VALUE && s->nodes[node].child != SYNTAX_NONE)
        node = s->nodes[node].child;
    return node;
}

/* The node where the keys of a spec stand, or SYNTAX_NONE. */
static int node_of_spec(const struct syntax *s, const struct command *c,
                        const struct key_spec *spec)
{
    if (!bytes_is_null(spec->keyword)) {
        for (int i = 0; i < s->count; i++)
            if (s->nodes[i].type != SYNTAX_TOKEN && bytes_equal(s->nodes[i].token, spec->keyword))
                return first_value(s, i);
        return SYNTAX_NONE;
    }
    int word = c->parent == NULL ? 1 : 2, i = s->first;
    for (; i != SYNTAX_NONE && word < spec->first; i = s->nodes[i].next)
        word++;
    return i == SYNTAX_NONE || spec->first == 0 ? s->first : first_value(s, i);
}

/* False: the command has none that are understood. */
static bool read_arguments(struct arguments *a, const struct command *c)
{
    if (c->syntax[0] == '\0' || syntax_parse(c->syntax, &a->syntax) != ERR_OK)
        return false;
    for (int i = 0; i < SYNTAX_NODES_MAX; i++)
        a->key_spec[i] = NO_KEY;
    int told = 0;
    for (int i = 0; i < c->key_spec_count; i++) {
        if (!tells_keys(&c->key_specs[i]))
            continue;
        int node = node_of_spec(&a->syntax, c, &c->key_specs[i]);
        if (node != SYNTAX_NONE)
            a->key_spec[first_value(&a->syntax, node)] = told;
        told++;
    }
    return true;
}

static void write_arguments(struct writer *w, const struct arguments *a, int first);

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
    static const char *const integers[] = {
        "n",    "ms",      "index", "offset", "partition", "protover", "client-id",  "count",
        "bits", "version", "width", "height", "seconds",   "timeout",  "numreplicas"};
    for (size_t i = 0; i < COUNT_OF(integers); i++)
        if (bytes_is(name, integers[i]))
            return "integer";
    return bytes_is(name, "pattern") ? "pattern" : "string";
}

static const char *type_name(const struct syntax_node *n, int key_spec)
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
    return key_spec != NO_KEY ? "key" : value_type(n->text);
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

static void write_argument(struct writer *w, const struct arguments *a, int node)
{
    const struct syntax_node *n = &a->syntax.nodes[node];
    int key_spec = a->key_spec[node];
    bool has_token = !bytes_is_null(n->token);
    bool has_flags = n->optional || n->multiple;
    bool has_children = n->child != SYNTAX_NONE;
    write_map(w, 2 + (size_t)(key_spec != NO_KEY) + has_token + has_flags + has_children);
    write_bulk_string(w, "name");
    write_lower(w, argument_name(&a->syntax, n));
    write_bulk_string(w, "type");
    write_bulk_string(w, type_name(n, key_spec));
    if (key_spec != NO_KEY)
        write_pair(w, "key_spec_index", key_spec);
    if (has_token) {
        write_bulk_string(w, "token");
        write_bulk(w, n->token);
    }
    if (has_flags)
        write_argument_flags(w, n);
    if (has_children) {
        write_bulk_string(w, "arguments");
        write_arguments(w, a, n->child);
    }
}

static void write_arguments(struct writer *w, const struct arguments *a, int first)
{
    size_t count = 0;
    for (int i = first; i != SYNTAX_NONE; i = a->syntax.nodes[i].next)
        count++;
    write_array(w, count);
    for (int i = first; i != SYNTAX_NONE; i = a->syntax.nodes[i].next)
        write_argument(w, a, i);
}

static void write_text(struct writer *w, const char *name, const char *value)
{
    write_bulk_string(w, name);
    write_bulk_string(w, value);
}

void command_write_docs(struct writer *w, const struct command_table *t, const struct command *c)
{
    struct arguments arguments;
    bool has_syntax = c->syntax[0] != '\0';
    bool has_arguments = read_arguments(&arguments, c);
    size_t subs = sub_count(t, c);
    write_bulk_string(w, c->name);
    write_map(w, 4 + (size_t)has_syntax + has_arguments + (subs > 0));
    write_text(w, "summary", c->summary);
    write_text(w, "since", c->since);
    write_text(w, "group", c->group);
    write_text(w, "complexity", command_complexity(c));
    if (has_syntax)
        write_text(w, "syntax", c->syntax);
    if (has_arguments) {
        write_bulk_string(w, "arguments");
        write_arguments(w, &arguments, arguments.syntax.first);
    }
    if (subs > 0) {
        write_bulk_string(w, "subcommands");
        write_map(w, subs);
    }
    for (size_t i = 1; i <= subs; i++)
        command_write_docs(w, t, command_at(t, c->index + i));
}
