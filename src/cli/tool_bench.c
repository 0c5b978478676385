/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/tool_bench.h"
#include "base/histogram.h"
#include "base/mem.h"
#include "cli/interrupt.h"
#include "cli/listing.h"
#include <time.h>
#include <unistd.h>

#define SECOND_NS INT64_C(1000000000)
#define CHANNEL_DEFAULT "echolog-bench"

struct bench {
    struct tool *tool;                   /* borrowed */
    const struct bench_options *options; /* borrowed */
    char topic[64];                      /* when it is our own */
    struct bytes value;                  /* borrowed */
    /* Of the test under way. */
    int64_t sent_ns[BENCH_IN_FLIGHT_MAX]; /* a ring */
    int64_t sent, answered, errors;
    struct histogram latency; /* in nanoseconds */
    bool stopping;            /* send nothing more */
};

static const char help_text[] =
    "Usage: echolog-cli [options] bench [--test name ...] [...]\n"
    "\n"
    "Puts a short load on the server over one connection, and prints requests per second and how "
    "long\n"
    "they took: half of them at most p50-us microseconds, and so on. Other load on the machine "
    "counts\n"
    "too. With --json or --csv in front of it, the result comes in that form.\n"
    "\n"
    "  --test name           ping, publish or produce; may come several times (default: all "
    "three)\n"
    "  --requests n          of each test (default 20000)\n"
    "  --size bytes          of each value or message (default 100)\n"
    "  --in-flight n         how many requests are under way at a time, up to 1000 (default 16)\n"
    "  --topic name          write to this topic (default: one of its own, deleted at the end)\n"
    "  --channel name        publish to this channel (default " CHANNEL_DEFAULT ")\n"
    "  --ack level           of produce: none, written or synced (default: as the topic has it)\n"
    "  --help                this text\n";

/* --- tests ---------------------------------------------------------------------------------------- */

static const char *bench_topic(const struct bench *b)
{
    return b->options->topic != NULL ? b->options->topic : b->topic;
}

static void bench_ping(struct bench *b)
{
    TOOL_SEND(b->tool, "PING");
}

static void bench_publish(struct bench *b)
{
    struct connection *c = b->tool->connection;

    connection_begin_command(c, 3);
    connection_add_string(c, "PUBLISH");
    connection_add_string(c, b->options->channel);
    connection_add_word(c, b->value);
}

static void bench_produce(struct bench *b)
{
    struct connection *c = b->tool->connection;

    connection_begin_command(c, 3 + (b->options->ack != NULL ? 2 : 0));
    connection_add_string(c, "PRODUCE");
    connection_add_string(c, bench_topic(b));
    connection_add_word(c, b->value);
    if (b->options->ack != NULL) {
        connection_add_string(c, "ACK");
        connection_add_string(c, b->options->ack);
    }
}

static const struct {
    const char *name;
    void (*send)(struct bench *b);
} tests[] = {{"ping", bench_ping}, {"publish", bench_publish}, {"produce", bench_produce}};

/* --- options -------------------------------------------------------------------------------------- */

static bool is_wanted(const struct bench_options *o, const char *test)
{
    for (size_t i = 0; i < o->tests.count; i++)
        if (strcmp(o->tests.items[i], test) == 0)
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
        {.name = "--in-flight",
         .number = &o->in_flight,
         .number_min = 1,
         .number_max = BENCH_IN_FLIGHT_MAX},
        {.name = "--topic", .text = &o->topic},
        {.name = "--channel", .text = &o->channel},
        {.name = "--ack", .text = &o->ack},
        {.name = "--help", .set = &o->help},
    };

    *o = (struct bench_options){.requests = BENCH_REQUESTS_DEFAULT,
                                .size = BENCH_SIZE_DEFAULT,
                                .in_flight = BENCH_IN_FLIGHT_DEFAULT,
                                .channel = CHANNEL_DEFAULT};
    if (!tool_flags(flags, COUNT_OF(flags), argc, argv, why))
        return false;
    if (!o->help && !are_tests(&o->tests)) {
        snprintf(why, FLAGS_WHY_BYTES, "--test is ping, publish or produce");
        return false;
    }
    return true;
}

/* --- one test ------------------------------------------------------------------------------------- */

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * SECOND_NS + now.tv_nsec;
}

