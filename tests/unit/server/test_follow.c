/* SPDX-License-Identifier: BSD-3-Clause */
/* Following through the whole broker: what a connection is told, in what order, and what it costs. */
#include "base/buf.h"
#include "broker_fixture.h"
#include "commands/services.h"
#include "session/push.h"
#include "session/sessions.h"
#include "topics/follow.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define EXPECT_STR(got, wanted) cr_expect_str_eq((got), (wanted))
#define PRODUCER 1
#define OTHER 2
#define BIG_BYTES 20000
#define BIG_RECORDS 60
#define CROWD 16 /* followers, beside the clients of the fixture */
#define LARGE_CROWD 300

static struct fixture f;

static void setup(void)
{
    fixture_init(&f);
}

static void teardown(void)
{
    fixture_deinit(&f);
}

TestSuite(follow, .init = setup, .fini = teardown);

static const char *say(const char *lines)
{
    return fixture_say(&f, 0, lines);
}

static void produce(const char *lines)
{
    const char *received = fixture_say(&f, PRODUCER, lines);
    cr_assert_null(strchr(received, '-'), "%s", received);
}

static void expect_holds(const char *text, const char *part)
{
    cr_expect_not_null(strstr(text, part), "'%s' is not in:\n%s", part, text);
}

/* What a pattern is sent, without the framing: "channel=message" each, joined by blanks. RESP2. */
static const char *messages(const char *received)
{
    static char text[65536];
    char *to = text;
    const char *at = received;
    while ((at = strstr(at, "$8\r\npmessage\r\n")) != NULL) {
        const char *bulk = at + strlen("$8\r\npmessage\r\n");
        for (int i = 0; i < 3; i++) {
            char *body;
            size_t len = strtoul(bulk + 1, &body, 10);
            body += 2;
            if (i > 0) {
                if (to > text && i == 1)
                    *to++ = ' ';
                memcpy(to, body, len);
                to += len;
                if (i == 1)
                    *to++ = '=';
            }
            bulk = body + len + 2;
        }
        at = bulk;
    }
    *to = '\0';
    return text;
}

/* --- FOLLOW --------------------------------------------------------------------------------- */

Test(follow, gives_history_then_the_present)
{
    produce("PRODUCE t a TIMESTAMP 7\r\n");
    EXPECT_STR(say("FOLLOW t FROM 0\r\n"),
               "*5\r\n$6\r\nfollow\r\n$1\r\nt\r\n:0\r\n:0\r\n:1\r\n"
               "*8\r\n$6\r\nrecord\r\n$1\r\nt\r\n:0\r\n:0\r\n:7\r\n$-1\r\n$1\r\na\r\n*0\r\n");
    produce("PRODUCE t b TIMESTAMP 8 KEY k HEADER h v\r\n");
    EXPECT_STR(fixture_received(&f, 0),
               "*8\r\n$6\r\nrecord\r\n$1\r\nt\r\n:0\r\n:1\r\n:8\r\n$1\r\nk\r\n$1\r\nb\r\n"
               "*2\r\n$1\r\nh\r\n$1\r\nv\r\n");
}

Test(follow, in_resp3_they_are_pushes_and_other_commands_go_on)
{
    produce("PRODUCE t a TIMESTAMP 7\r\n");
    (void)say("HELLO 3\r\n");
    EXPECT_STR(say("FOLLOW t FROM EARLIEST\r\nPING\r\n"),
               ">5\r\n$6\r\nfollow\r\n$1\r\nt\r\n:0\r\n:0\r\n:1\r\n+PONG\r\n"
               ">8\r\n$6\r\nrecord\r\n$1\r\nt\r\n:0\r\n:0\r\n:7\r\n_\r\n$1\r\na\r\n%0\r\n");
}

Test(follow, a_record_reaches_a_follower_at_the_end_in_the_turn_that_writes_it)
{
    produce("PRODUCE t a\r\n");
    (void)say("FOLLOW t\r\n");
    memory_client_send(f.clients[PRODUCER], "PRODUCE t now ACK WRITTEN\r\n");
    fixture_turn(&f);
    expect_holds(fixture_received(&f, 0), "now");
}

Test(follow, in_resp2_the_connection_is_a_subscriber)
{
    produce("PRODUCE t a\r\n");
    (void)say("FOLLOW t\r\n");
    expect_holds(say("GET x\r\nTOPIC LIST\r\n"), "-ERR Can't execute 'topic|list': only ");
    EXPECT_STR(say("PING\r\n"), "*2\r\n$4\r\npong\r\n$0\r\n\r\n");
    expect_holds(fixture_say(&f, OTHER, "CLIENT LIST TYPE PUBSUB\r\n"), "id=1 ");
    expect_holds(fixture_say(&f, OTHER, "CLIENT LIST TYPE PUBSUB\r\n"), " follow=1 ");
    (void)say("UNFOLLOW\r\n");
    expect_holds(say("TOPIC LIST\r\n"), "*1\r\n");
}

