/* SPDX-License-Identifier: BSD-3-Clause */
#include "storage/checkpoint.h"

#include "base/crc32c.h"
#include "base/mem.h"
#include "storage/bigendian.h"
#include <stdio.h>

#define CHECKPOINT_VERSION 1           /* never compacted */
#define CHECKPOINT_VERSION_COMPACTED 2 /* with the two bounds */
#define COMPACTED_BYTES 16
#define FLAG_FAILED 1u
#define EPOCH_BYTES 12

enum field {
    AT_CRC = 4,
    AT_LEN = 8,
    AT_VERSION = 12,
    AT_SEQUENCE = 16,
    AT_FLAGS = 24,
    AT_LOG_START = 28,
    AT_SEGMENT_BASE = 36,
    AT_SYNCED_POS = 44,
    AT_SYNCED_OFFSET = 52,
    AT_RESERVED = 60,
    AT_MAX_TIMESTAMP = 68,
    AT_SEGMENT_BEGAN = 76,
    AT_SEGMENT_MAX_TIMESTAMP = 84,
    AT_SEGMENT_MAX_OFFSET = 92,
    AT_DROPPED_MAX = 100,
    AT_BOOT_ID = 108,
    AT_EPOCH_COUNT = 148,
    AT_EPOCHS = 152,
};
static_assert(AT_BOOT_ID + CHECKPOINT_BOOT_ID_BYTES == AT_EPOCH_COUNT, "the layout is frozen");
static_assert(AT_EPOCHS + CHECKPOINT_EPOCHS_MAX * EPOCH_BYTES + COMPACTED_BYTES <=
                  CHECKPOINT_SLOT_BYTES,
              "a slot holds the most epochs");

static const char checkpoint_magic[4] = {'E', 'C', 'K', 'P'};

void checkpoint_encode(const struct checkpoint *c, uint64_t sequence, struct buf *image)
{
    size_t skip =
        c->epoch_count > CHECKPOINT_EPOCHS_MAX ? c->epoch_count - CHECKPOINT_EPOCHS_MAX : 0;
    size_t count = c->epoch_count - skip, at_end = AT_EPOCHS + count * EPOCH_BYTES;
    bool compacted = c->compacted_to > 0;
    size_t len = at_end + (compacted ? COMPACTED_BYTES : 0);
    buf_clear(image);
    char *p = buf_reserve(image, len);
    image->len = len;
    memcpy(p, checkpoint_magic, sizeof(checkpoint_magic));
    put_u32(p + AT_LEN, (uint32_t)len);
    put_u32(p + AT_VERSION, compacted ? CHECKPOINT_VERSION_COMPACTED : CHECKPOINT_VERSION);
    put_u64(p + AT_SEQUENCE, sequence);
    put_u32(p + AT_FLAGS, c->failed ? FLAG_FAILED : 0);
    put_u64(p + AT_LOG_START, (uint64_t)c->log_start);
    put_u64(p + AT_SEGMENT_BASE, (uint64_t)c->segment_base);
    put_u64(p + AT_SYNCED_POS, c->synced_pos);
    put_u64(p + AT_SYNCED_OFFSET, (uint64_t)c->synced_offset);
    put_u64(p + AT_RESERVED, (uint64_t)c->reserved);
    put_u64(p + AT_MAX_TIMESTAMP, (uint64_t)c->max_timestamp_ms);
    put_u64(p + AT_SEGMENT_BEGAN, (uint64_t)c->segment_began_ms);
    put_u64(p + AT_SEGMENT_MAX_TIMESTAMP, (uint64_t)c->segment_max_timestamp_ms);
    put_u64(p + AT_SEGMENT_MAX_OFFSET, (uint64_t)c->segment_max_timestamp_offset);
    put_u64(p + AT_DROPPED_MAX, (uint64_t)c->dropped_max_ms);
    memcpy(p + AT_BOOT_ID, c->boot_id, CHECKPOINT_BOOT_ID_BYTES);
    put_u32(p + AT_EPOCH_COUNT, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        put_u32(p + AT_EPOCHS + i * EPOCH_BYTES, (uint32_t)c->epochs[skip + i].epoch);
        put_u64(p + AT_EPOCHS + i * EPOCH_BYTES + 4, (uint64_t)c->epochs[skip + i].first_offset);
    }
    if (compacted) {
        put_u64(p + at_end, (uint64_t)c->compacted_to);
        put_u64(p + at_end + 8, (uint64_t)c->cleaned_to);
    }
    put_u32(p + AT_CRC, crc32c(p + AT_LEN, len - AT_LEN));
}

