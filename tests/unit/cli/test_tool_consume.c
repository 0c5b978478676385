/* SPDX-License-Identifier: BSD-3-Clause */
/* The consumer, from its options to its output. */
#include "cli/tool_consume.h"
#include "peer.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

static char why[FLAGS_WHY_BYTES];

#define PARSE(o, ...)                                                  \
    consume_options_parse(o, (int)COUNT_OF(((char *[]){__VA_ARGS__})), \
                          (char *const[]){__VA_ARGS__}, why)

#define RECORD(offset, value) "*5\r\n:" #offset "\r\n:1\r\n$-1\r\n$1\r\n" value "\r\n*0\r\n"
#define PART(partition) "*3\r\n$1\r\nt\r\n:" #partition "\r\n"
#define AT(partition, offset) "*3\r\n:" #partition "\r\n:" #offset "\r\n:-1\r\n"

struct run {
    struct peer peer;
    struct consume_options options;
    int status;
    bool hangs_up;
    char printed[4096];
    char *report;
    size_t report_len;
};

static void run_open(struct run *r)
{
    *r = (struct run){.options = {.topic = "t",
                                  .partition = -1,
                                  .offset = CONSUME_FROM_EARLIEST,
                                  .max_messages = -1,
                                  .timeout_ms = -1,
                                  .format.key_separator = "\t"}};
    peer_open(&r->peer);
}

static void run(struct run *r)
{
    FILE *to = open_memstream(&r->report, &r->report_len);
    int ends[2];

    peer_serves(&r->peer, r->hangs_up);
    cr_assert_eq(pipe(ends), 0);
    r->status = consume_run(&r->peer.connection, &r->options, ends[1], to);
    fclose(to);
    close(ends[1]);
    ssize_t got = read(ends[0], r->printed, sizeof(r->printed) - 1);
    cr_assert_geq(got, 0);
    r->printed[got] = '\0';
    close(ends[0]);
}

static void run_close(struct run *r)
{
    peer_close(&r->peer);
    free(r->report);
}

Test(consume_options, properties_of_kafkas_consumer_are_options_of_ours)
{
    struct consume_options o;

    cr_assert(PARSE(&o, "--topic", "t", "--consumer-property", "group.id=g", "--consumer-property",
                    "auto.offset.reset=earliest"));
    cr_expect_str_eq(o.group, "g");
    cr_expect_eq(o.offset, CONSUME_FROM_EARLIEST);
    cr_assert(PARSE(&o, "--topic", "t", "--consumer-property", "auto.offset.reset=latest"));
    cr_expect_eq(o.offset, CONSUME_FROM_LATEST);
    cr_expect(!PARSE(&o, "--topic", "t", "--consumer-property", "enable.auto.commit=false"));
}

Test(consume_options, are_read)
{
    struct consume_options o;

    cr_assert(PARSE(&o, "--topic", "t"));
    cr_expect_eq(o.offset, CONSUME_FROM_LATEST);
    cr_expect_eq(o.max_messages, -1);
    cr_assert(PARSE(&o, "--topic", "t", "--from-beginning", "--max-messages", "3", "--print-key",
                    "--timeout-ms", "5"));
    cr_expect_eq(o.offset, CONSUME_FROM_EARLIEST);
    cr_expect_eq(o.max_messages, 3);
    cr_expect_eq(o.timeout_ms, 5);
    cr_expect(o.format.key);
    cr_assert(PARSE(&o, "--topic", "t", "--partition", "2", "--offset", "17"));
    cr_expect_eq(o.partition, 2);
    cr_expect_eq(o.offset, 17);
    cr_assert(PARSE(&o, "--topic", "t", "--partition", "2", "--offset", "earliest"));
    cr_expect_eq(o.offset, CONSUME_FROM_EARLIEST);
}

Test(consume_options, what_makes_no_sense_is_refused)
{
    struct consume_options o;

    cr_expect(!PARSE(&o, "--from-beginning"));
    cr_expect_str_eq(why, "--topic is missing");
    cr_expect(!PARSE(&o, "--topic", "t", "--offset", "1"));
    cr_expect(!PARSE(&o, "--topic", "t", "--partition", "0", "--offset", "-1"));
    cr_expect(!PARSE(&o, "--topic", "t", "--partition", "0", "--offset", "soon"));
    cr_expect(!PARSE(&o, "--topic", "t", "--partition", "0", "--offset", "1", "--from-beginning"));
    cr_expect(!PARSE(&o, "--topic", "t", "news"));
}

