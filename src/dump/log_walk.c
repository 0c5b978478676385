/* SPDX-License-Identifier: BSD-3-Clause */
#include "dump/log_walk.h"

#include "base/crc32c.h"
#include "storage/log_scan.h"
#include <inttypes.h>

#define CHUNK_WHOLE ((size_t)1024 * 1024)
#define CHUNK_HEADERS ((size_t)4096)
#define SAMPLE_INTERVAL 64
#define CRC_COVERS_FROM 21
#define MAGIC_AT 16
/* A longer batch is only believed if something like a batch follows it: as in storage/log_scan.c. */
#define BATCH_BYTES_UNCHECKED ((size_t)1024 * 1024)

enum err log_walk_open(struct log_walk *w, struct disk *disk, const char *path, bool whole)
{
    *w = (struct log_walk){.whole = whole, .expected = -1, .epoch = -1};
    return window_open(&w->window, disk, path, whole ? CHUNK_WHOLE : CHUNK_HEADERS);
}

void log_walk_close(struct log_walk *w)
{
    window_close(&w->window);
}

bool log_walk_epoch_begins(const struct checkpoint_epoch *epochs, size_t count, int64_t offset)
{
    for (size_t i = 0; i < count; i++)
        if (epochs[i].first_offset == offset)
            return true;
    return false;
}

static enum err refuse(struct buf *why, const char *format, ...) PRINTF_LIKE(2, 3);
static enum err refuse(struct buf *why, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    buf_clear(why);
    buf_vprintf(why, format, args);
    va_end(args);
    buf_append_char(why, '\0');
    return ERR_CORRUPT;
}

static enum err check_epoch(const struct log_walk *w, const struct batch_header *h, struct buf *why)
{
    if (h->leader_epoch < w->epoch)
        return refuse(why, "its leader epoch is %d, that of the batch before is %d",
                      (int)h->leader_epoch, (int)w->epoch);
    size_t i = w->epoch_count;
    while (i > 0 && w->epochs[i - 1].first_offset > h->base_offset)
        i--;
    if (i > 0 && w->epochs[i - 1].epoch != h->leader_epoch)
        return refuse(why, "its leader epoch is %d, but at offset %" PRId64 " it was %d",
                      (int)h->leader_epoch, h->base_offset, (int)w->epochs[i - 1].epoch);
    return ERR_OK;
}

/* A start after a crash leaves a gap, and begins an epoch behind it. */
static bool gap_is_fine(const struct log_walk *w, const struct batch_header *h)
{
    if (w->holes)
        return true;
    if (w->epoch_count > 0 && w->epochs[0].first_offset <= h->base_offset)
        return log_walk_epoch_begins(w->epochs, w->epoch_count, h->base_offset);
    return h->leader_epoch > w->epoch;
}

static enum err check_header(const struct log_walk *w, const struct batch_header *h,
                             struct buf *why)
{
    uint64_t left = w->window.end - w->pos;
    if (w->expected >= 0 && h->base_offset < w->expected)
        return refuse(why, "its base offset is %" PRId64 ", where %" PRId64 " was due",
                      h->base_offset, w->expected);
    if (w->expected >= 0 && h->base_offset > w->expected && !gap_is_fine(w, h))
        return refuse(why, "its base offset is %" PRId64 ", but %" PRId64 " was due",
                      h->base_offset, w->expected);
    if (batch_header_len(h) > left)
        return refuse(why, "it is said to be %zu bytes long, and %" PRIu64 " are left",
                      batch_header_len(h), left);
    int64_t offsets = (int64_t)h->last_offset_delta + 1;
    if (h->record_count > offsets || (!w->holes && h->record_count < offsets))
        return refuse(why, "it is said to hold %d records in %" PRId64 " offsets",
                      (int)h->record_count, offsets);
    return check_epoch(w, h, why);
}