/* Whether the numbers make sense together. */
static bool plausible(const struct checkpoint *c)
{
    if (c->log_start < 0 || c->segment_base < 0 || c->synced_offset < c->segment_base)
        return false;
    if (c->reserved < c->synced_offset || c->log_start > c->synced_offset)
        return false;
    if (c->compacted_to > c->segment_base || c->cleaned_to < 0 || c->cleaned_to > c->compacted_to)
        return false;
    for (size_t i = 1; i < c->epoch_count; i++)
        if (c->epochs[i].epoch <= c->epochs[i - 1].epoch ||
            c->epochs[i].first_offset < c->epochs[i - 1].first_offset)
            return false;
    return c->epoch_count >= 1 && c->epochs[0].epoch >= 0 && c->epochs[0].first_offset >= 0 &&
           c->boot_id[CHECKPOINT_BOOT_ID_BYTES - 1] == '\0';
}

enum err checkpoint_decode(struct bytes image, struct checkpoint *c, uint64_t *sequence)
{
    const char *p = image.data;
    if (image.len < AT_EPOCHS || memcmp(p, checkpoint_magic, sizeof(checkpoint_magic)) != 0)
        return ERR_CORRUPT;
    size_t len = get_u32(p + AT_LEN), count = get_u32(p + AT_EPOCH_COUNT);
    if (len < AT_EPOCHS || len > image.len)
        return ERR_CORRUPT;
    if (crc32c(p + AT_LEN, len - AT_LEN) != get_u32(p + AT_CRC))
        return ERR_CORRUPT;
    bool compacted = get_u32(p + AT_VERSION) == CHECKPOINT_VERSION_COMPACTED;
    if (!compacted && get_u32(p + AT_VERSION) != CHECKPOINT_VERSION)
        return ERR_UNSUPPORTED;
    size_t at_end = AT_EPOCHS + count * EPOCH_BYTES;
    if (count > CHECKPOINT_EPOCHS_MAX || len != at_end + (compacted ? COMPACTED_BYTES : 0))
        return ERR_CORRUPT;
    if (compacted && (int64_t)get_u64(p + at_end) <= 0)
        return ERR_CORRUPT;
    struct checkpoint d = {
        .log_start = (int64_t)get_u64(p + AT_LOG_START),
        .segment_base = (int64_t)get_u64(p + AT_SEGMENT_BASE),
        .synced_pos = get_u64(p + AT_SYNCED_POS),
        .synced_offset = (int64_t)get_u64(p + AT_SYNCED_OFFSET),
        .reserved = (int64_t)get_u64(p + AT_RESERVED),
        .max_timestamp_ms = (int64_t)get_u64(p + AT_MAX_TIMESTAMP),
        .segment_began_ms = (int64_t)get_u64(p + AT_SEGMENT_BEGAN),
        .segment_max_timestamp_ms = (int64_t)get_u64(p + AT_SEGMENT_MAX_TIMESTAMP),
        .segment_max_timestamp_offset = (int64_t)get_u64(p + AT_SEGMENT_MAX_OFFSET),
        .dropped_max_ms = (int64_t)get_u64(p + AT_DROPPED_MAX),
        .compacted_to = compacted ? (int64_t)get_u64(p + at_end) : 0,
        .cleaned_to = compacted ? (int64_t)get_u64(p + at_end + 8) : 0,
        .failed = (get_u32(p + AT_FLAGS) & FLAG_FAILED) != 0,
        .epoch_count = count,
    };
    memcpy(d.boot_id, p + AT_BOOT_ID, CHECKPOINT_BOOT_ID_BYTES);
    d.epochs = mem_zalloc(count + 1, sizeof(d.epochs[0]));
    for (size_t i = 0; i < count; i++) {
        d.epochs[i].epoch = (int32_t)get_u32(p + AT_EPOCHS + i * EPOCH_BYTES);
        d.epochs[i].first_offset = (int64_t)get_u64(p + AT_EPOCHS + i * EPOCH_BYTES + 4);
    }
    if (!plausible(&d)) {
        mem_free(d.epochs);
        return ERR_CORRUPT;
    }
    *c = d;
    *sequence = get_u64(p + AT_SEQUENCE);
    return ERR_OK;
}

