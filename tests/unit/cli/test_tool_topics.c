/* SPDX-License-Identifier: BSD-3-Clause */
/* topics: from its options to what is asked and printed. */
#include "cli/tool_topics.h"
#include "tool_run.h"
#include <criterion/criterion.h>

static char why[FLAGS_WHY_BYTES];

#define PARSE(o, ...)                                                 \
    topics_options_parse(o, (int)COUNT_OF(((char *[]){__VA_ARGS__})), \
                         (char *const[]){__VA_ARGS__}, why)

#define RUN(r, ...)                                         \
    do {                                                    \
        struct topics_options options;                      \
        cr_assert(PARSE(&options, __VA_ARGS__), "%s", why); \
        topics_run(&(r)->tool, &options);                   \
        tool_run_ended(r);                                  \
    } while (0)

Test(topics_options, what_makes_no_sense_is_refused)
{
    struct topics_options o;

    cr_expect(!PARSE(&o, "--topic", "t"));
    cr_expect_str_eq(why, "one of --create, --list, --describe, --alter and --delete is needed");
    cr_expect(!PARSE(&o, "--create", "--list", "--topic", "t"));
    cr_expect(!PARSE(&o, "--create"));
    cr_expect_str_eq(why, "--topic is missing");
    cr_expect(!PARSE(&o, "--create", "--topic", "a", "--topic", "b"));
    cr_expect(!PARSE(&o, "--list", "--topic", "a"));
    cr_expect(!PARSE(&o, "--delete", "--topic", "a", "--config", "a=b"));
    cr_expect(!PARSE(&o, "--create", "--topic", "a", "--config", "ab"));
    cr_expect_str_eq(why, "--config takes name=value");
    cr_expect(!PARSE(&o, "--create", "--topic", "a", "--config", "=b"));
    cr_expect(!PARSE(&o, "--alter", "--topic", "a"));
    cr_expect(!PARSE(&o, "--create", "--topic", "a", "--delete-config", "ack"));
    cr_expect(!PARSE(&o, "--create", "--topic", "a", "--replication-factor", "3"));
    cr_expect(!PARSE(&o, "--create", "--topic", "a", "--if-exists"));
    cr_expect(!PARSE(&o, "--create", "--topic", "a", "b"));
}

Test(topics, create_sends_all_that_was_said)
{
    struct tool_run r;

    tool_run_open(&r);
    peer_answers(&r.peer, "+OK\r\n");
    peer_serves(&r.peer, false);
    RUN(&r, "--create", "--topic", "t", "--partitions", "3", "--if-not-exists", "--config", "a=b=c",
        "--config", "d=");
    cr_expect_eq(r.tool.status, EXIT_STATUS_OK);
    cr_expect_str_eq(r.printed, "There is topic t.\n");
    cr_expect_str_eq(peer_received(&r.peer),
                     "*13 $5 TOPIC $6 CREATE $1 t $10 PARTITIONS $1 3 $2 IF $3 NOT $6 EXISTS "
                     "$6 CONFIG $1 a $3 b=c $1 d $0  ");
    tool_run_close(&r);
}

Test(topics, one_that_is_refused_does_not_keep_the_others)
{
    struct tool_run r;

    tool_run_open(&r);
    peer_answers(&r.peer, "-UNKNOWNTOPIC there is no topic 'a'\r\n");
    peer_answers(&r.peer, "+OK\r\n");
    peer_serves(&r.peer, false);
    RUN(&r, "--delete", "--topic", "a", "--topic", "b");
    cr_expect_eq(r.tool.status, EXIT_STATUS_REFUSED);
    cr_expect_str_eq(r.printed, "Deleted topic b.\n");
    cr_expect_str_eq(r.report, "Error: UNKNOWNTOPIC there is no topic 'a'\n");
    tool_run_close(&r);
}

