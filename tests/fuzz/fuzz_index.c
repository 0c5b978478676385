/* SPDX-License-Identifier: BSD-3-Clause */
/* Fuzzes the indexes: any bytes as index files beside a good log of two segments. All reads and searches
 * give what they give without an index, before and after a stop. Three bytes say how the
 * partition was left; the rest is shared out to the files. */
#include "base/crc32c.h"
#include "fuzz/log_rig.h"
#include "storage/bigendian.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum option {
    OPTION_MARKER = 1,     /* a clean stop; else a crash, with a checkpoint or without */
    OPTION_CHECKPOINT = 2, /* in the last segment */
    OPTION_LONGER = 4,     /* the marker counts entries that are not there */
    OPTION_COLD = 8,       /* all reads by workers */
    OPTION_NO_INDEX = 16,  /* the files are not there at all */
    OPTION_NO_TIME = 32,
    OPTION_SEAL = 64, /* the time index has the seal it should have, where it tells no lies */
};

#define HEAD_BYTES 3
#define SEGMENTS 2
#define BATCHES 12 /* of each segment */
#define RECORDS 2  /* of each batch */
#define SEGMENT_RECORDS (BATCHES * RECORDS)
#define RECORD_COUNT (SEGMENTS * SEGMENT_RECORDS)
#define VALUE_BYTES 220
#define TIME_FIRST_MS 1699999000000

struct input {
    unsigned options;
    unsigned boundary; /* batches of the last segment before the checkpoint */
    struct bytes index, time_index;
};

/* Out of order, and some twice. */
static int64_t time_of(int64_t offset)
{
    return TIME_FIRST_MS + offset / 5 * 100 + (offset * 7919) % 13 * 40;
}

/* --- the log ----------------------------------------------------------------------------------- */

struct made {
    struct buf log;
    uint64_t ends[BATCHES]; /* positions */
    int64_t max_ms;
};

static void make_segment(struct made *made, int64_t base)
{
    char value[VALUE_BYTES];
    struct batch_builder b = {0};
    memset(value, 'v', sizeof(value));
    *made = (struct made){.max_ms = INT64_MIN};
    for (int i = 0; i < BATCHES; i++) {
        batch_builder_begin(&b, base + i * RECORDS);
        for (int j = 0; j < RECORDS; j++) {
            struct record r = {.timestamp_ms = time_of(base + i * RECORDS + j),
                               .value = bytes_of(value, sizeof(value))};
            batch_builder_add(&b, &r);
            if (r.timestamp_ms > made->max_ms)
                made->max_ms = r.timestamp_ms;
        }
        batch_builder_seal(&b, 0, false);
        buf_append_bytes(&made->log, buf_bytes(&b.buf));
        made->ends[i] = made->log.len;
    }
    batch_builder_deinit(&b);
}

/* --- sealing ----------------------------------------------------------------------------------- */

/* Whether an entry is true of the batch it names, and not of what is before that. Nobody who writes a seal
 * writes such an entry. */
static bool entry_misleads(int64_t base, int64_t relative, int64_t timestamp_ms)
{
    int64_t last = base + relative, max_ms = INT64_MIN, before_ms = INT64_MIN;
    if (relative < 0 || relative >= SEGMENT_RECORDS || relative % RECORDS != RECORDS - 1)
        return false;
    for (int64_t offset = base; offset <= last; offset++) {
        int64_t *max = offset > last - RECORDS ? &max_ms : &before_ms;
        if (time_of(offset) > *max)
            *max = time_of(offset);
    }
    return max_ms == timestamp_ms && before_ms > timestamp_ms;
}

static bool time_index_misleads(struct bytes entries, int64_t base)
{
    for (size_t pos = 0; pos < entries.len; pos += TIME_INDEX_ENTRY_BYTES)
        if (entry_misleads(base, (int32_t)get_u32(entries.data + pos + 8),
                           (int64_t)get_u64(entries.data + pos)))
            return true;
    return false;
}

