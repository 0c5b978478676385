/* SPDX-License-Identifier: BSD-3-Clause */
/* A slow device, for a program that loads this before its libraries: syncs do not come back while the file
 * that HOLD_SYNCS names is there. */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int hold(void)
{
    const char *path = getenv("HOLD_SYNCS");
    struct timespec ts = {.tv_nsec = 1000 * 1000};
    while (path != NULL && access(path, F_OK) == 0)
        nanosleep(&ts, NULL);
    return 0;
}

int fdatasync(int fd)
{
    (void)fd;
    return hold();
}
