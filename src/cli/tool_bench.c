/* SPDX-License-Identifier: BSD-3-Clause */
/* The tests, what they need around them, and what is told of them. */
#include "cli/tool_bench.h"
#include "base/mem.h"
#include "cli/listing.h"
#include "cli/moment.h"
#include <unistd.h>

#define CHANNEL_DEFAULT "echolog-bench"
#define NOT_COUNTED (-1)
#define CONSUME_BLOCK_MS 100
#define EMPTY_REPLIES_MAX \
    3 /* one after the other, of each member: there is nothing more to consume */

/* A partition to be read. */
struct extent {
    int64_t start, end;
};

struct bench {
    struct tool *tool;                   /* borrowed */
    const struct bench_options *options; /* borrowed */
    struct bench_load load;
    char name[64];        /* of a topic and a group of our own */
    const char *topic;    /* borrowed */
    struct bytes value;   /* borrowed */
    struct extent *parts; /* owned: of the topic that is read */
    size_t part_count;
    int64_t left;         /* records that were not consumed yet */
    size_t empty_replies; /* one after the other */
};

static const char help_text[] =
    "Usage: echolog-cli [options] bench [--test name ...] [...]\n"
    "\n"
    "Puts a short load on the server, and prints requests per second and how long they took: half "
    "of\n"
    "them at most p50-us microseconds, and so on. Other load on the machine counts too. With "
    "--json "
    "or\n"
    "--csv in front of it, the result comes in that form.\n"
    "\n"
    "  --test name           ping, publish, produce, fetch or consume; may come several times\n"
    "                        (default: all). The last two read the topic: fetch again and again,\n"
    "                        consume once, as a group with a member on each connection\n"
    "  --requests n          of each test (default 20000)\n"
    "  --connections n       up to 1000 (default 1)\n"
    "  --in-flight n         how many requests are under way at a time on each, up to 1000 "
    "(default "
    "16;\n"
    "                        consume has one)\n"
    "  --size bytes          of each value or message (default 100)\n"
    "  --count n             records that fetch and consume ask for at a time (default 100)\n"
    "  --topic name          write to this topic and read it (default: one of its own, deleted at "
    "the\n"
    "                        end)\n"
    "  --channel name        publish to this channel (default " CHANNEL_DEFAULT ")\n"
    "  --ack level           of produce: none, written or synced (default: as the topic has it)\n"
    "  --help                this text\n";

/* --- echo, and writing ---------------------------------------------------------------------------- */

static void send_ping(void *ctx, struct bench_client *c)
{
    (void)ctx;
    connection_begin_command(c->connection, 1);
    connection_add_string(c->connection, "PING");
}

static void send_publish(void *ctx, struct bench_client *c)
{
    const struct bench *b = ctx;

    connection_begin_command(c->connection, 3);
    connection_add_string(c->connection, "PUBLISH");
    connection_add_string(c->connection, b->options->channel);
    connection_add_word(c->connection, b->value);
}

static int64_t take_no_record(void *ctx, const struct reply *reply)
{
    (void)ctx;
    (void)reply;
    return 0;
}

static void send_produce(void *ctx, struct bench_client *c)
{
    const struct bench *b = ctx;

    connection_begin_command(c->connection, 3 + (b->options->ack != NULL ? 2 : 0));
    connection_add_string(c->connection, "PRODUCE");
    connection_add_string(c->connection, b->topic);
    connection_add_word(c->connection, b->value);
    if (b->options->ack != NULL) {
        connection_add_string(c->connection, "ACK");
        connection_add_string(c->connection, b->options->ack);
    }
}

static int64_t take_one_record(void *ctx, const struct reply *reply)
{
    (void)ctx;
    (void)reply;
    return 1;
}

/* --- reading -------------------------------------------------------------------------------------- */

