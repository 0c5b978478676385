/* SPDX-License-Identifier: BSD-3-Clause */
/* bench: its requests and its counting. */
#include "cli/tool_bench.h"
#include "tool_run.h"
#include <criterion/criterion.h>

static char why[FLAGS_WHY_BYTES];

#define PARSE(o, ...)                                                                              \
    bench_options_parse(o, (int)COUNT_OF(((char *[]){__VA_ARGS__})), (char *const[]){__VA_ARGS__}, \
                        why)

#define RUN(r, ...)                                         \
    do {                                                    \
        struct bench_options options;                       \
        cr_assert(PARSE(&options, __VA_ARGS__), "%s", why); \
        bench_run(&(r)->tool, &options);                    \
        tool_run_ended(r);                                  \
    } while (0)

Test(bench_options, a_test_must_be_known)
{
    struct bench_options o;

    cr_expect(!PARSE(&o, "--test", "pong"));
    cr_expect_str_eq(why, "--test is ping, publish, produce, fetch or consume");
    cr_expect(!PARSE(&o, "--in-flight", "0"));
    cr_expect(!PARSE(&o, "--requests", "0"));
    cr_expect(!PARSE(&o, "--connections", "0"));
    cr_expect(!PARSE(&o, "--connections", "1001"));
    cr_expect(!PARSE(&o, "--count", "0"));
}

Test(bench, sends_what_was_asked_for_and_counts_errors)
{
    struct tool_run r;

    tool_run_open(&r);
    r.printer.form = PRINTER_CSV;
    peer_answers(&r.peer, "*2\r\n:0\r\n:0\r\n");
    peer_answers(&r.peer, "-ERR no\r\n");
    peer_answers(&r.peer, "-ERR no\r\n");
    peer_serves(&r.peer, false);
    RUN(&r, "--test", "produce", "--topic", "t", "--size", "3", "--ack", "none", "--requests", "3",
        "--in-flight", "2");
    cr_expect_eq(r.tool.status, EXIT_STATUS_REFUSED);
    cr_expect_str_eq(r.report, "Error: ERR no\n");
    static const char begins[] = "\"test\",\"produce\",\"requests\",3,\"errors\",2,\"per-second\",";
    cr_expect_eq(strncmp(r.printed, begins, strlen(begins)), 0, "%s", r.printed);
    cr_expect_str_eq(peer_received(&r.peer), "*5 $7 PRODUCE $1 t $3 xxx $3 ACK $4 none "
                                             "*5 $7 PRODUCE $1 t $3 xxx $3 ACK $4 none "
                                             "*5 $7 PRODUCE $1 t $3 xxx $3 ACK $4 none ");
    tool_run_close(&r);
}

Test(bench, its_own_topic_is_gone_at_the_end)
{
    struct tool_run r;

    tool_run_open(&r);
    peer_answers(&r.peer, "+OK\r\n");
    peer_answers(&r.peer, "*2\r\n:0\r\n:0\r\n");
    peer_answers(&r.peer, "+OK\r\n");
    peer_serves(&r.peer, false);
    RUN(&r, "--test", "produce", "--requests", "1");
    cr_expect_eq(r.tool.status, EXIT_STATUS_OK);
    const char *sent = peer_received(&r.peer);
    cr_expect(strstr(sent, "$6 CREATE") != NULL);
    cr_expect(strstr(sent, "$6 DELETE") != NULL);
    tool_run_close(&r);
}

#define OFFSETS(a, b) "*2\r\n*3\r\n:0\r\n:" a "\r\n:-1\r\n*3\r\n:1\r\n:" b "\r\n:-1\r\n"

