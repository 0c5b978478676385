/* SPDX-License-Identifier: BSD-3-Clause */
/* A simulated follower of topics (FOLLOW). It stalls, loses its connection and joins up again behind what it
 * saw last; what it receives has to be exactly the log: no gap, no duplicate, from its start on. */
#ifndef ECHOLOG_TESTS_SIMBROKER_WATCHER_H
#define ECHOLOG_TESTS_SIMBROKER_WATCHER_H

#include "simbroker/ledger.h"
#include "simbroker/wire.h"

struct watcher {
    struct world *world; /* all borrowed */
    struct ledger *ledger;
    const int32_t *partitions; /* of each topic; 0: not there yet */
    struct wire *wire;         /* NULL: not connected */
    int number;
    bool quiet;                                         /* no more mischief */
    int64_t next[LEDGER_TOPICS][LEDGER_PARTITIONS_MAX]; /* where to go on; 0 nothing seen */
    bool follows[LEDGER_TOPICS][LEDGER_PARTITIONS_MAX]; /* told so over this connection */
    int64_t stalled_to_us;
    uint64_t records, lost, resumed, stalls;
};

void watcher_init(struct watcher *f, struct world *w, struct ledger *l, const int32_t *partitions,
                  int number);
void watcher_deinit(struct watcher *f);
void watcher_step(struct watcher *f);
/* The broker is gone, or it shall begin anew: it joins up again at the next step. */
void watcher_drop(struct watcher *f);
/* It has seen every record that counts. */
void watcher_check_all(const struct watcher *f);

#endif
