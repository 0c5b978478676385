/* SPDX-License-Identifier: BSD-3-Clause */
/* Opening a partition that is there. After a clean stop the marker says all there is to know (see
 * partition_stop.c). Otherwise the log is scanned from the checkpoint's synced position on; what is kept is
 * on the device before anything is served. If bytes that a reader may have seen can be missing, the log goes
 * on at the reserved bound, under a new leader epoch, so that no offset comes twice.
 *
 * Where a slot of the checkpoint is not valid the other one says where to scan from, and no more: the rest is learnt
 * from the batches, and the log goes on far behind them. Blocks: for start-up only. */
#include "storage/partition_internal.h"

#include "base/mem.h"
#include "storage/dirs.h"
#include "storage/log_scan.h"
#include "storage/marker.h"
#include "storage/merge.h"
#include "storage/write_back.h"
#include <inttypes.h>
#include <stdio.h>

#define COPY_CHUNK ((size_t)1024 * 1024)

struct recovery {
    struct partition *p;
    struct partition_recovery *report;
    bool have_checkpoint;
    bool knows_all; /* it is the last one that was written, and not one that was true once */
    struct checkpoint checkpoint; /* its epochs are the partition's by now */
    struct checkpoint_place place;
    bool same_boot;   /* the page cache is that of the run before */
    int64_t expected; /* the next offset */
    int32_t epoch;    /* of the newest batch, -1 before any */
    bool lost;        /* bytes that were synced are missing */
    bool doubtful; /* the log ends with batches that do not fit in: their offsets are not known */
};

/* --- scanning -------------------------------------------------------------------------------- */

static void take_batch(struct recovery *rc, struct segment *s, const struct batch_header *h,
                       uint64_t pos, size_t len)
{
    struct partition *p = rc->p;
    int64_t now_ms = p->st->options.clock->wall_ms;
    if (s->began_ms < 0) /* timestamps are the clients', and may be anything */
        s->began_ms = h->max_timestamp_ms < 0        ? 0
                      : h->max_timestamp_ms < now_ms ? h->max_timestamp_ms
                                                     : now_ms;
    index_add(&s->index, s->base_offset, batch_header_last_offset(h), pos, len,
              h->max_timestamp_ms);
    if (h->max_timestamp_ms > s->max_timestamp_ms)
        s->max_timestamp_ms = h->max_timestamp_ms;
    if (s->max_timestamp_ms > p->max_timestamp_ms)
        p->max_timestamp_ms = s->max_timestamp_ms;
    if (!rc->knows_all &&
        (p->checkpoint.epoch_count == 0 || h->leader_epoch > p->leader_epoch)) /* learnt */
        partition_begin_epoch(p, h->leader_epoch, h->base_offset);
    rc->expected = batch_header_last_offset(h) + 1;
    rc->epoch = h->leader_epoch;
    s->bytes = pos + len;
    p->last_batch_base = h->base_offset;
    p->last_batch_len = len;
}

static void report_damage(struct recovery *rc, const struct segment *s, uint64_t from_pos,
                          uint64_t to_pos, int64_t from, int64_t to)
{
    rc->report->corrupt_ranges++;
    rc->p->st->stats.corrupt_ranges++;
    TRACE_WARN(rc->p->st->options.trace,
               "%s/%020" PRId64 ".log: damaged from byte %" PRIu64 " to %" PRIu64
               ": offsets %" PRId64 " to %" PRId64 " cannot be read",
               rc->p->dir, s->base_offset, from_pos, to_pos, from, to - 1);
}

/* Where the log goes on when what readers may have seen is not known. Batches that are whole but in doubt have
 * a record at least. */
static int64_t offset_bound(const struct recovery *rc)
{
    int64_t least = rc->expected + (rc->doubtful ? 1 : 0);
    int64_t bound =
        rc->have_checkpoint && rc->checkpoint.reserved > least ? rc->checkpoint.reserved : least;
    if (rc->knows_all)
        return bound;
    /* Without any, the run before may have begun so far behind, and left nothing. */
    return bound + (rc->have_checkpoint ? 1 : 3) * (int64_t)RESERVE_AHEAD_MAX;
}

