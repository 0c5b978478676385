/* SPDX-License-Identifier: BSD-3-Clause */
/* The limits of a session's output and of what all sessions hold, and the log of those that were cut off. */
#include "fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct fixture f;

static void setup(void)
{
    fixture_init(&f);
}

static void teardown(void)
{
    fixture_deinit(&f);
}

TestSuite(limits, .init = setup, .fini = teardown);

static void turn_with(const char *text)
{
    memory_client_send(f.client, text);
    fixture_turn(&f);
}

static void pass_s(int64_t seconds)
{
    f.clock.mono_us += seconds * 1000000;
    fixture_turn(&f);
}

static void limit_output(enum config_client_class class, int64_t hard, int64_t soft,
                         int64_t seconds)
{
    f.config.output_limits[class] = (struct config_output_limit){hard, soft, seconds};
    sessions_configured(f.all);
}

static const struct client_log_entry *newest(void)
{
    cr_assert_not(list_empty(&f.all->client_log.entries));
    return CONTAINER_OF(f.all->client_log.entries.next, struct client_log_entry, link);
}

/* --- output --------------------------------------------------------------------------------- */

Test(limits, of_output_are_held_against_each_command_not_each_turn)
{
    limit_output(CONFIG_CLASS_NORMAL, 20, 0, 0);
    f.client->room = 0;
    turn_with("say 1234567890\r\nsay 1234567890\r\nsay 1234567890\r\n");
    cr_expect_str_eq(fixture_executed(&f), "say 1234567890;say 1234567890;");
    cr_expect(f.client->closed);
    cr_expect_eq(f.all->stats.output_limit_disconnects, 1);
    cr_expect_eq(newest()->why, CUT_OFF_OUTPUT_HARD);
    cr_expect_eq(newest()->messages, 2);
    cr_expect_eq(newest()->bytes, 34);
}

Test(limits, hard_one_is_reached_when_as_much_waits)
{
    limit_output(CONFIG_CLASS_NORMAL, 8, 0, 0);
    f.client->room = 0;
    turn_with("say a\r\n"); /* 7 bytes */
    cr_expect_not(f.client->closed);
    turn_with("say a\r\n");
    cr_expect(f.client->closed);
}

Test(limits, of_another_class_do_not_concern_a_session)
{
    limit_output(CONFIG_CLASS_PUBSUB, 1, 1, 0);
    f.client->room = 0;
    turn_with("say a\r\n");
    pass_s(100);
    cr_expect_not(f.client->closed);
}

Test(limits, soft_one_wants_more_than_its_seconds_and_needs_nobody_to_write)
{
    limit_output(CONFIG_CLASS_NORMAL, 0, 5, 10);
    f.client->room = 0;
    turn_with("say hello\r\n");
    pass_s(10);
    cr_expect_not(f.client->closed, "ten seconds are allowed");
    pass_s(1);
    cr_expect(f.client->closed);
    cr_expect_eq(newest()->why, CUT_OFF_OUTPUT_SOFT);
    cr_expect_eq(newest()->messages, 1);
}

Test(limits, soft_one_starts_anew_when_the_client_caught_up_in_between)
{
    limit_output(CONFIG_CLASS_NORMAL, 0, 9, 10);
    f.client->room = 0;
    turn_with("say hello\r\n");
    pass_s(8);
    memory_client_make_room(f.client, 5);
    fixture_turn(&f);
    f.client->room = 0;
    turn_with("say hello\r\n");
    pass_s(8);
    cr_expect_not(f.client->closed);
    pass_s(3);
    cr_expect(f.client->closed);
}

Test(limits, soft_one_is_forgotten_when_it_is_lifted)
{
    limit_output(CONFIG_CLASS_NORMAL, 0, 5, 10);
    f.client->room = 0;
    turn_with("say hello\r\n");
    limit_output(CONFIG_CLASS_NORMAL, 0, 0, 0);
    pass_s(20);
    cr_expect_not(f.client->closed);
}

