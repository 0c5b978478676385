/* SPDX-License-Identifier: BSD-3-Clause */
#include "storage/marker.h"

#include "base/crc32c.h"
#include "base/mem.h"
#include "storage/bigendian.h"
#include <stdio.h>

#define MARKER_VERSION 2
#define MARKER_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define SEGMENT_BYTES 48

enum segment_flags {
    FLAG_MAX_TIMESTAMP_KNOWN = 1,
    FLAG_TIME_INDEX_CRC_KNOWN = 2,
};

enum field {
    AT_CRC = 4,
    AT_LEN = 8,
    AT_VERSION = 12,
    AT_SEQUENCE = 16,
    AT_SLOT = 24,
    AT_NEXT_OFFSET = 28,
    AT_LAST_BATCH_BASE = 36,
    AT_LAST_BATCH_LEN = 44,
    AT_CHECKPOINT_LEN = 52,
    AT_CHECKPOINT = 56,
};

static const char marker_magic[4] = {'E', 'C', 'L', 'N'};

static void put_segment(char *p, const struct marker_segment *s)
{
    put_u64(p, (uint64_t)s->base_offset);
    put_u64(p + 8, s->bytes);
    put_u32(p + 16, s->index_entries);
    put_u32(p + 20, s->time_index_entries);
    put_u64(p + 24, (uint64_t)s->began_ms);
    put_u64(p + 32, (uint64_t)s->max_timestamp_ms);
    put_u32(p + 40, (s->max_timestamp_known ? FLAG_MAX_TIMESTAMP_KNOWN : 0) |
                        (s->time_index_crc_known ? FLAG_TIME_INDEX_CRC_KNOWN : 0));
    put_u32(p + 44, s->time_index_crc);
}

static void get_segment(const char *p, struct marker_segment *s)
{
    s->base_offset = (int64_t)get_u64(p);
    s->bytes = get_u64(p + 8);
    s->index_entries = get_u32(p + 16);
    s->time_index_entries = get_u32(p + 20);
    s->began_ms = (int64_t)get_u64(p + 24);
    s->max_timestamp_ms = (int64_t)get_u64(p + 32);
    s->max_timestamp_known = (get_u32(p + 40) & FLAG_MAX_TIMESTAMP_KNOWN) != 0;
    s->time_index_crc_known = (get_u32(p + 40) & FLAG_TIME_INDEX_CRC_KNOWN) != 0;
    s->time_index_crc = get_u32(p + 44);
}

void marker_encode(const struct marker *m, struct buf *out)
{
    struct buf image = {0};
    ASSERT(m->segment_count >= 1);
    checkpoint_encode(&m->checkpoint, m->place.sequence, &image);
    size_t len = AT_CHECKPOINT + image.len + 4 + m->segment_count * SEGMENT_BYTES;
    buf_clear(out);
    char *p = buf_reserve(out, len);
    out->len = len;
    memcpy(p, marker_magic, sizeof(marker_magic));
    put_u32(p + AT_LEN, (uint32_t)len);
    put_u32(p + AT_VERSION, MARKER_VERSION);
    put_u64(p + AT_SEQUENCE, m->place.sequence);
    put_u32(p + AT_SLOT, m->place.slot);
    put_u64(p + AT_NEXT_OFFSET, (uint64_t)m->next_offset);
    put_u64(p + AT_LAST_BATCH_BASE, (uint64_t)m->last_batch_base);
    put_u64(p + AT_LAST_BATCH_LEN, m->last_batch_len);
    put_u32(p + AT_CHECKPOINT_LEN, (uint32_t)image.len);
    memcpy(p + AT_CHECKPOINT, image.data, image.len);
    char *at = p + AT_CHECKPOINT + image.len;
    put_u32(at, (uint32_t)m->segment_count);
    for (size_t i = 0; i < m->segment_count; i++)
        put_segment(at + 4 + i * SEGMENT_BYTES, &m->segments[i]);
    put_u32(p + AT_CRC, crc32c(p + AT_LEN, len - AT_LEN));
    buf_deinit(&image);
}