Test(consume, prints_all_partitions_and_goes_on_behind_what_it_printed)
{
    struct run r;

    run_open(&r);
    r.options.max_messages = 3;
    peer_answers(&r.peer, "*2\r\n" AT(0, 0) AT(1, 5));
    peer_answers(&r.peer, "*2\r\n" PART(0) "*1\r\n" RECORD(0, "a") PART(1) "*1\r\n" RECORD(7, "b"));
    peer_answers(&r.peer, "*2\r\n" PART(1) "*1\r\n" RECORD(8, "c") PART(0) "*0\r\n");
    run(&r);
    cr_expect_eq(r.status, 0);
    cr_expect_str_eq(r.printed, "a\nb\nc\n");
    cr_expect_str_eq(r.report, "Processed a total of 3 messages\n");
    cr_expect_str_eq(peer_received(&r.peer), "*4 $5 TOPIC $7 OFFSETS $1 t $8 EARLIEST "
                                             "*12 $6 MFETCH $5 COUNT $1 3 $5 BLOCK $4 5000 $4 FROM "
                                             "$1 t $1 0 $1 0 $1 t $1 1 $1 5 "
                                             "*12 $6 MFETCH $5 COUNT $1 1 $5 BLOCK $4 5000 $4 FROM "
                                             "$1 t $1 1 $1 8 $1 t $1 0 $1 1 ");
    run_close(&r);
}

Test(consume, prints_no_more_than_was_asked_for)
{
    struct run r;

    run_open(&r);
    r.options.max_messages = 1;
    peer_answers(&r.peer, "*1\r\n" AT(0, 0));
    peer_answers(&r.peer, "*1\r\n" PART(0) "*2\r\n" RECORD(0, "a") RECORD(1, "b"));
    run(&r);
    cr_expect_str_eq(r.printed, "a\n");
    run_close(&r);
}

Test(consume, an_unknown_topic_is_named)
{
    struct run r;

    run_open(&r);
    peer_answers(&r.peer, "-UNKNOWNTOPIC there is no topic 't'\r\n");
    run(&r);
    cr_expect_eq(r.status, 1);
    cr_expect_str_eq(r.report, "Error: UNKNOWNTOPIC there is no topic 't'\n"
                               "Processed a total of 0 messages\n");
    run_close(&r);
}

Test(consume, begins_where_it_is_told_in_one_partition)
{
    struct run r;

    run_open(&r);
    r.options.partition = 1;
    r.options.offset = 42;
    r.options.max_messages = 1;
    peer_answers(&r.peer, "*1\r\n" AT(1, 5));
    peer_answers(&r.peer, "*1\r\n" PART(1) "*1\r\n" RECORD(42, "a"));
    run(&r);
    cr_expect_eq(r.status, 0);
    cr_expect_str_eq(peer_received(&r.peer), "*5 $5 TOPIC $7 OFFSETS $1 t $1 1 $8 EARLIEST "
                                             "*9 $6 MFETCH $5 COUNT $1 1 $5 BLOCK $4 5000 $4 FROM "
                                             "$1 t $1 1 $2 42 ");
    run_close(&r);
}

Test(consume, an_offset_out_of_range_is_told_and_reading_goes_on_at_the_log_start)
{
    struct run r;

    run_open(&r);
    r.options.max_messages = 1;
    peer_answers(&r.peer, "*1\r\n" AT(0, 3));
    peer_answers(&r.peer, "*1\r\n" PART(0) "-OFFSETOUTOFRANGE gone\r\n");
    peer_answers(&r.peer, "*1\r\n" AT(0, 9));
    peer_answers(&r.peer, "*1\r\n" PART(0) "*1\r\n" RECORD(9, "a"));
    run(&r);
    cr_expect_eq(r.status, 0);
    cr_expect_str_eq(r.printed, "a\n");
    cr_expect_str_eq(r.report, "OFFSETOUTOFRANGE gone\n"
                               "going on with partition 0 at offset 9, where its log begins\n"
                               "Processed a total of 1 messages\n");
    run_close(&r);
}

Test(consume, a_damaged_range_is_told_and_reading_goes_on_behind_it)
{
    struct run r;

    run_open(&r);
    r.options.max_messages = 1;
    peer_answers(&r.peer, "*1\r\n" AT(0, 3));
    peer_answers(
        &r.peer,
        "*1\r\n" PART(0) "-CORRUPT topic 't' partition 0: offsets 3 to 8 are damaged; the next "
                         "readable offset is 9\r\n");
    peer_answers(&r.peer, "*1\r\n" PART(0) "*1\r\n" RECORD(9, "a"));
    run(&r);
    cr_expect_eq(r.status, 0);
    cr_expect_str_eq(r.printed, "a\n");
    run_close(&r);
}

Test(consume, damage_that_leads_nowhere_ends_the_run)
{
    struct run r;

    run_open(&r);
    peer_answers(&r.peer, "*1\r\n" AT(0, 3));
    peer_answers(&r.peer, "*1\r\n" PART(0) "-CORRUPT the next readable offset is 3\r\n");
    run(&r);
    cr_expect_eq(r.status, 1);
    run_close(&r);
}

