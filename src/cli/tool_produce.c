/* SPDX-License-Identifier: BSD-3-Clause */
/* The producer. Replies come in the order of the batches, so the oldest batch under way is always the one
 * that is answered next. A line is never sent twice: after a failure the report says how far the
 * acknowledgements reach, and whoever goes on from there knows what he does. */
#include "cli/tool_produce.h"
#include "base/mem.h"
#include "base/num.h"
#include "cli/exit_status.h"
#include "cli/interrupt.h"
#include "cli/lines.h"
#include "cli/produce_batch.h"
#include <errno.h>
#include <strings.h>
#include <unistd.h>

struct produce {
    const struct produce_options *options; /* borrowed */
    struct connection *connection;         /* borrowed */
    FILE *report;                          /* borrowed */
    int input_fd;
    size_t batch_bytes_max;
    struct lines lines;
    struct produce_batch *batch; /* owned */
    /* The batches under way, as a ring: how many lines each has. */
    size_t in_flight[PRODUCE_IN_FLIGHT_MAX];
    size_t in_flight_first;
    size_t in_flight_count;
    uint64_t lines_answered;     /* lines of the batches that were answered */
    uint64_t lines_in_order;     /* acknowledged without a gap from the first */
    uint64_t lines_acknowledged; /* in all */
    bool stopping;               /* send nothing more */
    bool failed;
    bool interrupted;
};

static const char help_text[] =
    "Usage: echolog-cli [options] produce --topic name [...]\n"
    "\n"
    "Writes each line of standard input to a topic as a record.\n"
    "\n"
    "  --topic name          the topic\n"
    "  --parse-key           a line is a key, a separator and a value\n"
    "  --key-separator text  the separator (default: a tab)\n"
    "  --ack level           none, written or synced (default: as the topic is configured)\n"
    "  --partition n         write to this partition (not with keys: a key has its partition)\n"
    "\n"
    "At the end, standard error says how many records were acknowledged. The exit status is 0 if "
    "all\n"
    "of them were; otherwise 1, and the report says up to which line nothing is missing.\n";

/* --- options -------------------------------------------------------------------------------------- */

static bool is_ack_level(const char *text)
{
    return strcasecmp(text, "none") == 0 || strcasecmp(text, "written") == 0 ||
           strcasecmp(text, "synced") == 0;
}

static bool produce_options_check(struct produce_options *o, char *why)
{
    const char *wrong = NULL;

    if (o->topic == NULL || o->topic[0] == '\0')
        wrong = "--topic is missing";
    else if (o->ack != NULL && !is_ack_level(o->ack))
        wrong = "--ack is none, written or synced";
    else if (o->key_separator != NULL && !o->parse_key)
        wrong = "--key-separator needs --parse-key";
    else if (o->key_separator != NULL && o->key_separator[0] == '\0')
        wrong = "--key-separator must not be empty";
    else if (o->parse_key && o->partition >= 0)
        wrong = "--partition and --parse-key exclude each other: a key has its partition";
    if (wrong != NULL)
        snprintf(why, FLAGS_WHY_BYTES, "%s", wrong);
    if (o->key_separator == NULL)
        o->key_separator = "\t";
    return wrong == NULL;
}

bool produce_options_parse(struct produce_options *o, int argc, char *const *argv,
                           char why[FLAGS_WHY_BYTES])
{
    const struct flag flags[] = {
        {.name = "--topic", .text = &o->topic},
        {.name = "--parse-key", .set = &o->parse_key},
        {.name = "--key-separator", .text = &o->key_separator},
        {.name = "--ack", .text = &o->ack},
        {.name = "--partition", .number = &o->partition, .number_max = INT32_MAX},
        {.name = "--help", .set = &o->help},
    };
    int used = 0;

    *o = (struct produce_options){.partition = -1};
    if (!flags_parse(flags, COUNT_OF(flags), argc, argv, &used, why))
        return false;
    if (o->help)
        return true;
    if (used < argc) {
        snprintf(why, FLAGS_WHY_BYTES, "unexpected argument '%s'", argv[used]);
        return false;
    }
    return produce_options_check(o, why);
}

/* --- batches -------------------------------------------------------------------------------------- */

