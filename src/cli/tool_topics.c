/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/tool_topics.h"
#include "cli/listing.h"

#define INTERNAL_PREFIX "__"

static const char help_text[] =
    "Usage: echolog-cli [options] topics --create|--list|--describe|--alter|--delete [...]\n"
    "\n"
    "Makes topics, shows them, changes and deletes them. With --json or --csv in front of it, what "
    "is\n"
    "listed and described comes in that form.\n"
    "\n"
    "  --create              make a topic\n"
    "  --list                print the names of topics\n"
    "  --describe            print partitions and configuration; of all topics without --topic\n"
    "  --alter               add partitions, or change the configuration\n"
    "  --delete              delete topics with all their records\n"
    "  --topic name          the topic; may come several times to describe or delete\n"
    "  --partitions n        how many partitions the topic is to have\n"
    "  --config name=value   a setting of the topic; may come several times\n"
    "  --delete-config name  with --alter: back to the server's default; may come several times\n"
    "  --replication-factor n\n"
    "                        taken for the sake of habit: 1, there is one server\n"
    "  --if-not-exists       with --create: be content with a topic that is there\n"
    "  --if-exists           with the others: be content with none\n"
    "  --unavailable-partitions\n"
    "                        with --describe: list only partitions whose state is not ok\n"
    "  --under-replicated-partitions, --under-min-isr-partitions, --at-min-isr-partitions\n"
    "                        with --describe, for the sake of habit: there are no replicas, so "
    "none "
    "is\n"
    "  --exclude-internal    with --list and --describe: leave out topics that begin with __\n"
    "  --remap               with --alter --partitions: accept that keys go to other partitions\n"
    "  --help                this text\n";

/* --- options -------------------------------------------------------------------------------------- */

static bool has_equals(const struct flag_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (strchr(list->items[i], '=') == NULL || list->items[i][0] == '=')
            return false;
    return true;
}

static bool topics_options_check(const struct topics_options *o, char *why)
{
    const char *wrong = NULL;
    bool configures = o->configs.count + o->delete_configs.count > 0;

    if (o->create + o->list + o->describe + o->alter + o->delete != 1)
        wrong = "one of --create, --list, --describe, --alter and --delete is needed";
    else if ((o->create || o->alter || o->delete) && o->topics.count == 0)
        wrong = "--topic is missing";
    else if ((o->create || o->alter) && o->topics.count > 1)
        wrong = "--create and --alter take one --topic";
    else if (o->list && o->topics.count > 0)
        wrong = "--list lists all topics: --describe takes --topic";
    else if (o->partitions > 0 && !o->create && !o->alter)
        wrong = "--partitions goes with --create or --alter";
    else if (o->configs.count > 0 && !o->create && !o->alter)
        wrong = "--config goes with --create or --alter";
    else if (o->delete_configs.count > 0 && !o->alter)
        wrong = "--delete-config goes with --alter";
    else if (o->alter && o->partitions == 0 && !configures)
        wrong = "--alter needs --partitions, --config or --delete-config";
    else if (o->remap && (!o->alter || o->partitions == 0))
        wrong = "--remap goes with --alter --partitions";
    else if (o->if_not_exists && !o->create)
        wrong = "--if-not-exists goes with --create";
    else if (o->if_exists && (o->create || o->list))
        wrong = "--if-exists goes with --describe, --alter or --delete";
    else if ((o->unavailable || o->replicas_only) && !o->describe)
        wrong = "what chooses partitions goes with --describe";
    else if (!has_equals(&o->configs))
        wrong = "--config takes name=value";
    if (wrong != NULL)
        snprintf(why, FLAGS_WHY_BYTES, "%s", wrong);
    return wrong == NULL;
}

