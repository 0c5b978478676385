/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/tool_tail.h"
#include "base/num.h"
#include "cli/follow_print.h"
#include "cli/interrupt.h"
#include "cli/moment.h"
#include "cli/push_print.h"
#include "cli/text.h"
#include <strings.h>

static const char help_text[] =
    "Usage: echolog-cli [options] tail [--topic name ...] [--channel name ...] [...]\n"
    "\n"
    "Prints records of topics and messages of channels as they come, a line each, until Ctrl-C. "
    "Topics\n"
    "can begin in the past; channels have none. Standard error says what is listened to, and what "
    "was\n"
    "lost. With --json or --csv in front of it, a line is what the server sent.\n"
    "\n"
    "  --topic name          a topic, or one partition as name/0; may come several times\n"
    "  --channel name        a channel; may come several times\n"
    "  --pattern glob        channels that match; may come several times\n"
    "  --key glob            only records whose key matches\n"
    "  --since time          from then on: earliest, 10m for so long ago, 2026-01-31T10:00:00 "
    "(UTC\n"
    "                        unless it ends in a zone), or milliseconds since 1970 (default: now)\n"
    "  --max-messages n      stop after so many\n"
    "  --help                this text\n";

/* --- options -------------------------------------------------------------------------------------- */

static bool tail_options_since(struct tail_options *o, const char *since, char *why)
{
    if (since == NULL)
        return true;
    if (strcasecmp(since, "earliest") == 0) {
        o->since = TAIL_FROM_EARLIEST;
        return true;
    }
    if (moment_parse(since, moment_now_ms(), &o->since))
        return true;
    snprintf(why, FLAGS_WHY_BYTES, "--since takes earliest, %s", MOMENT_EXAMPLES);
    return false;
}

bool tail_options_parse(struct tail_options *o, int argc, char *const *argv,
                        char why[FLAGS_WHY_BYTES])
{
    const char *since = NULL, *wrong = NULL;
    const struct flag flags[] = {
        {.name = "--topic", .list = &o->topics},
        {.name = "--channel", .list = &o->channels},
        {.name = "--pattern", .list = &o->patterns},
        {.name = "--key", .text = &o->key},
        {.name = "--since", .text = &since},
        {.name = "--max-messages",
         .number = &o->max_messages,
         .number_min = 1,
         .number_max = INT64_MAX},
        {.name = "--help", .set = &o->help},
    };

    *o = (struct tail_options){.since = TAIL_FROM_NOW, .max_messages = -1};
    if (!tool_flags(flags, COUNT_OF(flags), argc, argv, why))
        return false;
    if (o->help)
        return true;
    if (o->topics.count + o->channels.count + o->patterns.count == 0)
        wrong = "--topic, --channel or --pattern is missing";
    else if ((o->key != NULL || since != NULL) && o->topics.count == 0)
        wrong = "--key and --since go with --topic";
    if (wrong != NULL)
        snprintf(why, FLAGS_WHY_BYTES, "%s", wrong);
    return wrong == NULL && tail_options_since(o, since, why);
}

/* --- asking --------------------------------------------------------------------------------------- */

static void tail_follow(struct tool *t, const struct tail_options *o)
{
    struct connection *c = t->connection;
    char time[NUM_TEXT_BYTES_MAX + 2];

    if (o->topics.count == 0)
        return;
    snprintf(time, sizeof(time), "@%lld", (long long)o->since);
    connection_begin_command(c, 1 + o->topics.count * (1 + (o->key != NULL ? 2 : 0) +
                                                       (o->since != TAIL_FROM_NOW ? 2 : 0)));
    connection_add_string(c, "FOLLOW");
    for (size_t i = 0; i < o->topics.count; i++) {
        connection_add_string(c, o->topics.items[i]);
        if (o->key != NULL) {
            connection_add_string(c, "KEY");
            connection_add_string(c, o->key);
        }
        if (o->since != TAIL_FROM_NOW) {
            connection_add_string(c, "FROM");
            connection_add_string(c, o->since == TAIL_FROM_EARLIEST ? "EARLIEST" : time);
        }
    }
}

static void tail_subscribe(struct tool *t, const char *command, const struct flag_list *names)
{
    if (names->count == 0)
        return;
    connection_begin_command(t->connection, 1 + names->count);
    connection_add_string(t->connection, command);
    for (size_t i = 0; i < names->count; i++)
        connection_add_string(t->connection, names->items[i]);
}

/* --- what comes ----------------------------------------------------------------------------------- */

/* A record or a message, and nothing about one. */
static bool is_content(const struct reply *push)
{
    static const char *const words[] = {"record", "message", "pmessage"};

    for (size_t i = 0; push->count > 0 && i < COUNT_OF(words); i++)
        if (!bytes_is_null(push->items[0].text) && bytes_is(push->items[0].text, words[i]))
            return true;
    return false;
}

static void tail_print(struct tool *t, const struct reply *push, FILE *to)
{
    const struct printer *p = t->printer;
    bool for_programs = p->form == PRINTER_JSON || p->form == PRINTER_CSV;
    struct buf text = {0};

    if ((for_programs && to == t->out) || !(follow_print(&text, push) || push_print(&text, push)))
        printer_reply(p, &text, push);
    text_write(buf_bytes(&text), to);
    fflush(to);
    buf_deinit(&text);
}

int tail_run(struct tool *t, const struct tail_options *o)
{
    struct connection *c = t->connection;
    int64_t left = o->max_messages;

    tail_subscribe(t, "SUBSCRIBE", &o->channels);
    tail_subscribe(t, "PSUBSCRIBE", &o->patterns);
    tail_follow(t, o);
    while (left != 0) {
        struct reply *reply = NULL;
        enum connection_event event = connection_wait(c, -1, CONNECTION_FOREVER, &reply);

        if (event == CONNECTION_INTERRUPTED) {
            interrupt_clear(c->interrupt_fd);
            break;
        }
        if (event == CONNECTION_LOST) {
            fprintf(t->report, "Error: %s\n", c->error);
            return EXIT_STATUS_FAILED;
        }
        if (event != CONNECTION_REPLY)
            continue;
        bool refused = reply->kind == REPLY_ERROR, content = is_content(reply);
        if (refused)
            tool_refuse(t, reply->text);
        else
            tail_print(t, reply, content ? t->out : t->report);
        reply_free(reply);
        if (refused)
            break;
        if (content && left > 0)
            left--;
    }
    return (int)t->status;
}

int tool_tail(struct connection *c, const struct printer *printer, int argc, char *const *argv)
{
    struct tool t = {.connection = c, .printer = printer, .out = stdout, .report = stderr};
    struct tail_options options;
    char why[FLAGS_WHY_BYTES];

    if (!tail_options_parse(&options, argc, argv, why))
        return tool_usage("tail", why);
    if (options.help) {
        fputs(help_text, stdout);
        return EXIT_STATUS_OK;
    }
    c->target.proto = 3; /* records and messages on one connection */
    return connection_open_or_say(c) ? tail_run(&t, &options) : EXIT_STATUS_FAILED;
}
