/* SPDX-License-Identifier: BSD-3-Clause */
/* Signals as events of the reactor (signalfd). SIGPIPE and SIGXFSZ are ignored: the call that would have
 * raised them answers with an error instead. */
#ifndef ECHOLOG_NET_SIGNALS_H
#define ECHOLOG_NET_SIGNALS_H

#include "net/reactor.h"

struct signals;

/* Blocks SIGINT and SIGTERM for the calling thread (call before starting others) and calls `received`
 * with the number when one comes; it may destroy the signals. */
MUST_CHECK
enum err signals_create(struct reactor *r, void (*received)(void *ctx, int signal), void *ctx,
                        struct signals **signals);
/* The signals stay blocked: one that is pending must not kill a server that is on its way out. */
void signals_destroy(struct signals *s);

#endif
