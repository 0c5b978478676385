/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading, executing, holding back, blocking, closing. */
#include "fixture.h"

#include <criterion/criterion.h>

#define EXPECT_STR(got, wanted) cr_expect_str_eq((got), (wanted))

static struct fixture f;

static void setup(void)
{
    fixture_init(&f);
}

static void teardown(void)
{
    fixture_deinit(&f);
}

TestSuite(session, .init = setup, .fini = teardown);

static void turn_with(const char *text)
{
    memory_client_send(f.client, text);
    fixture_turn(&f);
}

Test(session, executes_a_pipeline_in_order_and_answers_with_one_write)
{
    turn_with("say a\r\nsay b\r\n*2\r\n$3\r\nsay\r\n$1\r\nc\r\n");
    EXPECT_STR(fixture_executed(&f), "say a;say b;say c;");
    EXPECT_STR(fixture_received(&f), "$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n");
    cr_expect_eq(f.all->stats.writes, 1);
}

Test(session, puts_a_command_together_from_single_bytes)
{
    const char *text = "*2\r\n$3\r\nsay\r\n$5\r\nhello\r\n";
    char one[2] = {0};
    for (const char *c = text; *c != '\0'; c++) {
        one[0] = *c;
        turn_with(one);
    }
    EXPECT_STR(fixture_received(&f), "$5\r\nhello\r\n");
    cr_expect_eq(session_input_bytes(f.session), 0);
}

Test(session, holds_everything_behind_a_held_reply)
{
    turn_with("say a\r\nhold b\r\nsay c\r\n");
    EXPECT_STR(fixture_received(&f), "$1\r\na\r\n");
    hold_release(&f.holds[0].hold);
    fixture_turn(&f);
    EXPECT_STR(fixture_received(&f), "$1\r\nb\r\n$1\r\nc\r\n");
}

Test(session, held_replies_go_out_in_request_order_whatever_the_order_of_release)
{
    turn_with("hold a\r\nhold b\r\nhold c\r\n");
    hold_release(&f.holds[2].hold);
    hold_release(&f.holds[1].hold);
    fixture_turn(&f);
    EXPECT_STR(fixture_received(&f), "");
    hold_release(&f.holds[0].hold);
    fixture_turn(&f);
    EXPECT_STR(fixture_received(&f), "$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n");
}

Test(session, a_failed_hold_turns_each_of_its_replies_into_the_error)
{
    turn_with("hold a\r\nmore bb\r\nhold c\r\nsay d\r\n");
    hold_fail(&f.holds[0].hold, BYTES_LITERAL("-NO\r\n"));
    hold_release(&f.holds[1].hold);
    fixture_turn(&f);
    EXPECT_STR(fixture_received(&f), "-NO\r\n-NO\r\n$1\r\nc\r\n$1\r\nd\r\n");
}

Test(session, a_failed_hold_moves_the_holds_behind_it)
{
    turn_with("hold a\r\nhold b\r\nsay c\r\n");
    hold_fail(&f.holds[0].hold, BYTES_LITERAL("-A LONGER ERROR THAN THE REPLY\r\n"));
    fixture_turn(&f);
    EXPECT_STR(fixture_received(&f), "-A LONGER ERROR THAN THE REPLY\r\n");
    hold_fail(&f.holds[1].hold, BYTES_LITERAL("-B\r\n"));
    fixture_turn(&f);
    EXPECT_STR(fixture_received(&f), "-B\r\n$1\r\nc\r\n");
}

Test(session, an_empty_hold_is_filled_in_its_place)
{
    turn_with("say a\r\nlater\r\nsay c\r\n");
    EXPECT_STR(fixture_received(&f), "$1\r\na\r\n");
    hold_fill(&f.holds[0].hold, BYTES_LITERAL(":42\r\n"));
    fixture_turn(&f);
    EXPECT_STR(fixture_received(&f), ":42\r\n$1\r\nc\r\n");
}

