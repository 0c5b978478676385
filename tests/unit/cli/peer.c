/* SPDX-License-Identifier: BSD-3-Clause */
/* The scripted server's end. */
#include "peer.h"
#include "resp/request.h"
#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

void peer_open(struct peer *p)
{
    const struct connection_target target = {.host = "test", .port = 1};
    int ends[2];

    *p = (struct peer){.fd = -1};
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    cr_assert_eq(pipe2(p->interrupt_pipe, O_NONBLOCK), 0);
    connection_init(&p->connection, &target, p->interrupt_pipe[0]);
    connection_attach(&p->connection, ends[0]);
    p->fd = ends[1];
}

void peer_answers(struct peer *p, const char *resp)
{
    cr_assert_lt(p->answer_count, PEER_ANSWERS_MAX);
    p->answers[p->answer_count++] = resp;
}

/* Reads on until the client is gone; `understood` is how far commands were answered. */
static void *peer_thread(void *arg)
{
    struct peer *p = arg;
    struct request request;
    size_t answered = 0, understood = 0, consumed;

    request_init(&request);
    request.authenticated = true;
    for (;;) {
        if (p->hangs_up && answered == p->answer_count)
            shutdown(p->fd, SHUT_WR);
        ssize_t got = recv(p->fd, buf_reserve(&p->received, 65536), 65536, 0);
        if (got <= 0)
            break;
        p->received.len += (size_t)got;
        while (answered < p->answer_count &&
               request_read(&request,
                            bytes_of(p->received.data + understood, p->received.len - understood),
                            &consumed) == REQUEST_READY) {
            const char *answer = p->answers[answered++];

            understood += consumed;
            if (send(p->fd, answer, strlen(answer), MSG_NOSIGNAL) < 0)
                break;
        }
    }
    request_deinit(&request);
    return NULL;
}

void peer_serves(struct peer *p, bool hangs_up_behind)
{
    p->hangs_up = hangs_up_behind;
    cr_assert_eq(pthread_create(&p->thread, NULL, peer_thread, p), 0);
    p->serving = true;
}

/* The client is done: what it sent is read to its end. */
static void peer_join(struct peer *p)
{
    if (!p->serving)
        return;
    connection_close(&p->connection);
    cr_assert_eq(pthread_join(p->thread, NULL), 0);
    p->serving = false;
}

void peer_close(struct peer *p)
{
    peer_join(p);
    connection_close(&p->connection);
    close(p->fd);
    close(p->interrupt_pipe[0]);
    close(p->interrupt_pipe[1]);
    buf_deinit(&p->received);
}

void peer_says(struct peer *p, const char *resp)
{
    cr_assert_eq(write(p->fd, resp, strlen(resp)), (ssize_t)strlen(resp));
}

void peer_hangs_up(struct peer *p)
{
    cr_assert_eq(shutdown(p->fd, SHUT_WR), 0);
}

void peer_interrupts(struct peer *p)
{
    cr_assert_eq(write(p->interrupt_pipe[1], "!", 1), 1);
}

const char *peer_received(struct peer *p)
{
    ssize_t got;

    peer_join(p);
    do {
        got = recv(p->fd, buf_reserve(&p->received, 65536), 65536, MSG_DONTWAIT);
        if (got > 0)
            p->received.len += (size_t)got;
    } while (got > 0);
    size_t out = 0;
    for (size_t i = 0; i < p->received.len; i++) {
        char c = p->received.data[i];

        if (c != '\r')
            p->received.data[out++] = c == '\n' ? ' ' : c;
    }
    p->received.len = out;
    buf_append_char(&p->received, '\0');
    p->received.len--;
    return p->received.data;
}

int text_fd(const char *text, size_t len)
{
    int ends[2];

    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(write(ends[1], text, len), (ssize_t)len);
    close(ends[1]);
    return ends[0];
}
