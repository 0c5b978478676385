/* SPDX-License-Identifier: BSD-3-Clause */
/* Fuzzes recovery: the input is a log file, after four bytes that say what is beside it. The partition is
 * opened, read, appended to, stopped or crashed, and opened again. Any bytes are a log or are refused
 * untouched; what a reader saw stays as it was; a good beginning is never lost. */
#include "base/crc32c.h"
#include "fuzz/log_rig.h"
#include "storage/bigendian.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum option {
    OPTION_MEND = 1, /* checksums are made to hold, so that what is behind them is reached */
    OPTION_CHECKPOINT =
        2,              /* one at a batch boundary; an old one has its own boot and maybe failed */
    OPTION_MARKER = 4,  /* of a clean stop that knows the last batch */
    OPTION_INDEXES = 8, /* the log's own bytes as index files */
    OPTION_FOLLOWED = 16, /* by a good segment */
    OPTION_COLD = 32,     /* all reads by workers */
    OPTION_CRASH = 64,    /* instead of a clean stop */
    OPTION_OTHER_BOOT = 128,
};

#define HEAD_BYTES 4
#define AT_LENGTH 8
#define AT_MAGIC 16
#define AT_CRC 17
#define AT_CRC_COVERS 21
#define FOLLOWER_BASE 1000
#define NEXT_MAX ((int64_t)1 << 40)

struct input {
    unsigned options;
    unsigned boundary; /* how many batches are before the checkpoint */
    unsigned ahead;    /* how far offsets are reserved behind it */
    unsigned seed;
    struct buf log;
};

static bool option(const struct input *in, enum option option)
{
    return (in->options & option) != 0;
}

/* --- the log ----------------------------------------------------------------------------------- */

/* Whatever looks like a batch gets the checksum it should have. */
static void mend(struct buf *log)
{
    for (size_t pos = 0; log->len - pos >= BATCH_HEADER_BYTES;) {
        char *p = log->data + pos;
        size_t left = log->len - pos, len = (size_t)get_u32(p + AT_LENGTH) + AT_LENGTH + 4;
        if (p[AT_MAGIC] != BATCH_MAGIC || len < BATCH_HEADER_BYTES || len > left) {
            pos++;
            continue;
        }
        put_u32(p + AT_CRC, crc32c(p + AT_CRC_COVERS, len - AT_CRC_COVERS));
        pos += len;
    }
}

/* Where a walk along good batches is. */
struct walk {
    uint64_t pos;
    int64_t next;
    struct batch_header last;
};

/* Goes on by a batch that nobody could doubt: it follows the one before, in the first epoch. */
static bool walk_on(const struct buf *log, struct walk *w)
{
    struct batch_header h;
    if (w->pos == log->len)
        return false;
    struct bytes rest = bytes_of(log->data + w->pos, log->len - (size_t)w->pos);
    if (batch_header_read(rest, (int64_t)rest.len, &h) != ERR_OK || batch_header_len(&h) > rest.len)
        return false;
    if (h.base_offset != w->next || h.leader_epoch != 0 ||
        batch_header_last_offset(&h) >= NEXT_MAX ||
        !batch_crc_holds(bytes_of(rest.data, batch_header_len(&h))))
        return false;
    w->pos += batch_header_len(&h);
    w->next = batch_header_last_offset(&h) + 1;
    w->last = h;
    return true;
}

/* The next batch at or behind *pos whose checksum holds; *pos is then where it begins. */
static bool next_good(const struct buf *log, size_t *pos, struct batch_header *h)
{
    for (; *pos < log->len; ++*pos) {
        struct bytes rest = bytes_of(log->data + *pos, log->len - *pos);
        if (batch_header_read(rest, (int64_t)rest.len, h) == ERR_OK &&
            batch_crc_holds(bytes_of(rest.data, batch_header_len(h))))
            return true;
    }
    return false;
}

/* Where a log ends that has been written as it is, or by what it has lost, further on. */
static int64_t end_of(const struct input *in, bool *whole)
{
    struct batch_header h;
    int64_t next = 0;
    size_t end = 0;
    for (size_t pos = 0; next_good(&in->log, &pos, &h); pos = end) {
        int64_t behind = batch_header_last_offset(&h) + 1;
        if (behind <= NEXT_MAX && behind > next)
            next = behind;
        end = pos + batch_header_len(&h);
    }
    *whole = end == in->log.len;
    return *whole ? next : next + in->ahead + 1;
}

/* A clean stop leaves whole batches: what looks torn at the end is damage, and never gets whole by what is
 * written behind it. */