Test(limits, the_log_counts_what_a_slow_reader_did_not_get)
{
    limit_output(CONFIG_CLASS_NORMAL, 60, 0, 0);
    memory_client_make_room(f.client, 11 * 3 + 5); /* three replies and a half */
    turn_with("say hello\r\nsay hello\r\nsay hello\r\nsay hello\r\nsay hello\r\n");
    cr_expect_not(f.client->closed);
    turn_with("say hello\r\nsay hello\r\nsay hello\r\nsay hello\r\n");
    cr_expect(f.client->closed);
    cr_expect_eq(newest()->bytes, 61);
    cr_expect_eq(newest()->messages, 6, "five whole ones and the rest of one, got %llu",
                 (unsigned long long)newest()->messages);
}

/* --- activity ------------------------------------------------------------------------------- */

Test(limits, one_that_is_written_to_is_not_idle)
{
    f.config.timeout_s = 5;
    sessions_configured(f.all);
    turn_with("later\r\n");
    pass_s(4);
    hold_fill(&f.holds[0].hold, BYTES_LITERAL("+OK\r\n"));
    fixture_turn(&f);
    pass_s(4);
    cr_expect_not(f.client->closed);
    pass_s(3);
    cr_expect(f.client->closed);
    cr_expect_eq(newest()->why, CUT_OFF_TIMEOUT);
}

#define IDLERS 1000

Test(limits, nothing_happens_by_the_clock_while_there_is_nobody_to_close)
{
    turn_with("say a\r\n");
    cr_expect_eq(timers_next(&f.timers), TIMERS_NONE);
    f.config.timeout_s = 5;
    sessions_configured(f.all);
    cr_expect_neq(timers_next(&f.timers), TIMERS_NONE);
    f.config.timeout_s = 0;
    sessions_configured(f.all);
    pass_s(1);
    cr_expect_eq(timers_next(&f.timers), TIMERS_NONE);
}

Test(limits, a_crowd_that_is_idle_is_closed_in_pieces_and_all_of_it)
{
    struct memory_client *idlers[IDLERS];
    f.config.timeout_s = 5;
    sessions_configured(f.all);
    for (int i = 0; i < IDLERS; i++)
        idlers[i] = fixture_connect(&f);
    pass_s(3);
    turn_with("say a\r\n");
    pass_s(3);
    cr_expect_gt(f.all->stats.timeouts, 0);
    cr_expect_lt(f.all->stats.timeouts, IDLERS / 4);
    for (int turn = 0; turn < 100; turn++) {
        f.clock.mono_us += 1000;
        fixture_turn(&f);
    }
    cr_expect_eq(f.all->stats.timeouts, IDLERS);
    cr_expect_not(f.client->closed);
    for (int i = 0; i < IDLERS; i++)
        memory_client_destroy(idlers[i]);
}

/* --- memory of all -------------------------------------------------------------------------- */

#define CLIENTS 4

static struct memory_client *clients[CLIENTS];
static struct session *sessions[CLIENTS];

static void limit_memory(int64_t bytes)
{
    f.config.maxmemory_clients = bytes;
    sessions_configured(f.all);
}

/* Clients with 0, 1, 2 and 4 times FIXTURE_BIG_BYTES of output waiting, so that each is in a bucket of its own;
 * "big" replies share a frame, and count for each as Redis has it. */
static void connect_clients(void)
{
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = fixture_connect(&f);
        clients[i]->room = 0;
        sessions[i] = clients[i]->stream.owner;
    }
    for (int i = 0; i < CLIENTS; i++)
        for (int k = 0; k < (i == 3 ? 4 : i); k++) {
            memory_client_send(clients[i], "big\r\n");
            fixture_turn(&f);
        }
}

