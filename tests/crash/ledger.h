/* SPDX-License-Identifier: BSD-3-Clause */
/* What was sent, what was acknowledged, what a reader saw: kept outside of the server, for as long as a data
 * directory lives. It judges every record that is read, and after a restart says what is missing. */
#ifndef TESTS_CRASH_LEDGER_H
#define TESTS_CRASH_LEDGER_H

#include "crash/item.h"
#include "crash/random.h"
#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stdint.h>

#define WRITERS_MAX 8
#define PARTITIONS_MAX 8
#define TOPIC_NAMES 6

enum level { LEVEL_NONE, LEVEL_WRITTEN, LEVEL_SYNCED, LEVEL_COUNT };
#define LEVEL_ALL LEVEL_COUNT /* of a failure that concerns all */
extern const char *const level_names[LEVEL_COUNT];

enum sent_flags {
    SENT_ACKED = 1,
    SENT_PLACED = 2, /* acknowledged with its offset, or seen: it must stay there */
    SENT_GONE = 8,   /* was not there after a restart: it must never come back */
    SENT_KEYED = 16,
    SENT_HEADER = 32,
};

/* One record. */
struct sent {
    int64_t offset;
    uint32_t topic;     /* which of the ledger's topics */
    uint32_t first;     /* the sequence of the first in its command */
    uint32_t checked;   /* the last check that found it */
    int32_t partition;  /* before it is placed: the one asked for, or -1 */
    uint16_t count;     /* of records in its command */
    uint8_t partitions; /* that the topic had at least when it was sent */
    uint8_t level;
    uint8_t flags;
};

struct writer_book {
    struct sent *sent; /* by sequence; owned */
    uint32_t count, cap;
};

enum topic_state { TOPIC_CREATING, TOPIC_LIVE, TOPIC_DELETING, TOPIC_GONE };

/* A topic from its creation to its deletion; another one of the same name is another topic. */
struct topic {
    char name[16];
    enum topic_state state;
    int32_t partitions;               /* that are there */
    int32_t partitions_asked;         /* more than that: it is growing */
    uint32_t in_flight;               /* commands about it that were not answered */
    int64_t readable[PARTITIONS_MAX]; /* where the last check came to the end */
    int64_t ends[PARTITIONS_MAX];     /* behind the last offset that is known to be taken */
};

struct damage {
    uint32_t topic;
    int32_t partition; /* -1: all */
    int64_t from, to;  /* exclusive */
};

struct ledger {
    uint64_t seed;
    struct writer_book writers[WRITERS_MAX];
    struct topic *topics; /* owned */
    uint32_t topic_count;
    uint32_t check;   /* the number of the check under way, or of the last one */
    struct item item; /* room to make one */

    /* Of damage that a check was told of. */
    struct damage *damages; /* owned */
    size_t damage_count;

    uint64_t acknowledged[LEVEL_COUNT];
    uint64_t seen;  /* by readers under load */
    uint64_t found; /* by the last check */
    uint64_t failures[LEVEL_COUNT + 1];
};

void ledger_init(struct ledger *l, uint64_t seed);
void ledger_deinit(struct ledger *l);

/* Counts a failure and prints it (the first ones). */
void ledger_fail(struct ledger *l, enum level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
uint64_t ledger_failures(const struct ledger *l);

/* --- topics --------------------------------------------------------------------------------- */

/* The one of that name that is not gone; NULL when there is none. */
struct topic *ledger_topic_named(struct ledger *l, const char *name);
struct topic *ledger_topic_add(struct ledger *l, const char *name, int32_t partitions);
/* One that is there; NULL when there is none. */
struct topic *ledger_topic_draw(struct ledger *l, struct random *r);

/* --- records -------------------------------------------------------------------------------- */

/* `count` records of one command; returns the sequence of the first. */
uint32_t ledger_send(struct ledger *l, uint32_t writer, const struct sent *like, uint32_t count);
static inline struct sent *ledger_sent(struct ledger *l, uint32_t writer, uint32_t sequence)
{
    return &l->writers[writer].sent[sequence];
}
/* It was acknowledged; the offset is -1 when the level does not tell. */
void ledger_acknowledge(struct ledger *l, uint32_t writer, uint32_t sequence, int64_t partition,
                        int64_t offset);
/* A record as FETCH gave it, of this topic and partition. Returns what was sent as it, and whose it is;
 * NULL after a failure. `from`: no offset before it was asked for. */
struct sent *ledger_judge(struct ledger *l, uint32_t topic, int32_t partition, int64_t from,
                          const redisReply *record, uint32_t *writer, uint32_t *sequence);

#endif