bool topics_options_parse(struct topics_options *o, int argc, char *const *argv,
                          char why[FLAGS_WHY_BYTES])
{
    int64_t replication = 1;
    const struct flag flags[] = {
        {.name = "--create", .set = &o->create},
        {.name = "--list", .set = &o->list},
        {.name = "--describe", .set = &o->describe},
        {.name = "--alter", .set = &o->alter},
        {.name = "--delete", .set = &o->delete},
        {.name = "--topic", .list = &o->topics},
        {.name = "--partitions",
         .number = &o->partitions,
         .number_min = 1,
         .number_max = INT32_MAX},
        {.name = "--config", .list = &o->configs},
        {.name = "--delete-config", .list = &o->delete_configs},
        {.name = "--replication-factor", .number = &replication, .number_min = 1, .number_max = 1},
        {.name = "--if-not-exists", .set = &o->if_not_exists},
        {.name = "--if-exists", .set = &o->if_exists},
        {.name = "--unavailable-partitions", .set = &o->unavailable},
        {.name = "--under-replicated-partitions", .set = &o->replicas_only},
        {.name = "--under-min-isr-partitions", .set = &o->replicas_only},
        {.name = "--at-min-isr-partitions", .set = &o->replicas_only},
        {.name = "--exclude-internal", .set = &o->exclude_internal},
        {.name = "--remap", .set = &o->remap},
        {.name = "--help", .set = &o->help},
    };

    *o = (struct topics_options){0};
    if (!tool_flags(flags, COUNT_OF(flags), argc, argv, why))
        return false;
    return o->help || topics_options_check(o, why);
}

/* --- one topic ------------------------------------------------------------------------------------ */

/* Queues "name" and "value" of name=value. */
static void add_config(struct connection *c, const char *config)
{
    const char *equals = strchr(config, '=');

    connection_add_word(c, bytes_of(config, (size_t)(equals - config)));
    connection_add_string(c, equals + 1);
}

/* What the reply to a change says: `done` and the topic's name. With --if-exists a topic that is not there is no
 * error. */
static void topics_changed(struct tool *t, const struct topics_options *o, const char *topic,
                           const char *done)
{
    struct reply *reply = tool_ask(t);

    if (reply == NULL)
        return;
    if (reply->kind != REPLY_ERROR)
        fprintf(t->out, "%s topic %s.\n", done, topic);
    else if (!o->if_exists || !bytes_starts_with(reply->text, "UNKNOWNTOPIC "))
        tool_refuse(t, reply->text);
    fflush(t->out);
    reply_free(reply);
}

static void topics_create(struct tool *t, const struct topics_options *o)
{
    struct connection *c = t->connection;
    size_t configs = o->configs.count;

    connection_begin_command(c, 3 + (o->partitions > 0 ? 2 : 0) + (o->if_not_exists ? 3 : 0) +
                                    (configs > 0 ? 1 + 2 * configs : 0));
    connection_add_string(c, "TOPIC");
    connection_add_string(c, "CREATE");
    connection_add_string(c, o->topics.items[0]);
    if (o->partitions > 0) {
        connection_add_string(c, "PARTITIONS");
        connection_add_number(c, o->partitions);
    }
    if (o->if_not_exists) {
        connection_add_string(c, "IF");
        connection_add_string(c, "NOT");
        connection_add_string(c, "EXISTS");
    }
    if (configs > 0)
        connection_add_string(c, "CONFIG");
    for (size_t i = 0; i < configs; i++)
        add_config(c, o->configs.items[i]);
    topics_changed(t, o, o->topics.items[0], o->if_not_exists ? "There is" : "Created");
}

static void topics_alter_config(struct tool *t, const struct topics_options *o, const char *verb,
                                const struct flag_list *list, bool with_values)
{
    struct connection *c = t->connection;
    const char *topic = o->topics.items[0];

    if (list->count == 0 || t->over)
        return;
    connection_begin_command(c, 4 + list->count * (with_values ? 2 : 1));
    connection_add_string(c, "TOPIC");
    connection_add_string(c, "CONFIG");
    connection_add_string(c, verb);
    connection_add_string(c, topic);
    for (size_t i = 0; i < list->count; i++) {
        if (with_values)
            add_config(c, list->items[i]);
        else
            connection_add_string(c, list->items[i]);
    }
    topics_changed(t, o, topic, "Configured");
}

static void topics_alter(struct tool *t, const struct topics_options *o)
{
    struct connection *c = t->connection;
    const char *topic = o->topics.items[0];

    if (o->partitions > 0) {
        connection_begin_command(c, 5 + (o->remap ? 1 : 0));
        connection_add_string(c, "TOPIC");
        connection_add_string(c, "ALTER");
        connection_add_string(c, topic);
        connection_add_string(c, "PARTITIONS");
        connection_add_number(c, o->partitions);
        if (o->remap)
            connection_add_string(c, "REMAP");
        topics_changed(t, o, topic, "Altered");
    }
    topics_alter_config(t, o, "SET", &o->configs, true);
    topics_alter_config(t, o, "RESET", &o->delete_configs, false);
}

