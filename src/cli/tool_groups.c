/* SPDX-License-Identifier: BSD-3-Clause */
/* Listing, describing and deleting groups. Moving them is in group_reset.c. */
#include "cli/tool_groups.h"
#include "base/num.h"
#include "cli/group_reset.h"
#include "cli/moment.h"

static const char help_text[] =
    "Usage: echolog-cli [options] groups --list|--describe|--reset-offsets|--delete [...]\n"
    "\n"
    "Shows consumer groups, moves and deletes them. With --json or --csv in front of it, what is "
    "shown\n"
    "comes in that form.\n"
    "\n"
    "  --list                print the names of groups\n"
    "  --describe            print how far behind a group is, partition by partition; and in its "
    "place\n"
    "  --members             who is in the group and has which partitions,\n"
    "  --offsets             what is committed,\n"
    "  --state               the group's state and what it last went through,\n"
    "  --explain             or why it moves or does not, in sentences\n"
    "  --reset-offsets       say where the group would go, or move it there; it must have no "
    "members\n"
    "  --delete              forget the group and what it committed\n"
    "  --group name          the group; may come several times, but to move one\n"
    "  --all-groups          all of them, with --describe\n"
    "  --topic name[:p,p]    which topic to move in, or which of its partitions; may come several "
    "times\n"
    "  --all-topics          all topics that the group has committed offsets of\n"
    "  --to-earliest         to the oldest record that is kept\n"
    "  --to-latest           behind the newest record\n"
    "  --to-offset n         to this offset\n"
    "  --to-datetime time    to the first record that is not older: 2026-01-31T10:00:00 (UTC "
    "unless it\n"
    "                        ends in a zone such as +02:00), milliseconds since 1970, or 10m for "
    "so\n"
    "                        long ago\n"
    "  --shift-by n          by n records, backwards when it is negative\n"
    "  --dry-run             only say where it would go (default)\n"
    "  --execute             do it\n"
    "  --help                this text\n";

/* --- options -------------------------------------------------------------------------------------- */

struct places {
    bool earliest, latest;
    const char *offset, *time, *shift;
};

static bool groups_options_place(struct groups_options *o, const struct places *p, char *why)
{
    const char *wrong = NULL;

    if (p->earliest + p->latest + (p->offset != NULL) + (p->time != NULL) + (p->shift != NULL) != 1)
        wrong = "one of --to-earliest, --to-latest, --to-offset, --to-datetime and --shift-by is "
                "needed";
    else if (p->earliest || p->latest)
        o->to = p->earliest ? GROUPS_TO_EARLIEST : GROUPS_TO_LATEST;
    else if (p->offset != NULL) {
        o->to = GROUPS_TO_OFFSET;
        if (!num_parse_i64(bytes_of_string(p->offset), &o->to_value) || o->to_value < 0)
            wrong = "--to-offset takes an offset";
    } else if (p->shift != NULL) {
        o->to = GROUPS_SHIFT;
        if (!num_parse_i64(bytes_of_string(p->shift), &o->to_value))
            wrong = "--shift-by takes how many records, -5 for example";
    } else {
        o->to = GROUPS_TO_TIME;
        if (!moment_parse(p->time, moment_now_ms(), &o->to_value))
            wrong = "--to-datetime takes " MOMENT_EXAMPLES;
    }
    if (wrong != NULL)
        snprintf(why, FLAGS_WHY_BYTES, "%s", wrong);
    return wrong == NULL;
}

static bool groups_options_check(const struct groups_options *o, bool dry_run, char *why)
{
    const char *wrong = NULL;
    int views = o->members + o->offsets + o->state + o->explain;

    if (o->list + o->describe + o->reset + o->delete != 1)
        wrong = "one of --list, --describe, --reset-offsets and --delete is needed";
    else if (!o->list && o->groups.count == 0 && !(o->describe && o->all_groups))
        wrong = "--group is missing";
    else if (o->list && o->groups.count > 0)
        wrong = "--list lists all groups: --describe takes --group";
    else if (views > 1 || (views > 0 && !o->describe))
        wrong = "one of --members, --offsets, --state and --explain goes with --describe";
    else if (o->reset && o->groups.count > 1)
        wrong = "--reset-offsets takes one --group";
    else if (o->reset && (o->topics.count > 0) == o->all_topics)
        wrong = "--reset-offsets needs --topic or --all-topics";
    else if (o->execute && dry_run)
        wrong = "--dry-run and --execute exclude each other";
    else if (!o->reset && (o->execute || dry_run || o->topics.count > 0 || o->all_topics))
        wrong = "--topic, --all-topics, --dry-run and --execute go with --reset-offsets";
    if (wrong != NULL)
        snprintf(why, FLAGS_WHY_BYTES, "%s", wrong);
    return wrong == NULL;
}