/* The header of the first good batch of the log that begins at `base`, after one of `epoch`. ERR_NOT_FOUND: it is empty. */
static enum err read_first_header(const struct recovery *rc, int64_t base, int32_t epoch,
                                  struct batch_header *h)
{
    char path[DISK_PATH_BYTES_MAX + 1];
    struct disk_file *log;
    struct log_scan scan;
    struct bytes batch;
    uint64_t len = 0;
    segment_path(path, rc->p->dir, base, "log");
    enum err err = disk_open(rc->p->st->options.disk, path, DISK_READ, &log);
    if (err != ERR_OK)
        return err;
    err = disk_size(log, &len);
    log_scan_init(&scan, log, 0, len);
    scan.expected = base;
    scan.epoch = epoch;
    if (err == ERR_OK)
        err = log_scan_next(&scan, h, &batch);
    if (err == ERR_CORRUPT && log_scan_resync(&scan) == ERR_OK)
        err = log_scan_next(&scan, h, &batch);
    log_scan_deinit(&scan);
    disk_close(log);
    return err;
}

/* Where the history is not known the next segment says how high leader epochs can be. */
static enum err look_behind(const struct recovery *rc, int64_t base, struct log_scan *scan)
{
    struct batch_header h;
    enum err err = read_first_header(rc, base, -1, &h);
    if (err == ERR_OK)
        scan->epoch_behind = h.leader_epoch;
    bool nothing = err == ERR_NOT_FOUND || err == ERR_CORRUPT || err == ERR_IO;
    return nothing ? ERR_OK : err; /* its own scan will meet it */
}

/* What is known of leader epochs, which may be more after each batch. */
static void scan_by_history(const struct recovery *rc, struct log_scan *scan)
{
    if (!rc->have_checkpoint)
        return;
    scan->epochs = rc->p->checkpoint.epochs;
    scan->epoch_count = rc->p->checkpoint.epoch_count;
    scan->epochs_open = !rc->knows_all;
}

static void scan_begin(const struct recovery *rc, const struct segment *s, struct disk_file *file,
                       uint64_t from, uint64_t end, int64_t limit, struct log_scan *scan)
{
    log_scan_init(scan, file, from, end);
    scan->expected = rc->expected;
    log_scan_set_limit(scan, s->base_offset, limit);
    scan->epoch = rc->epoch;
    scan->holes_below = rc->p->compacted_to;
    scan_by_history(rc, scan);
}

/* Goes on behind what is damaged. An end that cannot be read is no torn tail: better not touch it. */
static enum err pass_damage(struct recovery *rc, struct segment *s, struct log_scan *scan)
{
    uint64_t pos = scan->pos;
    int64_t expected = scan->expected;
    enum err err = log_scan_resync(scan);
    if (err == ERR_OK && (scan->pos > pos || scan->expected > expected))
        report_damage(rc, s, pos, scan->pos, expected, scan->expected);
    if (err != ERR_NOT_FOUND)
        return err;
    if (scan->unreadable > 0)
        return ERR_IO;
    rc->doubtful = scan->doubtful;
    return err;
}

/* Scans a log from `from` on, where the next offset is rc->expected. Ends behind the last good batch. */
static enum err scan_log(struct recovery *rc, struct segment *s, struct disk_file *file,
                         uint64_t from, uint64_t end, int64_t limit)
{
    struct log_scan scan;
    struct write_back back;
    struct batch_header header;
    struct bytes batch;
    enum err err = ERR_OK;
    scan_begin(rc, s, file, from, end, limit, &scan);
    /* In which boot the last bytes were written the last checkpoint says; where that has rotted it may be this one. */
    write_back_init(&back, !rc->knows_all || rc->same_boot ? file : NULL, from);
    if (!rc->knows_all && limit < INT64_MAX)
        err = look_behind(rc, limit, &scan);
    while (err == ERR_OK) {
        uint64_t pos = scan.pos;
        err = log_scan_next(&scan, &header, &batch);
        if (err == ERR_OK) {
            take_batch(rc, s, &header, pos, batch.len);
            scan_by_history(rc, &scan);
            err = write_back_add(&back, batch, pos);
        } else if (err == ERR_CORRUPT || err == ERR_IO) {
            err = pass_damage(rc, s, &scan);
        }
    }
    if (err == ERR_NOT_FOUND)
        err = write_back_end(&back);
    rc->report->bytes_scanned += end - from;
    write_back_deinit(&back);
    log_scan_deinit(&scan);
    return err;
}