static void destroy_clients(void)
{
    for (int i = 0; i < CLIENTS; i++) {
        if (!clients[i]->closed)
            session_close(sessions[i], NULL);
    }
    fixture_turn(&f);
    for (int i = 0; i < CLIENTS; i++)
        memory_client_destroy(clients[i]);
}

static size_t sum_of_all(void)
{
    size_t bytes = 0;
    LIST_EACH (it, &f.all->all) {
        const struct session *s = CONTAINER_OF(it, struct session, in_all);
        bytes += s->dead ? 0 : session_memory(s);
    }
    return bytes;
}

Test(limits, memory_is_summed_up_as_it_changes)
{
    limit_memory(INT64_C(1) << 40);
    connect_clients();
    cr_expect_eq(f.all->memory.bytes, sum_of_all());
    cr_expect_gt(f.all->memory.bytes, 6 * FIXTURE_BIG_BYTES);
    turn_with("*2\r\n$3\r\nsay\r\n$100000\r\naaaaaaa");
    cr_expect_eq(f.all->memory.bytes, sum_of_all());
    turn_with("queue a\r\n");
    pubsub_subscribe(&sessions[0]->subscriber, PUBSUB_CHANNEL, BYTES_LITERAL("c"));
    memory_client_send(clients[0], "say a\r\n");
    fixture_turn(&f);
    cr_expect_eq(f.all->memory.bytes, sum_of_all());
    memory_client_make_room(clients[3], 1 << 30);
    fixture_turn(&f);
    cr_expect_eq(f.all->memory.bytes, sum_of_all());
    session_close(sessions[2], NULL);
    cr_expect_eq(f.all->memory.bytes, sum_of_all());
    destroy_clients();
    cr_expect_eq(f.all->memory.bytes, sum_of_all());
}

Test(limits, memory_that_is_limited_later_is_summed_up_then)
{
    connect_clients();
    cr_expect_eq(f.all->memory.bytes, 0);
    limit_memory(INT64_C(1) << 40);
    cr_expect_eq(f.all->memory.bytes, sum_of_all());
    limit_memory(0);
    cr_expect_eq(f.all->memory.bytes, 0);
    destroy_clients();
}

Test(limits, over_the_memory_of_all_the_largest_go_until_it_fits)
{
    connect_clients();
    limit_memory(4 * FIXTURE_BIG_BYTES);
    fixture_turn(&f);
    cr_expect(clients[3]->closed, "the largest");
    cr_expect_not(clients[2]->closed);
    cr_expect_not(clients[1]->closed);
    cr_expect_eq(f.all->stats.evicted, 1);
    cr_expect_eq(newest()->why, CUT_OFF_EVICTED);
    cr_expect_eq(newest()->messages, 4);
    limit_memory(1);
    fixture_turn(&f);
    cr_expect(clients[2]->closed);
    cr_expect(clients[1]->closed);
    cr_expect_not(clients[0]->closed, "128 KiB is the least limit there is");
    cr_expect_eq(f.all->stats.evicted, 3);
    destroy_clients();
}

Test(limits, one_that_said_no_evict_stays_and_counts)
{
    connect_clients();
    sessions[3]->no_evict = true;
    limit_memory(6 * FIXTURE_BIG_BYTES);
    fixture_turn(&f);
    cr_expect_not(clients[3]->closed);
    cr_expect(clients[2]->closed, "the largest of the others");
    cr_expect_not(clients[1]->closed);
    limit_memory(FIXTURE_BIG_BYTES);
    fixture_turn(&f);
    cr_expect_not(clients[3]->closed);
    cr_expect(clients[1]->closed);
    cr_expect(clients[0]->closed, "and the small ones do not help");
    cr_expect(f.client->closed);
    cr_expect(f.all->memory.over_it);
    destroy_clients();
}

Test(limits, one_that_grows_over_the_memory_of_all_executes_nothing_more)
{
    limit_memory(2 * FIXTURE_BIG_BYTES);
    f.client->room = 0;
    turn_with("say a\r\nbig\r\nbig\r\nsay b\r\n");
    fixture_turn(&f);
    cr_expect(f.client->closed);
    cr_expect_str_eq(fixture_executed(&f), "say a;big;big;");
}

