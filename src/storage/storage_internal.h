/* SPDX-License-Identifier: BSD-3-Clause */
/* What the partitions of one storage share. Private to this folder. */
#ifndef ECHOLOG_STORAGE_STORAGE_INTERNAL_H
#define ECHOLOG_STORAGE_STORAGE_INTERNAL_H

#include "storage/files.h"
#include "storage/group_sync.h"
#include "storage/journal_replay.h"
#include "storage/storage.h"
#include "storage/tail.h"

struct storage {
    struct storage_options options;
    struct storage_stats stats;
    struct tail tail;
    struct files files;
    struct list partitions;   /* all but those */
    struct list deleted;      /* whose deletion is under way */
    struct list holders;      /* partitions whose files stay open until a sync */
    struct list room_waiters; /* partitions that wait until files of others are closed */
    unsigned opening;         /* partitions whose files are being opened, to be written to */
    struct group_sync group;
    struct journal_replay *replay; /* owned; NULL but at the start */
    struct partition *compacting;  /* the one that is; NULL when none */
    size_t compaction_keys_max;    /* in memory at a time */
    struct buf read_spare;         /* a buffer for the next read; owned */
};

/* A buffer for a read from files, and back. */
struct buf storage_take_read_buf(struct storage *st);
void storage_give_read_buf(struct storage *st, struct buf *b);

#endif