Test(session, held_replies_do_not_count_as_output)
{
    turn_with("hold aaaa\r\n");
    cr_expect_eq(session_output_bytes(f.session), 0);
    turn_with("say b\r\n");
    cr_expect_eq(session_output_bytes(f.session), 7);
    hold_release(&f.holds[0].hold);
}

Test(session, executes_nothing_while_blocked_and_goes_on_when_woken)
{
    turn_with("block\r\nsay a\r\n");
    EXPECT_STR(fixture_executed(&f), "block;");
    turn_with("say b\r\n");
    EXPECT_STR(fixture_executed(&f), "");
    session_unblock(&f.blocker);
    fixture_turn(&f);
    EXPECT_STR(fixture_executed(&f), "say a;say b;");
    cr_expect_eq(f.blocks_ended, 0);
}

Test(session, a_blocked_session_whose_peer_closes_ends)
{
    turn_with("block\r\n");
    memory_client_end(f.client);
    fixture_turn(&f);
    cr_expect_eq(f.blocks_ended, 1);
    cr_expect_eq(f.last_end, BLOCK_CLOSED);
    cr_expect(f.client->closed);
    cr_expect_eq(f.all->count, 0);
    cr_expect_eq(f.all->blocked, 0);
}

static void send_long_pipeline(int count)
{
    for (int i = 0; i < count; i++)
        memory_client_send(
            f.client, "say 0123456789012345678901234567890123456789012345678901234567890123456789"
                      "012345678901234567890123456789\r\n");
}

/* A socket takes no more, and so does not tell of the end behind it, before what is there was read. */
Test(session, what_comes_while_blocked_is_read_so_that_the_end_behind_it_is_seen)
{
    turn_with("block\r\n");
    send_long_pipeline(5000);
    fixture_turn(&f);
    cr_expect_eq(f.client->incoming.len, 0);
    EXPECT_STR(fixture_executed(&f), "block;");
    session_unblock(&f.blocker);
    fixture_turn(&f);
    cr_expect_eq(strlen(fixture_executed(&f)), 5000 * strlen("say ;") + 5000 * 100);
}

Test(session, so_does_one_behind_more_input_than_is_read_while_it_waits)
{
    turn_with("block\r\n");
    send_long_pipeline(20000);
    memory_client_end(f.client);
    fixture_turn(&f);
    cr_expect_eq(f.last_end, BLOCK_CLOSED);
    cr_expect(f.client->closed);
}

Test(session, one_that_waits_for_the_disk_is_answered_though_its_peer_sends_no_more)
{
    memory_client_send(f.client, "later\r\ndisk\r\nsay b\r\n");
    memory_client_end(f.client);
    fixture_turn(&f);
    fixture_turn(&f);
    cr_assert_eq(f.blocks_ended, 0);
    cr_assert_not(f.client->closed);
    hold_fill(&f.holds[0].hold, BYTES_LITERAL("+a\r\n"));
    session_unblock(&f.blocker);
    fixture_turn(&f);
    fixture_turn(&f);
    EXPECT_STR(fixture_received(&f), "+a\r\n$1\r\nb\r\n");
    cr_expect(f.client->closed);
}

Test(session, unblocking_from_outside_tells_the_command_how)
{
    turn_with("block\r\n");
    cr_expect(session_end_block(f.session, BLOCK_ERROR));
    cr_expect_eq(f.last_end, BLOCK_ERROR);
    cr_expect_not(session_end_block(f.session, BLOCK_TIMEOUT));
}

Test(session, a_client_that_stops_sending_still_gets_its_held_replies)
{
    memory_client_send(f.client, "hold a\r\nsay b\r\n");
    memory_client_end(f.client);
    fixture_turn(&f);
    fixture_turn(&f);
    cr_expect_not(f.client->closed);
    hold_release(&f.holds[0].hold);
    fixture_turn(&f);
    EXPECT_STR(fixture_received(&f), "$1\r\na\r\n$1\r\nb\r\n");
    cr_expect(f.client->closed);
}

