/* SPDX-License-Identifier: BSD-3-Clause */
/* Listing, describing and deleting groups. What they committed is moved and forgotten in group_reset.c. */
#include "cli/tool_groups.h"
#include "base/num.h"
#include "cli/group_reset.h"
#include "cli/listing.h"
#include "cli/moment.h"

static const char help_text[] =
    "Usage: echolog-cli [options] groups "
    "--list|--describe|--reset-offsets|--delete-offsets|--delete "
    "[...]\n"
    "\n"
    "Shows consumer groups, moves and deletes them. With --json or --csv in front of it, what is "
    "shown\n"
    "comes in that form.\n"
    "\n"
    "  --list                print the names of groups; with --state their states too\n"
    "  --describe            print how far behind a group is, partition by partition; and in its "
    "place\n"
    "  --members             who is in the group and has which partitions (--verbose says the "
    "same),\n"
    "  --offsets             what is committed,\n"
    "  --state               the group's state and what it last went through,\n"
    "  --explain             or why it moves or does not, in sentences\n"
    "  --reset-offsets       say where the group would go, or move it there; it must have no "
    "members\n"
    "  --delete-offsets      forget what the group committed of topics, or of partitions\n"
    "  --delete              forget the group and all it committed\n"
    "  --group name          the group; may come several times\n"
    "  --all-groups          all of them; not to forget offsets\n"
    "  --topic name[:p,p]    which topic to move in or forget, or which of its partitions; may "
    "come\n"
    "                        several times\n"
    "  --all-topics          all topics that the group has committed offsets of\n"
    "  --to-earliest         to the oldest record that is kept\n"
    "  --to-latest           behind the newest record\n"
    "  --to-offset n         to this offset\n"
    "  --to-datetime time    to the first record that is not older: 2026-01-31T10:00:00 (UTC "
    "unless it\n"
    "                        ends in a zone such as +02:00), milliseconds since 1970, or 10m for "
    "so\n"
    "                        long ago\n"
    "  --by-duration time    to the first record that is not older than so long: PT1H30M, P7D, or "
    "10m\n"
    "  --shift-by n          by n records, backwards when it is negative\n"
    "  --to-current          where it is: that commits the end of partitions without an offset\n"
    "  --from-file file      to the places in this file, in lines of topic,partition,offset\n"
    "  --export              print such lines, for --from-file\n"
    "  --dry-run             only say where it would go (default)\n"
    "  --execute             do it\n"
    "  --help                this text\n";

/* --- options -------------------------------------------------------------------------------------- */

struct places {
    bool earliest, latest, current;
    const char *offset, *time, *duration, *shift;
};

static int places_count(const struct groups_options *o, const struct places *p)
{
    return p->earliest + p->latest + p->current + (p->offset != NULL) + (p->time != NULL) +
           (p->duration != NULL) + (p->shift != NULL) + (o->from_file != NULL);
}

static bool groups_options_place(struct groups_options *o, const struct places *p, char *why)
{
    const char *wrong = NULL;
    int64_t *value = &o->place.value;

    if (places_count(o, p) != 1)
        wrong = "one of --to-earliest, --to-latest, --to-current, --to-offset, --to-datetime, "
                "--by-duration, --shift-by and --from-file is needed";
    if (p->latest)
        o->place.to = GROUPS_TO_LATEST;
    if (p->current)
        o->place.to = GROUPS_TO_CURRENT;
    if (p->offset != NULL) {
        o->place.to = GROUPS_TO_OFFSET;
        if (!num_parse_i64(bytes_of_string(p->offset), value) || *value < 0)
            wrong = "--to-offset takes an offset";
    }
    if (p->shift != NULL) {
        o->place.to = GROUPS_SHIFT;
        if (!num_parse_i64(bytes_of_string(p->shift), value))
            wrong = "--shift-by takes how many records, -5 for example";
    }
    if (p->time != NULL || p->duration != NULL)
        o->place.to = GROUPS_TO_TIME;
    if (p->time != NULL && !moment_parse(p->time, moment_now_ms(), value))
        wrong = "--to-datetime takes " MOMENT_EXAMPLES;
    if (p->duration != NULL && !moment_parse_ago(p->duration, moment_now_ms(), value))
        wrong = "--by-duration takes PT1H30M or P7D for example, or 10m";
    if (wrong != NULL)
        snprintf(why, FLAGS_WHY_BYTES, "%s", wrong);
    return wrong == NULL;
}