static void bench_answered(struct bench *b, const struct reply *reply)
{
    int64_t took = now_ns() - b->sent_ns[b->answered % b->options->in_flight];

    histogram_add(&b->latency, (uint64_t)took);
    if (reply->kind == REPLY_ERROR && b->errors++ == 0)
        tool_refuse(b->tool, reply->text);
    b->answered++;
}

/* The first interrupt stops the sending, the second the waiting too. */
static void bench_interrupted(struct bench *b)
{
    interrupt_clear(b->tool->connection->interrupt_fd);
    b->tool->over = b->stopping;
    b->stopping = true;
}

static void bench_turn(struct bench *b)
{
    struct tool *t = b->tool;
    struct reply *reply = NULL;

    switch (connection_wait(t->connection, -1, CONNECTION_FOREVER, &reply)) {
    case CONNECTION_REPLY:
        if (reply->kind != REPLY_PUSH)
            bench_answered(b, reply);
        reply_free(reply);
        break;
    case CONNECTION_INTERRUPTED:
        bench_interrupted(b);
        break;
    case CONNECTION_LOST:
        fprintf(t->report, "Error: %s\n", t->connection->error);
        t->status = EXIT_STATUS_FAILED;
        t->over = true;
        break;
    default:
        break;
    }
}

static void bench_test(struct bench *b, void (*send)(struct bench *b))
{
    const struct bench_options *o = b->options;

    while (!b->tool->over) {
        while (!b->stopping && b->sent < o->requests && b->sent - b->answered < o->in_flight) {
            b->sent_ns[b->sent++ % o->in_flight] = now_ns();
            send(b);
        }
        if (b->answered == b->sent)
            return;
        bench_turn(b);
    }
}

static int64_t percentile_us(const struct bench *b, double percent)
{
    return (int64_t)(histogram_percentile(&b->latency, percent) / 1000);
}

static void bench_add_row(const struct bench *b, struct reply *results, const char *name,
                          int64_t took_ns)
{
    struct reply *row = listing_row(results);

    listing_text(row, "test", bytes_of_string(name));
    listing_number(row, "requests", b->answered);
    listing_number(row, "errors", b->errors);
    listing_number(row, "per-second",
                   (int64_t)((double)b->answered * (double)SECOND_NS / (double)(took_ns + 1)));
    listing_number(row, "p50-us", percentile_us(b, 50));
    listing_number(row, "p99-us", percentile_us(b, 99));
    listing_number(row, "p99.9-us", percentile_us(b, 99.9));
    listing_number(row, "max-us", (int64_t)(b->latency.max / 1000));
}

/* --- the run -------------------------------------------------------------------------------------- */

/* A topic of our own for as long as it takes. */
static void bench_own_topic(struct bench *b, const char *verb)
{
    if (b->options->topic != NULL || !is_wanted(b->options, "produce") || b->tool->over)
        return;
    TOOL_SEND(b->tool, "TOPIC", verb, b->topic);
    reply_free(tool_ask_good(b->tool));
}

static void bench_tests(struct bench *b, struct reply *results)
{
    for (size_t i = 0; i < COUNT_OF(tests) && !b->stopping && !b->tool->over; i++) {
        if (!is_wanted(b->options, tests[i].name))
            continue;
        b->sent = b->answered = b->errors = 0;
        int64_t from_ns = now_ns();
        bench_test(b, tests[i].send);
        if (b->answered > 0)
            bench_add_row(b, results, tests[i].name, now_ns() - from_ns);
        histogram_deinit(&b->latency);
    }
}

int bench_run(struct tool *t, const struct bench_options *o)
{
    struct bench *b = mem_zalloc(1, sizeof(*b));
    struct reply *results = listing_create();
    char *value = mem_alloc((size_t)o->size + 1);

    memset(value, 'x', (size_t)o->size);
    b->tool = t;
    b->options = o;
    b->value = bytes_of(value, (size_t)o->size);
    snprintf(b->topic, sizeof(b->topic), "echolog-bench-%ld-%lld", (long)getpid(),
             (long long)(now_ns() / 1000));
    bench_own_topic(b, "CREATE");
    if (t->status == EXIT_STATUS_OK)
        bench_tests(b, results);
    if (results->count > 0)
        tool_print(t, results);
    bench_own_topic(b, "DELETE");
    mem_free(value);
    mem_free(b);
    reply_free(results);
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
