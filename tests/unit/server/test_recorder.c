/* SPDX-License-Identifier: BSD-3-Clause */
/* Recorded channels through the whole broker: what publishers are told, what subscribers hear and what the log
 * holds, also when the disk is busy, full or failing. */
#include "base/buf.h"
#include "broker_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPECT_STR(got, wanted) cr_expect_str_eq((got), (wanted))
#define LISTENER 1
#define OTHER 2
#define TURNS_OF_A_JOB 3

static struct fixture f;

static void setup(void)
{
    fixture_init(&f);
}

static void teardown(void)
{
    fixture_deinit(&f);
}

TestSuite(recorder, .init = setup, .fini = teardown);

static const char *say(const char *lines)
{
    return fixture_say(&f, 0, lines);
}

static void must(const char *lines, const char *reply)
{
    cr_assert_str_eq(say(lines), reply);
}

static void listen_to(const char *lines)
{
    (void)fixture_say(&f, LISTENER, lines);
}

/* A topic `t` that records r.*, and a listener to all there is. */
static void record_and_listen(const char *options)
{
    char line[256];
    snprintf(line, sizeof(line), "TOPIC CREATE t %s record.channels r.*\r\n", options);
    must(line, "+OK\r\n");
    listen_to("PSUBSCRIBE *\r\n");
}

static void send(int client, const char *lines)
{
    memory_client_send(f.clients[client], lines);
}

static void turns(int count)
{
    for (int i = 0; i < count; i++)
        fixture_turn(&f);
}

/* Jobs are held: lets the oldest one run, and what follows from it. */
static void run_a_job(void)
{
    cr_assert(fake_disk_run_one(f.disk));
    turns(TURNS_OF_A_JOB);
}

/* What the listener has heard since: "channel=message" each, joined by blanks. */
static const char *heard(void)
{
    static char text[4096];
    char *to = text;
    const char *at = fixture_received(&f, LISTENER);
    while ((at = strstr(at, "$8\r\npmessage\r\n$")) != NULL) {
        at += strlen("$8\r\npmessage\r\n$");
        for (int i = 0; i < 3; i++) {
            const char *body = strstr(at, "\r\n") + 2;
            size_t len = strtoul(at, NULL, 10);
            if (i > 0)
                to += sprintf(to, "%s%.*s", i == 2 ? "=" : to > text ? " " : "", (int)len, body);
            at = body + len + 2 + (i < 2);
        }
    }
    *to = '\0';
    return text;
}

/* The values of a partition's records, joined by blanks. */
static const char *recorded_in(const char *topic, int partition)
{
    static char text[4096];
    char line[128], *to = text;
    snprintf(line, sizeof(line), "FETCH %s %d EARLIEST\r\n", topic, partition);
    const char *at = fixture_say(&f, OTHER, line);
    while ((at = strstr(at, "*5\r\n")) != NULL) {
        for (int i = 0; i < 2; i++)
            at = strstr(at, "\r\n:") + 2; /* offset and time */
        const char *key = strstr(at, "\r\n$") + 3;
        const char *value = strstr(strstr(key, "\r\n") + 2, "\r\n$") + 3;
        const char *body = strstr(value, "\r\n") + 2;
        to += sprintf(to, "%s%.*s", to > text ? " " : "", (int)strtoul(value, NULL, 10), body);
        at = body;
    }
    *to = '\0';
    return text;
}

/* --- what it is ------------------------------------------------------------------------------- */

Test(recorder, a_message_on_a_matching_channel_is_heard_and_is_a_record)
{
    record_and_listen("CONFIG");
    EXPECT_STR(say("PUBLISH r.a hello\r\n"), ":1\r\n");
    EXPECT_STR(heard(), "r.a=hello");
    const char *fetched = say("FETCH t 0 0\r\n");
    cr_expect_not_null(strstr(fetched, "$3\r\nr.a\r\n$5\r\nhello\r\n*0\r\n"), "%s", fetched);
}

Test(recorder, other_channels_are_not_recorded)
{
    record_and_listen("CONFIG");
    EXPECT_STR(say("PUBLISH s.a hello\r\n"), ":1\r\n");
    EXPECT_STR(heard(), "s.a=hello");
    EXPECT_STR(recorded_in("t", 0), "");
}

