/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/quiet.h"
#include <unistd.h>

void quiet_begin(struct quiet *q, tcflag_t without)
{
    if (tcgetattr(STDIN_FILENO, &q->before) != 0)
        return;
    q->during = q->before;
    q->during.c_lflag &= ~without;
    if (without & ICANON) {
        q->during.c_cc[VMIN] = 1;
        q->during.c_cc[VTIME] = 0;
    }
    q->on = tcsetattr(STDIN_FILENO, TCSANOW, &q->during) == 0;
}

void quiet_end(const struct quiet *q)
{
    if (q->on)
        tcsetattr(STDIN_FILENO, TCSANOW, &q->before);
}

void quiet_again(const struct quiet *q)
{
    if (q->on)
        tcsetattr(STDIN_FILENO, TCSANOW, &q->during);
}