static void end_clean(struct input *in)
{
    bool whole;
    (void)end_of(in, &whole);
    if (!whole)
        buf_append_char(&in->log, '\xff');
}

static void put_follower(struct log_rig *rig)
{
    struct batch_builder b = {0};
    struct record r = {.timestamp_ms = 1700000000000, .value = bytes_of_string("follower")};
    batch_builder_begin(&b, FOLLOWER_BASE);
    batch_builder_add(&b, &r);
    batch_builder_seal(&b, 0, false);
    log_rig_put(rig, FOLLOWER_BASE, "log", buf_bytes(&b.buf));
    batch_builder_deinit(&b);
}

/* A checkpoint as it was after `boundary` batches. */
static void checkpoint_of(const struct input *in, struct checkpoint *c,
                          struct checkpoint_epoch *epoch)
{
    struct walk w = {0};
    for (unsigned i = 0; i < in->boundary && walk_on(&in->log, &w); i++) {
    }
    *epoch = (struct checkpoint_epoch){.epoch = 0, .first_offset = 0};
    *c = (struct checkpoint){.synced_pos = w.pos,
                             .synced_offset = w.next,
                             .reserved = w.next + in->ahead * 8,
                             .max_timestamp_ms = w.pos == 0 ? -1 : w.last.max_timestamp_ms,
                             .segment_began_ms = w.pos == 0 ? -1 : 1700000000000,
                             .segment_max_timestamp_ms = w.last.max_timestamp_ms,
                             .segment_max_timestamp_offset = w.next - 1,
                             .dropped_max_ms = -1,
                             .failed = option(in, OPTION_OTHER_BOOT) && (in->seed & 1),
                             .epochs = epoch,
                             .epoch_count = 1};
    memcpy(c->boot_id, "first boot", sizeof("first boot"));
    if (option(in, OPTION_OTHER_BOOT))
        memcpy(c->boot_id, "a boot before", sizeof("a boot before"));
}

static void put_marker(const struct input *in, struct log_rig *rig, const struct checkpoint *c)
{
    struct walk w = {0};
    while (walk_on(&in->log, &w)) {
    }
    bool whole;
    int64_t next = end_of(in, &whole);
    struct marker_segment segment = {.bytes = in->log.len,
                                     .began_ms = 1700000000000,
                                     .max_timestamp_ms = w.last.max_timestamp_ms,
                                     .index_entries = (uint32_t)in->log.len / INDEX_ENTRY_BYTES,
                                     .time_index_entries = in->seed};
    struct marker m = {.place = {.sequence = 2},
                       .checkpoint = *c,
                       .next_offset = next,
                       .last_batch_base = w.last.base_offset,
                       .last_batch_len = w.pos == 0 ? 0 : batch_header_len(&w.last),
                       .segments = &segment,
                       .segment_count = 1};
    if (m.checkpoint.reserved < next)
        m.checkpoint.reserved = next;
    log_rig_put_marker(rig, &m);
}

static void put_files(const struct input *in, struct log_rig *rig)
{
    struct checkpoint c;
    struct checkpoint_epoch epoch;
    checkpoint_of(in, &c, &epoch);
    log_rig_put(rig, 0, "log", buf_bytes(&in->log));
    if (option(in, OPTION_INDEXES)) {
        log_rig_put(rig, 0, "index", buf_bytes(&in->log));
        log_rig_put(rig, 0, "timeindex", buf_bytes(&in->log));
    }
    if (option(in, OPTION_FOLLOWED))
        put_follower(rig);
    if (option(in, OPTION_CHECKPOINT) || option(in, OPTION_MARKER))
        log_rig_put_checkpoint(rig, &c);
    if (option(in, OPTION_MARKER))
        put_marker(in, rig, &c);
}

/* --- what must hold ----------------------------------------------------------------------------- */

/* The good batches that the log begins with can all be read. */
static void check_beginning(const struct input *in, const struct log_view *view)
{
    struct checkpoint c;
    struct checkpoint_epoch epoch;
    struct walk w = {0};
    int64_t limit = option(in, OPTION_FOLLOWED) ? FOLLOWER_BASE : INT64_MAX;
    checkpoint_of(in, &c, &epoch);
    if ((option(in, OPTION_CHECKPOINT) || option(in, OPTION_MARKER)) && c.reserved < limit)
        limit = c.reserved;
    for (size_t i = 0; walk_on(&in->log, &w) && w.next <= limit; i++) {
        ASSERT(i < view->count);
        ASSERT(!view->items[i].damaged && view->items[i].crc == w.last.crc);
        ASSERT(view->items[i].from == w.last.base_offset && view->items[i].to == w.next);
    }
}

