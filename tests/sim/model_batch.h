/* SPDX-License-Identifier: BSD-3-Clause */
/* The batches that a model keeps, and what its parts share about them. */
#ifndef ECHOLOG_TESTS_SIM_MODEL_BATCH_H
#define ECHOLOG_TESTS_SIM_MODEL_BATCH_H

#include "sim/model.h"

#define BATCH_OF(m, i) (&(m)->batches[i])

/* 0: none, or one that no other record has. */
unsigned model_key(uint64_t id);
bool model_is_tombstone(uint64_t id);
/* Whether what was read is the record of that id. */
bool model_record_is(const struct record_view *view, uint64_t id);

int64_t model_batch_end(const struct model_batch *b); /* the offset behind it */
int64_t model_batch_max_ms(const struct model_batch *b);
int64_t model_timestamp(const struct model_batch *b, size_t i); /* as readers see it */
bool model_live(const struct model_batch *b);                   /* readers see it */
size_t model_batch_len(const struct model_batch *b);            /* in the file */
void model_batch_remove(struct model *m, size_t i);

/* The place of the first batch that ends behind `offset`. */
size_t model_first_from(const struct model *m, int64_t offset);
struct model_batch *model_batch_at(const struct model *m, int64_t base); /* or NULL */
int64_t model_written_next(const struct model *m); /* behind the last that readers see */

/* --- compaction ----------------------------------------------------------------------------- */

/* It is written, and so a tombstone in it may be found from now on. */
void model_batch_live(struct model *m, struct model_batch *b);
/* It is on the device: what it supersedes may go. */
void model_batch_durable(struct model *m, const struct model_batch *b);
/* Whether compaction may have removed the record. */
bool model_may_miss(const struct model *m, const struct model_batch *b, size_t i);
/* The same of all in the batch from the offset on. */
bool model_may_miss_from(const struct model *m, const struct model_batch *b, int64_t offset);
/* At the end of an audit: no record is there that a tombstone deleted which is gone. Returns how many records
 * are missing. */
size_t model_check_compacted(const struct model *m);

/* --- checks --------------------------------------------------------------------------------- */

/* Readers have seen it: its offsets are spent. */
void model_see(struct model *m, const struct model_batch *b);
/* Takes a whole batch off the front of what was read. */
struct bytes model_take_batch(struct model *m, struct bytes *rest);
/* One batch that was read is one batch that was written. Returns its place. */
size_t model_check_batch(struct model *m, struct bytes batch, struct batch_header *header);

#endif
