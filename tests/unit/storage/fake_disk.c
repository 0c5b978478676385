/* SPDX-License-Identifier: BSD-3-Clause */
#include "fake_disk.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/random.h"
#include <stdio.h>

#define SECTOR_BYTES 512

struct fake_entry {
    char *name; /* owned */
    struct fake_inode *inode;
};

struct fake_entries {
    struct fake_entry *items; /* owned */
    size_t count;
};

/* A file or a directory: as the page cache has it, and as the device does. Freed with the disk. */
struct fake_inode {
    struct list link;
    bool is_dir;
    struct buf now;
    struct buf believed; /* what the page cache takes for being on the device */
    struct buf durable;
    struct fake_entries names;
    struct fake_entries durable_names;
};

struct fake_file {
    struct disk_file file;
    struct fake_inode *inode;
    bool writable;
};

static struct fake_disk *fake_of(struct disk *d)
{
    return CONTAINER_OF(d, struct fake_disk, disk);
}

/* --- names ---------------------------------------------------------------------------------- */

static struct fake_inode *inode_create(struct fake_disk *d, bool is_dir)
{
    struct fake_inode *inode = mem_zalloc(1, sizeof(*inode));
    inode->is_dir = is_dir;
    list_push_back(&d->inodes, &inode->link);
    return inode;
}

static size_t entries_find(const struct fake_entries *e, const char *name, size_t len)
{
    size_t i = 0;
    while (i < e->count &&
           !(strlen(e->items[i].name) == len && memcmp(e->items[i].name, name, len) == 0))
        i++;
    return i;
}

static void entries_put(struct fake_entries *e, const char *name, struct fake_inode *inode)
{
    size_t i = entries_find(e, name, strlen(name));
    if (i == e->count) {
        e->items = mem_realloc(e->items, (e->count + 1) * sizeof(e->items[0]));
        e->items[e->count++].name = mem_strdup(name);
    }
    e->items[i].inode = inode;
}

static void entries_remove(struct fake_entries *e, const char *name)
{
    size_t i = entries_find(e, name, strlen(name));
    if (i == e->count)
        return;
    mem_free(e->items[i].name);
    e->items[i] = e->items[--e->count];
}

static void entries_clear(struct fake_entries *e)
{
    for (size_t i = 0; i < e->count; i++)
        mem_free(e->items[i].name);
    mem_free(e->items);
    *e = (struct fake_entries){0};
}

static void entries_copy(struct fake_entries *to, const struct fake_entries *from)
{
    entries_clear(to);
    for (size_t i = 0; i < from->count; i++)
        entries_put(to, from->items[i].name, from->items[i].inode);
}

/* The inode at the path; its directory and last name in any case that the directory is there. */
static struct fake_inode *look_up(struct fake_disk *d, const char *path, struct fake_inode **dir,
                                  const char **name)
{
    struct fake_inode *at = d->root, *above = NULL;
    const char *part = path;
    *dir = NULL;
    *name = path;
    while (at != NULL && *part != '\0') {
        size_t len = strcspn(part, "/");
        if (!at->is_dir)
            return NULL;
        above = at;
        size_t i = entries_find(&at->names, part, len);
        at = i < above->names.count ? above->names.items[i].inode : NULL;
        if (part[len] == '\0') {
            *dir = above;
            *name = part;
        }
        part += len + (part[len] == '/');
    }
    return *part == '\0' ? at : NULL;
}

static enum err fault(struct fake_disk *d, enum fake_call call)
{
    d->calls[call]++;
    if (d->off_after > 0 && --d->off_after == 0)
        d->off = true;
    if (d->off)
        return ERR_IO;
    struct fake_fault *f = &d->faults[call];
    if (f->times == 0)
        return ERR_OK;
    if (f->after > 0) {
        f->after--;
        return ERR_OK;
    }
    f->times--;
    return f->err;
}

void fake_disk_fail(struct fake_disk *d, enum fake_call call, int after, int times, enum err err)
{
    d->faults[call] = (struct fake_fault){.after = after, .times = times, .err = err};
}

/* --- the interface: files ------------------------------------------------------------------- */

