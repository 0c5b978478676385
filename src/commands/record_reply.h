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

/* Writes the array of a part's records (from its offset on, within the budget), or its error. */
void reply_records(struct writer *w, const struct fetch_part *part, struct record_budget *budget);

#endif
