/* SPDX-License-Identifier: BSD-3-Clause */
/* The producer, from its options to its report. */
#include "cli/tool_produce.h"
#include "peer.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char why[FLAGS_WHY_BYTES];

#define PARSE(o, ...)                                                  \
    produce_options_parse(o, (int)COUNT_OF(((char *[]){__VA_ARGS__})), \
                          (char *const[]){__VA_ARGS__}, why)

#define NO_CONFIG "-UNKNOWNTOPIC there is no topic 't'\r\n"
#define ASKS_CONFIG "*5 $5 TOPIC $6 CONFIG $3 GET $1 t $17 max.message.bytes "

struct run {
    struct peer peer;
    struct produce_options options;
    int status;
    bool hangs_up;
    char *report;
    size_t report_len;
};

static void run_open(struct run *r)
{
    *r = (struct run){
        .options = {.topic = "t", .partition = -1, .layout.key_separator = ":"},
    };
    peer_open(&r->peer);
}

static void run_text(struct run *r, const char *text, size_t len)
{
    FILE *to = open_memstream(&r->report, &r->report_len);
    int input_fd = text_fd(text, len);

    peer_serves(&r->peer, r->hangs_up);
    r->status = produce_run(&r->peer.connection, &r->options, input_fd, to);
    fclose(to);
    close(input_fd);
}

#define RUN(r, text) run_text(r, text, sizeof(text) - 1)

static void run_close(struct run *r)
{
    peer_close(&r->peer);
    free(r->report);
}

Test(produce_options, are_read)
{
    struct produce_options o;

    cr_assert(PARSE(&o, "--topic", "t", "--parse-key", "--key-separator", ":", "--ack", "synced"));
    cr_expect_str_eq(o.topic, "t");
    cr_expect(o.layout.key);
    cr_expect_str_eq(o.layout.key_separator, ":");
    cr_expect_str_eq(o.ack, "synced");
    cr_expect_eq(o.partition, -1);
    cr_assert(PARSE(&o, "--topic", "t", "--parse-key"));
    cr_expect_str_eq(o.layout.key_separator, "\t");
    cr_assert(PARSE(&o, "--topic", "t", "--producer-property", "acks=all"));
    cr_expect_str_eq(o.ack, "synced");
    cr_expect(!PARSE(&o, "--topic", "t", "--producer-property", "linger.ms=5"));
    cr_expect_str_eq(why, "--producer-property is acks=0, acks=1 or acks=all");
    cr_assert(PARSE(&o, "--topic=t", "--partition=3"));
    cr_expect_eq(o.partition, 3);
}

Test(produce_options, what_makes_no_sense_is_refused)
{
    struct produce_options o;

    cr_expect(!PARSE(&o, "--parse-key"));
    cr_expect_str_eq(why, "--topic is missing");
    cr_expect(!PARSE(&o, "--topic", "t", "--ack", "all"));
    cr_expect(!PARSE(&o, "--topic", "t", "--key-separator", ":"));
    cr_expect(!PARSE(&o, "--topic", "t", "--parse-key", "--key-separator", ""));
    cr_expect(!PARSE(&o, "--topic", "t", "--parse-key", "--partition", "1"));
    cr_expect(!PARSE(&o, "--topic", "t", "--partition", "-1"));
    cr_expect(!PARSE(&o, "--topic", "t", "more"));
    cr_expect_str_eq(why, "unexpected argument 'more'");
}

Test(produce, sends_lines_of_any_bytes_as_values)
{
    struct run r;

    run_open(&r);
    peer_answers(&r.peer, NO_CONFIG);
    peer_answers(&r.peer, "*1\r\n*3\r\n:0\r\n:0\r\n:2\r\n");
    RUN(&r, "a\xff\n\n");
    cr_expect_eq(r.status, 0);
    cr_expect_str_eq(r.report, "2 records acknowledged\n");
    cr_expect_str_eq(peer_received(&r.peer),
                     ASKS_CONFIG "*5 $8 MPRODUCE $1 t $6 VALUES $2 a\xff $0  ");
    run_close(&r);
}

Test(produce, sends_a_last_line_without_its_newline)
{
    struct run r;

    run_open(&r);
    peer_answers(&r.peer, NO_CONFIG);
    peer_answers(&r.peer, "*1\r\n*3\r\n:0\r\n:0\r\n:1\r\n");
    RUN(&r, "last");
    cr_expect_eq(r.status, 0);
    cr_expect_str_eq(peer_received(&r.peer), ASKS_CONFIG "*4 $8 MPRODUCE $1 t $6 VALUES $4 last ");
    run_close(&r);
}