static uint32_t time_crc(struct bytes entries, int64_t base)
{
    char begin[8];
    put_u64(begin, (uint64_t)base);
    return crc32c_extend(crc32c(begin, sizeof(begin)), entries.data, entries.len);
}

static struct bytes time_entries(const struct input *in)
{
    return bytes_of(in->time_index.data,
                    in->time_index.len / TIME_INDEX_ENTRY_BYTES * TIME_INDEX_ENTRY_BYTES);
}

static bool sealed(const struct input *in, int64_t base)
{
    return (in->options & OPTION_SEAL) && !time_index_misleads(time_entries(in), base);
}

static void put_time_index(const struct input *in, struct log_rig *rig, int64_t base)
{
    struct buf file = {0};
    if (!sealed(in, base)) {
        log_rig_put(rig, base, "timeindex", in->time_index);
        return;
    }
    buf_append_bytes(&file, time_entries(in));
    char *seal = buf_reserve(&file, TIME_INDEX_SEAL_BYTES);
    memcpy(seal, "ECTI", 4);
    put_u32(seal + 4, time_crc(time_entries(in), base));
    file.len += TIME_INDEX_SEAL_BYTES;
    log_rig_put(rig, base, "timeindex", buf_bytes(&file));
    buf_deinit(&file);
}

/* --- the files --------------------------------------------------------------------------------- */

static void checkpoint_of(const struct input *in, const struct made *last, struct checkpoint *c,
                          struct checkpoint_epoch *epoch)
{
    unsigned batches = in->boundary % (BATCHES + 1);
    *epoch = (struct checkpoint_epoch){.epoch = 0, .first_offset = 0};
    *c = (struct checkpoint){.segment_base = SEGMENT_RECORDS,
                             .synced_pos = batches == 0 ? 0 : last->ends[batches - 1],
                             .synced_offset = SEGMENT_RECORDS + batches * RECORDS,
                             .reserved = 2 * RECORD_COUNT,
                             .max_timestamp_ms = last->max_ms,
                             .segment_began_ms = TIME_FIRST_MS,
                             .segment_max_timestamp_ms = INT64_MIN,
                             .dropped_max_ms = -1,
                             .epochs = epoch,
                             .epoch_count = 1};
    for (int64_t offset = SEGMENT_RECORDS; offset < c->synced_offset; offset++)
        if (time_of(offset) > c->segment_max_timestamp_ms) {
            c->segment_max_timestamp_ms = time_of(offset);
            c->segment_max_timestamp_offset = offset | (RECORDS - 1);
        }
    memcpy(c->boot_id, "first boot", sizeof("first boot"));
}

static void put_marker(const struct input *in, struct log_rig *rig, const struct made *made,
                       const struct checkpoint *c)
{
    struct marker_segment segments[SEGMENTS];
    uint32_t more = in->options & OPTION_LONGER ? in->boundary : 0;
    for (int i = 0; i < SEGMENTS; i++)
        segments[i] = (struct marker_segment){
            .base_offset = i * SEGMENT_RECORDS,
            .bytes = made[i].log.len,
            .index_entries = (uint32_t)(in->index.len / INDEX_ENTRY_BYTES) + more,
            .time_index_entries = (uint32_t)(in->time_index.len / TIME_INDEX_ENTRY_BYTES) + more,
            .time_index_crc = time_crc(time_entries(in), i * SEGMENT_RECORDS),
            .time_index_crc_known = (in->boundary & 1) && sealed(in, i * SEGMENT_RECORDS),
            .began_ms = TIME_FIRST_MS,
            .max_timestamp_ms = made[i].max_ms,
            .max_timestamp_known = true};
    const struct made *last = &made[SEGMENTS - 1];
    struct marker m = {.place = {.sequence = 2},
                       .checkpoint = *c,
                       .next_offset = RECORD_COUNT,
                       .last_batch_base = RECORD_COUNT - RECORDS,
                       .last_batch_len = last->ends[BATCHES - 1] - last->ends[BATCHES - 2],
                       .segments = segments,
                       .segment_count = SEGMENTS};
    log_rig_put_marker(rig, &m);
}

