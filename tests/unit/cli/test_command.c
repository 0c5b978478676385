/* SPDX-License-Identifier: BSD-3-Clause */
/* One command and what is printed of it. */
#include "cli/command.h"
#include "cli/quoting.h"
#include "peer.h"
#include <criterion/criterion.h>
#include <stdlib.h>

struct run {
    struct peer peer;
    enum command_result result;
    char *printed;
    size_t printed_len;
};

static void run_open(struct run *r)
{
    *r = (struct run){0};
    peer_open(&r->peer);
}

static void run_line(struct run *r, const char *line, enum printer_form form)
{
    struct words words = {0};
    FILE *to = open_memstream(&r->printed, &r->printed_len);

    cr_assert(words_split(&words, bytes_of_string(line)));
    r->result = command_run(&r->peer.connection, words.items, words.count,
                            &(struct printer){.form = form}, NULL, to);
    fclose(to);
    words_deinit(&words);
}

static void run_close(struct run *r)
{
    peer_close(&r->peer);
    free(r->printed);
}

Test(command, prints_its_reply)
{
    struct run r;

    run_open(&r);
    peer_says(&r.peer, ":3\r\n");
    run_line(&r, "publish ch hello", PRINTER_TERMINAL);
    cr_expect_eq(r.result, COMMAND_OK);
    cr_expect_str_eq(r.printed, "(integer) 3\n");
    run_close(&r);
}

Test(command, follow_is_printed_a_line_each_on_a_terminal)
{
    struct run r;

    run_open(&r);
    peer_says(&r.peer, "*5\r\n$6\r\nfollow\r\n$1\r\nt\r\n:0\r\n:17\r\n:1\r\n-ERR enough\r\n");
    run_line(&r, "follow t from 17", PRINTER_TERMINAL);
    cr_expect_str_eq(r.printed, "Reading messages... (press Ctrl-C to quit)\n"
                                "following t/0 from offset 17\n(error) ERR enough\n");
    run_close(&r);
}

Test(command, an_error_reply_is_printed_and_told)
{
    struct run r;

    run_open(&r);
    peer_says(&r.peer, "-ERR no\r\n");
    run_line(&r, "foo", PRINTER_TERMINAL);
    cr_expect_eq(r.result, COMMAND_REFUSED);
    cr_expect_str_eq(r.printed, "(error) ERR no\n");
    run_close(&r);
}

Test(command, documents_are_not_quoted)
{
    struct run r;

    run_open(&r);
    peer_says(&r.peer, "$5\r\nid=1\n\r\n");
    run_line(&r, "client list", PRINTER_TERMINAL);
    cr_expect_str_eq(r.printed, "id=1\n");
    run_close(&r);
}

Test(command, subscribing_prints_messages_until_it_is_interrupted)
{
    struct run r;

    run_open(&r);
    peer_says(&r.peer, "*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n"
                       "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$2\r\nhi\r\n");
    peer_interrupts(&r.peer);
    /* The interrupt is there first: what has not been read of the connection goes with it. */
    run_line(&r, "subscribe c", PRINTER_RAW);
    cr_expect_eq(r.result, COMMAND_INTERRUPTED);
    cr_expect_eq(r.peer.connection.fd, -1);
    run_close(&r);
}

Test(command, subscribing_prints_messages_until_the_connection_ends)
{
    struct run r;

    run_open(&r);
    peer_says(&r.peer, ">3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n"
                       ">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$2\r\nhi\r\n");
    peer_hangs_up(&r.peer);
    run_line(&r, "subscribe c", PRINTER_RAW);
    cr_expect_eq(r.result, COMMAND_LOST);
    cr_expect_str_eq(r.printed, "subscribe\nc\n1\nmessage\nc\nhi\n");
    run_close(&r);
}

Test(command, a_refused_subscription_ends_at_once)
{
    struct run r;

    run_open(&r);
    peer_says(&r.peer, "-NOPERM no\r\n");
    run_line(&r, "subscribe c", PRINTER_RAW);
    cr_expect_eq(r.result, COMMAND_REFUSED);
    run_close(&r);
}

Test(command, a_push_before_the_reply_is_printed_and_not_taken_for_it)
{
    struct run r;

    run_open(&r);
    peer_says(&r.peer, ">1\r\n+note\r\n+PONG\r\n");
    run_line(&r, "ping", PRINTER_RAW);
    cr_expect_eq(r.result, COMMAND_OK);
    cr_expect_str_eq(r.printed, "note\nPONG\n");
    run_close(&r);
}

Test(command, unsubscribing_waits_for_every_channel)
{
    struct run r;

    run_open(&r);
    peer_says(&r.peer,
              ">3\r\n+unsubscribe\r\n+a\r\n:0\r\n>3\r\n+unsubscribe\r\n+b\r\n:0\r\n+next\r\n");
    run_line(&r, "unsubscribe a b", PRINTER_RAW);
    cr_expect_eq(r.result, COMMAND_OK);
    cr_expect_str_eq(r.printed, "unsubscribe\na\n0\nunsubscribe\nb\n0\n");
    run_close(&r);
}

Test(command, a_server_that_shuts_down_as_asked_is_no_failure)
{
    struct run r;

    run_open(&r);
    peer_hangs_up(&r.peer);
    run_line(&r, "shutdown", PRINTER_RAW);
    cr_expect_eq(r.result, COMMAND_OK);
    run_close(&r);
}