static void publish(const char *message)
{
    pubsub_publish(f.pubsub, PUBSUB_CHANNEL, BYTES_LITERAL("c"), bytes_of_string(message));
}

Test(session, a_message_comes_before_the_answer_of_a_command_that_waits)
{
    pubsub_subscribe(&f.session->subscriber, PUBSUB_CHANNEL, BYTES_LITERAL("c"));
    turn_with("later\r\nlater\r\nblock\r\n");
    publish("m");
    publish("n");
    fixture_turn(&f);
    EXPECT_STR(fixture_received(&f), "");
    hold_fill(&f.holds[0].hold, BYTES_LITERAL("+a\r\n"));
    fixture_turn(&f);
    EXPECT_STR(fixture_received(&f), "+a\r\n"
                                     "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nm\r\n"
                                     "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nn\r\n");
    hold_fill(&f.holds[1].hold, BYTES_LITERAL("+b\r\n"));
    session_unblock(&f.blocker);
    fixture_turn(&f);
    EXPECT_STR(fixture_received(&f), "+b\r\n");
}

Test(session, a_message_waits_behind_a_reply_that_waits_for_its_commit)
{
    pubsub_subscribe(&f.session->subscriber, PUBSUB_CHANNEL, BYTES_LITERAL("c"));
    turn_with("hold a\r\nblock\r\n");
    publish("m");
    fixture_turn(&f);
    EXPECT_STR(fixture_received(&f), "");
    hold_release(&f.holds[0].hold);
    fixture_turn(&f);
    EXPECT_STR(fixture_received(&f), "$1\r\na\r\n"
                                     "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nm\r\n");
    session_unblock(&f.blocker);
}

Test(session, one_that_closes_gets_its_replies_and_no_message_more)
{
    pubsub_subscribe(&f.session->subscriber, PUBSUB_CHANNEL, BYTES_LITERAL("c"));
    turn_with("hold a\r\nquit\r\n");
    publish("m");
    hold_release(&f.holds[0].hold);
    fixture_turn(&f);
    EXPECT_STR(fixture_received(&f), "$1\r\na\r\n+OK\r\n");
}

Test(session, closing_abandons_its_holds)
{
    turn_with("hold a\r\nhold b\r\n");
    session_close(f.session, NULL);
    fixture_turn(&f);
    cr_expect_eq(f.abandoned, 2);
    cr_expect(f.client->closed);
}

Test(session, quit_answers_and_then_closes_and_executes_nothing_more)
{
    turn_with("quit\r\nsay a\r\n");
    EXPECT_STR(fixture_received(&f), "+OK\r\n");
    EXPECT_STR(fixture_executed(&f), "quit;");
    cr_expect(f.client->closed);
}

Test(session, a_protocol_error_answers_what_came_before_it_and_closes)
{
    turn_with("say a\r\n*1\r\n:1\r\n");
    EXPECT_STR(fixture_received(&f), "$1\r\na\r\n-ERR Protocol error: expected '$', got ':'\r\n");
    cr_expect(f.client->closed);
    cr_expect_eq(f.all->stats.protocol_errors, 1);
}

Test(session, pauses_at_the_limit_of_held_replies_and_goes_on_when_some_are_let_go)
{
    f.config.client_replies_max = 2;
    turn_with("hold a\r\nhold b\r\nhold c\r\n");
    EXPECT_STR(fixture_executed(&f), "hold a;hold b;");
    fixture_turn(&f);
    EXPECT_STR(fixture_executed(&f), "");
    cr_expect_not(sessions_pending(f.all, true), "a paused session must not keep the loop busy");
    hold_release(&f.holds[0].hold);
    fixture_turn(&f);
    fixture_turn(&f);
    EXPECT_STR(fixture_executed(&f), "hold c;");
}