Test(recorder, what_nobody_listens_to_is_recorded_all_the_same)
{
    must("TOPIC CREATE t CONFIG record.channels \"a *\"\r\n", "+OK\r\n");
    EXPECT_STR(say("PUBLISH a 1\r\nPUBLISH \"\" 2\r\n"), ":0\r\n:0\r\n");
    EXPECT_STR(recorded_in("t", 0), "1 2");
}

Test(recorder, shard_channels_are_recorded_too)
{
    record_and_listen("CONFIG");
    (void)fixture_say(&f, OTHER, "SSUBSCRIBE r.s\r\n");
    EXPECT_STR(say("SPUBLISH r.s x\r\n"), ":1\r\n");
    EXPECT_STR(fixture_received(&f, OTHER), "*3\r\n$8\r\nsmessage\r\n$3\r\nr.s\r\n$1\r\nx\r\n");
    EXPECT_STR(heard(), "");
    (void)fixture_say(&f, OTHER, "RESET\r\n");
    EXPECT_STR(recorded_in("t", 0), "x");
}

Test(recorder, a_message_is_heard_in_the_turn_it_was_published_in)
{
    record_and_listen("CONFIG ack written");
    send(0, "PUBLISH r.a x\r\n");
    turns(1);
    EXPECT_STR(heard(), "r.a=x");
    EXPECT_STR(fixture_received(&f, 0), ":1\r\n");
}

Test(recorder, the_reply_waits_for_the_level_of_the_topic)
{
    record_and_listen("CONFIG ack synced");
    f.disk->hold = true;
    send(0, "PUBLISH r.a x\r\n");
    turns(5);
    EXPECT_STR(heard(), "r.a=x");
    EXPECT_STR(fixture_received(&f, 0), "");
    run_a_job();
    EXPECT_STR(fixture_received(&f, 0), ":1\r\n");
}

Test(recorder, a_topic_that_matches_by_several_patterns_has_one_record)
{
    must("TOPIC CREATE t CONFIG record.channels \"r.* *.a  r.a\"\r\n", "+OK\r\n");
    must("PUBLISH r.a x\r\n", ":0\r\n");
    EXPECT_STR(recorded_in("t", 0), "x");
}

Test(recorder, a_compacted_topic_keeps_the_last_message_of_each_channel_under_its_name)
{
    record_and_listen("CONFIG cleanup.policy compact");
    must("PUBLISH r.a x\r\nPUBLISH r.b \"\"\r\n", ":1\r\n:1\r\n");
    EXPECT_STR(recorded_in("t", 0), "x ");
}

Test(recorder, a_subscriber_that_publishes_hears_itself)
{
    record_and_listen("CONFIG");
    (void)say("HELLO 3\r\nSUBSCRIBE r.a\r\n");
    EXPECT_STR(say("PUBLISH r.a x\r\n"), ":2\r\n>3\r\n$7\r\nmessage\r\n$3\r\nr.a\r\n$1\r\nx\r\n");
}

Test(recorder, info_counts_what_is_recorded)
{
    record_and_listen("CONFIG");
    (void)say("PUBLISH r.a x\r\nPUBLISH s x\r\n");
    const char *info = say("INFO\r\n");
    cr_expect_not_null(strstr(info, "\r\npubsub_messages:2\r\n"));
    cr_expect_not_null(strstr(info, "\r\npubsub_recorded:1\r\npubsub_withdrawn:0\r\n"));
    cr_expect_not_null(strstr(info, "\r\nmem_pubsub_waiting:0\r\n"));
}

/* --- turning it on and off -------------------------------------------------------------------- */

Test(recorder, recording_is_turned_on_and_off_while_messages_flow)
{
    must("TOPIC CREATE t\r\n", "+OK\r\n");
    must("PUBLISH r.a 1\r\n", ":0\r\n");
    must("TOPIC CONFIG SET t record.channels r.a\r\n", "+OK\r\n");
    must("PUBLISH r.a 2\r\nPUBLISH r.b 3\r\n", ":0\r\n:0\r\n");
    must("TOPIC CONFIG SET t record.channels r.b\r\n", "+OK\r\n");
    must("PUBLISH r.a 4\r\nPUBLISH r.b 5\r\n", ":0\r\n:0\r\n");
    must("TOPIC CONFIG RESET t record.channels\r\n", "+OK\r\n");
    must("PUBLISH r.a 6\r\nPUBLISH r.b 7\r\n", ":0\r\n:0\r\n");
    EXPECT_STR(recorded_in("t", 0), "2 5");
}