Test(command, a_lost_connection_is_told)
{
    struct run r;

    run_open(&r);
    peer_hangs_up(&r.peer);
    run_line(&r, "ping", PRINTER_RAW);
    cr_expect_eq(r.result, COMMAND_LOST);
    cr_expect_str_eq(r.peer.connection.error, "Server closed the connection");
    run_close(&r);
}

/* --- beside pushes -------------------------------------------------------------------------------- */

static void count_push(void *ctx, const struct reply *push)
{
    (void)push;
    ++*(int *)ctx;
}

static void ignore_refusal(void *ctx, struct bytes error)
{
    (void)ctx;
    (void)error;
}

static void run_live(struct run *r, const char *line, int *pushes)
{
    const struct command_watch watch = {
        .live = true, .pushed = count_push, .refused = ignore_refusal, .ctx = pushes};
    const struct printer printer = {.tables = true};
    struct words words = {0};
    FILE *to = open_memstream(&r->printed, &r->printed_len);

    cr_assert(words_split(&words, bytes_of_string(line)));
    r->result = command_run(&r->peer.connection, words.items, words.count, &printer, &watch, to);
    fclose(to);
    words_deinit(&words);
}

Test(command, live_a_subscription_ends_when_each_channel_is_confirmed)
{
    struct run r;
    int pushes = 0;

    run_open(&r);
    peer_says(&r.peer, ">3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n"
                       ">3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n"
                       ">3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n");
    run_live(&r, "subscribe a b", &pushes);
    cr_expect_eq(r.result, COMMAND_OK);
    cr_expect_eq(pushes, 3);
    cr_expect_str_eq(r.printed, "listening to channel a (1 in all)\na  \"hi\"\n"
                                "listening to channel b (2 in all)\n");
    run_close(&r);
}

Test(command, live_a_push_is_no_reply)
{
    struct run r;
    int pushes = 0;

    run_open(&r);
    peer_says(&r.peer, ">3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n+PONG\r\n");
    run_live(&r, "ping", &pushes);
    cr_expect_eq(pushes, 1);
    cr_expect_str_eq(r.printed, "a  \"hi\"\nPONG\n");
    run_close(&r);
}

Test(command, live_following_ends_with_the_first_confirmation_or_an_error)
{
    struct run r;
    int pushes = 0;

    run_open(&r);
    peer_says(&r.peer, ">5\r\n$6\r\nfollow\r\n$1\r\nt\r\n:0\r\n:17\r\n:1\r\n");
    run_live(&r, "follow t from 17", &pushes);
    cr_expect_eq(r.result, COMMAND_OK);
    cr_expect_str_eq(r.printed, "following t/0 from offset 17\n");
    run_close(&r);

    run_open(&r);
    peer_says(&r.peer, "-UNKNOWNTOPIC no\r\n");
    run_live(&r, "follow t", &pushes);
    cr_expect_eq(r.result, COMMAND_REFUSED);
    cr_expect_eq(pushes, 1);
    run_close(&r);
}

Test(command, records_are_a_table_for_people_only)
{
    struct run r;
    int pushes = 0;

    run_open(&r);
    peer_says(&r.peer, "*1\r\n*5\r\n:0\r\n:1767225600000\r\n$-1\r\n$1\r\nv\r\n*0\r\n");
    run_live(&r, "fetch t 0 0", &pushes);
    cr_expect_str_eq(r.printed,
                     "partition  offset  time                      key    value  headers\n"
                     "t/0             0  2026-01-01T00:00:00.000Z  (nil)  \"v\"\n");
    run_close(&r);

    run_open(&r);
    peer_says(&r.peer, "*1\r\n*5\r\n:0\r\n:1767225600000\r\n$-1\r\n$1\r\nv\r\n*0\r\n");
    run_line(&r, "fetch t 0 0", PRINTER_RAW);
    cr_expect_str_eq(r.printed, "0\n1767225600000\n\nv\n\n");
    run_close(&r);
}

/* --- refusals ------------------------------------------------------------------------------------- */

static void keep_error(void *ctx, struct bytes error)
{
    buf_append_bytes(ctx, error);
}

Test(command, who_watches_hears_of_a_refusal)
{
    struct run r;
    struct buf error = {0};
    const struct command_watch watch = {.refused = keep_error, .ctx = &error};
    const struct printer printer = {.form = PRINTER_RAW};
    const struct bytes words[] = {BYTES_LITERAL("PING")};

    run_open(&r);
    peer_answers(&r.peer, "-ERR not now\r\n");
    peer_serves(&r.peer, false);
    FILE *to = open_memstream(&r.printed, &r.printed_len);
    r.result = command_run(&r.peer.connection, words, 1, &printer, &watch, to);
    fclose(to);
    cr_expect_eq(r.result, COMMAND_REFUSED);
    cr_expect(bytes_equal(buf_bytes(&error), BYTES_LITERAL("ERR not now")));
    buf_deinit(&error);
    run_close(&r);
}

Test(command, what_a_group_is_explained_with_are_sentences)
{
    struct run r;
    int pushes = 0;

    run_open(&r);
    peer_answers(&r.peer, "*2\r\n$6\r\nIt is.\r\n$10\r\nIt is not.\r\n");
    peer_serves(&r.peer, false);
    run_live(&r, "group explain g", &pushes);
    cr_expect_str_eq(r.printed, "It is.\nIt is not.\n");
    run_close(&r);
}