Test(session, only_sessions_that_append_pause_when_too_much_is_to_be_written)
{
    f.overloaded = true;
    turn_with("say a\r\n");
    EXPECT_STR(fixture_executed(&f), "say a;");
    f.session->produces = true;
    turn_with("say b\r\n");
    EXPECT_STR(fixture_executed(&f), "");
    f.overloaded = false;
    fixture_turn(&f);
    fixture_turn(&f);
    EXPECT_STR(fixture_executed(&f), "say b;");
}

Test(session, goes_on_in_the_next_turn_when_its_replies_come_to_much)
{
    memory_client_make_room(f.client, 10 * FIXTURE_BIG_BYTES);
    memory_client_send(f.client, "big\r\nbig\r\nbig\r\nbig\r\nsay a\r\n");
    memory_client_end(f.client);
    fixture_turn(&f);
    EXPECT_STR(fixture_executed(&f), "big;big;");
    cr_expect(sessions_pending(f.all, true));
    fixture_turn(&f);
    EXPECT_STR(fixture_executed(&f), "big;big;");
    cr_expect_not(f.client->closed, "the end of the input does not cut off what was sent before");
    fixture_turn(&f);
    fixture_turn(&f);
    EXPECT_STR(fixture_executed(&f), "say a;");
    cr_expect(f.client->closed);
}

Test(session, pauses_while_its_client_reads_nothing_and_goes_on_when_it_does)
{
    memory_client_make_room(f.client, 0);
    struct buf pipeline = {0};
    for (int i = 0; i < 500; i++)
        buf_append_string(&pipeline, "big\r\n");
    buf_append_char(&pipeline, '\0');
    memory_client_send(f.client, pipeline.data);
    buf_deinit(&pipeline);
    for (int i = 0; i < 300; i++)
        fixture_turn(&f);
    size_t executed = strlen(fixture_executed(&f)) / strlen("big;");
    cr_expect_lt(executed, 450);
    cr_expect_gt(executed, 400);
    cr_expect_not(sessions_pending(f.all, true));
    memory_client_make_room(f.client, 10 * FIXTURE_BIG_BYTES);
    for (int i = 0; i < 20; i++)
        fixture_turn(&f);
    cr_expect_eq(strlen(fixture_executed(&f)) / strlen("big;"), 10);
}

Test(session, a_paused_session_whose_peer_stops_sending_is_finished_first)
{
    f.config.client_replies_max = 1;
    memory_client_send(f.client, "hold a\r\nsay b\r\n");
    memory_client_end(f.client);
    fixture_turn(&f);
    cr_expect_not(f.client->closed);
    hold_release(&f.holds[0].hold);
    for (int i = 0; i < 3; i++)
        fixture_turn(&f);
    EXPECT_STR(fixture_received(&f), "$1\r\na\r\n$1\r\nb\r\n");
    cr_expect(f.client->closed);
}

Test(session, a_paused_session_with_nothing_left_to_execute_is_closed_when_its_peer_is_gone)
{
    f.config.client_replies_max = 2;
    turn_with("hold a\r\nhold b\r\n");
    memory_client_end(f.client);
    fixture_turn(&f);
    hold_release(&f.holds[0].hold);
    hold_release(&f.holds[1].hold);
    fixture_turn(&f);
    fixture_turn(&f);
    EXPECT_STR(fixture_received(&f), "$1\r\na\r\n$1\r\nb\r\n");
    cr_expect(f.client->closed);
    cr_expect_not(sessions_pending(f.all, true));
}

Test(session, goes_on_writing_when_a_full_socket_has_room_again)
{
    f.client->room = 3;
    turn_with("say hello\r\n");
    EXPECT_STR(fixture_received(&f), "$5\r");
    memory_client_make_room(f.client, 100);
    fixture_turn(&f);
    EXPECT_STR(fixture_received(&f), "\nhello\r\n");
}