/* --- one segment ----------------------------------------------------------------------------- */

/* Whether an epoch may begin there that is not known. */
static bool may_begin_unknown(const struct recovery *rc, int64_t offset)
{
    const struct checkpoint *c = &rc->p->checkpoint;
    return !rc->knows_all &&
           (c->epoch_count == 0 || offset > c->epochs[c->epoch_count - 1].first_offset);
}

/* Whether the log that begins at `base` begins an epoch that is not known yet; then it is. An empty one does:
 * nothing else leaves a gap before it. */
static enum err learn_epoch(struct recovery *rc, int64_t base, bool *begins)
{
    struct partition *p = rc->p;
    struct batch_header h;
    enum err err = read_first_header(rc, base, p->leader_epoch, &h);
    if (err == ERR_CORRUPT || err == ERR_IO)
        return ERR_OK; /* its own scan will meet it */
    if (err != ERR_OK && err != ERR_NOT_FOUND)
        return err;
    if (err == ERR_NOT_FOUND)
        h.leader_epoch = p->leader_epoch + 1;
    else if (h.base_offset != base)
        return ERR_OK; /* what is before it is damaged */
    *begins = h.leader_epoch > p->leader_epoch;
    if (*begins)
        partition_begin_epoch(p, h.leader_epoch, base);
    return ERR_OK;
}

/* What follows the last good batch of a sealed segment is damaged, and stays; what is missing at its end, too. */
static enum err note_sealed_end(struct recovery *rc, const struct segment *s, uint64_t len,
                                int64_t limit)
{
    const struct partition *p = rc->p;
    bool gap = limit <= p->compacted_to || partition_epoch_begins(p, limit);
    enum err err = ERR_OK;
    if (!gap && may_begin_unknown(rc, limit) && rc->expected < limit && s->bytes == len)
        err = learn_epoch(rc, limit, &gap);
    if (rc->expected < limit && (s->bytes < len || !gap))
        report_damage(rc, s, s->bytes, len, rc->expected, limit);
    return err;
}

/* A write that did not end leaves no whole batches: those at the end that do not fit in are damaged. */
static void keep_doubtful(struct recovery *rc, struct segment *s, uint64_t len)
{
    report_damage(rc, s, s->bytes, len, rc->expected, offset_bound(rc));
    s->bytes = len;
}

/* The log ends behind its last good batch: what follows is a write that did not end. */
static void note_cut(struct recovery *rc, const struct segment *s, uint64_t len)
{
    if (s->bytes == len)
        return;
    rc->report->bytes_cut += len - s->bytes;
    TRACE_WARN(rc->p->st->options.trace,
               "%s/%020" PRId64 ".log: cut a torn tail of %" PRIu64 " bytes behind offset %" PRId64,
               rc->p->dir, s->base_offset, len - s->bytes, rc->expected - 1);
}

static enum err copy_log(struct disk_file *from, struct disk_file *to, uint64_t len)
{
    char *chunk = mem_alloc(COPY_CHUNK);
    enum err err = ERR_OK;
    for (uint64_t pos = 0; pos < len && err == ERR_OK;) {
        size_t want = len - pos < COPY_CHUNK ? (size_t)(len - pos) : COPY_CHUNK, got = 0;
        err = disk_read(from, chunk, want, pos, &got);
        if (err == ERR_OK && got < want)
            err = ERR_IO;
        if (err == ERR_OK)
            err = disk_write_all(to, chunk, want, pos);
        pos += want;
    }
    mem_free(chunk);
    return err;
}

/* After a failed sync the page cache may hold what the device does not, and say it is clean. The log
 * is written anew and swapped in. */