bool groups_options_parse(struct groups_options *o, int argc, char *const *argv,
                          char why[FLAGS_WHY_BYTES])
{
    struct places places = {0};
    bool dry_run = false;
    const struct flag flags[] = {
        {.name = "--list", .set = &o->list},
        {.name = "--describe", .set = &o->describe},
        {.name = "--members", .set = &o->members},
        {.name = "--offsets", .set = &o->offsets},
        {.name = "--state", .set = &o->state},
        {.name = "--explain", .set = &o->explain},
        {.name = "--reset-offsets", .set = &o->reset},
        {.name = "--delete", .set = &o->delete},
        {.name = "--group", .list = &o->groups},
        {.name = "--all-groups", .set = &o->all_groups},
        {.name = "--topic", .list = &o->topics},
        {.name = "--all-topics", .set = &o->all_topics},
        {.name = "--to-earliest", .set = &places.earliest},
        {.name = "--to-latest", .set = &places.latest},
        {.name = "--to-offset", .text = &places.offset},
        {.name = "--to-datetime", .text = &places.time},
        {.name = "--shift-by", .text = &places.shift},
        {.name = "--dry-run", .set = &dry_run},
        {.name = "--execute", .set = &o->execute},
        {.name = "--help", .set = &o->help},
    };

    *o = (struct groups_options){0};
    if (!tool_flags(flags, COUNT_OF(flags), argc, argv, why))
        return false;
    if (o->help)
        return true;
    if (!groups_options_check(o, dry_run, why))
        return false;
    return !o->reset || groups_options_place(o, &places, why);
}

/* --- the run -------------------------------------------------------------------------------------- */

static void groups_list(struct tool *t)
{
    TOOL_SEND(t, "GROUP", "LIST");
    struct reply *names = tool_ask_good(t);
    bool as_json = t->printer->form == PRINTER_JSON;

    for (size_t i = 0; names != NULL && i < names->count; i++) {
        const struct reply *name = &names->items[i];

        if (as_json)
            tool_print(t, name);
        else
            fprintf(t->out, "%.*s\n", (int)name->text.len, name->text.data);
    }
    reply_free(names);
}

/* Sentences of GROUP EXPLAIN, and what is a list of nothing, are lines. */
static void groups_print(struct tool *t, const struct reply *reply)
{
    bool lines = t->printer->form == PRINTER_TERMINAL && reply->kind == REPLY_ARRAY &&
                 reply->count > 0 && reply->items[0].kind == REPLY_BULK;

    if (!lines) {
        tool_print(t, reply);
        return;
    }
    for (size_t i = 0; i < reply->count; i++)
        fprintf(t->out, "%.*s\n", (int)reply->items[i].text.len, reply->items[i].text.data);
}

static void groups_describe_one(struct tool *t, const struct groups_options *o, struct bytes group)
{
    const char *view = "LAG";

    if (o->members)
        view = "MEMBERS";
    else if (o->offsets)
        view = "OFFSETS";
    else if (o->state)
        view = "DESCRIBE";
    else if (o->explain)
        view = "EXPLAIN";
    connection_begin_command(t->connection, 3);
    connection_add_string(t->connection, "GROUP");
    connection_add_string(t->connection, view);
    connection_add_word(t->connection, group);
    struct reply *reply = tool_ask_good(t);
    if (reply == NULL)
        return;
    if (reply->kind == REPLY_ARRAY && reply->count == 0 && t->printer->form != PRINTER_JSON)
        fprintf(t->report, "group '%.*s' has no %s\n", (int)group.len, group.data,
                o->members ? "members" : "committed offsets");
    else
        groups_print(t, reply);
    reply_free(reply);
}

static void groups_describe(struct tool *t, const struct groups_options *o)
{
    for (size_t i = 0; i < o->groups.count && !t->over; i++)
        groups_describe_one(t, o, bytes_of_string(o->groups.items[i]));
    if (!o->all_groups)
        return;
    TOOL_SEND(t, "GROUP", "LIST");
    struct reply *names = tool_ask_good(t);
    for (size_t i = 0; names != NULL && i < names->count && !t->over; i++)
        groups_describe_one(t, o, names->items[i].text);
    reply_free(names);
}

static void groups_delete(struct tool *t, const struct groups_options *o)
{
    for (size_t i = 0; i < o->groups.count && !t->over; i++) {
        TOOL_SEND(t, "GROUP", "DELETE", o->groups.items[i]);
        struct reply *reply = tool_ask_good(t);
        if (reply != NULL)
            fprintf(t->out, "Deleted group %s.\n", o->groups.items[i]);
        reply_free(reply);
    }
}

int groups_run(struct tool *t, const struct groups_options *o)
{
    if (o->list)
        groups_list(t);
    else if (o->describe)
        groups_describe(t, o);
    else if (o->delete)
        groups_delete(t, o);
    else
        group_reset_run(t, o);
    return (int)t->status;
}

int tool_groups(struct connection *c, const struct printer *printer, int argc, char *const *argv)
{
    struct tool t = {.connection = c, .printer = printer, .out = stdout, .report = stderr};
    struct groups_options options;
    char why[FLAGS_WHY_BYTES];

    if (!groups_options_parse(&options, argc, argv, why))
        return tool_usage("groups", why);
    if (options.help) {
        fputs(help_text, stdout);
        return EXIT_STATUS_OK;
    }
    return connection_open_or_say(c) ? groups_run(&t, &options) : EXIT_STATUS_FAILED;
}