/* Sends the gathered batch and remembers it as under way. */
static void produce_send(struct produce *p)
{
    const struct produce_options *o = p->options;
    struct connection *c = p->connection;
    size_t place = (p->in_flight_first + p->in_flight_count) % PRODUCE_IN_FLIGHT_MAX;

    ASSERT(p->in_flight_count < PRODUCE_IN_FLIGHT_MAX);
    connection_begin_command(c, 3 + (o->partition >= 0 ? 2 : 0) + (o->ack != NULL ? 2 : 0) +
                                    p->batch->word_count);
    connection_add_string(c, "MPRODUCE");
    connection_add_string(c, o->topic);
    if (o->partition >= 0) {
        connection_add_string(c, "PARTITION");
        connection_add_number(c, o->partition);
    }
    if (o->ack != NULL) {
        connection_add_string(c, "ACK");
        connection_add_string(c, o->ack);
    }
    connection_add_string(c, o->parse_key ? "PAIRS" : "VALUES");
    for (size_t i = 0; i < p->batch->word_count; i++)
        connection_add_word(c, p->batch->words[i]);
    p->in_flight[place] = p->batch->line_count;
    p->in_flight_count++;
}

static void produce_fail(struct produce *p)
{
    p->failed = true;
    p->stopping = true;
}

/* Sends what the lines at hand fill, as far as the window allows. */
static void produce_send_ready(struct produce *p)
{
    struct bytes separator =
        p->options->parse_key ? bytes_of_string(p->options->key_separator) : BYTES_NULL;

    while (!p->stopping && p->in_flight_count < PRODUCE_IN_FLIGHT_MAX) {
        bool keyed = produce_batch_take(p->batch, &p->lines, separator, p->batch_bytes_max);

        if (p->batch->line_count > 0)
            produce_send(p);
        if (!keyed) {
            fprintf(p->report, "line %llu: the key separator is missing\n",
                    (unsigned long long)p->lines.number + 1);
            produce_fail(p);
        }
        if (p->batch->line_count == 0)
            return;
    }
}

/* --- replies -------------------------------------------------------------------------------------- */

static void produce_report_error(struct produce *p, const struct reply *error, size_t line_count)
{
    fprintf(
        p->report, "lines %llu to %llu: (error) %.*s\n", (unsigned long long)p->lines_answered + 1,
        (unsigned long long)p->lines_answered + line_count, (int)error->text.len, error->text.data);
    produce_fail(p);
}

/* How many records the reply acknowledges. Each item is one partition's part, or its error. */
static uint64_t produce_count(struct produce *p, const struct reply *reply, size_t line_count)
{
    uint64_t count = 0;

    for (size_t i = 0; i < reply->count; i++) {
        const struct reply *part = &reply->items[i];

        if (part->kind == REPLY_ERROR)
            produce_report_error(p, part, line_count);
        else if (part->kind == REPLY_ARRAY && part->count == 3 && part->items[2].kind == REPLY_INT)
            count += (uint64_t)part->items[2].integer;
    }
    return count;
}

static void produce_answered(struct produce *p, const struct reply *reply)
{
    size_t line_count = p->in_flight[p->in_flight_first];
    uint64_t count = 0;

    if (reply->kind == REPLY_ERROR)
        produce_report_error(p, reply, line_count);
    else if (reply->kind == REPLY_ARRAY)
        count = produce_count(p, reply, line_count);
    p->in_flight_first = (p->in_flight_first + 1) % PRODUCE_IN_FLIGHT_MAX;
    p->in_flight_count--;
    p->lines_acknowledged += count;
    if (count == line_count && p->lines_in_order == p->lines_answered)
        p->lines_in_order += count;
    p->lines_answered += line_count;
    if (count != line_count && !p->failed) {
        fprintf(p->report, "the server acknowledged %llu of %zu records, and no error\n",
                (unsigned long long)count, line_count);
        produce_fail(p);
    }
}

/* --- the run -------------------------------------------------------------------------------------- */

static void produce_fill(struct produce *p)
{
    enum err err = lines_fill(&p->lines, p->input_fd);

    if (err == ERR_OK)
        return;
    fprintf(p->report, "line %llu: %s\n", (unsigned long long)p->lines.number + 1,
            err == ERR_TOO_LARGE ? "too long" : strerror(errno));
    produce_fail(p);
}

/* The first interrupt stops the sending, the second the waiting too. */
static void produce_interrupted(struct produce *p)
{
    interrupt_clear(p->connection->interrupt_fd);
    if (p->interrupted)
        p->in_flight_count = 0;
    else
        fputs("interrupted\n", p->report);
    p->interrupted = true;
    produce_fail(p);
}

