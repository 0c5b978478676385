/* SPDX-License-Identifier: BSD-3-Clause */
/* After a restart: reads everything back and holds it against the ledger. */
#ifndef TESTS_CRASH_CHECK_H
#define TESTS_CRASH_CHECK_H

#include "crash/ledger.h"
#include "crash/process.h"

enum check_kind {
    CHECK_KILLED,  /* what was not acknowledged may be missing */
    CHECK_STOPPED, /* after a clean stop everything answered is there, and nothing was scanned */
    CHECK_DAMAGED, /* bits were flipped: what is missing has to be reported, nothing may be wrong */
};

/* Failures go into the ledger. With CHECK_DAMAGED the ledger keeps what it knows. */
void check(struct ledger *l, const struct process *p, enum check_kind kind, struct random *r);
/* Whether the last check found the topic at all. */
bool is_readable(const struct ledger *l, uint32_t topic);

#endif