Test(recorder, another_setting_of_the_topic_changes_nothing_about_it)
{
    record_and_listen("CONFIG");
    must("TOPIC CONFIG SET t retention.ms 5000\r\n", "+OK\r\n");
    must("PUBLISH r.a 1\r\n", ":1\r\n");
    EXPECT_STR(recorded_in("t", 0), "1");
}

Test(recorder, a_deleted_topic_records_no_more_and_a_new_one_of_its_name_only_what_it_says)
{
    record_and_listen("CONFIG");
    must("TOPIC DELETE t\r\n", "+OK\r\n");
    must("PUBLISH r.a 1\r\n", ":1\r\n");
    must("TOPIC CREATE t\r\n", "+OK\r\n");
    must("PUBLISH r.a 2\r\n", ":1\r\n");
    EXPECT_STR(heard(), "r.a=1 r.a=2");
    EXPECT_STR(recorded_in("t", 0), "");
}

Test(recorder, it_goes_on_after_a_restart_with_all_that_was_acknowledged)
{
    record_and_listen("CONFIG");
    must("PUBLISH r.a 1\r\n", ":1\r\n");
    fixture_restart(&f);
    must("PUBLISH r.a 2\r\n", ":0\r\n");
    fixture_power_cut(&f);
    must("PUBLISH r.a 3\r\n", ":0\r\n");
    EXPECT_STR(recorded_in("t", 0), "1 2 3");
}

Test(recorder, a_channel_keeps_its_order_when_the_topic_grows)
{
    record_and_listen("CONFIG");
    must("PUBLISH r.a 1\r\nTOPIC ALTER t PARTITIONS 4 REMAP\r\nPUBLISH r.a 2\r\n",
         ":1\r\n+OK\r\n:1\r\n");
    must("PUBLISH r.a 3\r\n", ":1\r\n");
    EXPECT_STR(heard(), "r.a=1 r.a=2 r.a=3");
}

/* --- order ------------------------------------------------------------------------------------ */

Test(recorder, a_turn_is_heard_in_the_order_of_publishing_whatever_is_recorded_where)
{
    record_and_listen("PARTITIONS 8 CONFIG");
    must("PUBLISH r.a 1\r\nPUBLISH r.b 2\r\nPUBLISH s 3\r\nPUBLISH r.a 4\r\nPUBLISH r.c 5\r\n",
         ":1\r\n:1\r\n:1\r\n:1\r\n:1\r\n");
    EXPECT_STR(heard(), "r.a=1 r.b=2 s=3 r.a=4 r.c=5");
}

Test(recorder, multi_keeps_its_order_and_answers_in_one_array)
{
    record_and_listen("PARTITIONS 8 CONFIG");
    must("MULTI\r\nPUBLISH r.a 1\r\nPUBLISH r.b 2\r\nPUBLISH s 3\r\nPUBLISH r.a 4\r\nEXEC\r\n",
         "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*4\r\n:1\r\n:1\r\n:1\r\n:1\r\n");
    EXPECT_STR(heard(), "r.a=1 r.b=2 s=3 r.a=4");
}

Test(recorder, while_a_sync_has_the_file_messages_wait_and_are_heard_in_their_order)
{
    record_and_listen("CONFIG ack synced");
    f.disk->hold = true;
    send(0, "PUBLISH r.a 1\r\n");
    turns(1);
    send(0, "PUBLISH r.a 2\r\n");
    send(OTHER, "PUBLISH r.b 3\r\n");
    turns(5);
    EXPECT_STR(heard(), "r.a=1");
    run_a_job();
    EXPECT_STR(heard(), "r.a=2 r.b=3");
    EXPECT_STR(fixture_received(&f, 0), ":1\r\n");
    run_a_job();
    EXPECT_STR(fixture_received(&f, 0), ":1\r\n");
    EXPECT_STR(fixture_received(&f, OTHER), ":1\r\n");
}