/* The base offset is outside the checksum. Where one is wrong in a batch between damaged ones, nobody can
 * tell which of the batches around is right, and the answer may change with what else is known. */
static bool bases_doubtful(const struct input *in)
{
    struct checkpoint c;
    struct checkpoint_epoch epoch;
    struct batch_header h;
    int64_t next = 0, limit = option(in, OPTION_FOLLOWED) ? FOLLOWER_BASE : NEXT_MAX;
    checkpoint_of(in, &c, &epoch);
    if ((option(in, OPTION_CHECKPOINT) || option(in, OPTION_MARKER)) && c.reserved < limit)
        limit = c.reserved;
    for (size_t pos = 0; next_good(&in->log, &pos, &h); pos += batch_header_len(&h)) {
        if (h.base_offset < next || h.leader_epoch != 0 || batch_header_last_offset(&h) >= limit)
            return true;
        next = batch_header_last_offset(&h) + 1;
    }
    return false;
}

/* Two ways through the log give the same, and searches end. */
static void look(struct log_rig *rig, struct log_view *view)
{
    struct log_view pieces;
    int64_t found_ms;
    log_rig_view(rig, 1 << 20, view);
    log_rig_view(rig, 1, &pieces);
    ASSERT(log_view_equal(view, &pieces, INT64_MAX));
    log_view_deinit(&pieces);
    static const int64_t times[] = {INT64_MIN, 0, 1700000000000, 1700000000001, INT64_MAX};
    for (size_t i = 0; i < COUNT_OF(times); i++)
        (void)log_rig_seek(rig, times[i], &found_ms);
}

static void check_value(struct log_rig *rig, int64_t offset, const char *value)
{
    struct partition_read read = {.offset = offset, .bytes_max = 1};
    struct batch_iter it;
    struct record_view r;
    log_rig_read(rig, &read);
    ASSERT(read.err == ERR_OK);
    enum err err = batch_iter_init(&it, read.batches);
    ASSERT(err == ERR_OK);
    err = batch_iter_next(&it, &r);
    ASSERT(err == ERR_OK);
    ASSERT(r.offset == offset);
    ASSERT(bytes_equal(r.value, bytes_of_string(value)));
    partition_read_end(&read);
}

static void open_again(const struct input *in, struct log_rig *rig)
{
    static const enum fake_kept kept[] = {FAKE_KEEP_ALL, FAKE_KEEP_SYNCED, FAKE_KEEP_SOME};
    if (option(in, OPTION_CRASH))
        log_rig_crash(rig, kept[in->seed % COUNT_OF(kept)], in->seed);
    else
        log_rig_close(rig);
    enum err err = log_rig_open(rig);
    ASSERT(err == ERR_OK);
    ASSERT(rig->recovery.clean || option(in, OPTION_CRASH));
}

static void use(const struct input *in, struct log_rig *rig)
{
    struct log_view first, second, third;
    bool sure = !bases_doubtful(in);
    rig->disk->cold = option(in, OPTION_COLD);
    look(rig, &first);
    check_beginning(in, &first);
    int64_t offset = log_rig_append(rig, "appended");
    ASSERT(offset == first.next);
    look(rig, &second);
    ASSERT(!sure || log_view_equal(&first, &second, first.next));
    open_again(in, rig);
    look(rig, &third);
    ASSERT(!sure || log_view_equal(&second, &third, second.next));
    if (sure)
        check_value(rig, offset, "appended");
    offset = log_rig_append(rig, "again");
    ASSERT(offset >= second.next);
    if (sure)
        check_value(rig, offset, "again");
    log_view_deinit(&first);
    log_view_deinit(&second);
    log_view_deinit(&third);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct log_rig rig;
    if (len < HEAD_BYTES)
        return 0;
    struct input in = {.options = data[0], .boundary = data[1], .ahead = data[2], .seed = data[3]};
    buf_append(&in.log, data + HEAD_BYTES, len - HEAD_BYTES);
    if (option(&in, OPTION_MEND))
        mend(&in.log);
    if (option(&in, OPTION_MARKER))
        end_clean(&in);
    log_rig_init(&rig);
    put_files(&in, &rig);
    enum err err = log_rig_open(&rig);
    if (err == ERR_OK) {
        use(&in, &rig);
    } else {
        ASSERT(err == ERR_CORRUPT);
        ASSERT(bytes_equal(log_rig_bytes(&rig, 0, "log"), buf_bytes(&in.log)));
    }
    log_rig_deinit(&rig);
    buf_deinit(&in.log);
    return 0;
}
