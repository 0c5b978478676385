/* SPDX-License-Identifier: BSD-3-Clause */
/* The connection against a peer that has spoken beforehand. */
#include "cli/connection.h"
#include "peer.h"
#include <criterion/criterion.h>
#include <unistd.h>

static enum connection_event wait_now(struct peer *p, int input_fd, struct reply **reply)
{
    return connection_wait(&p->connection, input_fd, 0, reply);
}

Test(connection, sends_commands_as_arrays_of_bulk_strings)
{
    struct peer p;
    struct reply *reply;

    peer_open(&p);
    connection_begin_command(&p.connection, 3);
    connection_add_string(&p.connection, "FETCH");
    connection_add_word(&p.connection, bytes_of("", 0));
    connection_add_number(&p.connection, -12);
    cr_expect_eq(wait_now(&p, -1, &reply), CONNECTION_TIMEOUT);
    cr_expect_str_eq(peer_received(&p), "*3 $5 FETCH $0  $3 -12 ");
    peer_close(&p);
}

Test(connection, gives_replies_one_by_one)
{
    struct peer p;
    struct reply *reply = NULL;

    peer_open(&p);
    peer_says(&p, "+first\r\n:2\r\n$5\r\nwh");
    cr_assert_eq(wait_now(&p, -1, &reply), CONNECTION_REPLY);
    cr_expect(bytes_is(reply->text, "first"));
    reply_free(reply);
    cr_assert_eq(wait_now(&p, -1, &reply), CONNECTION_REPLY);
    cr_expect_eq(reply->integer, 2);
    reply_free(reply);
    cr_assert_eq(wait_now(&p, -1, &reply), CONNECTION_TIMEOUT);
    peer_says(&p, "ole\r\n");
    cr_assert_eq(wait_now(&p, -1, &reply), CONNECTION_REPLY);
    cr_expect(bytes_is(reply->text, "whole"));
    reply_free(reply);
    peer_close(&p);
}

Test(connection, reads_what_the_server_said_before_it_hung_up)
{
    struct peer p;
    struct reply *reply = NULL;

    peer_open(&p);
    peer_says(&p, "+last\r\n");
    peer_hangs_up(&p);
    cr_assert_eq(wait_now(&p, -1, &reply), CONNECTION_REPLY);
    reply_free(reply);
    cr_expect(!connection_alive(&p.connection));
    cr_expect_eq(wait_now(&p, -1, &reply), CONNECTION_LOST);
    cr_expect_str_eq(p.connection.error, "Server closed the connection");
    cr_expect_eq(p.connection.fd, -1);
    cr_expect_eq(wait_now(&p, -1, &reply), CONNECTION_LOST);
    peer_close(&p);
}

Test(connection, what_is_not_resp_ends_it)
{
    struct peer p;
    struct reply *reply = NULL;

    peer_open(&p);
    peer_says(&p, "HTTP/1.1 400\r\n");
    cr_expect_eq(wait_now(&p, -1, &reply), CONNECTION_LOST);
    cr_expect_neq(p.connection.error[0], '\0');
    peer_close(&p);
}

Test(connection, an_interrupt_comes_before_input_and_behind_a_reply_at_hand)
{
    struct peer p;
    struct reply *reply = NULL;
    int input_fd = text_fd("x", 1);

    peer_open(&p);
    cr_expect_eq(wait_now(&p, input_fd, &reply), CONNECTION_INPUT);
    peer_says(&p, "+one\r\n+two\r\n");
    cr_assert_eq(wait_now(&p, input_fd, &reply), CONNECTION_REPLY);
    reply_free(reply);
    peer_interrupts(&p);
    cr_assert_eq(wait_now(&p, input_fd, &reply), CONNECTION_REPLY);
    reply_free(reply);
    cr_expect_eq(wait_now(&p, input_fd, &reply), CONNECTION_INTERRUPTED);
    close(input_fd);
    peer_close(&p);
}

Test(connection, a_refused_connection_is_named)
{
    const struct connection_target target = {.host = "127.0.0.1", .port = 1};
    struct connection c;

    connection_init(&c, &target, -1);
    cr_expect_eq(connection_open(&c), ERR_IO);
    cr_expect_str_eq(c.error, "Could not connect to Echolog at 127.0.0.1:1: Connection refused");
    cr_expect(!connection_alive(&c));
    connection_close(&c);
}