Test(follow, from_latest_is_behind_what_the_same_connection_produced_before)
{
    expect_holds(say("PRODUCE t a\r\nFOLLOW t\r\n"), "follow\r\n$1\r\nt\r\n:0\r\n:1\r\n:1\r\n");
}

Test(follow, a_time_is_the_first_record_of_then_or_later)
{
    produce("PRODUCE t a TIMESTAMP 100\r\nPRODUCE t b TIMESTAMP 200\r\n");
    expect_holds(say("FOLLOW t FROM @101\r\n"), "follow\r\n$1\r\nt\r\n:0\r\n:1\r\n:1\r\n");
}

Test(follow, several_topics_each_with_options_of_its_own)
{
    produce("TOPIC CREATE t PARTITIONS 2\r\nPRODUCE t a PARTITION 1\r\nPRODUCE u b\r\n");
    const char *received = say("FOLLOW t/1 FROM EARLIEST u t/0 KEY k* FROM LATEST\r\n");
    expect_holds(received, "follow\r\n$1\r\nt\r\n:1\r\n:0\r\n:1\r\n");
    expect_holds(received, "follow\r\n$1\r\nu\r\n:0\r\n:1\r\n:2\r\n");
    expect_holds(received, "follow\r\n$1\r\nt\r\n:0\r\n:0\r\n:3\r\n");
    expect_holds(received, "$1\r\na\r\n");
    cr_expect_null(strstr(received, "$1\r\nb\r\n"));
}

Test(follow, a_wrong_one_is_an_error_and_none_of_the_command_takes_effect)
{
    produce("TOPIC CREATE t PARTITIONS 2\r\nPRODUCE u b\r\n");
    expect_holds(say("FOLLOW u nosuch\r\n"), "-UNKNOWNTOPIC ");
    expect_holds(say("FOLLOW u t/2\r\n"), "-UNKNOWNPARTITION topic 't' has no partition 2\r\n");
    expect_holds(say("FOLLOW u t FROM 3\r\n"), "-ERR offset 3 is a place in one partition: 't' ");
    expect_holds(say("FOLLOW u FROM 2\r\n"),
                 "-OFFSETOUTOFRANGE topic 'u' partition 0 has no offset 2: it begins at 0 and ends "
                 "before 1\r\n");
    expect_holds(say("FOLLOW u FROM soon\r\n"), "-ERR invalid offset 'soon'");
    expect_holds(say("FOLLOW u t/x\r\n"), "-ERR invalid partition 'x' in 't/x'");
    expect_holds(say("FOLLOW u KEY\r\n"), "-ERR syntax error");
    expect_holds(fixture_say(&f, OTHER, "INFO stats\r\n"), "followed_partitions:0\r\n");
}

Test(follow, a_second_follow_of_a_partition_begins_anew)
{
    produce("PRODUCE t a\r\nPRODUCE t b\r\n");
    (void)say("FOLLOW t\r\n");
    const char *received = say("FOLLOW t/0 FROM 1\r\n");
    expect_holds(received, "follow\r\n$1\r\nt\r\n:0\r\n:1\r\n:1\r\n");
    expect_holds(received, "$1\r\nb\r\n");
    produce("PRODUCE t c\r\n");
    received = fixture_received(&f, 0);
    expect_holds(received, "$1\r\nc\r\n");
    cr_expect_null(strstr(strstr(received, "record") + 1, "record"), "once: %s", received);
}

Test(follow, the_key_filter_leaves_out_other_keys_and_records_without_one)
{
    produce("PRODUCE t a KEY k1\r\nPRODUCE t b\r\nPRODUCE t c KEY x\r\nPRODUCE t d KEY k2\r\n");
    const char *received = say("FOLLOW t KEY k* FROM EARLIEST\r\n");
    expect_holds(received, "$1\r\na\r\n");
    expect_holds(received, "$1\r\nd\r\n");
    cr_expect_null(strstr(received, "$1\r\nb\r\n"));
    cr_expect_null(strstr(received, "$1\r\nc\r\n"));
}

