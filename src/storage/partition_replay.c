/* SPDX-License-Identifier: BSD-3-Clause */
/* What a crash left in the journal is put into the log before that is recovered. Blocks: for start-up only. */
#include "storage/partition_internal.h"

#include "base/mem.h"
#include <inttypes.h>

enum err partition_segments_used(const struct partition *p, const int64_t *bases, int64_t spoken_of,
                                 size_t *count)
{
    uint64_t len = 0;
    enum err err = ERR_OK;
    while (*count > 1 && err == ERR_OK && bases[*count - 1] != spoken_of) {
        err = segment_log_len(p->st->options.disk, p->dir, bases[*count - 1], &len);
        if (len > 0)
            break;
        --*count;
    }
    return err;
}

/* What the checkpoint says; -1 where it says nothing. */
struct last_known {
    int32_t leader_epoch; /* at least */
    int64_t segment_base; /* for sure, not by one slot alone */
};

static enum err read_last_known(const struct partition *p, struct last_known *known)
{
    struct checkpoint c = {0};
    struct checkpoint_place place;
    bool alone;
    *known = (struct last_known){-1, -1};
    enum err err = checkpoint_read(p->st->options.disk, p->dir, &c, &place, &alone);
    if (err == ERR_OK) {
        known->leader_epoch = c.epochs[c.epoch_count - 1].epoch;
        known->segment_base = alone ? -1 : c.segment_base;
    }
    mem_free(c.epochs);
    return err == ERR_IO || err == ERR_LIMIT || err == ERR_ACCESS ? err : ERR_OK;
}

/* The segment that was written to last, when the journal has something of `journaled`. Where the checkpoint is not known
 * it is the last: an older one may be compacted by now. */
static enum err newest_segment(const struct partition *p, const int64_t *bases, size_t count,
                               const struct last_known *known, int64_t journaled, int64_t *base)
{
    enum err err = ERR_OK;
    if (journaled < bases[count - 1] && known->segment_base >= 0)
        err = partition_segments_used(p, bases, known->segment_base, &count);
    *base = bases[count - 1];
    return err;
}

enum err partition_replay(struct partition *p, const int64_t *bases, size_t count,
                          struct partition_recovery *report)
{
    const struct journal_replay *r = p->st->replay;
    struct journal_log log = {.dir = p->dir, .id = p->id, .leader_epoch = -1};
    struct last_known known;
    int64_t base, journaled;
    if (r == NULL || !journal_replay_newest(r, &log, &journaled))
        return ERR_OK;
    if (count == 0) { /* somebody has removed its files: offsets from 0 on were given already */
        enum err told = journal_replay_apply(r, &log, -1, &report->bytes_replayed);
        return told == ERR_OK ? ERR_CORRUPT : told;
    }
    enum err err = read_last_known(p, &known);
    log.leader_epoch = known.leader_epoch;
    if (err != ERR_OK || !journal_replay_newest(r, &log, &journaled))
        return err;
    err = newest_segment(p, bases, count, &known, journaled, &base);
    if (err == ERR_OK)
        err = journal_replay_apply(r, &log, base, &report->bytes_replayed);
    if (err == ERR_OK && report->bytes_replayed > 0)
        TRACE_INFO(p->st->options.trace,
                   "%s/%020" PRId64 ".log: %" PRIu64 " bytes are taken over from the journal",
                   p->dir, base, report->bytes_replayed);
    return err;
}
