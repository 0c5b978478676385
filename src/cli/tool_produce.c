/* SPDX-License-Identifier: BSD-3-Clause */
/* The producer. Lines go in batches (MPRODUCE); where a line has headers or may be a tombstone, or their rate counts, each
 * is a request of its own (PRODUCE), and a batch of one. Replies come in the order of the batches, so the oldest batch
 * under way is always the one that is answered next. A line is never sent twice: after a failure the report says how far the
 * acknowledgements reach, and whoever goes on from there knows what he does. */
#include "cli/tool_produce.h"
#include "base/mem.h"
#include "base/num.h"
#include "cli/exit_status.h"
#include "cli/interrupt.h"
#include "cli/lines.h"
#include "cli/produce_batch.h"
#include <errno.h>
#include <fcntl.h>
#include <strings.h>
#include <unistd.h>

#define PROGRESS_MS 500

struct produce {
    const struct produce_options *options; /* borrowed */
    struct connection *connection;         /* borrowed */
    FILE *report;                          /* borrowed */
    int input_fd;
    size_t batch_bytes_max;
    struct lines lines;
    struct produce_batch *batch; /* owned */
    /* The batches under way, as a ring: how many lines each has. */
    size_t in_flight[PRODUCE_SINGLES_IN_FLIGHT_MAX];
    size_t in_flight_max;
    size_t in_flight_first;
    size_t in_flight_count;
    uint64_t lines_answered;     /* lines of the batches that were answered */
    uint64_t lines_in_order;     /* acknowledged without a gap from the first */
    uint64_t lines_acknowledged; /* in all */
    int64_t began_ms;
    int64_t progress_ms; /* when it was last told; 0: not yet */
    uint64_t lines_sent; /* of those that are sent alone */
    bool stopping;       /* send nothing more */
    bool failed;
    bool lost; /* the connection is */
    bool interrupted;
};

static const char help_text[] =
    "Usage: echolog-cli [options] produce --topic name [...]\n"
    "\n"
    "Writes each line of standard input to a topic as a record.\n"
    "\n"
    "  --topic name          the topic\n"
    "  --file path           take the lines from this file\n"
    "  --parse-key           a line is a key, a separator and a value\n"
    "  --parse-headers       a line begins with headers, as name:value,name:value, and a tab\n"
    "  --null-marker text    a key that is this text is none, and a value makes a tombstone\n"
    "  --property name=value\n"
    "                        the same as Kafka's users say it: parse.key and parse.headers (true "
    "or\n"
    "                        false), key.separator, headers.delimiter, headers.separator,\n"
    "                        headers.key.separator and null.marker; may come several times\n"
    "  --producer-property name=value\n"
    "                        acks=0, acks=1 or acks=all: as --ack none, written or synced\n"
    "  --rate n              at most so many records in a second\n"
    "  --key-separator text  the separator (default: a tab)\n"
    "  --ack level           none, written or synced (default: as the topic is configured)\n"
    "  --partition n         write to this partition (not with keys: a key has its partition)\n"
    "  --help                this text\n"
    "\n"
    "On a terminal a line tells how far a file or pipe has come. "
    "At the end, standard error says how many records were acknowledged. The exit status is 0 if "
    "all\n"
    "of them were; 2 when the connection was lost; otherwise 1, and the report says up to which "
    "line nothing is missing.\n";

/* Where to say something: behind a line that tells of progress it has a line of its own. */
static FILE *produce_says(struct produce *p)
{
    if (p->progress_ms > 0)
        fputs("\r\033[K", p->report);
    p->progress_ms = 0;
    return p->report;
}

/* --- batches -------------------------------------------------------------------------------------- */

static void produce_under_way(struct produce *p, size_t line_count)
{
    size_t place = (p->in_flight_first + p->in_flight_count) % PRODUCE_SINGLES_IN_FLIGHT_MAX;

    ASSERT(p->in_flight_count < p->in_flight_max);
    p->in_flight[place] = line_count;
    p->in_flight_count++;
}

static void add_pair(struct connection *c, const char *option, struct bytes value)
{
    connection_add_string(c, option);
    connection_add_word(c, value);
}

