/* SPDX-License-Identifier: BSD-3-Clause */
/* A simulated member of a consumer group. It asks, works, commits, stalls, loses its connection, comes back
 * under the same name, commits late, leaves; and holds every answer against what it may expect. */
#ifndef ECHOLOG_TESTS_SIMBROKER_WORKER_H
#define ECHOLOG_TESTS_SIMBROKER_WORKER_H

#include "simbroker/ledger.h"
#include "simbroker/wire.h"

#define WORKER_PENDING_MAX 8
#define WORKER_PLACES_MAX (LEDGER_TOPICS * LEDGER_PARTITIONS_MAX)

enum worker_mode {
    WORKER_AUTO,   /* works on what comes, and asks for more */
    WORKER_AFTER,  /* works, then commits */
    WORKER_BEFORE, /* commits, then works: nothing is done twice */
    WORKER_MODES
};

/* A place to commit: the offset behind the last record of a partition that was handed out. */
struct worker_place {
    int topic;
    int32_t partition;
    int64_t offset;
};

struct worker_batch {
    struct worker_place places[WORKER_PLACES_MAX];
    size_t place_count;
    size_t *ids; /* owned: records, in order */
    size_t count, cap;
};

enum worker_asked { ASKED_CONSUME, ASKED_COMMIT, ASKED_OTHER };

struct worker_pending {
    enum worker_asked what;
    bool firm;   /* ASKED_COMMIT: the member has what it commits, and nothing it did gave that up */
    bool before; /* ASKED_COMMIT: work on the batch when it is OK */
    struct worker_place places[WORKER_PLACES_MAX]; /* ASKED_COMMIT: its triples */
    size_t place_count;
};

struct worker_stats {
    uint64_t consumes, records, commits, fenced, unknown, errors, lost;
    uint64_t cuts, stalls, leaves, late_commits, pipelined, retries, blocked;
};

struct worker {
    struct world *world; /* all borrowed */
    struct ledger *ledger;
    struct worker_stats *stats;
    const bool *again;  /* the group was set back: it may be given records again */
    const char *topics; /* "t0 t1" */
    int group;
    int number;
    enum worker_mode mode;
    int64_t session_ms;
    const char *assignor;
    struct wire *wire; /* NULL: not connected */
    struct worker_pending pending[WORKER_PENDING_MAX];
    size_t pending_count;
    struct worker_batch batch; /* handed out last, not committed yet */
    struct worker_batch stale; /* of earlier: for commits that come too late */
    bool grip;         /* has had nothing happen to it that may cost it what it was handed last */
    int64_t handed_us; /* when that had been sent */
    size_t lenient;    /* so many answers may go back behind `last` … */
    size_t gripless;   /* … and give no grip: they may be of before what happened */
    int kicks_in_flight;
    int64_t ghost_us; /* until then the broker may still hear from a connection it gave up */
    int64_t asleep_to_us;
    int64_t last[LEDGER_TOPICS][LEDGER_PARTITIONS_MAX]; /* greatest offset handed since it may have
                                                           gone back; -1 none */
    bool quiet;                                         /* no more mischief */
};

void worker_init(struct worker *k, struct world *w, struct ledger *l, struct worker_stats *stats,
                 int group, int number, enum worker_mode mode, const char *topics);
void worker_deinit(struct worker *k);
/* Takes what came, and maybe does something. */
void worker_step(struct worker *k);
/* Somebody kicks that name; or did. */
void worker_kick(struct worker *k);
void worker_was_kicked(struct worker *k);
/* The broker is gone: its connection as well. */
void worker_broker_died(struct worker *k);
/* An assignment of its group changed: it may have lost partitions and got them back. */
void worker_may_go_back(struct worker *k);

#endif