static enum err fake_open(struct disk *disk, const char *path, unsigned flags,
                          struct disk_file **file)
{
    struct fake_disk *d = fake_of(disk);
    struct fake_inode *dir;
    const char *name;
    enum err err = fault(d, FAKE_OPEN);
    if (err != ERR_OK)
        return err;
    struct fake_inode *inode = look_up(d, path, &dir, &name);
    if (inode == NULL && (dir == NULL || !(flags & DISK_CREATE)))
        return ERR_NOT_FOUND;
    if (inode != NULL && inode->is_dir)
        return ERR_INVALID;
    if (inode != NULL && (flags & DISK_EXCLUSIVE))
        return ERR_EXISTS;
    if (inode == NULL) {
        inode = inode_create(d, false);
        entries_put(&dir->names, name, inode);
    }
    if (flags & DISK_TRUNCATE)
        buf_clear(&inode->now);
    struct fake_file *f = mem_zalloc(1, sizeof(*f));
    f->file.disk = disk;
    f->inode = inode;
    f->writable = (flags & DISK_WRITE) != 0;
    d->open_handles++;
    *file = &f->file;
    return ERR_OK;
}

static struct fake_file *file_of(struct disk_file *file)
{
    return CONTAINER_OF(file, struct fake_file, file);
}

static void fake_close(struct disk_file *file)
{
    fake_of(file->disk)->open_handles--;
    mem_free(file_of(file));
}

static void extend(struct buf *b, size_t len)
{
    if (len > b->len) {
        memset(buf_reserve(b, len - b->len), 0, len - b->len);
        b->len = len;
    }
}

/* Puts what there is room for. */
static size_t put_piece(struct fake_disk *d, struct fake_inode *inode, const struct iovec *iov,
                        uint64_t pos)
{
    struct buf *b = &inode->now;
    size_t len = iov->iov_len;
    uint64_t end = pos + len;
    if (end > b->len && end - b->len > d->space_left) {
        uint64_t short_by = end - b->len - d->space_left;
        len = short_by < len ? len - (size_t)short_by : 0;
    }
    if (len == 0)
        return 0;
    if (pos + len > b->len && d->space_left != FAKE_SPACE_ENDLESS)
        d->space_left -= pos + len - b->len;
    extend(b, (size_t)pos + len);
    memcpy(b->data + pos, iov->iov_base, len);
    for (size_t i = (size_t)pos; i < pos + len && i < inode->believed.len; i++)
        inode->believed.data[i] = (char)~b->data[i]; /* dirty, even if the bytes are the same */
    return len;
}

static enum err fake_write(struct disk_file *file, const struct iovec *iov, int count, uint64_t pos,
                           size_t *put)
{
    struct fake_disk *d = fake_of(file->disk);
    *put = 0;
    ASSERT(file_of(file)->writable);
    enum err err = fault(d, FAKE_WRITE);
    if (err != ERR_OK)
        return err;
    for (int i = 0; i < count; i++) {
        size_t len = put_piece(d, file_of(file)->inode, &iov[i], pos + *put);
        *put += len;
        if (len < iov[i].iov_len)
            return ERR_NOSPACE;
    }
    return ERR_OK;
}

static enum err fake_read(struct disk_file *file, void *data, size_t len, uint64_t pos, bool cached,
                          size_t *got)
{
    struct fake_disk *d = fake_of(file->disk);
    const struct buf *b = &file_of(file)->inode->now;
    if (cached && d->cold)
        return ERR_AGAIN;
    enum err err = fault(d, FAKE_READ);
    if (err != ERR_OK)
        return err;
    if (pos < d->bad_to && pos + len > d->bad_from)
        return ERR_IO;
    size_t left = pos < b->len ? b->len - (size_t)pos : 0;
    *got = len < left ? len : left;
    if (*got > 0)
        memcpy(data, b->data + pos, *got);
    return ERR_OK;
}