Test(follow, unfollow_names_the_offset_to_go_on_from)
{
    produce("TOPIC CREATE t PARTITIONS 2\r\nPRODUCE t a PARTITION 1\r\n");
    (void)say("FOLLOW t\r\n");
    EXPECT_STR(say("UNFOLLOW t/1\r\n"),
               "*6\r\n$8\r\nunfollow\r\n$1\r\nt\r\n:1\r\n:1\r\n:1\r\n$-1\r\n");
    EXPECT_STR(say("UNFOLLOW t/1 u\r\n"),
               "*6\r\n$8\r\nunfollow\r\n$1\r\nt\r\n:1\r\n$-1\r\n:1\r\n$-1\r\n"
               "*6\r\n$8\r\nunfollow\r\n$1\r\nu\r\n$-1\r\n$-1\r\n:1\r\n$-1\r\n");
    EXPECT_STR(say("UNFOLLOW\r\n"), "*6\r\n$8\r\nunfollow\r\n$1\r\nt\r\n:0\r\n:0\r\n:0\r\n$-1\r\n");
    EXPECT_STR(say("UNFOLLOW\r\n"), "*6\r\n$8\r\nunfollow\r\n$-1\r\n$-1\r\n$-1\r\n:0\r\n$-1\r\n");
    produce("PRODUCE t b PARTITION 1\r\n");
    EXPECT_STR(fixture_received(&f, 0), "");
}

Test(follow, reset_and_quit_end_it)
{
    produce("PRODUCE t a\r\n");
    (void)say("FOLLOW t\r\n");
    EXPECT_STR(say("RESET\r\n"), "+RESET\r\n");
    produce("PRODUCE t b\r\n");
    EXPECT_STR(fixture_received(&f, 0), "");
    (void)say("FOLLOW t\r\n");
    EXPECT_STR(say("QUIT\r\n"), "+OK\r\n");
    cr_expect(f.clients[0]->closed);
    expect_holds(fixture_say(&f, OTHER, "INFO stats\r\n"), "followed_partitions:0\r\n");
}

Test(follow, inside_multi_it_answers_into_the_array_and_takes_effect)
{
    produce("PRODUCE t a\r\n");
    (void)say("HELLO 3\r\n");
    EXPECT_STR(say("MULTI\r\nFOLLOW t\r\nEXEC\r\n"),
               "+OK\r\n+QUEUED\r\n*1\r\n>5\r\n$6\r\nfollow\r\n$1\r\nt\r\n:0\r\n:1\r\n:1\r\n");
    produce("PRODUCE t b\r\n");
    expect_holds(fixture_received(&f, 0), "$1\r\nb\r\n");
}

Test(follow, waits_for_what_was_appended_before_and_ends_with_its_connection)
{
    produce("PRODUCE t a\r\n");
    f.disk->hold = true; /* the sync of b keeps c from being written */
    memory_client_send(f.clients[PRODUCER], "PRODUCE t b\r\n");
    fixture_settle(&f);
    memory_client_send(f.clients[PRODUCER], "PRODUCE t c\r\n");
    fixture_settle(&f);
    EXPECT_STR(say("FOLLOW t\r\nPING\r\n"), "");
    EXPECT_STR(fixture_say(&f, OTHER, "PSUBSCRIBE log:t@latest\r\n"), "");
    memory_client_end(f.clients[OTHER]);
    memory_client_send(f.clients[3], "CLIENT REPLY OFF\r\nMULTI\r\nFOLLOW t\r\nEXEC\r\n");
    memory_client_send(f.clients[4], "MULTI\r\nFOLLOW t\r\nEXEC\r\n");
    fixture_settle(&f);
    memory_client_send(f.clients[5], "CLIENT KILL ID 5\r\nCLIENT KILL ID 4\r\n");
    fixture_settle(&f);
    EXPECT_STR(fixture_received(&f, 5), ":1\r\n:1\r\n");
    f.disk->hold = false;
    fixture_settle(&f);
    expect_holds(fixture_received(&f, 0), "follow\r\n$1\r\nt\r\n:0\r\n:3\r\n:1\r\n");
    expect_holds(fixture_say(&f, 5, "INFO stats\r\n"), "followed_partitions:1\r\n");
}

Test(follow, a_silenced_connection_is_still_told_what_it_follows)
{
    produce("PRODUCE t a\r\n");
    f.disk->hold = true;
    memory_client_send(f.clients[PRODUCER], "PRODUCE t b\r\n");
    fixture_settle(&f);
    memory_client_send(f.clients[PRODUCER], "PRODUCE t c\r\n");
    fixture_settle(&f);
    EXPECT_STR(say("CLIENT REPLY OFF\r\nFOLLOW t FROM 2\r\n"), "");
    f.disk->hold = false;
    fixture_settle(&f);
    const char *received = fixture_received(&f, 0);
    expect_holds(received, "follow\r\n$1\r\nt\r\n:0\r\n:2\r\n:1\r\n");
    expect_holds(received, "$1\r\nc\r\n");
}

Test(follow, records_go_before_the_answer_of_a_command_that_waits)
{
    produce("PRODUCE t a\r\nTOPIC CREATE u\r\n");
    (void)say("HELLO 3\r\n");
    (void)say("FOLLOW t\r\nFETCH u 0 LATEST BLOCK 0\r\n");
    produce("PRODUCE t b\r\n");
    expect_holds(fixture_received(&f, 0), "$1\r\nb\r\n");
    produce("PRODUCE u c\r\n");
    expect_holds(fixture_received(&f, 0), "*1\r\n*5\r\n:0\r\n");
}