Test(recorder, other_publishers_and_channels_do_not_wait_for_a_busy_partition)
{
    record_and_listen("CONFIG");
    must("TOPIC CREATE u CONFIG record.channels u.*\r\n", "+OK\r\n");
    f.disk->hold = true;
    send(0, "PUBLISH r.a 1\r\n");
    turns(1);
    send(0, "PUBLISH r.a 2\r\n");
    turns(1);
    EXPECT_STR(heard(), "r.a=1");
    send(OTHER, "PUBLISH s 3\r\nPUBLISH u.a 4\r\n");
    turns(1);
    EXPECT_STR(heard(), "s=3 u.a=4");
}

Test(recorder, what_one_client_publishes_in_a_row_is_heard_in_that_order_on_all_channels)
{
    record_and_listen("CONFIG");
    must("TOPIC CREATE u CONFIG record.channels u.*\r\n", "+OK\r\n");
    f.disk->hold = true;
    send(0, "PUBLISH r.a 1\r\n");
    turns(1);
    send(0, "PUBLISH r.a 2\r\nPUBLISH u.a 3\r\nPUBLISH s 4\r\n");
    turns(5);
    send(OTHER, "PUBLISH s 5\r\n"); /* behind the other on its channel */
    turns(5);
    EXPECT_STR(heard(), "r.a=1");
    run_a_job();
    EXPECT_STR(heard(), "r.a=2 u.a=3 s=4 s=5");
}

Test(recorder, a_message_that_is_not_recorded_any_more_waits_for_those_of_its_channel_that_are)
{
    record_and_listen("CONFIG");
    f.disk->hold = true;
    send(OTHER, "TOPIC CONFIG RESET t record.channels\r\n"); /* its first job */
    turns(1);
    send(0, "PUBLISH r.a 1\r\n"); /* a sync behind it */
    turns(1);
    run_a_job();
    send(0, "PUBLISH r.a 2\r\n");
    turns(1);
    run_a_job(); /* the sync; then the second job of the reset, and another sync */
    send(0, "PUBLISH r.a 3\r\n");
    turns(1);
    EXPECT_STR(heard(), "r.a=1 r.a=2");
    run_a_job();
    EXPECT_STR(fixture_received(&f, OTHER), "+OK\r\n");
    send(OTHER, "PUBLISH r.a 4\r\n");
    turns(5);
    EXPECT_STR(heard(), "");
    run_a_job();
    EXPECT_STR(heard(), "r.a=3 r.a=4");
    f.disk->hold = false;
    turns(5);
    EXPECT_STR(recorded_in("t", 0), "1 2 3");
}

Test(recorder, a_shard_channel_and_a_channel_of_one_name_have_one_order_in_the_log)
{
    record_and_listen("CONFIG");
    must("PUBLISH r.a 1\r\nSPUBLISH r.a 2\r\nPUBLISH r.a 3\r\n", ":1\r\n:0\r\n:1\r\n");
    EXPECT_STR(recorded_in("t", 0), "1 2 3");
}

/* --- failure ---------------------------------------------------------------------------------- */

Test(recorder, when_the_disk_is_full_the_publisher_is_told_and_nobody_hears_it)
{
    record_and_listen("CONFIG");
    f.disk->space_left = 0;
    EXPECT_STR(say("PUBLISH r.a 1\r\nPUBLISH s 2\r\n"),
               "-NOSPACE topic 't' partition 0: no space left on the device: nothing was stored, "
               "try again when there is room\r\n:1\r\n");
    EXPECT_STR(heard(), "s=2");
    cr_expect_not_null(strstr(say("INFO\r\n"), "pubsub_withdrawn:1\r\n"));
    f.disk->space_left = FAKE_SPACE_ENDLESS;
    must("PUBLISH r.a 3\r\n", ":1\r\n");
    EXPECT_STR(heard(), "r.a=3");
    EXPECT_STR(recorded_in("t", 0), "3");
}

Test(recorder, in_multi_the_failed_one_is_an_error_in_its_place)
{
    record_and_listen("CONFIG");
    f.disk->space_left = 0;
    const char *reply = say("MULTI\r\nPUBLISH s 1\r\nPUBLISH r.a 2\r\nPUBLISH s 3\r\nEXEC\r\n");
    cr_expect_not_null(strstr(reply, "*3\r\n:1\r\n-NOSPACE "), "%s", reply);
    EXPECT_STR(heard(), "s=1 s=3");
    f.disk->space_left = FAKE_SPACE_ENDLESS;
}