static enum err rewrite_log(struct recovery *rc, struct segment *s, struct disk_file *log)
{
    struct disk *disk = rc->p->st->options.disk;
    char path[DISK_PATH_BYTES_MAX + 1], fresh[DISK_PATH_BYTES_MAX + 1];
    struct disk_file *copy;
    segment_path(path, rc->p->dir, s->base_offset, "log");
    segment_path(fresh, rc->p->dir, s->base_offset, "log.tmp");
    enum err err = disk_open(disk, fresh, DISK_WRITE | DISK_CREATE | DISK_TRUNCATE, &copy);
    if (err != ERR_OK)
        return err;
    err = copy_log(log, copy, s->bytes);
    if (err == ERR_OK)
        err = disk_sync(copy);
    disk_close(copy);
    if (err == ERR_OK)
        err = disk_rename(disk, fresh, path);
    if (err == ERR_OK)
        TRACE_NOTE(rc->p->st->options.trace,
                   "%s/%020" PRId64 ".log: written anew after the failure before", rc->p->dir,
                   s->base_offset);
    return err;
}

/* Puts what the scan found behind the entries that were kept. */
static enum err write_indexes(struct segment *s, struct segment_files *files)
{
    enum err err = disk_truncate(files->index, (uint64_t)s->index.entries * INDEX_ENTRY_BYTES);
    if (err == ERR_OK)
        err = disk_truncate(files->time_index,
                            (uint64_t)s->index.time_entries * TIME_INDEX_ENTRY_BYTES);
    if (err == ERR_OK)
        err = index_flush(&s->index, files->index, files->time_index);
    if (err == ERR_OK)
        index_flushed(&s->index);
    else
        index_give_up_pending(&s->index);
    return err;
}

/* The epoch at an offset that the checkpoint knows of, -1 when it does not know so far back. */
static int32_t epoch_known(const struct checkpoint *c, int64_t offset)
{
    size_t i = c->epoch_count;
    while (i > 0 && c->epochs[i - 1].first_offset > offset)
        i--;
    return i == 0 ? -1 : c->epochs[i - 1].epoch;
}

/* Goes on where the checkpoint was, if the file is as long as that at least. */
static enum err start_at_checkpoint(struct recovery *rc, struct segment *s,
                                    struct segment_files *files, uint64_t len, uint64_t *from)
{
    const struct checkpoint *c = &rc->checkpoint;
    if (len < c->synced_pos)
        return ERR_OK; /* synced bytes are missing: look at all that is left */
    *from = s->bytes = c->synced_pos;
    rc->expected = c->synced_offset;
    if (*from == 0)
        return ERR_OK;
    s->began_ms = c->segment_began_ms;
    s->max_timestamp_ms = s->index.max_timestamp_ms = c->segment_max_timestamp_ms;
    s->index.max_timestamp_offset = c->segment_max_timestamp_offset;
    return index_load(&s->index, files->index, files->time_index, s->base_offset, *from,
                      rc->expected);
}

static enum err recover_files(struct recovery *rc, struct segment *s, struct segment_files *files,
                              bool last, int64_t limit)
{
    /* Since an older one the segment may have been sealed, and compacted. */
    bool at_checkpoint = rc->have_checkpoint && (rc->knows_all || last) &&
                         s->base_offset == rc->checkpoint.segment_base;
    uint64_t len, from = 0;
    enum err err = disk_size(files->log, &len);
    rc->expected = s->base_offset;
    rc->doubtful = false;
    if (err == ERR_OK && at_checkpoint)
        err = start_at_checkpoint(rc, s, files, len, &from);
    if (rc->have_checkpoint && !rc->knows_all && rc->epoch < 0)
        rc->epoch = epoch_known(&rc->p->checkpoint, rc->expected);
    if (err == ERR_OK)
        err = scan_log(rc, s, files->log, from, len, limit);
    if (err != ERR_OK)
        return err;
    if (!rc->have_checkpoint && rc->epoch < 0 && s->bytes == 0 && len > 0)
        return ERR_CORRUPT; /* nothing here looks like a log: better not touch it */
    if (last && rc->doubtful)
        keep_doubtful(rc, s, len);
    else if (last)
        note_cut(rc, s, len);
    else
        err = note_sealed_end(rc, s, len, limit);
    if (!last)
        index_seal(&s->index, s->base_offset);
    if (err == ERR_OK)
        err = write_indexes(s, files);
    if (err == ERR_OK && rc->have_checkpoint && rc->checkpoint.failed && s->bytes > from)
        return rewrite_log(rc, s, files->log);
    if (err == ERR_OK && !last)
        s->bytes = len; /* damage at its end stays visible */
    return err == ERR_OK ? disk_sync(files->log) : err;
}