Test(follow, deletion_ends_it_and_names_what_was_not_delivered)
{
    produce("PRODUCE t a\r\n");
    memory_client_make_room(f.clients[0], 0);
    memory_client_send(f.clients[0], "FOLLOW t FROM EARLIEST\r\n");
    fixture_settle(&f);
    memory_client_make_room(f.clients[0], SIZE_MAX);
    (void)fixture_say(&f, PRODUCER, "TOPIC DELETE t\r\n");
    const char *received = fixture_received(&f, 0);
    expect_holds(received, "$1\r\na\r\n");
    expect_holds(received, "*6\r\n$8\r\nunfollow\r\n$1\r\nt\r\n:0\r\n:1\r\n:0\r\n"
                           "$34\r\nUNKNOWNTOPIC topic 't' was deleted\r\n");
    cr_expect_null(strstr(received, "lost"));
    produce("PRODUCE t again\r\n");
    EXPECT_STR(fixture_received(&f, 0), "");
    expect_holds(say("TOPIC LIST\r\n"), "*1\r\n");
}

Test(follow, a_growing_topic_brings_its_new_partitions)
{
    produce("PRODUCE t a\r\n");
    (void)say("FOLLOW t\r\n");
    (void)fixture_say(&f, OTHER, "PSUBSCRIBE log:t@latest log:t/0@latest\r\n");
    produce("TOPIC ALTER t PARTITIONS 2\r\n");
    produce("PRODUCE t b PARTITION 1\r\n");
    const char *received = fixture_received(&f, 0);
    expect_holds(received, "follow\r\n$1\r\nt\r\n:1\r\n:0\r\n:2\r\n");
    expect_holds(received, "$1\r\nb\r\n");
    EXPECT_STR(messages(fixture_received(&f, OTHER)), "t/1@0=b");
}

Test(follow, what_was_trimmed_away_is_told_as_lost)
{
    produce("PRODUCE t a\r\nPRODUCE t b\r\nPRODUCE t c\r\nTOPIC TRIM t 0 BEFORE 2\r\n");
    const char *received = say("FOLLOW t FROM 0\r\n");
    expect_holds(received, "*6\r\n$4\r\nlost\r\n$1\r\nt\r\n:0\r\n:0\r\n:2\r\n");
    expect_holds(received, "OFFSETOUTOFRANGE topic 't' partition 0: offsets 0 to 1 are gone, it "
                           "begins at 2\r\n");
    expect_holds(received, "$1\r\nc\r\n");
    EXPECT_STR(messages(fixture_say(&f, OTHER, "PSUBSCRIBE log:t@1\r\n")),
               "t/0@1-2=OFFSETOUTOFRANGE topic 't' partition 0: offsets 1 to 1 are gone, it begins "
               "at 2 t/0@2=c");
    expect_holds(fixture_say(&f, 3, "INFO stats\r\n"), "follow_lost_offsets:3\r\n");
}

Test(follow, a_damaged_range_is_told_as_lost_and_it_goes_on_behind_it)
{
    produce("PRODUCE t first\r\n");
    produce("PRODUCE t second\r\n");
    produce("PRODUCE t third\r\n");
    struct buf *file = fake_disk_bytes(f.disk, "t-0/00000000000000000000.log");
    char *second = memmem(file->data, file->len, "second", 6);
    cr_assert_not_null(second);
    second[0] = 'S';
    fixture_restart(&f);
    EXPECT_STR(messages(say("PSUBSCRIBE log:t@earliest\r\n")),
               "t/0@0=first t/0@1-2=CORRUPT topic 't' partition 0: offsets 1 to 1 are damaged; the "
               "next readable offset is 2 t/0@2=third");
    const char *received = fixture_say(&f, OTHER, "FOLLOW t FROM 1\r\n");
    expect_holds(received, "*6\r\n$4\r\nlost\r\n$1\r\nt\r\n:0\r\n:1\r\n:2\r\n");
    expect_holds(received, "$5\r\nthird\r\n");
}

/* --- PSUBSCRIBE log:… --------------------------------------------------------------------------- */

Test(follow, the_log_form_replays_and_goes_on)
{
    produce("PRODUCE t a KEY k\r\nPRODUCE t b\r\n");
    const char *received = say("PSUBSCRIBE log:t@earliest\r\n");
    const char *confirmation = "*3\r\n$10\r\npsubscribe\r\n$14\r\nlog:t@earliest\r\n:1\r\n";
    cr_expect_eq(strncmp(received, confirmation, strlen(confirmation)), 0, "%s", received);
    EXPECT_STR(messages(received), "t/0@0 k=a t/0@1=b");
    produce("PRODUCE t c\r\n");
    EXPECT_STR(messages(fixture_received(&f, 0)), "t/0@2=c");
}