Test(session, a_receiver_over_the_hard_limit_is_disconnected_and_counted)
{
    f.config.output_limits[CONFIG_CLASS_PUBSUB].hard_bytes = 100;
    sessions_configured(f.all);
    turn_with("say a\r\n");
    pubsub_subscribe(&f.session->subscriber, PUBSUB_CHANNEL, BYTES_LITERAL("c"));
    f.client->room = 0;
    for (int i = 0; i < 10; i++)
        pubsub_publish(f.pubsub, PUBSUB_CHANNEL, BYTES_LITERAL("c"), BYTES_LITERAL("message"));
    cr_expect(f.session->dead);
    cr_expect_eq(f.all->stats.output_limit_disconnects, 1);
    fixture_turn(&f);
    cr_expect(f.client->closed);
}

Test(session, the_soft_limit_disconnects_only_after_its_seconds)
{
    f.config.output_limits[CONFIG_CLASS_NORMAL] = (struct config_output_limit){0, 5, 10};
    sessions_configured(f.all);
    f.client->room = 0;
    turn_with("say hello\r\n");
    f.clock.mono_us += 9000000;
    fixture_turn(&f);
    cr_expect_not(f.client->closed);
    f.clock.mono_us += 3000000;
    fixture_turn(&f);
    cr_expect(f.client->closed);
}

Test(session, is_closed_when_idle_for_longer_than_the_timeout)
{
    f.config.timeout_s = 5;
    sessions_configured(f.all);
    turn_with("say a\r\n");
    f.clock.mono_us += 4000000;
    fixture_turn(&f);
    cr_expect_not(f.client->closed);
    f.clock.mono_us += 3000000;
    fixture_turn(&f);
    cr_expect(f.client->closed);
}

Test(session, input_over_its_limit_is_refused_and_counted)
{
    f.config.client_query_buffer_limit = 100;
    turn_with("*2\r\n$3\r\nsay\r\n$100000\r\n");
    for (int i = 0; i < 10; i++)
        turn_with("aaaaaaaaaaaaaaaaaaaa");
    cr_expect(f.client->closed);
    cr_expect_eq(f.all->stats.query_limit_disconnects, 1);
}

Test(session, a_transaction_over_the_input_limit_is_refused_and_counted)
{
    f.config.client_query_buffer_limit = 1000;
    for (int i = 0; i < 100; i++)
        turn_with("queue abc\r\n");
    cr_expect(f.client->closed);
    cr_expect_eq(f.all->stats.query_limit_disconnects, 1);
}

Test(session, a_mute_session_executes_without_answering)
{
    turn_with("say a\r\n");
    fixture_received(&f);
    f.session->reply_mode = SESSION_REPLY_OFF;
    turn_with("say b\r\nsay c\r\n");
    EXPECT_STR(fixture_received(&f), "");
    f.session->reply_mode = SESSION_REPLY_ON;
    turn_with("say d\r\n");
    EXPECT_STR(fixture_received(&f), "$1\r\nd\r\n");
    EXPECT_STR(fixture_executed(&f), "say a;say b;say c;say d;");
}

Test(session, connections_over_maxclients_are_told_and_closed)
{
    f.config.maxclients = 1;
    struct memory_client *other = fixture_connect(&f);
    cr_expect(other->closed);
    EXPECT_STR(memory_client_received(other), "-ERR max number of clients reached\r\n");
    cr_expect_eq(f.all->stats.rejected, 1);
    memory_client_destroy(other);
}

Test(session, is_found_by_its_id_until_it_closes)
{
    uint64_t id = f.session->id;
    cr_expect_eq(sessions_find(f.all, id), f.session);
    session_close(f.session, NULL);
    cr_expect_null(sessions_find(f.all, id));
    fixture_turn(&f);
    cr_expect_null(sessions_find(f.all, id));
}
