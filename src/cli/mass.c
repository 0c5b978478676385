/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/mass.h"
#include "cli/exit_status.h"
#include "cli/interrupt.h"
#include <errno.h>
#include <sys/random.h>
#include <unistd.h>

#define MARK_BYTES 20

struct mass {
    struct connection *connection; /* borrowed */
    FILE *to, *errors;
    char mark[MARK_BYTES]; /* what comes back behind the last reply */
    bool ended;            /* all of the input was queued, the mark behind it */
    bool complete;         /* the mark came back */
    bool failed;           /* nothing more can be done */
    uint64_t reply_count, error_count;
};

static void mass_make_mark(struct mass *m)
{
    unsigned char chance[MARK_BYTES];

    if (getrandom(chance, sizeof(chance), 0) != (ssize_t)sizeof(chance))
        memset(chance, 0, sizeof(chance));
    for (size_t i = 0; i < MARK_BYTES; i++)
        m->mark[i] = (char)('a' + chance[i] % 26);
}

/* The line end in front closes an inline command that has none. */
static void mass_end(struct mass *m)
{
    struct connection *c = m->connection;

    connection_add_raw(c, BYTES_LITERAL("\r\n"));
    connection_begin_command(c, 2);
    connection_add_string(c, "ECHO");
    connection_add_word(c, bytes_of(m->mark, MARK_BYTES));
    m->ended = true;
    fputs("All data transferred. Waiting for the last reply...\n", m->to);
    fflush(m->to);
}

static void mass_fill(struct mass *m, int input_fd)
{
    char data[MASS_READ_BYTES];
    ssize_t got = read(input_fd, data, sizeof(data));

    if (got > 0)
        connection_add_raw(m->connection, bytes_of(data, (size_t)got));
    else if (got == 0)
        mass_end(m);
    else if (errno != EINTR && errno != EAGAIN) {
        fprintf(m->errors, "cannot read the commands: %s\n", strerror(errno));
        m->failed = true;
    }
}

static void mass_reply(struct mass *m, const struct reply *reply)
{
    if (m->ended && reply->kind == REPLY_BULK &&
        bytes_equal(reply->text, bytes_of(m->mark, MARK_BYTES))) {
        fputs("Last reply received from server.\n", m->to);
        m->complete = true;
        return;
    }
    if (reply->kind == REPLY_PUSH)
        return;
    m->reply_count++;
    if (reply->kind == REPLY_ERROR) {
        m->error_count++;
        fprintf(m->errors, "%.*s\n", (int)reply->text.len, reply->text.data);
    }
}

static void mass_turn(struct mass *m, int input_fd, int timeout_ms)
{
    struct connection *c = m->connection;
    struct reply *reply = NULL;

    switch (connection_wait(c, m->ended ? -1 : input_fd, m->ended ? timeout_ms : CONNECTION_FOREVER,
                            &reply)) {
    case CONNECTION_REPLY:
        mass_reply(m, reply);
        reply_free(reply);
        return;
    case CONNECTION_INPUT:
        mass_fill(m, input_fd);
        return;
    case CONNECTION_TIMEOUT:
        fprintf(m->errors, "No replies for %d seconds: exiting.\n", timeout_ms / 1000);
        break;
    case CONNECTION_INTERRUPTED:
        interrupt_clear(c->interrupt_fd);
        fputs("interrupted\n", m->errors);
        break;
    case CONNECTION_LOST:
        fprintf(m->errors, "Error: %s\n", c->error);
        break;
    }
    m->failed = true;
}

int mass_run(struct connection *c, int input_fd, int64_t timeout_ms, FILE *to, FILE *errors)
{
    struct mass m = {.connection = c, .to = to, .errors = errors};

    mass_make_mark(&m);
    while (!m.complete && !m.failed)
        mass_turn(&m, input_fd, (int)timeout_ms);
    fprintf(to, "errors: %llu, replies: %llu\n", (unsigned long long)m.error_count,
            (unsigned long long)m.reply_count);
    if (m.failed)
        return EXIT_STATUS_FAILED;
    return m.error_count > 0 ? EXIT_STATUS_REFUSED : EXIT_STATUS_OK;
}
