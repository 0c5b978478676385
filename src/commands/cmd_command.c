/* SPDX-License-Identifier: BSD-3-Clause */
/* The COMMAND family: the table of commands, told to clients. */
#include "commands/command_docs.h"
#include "commands/command_keys.h"
#include "commands/errors.h"
#include "commands/handlers.h"
#include "commands/help.h"

#include "base/glob.h"

void cmd_command_help(struct call *c)
{
    reply_help(c);
}

static size_t whole_count(const struct command_table *t)
{
    size_t count = 0;
    for (size_t i = 0; i < command_table_count(t); i++)
        count += command_at(t, i)->parent == NULL;
    return count;
}

void cmd_command_count(struct call *c)
{
    write_int(&c->w, (int64_t)whole_count(c->sv->commands));
}

/* --- INFO and DOCS -------------------------------------------------------------------------- */

void cmd_command(struct call *c)
{
    const struct command_table *t = c->sv->commands;
    write_array(&c->w, whole_count(t));
    for (size_t i = 0; i < command_table_count(t); i++)
        if (command_at(t, i)->parent == NULL)
            command_write_info(&c->w, t, command_at(t, i));
}

void cmd_command_info(struct call *c)
{
    if (c->argc == 2) {
        cmd_command(c);
        return;
    }
    write_array(&c->w, (size_t)c->argc - 2);
    for (int i = 2; i < c->argc; i++) {
        const struct command *named = command_by_name(c->sv->commands, c->argv[i]);
        if (named != NULL)
            command_write_info(&c->w, c->sv->commands, named);
        else
            write_null(&c->w);
    }
}

static void docs_of_all(struct call *c)
{
    const struct command_table *t = c->sv->commands;
    write_map(&c->w, whole_count(t));
    for (size_t i = 0; i < command_table_count(t); i++)
        if (command_at(t, i)->parent == NULL)
            command_write_docs(&c->w, t, command_at(t, i));
}

void cmd_command_docs(struct call *c)
{
    if (c->argc == 2) {
        docs_of_all(c);
        return;
    }
    size_t known = 0;
    for (int i = 2; i < c->argc; i++)
        known += command_by_name(c->sv->commands, c->argv[i]) != NULL;
    write_map(&c->w, known);
    for (int i = 2; i < c->argc; i++) {
        const struct command *named = command_by_name(c->sv->commands, c->argv[i]);
        if (named != NULL)
            command_write_docs(&c->w, c->sv->commands, named);
    }
}

/* --- GETKEYS -------------------------------------------------------------------------------- */

/* A call inside of a call: the words behind GETKEYS. NULL: refused. */
static const struct command *inner_command(struct call *c)
{
    int argc = c->argc - 2;
    const struct command *inner = command_find(c->sv->commands, argc, c->argv + 2, NULL);
    if (inner == NULL) {
        write_error(&c->w, "ERR Invalid command specified");
        return NULL;
    }
    if (!command_has_keys(inner)) {
        write_error(&c->w, "ERR The command has no key arguments");
        return NULL;
    }
    if (!(inner->arity >= 0 ? argc == inner->arity : argc >= -inner->arity)) {
        write_error(&c->w, "ERR Invalid number of arguments specified for command");
        return NULL;
    }
    return inner;
}

struct key_list {
    struct writer *w; /* NULL: only count */
    bool with_flags;
    size_t count;
};

static void write_flag(void *ctx, const char *word)
{
    write_status(ctx, word);
}

static void count_flag(void *ctx, const char *word)
{
    (void)word;
    *(size_t *)ctx += 1;
}

static bool on_key(void *ctx, const struct command_key *key)
{
    struct key_list *list = ctx;
    if (key->flags & KEY_NO_KEY)
        return true;
    list->count++;
    if (list->w == NULL)
        return true;
    if (!list->with_flags) {
        write_bulk(list->w, key->name);
        return true;
    }
    size_t flags = 0;
    key_each_flag(key->flags, count_flag, &flags);
    write_array(list->w, 2);
    write_bulk(list->w, key->name);
    write_set(list->w, flags);
    key_each_flag(key->flags, write_flag, list->w);
    return true;
}

static void write_keys(struct call *c, bool with_flags)
{
    const struct command *inner = inner_command(c);
    if (inner == NULL)
        return;
    struct key_list list = {.with_flags = with_flags};
    command_keys(inner, c->argc - 2, c->argv + 2, on_key, &list);
    if (list.count == 0) {
        write_error(&c->w, "ERR Invalid arguments specified for command");
        return;
    }
    write_array(&c->w, list.count);
    list.w = &c->w;
    command_keys(inner, c->argc - 2, c->argv + 2, on_key, &list);
}

void cmd_command_getkeys(struct call *c)
{
    write_keys(c, false);
}

void cmd_command_getkeysandflags(struct call *c)
{
    write_keys(c, true);
}

/* --- LIST ----------------------------------------------------------------------------------- */

struct list_filter {
    bool none;            /* of a module: there are none */
    unsigned category;    /* 0: any */
    struct bytes pattern; /* null: any */
};

static bool read_filter(struct call *c, struct list_filter *f)
{
    *f = (struct list_filter){.pattern = BYTES_NULL};
    if (c->argc == 2)
        return true;
    if (c->argc != 5 || !bytes_is(c->argv[2], "filterby"))
        return false;
    if (bytes_is(c->argv[3], "module")) {
        f->none = true;
    } else if (bytes_is(c->argv[3], "aclcat")) {
        f->category = command_category(c->argv[4]);
        f->none = f->category == 0;
    } else if (bytes_is(c->argv[3], "pattern")) {
        f->pattern = c->argv[4];
    } else {
        return false;
    }
    return true;
}

/* Without a filter only whole commands are listed; with one, sub-commands that pass it too. */
static bool is_listed(const struct call *c, const struct command *command,
                      const struct list_filter *f)
{
    if (c->argc == 2)
        return command->parent == NULL;
    if (f->none || (f->category != 0 && !(command->categories & f->category)))
        return false;
    return bytes_is_null(f->pattern) ||
           glob_match_nocase(f->pattern, bytes_of_string(command->name));
}

void cmd_command_list(struct call *c)
{
    struct list_filter f;
    if (!read_filter(c, &f)) {
        reply_syntax_error(c);
        return;
    }
    const struct command_table *t = c->sv->commands;
    size_t count = 0;
    for (size_t i = 0; i < command_table_count(t); i++)
        count += is_listed(c, command_at(t, i), &f);
    write_array(&c->w, count);
    for (size_t i = 0; i < command_table_count(t); i++)
        if (is_listed(c, command_at(t, i), &f))
            write_bulk_string(&c->w, command_at(t, i)->name);
}