/* Whether a batch of this length ends at the end of the log or before something like another. */
static enum err is_followed(struct log_walk *w, size_t len, bool *followed)
{
    struct bytes next;
    uint64_t end = w->pos + len;
    *followed = true;
    if (w->window.end - end <= MAGIC_AT)
        return ERR_OK;
    enum err err = window_get(&w->window, end, MAGIC_AT + 1, &next);
    if (err == ERR_OK)
        *followed = next.data[MAGIC_AT] == BATCH_MAGIC;
    return err;
}

static enum err take_whole(struct log_walk *w, struct walk_batch *b, bool followed, struct buf *why)
{
    if (b->len > BATCH_BYTES_UNCHECKED && !followed)
        return refuse(why, "it is said to be %zu bytes long, and no batch follows it there",
                      b->len);
    enum err err = window_get(&w->window, w->pos, b->len, &b->bytes);
    if (err != ERR_OK || batch_crc_holds(b->bytes))
        return err;
    uint32_t crc = crc32c(b->bytes.data + CRC_COVERS_FROM, b->len - CRC_COVERS_FROM);
    return refuse(why, "its checksum is %" PRIu32 ", but it says %" PRIu32, crc, b->header.crc);
}

/* Of those that need not be read as a whole, the ones with a doubtful length are all the same. */
static enum err take_body(struct log_walk *w, struct walk_batch *b, struct buf *why)
{
    bool followed = true, last = w->pos + b->len == w->window.end;
    if (!w->whole || b->len > BATCH_BYTES_UNCHECKED) {
        enum err err = is_followed(w, b->len, &followed);
        if (err != ERR_OK)
            return err;
    }
    if (w->whole || last || !followed || w->batches % SAMPLE_INTERVAL == 0)
        return take_whole(w, b, followed, why);
    return ERR_OK;
}

static enum err read_header(struct log_walk *w, struct batch_header *h, struct buf *why)
{
    struct bytes start;
    uint64_t left = w->window.end - w->pos;
    if (left < BATCH_HEADER_BYTES)
        return refuse(why, "%" PRIu64 " bytes are too few for a batch", left);
    enum err err = window_get(&w->window, w->pos, BATCH_HEADER_BYTES, &start);
    if (err != ERR_OK)
        return err;
    if (start.data[MAGIC_AT] != BATCH_MAGIC)
        return refuse(why, "the magic number is %d, not %d", (int)start.data[MAGIC_AT],
                      BATCH_MAGIC);
    if (batch_header_read(start, INT32_MAX, h) != ERR_OK)
        return refuse(why, "its numbers cannot be those of a batch");
    return ERR_OK;
}

enum err log_walk_next(struct log_walk *w, struct walk_batch *batch, struct buf *why)
{
    struct walk_batch b = {.pos = w->pos, .bytes = BYTES_NULL};
    if (w->pos == w->window.end)
        return ERR_NOT_FOUND;
    enum err err = read_header(w, &b.header, why);
    if (err == ERR_OK)
        err = check_header(w, &b.header, why);
    if (err == ERR_OK) {
        b.len = batch_header_len(&b.header);
        err = take_body(w, &b, why);
    }
    if (err == ERR_NOT_FOUND)
        return refuse(why, "the file has become shorter");
    if (err != ERR_OK)
        return err;
    b.missing = w->expected >= 0 ? b.header.base_offset - w->expected : 0;
    w->pos += b.len;
    w->batches++;
    w->expected = batch_header_last_offset(&b.header) + 1;
    w->epoch = b.header.leader_epoch;
    *batch = b;
    return ERR_OK;
}

enum err log_walk_resync(struct log_walk *w)
{
    struct log_scan scan;
    log_scan_init(&scan, w->window.file, w->pos, w->window.end);
    scan.expected = w->expected;
    scan.epoch = w->epoch;
    scan.epochs = w->epochs;
    scan.epoch_count = w->epoch_count;
    scan.holes_below = w->holes ? INT64_MAX : 0;
    enum err err = log_scan_resync(&scan);
    if (err == ERR_OK) {
        w->pos = scan.pos;
        w->expected = scan.expected;
    }
    log_scan_deinit(&scan);
    return err;
}