Test(recorder, a_write_that_fails_behind_a_sync_withdraws_what_waited_for_it)
{
    record_and_listen("CONFIG");
    f.disk->hold = true;
    send(0, "PUBLISH r.a 1\r\n");
    turns(1);
    send(0, "PUBLISH r.a 2\r\nPUBLISH s 3\r\n");
    turns(1);
    f.disk->space_left = 0;
    run_a_job();
    EXPECT_STR(heard(), "r.a=1 s=3");
    cr_expect_not_null(strstr(fixture_received(&f, 0), ":1\r\n-NOSPACE "));
    f.disk->space_left = FAKE_SPACE_ENDLESS;
}

Test(recorder, a_sync_that_fails_later_concerns_only_the_publisher)
{
    record_and_listen("CONFIG");
    fake_disk_fail(f.disk, FAKE_SYNC, 0, 1, ERR_IO);
    const char *reply = say("PUBLISH r.a 1\r\n");
    cr_expect(strncmp(reply, "-LOGERROR topic 't' partition 0: ", 33) == 0, "%s", reply);
    EXPECT_STR(heard(), "r.a=1");
}

Test(recorder, a_partition_that_takes_no_records_lets_nothing_of_its_channels_through)
{
    record_and_listen("CONFIG");
    fake_disk_fail(f.disk, FAKE_SYNC, 0, 1, ERR_IO);
    (void)say("PUBLISH r.a 1\r\n");
    (void)heard();
    const char *reply = say("PUBLISH r.a 2\r\nPUBLISH s 3\r\n");
    cr_expect(
        strncmp(reply, "-LOGERROR topic 't' partition 0: the partition takes no writes", 62) == 0,
        "%s", reply);
    EXPECT_STR(heard(), "s=3");
}

Test(recorder, a_message_too_large_is_refused_whole)
{
    record_and_listen("CONFIG max.message.bytes 100");
    must("TOPIC CREATE a CONFIG record.channels r.*\r\n", "+OK\r\n");
    char line[256];
    snprintf(line, sizeof(line), "PUBLISH r.a %0100d\r\n", 0);
    const char *reply = say(line);
    cr_expect(strncmp(reply, "-MSGTOOLARGE ", 13) == 0, "%s", reply);
    cr_expect_not_null(strstr(reply, "max.message.bytes (100) of topic 't'"), "%s", reply);
    EXPECT_STR(heard(), "");
    EXPECT_STR(recorded_in("t", 0), "");
    EXPECT_STR(recorded_in("a", 0), "");
}

Test(recorder, a_topic_that_is_deleted_before_the_record_is_written_fails_it)
{
    record_and_listen("CONFIG");
    f.disk->hold = true;
    send(0, "PUBLISH r.a 1\r\n");
    turns(1);
    send(0, "PUBLISH r.a 2\r\nPUBLISH s 3\r\n");
    turns(1);
    send(OTHER, "TOPIC DELETE t\r\nPUBLISH r.a 4\r\n");
    turns(2);
    EXPECT_STR(heard(), "r.a=1 s=3 r.a=4");
    const char *reply = fixture_received(&f, 0);
    cr_expect_not_null(strstr(reply, "\r\n-UNKNOWNTOPIC topic 't' partition 0: the topic was "
                                     "deleted\r\n:1\r\n"),
                       "%s", reply);
}

Test(recorder, a_publisher_that_goes_leaves_its_message_behind)
{
    record_and_listen("CONFIG");
    f.disk->hold = true;
    send(0, "PUBLISH r.a 1\r\n");
    turns(1);
    send(0, "PUBLISH r.a 2\r\n");
    turns(1);
    memory_client_end(f.clients[0]);
    turns(2);
    run_a_job();
    EXPECT_STR(heard(), "r.a=1 r.a=2");
}

Test(recorder, a_stop_with_messages_under_way_is_clean)
{
    record_and_listen("CONFIG");
    must("TOPIC CREATE u CONFIG record.channels r.*\r\n", "+OK\r\n");
    f.disk->hold = true;
    send(0, "PUBLISH r.a 1\r\n");
    turns(1);
    send(0, "PUBLISH r.a 2\r\nPUBLISH s 3\r\n");
    turns(1);
    fixture_restart(&f);
    EXPECT_STR(recorded_in("t", 0), "1 2");
}