static bool plausible(const struct marker *m)
{
    if (m->place.slot > 1 || m->next_offset < m->checkpoint.log_start)
        return false;
    for (size_t i = 1; i < m->segment_count; i++)
        if (m->segments[i].base_offset <= m->segments[i - 1].base_offset)
            return false;
    const struct marker_segment *last = &m->segments[m->segment_count - 1];
    return m->segments[0].base_offset >= 0 && last->base_offset <= m->next_offset &&
           (last->bytes == 0 || last->base_offset < m->next_offset);
}

enum err marker_decode(struct bytes data, struct marker *m)
{
    const char *p = data.data;
    if (data.len < AT_CHECKPOINT || memcmp(p, marker_magic, sizeof(marker_magic)) != 0 ||
        get_u32(p + AT_LEN) != data.len ||
        crc32c(p + AT_LEN, data.len - AT_LEN) != get_u32(p + AT_CRC) ||
        get_u32(p + AT_VERSION) != MARKER_VERSION)
        return ERR_CORRUPT;
    size_t left = data.len - AT_CHECKPOINT, image_len = get_u32(p + AT_CHECKPOINT_LEN);
    if (left < 4 || image_len > left - 4)
        return ERR_CORRUPT;
    const char *at = p + AT_CHECKPOINT + image_len;
    size_t count = get_u32(at);
    left -= image_len + 4;
    if (count == 0 || left % SEGMENT_BYTES != 0 || left / SEGMENT_BYTES != count)
        return ERR_CORRUPT;

    struct marker d = {
        .place = {.sequence = get_u64(p + AT_SEQUENCE), .slot = get_u32(p + AT_SLOT)},
        .next_offset = (int64_t)get_u64(p + AT_NEXT_OFFSET),
        .last_batch_base = (int64_t)get_u64(p + AT_LAST_BATCH_BASE),
        .last_batch_len = get_u64(p + AT_LAST_BATCH_LEN),
        .segment_count = count,
    };
    uint64_t sequence;
    enum err err =
        checkpoint_decode(bytes_of(p + AT_CHECKPOINT, image_len), &d.checkpoint, &sequence);
    if (err != ERR_OK)
        return err;
    d.segments = mem_zalloc(count, sizeof(d.segments[0]));
    for (size_t i = 0; i < count; i++)
        get_segment(at + 4 + i * SEGMENT_BYTES, &d.segments[i]);
    if (!plausible(&d)) {
        marker_deinit(&d);
        return ERR_CORRUPT;
    }
    *m = d;
    return ERR_OK;
}

void marker_deinit(struct marker *m)
{
    mem_free(m->checkpoint.epochs);
    mem_free(m->segments);
}

static void marker_path(char *path, const char *dir)
{
    int len = snprintf(path, DISK_PATH_BYTES_MAX + 1, "%s/clean", dir);
    ASSERT(len > 0 && len <= DISK_PATH_BYTES_MAX);
}

enum err marker_write(struct disk *disk, const char *dir, const struct marker *m)
{
    char path[DISK_PATH_BYTES_MAX + 1];
    struct buf data = {0};
    marker_path(path, dir);
    marker_encode(m, &data);
    enum err err = disk_replace_file(disk, path, data.data, data.len);
    buf_deinit(&data);
    return err;
}

enum err marker_read(struct disk *disk, const char *dir, struct marker *m)
{
    char path[DISK_PATH_BYTES_MAX + 1];
    char *data;
    size_t len;
    marker_path(path, dir);
    enum err err = disk_read_file(disk, path, MARKER_BYTES_MAX, &data, &len);
    if (err != ERR_OK)
        return err;
    err = marker_decode(bytes_of(data, len), m);
    mem_free(data);
    return err;
}

enum err marker_remove(struct disk *disk, const char *dir)
{
    char path[DISK_PATH_BYTES_MAX + 1];
    marker_path(path, dir);
    enum err err = disk_unlink(disk, path);
    if (err != ERR_OK && err != ERR_NOT_FOUND)
        return err;
    return disk_sync_dir(disk, dir); /* also when it is gone already: perhaps not durably */
}

bool marker_fits(const struct marker *m, const int64_t *bases, size_t count)
{
    if (m->segment_count != count)
        return false;
    for (size_t i = 0; i < count; i++)
        if (m->segments[i].base_offset != bases[i])
            return false;
    return true;
}