Test(limits, a_receiver_of_messages_counts_with_what_waits_for_it)
{
    limit_memory(4 * FIXTURE_BIG_BYTES);
    f.client->room = 0;
    turn_with("say a\r\n");
    pubsub_subscribe(&f.session->subscriber, PUBSUB_CHANNEL, BYTES_LITERAL("c"));
    for (int i = 0; i < 5; i++)
        pubsub_publish(f.pubsub, PUBSUB_CHANNEL, BYTES_LITERAL("c"),
                       bytes_of(f.big->data, f.big->len));
    cr_expect_not(f.client->closed);
    fixture_turn(&f);
    cr_expect(f.client->closed);
    cr_expect_eq(newest()->messages, 6);
}

Test(limits, a_share_of_maxmemory_is_the_limit)
{
    f.config.maxmemory_clients = -50;
    cr_expect_eq(client_memory_limit(&f.config), 0, "of nothing said it is none");
    f.config.maxmemory = 10 * 1024 * 1024;
    cr_expect_eq(client_memory_limit(&f.config), 5 * 1024 * 1024);
    f.config.maxmemory = 1000;
    cr_expect_eq(client_memory_limit(&f.config), CLIENT_MEMORY_BYTES_MIN);
}

/* --- many that go at once ------------------------------------------------------------------- */

#define CROWD 1000

Test(limits, a_crowd_that_is_closed_at_once_is_buried_over_several_turns)
{
    struct memory_client *crowd[CROWD];
    for (int i = 0; i < CROWD; i++)
        crowd[i] = fixture_connect(&f);
    cr_expect_eq(f.all->count, CROWD + 1);
    LIST_EACH (it, &f.all->all) {
        struct session *s = CONTAINER_OF(it, struct session, in_all);
        if (s->stream != &f.client->stream)
            session_close(s, NULL);
    }
    cr_expect_eq(f.all->count, 1, "none of them takes a place any more");
    fixture_turn(&f);
    int closed = 0, turns = 1;
    for (int i = 0; i < CROWD; i++)
        closed += crowd[i]->closed;
    cr_expect_gt(closed, 0);
    cr_expect_lt(closed, CROWD / 4);
    for (; !list_empty(&f.all->dead); turns++) {
        cr_expect(sessions_pending(f.all, true), "there is still work");
        fixture_turn(&f);
    }
    cr_expect_lt(turns, CROWD);
    for (int i = 0; i < CROWD; i++)
        memory_client_destroy(crowd[i]);
}

Test(limits, one_with_very_many_subscriptions_is_buried_over_several_turns)
{
    turn_with("say a\r\n");
    struct session *s = f.session;
    for (int i = 0; i < 100000; i++) {
        char name[16];
        int len = snprintf(name, sizeof(name), "%d", i);
        pubsub_subscribe(&s->subscriber, PUBSUB_PATTERN, bytes_of(name, (size_t)len));
    }
    session_close(s, NULL);
    cr_expect_eq(pubsub_publish(f.pubsub, PUBSUB_CHANNEL, BYTES_LITERAL("1"), BYTES_LITERAL("m")),
                 0);
    fixture_turn(&f);
    cr_expect_not(f.client->closed);
    cr_expect_gt(pubsub_pattern_count(f.pubsub), 50000);
    while (!list_empty(&f.all->dead))
        fixture_turn(&f);
    cr_expect(f.client->closed);
    cr_expect_eq(pubsub_pattern_count(f.pubsub), 0);
}

/* --- many that want much -------------------------------------------------------------------- */

#define HUNGRY 20

