/* SPDX-License-Identifier: BSD-3-Clause */
/* Records as replies: encoded straight from the batches they are stored in. */
#ifndef ECHOLOG_COMMANDS_RECORD_REPLY_H
#define ECHOLOG_COMMANDS_RECORD_REPLY_H

#include "resp/writer.h"
#include "topics/fetch.h"

/* What is left of a command's COUNT and MAXBYTES, shared by its parts. */
struct record_budget {
    size_t count;
    size_t bytes;
    bool any; /* a record was taken: the first one always comes whole */
};

/* The records of a part (from its offset on) that the budget has room for. */
struct record_slice {
    size_t count;
    int64_t next; /* where the rest begins; behind what was looked at */

    /* Private. */
    struct batch_iter first; /* at the first of them */
    struct bytes rest;       /* the batches behind that one's */
};
/* Takes them from the budget. Nothing of a part with an error. */
struct record_slice slice_records(const struct fetch_part *part, struct record_budget *budget);
/* Writes the array of them, or the part's error. */
void reply_slice(struct writer *w, const struct fetch_part *part, const struct record_slice *slice);
/* Both at once. */
void reply_records(struct writer *w, const struct fetch_part *part, struct record_budget *budget);

#endif