/* Whether the two have the same bytes in a sector. */
static bool same_sector(const struct buf *a, const struct buf *b, size_t pos)
{
    size_t a_len = a->len > pos ? a->len - pos : 0, b_len = b->len > pos ? b->len - pos : 0;
    a_len = a_len > SECTOR_BYTES ? SECTOR_BYTES : a_len;
    b_len = b_len > SECTOR_BYTES ? SECTOR_BYTES : b_len;
    return a_len == b_len && (a_len == 0 || memcmp(a->data + pos, b->data + pos, a_len) == 0);
}

/* Dirty sectors go to the device. */
static void write_back(struct fake_inode *inode)
{
    struct buf *now = &inode->now, *durable = &inode->durable;
    extend(durable, now->len);
    durable->len = now->len;
    for (size_t pos = 0; pos < now->len; pos += SECTOR_BYTES) {
        size_t n = now->len - pos < SECTOR_BYTES ? now->len - pos : SECTOR_BYTES;
        if (!same_sector(now, &inode->believed, pos))
            memcpy(durable->data + pos, now->data + pos, n);
    }
}

static enum err fake_sync(struct disk_file *file)
{
    struct fake_disk *d = fake_of(file->disk);
    struct fake_inode *inode = file_of(file)->inode;
    enum err err = fault(d, FAKE_SYNC);
    if (err == ERR_OK)
        write_back(inode);
    if (!d->off) { /* a failed sync leaves the pages clean, and what they hold nowhere else */
        buf_clear(&inode->believed);
        buf_append_bytes(&inode->believed, buf_bytes(&inode->now));
    }
    return err;
}

static enum err fake_truncate(struct disk_file *file, uint64_t len)
{
    struct fake_disk *d = fake_of(file->disk);
    struct buf *b = &file_of(file)->inode->now;
    enum err err = fault(d, FAKE_TRUNCATE);
    if (err != ERR_OK)
        return err;
    if (len < b->len && d->space_left != FAKE_SPACE_ENDLESS)
        d->space_left += b->len - len;
    extend(b, (size_t)len);
    b->len = (size_t)len;
    return ERR_OK;
}

static enum err fake_size(struct disk_file *file, uint64_t *len)
{
    if (fake_of(file->disk)->off)
        return ERR_IO;
    *len = file_of(file)->inode->now.len;
    return ERR_OK;
}

/* --- the interface: names ------------------------------------------------------------------- */

static enum err fake_rename(struct disk *disk, const char *from, const char *to)
{
    struct fake_disk *d = fake_of(disk);
    struct fake_inode *from_dir, *to_dir;
    const char *from_name, *to_name;
    enum err err = fault(d, FAKE_RENAME);
    if (err != ERR_OK)
        return err;
    struct fake_inode *inode = look_up(d, from, &from_dir, &from_name);
    struct fake_inode *there = look_up(d, to, &to_dir, &to_name);
    if (inode == NULL || to_dir == NULL)
        return ERR_NOT_FOUND;
    if (there != NULL && there->is_dir && there->names.count > 0)
        return ERR_EXISTS;
    entries_put(&to_dir->names, to_name, inode);
    entries_remove(&from_dir->names, from_name);
    return ERR_OK;
}

static enum err remove_name(struct fake_disk *d, const char *path, bool is_dir)
{
    struct fake_inode *dir;
    const char *name;
    enum err err = fault(d, FAKE_UNLINK);
    if (err != ERR_OK)
        return err;
    struct fake_inode *inode = look_up(d, path, &dir, &name);
    if (inode == NULL)
        return ERR_NOT_FOUND;
    if (inode->is_dir != is_dir)
        return ERR_INVALID;
    if (inode->names.count > 0)
        return ERR_EXISTS;
    if (d->space_left != FAKE_SPACE_ENDLESS)
        d->space_left += inode->now.len;
    entries_remove(&dir->names, name);
    return ERR_OK;
}

static enum err fake_unlink(struct disk *disk, const char *path)
{
    return remove_name(fake_of(disk), path, false);
}

static enum err fake_rmdir(struct disk *disk, const char *path)
{
    return remove_name(fake_of(disk), path, true);
}

