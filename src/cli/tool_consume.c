/* SPDX-License-Identifier: BSD-3-Clause */
/* The consumer. One MFETCH at a time reads all partitions; each begins with another partition, since the
 * first ones may fill the reply. What it printed is where it stands: nothing is read ahead. In a group CONSUME takes
 * MFETCH's place, and tells the partitions. */
#include "cli/tool_consume.h"
#include "base/num.h"
#include "cli/consume_group.h"
#include "cli/exit_status.h"
#include "cli/interrupt.h"
#include <errno.h>
#include <unistd.h>

enum consume_state {
    CONSUME_GOING,
    CONSUME_DONE,
    CONSUME_FAILED,
};

struct consume {
    const struct consume_options *options; /* borrowed */
    struct connection *connection;         /* borrowed */
    FILE *report;                          /* borrowed */
    int output_fd;
    struct consume_positions positions;
    size_t first; /* which position the next request begins with */
    uint64_t processed;
    struct buf text;    /* what is to be printed */
    int64_t record_ms;  /* when the last record came; for the time-out */
    int64_t refresh_ms; /* when partitions were looked for */
    enum consume_state state;
    bool lost; /* the connection is, or a reply is still under way on it */
};

static const char help_text[] =
    "Usage: echolog-cli [options] consume --topic name [...]\n"
    "\n"
    "Prints the records of a topic, one value per line, from now on. It follows the topic until\n"
    "Ctrl-C, unless one of --until-end, --max-messages and --timeout-ms ends it.\n"
    "\n"
    "  --topic name          the topic\n"
    "  --from-beginning      from the oldest record that is kept\n"
    "  --from-timestamp time\n"
    "                        from the first record that is not older: 2026-01-31T10:00:00 (UTC "
    "unless it\n"
    "                        ends in a zone), milliseconds since 1970, or 10m for so long ago\n"
    "  --partition n         this partition only (default: all)\n"
    "  --offset where        begin there: an offset, earliest or latest; needs --partition\n"
    "  --group name          as a member of this group, which goes on where it last committed; "
    "what is\n"
    "                        printed is committed\n"
    "  --member name         the member's name (default: one of its own)\n"
    "  --follow              wait for more at the end (what it does anyway)\n"
    "  --until-end           stop behind what was there when it began\n"
    "  --max-messages n      stop after so many\n"
    "  --timeout-ms n        stop after so long without a record\n"
    "  --print-key           print the key before the value; a null one reads null\n"
    "  --print-partition     print the partition first\n"
    "  --print-offset        print the offset too\n"
    "  --print-timestamp     print the time, in milliseconds since 1970\n"
    "  --print-headers       print headers as name:value,name:value\n"
    "  --property name=value\n"
    "                        the same as Kafka's users say it: print.key, print.partition, "
    "print.offset,\n"
    "                        print.timestamp, print.headers and print.value (true or false),\n"
    "                        key.separator, headers.separator and null.literal; may come several "
    "times\n"
    "  --consumer-property name=value\n"
    "                        group.id=name and auto.offset.reset=earliest: as --group and\n"
    "                        --from-beginning\n"
    "  --json                print each record as an object of JSON\n"
    "  --key-separator text  what stands between them (default: a tab)\n"
    "  --help                this text\n"
    "\n"
    "Ctrl-C stops it, with exit status 0. It exits with 1 when it cannot go on, and\n"
    "with 2 when the connection is lost.\n";

/* --- asking --------------------------------------------------------------------------------------- */

/* Says what the error reply says, and ends the run. */
static void consume_fail(struct consume *c, struct bytes why)
{
    fprintf(c->report, "Error: %.*s\n", (int)why.len, why.data);
    c->state = CONSUME_FAILED;
}

/* The reply to the command that was queued last: the caller's; NULL when the run is over. Nothing but
 * replies is expected on this connection; a push is not ours. */
static struct reply *consume_ask(struct consume *c)
{
    for (;;) {
        struct reply *reply = NULL;

        switch (connection_wait(c->connection, -1, CONNECTION_FOREVER, &reply)) {
        case CONNECTION_REPLY:
            if (reply->kind != REPLY_PUSH)
                return reply;
            reply_free(reply);
            break;
        case CONNECTION_INTERRUPTED:
            interrupt_clear(c->connection->interrupt_fd);
            c->state = CONSUME_DONE;
            c->lost = true;
            return NULL;
        case CONNECTION_LOST:
            c->lost = true;
            consume_fail(c, bytes_of_string(c->connection->error));
            return NULL;
        default:
            break;
        }
    }
}