/* Each client goes through all partitions, again and again; the first ones of each begin with another. */
static void send_fetch(void *ctx, struct bench_client *c)
{
    const struct bench *b = ctx;

    while (c->offset >= b->parts[c->partition].end) {
        c->partition = (c->partition + 1) % b->part_count;
        c->offset = b->parts[c->partition].start;
    }
    connection_begin_command(c->connection, 6);
    connection_add_string(c->connection, "FETCH");
    connection_add_string(c->connection, b->topic);
    connection_add_number(c->connection, (int64_t)c->partition);
    connection_add_number(c->connection, c->offset);
    connection_add_string(c->connection, "COUNT");
    connection_add_number(c->connection, b->options->count);
    c->offset += b->options->count;
}

static int64_t take_fetched(void *ctx, const struct reply *reply)
{
    (void)ctx;
    return (int64_t)reply->count;
}

static void add_member(const struct bench *b, struct bench_client *c, const char *command)
{
    char member[32];

    snprintf(member, sizeof(member), "member-%zu", c->number);
    connection_add_string(c->connection, command);
    connection_add_string(c->connection, b->name);
    connection_add_string(c->connection, member);
}

static void send_consume(void *ctx, struct bench_client *c)
{
    const struct bench *b = ctx;

    connection_begin_command(c->connection, 9);
    add_member(b, c, "CONSUME");
    connection_add_string(c->connection, "COUNT");
    connection_add_number(c->connection, b->options->count);
    connection_add_string(c->connection, "BLOCK");
    connection_add_number(c->connection, CONSUME_BLOCK_MS);
    connection_add_string(c->connection, "TOPICS");
    connection_add_string(c->connection, b->topic);
}

/* [[topic, partition, [record, …]], …] */
static int64_t take_consumed(void *ctx, const struct reply *reply)
{
    struct bench *b = ctx;
    int64_t records = 0;

    for (size_t i = 0; i < reply->count; i++)
        if (reply->items[i].count == 3)
            records += (int64_t)reply->items[i].items[2].count;
    b->left -= records;
    b->empty_replies = records > 0 ? 0 : b->empty_replies + 1;
    if (b->left <= 0 || b->empty_replies >= EMPTY_REPLIES_MAX * b->load.client_count)
        b->load.stopping = true;
    return records > 0 ? records : NOT_COUNTED;
}

enum { TEST_PING, TEST_PUBLISH, TEST_PRODUCE, TEST_FETCH, TEST_CONSUME };

static const struct bench_test tests[] = {
    [TEST_PING] = {"ping", send_ping, take_no_record, false},
    [TEST_PUBLISH] = {"publish", send_publish, take_no_record, false},
    [TEST_PRODUCE] = {"produce", send_produce, take_one_record, false},
    [TEST_FETCH] = {"fetch", send_fetch, take_fetched, false},
    [TEST_CONSUME] = {"consume", send_consume, take_consumed, true},
};

/* --- options -------------------------------------------------------------------------------------- */

static bool is_wanted(const struct bench_options *o, size_t test)
{
    for (size_t i = 0; i < o->tests.count; i++)
        if (strcmp(o->tests.items[i], tests[test].name) == 0)
            return true;
    return o->tests.count == 0;
}

static bool are_tests(const struct flag_list *names)
{
    for (size_t i = 0; i < names->count; i++) {
        size_t at = 0;

        while (at < COUNT_OF(tests) && strcmp(tests[at].name, names->items[i]) != 0)
            at++;
        if (at == COUNT_OF(tests))
            return false;
    }
    return true;
}