/* Sends a line as a record of its own. */
static void produce_send_line(struct produce *p, const struct produce_line *l)
{
    const struct produce_options *o = p->options;
    struct connection *c = p->connection;
    bool keyed = !bytes_is_null(l->key), tombstone = bytes_is_null(l->value);

    connection_begin_command(c, 3 + (keyed ? 2 : 0) + (o->partition >= 0 ? 2 : 0) +
                                    3 * l->header_count + (tombstone ? 1 : 0) +
                                    (o->ack != NULL ? 2 : 0));
    add_pair(c, "PRODUCE", bytes_of_string(o->topic));
    connection_add_word(c, tombstone ? BYTES_LITERAL("") : l->value);
    if (keyed)
        add_pair(c, "KEY", l->key);
    if (o->partition >= 0) {
        connection_add_string(c, "PARTITION");
        connection_add_number(c, o->partition);
    }
    for (size_t i = 0; i < l->header_count; i++) {
        add_pair(c, "HEADER", l->names[i]);
        connection_add_word(c, l->values[i]);
    }
    if (tombstone)
        connection_add_string(c, "TOMBSTONE");
    if (o->ack != NULL)
        add_pair(c, "ACK", bytes_of_string(o->ack));
    produce_under_way(p, 1);
    p->lines_sent++;
}

/* Sends the gathered batch and remembers it as under way. */
static void produce_send(struct produce *p)
{
    const struct produce_options *o = p->options;
    struct connection *c = p->connection;

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
    connection_add_string(c, o->layout.key ? "PAIRS" : "VALUES");
    for (size_t i = 0; i < p->batch->word_count; i++)
        connection_add_word(c, p->batch->words[i]);
    produce_under_way(p, p->batch->line_count);
}

static void produce_fail(struct produce *p)
{
    p->failed = true;
    p->stopping = true;
}

/* When the next line may go at --rate; CONNECTION_FOREVER without one. */
static int produce_wait_ms(const struct produce *p)
{
    if (p->options->rate == 0)
        return CONNECTION_FOREVER;
    int64_t due_ms =
        p->began_ms + (int64_t)((double)p->lines_sent * 1000 / (double)p->options->rate);
    int64_t left = due_ms - connection_now_ms();
    return left < 0 ? 0 : (int)left;
}

static void produce_send_lines(struct produce *p)
{
    struct produce_line line;
    struct bytes text;
    const char *why = NULL;

    while (!p->stopping && p->in_flight_count < p->in_flight_max && produce_wait_ms(p) <= 0 &&
           lines_next(&p->lines, &text)) {
        if (produce_line_parse(&line, text, &p->options->layout, &why)) {
            produce_send_line(p, &line);
            continue;
        }
        fprintf(produce_says(p), "line %llu: %s\n", (unsigned long long)p->lines.number, why);
        produce_fail(p);
    }
}