/* Which groups, and which topics. */
static const char *groups_options_check_names(const struct groups_options *o)
{
    if (o->list && o->groups.count > 0)
        return "--list lists all groups: --describe takes --group";
    if (o->list)
        return NULL;
    if (o->groups.count == 0 && !o->all_groups)
        return "--group is missing";
    if (o->groups.count > 0 && o->all_groups)
        return "--group and --all-groups exclude each other";
    if (o->forget && o->topics.count == 0)
        return "--delete-offsets needs --topic";
    if (o->forget && (o->groups.count > 1 || o->all_groups))
        return "--delete-offsets takes one --group";
    if (o->reset && o->from_file == NULL && (o->topics.count > 0) == o->all_topics)
        return "--reset-offsets needs --topic or --all-topics";
    if (o->reset && o->from_file != NULL && (o->topics.count > 0 || o->all_topics))
        return "--from-file names the topics itself";
    return NULL;
}

static bool groups_options_check(const struct groups_options *o, bool dry_run, bool verbose,
                                 char *why)
{
    const char *wrong = groups_options_check_names(o);
    int views = o->members + o->offsets + o->state + o->explain;

    if (o->list + o->describe + o->reset + o->forget + o->delete != 1)
        wrong = "one of --list, --describe, --reset-offsets, --delete-offsets and --delete is "
                "needed";
    else if (views > 1 || (views > 0 && !o->describe && !(o->list && o->state)))
        wrong = "one of --members, --offsets, --state and --explain goes with --describe";
    else if (verbose && !o->members)
        wrong = "--verbose goes with --members, which say what they have anyway";
    else if (o->execute && dry_run)
        wrong = "--dry-run and --execute exclude each other";
    else if (!o->reset && (o->execute || dry_run || o->all_topics || o->export))
        wrong = "--all-topics, --dry-run, --execute and --export go with --reset-offsets";
    else if (!o->reset && !o->forget && o->topics.count > 0)
        wrong = "--topic goes with --reset-offsets or --delete-offsets";
    else if (o->export && (o->groups.count > 1 || o->all_groups))
        wrong = "--export takes one --group";
    if (wrong != NULL)
        snprintf(why, FLAGS_WHY_BYTES, "%s", wrong);
    return wrong == NULL;
}

bool groups_options_parse(struct groups_options *o, int argc, char *const *argv,
                          char why[FLAGS_WHY_BYTES])
{
    struct places places = {0};
    bool dry_run = false, verbose = false;
    const struct flag flags[] = {
        {.name = "--list", .set = &o->list},
        {.name = "--describe", .set = &o->describe},
        {.name = "--members", .set = &o->members},
        {.name = "--offsets", .set = &o->offsets},
        {.name = "--state", .set = &o->state},
        {.name = "--explain", .set = &o->explain},
        {.name = "--verbose", .set = &verbose},
        {.name = "--reset-offsets", .set = &o->reset},
        {.name = "--delete-offsets", .set = &o->forget},
        {.name = "--delete", .set = &o->delete},
        {.name = "--group", .list = &o->groups},
        {.name = "--all-groups", .set = &o->all_groups},
        {.name = "--topic", .list = &o->topics},
        {.name = "--all-topics", .set = &o->all_topics},
        {.name = "--to-earliest", .set = &places.earliest},
        {.name = "--to-latest", .set = &places.latest},
        {.name = "--to-offset", .text = &places.offset},
        {.name = "--to-datetime", .text = &places.time},
        {.name = "--by-duration", .text = &places.duration},
        {.name = "--shift-by", .text = &places.shift},
        {.name = "--to-current", .set = &places.current},
        {.name = "--from-file", .text = &o->from_file},
        {.name = "--export", .set = &o->export},
        {.name = "--dry-run", .set = &dry_run},
        {.name = "--execute", .set = &o->execute},
        {.name = "--help", .set = &o->help},
    };

    *o = (struct groups_options){0};
    if (!tool_flags(flags, COUNT_OF(flags), argc, argv, why))
        return false;
    if (o->help)
        return true;
    if (!groups_options_check(o, dry_run, verbose, why))
        return false;
    if (o->reset)
        return groups_options_place(o, &places, why);
    if (places_count(o, &places) == 0)
        return true;
    snprintf(why, FLAGS_WHY_BYTES, "a place to go to goes with --reset-offsets");
    return false;
}