bool bench_options_parse(struct bench_options *o, int argc, char *const *argv,
                         char why[FLAGS_WHY_BYTES])
{
    const struct flag flags[] = {
        {.name = "--test", .list = &o->tests},
        {.name = "--requests", .number = &o->requests, .number_min = 1, .number_max = INT32_MAX},
        {.name = "--size", .number = &o->size, .number_max = BENCH_SIZE_MAX},
        {.name = "--connections",
         .number = &o->connections,
         .number_min = 1,
         .number_max = BENCH_CONNECTIONS_MAX},
        {.name = "--in-flight",
         .number = &o->in_flight,
         .number_min = 1,
         .number_max = BENCH_IN_FLIGHT_MAX},
        {.name = "--count", .number = &o->count, .number_min = 1, .number_max = INT32_MAX},
        {.name = "--topic", .text = &o->topic},
        {.name = "--channel", .text = &o->channel},
        {.name = "--ack", .text = &o->ack},
        {.name = "--help", .set = &o->help},
    };

    *o = (struct bench_options){.requests = BENCH_REQUESTS_DEFAULT,
                                .size = BENCH_SIZE_DEFAULT,
                                .connections = 1,
                                .in_flight = BENCH_IN_FLIGHT_DEFAULT,
                                .count = BENCH_COUNT_DEFAULT,
                                .channel = CHANNEL_DEFAULT};
    if (!tool_flags(flags, COUNT_OF(flags), argc, argv, why))
        return false;
    if (!o->help && !are_tests(&o->tests)) {
        snprintf(why, FLAGS_WHY_BYTES, "--test is ping, publish, produce, fetch or consume");
        return false;
    }
    return true;
}

/* --- what tests need ------------------------------------------------------------------------------ */

static bool writes(const struct bench_options *o)
{
    return is_wanted(o, TEST_PRODUCE);
}

static bool reads(const struct bench_options *o)
{
    return is_wanted(o, TEST_FETCH) || is_wanted(o, TEST_CONSUME);
}

/* A topic of our own for as long as it takes. */
static bool has_own_topic(const struct bench *b)
{
    return b->options->topic == NULL && (writes(b->options) || reads(b->options));
}

static void create_topic(struct bench *b)
{
    char partitions[16];
    int64_t count = b->options->connections;

    if (!has_own_topic(b))
        return;
    snprintf(partitions, sizeof(partitions), "%d",
             (int)(count < BENCH_PARTITIONS_MAX ? count : BENCH_PARTITIONS_MAX));
    TOOL_SEND(b->tool, "TOPIC", "CREATE", b->name, "PARTITIONS", partitions);
    reply_free(tool_ask_good(b->tool));
}

static void delete_topic(struct bench *b)
{
    if (!has_own_topic(b) || b->tool->over)
        return;
    TOOL_SEND(b->tool, "TOPIC", "DELETE", b->name);
    reply_free(tool_ask_good(b->tool));
}

static struct reply *ask_offsets(struct bench *b, const char *place)
{
    TOOL_SEND(b->tool, "TOPIC", "OFFSETS", b->topic, place);
    return tool_ask_good(b->tool);
}

static int64_t offset_of(const struct reply *offsets, size_t i)
{
    const struct reply *entry = i < offsets->count ? &offsets->items[i] : NULL;
    bool good = entry != NULL && entry->count >= 2 && entry->items[1].kind == REPLY_INT;

    return good ? entry->items[1].integer : 0;
}

/* What there is to read, from the beginning. False: nothing, which is said. */
static bool find_records(struct bench *b)
{
    struct reply *starts = ask_offsets(b, "EARLIEST");
    struct reply *ends = starts == NULL ? NULL : ask_offsets(b, "LATEST");

    mem_free(b->parts);
    b->part_count = ends == NULL ? 0 : ends->count;
    b->parts = mem_zalloc(b->part_count + 1, sizeof(*b->parts));
    b->left = 0;
    b->empty_replies = 0;
    for (size_t i = 0; i < b->part_count; i++) {
        b->parts[i] = (struct extent){offset_of(starts, i), offset_of(ends, i)};
        b->left += b->parts[i].end - b->parts[i].start;
    }
    if (ends != NULL && b->left == 0)
        tool_refuse(b->tool, BYTES_LITERAL("there is no record to read in the topic"));
    reply_free(starts);
    reply_free(ends);
    for (size_t i = 0; i < b->load.client_count && b->part_count > 0; i++) {
        b->load.clients[i].partition = i % b->part_count;
        b->load.clients[i].offset = b->parts[i % b->part_count].start;
    }
    return b->left > 0;
}

