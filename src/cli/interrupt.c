/* SPDX-License-Identifier: BSD-3-Clause */
/* Looking at the interrupt pipe. */
#include "cli/interrupt.h"
#include <poll.h>
#include <unistd.h>

bool interrupt_pending(int fd)
{
    struct pollfd polled = {.fd = fd, .events = POLLIN};

    return poll(&polled, 1, 0) > 0;
}

void interrupt_clear(int fd)
{
    char bytes[64];

    while (fd >= 0 && read(fd, bytes, sizeof(bytes)) > 0)
        ;
}