static void produce_lost(struct produce *p)
{
    size_t lines = 0;

    for (size_t i = 0; i < p->in_flight_count; i++)
        lines += p->in_flight[(p->in_flight_first + i) % PRODUCE_IN_FLIGHT_MAX];
    fprintf(p->report, "Error: %s", p->connection->error);
    if (lines > 0)
        fprintf(p->report, "; whether the next %zu lines were stored is not known", lines);
    fputc('\n', p->report);
    produce_fail(p);
}

/* One wait and what comes of it. False: the connection is lost. */
static bool produce_turn(struct produce *p)
{
    bool wants_input =
        !p->stopping && !p->lines.ended && p->in_flight_count < PRODUCE_IN_FLIGHT_MAX;
    struct reply *reply = NULL;

    switch (connection_wait(p->connection, wants_input ? p->input_fd : -1, CONNECTION_FOREVER,
                            &reply)) {
    case CONNECTION_REPLY:
        if (p->in_flight_count > 0 && reply->kind != REPLY_PUSH)
            produce_answered(p, reply);
        reply_free(reply);
        return true;
    case CONNECTION_INPUT:
        produce_fill(p);
        return true;
    case CONNECTION_INTERRUPTED:
        produce_interrupted(p);
        return true;
    case CONNECTION_TIMEOUT:
        return true;
    case CONNECTION_LOST:
        break;
    }
    produce_lost(p);
    return false;
}

static void produce_report(const struct produce *p)
{
    const char *ack = p->options->ack;
    bool promised = ack == NULL || strcasecmp(ack, "none") != 0;
    uint64_t beyond = p->lines_acknowledged - p->lines_in_order;

    fprintf(p->report, "%llu records %s", (unsigned long long)p->lines_acknowledged,
            promised ? "acknowledged" : "accepted");
    if (p->failed && p->lines_in_order > 0)
        fprintf(p->report, ": lines 1 to %llu in order", (unsigned long long)p->lines_in_order);
    if (p->failed && beyond > 0)
        fprintf(p->report, "%s %llu of the lines after them", p->lines_in_order > 0 ? ", and" : ":",
                (unsigned long long)beyond);
    fputc('\n', p->report);
}

/* A batch must not pass what the topic takes as one. A topic that is not there yet, or a server that does
 * not say, leaves the default. */
static size_t produce_ask_batch_bytes(struct connection *c, const char *topic)
{
    size_t bytes_max = PRODUCE_BATCH_BYTES_MAX;
    struct reply *reply = NULL;
    int64_t configured;

    connection_begin_command(c, 5);
    connection_add_string(c, "TOPIC");
    connection_add_string(c, "CONFIG");
    connection_add_string(c, "GET");
    connection_add_string(c, topic);
    connection_add_string(c, "max.message.bytes");
    if (connection_wait(c, -1, CONNECTION_FOREVER, &reply) != CONNECTION_REPLY) {
        connection_close(c); /* an answer that comes late must not be taken for another */
        return bytes_max;
    }
    if (reply->count == 2 && num_parse_i64(reply->items[1].text, &configured) && configured > 0 &&
        (uint64_t)configured < bytes_max)
        bytes_max = (size_t)configured;
    reply_free(reply);
    return bytes_max;
}

int produce_run(struct connection *c, const struct produce_options *o, int input_fd, FILE *report)
{
    struct produce p = {.options = o, .connection = c, .report = report, .input_fd = input_fd};

    p.batch = mem_alloc(sizeof(*p.batch));
    p.batch_bytes_max = produce_ask_batch_bytes(c, o->topic);
    for (;;) {
        produce_send_ready(&p);
        if (p.in_flight_count == 0 && (p.stopping || p.lines.ended))
            break;
        if (!produce_turn(&p))
            break;
    }
    produce_report(&p);
    lines_deinit(&p.lines);
    mem_free(p.batch);
    return p.failed ? 1 : 0;
}

int tool_produce(struct connection *c, const struct printer *printer, int argc, char *const *argv)
{
    (void)printer;
    struct produce_options options;
    char why[FLAGS_WHY_BYTES];

    if (!produce_options_parse(&options, argc, argv, why)) {
        fprintf(stderr, "echolog-cli produce: %s\nTry echolog-cli produce --help\n", why);
        return EXIT_STATUS_FAILED;
    }
    if (options.help) {
        fputs(help_text, stdout);
        return 0;
    }
    if (!connection_open_or_say(c))
        return EXIT_STATUS_FAILED;
    if (isatty(STDIN_FILENO))
        fputs("Each line is a record; Ctrl-D ends.\n", stderr);
    return produce_run(c, &options, STDIN_FILENO, stderr);
}