Test(follow, the_log_form_begins_where_its_position_says)
{
    produce("PRODUCE t a TIMESTAMP 100\r\nPRODUCE t b TIMESTAMP 200\r\n");
    EXPECT_STR(messages(say("PSUBSCRIBE log:t@1\r\n")), "t/0@1=b");
    EXPECT_STR(messages(say("PSUBSCRIBE log:t/0@0\r\n")), "t/0@0=a t/0@1=b");
    EXPECT_STR(messages(say("PSUBSCRIBE log:t@150ms\r\n")), "t/0@1=b");
    EXPECT_STR(messages(say("PSUBSCRIBE log:t@LATEST\r\n")), "");
    EXPECT_STR(messages(say("PSUBSCRIBE log:t#*@earliest\r\n")), "");
}

Test(follow, an_offset_of_a_literal_key_is_one_of_its_partition)
{
    produce("TOPIC CREATE t PARTITIONS 4\r\nPRODUCE t a KEY k\r\nPRODUCE t b KEY k\r\n"
            "PRODUCE t c KEY other\r\n");
    const char *first = strstr(messages(say("PSUBSCRIBE log:t#k@1\r\n")), "=b");
    cr_assert_not_null(first);
    EXPECT_STR(first, "=b");
    expect_holds(say("PSUBSCRIBE log:t#k*@1\r\n"), "-ERR offset 1 is a place in one partition");
}

Test(follow, topics_that_match_a_glob_later_join_from_their_start)
{
    produce("PRODUCE orders.eu a\r\n");
    (void)say("PSUBSCRIBE log:orders.*@latest\r\n");
    produce("PRODUCE orders.us b\r\nPRODUCE other c\r\n");
    produce("PRODUCE orders.eu d\r\n");
    EXPECT_STR(messages(fixture_received(&f, 0)), "orders.us/0@0=b orders.eu/0@1=d");
}

Test(follow, a_deleted_topic_of_a_pattern_is_told_and_its_successor_joins)
{
    produce("PRODUCE t a\r\n");
    (void)say("PSUBSCRIBE log:t@latest\r\n");
    (void)fixture_say(&f, PRODUCER, "TOPIC DELETE t\r\n");
    EXPECT_STR(messages(fixture_received(&f, 0)), "t/0@1-1=UNKNOWNTOPIC topic 't' was deleted");
    produce("PRODUCE t again\r\n");
    EXPECT_STR(messages(fixture_received(&f, 0)), "t/0@0=again");
}

Test(follow, internal_topics_are_followed_by_name_only)
{
    produce("PRODUCE t a\r\n");
    (void)fixture_say(&f, OTHER, "CONSUME g m TOPICS t\r\nCONSUME g m TOPICS t\r\n");
    EXPECT_STR(messages(say("PSUBSCRIBE log:*@earliest\r\n")), "t/0@0=a");
    expect_holds(messages(say("PSUBSCRIBE log:__consumer_offsets@earliest\r\n")),
                 "__consumer_offsets/0@0");
}

Test(follow, a_bad_pattern_is_an_error_and_none_of_the_command_takes_effect)
{
    produce("TOPIC CREATE t PARTITIONS 2\r\nPRODUCE u b\r\n");
    expect_holds(say("PSUBSCRIBE x* log:u@earliest log:u@soon\r\n"),
                 "-ERR invalid position 'soon' in 'log:u@soon': it is an offset, earliest, latest "
                 "or <ms>ms\r\n");
    expect_holds(say("PSUBSCRIBE x* log:u@earliest log:nosuch@earliest\r\n"), "-UNKNOWNTOPIC ");
    expect_holds(say("PSUBSCRIBE x* log:t@5\r\n"), "-ERR offset 5 is a place in one partition");
    expect_holds(say("PSUBSCRIBE x* log:t*@5\r\n"), "-ERR offset 5 is a place in one partition");
    expect_holds(say("PSUBSCRIBE x* log:u@2\r\n"), "-OFFSETOUTOFRANGE topic 'u' partition 0 ");
    expect_holds(say("PSUBSCRIBE x* log:t/9@earliest\r\n"), "-UNKNOWNPARTITION ");
    expect_holds(say("PSUBSCRIBE x* log:@earliest\r\n"), "-UNKNOWNTOPIC ");
    expect_holds(say("PSUBSCRIBE log:u@\r\n"), "-ERR invalid position ''");
    EXPECT_STR(fixture_say(&f, OTHER, "PUBSUB NUMPAT\r\n"), ":0\r\n");
    expect_holds(say("TOPIC LIST\r\n"), "*2\r\n");
}