static enum err fake_mkdir(struct disk *disk, const char *path)
{
    struct fake_disk *d = fake_of(disk);
    struct fake_inode *dir;
    const char *name;
    enum err err = fault(d, FAKE_MKDIR);
    if (err != ERR_OK)
        return err;
    if (look_up(d, path, &dir, &name) != NULL)
        return ERR_EXISTS;
    if (dir == NULL)
        return ERR_NOT_FOUND;
    entries_put(&dir->names, name, inode_create(d, true));
    return ERR_OK;
}

static enum err fake_sync_dir(struct disk *disk, const char *path)
{
    struct fake_disk *d = fake_of(disk);
    struct fake_inode *dir;
    const char *name;
    enum err err = fault(d, FAKE_SYNC_DIR);
    if (err != ERR_OK)
        return err;
    struct fake_inode *inode = look_up(d, path, &dir, &name);
    if (inode == NULL)
        return ERR_NOT_FOUND;
    entries_copy(&inode->durable_names, &inode->names);
    return ERR_OK;
}

static enum err fake_list(struct disk *disk, const char *path, disk_list_fn *fn, void *ctx)
{
    struct fake_disk *d = fake_of(disk);
    struct fake_inode *dir;
    const char *name;
    if (d->off)
        return ERR_IO;
    struct fake_inode *inode = look_up(d, path, &dir, &name);
    if (inode == NULL)
        return ERR_NOT_FOUND;
    for (size_t i = 0; i < inode->names.count; i++) {
        const struct fake_entry *e = &inode->names.items[i];
        if (!fn(ctx, e->name, e->inode->is_dir ? DISK_ENTRY_DIR : DISK_ENTRY_FILE))
            break;
    }
    return ERR_OK;
}

static enum err fake_lock(struct disk *disk, const char *path)
{
    (void)disk;
    (void)path;
    return ERR_OK;
}

/* --- the interface: jobs -------------------------------------------------------------------- */

static void fake_submit(struct disk *disk, enum disk_lane lane, struct disk_job *job)
{
    (void)lane;
    list_push_back(&fake_of(disk)->waiting, &job->link);
}

bool fake_disk_run_one(struct fake_disk *d)
{
    if (list_empty(&d->waiting))
        return false;
    struct disk_job *job = CONTAINER_OF(d->waiting.next, struct disk_job, link);
    list_remove(&job->link);
    job->run(job);
    list_push_back(&d->finished, &job->link);
    return true;
}

static size_t fake_reap(struct disk *disk)
{
    struct fake_disk *d = fake_of(disk);
    struct list finished;
    size_t count = 0;
    while (!d->hold && fake_disk_run_one(d)) {
    }
    list_init(&finished);
    list_splice_back(&finished, &d->finished);
    for (; !list_empty(&finished); count++) {
        struct disk_job *job = CONTAINER_OF(finished.next, struct disk_job, link);
        list_remove(&job->link);
        job->done(job);
    }
    return count;
}

size_t fake_disk_waiting(const struct fake_disk *d)
{
    size_t count = 0;
    LIST_EACH (it, &d->waiting) {
        count++;
    }
    return count;
}

void fake_disk_settle(struct fake_disk *d)
{
    while (fake_disk_run_one(d) || disk_reap(&d->disk) > 0) {
    }
}

/* --- crashes -------------------------------------------------------------------------------- */

void fake_disk_power_off(struct fake_disk *d)
{
    d->off = true;
    d->hold = false;
}

static void keep_some_sectors(struct fake_inode *inode, struct random *random)
{
    size_t longest = inode->now.len > inode->durable.len ? inode->now.len : inode->durable.len;
    size_t len = random_below(random, 2) ? inode->now.len : inode->durable.len;
    struct buf kept = {0};
    extend(&inode->now, longest);
    extend(&inode->durable, longest);
    extend(&kept, longest);
    for (size_t pos = 0; pos < longest; pos += SECTOR_BYTES) {
        size_t n = longest - pos < SECTOR_BYTES ? longest - pos : SECTOR_BYTES;
        const struct buf *from = random_below(random, 2) ? &inode->now : &inode->durable;
        memcpy(kept.data + pos, from->data + pos, n);
    }
    kept.len = len;
    buf_deinit(&inode->now);
    inode->now = kept;
}

