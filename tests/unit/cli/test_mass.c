/* SPDX-License-Identifier: BSD-3-Clause */
/* Mass insertion. */
#include "cli/exit_status.h"
#include "cli/mass.h"
#include "peer.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

struct run {
    struct peer peer;
    int status;
    char *printed, *errors;
    size_t printed_len, errors_len;
};

static void run_text(struct run *r, const char *text, int64_t timeout_ms)
{
    FILE *to = open_memstream(&r->printed, &r->printed_len);
    FILE *errors = open_memstream(&r->errors, &r->errors_len);
    int input_fd = text_fd(text, strlen(text));

    r->status = mass_run(&r->peer.connection, input_fd, timeout_ms, to, errors);
    fclose(to);
    fclose(errors);
    close(input_fd);
}

static void run_close(struct run *r)
{
    peer_close(&r->peer);
    free(r->printed);
    free(r->errors);
}

/* A server that answers each command with the same words, and an ECHO as it should. */
struct echoing {
    struct peer *peer;
    const char *answer;
    pthread_t thread;
};

static void *echoing_thread(void *arg)
{
    struct echoing *e = arg;
    struct buf in = {0};
    const char *echo = NULL;

    while (echo == NULL || in.len < (size_t)(echo - in.data) + strlen("ECHO\r\n$20\r\n") + 22) {
        ssize_t got = read(e->peer->fd, buf_reserve(&in, 4096), 4096);

        if (got <= 0)
            break;
        in.len += (size_t)got;
        echo = memmem(in.data, in.len, "ECHO\r\n", 6);
    }
    peer_says(e->peer, e->answer);
    if (echo != NULL) {
        cr_assert_eq(write(e->peer->fd, echo + 6, 27), 27); /* $20 and the word */
    }
    buf_deinit(&in);
    return NULL;
}

static void run_echoing(struct run *r, const char *text, const char *answer)
{
    struct echoing e = {.peer = &r->peer, .answer = answer};

    peer_open(&r->peer);
    cr_assert_eq(pthread_create(&e.thread, NULL, echoing_thread, &e), 0);
    run_text(r, text, CONNECTION_FOREVER);
    cr_assert_eq(pthread_join(e.thread, NULL), 0);
}

Test(mass, counts_replies_up_to_its_mark)
{
    struct run r = {0};

    run_echoing(&r, "*1\r\n$4\r\nPING\r\nPING x", "+PONG\r\n$1\r\nx\r\n");
    cr_expect_eq(r.status, EXIT_STATUS_OK);
    cr_expect_str_eq(r.printed, "All data transferred. Waiting for the last reply...\n"
                                "Last reply received from server.\nerrors: 0, replies: 2\n");
    cr_expect_str_eq(r.errors, "");
    run_close(&r);
}

Test(mass, error_replies_are_told_and_counted)
{
    struct run r = {0};

    run_echoing(&r, "FOO\r\nPING\r\n", "-ERR no such\r\n+PONG\r\n");
    cr_expect_eq(r.status, EXIT_STATUS_REFUSED);
    cr_expect_str_eq(r.errors, "ERR no such\n");
    cr_expect(strstr(r.printed, "errors: 1, replies: 2\n") != NULL);
    run_close(&r);
}

Test(mass, a_lost_connection_fails_and_counts_what_came)
{
    struct run r = {0};

    peer_open(&r.peer);
    peer_says(&r.peer, "+PONG\r\n");
    peer_hangs_up(&r.peer);
    run_text(&r, "PING\r\nPING\r\n", CONNECTION_FOREVER);
    cr_expect_eq(r.status, EXIT_STATUS_FAILED);
    cr_expect(strstr(r.printed, "errors: 0, replies: 1\n") != NULL);
    run_close(&r);
}

Test(mass, gives_up_when_no_reply_comes)
{
    struct run r = {0};

    peer_open(&r.peer);
    run_text(&r, "PING\r\n", 1);
    cr_expect_eq(r.status, EXIT_STATUS_FAILED);
    cr_expect(strstr(r.errors, "No replies for") != NULL);
    run_close(&r);
}

Test(mass, an_interrupt_ends_it)
{
    struct run r = {0};

    peer_open(&r.peer);
    peer_interrupts(&r.peer);
    run_text(&r, "PING\r\n", CONNECTION_FOREVER);
    cr_expect_str_eq(r.errors, "interrupted\n");
    run_close(&r);
}