/* --- many ----------------------------------------------------------------------------------------- */

static void print_unavailable(struct tool *t, struct bytes topic, const struct reply *description)
{
    const struct reply *partitions = tool_field(description, "partitions");
    struct reply *rows = listing_create();

    for (size_t i = 0; partitions != NULL && i < partitions->count; i++) {
        const struct reply *state = tool_field(&partitions->items[i], "state");

        if (state == NULL || state->kind != REPLY_BULK || bytes_is(state->text, "ok"))
            continue;
        struct reply *row = listing_row(rows);
        listing_text(row, "topic", topic);
        listing_number(row, "partition", tool_field_number(&partitions->items[i], "partition", -1));
        listing_text(row, "state", state->text);
    }
    if (rows->count > 0)
        tool_print(t, rows);
    reply_free(rows);
}

static void topics_describe_one(struct tool *t, const struct topics_options *o, struct bytes topic)
{
    connection_begin_command(t->connection, 3);
    connection_add_string(t->connection, "TOPIC");
    connection_add_string(t->connection, "DESCRIBE");
    connection_add_word(t->connection, topic);
    struct reply *reply = tool_ask(t);

    if (reply == NULL)
        return;
    if (reply->kind != REPLY_ERROR && o->unavailable)
        print_unavailable(t, topic, reply);
    else if (reply->kind != REPLY_ERROR)
        tool_print(t, reply);
    else if (!o->if_exists || !bytes_starts_with(reply->text, "UNKNOWNTOPIC "))
        tool_refuse(t, reply->text);
    reply_free(reply);
}

static bool topics_shows(const struct topics_options *o, const struct reply *name)
{
    return name->kind == REPLY_BULK &&
           !(o->exclude_internal && bytes_starts_with(name->text, INTERNAL_PREFIX));
}

static void topics_list(struct tool *t, const struct topics_options *o)
{
    TOOL_SEND(t, "TOPIC", "LIST");
    struct reply *names = tool_ask_good(t);
    bool as_json = t->printer->form == PRINTER_JSON;

    for (size_t i = 0; names != NULL && i < names->count; i++) {
        const struct reply *name = &names->items[i];

        if (!topics_shows(o, name))
            continue;
        if (as_json)
            tool_print(t, name);
        else
            fprintf(t->out, "%.*s\n", (int)name->text.len, name->text.data);
    }
    reply_free(names);
}

static void topics_describe(struct tool *t, const struct topics_options *o)
{
    for (size_t i = 0; i < o->topics.count && !t->over; i++)
        topics_describe_one(t, o, bytes_of_string(o->topics.items[i]));
    if (o->topics.count > 0)
        return;
    TOOL_SEND(t, "TOPIC", "LIST");
    struct reply *names = tool_ask_good(t);
    for (size_t i = 0; names != NULL && i < names->count && !t->over; i++) {
        if (topics_shows(o, &names->items[i]))
            topics_describe_one(t, o, names->items[i].text);
    }
    reply_free(names);
}

static void topics_delete(struct tool *t, const struct topics_options *o)
{
    for (size_t i = 0; i < o->topics.count && !t->over; i++) {
        TOOL_SEND(t, "TOPIC", "DELETE", o->topics.items[i]);
        topics_changed(t, o, o->topics.items[i], "Deleted");
    }
}

int topics_run(struct tool *t, const struct topics_options *o)
{
    if (o->create)
        topics_create(t, o);
    else if (o->list)
        topics_list(t, o);
    else if (o->describe && o->replicas_only)
        fputs("There is one server: partitions have no replicas, so none of them lacks any.\n",
              t->report);
    else if (o->describe)
        topics_describe(t, o);
    else if (o->alter)
        topics_alter(t, o);
    else
        topics_delete(t, o);
    return (int)t->status;
}

int tool_topics(struct connection *c, const struct printer *printer, int argc, char *const *argv)
{
    struct tool t = {.connection = c, .printer = printer, .out = stdout, .report = stderr};
    struct topics_options options;
    char why[FLAGS_WHY_BYTES];

    if (!topics_options_parse(&options, argc, argv, why))
        return tool_usage("topics", why);
    if (options.help) {
        fputs(help_text, stdout);
        return EXIT_STATUS_OK;
    }
    return connection_open_or_say(c) ? topics_run(&t, &options) : EXIT_STATUS_FAILED;
}