/* TOPIC OFFSETS of one partition, or of all with -1. NULL: the run is over. */
static struct reply *consume_ask_offsets(struct consume *c, int64_t partition, int64_t from)
{
    connection_begin_command(c->connection,
                             (partition < 0 ? 4 : 5) + (from == CONSUME_FROM_TIME ? 1 : 0));
    connection_add_string(c->connection, "TOPIC");
    connection_add_string(c->connection, "OFFSETS");
    connection_add_string(c->connection, c->options->topic);
    if (partition >= 0)
        connection_add_number(c->connection, partition);
    if (from == CONSUME_FROM_TIME) {
        connection_add_string(c->connection, "AT");
        connection_add_number(c->connection, c->options->from_ms);
    } else {
        connection_add_string(c->connection, from == CONSUME_FROM_LATEST ? "LATEST" : "EARLIEST");
    }

    struct reply *reply = consume_ask(c);
    if (reply != NULL && reply->kind == REPLY_ERROR) {
        consume_fail(c, reply->text);
        reply_free(reply);
        return NULL;
    }
    return reply;
}

/* Whether the element of the offsets reply is [partition, offset, …]; an error in its place ends the run. */
static bool consume_is_offset(struct consume *c, const struct reply *element)
{
    if (element->kind == REPLY_ERROR)
        consume_fail(c, element->text);
    return element->kind == REPLY_ARRAY && element->count >= 2 &&
           element->items[0].kind == REPLY_INT && element->items[1].kind == REPLY_INT;
}

/* Finds the partitions that are not read yet; they begin at `from`. */
static void consume_find_partitions(struct consume *c, int64_t from)
{
    struct reply *reply = consume_ask_offsets(c, c->options->partition, from);

    for (size_t i = 0; reply != NULL && i < reply->count; i++) {
        const struct reply *element = &reply->items[i];

        if (consume_is_offset(c, element) &&
            consume_positions_find(&c->positions, element->items[0].integer) == NULL)
            consume_positions_add(&c->positions, element->items[0].integer,
                                  element->items[1].integer);
    }
    reply_free(reply);
    c->refresh_ms = connection_now_ms();
}

/* Where the partitions end now is where they are left. */
static void consume_find_ends(struct consume *c)
{
    struct reply *reply = consume_ask_offsets(c, c->options->partition, CONSUME_FROM_LATEST);

    for (size_t i = 0; reply != NULL && i < reply->count; i++) {
        const struct reply *element = &reply->items[i];
        struct consume_position *position = NULL;

        if (consume_is_offset(c, element))
            position = consume_positions_find(&c->positions, element->items[0].integer);
        if (position != NULL)
            position->end = element->items[1].integer;
    }
    reply_free(reply);
}

static bool consume_is_at_end(const struct consume *c)
{
    for (size_t i = 0; i < c->positions.count; i++)
        if (c->positions.items[i].offset < c->positions.items[i].end)
            return false;
    return c->options->until_end;
}

static void consume_start(struct consume *c)
{
    const struct consume_options *o = c->options;

    c->record_ms = connection_now_ms();
    if (o->group != NULL)
        return;
    consume_find_partitions(c, o->offset >= 0 ? CONSUME_FROM_EARLIEST : o->offset);
    if (c->state == CONSUME_GOING && c->positions.count == 0)
        consume_fail(c, BYTES_LITERAL("the server names no partition of the topic"));
    if (o->offset >= 0 && c->positions.count == 1)
        c->positions.items[0].offset = o->offset;
    if (c->state == CONSUME_GOING && o->until_end)
        consume_find_ends(c);
    c->record_ms = connection_now_ms();
}

/* --- errors of one partition ---------------------------------------------------------------------- */

bool consume_corrupt_next(struct bytes error, int64_t *next)
{
    static const char words[] = "next readable offset";
    const char *end = error.data + error.len;
    const char *at = memmem(error.data, error.len, words, sizeof(words) - 1);

    if (at == NULL)
        return false;
    while (at < end && (*at < '0' || *at > '9'))
        at++;
    const char *digits = at;
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return num_parse_i64(bytes_of(digits, (size_t)(at - digits)), next);
}

/* Goes on where the log begins. */
static void consume_out_of_range(struct consume *c, struct consume_position *position)
{
    struct reply *reply = consume_ask_offsets(c, position->partition, CONSUME_FROM_EARLIEST);

    if (reply != NULL && reply->count == 1 && consume_is_offset(c, &reply->items[0])) {
        position->offset = reply->items[0].items[1].integer;
        fprintf(c->report, "going on with partition %lld at offset %lld, where its log begins\n",
                (long long)position->partition, (long long)position->offset);
    } else if (c->state == CONSUME_GOING) {
        consume_fail(c, BYTES_LITERAL("the server does not say where the log begins"));
    }
    reply_free(reply);
}

