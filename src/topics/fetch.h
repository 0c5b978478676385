/* SPDX-License-Identifier: BSD-3-Clause */
/* Fetching: reading from several partitions, at once or when there is something to read. It settles
 * open batches first (read your writes), turns EARLIEST, LATEST and times into offsets, reads through
 * the tail, the page cache or a worker, and parks until enough has come. */
#ifndef ECHOLOG_TOPICS_FETCH_H
#define ECHOLOG_TOPICS_FETCH_H

#include "base/buf.h"
#include "base/timers.h"
#include "topics/topic.h"

#define FETCH_COUNT_DEFAULT 500
#define FETCH_BYTES_DEFAULT (1024 * 1024)
#define FETCH_BYTES_MAX (64 * 1024 * 1024)
#define FETCH_PARTS_MAX 10000

enum fetch_from { FETCH_FROM_OFFSET, FETCH_FROM_EARLIEST, FETCH_FROM_LATEST, FETCH_FROM_TIME };

struct fetch;

struct fetch_part {
    /* In. */
    struct topic_partition *tp; /* a reference to its topic is kept until fetch_end;
                                   NULL with `err` set: answered as is */
    enum fetch_from from;
    int64_t value; /* the offset, or the time in ms */

    /* Out, when the fetch is done. */
    enum err err;         /* ERR_OK, ERR_RANGE, ERR_CORRUPT, ERR_NOT_FOUND (deleted), ERR_IO, … */
    int64_t offset;       /* where reading began, resolved */
    int64_t end;          /* records from here on are not part of the answer; see `frozen` */
    struct bytes batches; /* whole batches; skip records before `offset` and from `end` on */
    int64_t log_start, next_offset;   /* the valid range, for messages */
    int64_t corrupt_from, corrupt_to; /* with ERR_CORRUPT */

    /* Private. */
    struct fetch *fetch;
    struct topic_reader reader;
    struct partition_read read;
    struct partition_seek seek;
    bool reading, seeking; /* they hold something */
    bool settled;
    struct buf copy;     /* owned: what was read in an earlier turn */
    uint64_t batch;      /* written before reading begins */
    uint64_t bytes_seen; /* partition_bytes_total at the last look */
    int64_t next_seen;
};

struct fetch {
    /* In. */
    struct fetch_part *parts; /* the caller's array */
    size_t part_count;
    size_t count_max; /* records in all: reading ends with the batch that reaches it */
    size_t bytes_max; /* in all; the first record always comes whole */
    size_t bytes_min; /* wait for at least so many (when wait is not 0); at least 1 */
    int64_t wait_us;  /* 0: do not wait for new records; negative: for ever */
    bool frozen;      /* only what was appended before fetch_start, however late it is read */
    struct timers *timers;
    const struct clock *clock;
    /* Called once, later, unless fetch_start answered ERR_OK. `batches` are valid during the call. */
    void (*done)(struct fetch *f);

    /* Private. */
    struct timer timer;
    int state;
    size_t cursor; /* the part at work */
    int64_t deadline_us;
    bool in_start, in_advance, time_up, full, failed;
    size_t bytes, records;             /* read so far */
    uint64_t bytes_come, records_come; /* while parked */
};

/* Begins; `parts` with their first fields, and all of the above down to `done`, are set, the rest is zero.
 * Reading stops where bytes_max or count_max is reached: parts behind that come back empty, so a caller
 * who asks again begins with another part. Waiting ends at once when a part has an error.
 * ERR_OK: the result is there now, `done` will not be called; batches are valid until fetch_end, and at
 * most until the end of this turn. ERR_AGAIN: it will be. */
MUST_CHECK
enum err fetch_start(struct fetch *f);
/* Ends a parked fetch as if its time were up: `done` is called (maybe after a read). */
void fetch_time_up(struct fetch *f);
/* Releases everything, cancelling what is under way; `done` is not called any more. Harmless on one that
 * is all zero or has ended. */
void fetch_end(struct fetch *f);

/* The offsets command's question: one position of one partition. */
struct offset_query {
    /* In. */
    struct topic_partition *tp;
    enum fetch_from from; /* EARLIEST, LATEST or TIME */
    int64_t value;
    void (*done)(struct offset_query *q);

    /* Out. */
    enum err err; /* ERR_OK, ERR_NOT_FOUND (deleted), ERR_CORRUPT, ERR_IO, … */
    int64_t offset;
    int64_t timestamp_ms; /* of the record found by time; -1 otherwise */

    /* Private. */
    struct topic_reader reader;
    struct partition_seek seek;
    uint64_t batch;
    bool seeking;
    int state;
};
/* ERR_OK now (look at `err`); ERR_AGAIN `done` will be called. */
MUST_CHECK
enum err offset_query_start(struct offset_query *q);
/* Releases everything, cancelling what is under way. Harmless on one that is all zero or has ended. */
void offset_query_end(struct offset_query *q);

#endif