Test(follow, without_a_position_or_with_the_prefix_turned_off_it_is_an_ordinary_pattern)
{
    (void)say("PSUBSCRIBE log:* log:t\r\n");
    (void)fixture_say(&f, OTHER, "CONFIG SET follow-prefix \"\"\r\n");
    (void)say("PSUBSCRIBE log:x@earliest\r\n");
    (void)fixture_say(&f, OTHER, "PUBLISH log:x@earliest hello\r\n");
    EXPECT_STR(messages(fixture_received(&f, 0)), "log:x@earliest=hello log:x@earliest=hello");
    produce("PRODUCE t a\r\n");
    (void)fixture_say(&f, OTHER, "CONFIG SET follow-prefix topic/\r\n");
    EXPECT_STR(messages(say("PSUBSCRIBE topic/t@earliest\r\n")), "t/0@0=a");
}

Test(follow, patterns_are_counted_and_ended_as_others_are)
{
    produce("PRODUCE t a\r\n");
    EXPECT_STR(say("SUBSCRIBE c\r\nPSUBSCRIBE log:t@latest x* log:t@latest\r\n"),
               "*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n"
               "*3\r\n$10\r\npsubscribe\r\n$12\r\nlog:t@latest\r\n:2\r\n"
               "*3\r\n$10\r\npsubscribe\r\n$2\r\nx*\r\n:3\r\n"
               "*3\r\n$10\r\npsubscribe\r\n$12\r\nlog:t@latest\r\n:3\r\n");
    (void)fixture_say(&f, OTHER, "PSUBSCRIBE log:t@latest\r\n");
    EXPECT_STR(fixture_say(&f, 3, "PUBSUB NUMPAT\r\n"), ":2\r\n");
    expect_holds(fixture_say(&f, 3, "CLIENT LIST ID 1\r\n"), " sub=1 psub=2 ");
    produce("PRODUCE t b\r\n");
    EXPECT_STR(messages(fixture_received(&f, 0)), "t/0@1=b");
    EXPECT_STR(say("PUNSUBSCRIBE log:t@latest\r\n"),
               "*3\r\n$12\r\npunsubscribe\r\n$12\r\nlog:t@latest\r\n:2\r\n");
    (void)say("PSUBSCRIBE log:t@latest\r\n");
    EXPECT_STR(say("PUNSUBSCRIBE\r\n"),
               "*3\r\n$12\r\npunsubscribe\r\n$2\r\nx*\r\n:2\r\n"
               "*3\r\n$12\r\npunsubscribe\r\n$12\r\nlog:t@latest\r\n:1\r\n");
    EXPECT_STR(say("PUNSUBSCRIBE\r\n"), "*3\r\n$12\r\npunsubscribe\r\n$-1\r\n:1\r\n");
    produce("PRODUCE t c\r\n");
    EXPECT_STR(fixture_received(&f, 0), "");
}

Test(follow, a_tombstone_is_an_empty_message)
{
    produce("PRODUCE t \"\" KEY k TOMBSTONE\r\n");
    EXPECT_STR(messages(say("PSUBSCRIBE log:t@earliest\r\n")), "t/0@0 k=");
    expect_holds(fixture_say(&f, OTHER, "FOLLOW t FROM 0\r\n"), "$1\r\nk\r\n$-1\r\n*0\r\n");
}

/* --- pace --------------------------------------------------------------------------------------- */

static void produce_big(int from, int to)
{
    struct buf lines = {0};
    for (int i = from; i < to; i++) {
        buf_printf(&lines, "PRODUCE t %d-", i);
        memset(buf_reserve(&lines, BIG_BYTES), 'x', BIG_BYTES);
        lines.len += BIG_BYTES;
        buf_append_string(&lines, " ACK WRITTEN\r\n");
    }
    buf_append_char(&lines, '\0');
    produce(lines.data);
    buf_deinit(&lines);
}

/* The numbers of the records received are `first`, `first` + 1, …; returns the one behind the last. */
static int count_big(const char *received, int first)
{
    const char *at = received;
    while ((at = strstr(at, "-x")) != NULL) {
        const char *number = at;
        while (number[-1] != '\n')
            number--;
        cr_assert_eq(atoi(number), first, "%d instead of %d", atoi(number), first);
        first++;
        at += 2;
    }
    return first;
}

/* The output that waits for the client, as CLIENT LIST tells. */
static size_t waiting(void)
{
    const char *list = fixture_say(&f, OTHER, "CLIENT LIST ID 1\r\n");
    return strtoul(strstr(list, " obl=") + 5, NULL, 10);
}

