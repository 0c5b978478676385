/* SPDX-License-Identifier: BSD-3-Clause */
/* Going to the background: the process that was started waits until the one in the background serves, or
 * has failed, and ends with a status that says which. Until then that one still has the standard output and
 * error of its caller, and says there what is wrong. */
#ifndef ECHOLOG_SERVER_DAEMON_H
#define ECHOLOG_SERVER_DAEMON_H

#include "base/check.h"

enum daemon_role {
    DAEMON_SERVER, /* go on: in the background */
    DAEMON_CALLER, /* end now, with the status given */
};

struct daemon {
    int ready_fd; /* owned; -1: nobody waits */
};

void daemon_none(struct daemon *d);
/* Splits the process, which must have one thread. When the system allows no other process, the caller prints
 * a line and ends. */
MUST_CHECK
enum daemon_role daemon_detach(struct daemon *d, int *status);
/* Lets the caller go and gives up its standard streams. */
void daemon_ready(struct daemon *d);

#endif
