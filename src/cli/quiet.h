/* SPDX-License-Identifier: BSD-3-Clause */
/* A terminal that shows nothing of what is typed: it appears where it is used, and once. Without lines (ICANON) the kernel
 * edits and cuts nothing either, and a key can be read at once. Ctrl-C and its like are signals as before. */
#ifndef ECHOLOG_CLI_QUIET_H
#define ECHOLOG_CLI_QUIET_H

#include <stdbool.h>
#include <termios.h>

/* Zero-initialised is valid: nothing was changed. */
struct quiet {
    bool on;
    struct termios before, during;
};

/* Of standard input, without these (ECHO, ECHO | ICANON); nothing when that is no terminal. */
void quiet_begin(struct quiet *q, tcflag_t without);
/* As it was before; and once more as it is meanwhile. May be called from a signal handler. */
void quiet_end(const struct quiet *q);
void quiet_again(const struct quiet *q);

#endif