static enum err recover_segment(struct recovery *rc, int64_t base, bool last, int64_t limit)
{
    struct partition *p = rc->p;
    struct segment_files *files;
    struct segment *s = segment_create(base);
    partition_add_segment(p, s);
    enum err err = segment_files_open(p->st->options.disk, p->dir, base, DISK_WRITE, &files);
    if (err != ERR_OK)
        return err;
    err = recover_files(rc, s, files, last, limit);
    segment_files_unref(files);
    p->bytes += s->bytes;
    return err;
}

/* What became of one segment, if it stands in the way of all. */
static enum err blame(const struct recovery *rc, int64_t base, enum err err)
{
    if (err != ERR_OK)
        TRACE_WARN(rc->p->st->options.trace, "%s/%020" PRId64 ".log: cannot be recovered: %s",
                   rc->p->dir, base, err_text(err));
    return err;
}

/* A segment before the checkpoint's: it is whole, and only its size has to be known. */
static enum err keep_segment(struct recovery *rc, int64_t base)
{
    struct partition *p = rc->p;
    struct segment_files *files;
    struct segment *s = segment_create(base);
    partition_add_segment(p, s);
    s->max_timestamp_known = false;
    enum err err = segment_files_open(p->st->options.disk, p->dir, base, DISK_READ, &files);
    if (err != ERR_OK)
        return err;
    uint64_t index_len = 0, time_len = 0;
    err = disk_size(files->log, &s->bytes);
    if (err == ERR_OK && files->index != NULL)
        err = disk_size(files->index, &index_len);
    if (err == ERR_OK && files->time_index != NULL)
        err = disk_size(files->time_index, &time_len);
    segment_files_unref(files);
    s->index.entries = (uint32_t)(index_len / INDEX_ENTRY_BYTES);
    s->index.time_entries = (uint32_t)(time_len / TIME_INDEX_ENTRY_BYTES);
    s->index.time_crc_known = false; /* its seal tells */
    p->bytes += s->bytes;
    return err;
}

/* --- all of them ----------------------------------------------------------------------------- */

static enum err read_checkpoint(struct recovery *rc)
{
    struct partition *p = rc->p;
    bool alone;
    enum err err =
        checkpoint_read(p->st->options.disk, p->dir, &rc->checkpoint, &rc->place, &alone);
    if (err == ERR_OK) {
        const char *boot_id = p->st->options.disk->boot_id;
        rc->have_checkpoint = true;
        rc->knows_all = !alone;
        if (alone)
            TRACE_WARN(p->st->options.trace,
                       "%s/checkpoint: one of its two slots is not valid: torn or damaged", p->dir);
        rc->same_boot = boot_id[0] != '\0' && strcmp(boot_id, rc->checkpoint.boot_id) == 0;
        partition_take_checkpoint(p, &rc->checkpoint, &rc->place);
        return ERR_OK;
    }
    if (err != ERR_NOT_FOUND && err != ERR_CORRUPT)
        return err;
    TRACE_WARN(p->st->options.trace, "%s/checkpoint: %s: all there is gets scanned", p->dir,
               err_text(err));
    rc->place = (struct checkpoint_place){.sequence = 1};
    p->checkpoint_place = rc->place;
    return ERR_OK;
}

/* The first segment to scan: the checkpoint's, or without one the first there is. */
static size_t scan_from(const struct recovery *rc, const int64_t *bases, size_t count)
{
    for (size_t i = 0; i < count && rc->have_checkpoint; i++)
        if (bases[i] == rc->checkpoint.segment_base)
            return i;
    return 0;
}