static void checkpoint_path(char *path, const char *dir)
{
    int len = snprintf(path, DISK_PATH_BYTES_MAX + 1, "%s/checkpoint", dir);
    ASSERT(len > 0 && len <= DISK_PATH_BYTES_MAX);
}

enum err checkpoint_create(struct disk *disk, const char *dir, struct bytes image)
{
    char path[DISK_PATH_BYTES_MAX + 1];
    char slots[2 * CHECKPOINT_SLOT_BYTES] = {
        0}; /* whole, so that a full disk can never refuse one */
    struct disk_file *file;
    ASSERT(image.len <= CHECKPOINT_SLOT_BYTES);
    memcpy(slots, image.data, image.len);
    memcpy(slots + CHECKPOINT_SLOT_BYTES, image.data, image.len);
    checkpoint_path(path, dir);
    enum err err = disk_open(disk, path, DISK_WRITE | DISK_CREATE, &file);
    if (err != ERR_OK)
        return err;
    err = disk_write_all(file, slots, sizeof(slots), 0);
    if (err == ERR_OK)
        err = disk_sync(file);
    disk_close(file);
    return err;
}

enum err checkpoint_open(struct disk *disk, const char *dir, struct disk_file **file)
{
    char path[DISK_PATH_BYTES_MAX + 1];
    checkpoint_path(path, dir);
    return disk_open(disk, path, DISK_WRITE, file);
}

enum err checkpoint_write_to(struct disk_file *file, const struct checkpoint_place *place,
                             struct bytes image, bool sync)
{
    ASSERT(place->slot < 2);
    ASSERT(image.len <= CHECKPOINT_SLOT_BYTES);
    enum err err = disk_write_all(file, image.data, image.len, place->slot * CHECKPOINT_SLOT_BYTES);
    return err == ERR_OK && sync ? disk_sync(file) : err;
}

enum err checkpoint_write(struct disk *disk, const char *dir, const struct checkpoint_place *place,
                          struct bytes image, bool sync)
{
    struct disk_file *file;
    enum err err = checkpoint_open(disk, dir, &file);
    if (err != ERR_OK)
        return err;
    err = checkpoint_write_to(file, place, image, sync);
    disk_close(file);
    return err;
}

void checkpoint_advance(struct checkpoint_place *place)
{
    place->slot ^= 1;
    place->sequence++;
}

/* Counts slot `i` if it is valid, and takes it if it is newer than what was found before. */
static enum err take_slot(const char *slots, size_t len, unsigned i, struct checkpoint *c,
                          struct checkpoint_place *place, unsigned *found)
{
    struct checkpoint slot;
    uint64_t sequence;
    size_t from = i * CHECKPOINT_SLOT_BYTES;
    if (len <= from)
        return ERR_OK;
    size_t slot_len = len - from < CHECKPOINT_SLOT_BYTES ? len - from : CHECKPOINT_SLOT_BYTES;
    enum err err = checkpoint_decode(bytes_of(slots + from, slot_len), &slot, &sequence);
    if (err == ERR_UNSUPPORTED)
        return err;
    if (err != ERR_OK)
        return ERR_OK;
    if (++*found > 1 && sequence + 1 <= place->sequence) {
        mem_free(slot.epochs);
        return ERR_OK;
    }
    if (*found > 1)
        mem_free(c->epochs);
    *c = slot;
    *place = (struct checkpoint_place){.sequence = sequence + 1, .slot = i ^ 1};
    return ERR_OK;
}

enum err checkpoint_read(struct disk *disk, const char *dir, struct checkpoint *c,
                         struct checkpoint_place *place, bool *alone)
{
    char path[DISK_PATH_BYTES_MAX + 1];
    char slots[2 * CHECKPOINT_SLOT_BYTES];
    struct disk_file *file;
    size_t got = 0;
    unsigned found = 0;
    checkpoint_path(path, dir);
    enum err err = disk_open(disk, path, DISK_WRITE, &file);
    if (err != ERR_OK)
        return err;
    err = disk_read(file, slots, sizeof(slots), 0, &got);
    /* What was read may be in the page cache only, and the other slot is the next to be written. */
    if (err == ERR_OK)
        err = disk_sync(file);
    disk_close(file);
    for (unsigned i = 0; i < 2 && err == ERR_OK; i++)
        err = take_slot(slots, got, i, c, place, &found);
    if (err == ERR_OK && found == 0)
        err = ERR_CORRUPT;
    *alone = err == ERR_OK && found == 1;
    if (err != ERR_OK && found > 0)
        mem_free(c->epochs);
    return err;
}