Test(produce, sends_keys_partition_and_ack)
{
    struct run r;

    run_open(&r);
    r.options.layout.key = true;
    r.options.ack = "written";
    peer_answers(&r.peer, NO_CONFIG);
    peer_answers(&r.peer, "*1\r\n*3\r\n:0\r\n:0\r\n:1\r\n");
    RUN(&r, "k:v\n");
    cr_expect_eq(r.status, 0);
    cr_expect_str_eq(peer_received(&r.peer),
                     ASKS_CONFIG "*7 $8 MPRODUCE $1 t $3 ACK $7 written $5 PAIRS $1 k $1 v ");
    run_close(&r);
    run_open(&r);
    r.options.partition = 2;
    peer_answers(&r.peer, NO_CONFIG);
    peer_answers(&r.peer, "*1\r\n*3\r\n:2\r\n:0\r\n:1\r\n");
    RUN(&r, "v\n");
    cr_expect_str_eq(peer_received(&r.peer),
                     ASKS_CONFIG "*6 $8 MPRODUCE $1 t $9 PARTITION $1 2 $6 VALUES $1 v ");
    run_close(&r);
}

Test(produce, an_empty_input_is_no_failure)
{
    struct run r;

    run_open(&r);
    peer_answers(&r.peer, NO_CONFIG);
    RUN(&r, "");
    cr_expect_eq(r.status, 0);
    cr_expect_str_eq(r.report, "0 records acknowledged\n");
    run_close(&r);
}

Test(produce, at_level_none_it_claims_no_acknowledgement)
{
    struct run r;

    run_open(&r);
    r.options.ack = "none";
    peer_answers(&r.peer, NO_CONFIG);
    peer_answers(&r.peer, "*1\r\n*3\r\n:0\r\n:-1\r\n:1\r\n");
    RUN(&r, "v\n");
    cr_expect_str_eq(r.report, "1 records accepted\n");
    run_close(&r);
}

Test(produce, batches_fit_what_the_topic_takes)
{
    struct run r;

    run_open(&r);
    peer_answers(&r.peer, "*2\r\n$17\r\nmax.message.bytes\r\n$3\r\n100\r\n");
    peer_answers(&r.peer, "*1\r\n*3\r\n:0\r\n:0\r\n:1\r\n");
    peer_answers(&r.peer, "*1\r\n*3\r\n:0\r\n:1\r\n:1\r\n");
    RUN(&r, "one\ntwo\n");
    cr_expect_eq(r.status, 0);
    cr_expect_str_eq(peer_received(&r.peer), ASKS_CONFIG "*4 $8 MPRODUCE $1 t $6 VALUES $3 one "
                                                         "*4 $8 MPRODUCE $1 t $6 VALUES $3 two ");
    run_close(&r);
}

Test(produce, a_line_without_a_key_is_named_after_the_lines_before_it_are_stored)
{
    struct run r;

    run_open(&r);
    r.options.layout.key = true;
    peer_answers(&r.peer, NO_CONFIG);
    peer_answers(&r.peer, "*1\r\n*3\r\n:0\r\n:0\r\n:2\r\n");
    RUN(&r, "a:1\nb:2\nnothing\nc:3\n");
    cr_expect_eq(r.status, 1);
    cr_expect_str_eq(r.report, "line 3: the key separator is missing\n"
                               "2 records acknowledged: lines 1 to 2 in order\n");
    run_close(&r);
}

/* Two batches of one line each. */
#define SMALL_BATCHES "*2\r\n$17\r\nmax.message.bytes\r\n$1\r\n1\r\n"

Test(produce, an_error_reply_is_shown_with_its_lines_and_ends_the_order)
{
    struct run r;

    run_open(&r);
    peer_answers(&r.peer, SMALL_BATCHES);
    peer_answers(&r.peer, "*1\r\n*3\r\n:0\r\n:0\r\n:1\r\n");
    peer_answers(&r.peer, "-NOSPACE full\r\n");
    peer_answers(&r.peer, "*1\r\n*3\r\n:0\r\n:1\r\n:1\r\n");
    RUN(&r, "one\ntwo\nthree\n");
    cr_expect_eq(r.status, 1);
    cr_expect_str_eq(
        r.report, "lines 2 to 2: (error) NOSPACE full\n"
                  "2 records acknowledged: lines 1 to 1 in order, and 1 of the lines after them\n");
    run_close(&r);
}

Test(produce, an_error_of_one_partition_leaves_the_others_counted)
{
    struct run r;

    run_open(&r);
    peer_answers(&r.peer, NO_CONFIG);
    peer_answers(&r.peer, "*2\r\n*3\r\n:0\r\n:0\r\n:2\r\n-LOGERROR disk\r\n");
    RUN(&r, "one\ntwo\nthree\n");
    cr_expect_eq(r.status, 1);
    cr_expect_str_eq(r.report, "lines 1 to 3: (error) LOGERROR disk\n"
                               "2 records acknowledged: 2 of the lines after them\n");
    run_close(&r);
}

Test(produce, a_reply_that_counts_too_few_is_a_failure)
{
    struct run r;

    run_open(&r);
    peer_answers(&r.peer, NO_CONFIG);
    peer_answers(&r.peer, "*1\r\n*3\r\n:0\r\n:0\r\n:1\r\n");
    RUN(&r, "one\ntwo\n");
    cr_expect_eq(r.status, 1);
    run_close(&r);
}

