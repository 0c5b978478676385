/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/help.h"

#include "base/check.h"

#define SHOWN_BYTES_MAX 128 /* of what was typed, in an error */

static void append_upper(struct buf *b, const char *word)
{
    for (; *word != '\0'; word++)
        buf_append_char(b, byte_upper(*word));
}

static size_t count_of(const struct command_table *t, const struct command *container)
{
    size_t count = 0;
    for (size_t i = container->index + 1;
         i < command_table_count(t) && command_at(t, i)->parent == container; i++)
        count++;
    return count;
}

/* One line, as a status reply. */
static void write_line(struct writer *w, struct buf *line)
{
    buf_append_char(line, '\0');
    write_status(w, line->data);
    buf_clear(line);
}

static void write_entry(struct writer *w, const struct command *command, struct buf *line)
{
    append_upper(line, command->word);
    if (command->syntax[0] != '\0')
        buf_printf(line, " %s", command->syntax);
    write_line(w, line);
    buf_printf(line, "    %s.", command->summary);
    write_line(w, line);
}

void reply_help(struct call *c)
{
    const struct command_table *t = c->sv->commands;
    const struct command *container = c->command->parent;
    ASSERT(container != NULL);
    size_t count = count_of(t, container);
    bool alone = container->run != NULL; /* may be called without a sub-command */
    struct buf line = {0};

    write_array(&c->w, 1 + 2 * (count + alone));
    append_upper(&line, container->name);
    buf_append_string(&line, " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
    write_line(&c->w, &line);
    if (alone) {
        write_status(&c->w, "(no subcommand)");
        buf_printf(&line, "    %s.", container->summary);
        write_line(&c->w, &line);
    }
    for (size_t i = 1; i <= count; i++)
        write_entry(&c->w, command_at(t, container->index + i), &line);
    buf_deinit(&line);
}

void reply_subcommand_usage(struct call *c)
{
    struct buf name = {0};
    append_upper(&name, c->command->parent->name);
    struct bytes word = c->argv[1];
    int shown = word.len < SHOWN_BYTES_MAX ? (int)word.len : SHOWN_BYTES_MAX;
    write_error(&c->w,
                "ERR unknown subcommand or wrong number of arguments for '%.*s'. Try %.*s HELP.",
                shown, word.data, (int)name.len, name.data);
    buf_deinit(&name);
}