Test(limits, those_who_send_very_much_share_a_turn_and_others_are_served_in_it)
{
    struct memory_client *crowd[HUNGRY];
    struct buf lines = {0};
    while (lines.len < 4 * SESSION_READ_BYTES)
        buf_append_string(&lines, "say a\r\n");
    buf_append_char(&lines, '\0');
    for (int i = 0; i < HUNGRY; i++) {
        crowd[i] = fixture_connect(&f);
        memory_client_send(crowd[i], lines.data);
    }
    fixture_turn(&f); /* each has its first share */
    for (int turn = 0; turn < 3; turn++) {
        uint64_t before = f.all->stats.bytes_in;
        turn_with("say b\r\n");
        cr_expect_str_eq(fixture_received(&f), "$1\r\nb\r\n");
        cr_expect_lt(f.all->stats.bytes_in - before, HUNGRY * SESSION_READ_BYTES / 2);
    }
    for (int turn = 0; turn < 100; turn++)
        fixture_turn(&f);
    for (int i = 0; i < HUNGRY; i++)
        cr_expect_eq(strlen(memory_client_received(crowd[i])), (lines.len - 1) / 7 * 7,
                     "all are served in the end");
    cr_expect_not(sessions_pending(f.all, true));
    for (int i = 0; i < HUNGRY; i++)
        session_close(crowd[i]->stream.owner, NULL);
    while (!list_empty(&f.all->dead))
        fixture_turn(&f);
    for (int i = 0; i < HUNGRY; i++)
        memory_client_destroy(crowd[i]);
    buf_deinit(&lines);
}

/* --- the log -------------------------------------------------------------------------------- */

static void cut_one_off(int port, enum cut_off why)
{
    struct memory_client *client = fixture_connect(&f);
    snprintf(client->stream.peer, sizeof(client->stream.peer), "10.0.0.%d:%d", port % 2, port);
    client_log_add(client->stream.owner, why, "number %d", port);
    session_close(client->stream.owner, NULL);
    fixture_turn(&f);
    memory_client_destroy(client);
}

Test(limits, the_log_holds_the_last_of_those_cut_off)
{
    for (int i = 0; i < CLIENT_LOG_ENTRIES_MAX + 5; i++)
        cut_one_off(i, CUT_OFF_EVICTED);
    cr_expect_eq(f.all->client_log.count, CLIENT_LOG_ENTRIES_MAX);
    cr_expect_eq(newest()->id, CLIENT_LOG_ENTRIES_MAX + 4);
    const struct client_log_entry *oldest =
        CONTAINER_OF(f.all->client_log.entries.prev, struct client_log_entry, link);
    cr_expect_eq(oldest->id, 5);
}

Test(limits, the_log_takes_the_same_protocol_errors_of_one_host_as_one)
{
    cut_one_off(1, CUT_OFF_EVICTED);
    for (int i = 0; i < 1000; i++)
        cut_one_off(i, CUT_OFF_PROTOCOL);
    cr_expect_eq(f.all->client_log.count, 3, "two hosts, and what was there before");
    cr_expect_eq(newest()->count, 500);
    f.clock.wall_ms += CLIENT_LOG_SAME_MS + 1;
    cut_one_off(1, CUT_OFF_PROTOCOL);
    cr_expect_eq(f.all->client_log.count, 4);
    cr_expect_eq(newest()->count, 1);
}

Test(limits, the_log_notes_a_protocol_error)
{
    turn_with("*1\r\n$-1\r\n");
    cr_expect(f.client->closed);
    cr_expect_eq(newest()->why, CUT_OFF_PROTOCOL);
    cr_expect(bytes_starts_with(buf_bytes(&newest()->detail), "Protocol error: "));
}

Test(limits, the_log_notes_too_much_input)
{
    f.config.client_query_buffer_limit = 100;
    turn_with("*2\r\n$3\r\nsay\r\n$100000\r\n");
    for (int i = 0; i < 10; i++)
        turn_with("aaaaaaaaaaaaaaaaaaaa");
    cr_expect_eq(newest()->why, CUT_OFF_QUERY);
}
