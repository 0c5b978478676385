/* SPDX-License-Identifier: BSD-3-Clause */
/* Signals as events of the reactor (signalfd). SIGPIPE and SIGXFSZ are ignored: the call that would have
 * raised them answers with an error instead. SIGUSR1 and SIGUSR2 are ignored too: they mean nothing here,
 * and would end the process. */
#ifndef ECHOLOG_NET_SIGNALS_H
#define ECHOLOG_NET_SIGNALS_H

#include "net/reactor.h"

struct signals;

/* What is never wanted is ignored from now on; SIGHUP until signals_create. */
void signals_ignore(void);
/* Blocks SIGINT, SIGTERM and SIGHUP for the calling thread (others must have them blocked) and calls
 * `received` with the number when one comes; it may destroy the signals. */
MUST_CHECK
enum err signals_create(struct reactor *r, void (*received)(void *ctx, int signal), void *ctx,
                        struct signals **signals);
/* `number` is no event any more but does what it did before, at once, also if it is pending. */
void signals_release(struct signals *s, int number);
/* The signals stay blocked: one that is pending must not kill a server that is on its way out. */
void signals_destroy(struct signals *s);

#endif
