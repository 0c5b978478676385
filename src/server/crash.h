/* SPDX-License-Identifier: BSD-3-Clause */
/* The report of a fatal signal: what happened, where, and in the middle of what. Everything here that runs
 * in a signal handler allocates nothing, takes no lock and writes straight to a descriptor; what it needs
 * is gathered before. The handlers themselves are in main.c, which has the one object they can know. */
#ifndef ECHOLOG_SERVER_CRASH_H
#define ECHOLOG_SERVER_CRASH_H

#include "server/broker.h"
#include "server/trace_syslog.h"
#include <signal.h>
#include <stdatomic.h>
#include <sys/types.h>

#define CRASH_REASON_BYTES 512
#define CRASH_STACK_BYTES (64 * 1024)
#define CRASH_BUILD_ID_BYTES 64

struct crash {
    int fd;                            /* borrowed: where the trace goes */
    const struct trace_syslog *syslog; /* borrowed; NULL: the system's logger is told nothing */
    struct broker *broker;             /* borrowed; NULL while there is none */
    uintptr_t program, program_end;    /* where it lies in memory */
    char reason[CRASH_REASON_BYTES];   /* of an abort of our own; "" when not known */
    char build_id[CRASH_BUILD_ID_BYTES + 1]; /* hex digits; "" when the linker made none */
    atomic_int reporter;                     /* the thread that writes the report; 0: none yet */
    char stack[CRASH_STACK_BYTES];           /* to report an overflow of the main thread's own */
};

/* Gathers what a report needs. From then on `fd` is where it goes. */
void crash_init(struct crash *c, int fd);
/* Has `handler` called for each fatal signal, or (NULL) none any more. Where a sanitizer watches over the
 * program, its own reports are better: then nothing is done. */
void crash_handle(struct crash *c, void (*handler)(int, siginfo_t *, void *));

/* In a handler: writes the report, and ends the process by the signal itself, so that a core is
 * written where the system is set up for it. */
void crash_report(struct crash *c, int number, const siginfo_t *info, void *context);

#endif
