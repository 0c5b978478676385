/* SPDX-License-Identifier: BSD-3-Clause */
/* Looking into replies. A lesson is not to stumble over a broker that answers something else than it should: where a
 * thing is not there these say so with -1, BYTES_NULL, 0 or a null reply, and checks fail on that. */
#ifndef ECHOLOG_LAB_SEEN_H
#define ECHOLOG_LAB_SEEN_H

#include "base/bytes.h"
#include "resp/reply.h"

#define SEEN_NOTHING (-1)

/* One record of FETCH, MFETCH, CONSUME, or of a push of FOLLOW. Its bytes live as long as the reply. */
struct seen_record {
    struct bytes topic; /* BYTES_NULL in FETCH, where the command named it */
    int64_t partition;  /* SEEN_NOTHING likewise */
    int64_t offset, timestamp;
    struct bytes key, value; /* each may be BYTES_NULL */
};

/* A reply that is null, for who has none. */
const struct reply *seen_null(void);
int64_t seen_number(const struct reply *r);
struct bytes seen_text(const struct reply *r);
/* An error reply with this code: seen_error(r, "FENCED"). */
bool seen_error(const struct reply *r, const char *code);
const struct reply *seen_item(const struct reply *r, size_t i);
const struct reply *seen_field(const struct reply *map, const char *name);
/* What TIME answered, in milliseconds since 1970. */
int64_t seen_time_ms(const struct reply *r);
/* Writes at most `max` records in the order of the reply, and returns how many it has in all. */
size_t seen_records(const struct reply *r, struct seen_record *records, size_t max);

#endif
