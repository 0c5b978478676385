/* SPDX-License-Identifier: BSD-3-Clause */
/* Signals as events of the reactor (signalfd). SIGPIPE is ignored. */
#ifndef ECHOLOG_NET_SIGNALS_H
#define ECHOLOG_NET_SIGNALS_H

#include "net/reactor.h"

struct signals;

/* Blocks SIGINT and SIGTERM for the calling thread (call before starting others) and calls `received`
 * with the number when one comes. */
MUST_CHECK enum err signals_create(struct reactor *r, void (*received)(void *ctx, int signal), void *ctx,
                                   struct signals **signals);
void signals_destroy(struct signals *s);

#endif