Test(follow, a_follower_that_does_not_read_costs_a_bounded_output_and_misses_nothing)
{
    int next = 0;
    fixture_say(&f, OTHER, "CONFIG SET client-output-buffer-limit \"pubsub 300kb 100kb 1\"\r\n");
    produce_big(0, BIG_RECORDS / 2);
    memory_client_make_room(f.clients[0], 1000);
    memory_client_send(f.clients[0], "FOLLOW t FROM EARLIEST\r\n");
    fixture_settle(&f);
    produce_big(BIG_RECORDS / 2, BIG_RECORDS);
    f.clock.mono_us += 5000000;
    cr_expect_lt(waiting(), 400000);
    cr_expect_gt(waiting(), 200000);
    for (int i = 0; i < 100; i++) {
        memory_client_make_room(f.clients[0], 100000);
        fixture_turn(&f);
        cr_assert_not(f.clients[0]->closed);
    }
    memory_client_make_room(f.clients[0], SIZE_MAX);
    fixture_settle(&f);
    next = count_big(fixture_received(&f, 0), next);
    cr_expect_eq(next, BIG_RECORDS, "%d", next);
    produce_big(BIG_RECORDS, BIG_RECORDS + 1);
    cr_expect_eq(count_big(fixture_received(&f, 0), next), BIG_RECORDS + 1);
}

Test(follow, a_follower_at_its_limit_is_still_closed_for_messages_it_does_not_read)
{
    fixture_say(&f, OTHER, "CONFIG SET client-output-buffer-limit \"pubsub 30kb 0 0\"\r\n");
    produce_big(0, BIG_RECORDS);
    memory_client_make_room(f.clients[0], 0);
    (void)say("HELLO 3\r\nFOLLOW t FROM EARLIEST\r\nSUBSCRIBE c\r\n");
    cr_expect_not(f.clients[0]->closed);
    struct buf line = {0};
    buf_append_string(&line, "PUBLISH c ");
    memset(buf_reserve(&line, 2 * BIG_BYTES), 'y', (size_t)2 * BIG_BYTES);
    line.len += (size_t)2 * BIG_BYTES;
    buf_append(&line, "\r\n", 3);
    (void)fixture_say(&f, OTHER, line.data);
    buf_deinit(&line);
    cr_expect(f.clients[0]->closed);
}

Test(follow, retention_that_overtakes_a_slow_follower_is_told_and_it_goes_on)
{
    produce_big(0, BIG_RECORDS);
    memory_client_make_room(f.clients[0], 0);
    memory_client_send(f.clients[0], "PSUBSCRIBE log:t@earliest\r\n");
    fixture_settle(&f);
    produce("TOPIC TRIM t 0 BEFORE 50\r\n");
    memory_client_make_room(f.clients[0], SIZE_MAX);
    fixture_settle(&f);
    const char *received = fixture_received(&f, 0);
    const char *lost = strstr(received, "OFFSETOUTOFRANGE ");
    cr_assert_not_null(lost);
    int before = (int)(strtol(strstr(received, "-50\r\n") - 2, NULL, 10));
    cr_expect_eq(count_big(lost, 50), BIG_RECORDS);
    char *head = strndup(received, (size_t)(lost - received));
    cr_expect_eq(count_big(head, 0), before, "the range begins where delivery ended");
    free(head);
}

/* --- many of them -------------------------------------------------------------------------------- */

static void crowd_turn(struct memory_client **crowd, int count)
{
    for (int i = 0; i < count; i++)
        memory_client_turn(crowd[i]);
    fixture_turn(&f);
}

/* They follow all of t; their sockets take nothing so far. */
static void crowd_follow(struct memory_client **crowd, int count)
{
    for (int i = 0; i < count; i++) {
        crowd[i] = memory_client_create();
        broker_accept(f.broker, &crowd[i]->stream);
        memory_client_make_room(crowd[i], 0);
        memory_client_send(crowd[i], "FOLLOW t FROM EARLIEST\r\n");
    }
    for (int turn = 0; turn < 200; turn++)
        crowd_turn(crowd, count);
}

static void crowd_leave(struct memory_client **crowd, int count)
{
    for (int i = 0; i < count; i++)
        memory_client_end(crowd[i]);
    crowd_turn(crowd, count);
    crowd_turn(crowd, count);
    while (!list_empty(&broker_services(f.broker)->sessions->dead))
        crowd_turn(crowd, count);
    for (int i = 0; i < count; i++)
        memory_client_destroy(crowd[i]);
}

static size_t crowd_was_sent(struct memory_client **crowd, int count)
{
    size_t sum = 0;
    for (int i = 0; i < count; i++)
        sum += crowd[i]->sent.len;
    return sum;
}