Test(produce, a_lost_connection_leaves_the_lines_that_were_acknowledged)
{
    struct run r;

    run_open(&r);
    peer_answers(&r.peer, SMALL_BATCHES);
    peer_answers(&r.peer, "*1\r\n*3\r\n:0\r\n:0\r\n:1\r\n");
    r.hangs_up = true;
    RUN(&r, "one\ntwo\nthree\n");
    cr_expect_eq(r.status, 2);
    cr_expect_str_eq(r.report,
                     "Error: Server closed the connection; whether the next 2 lines were stored "
                     "is not known\n"
                     "1 records acknowledged: lines 1 to 1 in order\n");
    run_close(&r);
}

Test(produce, an_interrupt_stops_the_sending)
{
    struct run r;

    run_open(&r);
    peer_answers(&r.peer, NO_CONFIG);
    peer_interrupts(&r.peer);
    RUN(&r, "one\n");
    cr_expect_eq(r.status, 1);
    cr_expect_str_eq(r.report, "interrupted\n0 records acknowledged\n");
    cr_expect_null(strstr(peer_received(&r.peer), "MPRODUCE"));
    run_close(&r);
}

static void alone(struct run *r)
{
    run_open(r);
    r->options.layout = (struct produce_layout){.headers_delimiter = "\t",
                                                .headers_separator = ",",
                                                .headers_key_separator = ":",
                                                .key_separator = "\t"};
}

#define PLACE(offset) "*2\r\n:0\r\n:" #offset "\r\n"

Test(produce_options, what_kafka_says_is_known)
{
    struct produce_options o;

    cr_assert(PARSE(&o, "--topic", "t", "--property", "parse.key=true", "--property",
                    "key.separator=:", "--property", "parse.headers=true", "--property",
                    "headers.delimiter=|", "--property", "headers.separator=;", "--property",
                    "headers.key.separator==", "--property", "null.marker=~"));
    cr_expect(o.layout.key && o.layout.headers);
    cr_expect_str_eq(o.layout.key_separator, ":");
    cr_expect_str_eq(o.layout.headers_delimiter, "|");
    cr_expect_str_eq(o.layout.headers_separator, ";");
    cr_expect_str_eq(o.layout.headers_key_separator, "=");
    cr_expect_str_eq(o.layout.null_marker, "~");
    cr_expect(!PARSE(&o, "--topic", "t", "--property", "parse.keys=true"));
    cr_expect_str_eq(why, "--property: 'parse.keys=true' is not known");
    cr_expect(!PARSE(&o, "--topic", "t", "--property", "headers.separator="));
    cr_expect(!PARSE(&o, "--topic", "t", "--null-marker", "~"));
    cr_expect(!PARSE(&o, "--topic", "t", "--rate", "0"));
}

Test(produce, sends_headers_and_tombstones_one_by_one)
{
    struct run r;

    alone(&r);
    r.options.layout.headers = r.options.layout.key = true;
    r.options.layout.null_marker = "~";
    r.options.ack = "none";
    peer_answers(&r.peer, PLACE(0));
    peer_answers(&r.peer, PLACE(1));
    peer_answers(&r.peer, PLACE(2));
    RUN(&r, "a:1,b:\tk\tv\tw\n\t~\tv\n\tk\t~\n");
    cr_expect_eq(r.status, 0);
    cr_expect_str_eq(r.report, "3 records accepted\n");
    cr_expect_str_eq(
        peer_received(&r.peer),
        "*13 $7 PRODUCE $1 t $3 v\tw $3 KEY $1 k $6 HEADER $1 a $1 1 $6 HEADER $1 b $0  "
        "$3 ACK $4 none *5 $7 PRODUCE $1 t $1 v $3 ACK $4 none "
        "*8 $7 PRODUCE $1 t $0  $3 KEY $1 k $9 TOMBSTONE $3 ACK $4 none ");
    run_close(&r);
}

Test(produce, a_line_that_is_no_record_is_told_and_ends_it)
{
    struct run r;

    alone(&r);
    r.options.layout.headers = true;
    peer_answers(&r.peer, PLACE(0));
    RUN(&r, "\tv\na\tw\n\tx\n");
    cr_expect_eq(r.status, 1);
    cr_expect_str_eq(r.report, "line 2: a header has no value\n"
                               "1 records acknowledged: lines 1 to 1 in order\n");
    run_close(&r);
}

Test(produce, a_record_alone_that_is_refused_is_told)
{
    struct run r;

    alone(&r);
    r.options.layout.headers = true;
    peer_answers(&r.peer, PLACE(0));
    peer_answers(&r.peer, "-ERR no\r\n");
    RUN(&r, "\tv\n\tw\n");
    cr_expect_eq(r.status, 1);
    cr_expect_str_eq(r.report, "lines 2 to 2: (error) ERR no\n"
                               "1 records acknowledged: lines 1 to 1 in order\n");
    run_close(&r);
}

Test(produce, a_rate_sends_all_in_the_end)
{
    struct run r;

    alone(&r);
    r.options.rate = 100;
    peer_answers(&r.peer, PLACE(0));
    peer_answers(&r.peer, PLACE(1));
    peer_answers(&r.peer, PLACE(2));
    RUN(&r, "a\nb\nc");
    cr_expect_eq(r.status, 0);
    cr_expect_str_eq(r.report, "3 records acknowledged\n");
    run_close(&r);
}