Test(topics, if_exists_is_content_with_none)
{
    struct tool_run r;

    tool_run_open(&r);
    peer_answers(&r.peer, "-UNKNOWNTOPIC there is no topic 'a'\r\n");
    peer_serves(&r.peer, false);
    RUN(&r, "--delete", "--topic", "a", "--if-exists");
    cr_expect_eq(r.tool.status, EXIT_STATUS_OK);
    cr_expect_str_eq(r.printed, "");
    tool_run_close(&r);
}

Test(topics, alter_asks_for_each_kind_of_change)
{
    struct tool_run r;

    tool_run_open(&r);
    peer_answers(&r.peer, "+OK\r\n");
    peer_answers(&r.peer, "+OK\r\n");
    peer_answers(&r.peer, "-ERR no such setting\r\n");
    peer_serves(&r.peer, false);
    RUN(&r, "--alter", "--topic", "t", "--partitions", "4", "--remap", "--config", "a=b",
        "--delete-config", "c");
    cr_expect_eq(r.tool.status, EXIT_STATUS_REFUSED);
    cr_expect_str_eq(peer_received(&r.peer),
                     "*6 $5 TOPIC $5 ALTER $1 t $10 PARTITIONS $1 4 $5 REMAP "
                     "*6 $5 TOPIC $6 CONFIG $3 SET $1 t $1 a $1 b "
                     "*5 $5 TOPIC $6 CONFIG $5 RESET $1 t $1 c ");
    tool_run_close(&r);
}

Test(topics, list_leaves_out_what_is_internal)
{
    struct tool_run r;

    tool_run_open(&r);
    peer_answers(&r.peer, "*3\r\n$3\r\n__x\r\n$1\r\na\r\n$2\r\n_b\r\n");
    peer_serves(&r.peer, false);
    RUN(&r, "--list", "--exclude-internal");
    cr_expect_str_eq(r.printed, "a\n_b\n");
    tool_run_close(&r);
}

Test(topics, describe_without_a_name_is_of_all)
{
    struct tool_run r;

    tool_run_open(&r);
    peer_answers(&r.peer, "*2\r\n$1\r\na\r\n$1\r\nb\r\n");
    peer_answers(&r.peer, "%1\r\n$4\r\nname\r\n$1\r\na\r\n");
    peer_answers(&r.peer, "%1\r\n$4\r\nname\r\n$1\r\nb\r\n");
    peer_serves(&r.peer, false);
    RUN(&r, "--describe");
    cr_expect_str_eq(r.printed, "name  a\nname  b\n");
    tool_run_close(&r);
}

Test(topics, a_lost_connection_ends_it)
{
    struct tool_run r;

    tool_run_open(&r);
    peer_hangs_up(&r.peer);
    RUN(&r, "--delete", "--topic", "a", "--topic", "b");
    cr_expect_eq(r.tool.status, EXIT_STATUS_FAILED);
    cr_expect_str_eq(r.report, "Error: Server closed the connection\n");
    tool_run_close(&r);
}

Test(topics, only_partitions_that_cannot_be_used)
{
    struct tool_run r;

    tool_run_open(&r);
    peer_answers(&r.peer, "%1\r\n$10\r\npartitions\r\n*2\r\n"
                          "%2\r\n$9\r\npartition\r\n:0\r\n$5\r\nstate\r\n$2\r\nok\r\n"
                          "%2\r\n$9\r\npartition\r\n:1\r\n$5\r\nstate\r\n$6\r\nfailed\r\n");
    peer_serves(&r.peer, false);
    RUN(&r, "--describe", "--topic", "t", "--unavailable-partitions");
    cr_expect_str_eq(r.printed, "topic  partition  state\nt              1  failed\n");
    tool_run_close(&r);

    tool_run_open(&r);
    peer_serves(&r.peer, false);
    RUN(&r, "--describe", "--under-replicated-partitions");
    cr_expect_str_eq(r.printed, "");
    cr_expect_eq(r.tool.status, EXIT_STATUS_OK);
    cr_expect(strstr(r.report, "no replicas") != NULL);
    cr_expect_str_eq(peer_received(&r.peer), "");
    tool_run_close(&r);
}