static void consume_partition_error(struct consume *c, struct consume_position *position,
                                    struct bytes error)
{
    int64_t next;

    if (c->options->group != NULL) {
        if (consume_group_goes_on(error))
            fprintf(c->report, "%.*s\n", (int)error.len, error.data);
        else
            consume_fail(c, error);
    } else if (bytes_starts_with(error, "OFFSETOUTOFRANGE ")) {
        fprintf(c->report, "%.*s\n", (int)error.len, error.data);
        consume_out_of_range(c, position);
    } else if (bytes_starts_with(error, "CORRUPT ") && consume_corrupt_next(error, &next) &&
               next > position->offset) {
        fprintf(c->report, "%.*s: going on there\n", (int)error.len, error.data);
        position->offset = next;
    } else {
        consume_fail(c, error);
    }
}

/* --- records -------------------------------------------------------------------------------------- */

/* Prints what was gathered. Standard output may be slow; an interrupt ends the wait. */
static void consume_print(struct consume *c)
{
    size_t done = 0;

    while (done < c->text.len) {
        ssize_t put = write(c->output_fd, c->text.data + done, c->text.len - done);

        if (put >= 0) {
            done += (size_t)put;
        } else if (errno != EINTR) {
            consume_fail(c, bytes_of_string(strerror(errno)));
            break;
        } else if (interrupt_pending(c->connection->interrupt_fd)) {
            c->state = CONSUME_DONE;
            break;
        }
    }
    buf_clear(&c->text);
}

static bool consume_has_enough(const struct consume *c)
{
    return c->options->max_messages >= 0 && c->processed >= (uint64_t)c->options->max_messages;
}

static void consume_records(struct consume *c, struct consume_position *position,
                            const struct reply *records)
{
    for (size_t i = 0; i < records->count && !consume_has_enough(c); i++) {
        const struct reply *record = &records->items[i];

        if (!record_is(record)) {
            consume_fail(c, record->kind == REPLY_ERROR
                                ? record->text
                                : BYTES_LITERAL("the server sent what is no record"));
            return;
        }
        position->offset = record_offset(record) + 1;
        if (position->end >= 0 && position->offset > position->end)
            break;
        record_print(&c->text, &c->options->format, position->partition, record);
        c->processed++;
    }
    if (records->count > 0)
        c->record_ms = connection_now_ms();
}

/* An element of MFETCH's reply: topic, partition, and records or an error. */
static void consume_element(struct consume *c, const struct reply *element)
{
    struct consume_position *position = NULL;

    if (element->kind == REPLY_ARRAY && element->count == 3) {
        int64_t partition = element->items[1].integer;

        position = consume_positions_find(&c->positions, partition);
        if (position == NULL && c->options->group != NULL) {
            consume_positions_add(&c->positions, partition, 0);
            position = consume_positions_find(&c->positions, partition);
        }
    }
    if (position == NULL)
        consume_fail(c, BYTES_LITERAL("the server's reply is not understood"));
    else if (element->items[2].kind == REPLY_ERROR)
        consume_partition_error(c, position, element->items[2].text);
    else
        consume_records(c, position, &element->items[2]);
}

/* --- the run -------------------------------------------------------------------------------------- */

static int64_t consume_timeout_left(const struct consume *c)
{
    int64_t left = c->options->timeout_ms - (connection_now_ms() - c->record_ms);

    return left < 0 ? 0 : left;
}

static void consume_request(struct consume *c)
{
    struct connection *to = c->connection;
    size_t partitions = c->positions.count;
    int64_t count = CONSUME_COUNT, block_ms = CONSUME_BLOCK_MS;

    if (c->options->max_messages >= 0 && c->options->max_messages - (int64_t)c->processed < count)
        count = c->options->max_messages - (int64_t)c->processed;
    if (c->options->until_end)
        block_ms = 0;
    if (c->options->timeout_ms >= 0 && consume_timeout_left(c) < block_ms)
        block_ms = consume_timeout_left(c);
    if (block_ms == 0)
        block_ms = 1; /* 0 would wait for ever */
    if (c->options->group != NULL) {
        consume_group_request(to, c->options, count, block_ms);
        return;
    }
    connection_begin_command(to, 6 + 3 * partitions);
    connection_add_string(to, "MFETCH");
    connection_add_string(to, "COUNT");
    connection_add_number(to, count);
    connection_add_string(to, "BLOCK");
    connection_add_number(to, block_ms);
    connection_add_string(to, "FROM");
    for (size_t i = 0; i < partitions; i++) {
        const struct consume_position *p = &c->positions.items[(c->first + i) % partitions];

        connection_add_string(to, c->options->topic);
        connection_add_number(to, p->partition);
        connection_add_number(to, p->offset);
    }
    c->first = (c->first + 1) % partitions;
}