/* Whether the log that begins at `base` has batches from `offset` on. */
static enum err log_goes_on(const struct recovery *rc, int64_t base, int64_t offset, bool *goes_on)
{
    char path[DISK_PATH_BYTES_MAX + 1];
    struct disk_file *log;
    struct log_scan scan;
    struct batch_header header;
    struct bytes batch;
    uint64_t len = 0;
    segment_path(path, rc->p->dir, base, "log");
    enum err err = disk_open(rc->p->st->options.disk, path, DISK_READ, &log);
    if (err != ERR_OK)
        return err;
    err = disk_size(log, &len);
    log_scan_init(&scan, log, 0, len);
    scan.expected = base;
    scan.holes_below = offset; /* it may have been compacted */
    while (err == ERR_OK) {
        err = log_scan_next(&scan, &header, &batch);
        if (err == ERR_CORRUPT || err == ERR_IO)
            err = log_scan_resync(&scan);
    }
    *goes_on = scan.expected > offset;
    log_scan_deinit(&scan);
    disk_close(log);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* Empty segments at the end that the last checkpoint does not know are what rolls left that did not end. The one before
 * them may have gone on, and where that checkpoint is not known only this tells: no roll ends before the removal
 * of what others left is durable, so what holds for the first holds for all. */
static enum err drop_unfinished_rolls(const struct recovery *rc, const int64_t *bases,
                                      size_t *count)
{
    char path[DISK_PATH_BYTES_MAX + 1];
    size_t used = *count;
    bool unfinished = true;
    int64_t spoken_of = rc->have_checkpoint ? rc->checkpoint.segment_base : -1;
    enum err err = partition_segments_used(rc->p, bases, spoken_of, &used);
    if (err == ERR_OK && used < *count && !rc->knows_all)
        err = log_goes_on(rc, bases[used - 1], bases[used], &unfinished);
    while (err == ERR_OK && unfinished && *count > used) {
        segment_path(path, rc->p->dir, bases[--*count], "log");
        err = disk_unlink(rc->p->st->options.disk, path); /* its indexes are in nobody's way */
    }
    return err;
}

static enum err recover_segments(struct recovery *rc, const int64_t *bases, size_t count)
{
    enum err err = drop_unfinished_rolls(rc, bases, &count);
    if (!rc->knows_all && (rc->p->config.compact || rc->p->compacted_to > 0) && err == ERR_OK)
        rc->p->compacted_to = bases[count - 1]; /* nobody knows how far it got */
    size_t first = scan_from(rc, bases, count);
    rc->epoch = -1;
    for (size_t i = 0; i < first && err == ERR_OK; i++)
        err = blame(rc, bases[i], keep_segment(rc, bases[i]));
    for (size_t i = first; i < count && err == ERR_OK; i++) {
        bool last = i + 1 == count;
        int64_t limit = rc->knows_all ? rc->checkpoint.reserved : INT64_MAX;
        err = blame(rc, bases[i], recover_segment(rc, bases[i], last, last ? limit : bases[i + 1]));
    }
    rc->lost = rc->have_checkpoint && rc->expected < rc->checkpoint.synced_offset;
    return err;
}

/* Whether a reader may have seen offsets of records that are not there any more. */
static bool may_have_lost(const struct recovery *rc)
{
    return !rc->knows_all || !rc->same_boot || rc->checkpoint.failed || rc->lost || rc->doubtful ||
           rc->report->bytes_cut > 0;
}

/* Bytes that were synced are not there: how long the log was. */
static void note_lost(struct recovery *rc)
{
    struct segment *s = partition_active(rc->p);
    const struct checkpoint *c = &rc->checkpoint;
    bool here = s->base_offset == c->segment_base && c->synced_pos > s->bytes &&
                c->synced_pos <= SEGMENT_BYTES_MAX;
    uint64_t len = here ? c->synced_pos : s->bytes + BATCH_HEADER_BYTES;
    report_damage(rc, s, s->bytes, len, rc->expected, c->synced_offset);
    rc->p->bytes += len - s->bytes;
    s->bytes = len;
}

/* A torn tail is cut. Where bytes were lost zeros take their place, so that readers are told of damage, now and
 * whenever they come by again, and not of a gap. Only behind the checkpoint, which knows where offsets go
 * on: what is wrong with the length is all that tells the next start that some may have been seen. */
static enum err set_length(struct recovery *rc)
{
    struct partition *p = rc->p;
    const struct segment *s = partition_active(p);
    char path[DISK_PATH_BYTES_MAX + 1];
    struct disk_file *log;
    segment_path(path, p->dir, s->base_offset, "log");
    enum err err = disk_open(p->st->options.disk, path, DISK_WRITE, &log);
    if (err != ERR_OK)
        return err;
    err = disk_truncate(log, s->bytes);
    if (err == ERR_OK)
        err = disk_sync(log);
    disk_close(log);
    return err;
}

static void go_on_at_bound(struct recovery *rc)
{
    struct partition *p = rc->p;
    int64_t bound = offset_bound(rc);
    TRACE_NOTE(p->st->options.trace,
               "%s: not a clean stop: goes on at offset %" PRId64 " (the last record is at %" PRId64
               "), leader epoch %d",
               p->dir, bound, rc->expected - 1, p->leader_epoch + 1);
    partition_begin_epoch(p, p->leader_epoch + 1, bound);
    rc->expected = bound;
}

/* Everything kept is synced: now the checkpoint may say so. One that is behind by more than usual is to be
 * found no more, should this one rot. */
static enum err write_first_checkpoint(struct recovery *rc)
{
    struct partition *p = rc->p;
    struct disk *disk = p->st->options.disk;
    struct checkpoint c;
    struct buf image = {0};
    enum err err = ERR_OK;
    bool both = rc->have_checkpoint && !rc->knows_all;
    partition_checkpoint_synced(p, &c);
    p->reserved = 0; /* so that the bound is renewed from here */
    partition_checkpoint_update(p, &c);
    for (int n = 0; n < (both ? 2 : 1) && err == ERR_OK; n++) {
        checkpoint_encode(&c, p->checkpoint_place.sequence, &image);
        err = rc->have_checkpoint
                  ? checkpoint_write(disk, p->dir, &p->checkpoint_place, buf_bytes(&image), true)
                  : checkpoint_create(disk, p->dir, buf_bytes(&image));
        if (err == ERR_OK)
            partition_checkpoint_written(p, &c, true);
    }
    buf_deinit(&image);
    return err == ERR_OK
               ? marker_remove(disk, p->dir) /* one that did not fit; syncs the directory */
               : err;
}

/* When nothing was scanned the newest batch is still to be found: retention by size keeps it. */
static enum err find_last_batch(struct partition *p)
{
    for (size_t i = p->segment_count; i-- > 0 && p->last_batch_base < 0;) {
        struct segment *s = p->segments[i];
        struct segment_files *files;
        struct segment_view view;
        struct segment_found found = {0};
        if (s->bytes == 0)
            continue;
        enum err err =
            segment_files_open(p->st->options.disk, p->dir, s->base_offset, DISK_READ, &files);
        if (err != ERR_OK)
            return err;
        int64_t end = partition_segment_end(p, i);
        segment_view_init(&view, s, end, end, INT64_MIN);
        view.files = files;
        view.epochs = p->checkpoint.epochs;
        view.epoch_count = p->checkpoint.epoch_count;
        view.holes_below = p->compacted_to;
        err = segment_seek_last(&view, &found);
        segment_files_unref(files);
        if (err != ERR_OK && err != ERR_NOT_FOUND)
            return err;
        if (err == ERR_OK) {
            p->last_batch_base = found.offset;
            p->last_batch_len = s->bytes - found.pos;
        }
    }
    return ERR_OK;
}

static enum err recover(struct partition *p, struct partition_recovery *report,
                        const int64_t *bases, size_t count)
{
    struct recovery rc = {.p = p, .report = report};
    dirs_drop_cleaned(p->st->options.disk, p->dir);
    enum err err = read_checkpoint(&rc);
    if (err == ERR_OK)
        err = recover_segments(&rc, bases, count);
    if (err != ERR_OK)
        return err;
    if (p->checkpoint.epoch_count == 0)
        partition_begin_epoch(p, 0, bases[0]); /* no checkpoint and no batch */
    if (rc.lost)
        note_lost(&rc);
    if (may_have_lost(&rc))
        go_on_at_bound(&rc);
    if (bases[0] > p->log_start) {
        if (rc.knows_all)
            report_damage(&rc, p->segments[0], 0, 0, p->log_start, bases[0]);
        p->log_start = bases[0];
    }
    p->next_offset = p->synced_offset = p->append_offset = rc.expected;
    p->created = true;
    err = find_last_batch(p);
    if (err == ERR_OK)
        err = write_first_checkpoint(&rc);
    if (err == ERR_OK && (rc.lost || report->bytes_cut > 0))
        err = set_length(&rc);
    return err;
}

/* A creation that a crash ended leaves at most an empty first segment and no checkpoint, or none. */
static enum err creation_ended_early(struct partition *p, const int64_t *bases, size_t count,
                                     bool *early)
{
    struct disk *disk = p->st->options.disk;
    struct checkpoint c = {0};
    struct checkpoint_place place;
    uint64_t len = 0;
    bool alone;
    *early = false;
    enum err err = checkpoint_read(disk, p->dir, &c, &place, &alone);
    mem_free(c.epochs);
    if (err == ERR_OK || err == ERR_UNSUPPORTED)
        return count == 0 && (err != ERR_OK || c.synced_offset > 0) ? ERR_CORRUPT : ERR_OK;
    if (err != ERR_NOT_FOUND && err != ERR_CORRUPT)
        return err;
    /* It is made before the first segment: there it was, and has rotted. */
    if (count > 1 || (count == 1 && (bases[0] != 0 || err == ERR_CORRUPT)))
        return ERR_OK;
    if (count == 1) {
        err = segment_log_len(disk, p->dir, 0, &len);
        if (err != ERR_OK)
            return err;
    }
    *early = len == 0;
    return ERR_OK;
}

/* Segments wholly before the log start are still to be removed. */
static void skip_dropped(struct partition *p)
{
    if (p->log_start == p->next_offset) { /* nor is anything kept in the last one */
        p->start_skip = p->bytes;
        return;
    }
    for (size_t i = 0; i + 1 < p->segment_count; i++)
        if (p->segments[i + 1]->base_offset <= p->log_start)
            p->start_skip += p->segments[i]->bytes;
}

static enum err open_partition(struct partition *p, struct partition_recovery *report)
{
    struct disk *disk = p->st->options.disk;
    int64_t *bases;
    size_t count;
    bool early = false;
    enum err err = merge_finish(disk, p->dir);
    if (err == ERR_OK)
        err = dirs_segments(disk, p->dir, &bases, &count);
    if (err != ERR_OK)
        return err;
    if (count > 0 && bases[count - 1] > DIRS_BASE_MAX) {
        TRACE_WARN(p->st->options.trace,
                   "%s/%020" PRId64
                   ".log: no segment begins at so high an offset: is the file of this log?",
                   p->dir, bases[count - 1]);
        mem_free(bases);
        return ERR_CORRUPT;
    }
    if (count > 0)
        err = partition_open_clean(p, bases, count, &report->clean);
    if (err == ERR_OK && !report->clean)
        err = partition_replay(p, bases, count, report);
    if (err == ERR_OK && !report->clean && count <= 1)
        err = creation_ended_early(p, bases, count, &early);
    if (err == ERR_OK && (early || count == 0)) {
        /* It is made before the first write, as if it were new: nobody has read from it. */
        partition_add_segment(p, segment_create(0));
        partition_begin_epoch(p, 0, 0);
    } else if (err == ERR_OK && !report->clean) {
        err = recover(p, report, bases, count);
    }
    mem_free(bases);
    if (err == ERR_OK)
        skip_dropped(p);
    return err;
}

enum err partition_open(struct storage *st, const char *dir, const struct partition_config *config,
                        const struct partition_events *events, void *ctx,
                        struct partition_recovery *recovery, struct partition **opened)
{
    *recovery = (struct partition_recovery){0};
    struct partition *p = partition_new(st, dir, config, events, ctx);
    enum err err = open_partition(p, recovery);
    if (err != ERR_OK) {
        partition_free(p);
        return err;
    }
    if (st->replay != NULL)
        journal_replay_settled(st->replay, dir);
    *opened = p;
    return ERR_OK;
}
