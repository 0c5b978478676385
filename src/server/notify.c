/* SPDX-License-Identifier: BSD-3-Clause */
#include "server/notify.h"

#include "base/num.h"
#include "server/datagram.h"
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TEXT_BYTES_MAX 512
#define STEP_EVERY_US 1000000
#define STATE_WAIT_MS 1000 /* a change of state is worth waiting for; a sign of life is not */

static bool variable_number(const char *text, int64_t *number)
{
    return text != NULL && num_parse_i64(bytes_of_string(text), number) && *number > 0;
}

void notify_none(struct notify *n)
{
    *n = (struct notify){.fd = -1};
}

bool notify_open(struct notify *n, const char *socket, const char *watchdog_us,
                 const char *watchdog_pid)
{
    int64_t interval_us = 0, pid = 0;
    notify_none(n);
    if (socket == NULL)
        return true;
    n->fd = datagram_connect(socket);
    if (n->fd < 0)
        return false;
    bool ours =
        watchdog_pid == NULL || (variable_number(watchdog_pid, &pid) && pid == (int64_t)getpid());
    if (ours && variable_number(watchdog_us, &interval_us))
        n->watchdog_us = interval_us;
    return true;
}

void notify_close(struct notify *n)
{
    if (n->fd >= 0)
        close(n->fd);
    notify_none(n);
}

static void PRINTF_LIKE(2, 3) tell(const struct notify *n, const char *format, ...)
{
    char text[TEXT_BYTES_MAX];
    va_list args;
    if (n->fd < 0)
        return;
    va_start(args, format);
    int len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    ASSERT(len > 0 && len < (int)sizeof(text));
    if (datagram_send(n->fd, text, (size_t)len) || errno != EAGAIN)
        return;
    struct pollfd room = {.fd = n->fd, .events = POLLOUT};
    if (poll(&room, 1, STATE_WAIT_MS) > 0 && datagram_send(n->fd, text, (size_t)len))
        return;
}

void notify_step(struct notify *n, int64_t mono_us, uint64_t partitions)
{
    if (mono_us < n->next_step_us)
        return;
    n->next_step_us = mono_us + STEP_EVERY_US;
    tell(n, "EXTEND_TIMEOUT_USEC=%d000000\nSTATUS=Opening the log: %" PRIu64 " partitions so far",
         NOTIFY_STEP_S, partitions);
}

void notify_ready(const struct notify *n, const char *status)
{
    tell(n, "READY=1\nSTATUS=%.300s", status);
}

void notify_reloading(const struct notify *n, int64_t mono_us)
{
    tell(n, "RELOADING=1\nMONOTONIC_USEC=%" PRId64 "\nSTATUS=Reloading", mono_us);
}

void notify_stopping(const struct notify *n)
{
    tell(n, "STOPPING=1\nSTATUS=Writing out what was acknowledged");
}

void notify_turn(struct notify *n, int64_t mono_us)
{
    static const char alive[] = "WATCHDOG=1";
    if (n->watchdog_us == 0 || mono_us < n->next_ping_us)
        return;
    /* Twice as often as is asked for. One that finds no room is made up for in the next turn. */
    if (datagram_send(n->fd, alive, sizeof(alive) - 1))
        n->next_ping_us = mono_us + n->watchdog_us / 2;
}

int64_t notify_wait_us(const struct notify *n, int64_t mono_us, int64_t wait_us)
{
    if (n->watchdog_us == 0)
        return wait_us;
    /* When the last one found no room, look again in a while and not at once. */
    int64_t left_us = n->next_ping_us - mono_us;
    if (left_us <= 0)
        left_us = n->watchdog_us / 8 + 1;
    return wait_us < 0 || left_us < wait_us ? left_us : wait_us;
}