/* What was printed is done. */
static void consume_commit(struct consume *c)
{
    if (!consume_group_commit(c->connection, c->options, &c->positions))
        return;
    struct reply *reply = consume_ask(c);
    if (reply != NULL && reply->kind == REPLY_ERROR)
        consume_fail(c, reply->text);
    reply_free(reply);
}

/* The others need not wait for the session to end. Behind an interrupt a reply is still under way, so it is said on
 * another connection; should that fail, the session ends by itself. */
static void consume_leave(struct consume *c)
{
    struct reply *reply = NULL;

    if (c->lost && (c->state == CONSUME_FAILED || connection_open(c->connection) != ERR_OK))
        return;
    consume_group_leave(c->connection, c->options);
    if (connection_wait(c->connection, -1, CONSUME_BLOCK_MS, &reply) == CONNECTION_REPLY)
        reply_free(reply);
}

/* Whether no partition had anything. */
static bool is_empty(const struct reply *reply)
{
    for (size_t i = 0; i < reply->count; i++)
        if (reply->items[i].count == 3 &&
            (reply->items[i].items[2].count > 0 || reply->items[i].items[2].kind == REPLY_ERROR))
            return false;
    return true;
}

static void consume_turn(struct consume *c)
{
    consume_request(c);
    struct reply *reply = consume_ask(c);
    if (reply == NULL)
        return;
    if (reply->kind == REPLY_ERROR)
        consume_fail(c, reply->text);
    for (size_t i = 0; i < reply->count && c->state == CONSUME_GOING; i++)
        consume_element(c, &reply->items[i]);
    /* An end that was compacted away is never reached. */
    bool at_end = c->options->until_end && (consume_is_at_end(c) || is_empty(reply));
    reply_free(reply);
    consume_print(c);
    if (c->state == CONSUME_GOING && c->options->group != NULL)
        consume_commit(c);
    if (c->state != CONSUME_GOING)
        return;
    if (at_end || consume_has_enough(c) ||
        (c->options->timeout_ms >= 0 && consume_timeout_left(c) == 0))
        c->state = CONSUME_DONE;
    else if (c->options->group == NULL && c->options->partition < 0 &&
             connection_now_ms() - c->refresh_ms >= CONSUME_REFRESH_MS)
        consume_find_partitions(c, CONSUME_FROM_EARLIEST);
}

int consume_run(struct connection *connection, const struct consume_options *o, int output_fd,
                FILE *report)
{
    struct consume c = {
        .options = o, .connection = connection, .report = report, .output_fd = output_fd};

    consume_start(&c);
    if (c.state == CONSUME_GOING && (consume_has_enough(&c) || consume_is_at_end(&c)))
        c.state = CONSUME_DONE;
    while (c.state == CONSUME_GOING)
        consume_turn(&c);
    if (o->group != NULL)
        consume_leave(&c);
    fprintf(report, "Processed a total of %llu messages\n", (unsigned long long)c.processed);
    consume_positions_deinit(&c.positions);
    buf_deinit(&c.text);
    if (c.state == CONSUME_FAILED)
        return c.lost ? EXIT_STATUS_FAILED : EXIT_STATUS_REFUSED;
    return EXIT_STATUS_OK;
}

int tool_consume(struct connection *c, const struct printer *printer, int argc, char *const *argv)
{
    struct consume_options options;
    char why[FLAGS_WHY_BYTES];

    if (!consume_options_parse(&options, argc, argv, why)) {
        fprintf(stderr, "echolog-cli consume: %s\nTry echolog-cli consume --help\n", why);
        return EXIT_STATUS_FAILED;
    }
    if (options.help) {
        fputs(help_text, stdout);
        return 0;
    }
    if (printer->form == PRINTER_JSON)
        options.format.form = RECORD_JSON;
    else if (printer->form == PRINTER_CSV)
        options.format.form = RECORD_CSV;
    if (!connection_open_or_say(c))
        return EXIT_STATUS_FAILED;
    return consume_run(c, &options, STDOUT_FILENO, stderr);
}