static void leave_group(struct bench *b)
{
    for (size_t i = 0; i < b->load.client_count && !b->tool->over; i++) {
        struct bench_client *c = &b->load.clients[i];
        struct tool leaving = {.connection = c->connection, .report = b->tool->report};

        connection_begin_command(c->connection, 4);
        connection_add_string(c->connection, "GROUP");
        add_member(b, c, "LEAVE");
        reply_free(tool_ask(&leaving)); /* one that never got its turn is no member */
    }
    if (b->tool->over)
        return;
    TOOL_SEND(b->tool, "GROUP", "DELETE", b->name);
    reply_free(tool_ask(b->tool));
}

/* --- the run -------------------------------------------------------------------------------------- */

static void add_row(const struct bench *b, struct reply *results, const struct bench_test *test)
{
    const struct bench_load *l = &b->load;
    struct reply *row = listing_row(results);
    double seconds = (double)(l->took_ns + 1) / 1e9;
    static const struct {
        const char *name;
        double percent;
    } percentiles[] = {{"p50-us", 50}, {"p99-us", 99}, {"p99.9-us", 99.9}};

    listing_text(row, "test", bytes_of_string(test->name));
    listing_number(row, "requests", l->requests);
    listing_number(row, "errors", l->errors);
    listing_number(row, "per-second", (int64_t)((double)l->requests / seconds));
    if (test->take == take_no_record)
        listing_null(row, "records-per-second");
    else
        listing_number(row, "records-per-second", (int64_t)((double)l->records / seconds));
    for (size_t i = 0; i < COUNT_OF(percentiles); i++)
        listing_number(row, percentiles[i].name,
                       (int64_t)histogram_percentile(&l->latency, percentiles[i].percent) / 1000);
    listing_number(row, "max-us", (int64_t)(l->latency.max / 1000));
}

/* A topic of our own is filled also when its filling is not what is to be measured. */
static void run_test(struct bench *b, struct reply *results, size_t i)
{
    const struct bench_options *o = b->options;
    bool fills = i == TEST_PRODUCE && has_own_topic(b) && reads(o);
    bool is_reading = i == TEST_FETCH || i == TEST_CONSUME;

    if (!is_wanted(o, i) && !fills)
        return;
    if (is_reading && !find_records(b))
        return;
    bench_load_run(&b->load, &tests[i], b, o->requests, o->in_flight);
    if (is_wanted(o, i) && b->load.requests > 0)
        add_row(b, results, &tests[i]);
    if (i != TEST_CONSUME)
        return;
    leave_group(b);
    b->load.stopping = false; /* it was the end of what there was, and this is the last test */
}

static void run_tests(struct bench *b)
{
    struct reply *results = listing_create();

    create_topic(b);
    for (size_t i = 0; i < COUNT_OF(tests); i++)
        if (!b->load.stopping && !b->tool->over && b->tool->status == EXIT_STATUS_OK)
            run_test(b, results, i);
    if (results->count > 0)
        tool_print(b->tool, results);
    delete_topic(b);
    reply_free(results);
}

int bench_run(struct tool *t, const struct bench_options *o)
{
    struct bench b = {.tool = t, .options = o};
    char *value = mem_alloc((size_t)o->size + 1);

    memset(value, 'x', (size_t)o->size);
    b.value = bytes_of(value, (size_t)o->size);
    snprintf(b.name, sizeof(b.name), "echolog-bench-%ld-%lld", (long)getpid(),
             (long long)moment_now_ms());
    b.topic = o->topic != NULL ? o->topic : b.name;
    if (bench_load_open(&b.load, t, (size_t)o->connections))
        run_tests(&b);
    bench_load_close(&b.load);
    mem_free(b.parts);
    mem_free(value);
    return (int)t->status;
}

int tool_bench(struct connection *c, const struct printer *printer, int argc, char *const *argv)
{
    struct tool t = {.connection = c, .printer = printer, .out = stdout, .report = stderr};
    struct bench_options options;
    char why[FLAGS_WHY_BYTES];

    if (!bench_options_parse(&options, argc, argv, why))
        return tool_usage("bench", why);
    if (options.help) {
        fputs(help_text, stdout);
        return EXIT_STATUS_OK;
    }
    return connection_open_or_say(c) ? bench_run(&t, &options) : EXIT_STATUS_FAILED;
}