/* --- the run -------------------------------------------------------------------------------------- */

struct visit {
    struct tool *tool; /* borrowed, as the next two */
    const struct groups_options *options;
    struct reply *rows; /* what is gathered to be printed at the end */
};

/* Calls `fn` for each group: those that are named, or all. The name is valid for the call. */
static void groups_each(struct visit *v, void (*fn)(struct visit *v, const char *group))
{
    const struct flag_list *named = &v->options->groups;

    for (size_t i = 0; i < named->count && !v->tool->over; i++)
        fn(v, named->items[i]);
    if (named->count > 0)
        return;
    TOOL_SEND(v->tool, "GROUP", "LIST");
    struct reply *names = tool_ask_good(v->tool);
    for (size_t i = 0; names != NULL && i < names->count && !v->tool->over; i++)
        if (names->items[i].kind == REPLY_BULK)
            fn(v, names->items[i].text.data);
    reply_free(names);
}

static void groups_list_name(struct visit *v, const char *group)
{
    const struct reply name = {.kind = REPLY_BULK, .text = bytes_of_string(group)};

    if (v->tool->printer->form == PRINTER_JSON)
        tool_print(v->tool, &name);
    else
        fprintf(v->tool->out, "%s\n", group);
}

/* One that is gone by now is left out. */
static void groups_list_state(struct visit *v, const char *group)
{
    TOOL_SEND(v->tool, "GROUP", "DESCRIBE", group);
    struct reply *description = tool_ask(v->tool);
    const struct reply *state = description == NULL ? NULL : tool_field(description, "state");

    if (state != NULL && state->kind == REPLY_BULK) {
        struct reply *row = listing_row(v->rows);

        listing_text(row, "group", bytes_of_string(group));
        listing_text(row, "state", state->text);
    }
    reply_free(description);
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

static void groups_describe(struct visit *v, const char *group)
{
    const struct groups_options *o = v->options;
    struct tool *t = v->tool;
    const char *view = "LAG";

    if (o->members)
        view = "MEMBERS";
    else if (o->offsets)
        view = "OFFSETS";
    else if (o->state)
        view = "DESCRIBE";
    else if (o->explain)
        view = "EXPLAIN";
    TOOL_SEND(t, "GROUP", view, group);
    struct reply *reply = tool_ask_good(t);
    if (reply == NULL)
        return;
    if (reply->kind == REPLY_ARRAY && reply->count == 0 && t->printer->form != PRINTER_JSON)
        fprintf(t->report, "group '%s' has no %s\n", group,
                o->members ? "members" : "committed offsets");
    else
        groups_print(t, reply);
    reply_free(reply);
}

static void groups_delete(struct visit *v, const char *group)
{
    TOOL_SEND(v->tool, "GROUP", "DELETE", group);
    struct reply *reply = tool_ask_good(v->tool);
    if (reply != NULL)
        fprintf(v->tool->out, "Deleted group %s.\n", group);
    reply_free(reply);
}

static void groups_reset(struct visit *v, const char *group)
{
    group_reset(v->tool, v->options, group, v->rows);
}

static void groups_forget(struct visit *v, const char *group)
{
    group_forget(v->tool, v->options, group, v->rows);
}

int groups_run(struct tool *t, const struct groups_options *o)
{
    struct visit v = {.tool = t, .options = o, .rows = listing_create()};

    if (o->list)
        groups_each(&v, o->state ? groups_list_state : groups_list_name);
    else if (o->describe)
        groups_each(&v, groups_describe);
    else if (o->delete)
        groups_each(&v, groups_delete);
    else
        groups_each(&v, o->reset ? groups_reset : groups_forget);
    if (o->export)
        group_reset_export(t, v.rows);
    else if (v.rows->count > 0)
        tool_print(t, v.rows);
    if (o->reset && !o->execute && v.rows->count > 0)
        fputs("Nothing was changed: --execute does it.\n", t->report);
    reply_free(v.rows);
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