/* Sends what the lines at hand fill, as far as the window allows. */
static void produce_send_batches(struct produce *p)
{
    struct bytes separator =
        p->options->layout.key ? bytes_of_string(p->options->layout.key_separator) : BYTES_NULL;

    while (!p->stopping && p->in_flight_count < p->in_flight_max) {
        bool keyed = produce_batch_take(p->batch, &p->lines, separator, p->batch_bytes_max);

        if (p->batch->line_count > 0)
            produce_send(p);
        if (!keyed) {
            fprintf(produce_says(p), "line %llu: the key separator is missing\n",
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
    fprintf(produce_says(p), "lines %llu to %llu: (error) %.*s\n",
            (unsigned long long)p->lines_answered + 1,
            (unsigned long long)p->lines_answered + line_count, (int)error->text.len,
            error->text.data);
    produce_fail(p);
}

/* [partition, offset] of a record that was sent alone. */
static bool is_place(const struct reply *reply)
{
    return reply->count == 2 && reply->items[0].kind == REPLY_INT &&
           reply->items[1].kind == REPLY_INT;
}

/* How many records the reply acknowledges. Each item is one partition's part, or its error. */
static uint64_t produce_count(struct produce *p, const struct reply *reply, size_t line_count)
{
    uint64_t count = 0;

    if (is_place(reply))
        return 1;
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
    p->in_flight_first = (p->in_flight_first + 1) % PRODUCE_SINGLES_IN_FLIGHT_MAX;
    p->in_flight_count--;
    p->lines_acknowledged += count;
    if (count == line_count && p->lines_in_order == p->lines_answered)
        p->lines_in_order += count;
    p->lines_answered += line_count;
    if (count != line_count && !p->failed) {
        fprintf(produce_says(p), "the server acknowledged %llu of %zu records, and no error\n",
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
    fprintf(produce_says(p), "line %llu: %s\n", (unsigned long long)p->lines.number + 1,
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
        fputs("interrupted\n", produce_says(p));
    p->interrupted = true;
    produce_fail(p);
}

static void produce_lost(struct produce *p)
{
    size_t lines = 0;

    for (size_t i = 0; i < p->in_flight_count; i++)
        lines += p->in_flight[(p->in_flight_first + i) % PRODUCE_SINGLES_IN_FLIGHT_MAX];
    fprintf(produce_says(p), "Error: %s", p->connection->error);
    if (lines > 0)
        fprintf(produce_says(p), "; whether the next %zu lines were stored is not known", lines);
    fputc('\n', p->report);
    p->lost = true;
    produce_fail(p);
}

/* A line at hand waits for its turn at --rate. */
static bool produce_has_line(struct produce *p)
{
    struct bytes line;

    if (!lines_next(&p->lines, &line))
        return false;
    lines_unread(&p->lines, line);
    return true;
}

/* Tells how far it is, over what it told before. */
static void produce_progress(struct produce *p)
{
    int64_t now = connection_now_ms();

    if (!p->options->progress ||
        now - (p->progress_ms > 0 ? p->progress_ms : p->began_ms) < PROGRESS_MS)
        return;
    p->progress_ms = now;
    fprintf(p->report, "\r%llu records acknowledged, %lld per second\033[K",
            (unsigned long long)p->lines_acknowledged,
            (long long)((double)p->lines_acknowledged * 1000 / (double)(now - p->began_ms + 1)));
    fflush(p->report);
}

/* How long to wait at most. */
static int produce_patience(struct produce *p, bool has_line)
{
    int wait_ms = has_line && !p->stopping ? produce_wait_ms(p) : CONNECTION_FOREVER;

    if (p->options->progress && (wait_ms < 0 || wait_ms > PROGRESS_MS))
        return PROGRESS_MS;
    return wait_ms;
}

/* One wait and what comes of it. False: the connection is lost. */
static bool produce_turn(struct produce *p)
{
    bool has_line = p->options->rate > 0 && produce_has_line(p);
    bool wants_input =
        !p->stopping && !p->lines.ended && !has_line && p->in_flight_count < p->in_flight_max;
    struct reply *reply = NULL;

    switch (connection_wait(p->connection, wants_input ? p->input_fd : -1,
                            produce_patience(p, has_line && p->in_flight_count < p->in_flight_max),
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
    bool alone = o->layout.headers || o->layout.null_marker != NULL || o->rate > 0;

    p.batch = mem_alloc(sizeof(*p.batch));
    p.in_flight_max = alone ? PRODUCE_SINGLES_IN_FLIGHT_MAX : PRODUCE_IN_FLIGHT_MAX;
    if (!alone)
        p.batch_bytes_max = produce_ask_batch_bytes(c, o->topic);
    if (interrupt_pending(c->interrupt_fd)) /* while that was asked */
        produce_interrupted(&p);
    p.began_ms = connection_now_ms();
    for (;;) {
        if (alone)
            produce_send_lines(&p);
        else
            produce_send_batches(&p);
        bool waits = p.lines.ended && o->rate > 0 && produce_has_line(&p);
        if (p.in_flight_count == 0 && (p.stopping || (p.lines.ended && !waits)))
            break;
        if (!produce_turn(&p))
            break;
        produce_progress(&p);
    }
    (void)produce_says(&p);
    produce_report(&p);
    lines_deinit(&p.lines);
    mem_free(p.batch);
    if (p.lost)
        return EXIT_STATUS_FAILED;
    return p.failed ? EXIT_STATUS_REFUSED : EXIT_STATUS_OK;
}

int tool_produce(struct connection *c, const struct printer *printer, int argc, char *const *argv)
{
    (void)printer; /* prints nothing of the server's */
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
    int input_fd = options.file != NULL ? open(options.file, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
    if (input_fd < 0) {
        fprintf(stderr, "echolog-cli produce: cannot open %s: %s\n", options.file, strerror(errno));
        return EXIT_STATUS_FAILED;
    }
    int status = EXIT_STATUS_FAILED;
    if (connection_open_or_say(c)) {
        options.progress = isatty(STDERR_FILENO) && !isatty(input_fd);
        if (isatty(input_fd))
            fputs("Each line is a record; Ctrl-D ends.\n", stderr);
        status = produce_run(c, &options, input_fd, stderr);
    }
    if (options.file != NULL)
        close(input_fd);
    return status;
}