static void put_files(const struct input *in, struct log_rig *rig)
{
    struct made made[SEGMENTS];
    struct checkpoint c;
    struct checkpoint_epoch epoch;
    for (int i = 0; i < SEGMENTS; i++) {
        make_segment(&made[i], i * SEGMENT_RECORDS);
        log_rig_put(rig, i * SEGMENT_RECORDS, "log", buf_bytes(&made[i].log));
        if (!(in->options & OPTION_NO_INDEX))
            log_rig_put(rig, i * SEGMENT_RECORDS, "index", in->index);
        if (!(in->options & OPTION_NO_TIME))
            put_time_index(in, rig, i * SEGMENT_RECORDS);
    }
    checkpoint_of(in, &made[SEGMENTS - 1], &c, &epoch);
    if (in->options & (OPTION_CHECKPOINT | OPTION_MARKER))
        log_rig_put_checkpoint(rig, &c);
    if (in->options & OPTION_MARKER)
        put_marker(in, rig, made, &c);
    for (int i = 0; i < SEGMENTS; i++)
        buf_deinit(&made[i].log);
}

/* --- what must hold ----------------------------------------------------------------------------- */

static void check_read(struct log_rig *rig, int64_t offset)
{
    struct partition_read read = {.offset = offset, .bytes_max = 1};
    struct batch_header h;
    log_rig_read(rig, &read);
    ASSERT(read.err == ERR_OK);
    enum err err = batch_header_read(read.batches, INT32_MAX, &h);
    ASSERT(err == ERR_OK);
    ASSERT(h.base_offset == offset / RECORDS * RECORDS);
    ASSERT(batch_crc_holds(read.batches));
    partition_read_end(&read);
}

static void check_seek(struct log_rig *rig, int64_t timestamp_ms)
{
    int64_t found_ms, offset = 0;
    while (offset < RECORD_COUNT && time_of(offset) < timestamp_ms)
        offset++;
    int64_t found = log_rig_seek(rig, timestamp_ms, &found_ms);
    if (offset == RECORD_COUNT) { /* none of ours */
        ASSERT(found >= RECORD_COUNT);
        return;
    }
    ASSERT(found == offset);
    ASSERT(found_ms == time_of(offset));
}

/* Backwards, so that no read begins where the one before ended. */
static void check(struct log_rig *rig)
{
    struct log_view view;
    for (int64_t offset = RECORD_COUNT - 1; offset >= 0; offset--)
        check_read(rig, offset);
    for (int64_t offset = 0; offset < RECORD_COUNT; offset += 3) {
        check_seek(rig, time_of(offset));
        check_seek(rig, time_of(offset) + 1);
    }
    check_seek(rig, INT64_MIN);
    check_seek(rig, INT64_MAX);
    fake_disk_settle(rig->disk); /* indexes that were of no use are made anew */
    log_rig_view(rig, 4096, &view);
    ASSERT(view.start == 0 && view.count >= RECORD_COUNT / RECORDS);
    for (size_t i = 0; i < view.count; i++)
        ASSERT(!view.items[i].damaged);
    log_view_deinit(&view);
}

static void open_and_check(struct log_rig *rig)
{
    enum err err = log_rig_open(rig);
    ASSERT(err == ERR_OK);
    check(rig);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct log_rig rig;
    if (len < HEAD_BYTES)
        return 0;
    size_t share = (len - HEAD_BYTES) * data[2] / UINT8_MAX;
    struct input in = {.options = data[0],
                       .boundary = data[1],
                       .index = bytes_of(data + HEAD_BYTES, share),
                       .time_index = bytes_of(data + HEAD_BYTES + share, len - HEAD_BYTES - share)};
    log_rig_init(&rig);
    put_files(&in, &rig);
    rig.disk->cold = (in.options & OPTION_COLD) != 0;
    open_and_check(&rig);
    (void)log_rig_append(&rig, "appended");
    check(&rig);
    log_rig_close(&rig);
    open_and_check(&rig);
    log_rig_deinit(&rig);
    return 0;
}
