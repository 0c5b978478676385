/* SPDX-License-Identifier: BSD-3-Clause */
/* What was produced, what the broker acknowledged of it, and what each group was given and made of it. It
 * judges: a record that is where another was, one out of order, one that never came, one that came twice to
 * a group that commits first. */
#ifndef ECHOLOG_TESTS_SIMBROKER_LEDGER_H
#define ECHOLOG_TESTS_SIMBROKER_LEDGER_H

#include "base/bytes.h"
#include "base/clock.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LEDGER_TOPICS 3
#define LEDGER_PARTITIONS_MAX 8
#define LEDGER_GROUPS 3
#define LEDGER_KEYS 4

enum ledger_ack { LEDGER_SENT, LEDGER_WRITTEN, LEDGER_SYNCED };

struct ledger_record {
    int topic;
    int32_t partition;
    int key;
    int64_t sent_ms;
    int64_t offset; /* -1 not known */
    enum ledger_ack ack;
    bool may_be_lost;
    uint32_t processed[LEDGER_GROUPS];
};

struct ledger_partition {
    int64_t *ids; /* owned: by offset; -1 not known */
    size_t count, cap;
};

/* What a topic keeps. */
struct ledger_kept {
    int64_t retention_ms; /* 0: for ever */
    bool compacted;
};

struct ledger {
    const struct clock *clock;     /* borrowed */
    struct ledger_record *records; /* owned; the id is the index */
    size_t count, cap;
    struct ledger_partition partitions[LEDGER_TOPICS][LEDGER_PARTITIONS_MAX];
    /* Offsets whose COMMIT was answered with OK; -1 none. */
    int64_t committed[LEDGER_GROUPS][LEDGER_TOPICS][LEDGER_PARTITIONS_MAX];
    int64_t trimmed[LEDGER_TOPICS][LEDGER_PARTITIONS_MAX]; /* records before it may be gone */
    struct ledger_kept kept[LEDGER_TOPICS];
    size_t newest[LEDGER_TOPICS][LEDGER_PARTITIONS_MAX][LEDGER_KEYS]; /* id of the last one sent */
    uint64_t processed, twice;
};

void ledger_deinit(struct ledger *l);
/* A record is about to be sent; returns its id, which is its value. */
size_t ledger_add(struct ledger *l, int topic, int32_t partition, int key);
void ledger_acknowledged(struct ledger *l, size_t id, int64_t offset, enum ledger_ack ack);
/* The power was cut: what was acknowledged as written only may be gone. */
void ledger_power_cut(struct ledger *l);
/* Whether a reader from the beginning has to come by it: it was acknowledged, and neither a loss of power nor
 * TRIM, retention or compaction may have taken it. */
bool ledger_must_be_there(const struct ledger *l, const struct ledger_record *r);
/* A record was read; returns its id. Fails when it is not the one that belongs there. */
size_t ledger_read(struct ledger *l, int topic, int32_t partition, int64_t offset,
                   struct bytes value);
/* A group's member did its work on it. `once`: never a second time. */
void ledger_processed(struct ledger *l, size_t id, int group, bool once);
/* Every record that counts, of the topics in the set (bit by number), was processed by the group. */
void ledger_check_all(const struct ledger *l, int group, unsigned topics);

#endif
