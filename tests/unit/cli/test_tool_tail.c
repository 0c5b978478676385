/* SPDX-License-Identifier: BSD-3-Clause */
/* tail: what it asks for, and what goes where. */
#include "cli/tool_tail.h"
#include "tool_run.h"
#include <criterion/criterion.h>

static char why[FLAGS_WHY_BYTES];

#define PARSE(o, ...)                                                                             \
    tail_options_parse(o, (int)COUNT_OF(((char *[]){__VA_ARGS__})), (char *const[]){__VA_ARGS__}, \
                       why)

#define RUN(r, ...)                                         \
    do {                                                    \
        struct tail_options options;                        \
        cr_assert(PARSE(&options, __VA_ARGS__), "%s", why); \
        tail_run(&(r)->tool, &options);                     \
        tool_run_ended(r);                                  \
    } while (0)

#define RECORD ">8\r\n$6\r\nrecord\r\n$1\r\nt\r\n:0\r\n:7\r\n:0\r\n$1\r\nk\r\n$1\r\nv\r\n%0\r\n"

Test(tail_options, what_makes_no_sense_is_refused)
{
    struct tail_options o;

    cr_expect(!PARSE(&o, "--since", "10m"));
    cr_expect_str_eq(why, "--topic, --channel or --pattern is missing");
    cr_expect(!PARSE(&o, "--channel", "c", "--since", "10m"));
    cr_expect_str_eq(why, "--key and --since go with --topic");
    cr_expect(!PARSE(&o, "--topic", "t", "--since", "noon"));
    cr_assert(PARSE(&o, "--topic", "t", "--since", "5"));
    cr_expect_eq(o.since, 5);
    cr_assert(PARSE(&o, "--topic", "t", "--since", "Earliest"));
    cr_expect_eq(o.since, TAIL_FROM_EARLIEST);
}

Test(tail, content_is_printed_and_the_rest_reported)
{
    struct tool_run r;

    tool_run_open(&r);
    peer_says(&r.peer, ">3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n"
                       ">5\r\n$6\r\nfollow\r\n$1\r\nt\r\n:0\r\n:7\r\n:2\r\n" RECORD
                       ">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$2\r\nhi\r\n");
    RUN(&r, "--topic", "t", "--topic", "u/1", "--channel", "c", "--pattern", "p*", "--key", "a*",
        "--since", "9", "--max-messages", "2");
    cr_expect_eq(r.tool.status, EXIT_STATUS_OK);
    cr_expect_str_eq(r.printed, "t/0@7  1970-01-01T00:00:00.000Z  \"k\"  \"v\"\nc  \"hi\"\n");
    cr_expect_str_eq(r.report, "listening to channel c (1 in all)\nfollowing t/0 from offset 7\n");
    cr_expect_str_eq(peer_received(&r.peer), "*2 $9 SUBSCRIBE $1 c *2 $10 PSUBSCRIBE $2 p* "
                                             "*11 $6 FOLLOW $1 t $3 KEY $2 a* $4 FROM $2 @9 "
                                             "$3 u/1 $3 KEY $2 a* $4 FROM $2 @9 ");
    tool_run_close(&r);
}

Test(tail, as_json_it_is_what_the_server_sent)
{
    struct tool_run r;

    tool_run_open(&r);
    r.printer.form = PRINTER_JSON;
    peer_says(&r.peer, RECORD);
    RUN(&r, "--topic", "t", "--max-messages", "1");
    cr_expect_str_eq(r.printed, "[\"record\", \"t\", 0, 7, 0, \"k\", \"v\", {}]\n");
    tool_run_close(&r);
}

Test(tail, a_refusal_ends_it)
{
    struct tool_run r;

    tool_run_open(&r);
    peer_says(&r.peer, "-UNKNOWNTOPIC there is no topic 't'\r\n");
    RUN(&r, "--topic", "t");
    cr_expect_eq(r.tool.status, EXIT_STATUS_REFUSED);
    cr_expect_str_eq(r.report, "Error: UNKNOWNTOPIC there is no topic 't'\n");
    tool_run_close(&r);
}

Test(tail, an_interrupt_is_a_good_end_and_a_lost_connection_none)
{
    struct tool_run r;

    tool_run_open(&r);
    peer_interrupts(&r.peer);
    RUN(&r, "--channel", "c");
    cr_expect_eq(r.tool.status, EXIT_STATUS_OK);
    tool_run_close(&r);

    const struct tail_options o = {.channels = {.items = {"c"}, .count = 1}, .max_messages = -1};
    tool_run_open(&r);
    peer_hangs_up(&r.peer);
    cr_expect_eq(tail_run(&r.tool, &o), EXIT_STATUS_FAILED);
    tool_run_ended(&r);
    tool_run_close(&r);
}