Test(consume, a_lost_connection_is_a_failure_after_what_was_printed)
{
    struct run r;

    run_open(&r);
    peer_answers(&r.peer, "*1\r\n" AT(0, 0));
    peer_answers(&r.peer, "*1\r\n" PART(0) "*1\r\n" RECORD(0, "a"));
    r.hangs_up = true;
    run(&r);
    cr_expect_eq(r.status, 2);
    cr_expect_str_eq(r.printed, "a\n");
    cr_expect_str_eq(r.report, "Error: Server closed the connection\n"
                               "Processed a total of 1 messages\n");
    run_close(&r);
}

Test(consume, an_interrupt_is_a_good_end)
{
    struct run r;

    run_open(&r);
    peer_interrupts(&r.peer);
    run(&r);
    cr_expect_eq(r.status, 0);
    cr_expect_str_eq(r.report, "Processed a total of 0 messages\n");
    run_close(&r);
}

Test(consume, stops_when_no_record_comes_in_time)
{
    struct run r;

    run_open(&r);
    r.options.timeout_ms = 0;
    peer_answers(&r.peer, "*1\r\n" AT(0, 0));
    peer_answers(&r.peer, "*1\r\n" PART(0) "*0\r\n");
    run(&r);
    cr_expect_eq(r.status, 0);
    cr_expect_str_eq(r.printed, "");
    run_close(&r);
}

Test(consume, the_next_readable_offset_is_read_from_the_error)
{
    int64_t next = -1;

    cr_expect(consume_corrupt_next(
        BYTES_LITERAL("CORRUPT topic 't7': the next readable offset is 1234"), &next));
    cr_expect_eq(next, 1234);
    cr_expect(!consume_corrupt_next(BYTES_LITERAL("CORRUPT offsets 3 to 8 are damaged"), &next));
    cr_expect(!consume_corrupt_next(BYTES_LITERAL("the next readable offset"), &next));
}

Test(consume_options, what_begins_and_ends_it_is_read)
{
    struct consume_options o;

    cr_assert(PARSE(&o, "--topic", "t", "--from-timestamp", "1970-01-01T00:00:01", "--until-end"));
    cr_expect_eq(o.offset, CONSUME_FROM_TIME);
    cr_expect_eq(o.from_ms, 1000);
    cr_expect(o.until_end);
    cr_assert(PARSE(&o, "--topic", "t", "--group", "g", "--from-beginning"));
    cr_expect_str_eq(o.group, "g");
    cr_expect_eq(o.offset, CONSUME_FROM_EARLIEST);
    cr_expect_eq(strncmp(o.member, "console-", 8), 0);
    cr_assert(PARSE(&o, "--topic", "t", "--property", "print.key=true", "--property",
                    "key.separator=:", "--json"));
    cr_expect(o.format.key);
    cr_expect_str_eq(o.format.key_separator, ":");
    cr_expect_eq(o.format.form, RECORD_JSON);

    cr_expect(!PARSE(&o, "--topic", "t", "--from-beginning", "--from-timestamp", "1"));
    cr_expect(!PARSE(&o, "--topic", "t", "--from-timestamp", "soon"));
    cr_expect(!PARSE(&o, "--topic", "t", "--group", "g", "--partition", "1"));
    cr_expect(!PARSE(&o, "--topic", "t", "--group", "g", "--until-end"));
    cr_expect(!PARSE(&o, "--topic", "t", "--member", "m"));
    cr_expect(!PARSE(&o, "--topic", "t", "--follow", "--until-end"));
    cr_expect(!PARSE(&o, "--topic", "t", "--property", "print.keys=true"));
    cr_expect_str_eq(why, "--property: 'print.keys=true' is not known");
}

Test(consume, begins_at_a_time)
{
    struct run r;

    run_open(&r);
    r.options.offset = CONSUME_FROM_TIME;
    r.options.from_ms = 77;
    r.options.max_messages = 1;
    peer_answers(&r.peer, "*1\r\n" AT(0, 5));
    peer_answers(&r.peer, "*1\r\n" PART(0) "*1\r\n" RECORD(5, "a"));
    run(&r);
    cr_expect_eq(r.status, 0);
    const char *asked = "*5 $5 TOPIC $7 OFFSETS $1 t $2 AT $2 77 ";
    cr_expect_eq(strncmp(peer_received(&r.peer), asked, strlen(asked)), 0);
    run_close(&r);
}