Test(follow, a_crowd_that_takes_all_at_once_is_sent_a_bounded_part_per_turn_and_others_are_answered)
{
    struct memory_client *crowd[CROWD];
    size_t before = 0, one = PUSH_FOLLOWED_BYTES_MAX + 64 * 1024 + BIG_BYTES;
    produce_big(0, BIG_RECORDS);
    crowd_follow(crowd, CROWD);
    cr_assert_eq(crowd_was_sent(crowd, CROWD), 0);
    for (int i = 0; i < CROWD; i++)
        memory_client_make_room(crowd[i], SIZE_MAX);
    for (int turn = 0; turn < 200; turn++) {
        memory_client_send(f.clients[OTHER], "PING\r\n");
        crowd_turn(crowd, CROWD);
        EXPECT_STR(fixture_received(&f, OTHER), "+PONG\r\n");
        size_t sent = crowd_was_sent(crowd, CROWD);
        cr_assert_leq(sent - before, SESSIONS_FOLLOWED_BYTES_PER_TURN + one);
        before = sent;
    }
    for (int i = 0; i < CROWD; i++)
        cr_expect_eq(count_big(memory_client_received(crowd[i]), 0), BIG_RECORDS);
    crowd_leave(crowd, CROWD);
}

Test(follow, no_more_is_read_from_the_log_while_what_was_read_waits_for_its_turn)
{
    struct memory_client *crowd[CROWD];
    const struct follows_stats *stats = follows_stats(broker_services(f.broker)->follows);
    produce_big(0, BIG_RECORDS);
    crowd_follow(crowd, CROWD);
    for (int i = 0; i < CROWD; i++)
        memory_client_make_room(crowd[i], SIZE_MAX);
    crowd_turn(crowd, CROWD);
    uint64_t records = stats->records;
    crowd_turn(crowd, CROWD);
    cr_expect_eq(stats->records, records);
    for (int turn = 0; turn < 200; turn++)
        crowd_turn(crowd, CROWD);
    cr_expect_eq(stats->records, CROWD * BIG_RECORDS);
    crowd_leave(crowd, CROWD);
}

Test(follow, a_large_crowd_at_the_end_is_written_to_in_a_bounded_number_of_writes_per_turn)
{
    struct memory_client *crowd[LARGE_CROWD];
    const struct sessions_stats *stats = &broker_services(f.broker)->sessions->stats;
    const uint64_t most = SESSIONS_FOLLOWED_BYTES_PER_TURN / SESSIONS_FOLLOWED_BYTES_PER_WRITE;
    produce("PRODUCE t a\r\n");
    crowd_follow(crowd, LARGE_CROWD);
    for (int i = 0; i < LARGE_CROWD; i++)
        memory_client_make_room(crowd[i], SIZE_MAX);
    for (int turn = 0; turn < 20; turn++)
        crowd_turn(crowd, LARGE_CROWD);
    memory_client_send(f.clients[PRODUCER], "PRODUCE t now ACK WRITTEN\r\n");
    for (int turn = 0; turn < 20; turn++) {
        uint64_t writes = stats->writes;
        crowd_turn(crowd, LARGE_CROWD);
        cr_assert_leq(stats->writes - writes, most + 1); /* the producer's is one */
    }
    for (int i = 0; i < LARGE_CROWD; i++)
        expect_holds(memory_client_received(crowd[i]), "$3\r\nnow\r\n");
    crowd_leave(crowd, LARGE_CROWD);
}

Test(follow, followers_at_the_end_share_one_encoding)
{
    produce("PRODUCE t a\r\n");
    for (int i = 2; i < FIXTURE_CLIENTS; i++)
        (void)fixture_say(&f, i, i % 2 == 0 ? "FOLLOW t\r\n" : "PSUBSCRIBE log:t@latest\r\n");
    produce("PRODUCE t hello\r\n");
    for (int i = 2; i < FIXTURE_CLIENTS; i++)
        expect_holds(fixture_received(&f, i), "$5\r\nhello\r\n");
    expect_holds(say("INFO stats\r\n"), "follow_frames_shared:2\r\n");
}

Test(follow, many_cold_reads_at_once_all_end)
{
    produce_big(0, BIG_RECORDS);
    fixture_restart(&f);
    for (int i = 2; i < FIXTURE_CLIENTS; i++)
        memory_client_send(f.clients[i], "PSUBSCRIBE log:t@earliest\r\n");
    fixture_settle(&f);
    fixture_settle(&f);
    for (int i = 2; i < FIXTURE_CLIENTS; i++)
        cr_expect_eq(count_big(fixture_received(&f, i), 0), BIG_RECORDS);
}

/* --- over a restart --------------------------------------------------------------------------------- */

Test(follow, a_follower_that_comes_back_after_a_power_cut_joins_up)
{
    (void)say("PRODUCE t a\r\nPRODUCE t b\r\n");
    EXPECT_STR(messages(say("PSUBSCRIBE log:t@earliest\r\n")), "t/0@0=a t/0@1=b");
    fixture_power_cut(&f);
    produce("PRODUCE t c\r\n");
    const char *got = messages(say("PSUBSCRIBE log:t@2\r\n"));
    expect_holds(got, "=c");
    cr_expect_null(strstr(got, "=b"));
}