static void keep_some_names(struct fake_inode *inode, struct random *random)
{
    struct fake_entries kept = {0};
    entries_copy(&kept, &inode->durable_names);
    for (size_t i = 0; i < inode->durable_names.count; i++) {
        const char *name = inode->durable_names.items[i].name;
        bool gone = entries_find(&inode->names, name, strlen(name)) == inode->names.count;
        if (gone && random_below(random, 2))
            entries_remove(&kept, name);
    }
    for (size_t i = 0; i < inode->names.count; i++)
        if (random_below(random, 2))
            entries_put(&kept, inode->names.items[i].name, inode->names.items[i].inode);
    entries_clear(&inode->names);
    inode->names = kept;
}

void fake_disk_power_on(struct fake_disk *d, enum fake_kept kept, uint64_t seed)
{
    struct random random;
    random_seed(&random, seed);
    ASSERT(d->off && list_empty(&d->waiting) && list_empty(&d->finished));
    ASSERT(d->open_handles == 0);
    d->off = false;
    d->off_after = 0;
    memset(d->faults, 0, sizeof(d->faults));
    if (kept == FAKE_KEEP_ALL)
        return;
    LIST_EACH (it, &d->inodes) {
        struct fake_inode *inode = CONTAINER_OF(it, struct fake_inode, link);
        if (kept == FAKE_KEEP_SOME) {
            keep_some_sectors(inode, &random);
            keep_some_names(inode, &random);
        } else {
            buf_clear(&inode->now);
            buf_append_bytes(&inode->now, buf_bytes(&inode->durable));
            entries_copy(&inode->names, &inode->durable_names);
        }
        buf_clear(&inode->durable);
        buf_append_bytes(&inode->durable, buf_bytes(&inode->now));
        buf_clear(&inode->believed);
        buf_append_bytes(&inode->believed, buf_bytes(&inode->now));
        entries_copy(&inode->durable_names, &inode->names);
    }
    snprintf(d->disk.boot_id, sizeof(d->disk.boot_id), "boot-%llx", (unsigned long long)seed);
}

/* --- life ----------------------------------------------------------------------------------- */

static const struct disk_ops fake_ops = {
    .open = fake_open,
    .close = fake_close,
    .write = fake_write,
    .read = fake_read,
    .sync = fake_sync,
    .truncate = fake_truncate,
    .size = fake_size,
    .rename = fake_rename,
    .unlink = fake_unlink,
    .mkdir = fake_mkdir,
    .rmdir = fake_rmdir,
    .sync_dir = fake_sync_dir,
    .list = fake_list,
    .lock = fake_lock,
    .submit = fake_submit,
    .reap = fake_reap,
};

struct fake_disk *fake_disk_create(void)
{
    struct fake_disk *d = mem_zalloc(1, sizeof(*d));
    d->disk.ops = &fake_ops;
    snprintf(d->disk.boot_id, sizeof(d->disk.boot_id), "first boot");
    list_init(&d->inodes);
    list_init(&d->waiting);
    list_init(&d->finished);
    d->root = inode_create(d, true);
    d->space_left = FAKE_SPACE_ENDLESS;
    return d;
}

void fake_disk_destroy(struct fake_disk *d)
{
    ASSERT(list_empty(&d->waiting) && list_empty(&d->finished));
    ASSERT(d->open_handles == 0);
    LIST_EACH (it, &d->inodes) {
        struct fake_inode *inode = CONTAINER_OF(it, struct fake_inode, link);
        buf_deinit(&inode->now);
        buf_deinit(&inode->durable);
        buf_deinit(&inode->believed);
        entries_clear(&inode->names);
        entries_clear(&inode->durable_names);
        mem_free(inode);
    }
    mem_free(d);
}

bool fake_disk_exists(struct fake_disk *d, const char *path)
{
    struct fake_inode *dir;
    const char *name;
    return look_up(d, path, &dir, &name) != NULL;
}

struct buf *fake_disk_bytes(struct fake_disk *d, const char *path)
{
    struct fake_inode *dir;
    const char *name;
    struct fake_inode *inode = look_up(d, path, &dir, &name);
    return inode == NULL || inode->is_dir ? NULL : &inode->now;
}