Test(recorder, a_publisher_without_replies_is_counted_when_it_fails)
{
    record_and_listen("CONFIG");
    f.disk->space_left = 0;
    (void)say("CLIENT REPLY OFF\r\nPUBLISH r.a 1\r\nCLIENT REPLY ON\r\n");
    cr_expect_not_null(strstr(say("INFO\r\n"), "unseen_append_failures:1\r\n"));
    f.disk->space_left = FAKE_SPACE_ENDLESS;
}

Test(recorder, memory_for_what_waits_is_bounded_by_pausing_the_publishers)
{
    record_and_listen("CONFIG ack none");
    f.config.pending_bytes_max = 4096;
    f.disk->hold = true;
    send(0, "PRODUCE t x ACK SYNCED\r\n");
    turns(1);
    char line[1100];
    snprintf(line, sizeof(line), "PUBLISH r.a %01000d\r\n", 0);
    for (int i = 0; i < 100; i++)
        send(0, line);
    turns(20);
    size_t waiting = storage_stats(broker_services(f.broker)->storage)->pending_bytes;
    cr_expect_lt(waiting, (size_t)8192, "%zu bytes wait", waiting);
    f.disk->hold = false;
    fixture_settle(&f);
    cr_expect_not_null(strstr(say("TOPIC OFFSETS t 0 LATEST\r\n"), ":101\r\n"));
}

/* --- several topics ----------------------------------------------------------------------------- */

Test(recorder, a_channel_may_be_recorded_in_several_topics_at_levels_of_their_own)
{
    record_and_listen("CONFIG ack written");
    must("TOPIC CREATE u CONFIG ack synced record.channels r.a\r\n", "+OK\r\n");
    must("TOPIC CREATE v CONFIG ack none record.channels *\r\n", "+OK\r\n");
    f.disk->hold = true;
    send(0, "PUBLISH r.a x\r\n");
    turns(5);
    EXPECT_STR(heard(), "r.a=x");
    EXPECT_STR(fixture_received(&f, 0), "");
    f.disk->hold = false;
    fixture_settle(&f);
    EXPECT_STR(fixture_received(&f, 0), ":1\r\n");
    EXPECT_STR(recorded_in("t", 0), "x");
    EXPECT_STR(recorded_in("u", 0), "x");
    EXPECT_STR(recorded_in("v", 0), "x");
}

Test(recorder, when_one_of_several_cannot_be_written_the_publisher_is_told_of_it_and_nobody_hears)
{
    record_and_listen("CONFIG ack written");
    must("TOPIC CREATE u CONFIG ack written record.channels r.a\r\n", "+OK\r\n");
    fake_disk_fail(f.disk, FAKE_WRITE, 1, 1, ERR_NOSPACE);
    const char *reply = say("PUBLISH r.a x\r\n");
    cr_expect(strncmp(reply, "-NOSPACE topic '", 16) == 0, "%s", reply);
    EXPECT_STR(heard(), "");
    char both[16];
    snprintf(both, sizeof(both), "[%s]", recorded_in("t", 0));
    strcat(both, recorded_in("u", 0));
    cr_expect(strcmp(both, "[x]") == 0 || strcmp(both, "[]x") == 0, "%s", both);
}

Test(recorder, a_publisher_to_several_topics_may_go_before_they_answer)
{
    record_and_listen("CONFIG");
    must("TOPIC CREATE u CONFIG record.channels r.a\r\n", "+OK\r\n");
    f.disk->hold = true;
    send(0, "PUBLISH r.a x\r\n");
    turns(1);
    memory_client_end(f.clients[0]);
    turns(2);
    f.disk->hold = false;
    fixture_settle(&f);
    EXPECT_STR(recorded_in("u", 0), "x");
}

Test(recorder, when_both_of_several_fail_there_is_one_error)
{
    record_and_listen("CONFIG");
    must("TOPIC CREATE u CONFIG record.channels r.a\r\n", "+OK\r\n");
    f.disk->space_left = 0;
    const char *reply = say("PUBLISH r.a x\r\nPING\r\n");
    cr_expect(strncmp(reply, "-NOSPACE ", 9) == 0 && strstr(reply + 1, "-") == NULL, "%s", reply);
    cr_expect_not_null(strstr(reply, "\r\n+PONG\r\n"), "%s", reply);
    f.disk->space_left = FAKE_SPACE_ENDLESS;
}
