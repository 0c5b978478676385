/* SPDX-License-Identifier: BSD-3-Clause */
/* A partition's checkpoint and its marker of a clean stop, as they are at one moment: read without a
 * change (unlike storage/checkpoint.h, which makes durable what it reads), and printed. */
#ifndef ECHOLOG_DUMP_STATE_H
#define ECHOLOG_DUMP_STATE_H

#include "dump/dump.h"
#include "storage/checkpoint.h"
#include "storage/marker.h"

#define STATE_SLOTS 2

struct state_slot {
    enum err err; /* ERR_OK, or why the rest is not set */
    uint64_t sequence;
    struct checkpoint checkpoint; /* epochs owned */
};

struct state {
    enum err checkpoint_err; /* of the file: ERR_NOT_FOUND there is none */
    size_t checkpoint_len;
    struct state_slot slots[STATE_SLOTS];
    const struct checkpoint *checkpoint; /* the newest valid one, in `slots`; NULL there is none */
    enum err marker_err;                 /* ERR_OK there is a whole one; ERR_NOT_FOUND none */
    struct marker marker;                /* owned */
};

void state_read(struct state *s, struct disk *disk, const char *dir);
void state_deinit(struct state *s);
/* The part that `parts` names, with what is wrong with the files by themselves. `required`: a partition
 * without a checkpoint is not whole. */
void state_print(const struct state *s, struct dump *d, const char *dir, unsigned parts,
                 bool required);
/* The offset below which records may be missing, by the checkpoint as it is now; INT64_MAX when there is none
 * that says it. The checkpoint knows before a compacted log takes the place of the old one: who has opened a
 * log and then asks knows what to expect of it. */
int64_t state_compacted_to(struct disk *disk, const char *dir);
/* Whether the same marker is still there: else a server has begun to write since. */
bool state_still_clean(const struct state *s, struct disk *disk, const char *dir);

#endif
