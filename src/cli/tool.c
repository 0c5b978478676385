/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/tool.h"
#include "cli/interrupt.h"
#include "cli/json_print.h"
#include "cli/sheet.h"
#include "cli/text.h"

void tool_send(struct tool *t, const char *const *words, size_t count)
{
    connection_begin_command(t->connection, count);
    for (size_t i = 0; i < count; i++)
        connection_add_string(t->connection, words[i]);
}

struct reply *tool_ask(struct tool *t)
{
    struct connection *c = t->connection;

    while (!t->over) {
        struct reply *reply = NULL;

        switch (connection_wait(c, -1, CONNECTION_FOREVER, &reply)) {
        case CONNECTION_REPLY:
            if (reply->kind != REPLY_PUSH)
                return reply;
            reply_free(reply);
            break;
        case CONNECTION_INTERRUPTED:
            interrupt_clear(c->interrupt_fd);
            t->over = true;
            break;
        case CONNECTION_LOST:
            fprintf(t->report, "Error: %s\n", c->error);
            t->status = EXIT_STATUS_FAILED;
            t->over = true;
            break;
        default:
            break;
        }
    }
    return NULL;
}

void tool_refuse(struct tool *t, struct bytes why)
{
    fprintf(t->report, "Error: %.*s\n", (int)why.len, why.data);
    if (t->status == EXIT_STATUS_OK)
        t->status = EXIT_STATUS_REFUSED;
}

struct reply *tool_ask_good(struct tool *t)
{
    struct reply *reply = tool_ask(t);

    if (reply != NULL && reply->kind == REPLY_ERROR) {
        tool_refuse(t, reply->text);
        reply_free(reply);
        return NULL;
    }
    return reply;
}

void tool_print(struct tool *t, const struct reply *reply)
{
    const struct printer *p = t->printer;
    struct buf text = {0};
    bool for_programs = p->form == PRINTER_JSON || p->form == PRINTER_CSV;

    if (for_programs || !sheet_print(&text, &p->style, reply))
        printer_reply(p, &text, reply);
    text_write(buf_bytes(&text), t->out);
    fflush(t->out);
    buf_deinit(&text);
}

const struct reply *tool_field(const struct reply *map, const char *name)
{
    if (map->kind != REPLY_MAP && map->kind != REPLY_ARRAY)
        return NULL;
    for (size_t i = 0; i + 1 < map->count; i += 2)
        if (map->items[i].text.data != NULL && bytes_is(map->items[i].text, name))
            return &map->items[i + 1];
    return NULL;
}

int64_t tool_field_number(const struct reply *map, const char *name, int64_t otherwise)
{
    const struct reply *field = tool_field(map, name);

    return field != NULL && field->kind == REPLY_INT ? field->integer : otherwise;
}

bool tool_flags(const struct flag *flags, size_t count, int argc, char *const *argv, char *why)
{
    int used = 0;

    if (!flags_parse(flags, count, argc, argv, &used, why))
        return false;
    if (used < argc)
        snprintf(why, FLAGS_WHY_BYTES, "unexpected argument '%s'", argv[used]);
    return used == argc;
}

int tool_usage(const char *tool, const char *why)
{
    fprintf(stderr, "echolog-cli %s: %s\nTry echolog-cli %s --help\n", tool, why, tool);
    return EXIT_STATUS_FAILED;
}