Test(consume, until_end_leaves_what_came_later)
{
    struct run r;

    run_open(&r);
    r.options.until_end = true;
    peer_answers(&r.peer, "*2\r\n" AT(0, 0) AT(1, 0));
    peer_answers(&r.peer, "*2\r\n" AT(0, 2) AT(1, 0));
    peer_answers(&r.peer, "*1\r\n" PART(0) "*1\r\n" RECORD(0, "a"));
    peer_answers(&r.peer, "*2\r\n" PART(0) "*2\r\n" RECORD(1, "b") RECORD(2, "x")
                              PART(1) "*1\r\n" RECORD(0, "x"));
    run(&r);
    cr_expect_eq(r.status, 0);
    cr_expect_str_eq(r.printed, "a\nb\n");
    run_close(&r);
}

Test(consume, until_end_of_nothing_ends_at_once)
{
    struct run r;

    run_open(&r);
    r.options.until_end = true;
    peer_answers(&r.peer, "*1\r\n" AT(0, 4));
    peer_answers(&r.peer, "*1\r\n" AT(0, 4));
    run(&r);
    cr_expect_eq(r.status, 0);
    cr_expect_str_eq(r.report, "Processed a total of 0 messages\n");
    run_close(&r);
}

Test(consume, until_end_is_content_when_the_end_was_compacted_away)
{
    struct run r;

    run_open(&r);
    r.options.until_end = true;
    peer_answers(&r.peer, "*1\r\n" AT(0, 0));
    peer_answers(&r.peer, "*1\r\n" AT(0, 9));
    peer_answers(&r.peer, "*1\r\n" PART(0) "*1\r\n" RECORD(3, "a"));
    peer_answers(&r.peer, "*1\r\n" PART(0) "*0\r\n");
    run(&r);
    cr_expect_eq(r.status, 0);
    cr_expect_str_eq(r.printed, "a\n");
    run_close(&r);
}

static void in_group(struct run *r)
{
    run_open(r);
    r->options.group = "g";
    r->options.member = "m";
}

#define CONSUMES(count)                                                                  \
    "*13 $7 CONSUME $1 g $1 m $5 COUNT " count " $5 BLOCK $4 5000 $5 RESET $8 EARLIEST " \
    "$6 COMMIT $6 MANUAL $6 TOPICS $1 t "
#define LEAVES "*4 $5 GROUP $5 LEAVE $1 g $1 m "

Test(consume, a_member_commits_what_it_printed_and_leaves)
{
    struct run r;

    in_group(&r);
    r.options.max_messages = 3;
    peer_answers(&r.peer, "*2\r\n" PART(1) "*1\r\n" RECORD(8, "a") PART(0) "*1\r\n" RECORD(2, "b"));
    peer_answers(&r.peer, "+OK\r\n");
    peer_answers(&r.peer, "*1\r\n" PART(0) "*2\r\n" RECORD(3, "c") RECORD(4, "x"));
    peer_answers(&r.peer, "+OK\r\n");
    peer_answers(&r.peer, "+OK\r\n");
    run(&r);
    cr_expect_eq(r.status, 0);
    cr_expect_str_eq(r.printed, "a\nb\nc\n");
    cr_expect_str_eq(
        peer_received(&r.peer),
        CONSUMES("$1 3") "*9 $6 COMMIT $1 g $1 m $1 t $1 1 $1 9 $1 t $1 0 $1 3 " CONSUMES(
            "$1 1") "*6 $6 COMMIT $1 g $1 m $1 t $1 0 $1 4 " LEAVES);
    run_close(&r);
}

Test(consume, a_member_goes_on_behind_what_was_lost_and_fails_at_other_errors)
{
    struct run r;

    in_group(&r);
    peer_answers(&r.peer, "*1\r\n" PART(0) "-OFFSETOUTOFRANGE has lost offsets 1 to 4 of t, which "
                                           "begins at 5: it goes on at 5\r\n");
    peer_answers(&r.peer, "*1\r\n" PART(0) "-OFFSETOUTOFRANGE cannot go on: say RESET\r\n");
    peer_answers(&r.peer, "+OK\r\n");
    run(&r);
    cr_expect_eq(r.status, 1);
    cr_expect(strstr(r.report, "it goes on at 5\nError: OFFSETOUTOFRANGE cannot go on") != NULL);
    run_close(&r);
}

Test(consume, a_member_that_cannot_commit_fails)
{
    struct run r;

    in_group(&r);
    peer_answers(&r.peer, "*1\r\n" PART(0) "*1\r\n" RECORD(0, "a"));
    peer_answers(&r.peer, "-FENCED no\r\n");
    peer_answers(&r.peer, "+OK\r\n");
    run(&r);
    cr_expect_eq(r.status, 1);
    cr_expect_str_eq(r.report, "Error: FENCED no\nProcessed a total of 1 messages\n");
    run_close(&r);
}
