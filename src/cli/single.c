/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/single.h"
#include "base/mem.h"
#include "cli/command.h"
#include "cli/exit_status.h"
#include <errno.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#define READ_BYTES (64 * 1024)

/* All of the input. False: standard error says why not. */
static bool read_all(int fd, struct buf *text)
{
    for (;;) {
        ssize_t got = read(fd, buf_reserve(text, READ_BYTES), READ_BYTES);

        if (got == 0)
            return true;
        if (got < 0 && errno == EINTR)
            continue;
        if (got > 0)
            text->len += (size_t)got;
        if (got < 0 || text->len > SINGLE_INPUT_BYTES_MAX) {
            fprintf(stderr, "cannot read the last argument: %s\n",
                    got < 0 ? strerror(errno) : "it is too long");
            return false;
        }
    }
}

/* False: the user wants to stop. */
static bool wait_us(int interrupt_fd, int64_t us)
{
    struct pollfd polled = {.fd = interrupt_fd, .events = POLLIN};
    struct timespec time = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};

    return us == 0 || ppoll(&polled, 1, &time, NULL) == 0;
}

static int repeat(struct connection *c, const struct single *s, const struct bytes *words,
                  size_t count, const struct printer *p, FILE *to)
{
    int status = EXIT_STATUS_OK;

    for (int64_t i = 0; s->repeat == SINGLE_FOREVER || i < s->repeat; i++) {
        if (i > 0 && !wait_us(c->interrupt_fd, s->interval_us))
            return status;
        switch (command_run(c, words, count, p, NULL, to)) {
        case COMMAND_OK:
            break;
        case COMMAND_REFUSED:
            status = EXIT_STATUS_REFUSED;
            break;
        case COMMAND_LOST:
            fprintf(stderr, "Error: %s\n", c->error);
            return EXIT_STATUS_FAILED;
        case COMMAND_INTERRUPTED:
            return status;
        }
    }
    return status;
}

int single_run(struct connection *c, const struct single *s, const struct printer *p, FILE *to)
{
    size_t count = s->count + (s->last_from_input ? 1 : 0);
    struct bytes *words = mem_zalloc(count, sizeof(*words));
    struct buf last = {0};
    int status = EXIT_STATUS_FAILED;

    for (size_t i = 0; i < s->count; i++)
        words[i] = bytes_of_string(s->words[i]);
    if (!s->last_from_input || read_all(s->input_fd, &last)) {
        if (s->last_from_input)
            words[s->count] = buf_bytes(&last);
        if (c->fd >= 0 || connection_open_or_say(c))
            status = repeat(c, s, words, count, p, to);
    }
    buf_deinit(&last);
    mem_free(words);
    return status;
}
