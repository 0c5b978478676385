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
    cr_expect_str_eq(why, "--test is ping, publish or produce");
    cr_expect(!PARSE(&o, "--in-flight", "0"));
    cr_expect(!PARSE(&o, "--requests", "0"));
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
