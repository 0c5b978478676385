/* SPDX-License-Identifier: BSD-3-Clause */
#include "lab/learner.h"
#include "base/words.h"
#include "cli/connection.h"
#include "cli/interrupt.h"
#include "cli/text.h"
#include "lab/lanes.h"
#include "lab/prose.h"
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#define READ_BYTES 4096

void learner_deinit(struct learner *l)
{
    buf_deinit(&l->typed);
}

struct style learner_style(const struct learner *l)
{
    return l->terminal ? style_of_terminal(fileno(l->out)) : (struct style){0};
}

void learner_print(struct learner *l, struct buf *text)
{
    text_write(buf_bytes(text), l->out);
    fflush(l->out);
    buf_clear(text);
}

void learner_prose(struct learner *l, const char *first, struct bytes text)
{
    struct style style = learner_style(l);
    struct buf out = {0};

    prose_append(&out, first, text, style.width > 0 ? style.width : LANES_WIDTH_DEFAULT);
    learner_print(l, &out);
    buf_deinit(&out);
}

void learner_heading(struct learner *l, const char *text)
{
    struct style style = learner_style(l);
    struct buf out = {0};

    style_append(&out, &style, STYLE_HEADING, bytes_of_string(text));
    buf_append_char(&out, '\n');
    learner_print(l, &out);
    buf_deinit(&out);
}

/* --- what they type ------------------------------------------------------------------------------- */

/* Waits for a line or an interrupt. 1: there is input; 0: time is up; -1: they want to stop. */
static int await(const struct learner *l, int64_t ms)
{
    struct pollfd polled[] = {{.fd = l->interrupt_fd, .events = POLLIN},
                              {.fd = l->in_fd, .events = POLLIN}};
    int64_t deadline_ms = connection_now_ms() + ms;

    for (;;) {
        int64_t left = ms < 0 ? -1 : deadline_ms - connection_now_ms();
        int ready = poll(polled, 2, ms < 0 ? -1 : left < 0 ? 0 : (int)left);

        if (ready < 0 && errno == EINTR)
            continue;
        if (ready > 0 && polled[0].revents != 0)
            return -1;
        return ready > 0 ? 1 : 0;
    }
}

/* False at the end of their input. */
static bool read_typed(struct learner *l)
{
    ssize_t got = read(l->in_fd, buf_reserve(&l->typed, READ_BYTES), READ_BYTES);

    if (got > 0)
        l->typed.len += (size_t)got;
    return got > 0 || (got < 0 && (errno == EINTR || errno == EAGAIN));
}

static bool leave(struct learner *l)
{
    l->left = true;
    return false;
}

/* Takes a whole line from what was typed. */
static bool take_line(struct learner *l, struct buf *line)
{
    const char *end = l->typed.len > 0 ? memchr(l->typed.data, '\n', l->typed.len) : NULL;
    size_t from = 0, to;

    if (end == NULL)
        return false;
    to = (size_t)(end - l->typed.data);
    size_t taken = to + 1;
    while (from < to && word_is_blank(l->typed.data[from]))
        from++;
    while (to > from && word_is_blank(l->typed.data[to - 1]))
        to--;
    buf_clear(line);
    buf_append(line, l->typed.data + from, to - from);
    buf_consume(&l->typed, taken);
    return true;
}

bool learner_pause(struct learner *l, int64_t ms)
{
    struct buf line = {0};

    if (l->left)
        return false;
    if (ms > 0)
        fflush(l->out);
    int ready = await(l, ms);
    if (ready < 0)
        return leave(l);
    if (ready > 0 && ms > 0) {
        if (!read_typed(l))
            return leave(l);
        while (take_line(l, &line))
            if (bytes_is(buf_bytes(&line), "q"))
                leave(l);
    }
    buf_deinit(&line);
    return !l->left;
}

/* What was typed while something played was meant for that, and is no answer. */
static void drop_typed(struct learner *l)
{
    if (!l->quiet.on)
        return;
    tcflush(l->in_fd, TCIFLUSH);
    buf_clear(&l->typed);
    quiet_end(&l->quiet);
}

bool learner_ask(struct learner *l, const char *prompt, struct buf *line)
{
    if (l->left)
        return false;
    drop_typed(l);
    fputs(prompt, l->out);
    fflush(l->out);
    while (!take_line(l, line)) {
        if (await(l, -1) < 0 || !read_typed(l)) {
            fputc('\n', l->out); /* behind the prompt, and a ^C */
            return leave(l);
        }
    }
    quiet_again(&l->quiet);
    return true;
}
