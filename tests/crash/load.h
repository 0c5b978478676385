/* SPDX-License-Identifier: BSD-3-Clause */
/* The load: writers that pipeline records over several topics and partitions, readers that follow them, and one
 * who creates, grows and deletes topics meanwhile. All in one thread; everything they send, are
 * told and see goes into the ledger at once. */
#ifndef TESTS_CRASH_LOAD_H
#define TESTS_CRASH_LOAD_H

#include "crash/ledger.h"
#include "crash/link.h"

#define LOAD_WRITERS 4
#define LOAD_READERS 3

struct load;

struct writer {
    struct load *load;
    struct link link;
    struct random random;
    uint32_t number;
    size_t window;  /* commands under way */
    uint32_t left;  /* records that it may send still */
    bool any_level; /* a level per command, or always the same */
    enum level level;
};

struct reader {
    struct load *load;
    struct link link;
    struct random random;
    uint32_t topic; /* goes on here at `next`, unless `done` */
    int32_t partition;
    int64_t next;
    bool done;
};

struct admin {
    struct load *load;
    struct link link;
    struct random random;
    double next_ms; /* not before */
    bool calm;      /* makes some, and changes nothing */
};

struct load {
    struct ledger *ledger;
    struct writer writers[LOAD_WRITERS];
    struct reader readers[LOAD_READERS];
    struct admin admin;
};

struct load_options {
    uint64_t seed;
    int port;
    enum level level;     /* LEVEL_ALL: mixed */
    uint32_t records_max; /* of all writers */
    bool calm;            /* topics stay as they are */
};

/* Connects everyone. False: the server does not accept. */
bool load_begin(struct load *load, struct ledger *ledger, const struct load_options *options);
/* Works until that time, until every connection is closed, or (`finish`) all is sent and answered. */
void load_run(struct load *load, double until_ms, bool finish);
/* Works until there are some topics. */
void load_await_topics(struct load *load);
/* Takes the replies that are still there, and closes. */
void load_end(struct load *load);

#endif
