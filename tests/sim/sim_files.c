/* SPDX-License-Identifier: BSD-3-Clause */
#include "sim/sim_ops.h"

#include "base/mem.h"

struct sim_file {
    struct disk_file file;
    struct sim_inode *inode;
    bool writable;
};

static struct sim_file *file_of(struct disk_file *file)
{
    return CONTAINER_OF(file, struct sim_file, file);
}

enum err sim_open(struct disk *disk, const char *path, unsigned flags, struct disk_file **file)
{
    struct sim_disk *d = sim_of(disk);
    struct sim_inode *dir;
    const char *name;
    if (sim_call_begin(d) != CALL_GOES_ON)
        return ERR_IO;
    if (sim_odds_hit(d, SIM_OPEN_LIMIT))
        return ERR_LIMIT;
    struct sim_inode *inode = inode_look_up(d, path, &dir, &name);
    if (inode == NULL && (dir == NULL || !(flags & DISK_CREATE)))
        return ERR_NOT_FOUND;
    if (inode != NULL && inode->is_dir)
        return ERR_INVALID;
    if (inode != NULL && (flags & DISK_EXCLUSIVE))
        return ERR_EXISTS;
    if (inode == NULL) {
        if (sim_room(d) == 0) {
            d->hits[SIM_CREATE_NOSPACE]++;
            return ERR_NOSPACE;
        }
        inode = inode_create(d, false);
        inode->names_count = 1;
        entries_put(&dir->names, name, inode);
        struct change *change = inode_change_add(d, dir, CHANGE_PUT);
        change->name = mem_strdup(name);
        change->inode = inode;
    }
    if ((flags & DISK_TRUNCATE) && inode->now.len > 0)
        inode_note_len(d, inode, 0);
    struct sim_file *f = mem_zalloc(1, sizeof(*f));
    f->file.disk = disk;
    f->inode = inode;
    f->writable = (flags & DISK_WRITE) != 0;
    inode->handles++;
    d->open_handles++;
    *file = &f->file;
    return ERR_OK;
}

void sim_close(struct disk_file *file)
{
    struct sim_file *f = file_of(file);
    ASSERT(f->inode->handles > 0);
    f->inode->handles--;
    sim_of(file->disk)->open_handles--;
    mem_free(f);
}

/* Puts the first `len` bytes of the pieces. */
static void put_bytes(struct sim_disk *d, struct sim_inode *inode, const struct iovec *iov,
                      size_t len, uint64_t pos)
{
    uint64_t at = pos;
    if (pos + len > inode->now.len)
        inode_note_len(d, inode, pos + len);
    for (size_t left = len; left > 0; iov++) {
        size_t part = iov->iov_len < left ? iov->iov_len : left;
        if (part > 0)
            memcpy(inode->now.data + at, iov->iov_base, part);
        at += part;
        left -= part;
    }
    inode_note_sectors(d, inode, pos, len, d->sequence);
}

enum err sim_write(struct disk_file *file, const struct iovec *iov, int count, uint64_t pos,
                   size_t *put)
{
    struct sim_disk *d = sim_of(file->disk);
    struct sim_inode *inode = file_of(file)->inode;
    size_t len = 0;
    enum err err = ERR_OK;
    *put = 0;
    ASSERT(file_of(file)->writable);
    for (int i = 0; i < count; i++)
        len += iov[i].iov_len;
    enum call_end end = sim_call_begin(d);
    if (end == CALL_DEAD)
        return ERR_IO;
    size_t fits = len;
    uint64_t space = sim_room(d);
    if (space != SIM_SPACE_ENDLESS && pos + len > inode->now.len + space) {
        fits = pos < inode->now.len + space ? (size_t)(inode->now.len + space - pos) : 0;
        d->hits[SIM_WRITE_NOSPACE]++;
        err = ERR_NOSPACE;
    }
    if (end == CALL_DIES) {
        d->hits[SIM_DIED_IN_WRITE]++;
        fits = (size_t)random_below(&d->random, fits + 1);
        err = ERR_IO;
    } else if (sim_odds_hit(d, SIM_WRITE_EIO)) {
        fits = sim_chance(d, 2) ? 0 : (size_t)random_below(&d->random, fits + 1);
        err = ERR_IO;
    }
    if (err != ERR_OK && fits > 0)
        d->hits[SIM_SHORT_WRITE]++;
    if (fits > 0)
        put_bytes(d, inode, iov, fits, pos);
    *put = end == CALL_DIES ? 0 : fits;
    return err;
}

enum err sim_read(struct disk_file *file, void *data, size_t len, uint64_t pos, bool cached,
                  size_t *got)
{
    struct sim_disk *d = sim_of(file->disk);
    const struct buf *b = &file_of(file)->inode->now;
    if (sim_call_begin(d) != CALL_GOES_ON)
        return ERR_IO;
    if (cached && sim_odds_hit(d, SIM_COLD_READ))
        return ERR_AGAIN;
    if (sim_odds_hit(d, SIM_READ_EIO))
        return ERR_IO;
    size_t left = pos < b->len ? b->len - (size_t)pos : 0;
    *got = len < left ? len : left;
    if (*got > 0)
        memcpy(data, b->data + pos, *got);
    return ERR_OK;
}

enum err sim_sync(struct disk_file *file)
{
    struct sim_disk *d = sim_of(file->disk);
    struct sim_inode *inode = file_of(file)->inode;
    enum call_end end = sim_call_begin(d);
    if (end == CALL_DEAD)
        return ERR_IO;
    if (end == CALL_DIES) {
        d->hits[SIM_DIED_IN_SYNC]++;
        return ERR_IO; /* what of it is there is up to what follows */
    }
    if (sim_odds_hit(d, SIM_SYNC_EIO)) {
        inode_land_and_forget(d, inode);
        return sim_chance(d, 8) ? ERR_NOSPACE : ERR_IO;
    }
    inode_land_all(inode);
    return ERR_OK;
}

enum err sim_truncate(struct disk_file *file, uint64_t len)
{
    struct sim_disk *d = sim_of(file->disk);
    struct sim_inode *inode = file_of(file)->inode;
    bool dies;
    ASSERT(file_of(file)->writable);
    enum err err = sim_name_begin(d, &dies);
    if (err != ERR_OK)
        return err;
    if (len != inode->now.len) {
        inode_note_len(d, inode, len);
        if (len % SIM_SECTOR_BYTES != 0)
            inode_note_sectors(d, inode, len - 1, 1, d->sequence);
    }
    return dies ? ERR_IO : ERR_OK;
}

enum err sim_size(struct disk_file *file, uint64_t *len)
{
    if (sim_call_begin(sim_of(file->disk)) != CALL_GOES_ON)
        return ERR_IO;
    *len = file_of(file)->inode->now.len;
    return ERR_OK;
}