Test(bench, fetch_goes_through_all_partitions_and_begins_anew)
{
    struct tool_run r;

    tool_run_open(&r);
    r.printer.form = PRINTER_CSV;
    peer_answers(&r.peer, OFFSETS("2", "0"));
    peer_answers(&r.peer, OFFSETS("5", "1"));
    for (int i = 0; i < 4; i++)
        peer_answers(&r.peer, "*2\r\n:1\r\n:1\r\n"); /* as many items as there were records */
    peer_serves(&r.peer, false);
    RUN(&r, "--test", "fetch", "--topic", "t", "--requests", "4", "--count", "2", "--in-flight",
        "1");
    cr_expect_eq(r.tool.status, EXIT_STATUS_OK);
    cr_expect(strstr(r.printed, "\"test\",\"fetch\",\"requests\",4,\"errors\",0,") != NULL);
    cr_expect_str_eq(peer_received(&r.peer), "*4 $5 TOPIC $7 OFFSETS $1 t $8 EARLIEST "
                                             "*4 $5 TOPIC $7 OFFSETS $1 t $6 LATEST "
                                             "*6 $5 FETCH $1 t $1 0 $1 2 $5 COUNT $1 2 "
                                             "*6 $5 FETCH $1 t $1 0 $1 4 $5 COUNT $1 2 "
                                             "*6 $5 FETCH $1 t $1 1 $1 0 $5 COUNT $1 2 "
                                             "*6 $5 FETCH $1 t $1 0 $1 2 $5 COUNT $1 2 ");
    tool_run_close(&r);
}

#define PART "*1\r\n*3\r\n$1\r\nt\r\n:0\r\n*2\r\n:1\r\n:1\r\n" /* two records */

/* `empty_replies` in front of the records; the topic has 4, or seems to have more. */
static void consume(int empty_replies, const char *end, int parts, int empty_behind)
{
    struct tool_run r;
    char expected[128];

    tool_run_open(&r);
    r.printer.form = PRINTER_CSV;
    peer_answers(&r.peer, OFFSETS("0", "0"));
    peer_answers(&r.peer, end);
    for (int i = 0; i < empty_replies; i++)
        peer_answers(&r.peer, "*0\r\n");
    for (int i = 0; i < parts; i++)
        peer_answers(&r.peer, PART);
    for (int i = 0; i < empty_behind; i++)
        peer_answers(&r.peer, "*0\r\n");
    peer_answers(&r.peer, "+OK\r\n");
    peer_answers(&r.peer, "+OK\r\n");
    peer_serves(&r.peer, false);
    RUN(&r, "--test", "consume", "--topic", "t", "--count", "2", "--in-flight", "8");
    cr_expect_eq(r.tool.status, EXIT_STATUS_OK);
    snprintf(expected, sizeof(expected), "\"test\",\"consume\",\"requests\",%d,", parts);
    cr_expect_eq(strncmp(r.printed, expected, strlen(expected)), 0, "%s", r.printed);
    const char *sent = peer_received(&r.peer);
    cr_expect(strstr(sent, " $5 LEAVE ") != NULL && strstr(sent, " $6 DELETE ") != NULL, "%s",
              sent);
    tool_run_close(&r);
}

Test(bench, consume_ends_with_the_records_and_does_not_count_empty_replies)
{
    consume(0, OFFSETS("4", "0"), 2, 0);
    consume(2, OFFSETS("3", "1"), 2, 0);
    consume(0, OFFSETS("9", "0"), 2, 3); /* compaction took some */
}

Test(bench, an_empty_topic_cannot_be_read)
{
    struct tool_run r;

    tool_run_open(&r);
    peer_answers(&r.peer, OFFSETS("5", "0"));
    peer_answers(&r.peer, OFFSETS("5", "0"));
    peer_serves(&r.peer, false);
    RUN(&r, "--test", "fetch", "--topic", "t");
    cr_expect_eq(r.tool.status, EXIT_STATUS_REFUSED);
    cr_expect_str_eq(r.report, "Error: there is no record to read in the topic\n");
    tool_run_close(&r);
}

Test(bench, an_interrupt_stops_the_sending_and_waits_for_what_is_under_way)
{
    struct tool_run r;

    tool_run_open(&r);
    r.printer.form = PRINTER_CSV;
    peer_interrupts(&r.peer);
    peer_answers(&r.peer, "+PONG\r\n");
    peer_serves(&r.peer, false);
    RUN(&r, "--test", "ping", "--requests", "1000", "--in-flight", "1");
    cr_expect_eq(r.tool.status, EXIT_STATUS_OK);
    cr_expect(strstr(r.printed, "\"requests\",1,") != NULL, "%s", r.printed);
    tool_run_close(&r);
}

Test(bench, a_lost_connection_fails)
{
    struct tool_run r;

    tool_run_open(&r);
    peer_hangs_up(&r.peer);
    RUN(&r, "--test", "ping");
    cr_expect_eq(r.tool.status, EXIT_STATUS_FAILED);
    tool_run_close(&r);
}
