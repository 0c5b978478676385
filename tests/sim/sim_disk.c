/* SPDX-License-Identifier: BSD-3-Clause */
#include "sim/sim_disk.h"

#include "base/buf.h"
#include "base/mem.h"
#include <stdio.h>

const char *const sim_fault_names[SIM_FAULT_COUNT] = {
    [SIM_COLD_READ] = "read not in the page cache",
    [SIM_READ_EIO] = "EIO on read",
    [SIM_WRITE_EIO] = "EIO on write",
    [SIM_SYNC_EIO] = "error on sync",
    [SIM_NAME_EIO] = "EIO on a name or truncate",
    [SIM_SYNC_DIR_EIO] = "EIO on directory sync",
    [SIM_OPEN_LIMIT] = "EMFILE on open",
    [SIM_WRITE_NOSPACE] = "ENOSPC on write",
    [SIM_SHORT_WRITE] = "short write before an error",
    [SIM_CREATE_NOSPACE] = "ENOSPC on create",
    [SIM_SECTOR_LOST] = "unsynced sector lost",
    [SIM_SECTOR_REORDERED] = "later write kept, earlier lost",
    [SIM_WRITE_TORN] = "write torn",
    [SIM_LENGTH_LOST] = "file length lost",
    [SIM_TRUNCATE_LOST] = "truncation lost",
    [SIM_NAME_LOST] = "new name lost",
    [SIM_REMOVAL_LOST] = "removed name back",
    [SIM_RENAME_LOST] = "rename lost",
    [SIM_DIED_IN_WRITE] = "died in a write",
    [SIM_DIED_IN_SYNC] = "died in a sync",
    [SIM_DIED_IN_NAME] = "died in a name or truncate",
    [SIM_BIT_ROT] = "bit rot",
    [SIM_EVICTED] = "unsynced pages evicted after a failed sync",
};

struct sim_entry {
    char *name; /* owned */
    struct sim_inode *inode;
};

struct sim_entries {
    struct sim_entry *items; /* owned */
    size_t count;
};

enum change_kind { CHANGE_SECTOR, CHANGE_LENGTH, CHANGE_PUT, CHANGE_REMOVE, CHANGE_RENAME };

/* A change that is not durable yet, of a file (sector, length) or a directory (the others). */
struct change {
    enum change_kind kind;
    uint64_t sequence;
    uint64_t write; /* which call it is of */
    bool landed;
    union {
        struct {
            uint64_t sector;
            char data[SIM_SECTOR_BYTES];
        };
        struct {
            uint64_t len;
            bool shorter;
        };
        struct {
            char *name; /* owned */
            char *to;   /* owned; of a rename */
            struct sim_inode *inode;
        };
    };
};

struct changes {
    struct change *items; /* owned */
    size_t count, cap;
};

struct sim_inode {
    struct list link;
    bool is_dir;
    unsigned names_count; /* that lead here, in the page cache */
    unsigned handles;
    struct buf now;     /* the page cache */
    struct buf durable; /* the device */
    struct sim_entries names;
    struct sim_entries durable_names;
    struct changes changes;
    bool forgotten; /* a failed sync left differences between cache and device */
};

struct sim_file {
    struct disk_file file;
    struct sim_inode *inode;
    bool writable;
};

static struct sim_disk *sim_of(struct disk *d)
{
    return CONTAINER_OF(d, struct sim_disk, disk);
}

static struct sim_file *file_of(struct disk_file *file)
{
    return CONTAINER_OF(file, struct sim_file, file);
}

static bool chance(struct sim_disk *d, uint64_t one_in)
{
    return random_below(&d->random, one_in) == 0;
}

/* --- names ---------------------------------------------------------------------------------- */

static struct sim_inode *inode_create(struct sim_disk *d, bool is_dir)
{
    struct sim_inode *inode = mem_zalloc(1, sizeof(*inode));
    inode->is_dir = is_dir;
    list_push_back(&d->inodes, &inode->link);
    return inode;
}

static struct sim_entry *entries_find(const struct sim_entries *e, const char *name, size_t len)
{
    for (size_t i = 0; i < e->count; i++)
        if (strlen(e->items[i].name) == len && memcmp(e->items[i].name, name, len) == 0)
            return &e->items[i];
    return NULL;
}

static void entries_put(struct sim_entries *e, const char *name, struct sim_inode *inode)
{
    struct sim_entry *at = entries_find(e, name, strlen(name));
    if (at == NULL) {
        e->items = mem_realloc(e->items, (e->count + 1) * sizeof(e->items[0]));
        at = &e->items[e->count++];
        at->name = mem_strdup(name);
    }
    at->inode = inode;
}

static void entries_remove(struct sim_entries *e, const char *name)
{
    struct sim_entry *at = entries_find(e, name, strlen(name));
    if (at == NULL)
        return;
    mem_free(at->name);
    *at = e->items[--e->count];
}

static void entries_clear(struct sim_entries *e)
{
    for (size_t i = 0; i < e->count; i++)
        mem_free(e->items[i].name);
    mem_free(e->items);
    *e = (struct sim_entries){0};
}

static void entries_copy(struct sim_entries *to, const struct sim_entries *from)
{
    entries_clear(to);
    for (size_t i = 0; i < from->count; i++)
        entries_put(to, from->items[i].name, from->items[i].inode);
}

/* The inode at the path or NULL; the directory it is or would be in, and its name there. */
static struct sim_inode *look_up(struct sim_disk *d, const char *path, struct sim_inode **dir,
                                 const char **name)
{
    struct sim_inode *at = d->root;
    *dir = NULL;
    *name = path;
    for (const char *part = path; at != NULL && *part != '\0';) {
        size_t len = strcspn(part, "/");
        if (!at->is_dir)
            return NULL;
        struct sim_entry *e = entries_find(&at->names, part, len);
        if (part[len] == '\0') {
            *dir = at;
            *name = part;
            return e == NULL ? NULL : e->inode;
        }
        at = e == NULL ? NULL : e->inode;
        part += len + 1;
    }
    return at;
}

/* --- changes -------------------------------------------------------------------------------- */

static struct change *change_add(struct sim_disk *d, struct sim_inode *inode, enum change_kind kind)
{
    struct changes *c = &inode->changes;
    if (c->count == c->cap) {
        c->cap = c->cap == 0 ? 8 : c->cap * 2;
        c->items = mem_realloc(c->items, c->cap * sizeof(c->items[0]));
    }
    struct change *change = &c->items[c->count++];
    *change = (struct change){.kind = kind, .sequence = ++d->sequence};
    return change;
}

static void changes_clear(struct changes *c)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->items[i].kind >= CHANGE_PUT) {
            mem_free(c->items[i].name);
            mem_free(c->items[i].to);
        }
    mem_free(c->items);
    *c = (struct changes){0};
}

static void set_len(struct buf *b, uint64_t len)
{
    if (len > b->len) {
        size_t more = (size_t)len - b->len;
        memset(buf_reserve(b, more), 0, more);
    }
    b->len = (size_t)len;
}

static void note_len(struct sim_disk *d, struct sim_inode *inode, uint64_t len)
{
    bool shorter = len < inode->now.len;
    set_len(&inode->now, len);
    struct change *change = change_add(d, inode, CHANGE_LENGTH);
    change->len = len;
    change->shorter = shorter;
}

/* The sectors that [pos, pos + len) touches are as they are now. */
static void note_sectors(struct sim_disk *d, struct sim_inode *inode, uint64_t pos, uint64_t len,
                         uint64_t write)
{
    if (len == 0)
        return;
    for (uint64_t s = pos / SIM_SECTOR_BYTES; s <= (pos + len - 1) / SIM_SECTOR_BYTES; s++) {
        size_t from = (size_t)s * SIM_SECTOR_BYTES;
        size_t left = inode->now.len - from;
        struct change *change = change_add(d, inode, CHANGE_SECTOR);
        change->sector = s;
        change->write = write;
        memcpy(change->data, inode->now.data + from,
               left < SIM_SECTOR_BYTES ? left : SIM_SECTOR_BYTES);
    }
}

static void change_apply(struct sim_inode *inode, const struct change *change)
{
    struct buf *b = &inode->durable;
    struct sim_entries *e = &inode->durable_names;
    struct sim_entry *from;
    switch (change->kind) {
    case CHANGE_LENGTH:
        set_len(b, change->len);
        break;
    case CHANGE_SECTOR: {
        size_t at = (size_t)change->sector * SIM_SECTOR_BYTES;
        size_t left = at < b->len ? b->len - at : 0;
        if (left > 0)
            memcpy(b->data + at, change->data, left < SIM_SECTOR_BYTES ? left : SIM_SECTOR_BYTES);
        break;
    }
    case CHANGE_PUT:
        entries_put(e, change->name, change->inode);
        break;
    case CHANGE_REMOVE:
        from = entries_find(e, change->name, strlen(change->name));
        if (from != NULL && from->inode == change->inode)
            entries_remove(e, change->name);
        break;
    case CHANGE_RENAME:
        from = entries_find(e, change->name, strlen(change->name));
        if (from == NULL || from->inode != change->inode)
            break; /* what was to be renamed was never there */
        entries_remove(e, change->name);
        entries_put(e, change->to, change->inode);
        break;
    }
}

/* --- what a power cut keeps ----------------------------------------------------------------- */

/* Up to `sequence_to` every change lands, of the others each one with `percent`. */
struct keeping {
    uint64_t sequence_to;
    unsigned percent;
    bool all;
};

static struct keeping keeping_choose(struct sim_disk *d)
{
    static const unsigned percents[] = {5, 50, 50, 95};
    struct keeping k = {0};
    switch (random_below(&d->random, 5)) {
    case 0:
        k.all = true;
        break;
    case 1: /* nothing but what was synced */
        break;
    case 2: /* in order, with a torn end */
        k.sequence_to =
            d->sequence - random_below(&d->random, 40 < d->sequence ? 40 : d->sequence + 1);
        break;
    case 3: /* the same with holes behind it */
        k.sequence_to =
            d->sequence - random_below(&d->random, 40 < d->sequence ? 40 : d->sequence + 1);
        k.percent = 30;
        break;
    default:
        k.percent = percents[random_below(&d->random, COUNT_OF(percents))];
    }
    return k;
}

static bool keeps(struct sim_disk *d, const struct keeping *k, const struct change *change)
{
    return k->all || change->sequence <= k->sequence_to ||
           random_below(&d->random, 100) < k->percent;
}

static void count_lost(struct sim_disk *d, const struct changes *changes)
{
    static const enum sim_fault of_kind[] = {
        [CHANGE_SECTOR] = SIM_SECTOR_LOST, [CHANGE_LENGTH] = SIM_LENGTH_LOST,
        [CHANGE_PUT] = SIM_NAME_LOST,      [CHANGE_REMOVE] = SIM_REMOVAL_LOST,
        [CHANGE_RENAME] = SIM_RENAME_LOST,
    };
    bool lost_before = false;
    for (size_t i = 0; i < changes->count; i++) {
        const struct change *c = &changes->items[i];
        const struct change *before = i > 0 ? &changes->items[i - 1] : NULL;
        if (c->kind == CHANGE_SECTOR && before != NULL && before->kind == CHANGE_SECTOR &&
            before->write == c->write && before->landed != c->landed)
            d->hits[SIM_WRITE_TORN]++;
        if (c->landed && c->kind == CHANGE_SECTOR && lost_before)
            d->hits[SIM_SECTOR_REORDERED]++;
        if (c->landed)
            continue;
        lost_before = lost_before || c->kind == CHANGE_SECTOR;
        d->hits[c->kind == CHANGE_LENGTH && c->shorter ? SIM_TRUNCATE_LOST : of_kind[c->kind]]++;
    }
}

/* The device takes some of the changes. The length goes by a prefix of them. */
static void land(struct sim_disk *d, struct sim_inode *inode, const struct keeping *k)
{
    struct changes *changes = &inode->changes;
    bool length_stands = false;
    for (size_t i = 0; i < changes->count; i++) {
        struct change *c = &changes->items[i];
        c->landed = keeps(d, k, c);
        if (c->kind == CHANGE_LENGTH && length_stands)
            c->landed = false;
        if (c->kind == CHANGE_LENGTH && !c->landed)
            length_stands = true;
        if (c->landed)
            change_apply(inode, c);
    }
    count_lost(d, changes);
}

static void land_all(struct sim_inode *inode)
{
    for (size_t i = 0; i < inode->changes.count; i++)
        change_apply(inode, &inode->changes.items[i]);
    changes_clear(&inode->changes);
}

static void land_part(struct sim_disk *d, struct sim_inode *inode)
{
    struct keeping k = keeping_choose(d);
    land(d, inode, &k);
}

/* The device has some of it, and nobody remembers which. The length stays known. */
static void land_and_forget(struct sim_disk *d, struct sim_inode *inode)
{
    land_part(d, inode);
    changes_clear(&inode->changes);
    if (!inode->is_dir)
        set_len(&inode->durable, inode->now.len);
    inode->forgotten = true;
}

/* --- dying and faults ----------------------------------------------------------------------- */

enum call_end { CALL_GOES_ON, CALL_DIES, CALL_DEAD };

static enum call_end call_begin(struct sim_disk *d)
{
    if (d->dead)
        return CALL_DEAD;
    if (d->calls_left < 0)
        return CALL_GOES_ON;
    if (d->calls_left-- > 0)
        return CALL_GOES_ON;
    d->dead = true;
    return CALL_DIES;
}

static bool odds_hit(struct sim_disk *d, enum sim_fault fault)
{
    if (d->odds[fault] == 0 || random_below(&d->random, SIM_ODDS_ONE) >= d->odds[fault])
        return false;
    d->hits[fault]++;
    return true;
}

uint64_t sim_disk_used(const struct sim_disk *d)
{
    uint64_t used = 0;
    LIST_EACH (it, &d->inodes) {
        const struct sim_inode *inode = CONTAINER_OF(it, struct sim_inode, link);
        if (inode->names_count > 0 || inode->handles > 0)
            used += inode->now.len;
    }
    return used;
}

static uint64_t room(const struct sim_disk *d)
{
    if (d->capacity == SIM_SPACE_ENDLESS)
        return SIM_SPACE_ENDLESS;
    uint64_t used = sim_disk_used(d);
    return used < d->capacity ? d->capacity - used : 0;
}

/* --- files ---------------------------------------------------------------------------------- */

static enum err sim_open(struct disk *disk, const char *path, unsigned flags,
                         struct disk_file **file)
{
    struct sim_disk *d = sim_of(disk);
    struct sim_inode *dir;
    const char *name;
    if (call_begin(d) != CALL_GOES_ON)
        return ERR_IO;
    if (odds_hit(d, SIM_OPEN_LIMIT))
        return ERR_LIMIT;
    struct sim_inode *inode = look_up(d, path, &dir, &name);
    if (inode == NULL && (dir == NULL || !(flags & DISK_CREATE)))
        return ERR_NOT_FOUND;
    if (inode != NULL && inode->is_dir)
        return ERR_INVALID;
    if (inode != NULL && (flags & DISK_EXCLUSIVE))
        return ERR_EXISTS;
    if (inode == NULL) {
        if (room(d) == 0) {
            d->hits[SIM_CREATE_NOSPACE]++;
            return ERR_NOSPACE;
        }
        inode = inode_create(d, false);
        inode->names_count = 1;
        entries_put(&dir->names, name, inode);
        struct change *change = change_add(d, dir, CHANGE_PUT);
        change->name = mem_strdup(name);
        change->inode = inode;
    }
    if ((flags & DISK_TRUNCATE) && inode->now.len > 0)
        note_len(d, inode, 0);
    struct sim_file *f = mem_zalloc(1, sizeof(*f));
    f->file.disk = disk;
    f->inode = inode;
    f->writable = (flags & DISK_WRITE) != 0;
    inode->handles++;
    d->open_handles++;
    *file = &f->file;
    return ERR_OK;
}

static void sim_close(struct disk_file *file)
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
        note_len(d, inode, pos + len);
    for (size_t left = len; left > 0; iov++) {
        size_t part = iov->iov_len < left ? iov->iov_len : left;
        if (part > 0)
            memcpy(inode->now.data + at, iov->iov_base, part);
        at += part;
        left -= part;
    }
    note_sectors(d, inode, pos, len, d->sequence);
}

static enum err sim_write(struct disk_file *file, const struct iovec *iov, int count, uint64_t pos,
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
    enum call_end end = call_begin(d);
    if (end == CALL_DEAD)
        return ERR_IO;
    size_t fits = len;
    uint64_t space = room(d);
    if (space != SIM_SPACE_ENDLESS && pos + len > inode->now.len + space) {
        fits = pos < inode->now.len + space ? (size_t)(inode->now.len + space - pos) : 0;
        d->hits[SIM_WRITE_NOSPACE]++;
        err = ERR_NOSPACE;
    }
    if (end == CALL_DIES) {
        d->hits[SIM_DIED_IN_WRITE]++;
        fits = (size_t)random_below(&d->random, fits + 1);
        err = ERR_IO;
    } else if (odds_hit(d, SIM_WRITE_EIO)) {
        fits = chance(d, 2) ? 0 : (size_t)random_below(&d->random, fits + 1);
        err = ERR_IO;
    }
    if (err != ERR_OK && fits > 0)
        d->hits[SIM_SHORT_WRITE]++;
    if (fits > 0)
        put_bytes(d, inode, iov, fits, pos);
    *put = end == CALL_DIES ? 0 : fits;
    return err;
}

static enum err sim_read(struct disk_file *file, void *data, size_t len, uint64_t pos, bool cached,
                         size_t *got)
{
    struct sim_disk *d = sim_of(file->disk);
    const struct buf *b = &file_of(file)->inode->now;
    if (call_begin(d) != CALL_GOES_ON)
        return ERR_IO;
    if (cached && odds_hit(d, SIM_COLD_READ))
        return ERR_AGAIN;
    if (odds_hit(d, SIM_READ_EIO))
        return ERR_IO;
    size_t left = pos < b->len ? b->len - (size_t)pos : 0;
    *got = len < left ? len : left;
    if (*got > 0)
        memcpy(data, b->data + pos, *got);
    return ERR_OK;
}

static enum err sim_sync(struct disk_file *file)
{
    struct sim_disk *d = sim_of(file->disk);
    struct sim_inode *inode = file_of(file)->inode;
    enum call_end end = call_begin(d);
    if (end == CALL_DEAD)
        return ERR_IO;
    if (end == CALL_DIES) {
        d->hits[SIM_DIED_IN_SYNC]++;
        return ERR_IO; /* what of it is there is up to what follows */
    }
    if (odds_hit(d, SIM_SYNC_EIO)) {
        land_and_forget(d, inode);
        return chance(d, 8) ? ERR_NOSPACE : ERR_IO;
    }
    land_all(inode);
    return ERR_OK;
}

static enum err name_begin(struct sim_disk *d, bool *dies)
{
    enum call_end end = call_begin(d);
    *dies = false;
    if (end == CALL_DEAD)
        return ERR_IO;
    if (end == CALL_DIES) {
        d->hits[SIM_DIED_IN_NAME]++;
        *dies = true;
        return chance(d, 2) ? ERR_OK : ERR_IO; /* done, but nobody hears of it; or not */
    }
    return odds_hit(d, SIM_NAME_EIO) ? ERR_IO : ERR_OK;
}

static enum err sim_truncate(struct disk_file *file, uint64_t len)
{
    struct sim_disk *d = sim_of(file->disk);
    struct sim_inode *inode = file_of(file)->inode;
    bool dies;
    ASSERT(file_of(file)->writable);
    enum err err = name_begin(d, &dies);
    if (err != ERR_OK)
        return err;
    if (len != inode->now.len) {
        note_len(d, inode, len);
        if (len % SIM_SECTOR_BYTES != 0)
            note_sectors(d, inode, len - 1, 1, d->sequence);
    }
    return dies ? ERR_IO : ERR_OK;
}

static enum err sim_size(struct disk_file *file, uint64_t *len)
{
    if (call_begin(sim_of(file->disk)) != CALL_GOES_ON)
        return ERR_IO;
    *len = file_of(file)->inode->now.len;
    return ERR_OK;
}

/* --- names ---------------------------------------------------------------------------------- */

static enum err rename_across(struct sim_disk *d, struct sim_inode *from_dir, const char *from_name,
                              struct sim_inode *to_dir, const char *to_name,
                              struct sim_inode *inode)
{
    struct change *change;
    if (from_dir == to_dir) {
        change = change_add(d, from_dir, CHANGE_RENAME);
        change->name = mem_strdup(from_name);
        change->to = mem_strdup(to_name);
        change->inode = inode;
    } else {
        change = change_add(d, from_dir, CHANGE_REMOVE);
        change->name = mem_strdup(from_name);
        change->inode = inode;
        change = change_add(d, to_dir, CHANGE_PUT);
        change->name = mem_strdup(to_name);
        change->inode = inode;
    }
    entries_remove(&from_dir->names, from_name);
    entries_put(&to_dir->names, to_name, inode);
    return ERR_OK;
}

static enum err sim_rename(struct disk *disk, const char *from, const char *to)
{
    struct sim_disk *d = sim_of(disk);
    struct sim_inode *from_dir, *to_dir;
    const char *from_name, *to_name;
    bool dies;
    enum err err = name_begin(d, &dies);
    if (err != ERR_OK)
        return err;
    struct sim_inode *inode = look_up(d, from, &from_dir, &from_name);
    struct sim_inode *there = look_up(d, to, &to_dir, &to_name);
    if (inode == NULL || to_dir == NULL)
        return ERR_NOT_FOUND;
    if (there == inode)
        return dies ? ERR_IO : ERR_OK;
    if (there != NULL && there->is_dir != inode->is_dir)
        return ERR_INVALID;
    if (there != NULL && there->names.count > 0)
        return ERR_EXISTS;
    if (there != NULL)
        there->names_count--;
    err = rename_across(d, from_dir, from_name, to_dir, to_name, inode);
    return dies ? ERR_IO : err;
}

static enum err remove_name(struct sim_disk *d, const char *path, bool is_dir)
{
    struct sim_inode *dir;
    const char *name;
    bool dies;
    enum err err = name_begin(d, &dies);
    if (err != ERR_OK)
        return err;
    struct sim_inode *inode = look_up(d, path, &dir, &name);
    if (inode == NULL || dir == NULL)
        return ERR_NOT_FOUND;
    if (inode->is_dir != is_dir)
        return ERR_INVALID;
    if (inode->names.count > 0)
        return ERR_EXISTS;
    struct change *change = change_add(d, dir, CHANGE_REMOVE);
    change->name = mem_strdup(name);
    change->inode = inode;
    inode->names_count--;
    entries_remove(&dir->names, change->name);
    return dies ? ERR_IO : ERR_OK;
}

static enum err sim_unlink(struct disk *disk, const char *path)
{
    return remove_name(sim_of(disk), path, false);
}

static enum err sim_rmdir(struct disk *disk, const char *path)
{
    return remove_name(sim_of(disk), path, true);
}

static enum err sim_mkdir(struct disk *disk, const char *path)
{
    struct sim_disk *d = sim_of(disk);
    struct sim_inode *dir;
    const char *name;
    bool dies;
    enum err err = name_begin(d, &dies);
    if (err != ERR_OK)
        return err;
    if (look_up(d, path, &dir, &name) != NULL)
        return ERR_EXISTS;
    if (dir == NULL)
        return ERR_NOT_FOUND;
    if (room(d) == 0) {
        d->hits[SIM_CREATE_NOSPACE]++;
        return ERR_NOSPACE;
    }
    struct sim_inode *inode = inode_create(d, true);
    inode->names_count = 1;
    entries_put(&dir->names, name, inode);
    struct change *change = change_add(d, dir, CHANGE_PUT);
    change->name = mem_strdup(name);
    change->inode = inode;
    return dies ? ERR_IO : ERR_OK;
}

static enum err sim_sync_dir(struct disk *disk, const char *path)
{
    struct sim_disk *d = sim_of(disk);
    struct sim_inode *dir;
    const char *name;
    enum call_end end = call_begin(d);
    if (end != CALL_GOES_ON) {
        d->hits[SIM_DIED_IN_SYNC] += end == CALL_DIES;
        return ERR_IO;
    }
    struct sim_inode *inode = look_up(d, path, &dir, &name);
    if (inode == NULL)
        return ERR_NOT_FOUND;
    if (!inode->is_dir)
        return ERR_INVALID;
    if (odds_hit(d, SIM_SYNC_DIR_EIO))
        return ERR_IO; /* names stay as dirty as they were: a journal that failed is the end of it */
    land_all(inode);
    return ERR_OK;
}

static enum err sim_list(struct disk *disk, const char *path, disk_list_fn *fn, void *ctx)
{
    struct sim_disk *d = sim_of(disk);
    struct sim_inode *dir;
    const char *name;
    if (call_begin(d) != CALL_GOES_ON)
        return ERR_IO;
    struct sim_inode *inode = look_up(d, path, &dir, &name);
    if (inode == NULL)
        return ERR_NOT_FOUND;
    if (!inode->is_dir)
        return ERR_INVALID;
    size_t first = inode->names.count == 0 ? 0 : random_below(&d->random, inode->names.count);
    for (size_t i = 0; i < inode->names.count; i++) {
        const struct sim_entry *e = &inode->names.items[(first + i) % inode->names.count];
        if (!fn(ctx, e->name, e->inode->is_dir ? DISK_ENTRY_DIR : DISK_ENTRY_FILE))
            break;
    }
    return ERR_OK;
}

static enum err sim_lock(struct disk *disk, const char *path)
{
    struct sim_disk *d = sim_of(disk);
    struct disk_file *file;
    if (d->locks > 0)
        return ERR_BUSY;
    enum err err = sim_open(disk, path, DISK_WRITE | DISK_CREATE, &file);
    if (err != ERR_OK)
        return err;
    sim_close(file);
    d->locks++;
    return ERR_OK;
}

/* --- jobs ----------------------------------------------------------------------------------- */

static void sim_submit(struct disk *disk, enum disk_lane lane, struct disk_job *job)
{
    list_push_back(&sim_of(disk)->waiting[lane], &job->link);
}

/* Runs the oldest of some lane. False: there is none. */
static bool run_one(struct sim_disk *d)
{
    size_t lane = (size_t)random_below(&d->random, DISK_LANE_COUNT);
    if (list_empty(&d->waiting[lane]))
        lane = (lane + 1) % DISK_LANE_COUNT;
    if (list_empty(&d->waiting[lane]))
        return false;
    struct disk_job *job = CONTAINER_OF(d->waiting[lane].next, struct disk_job, link);
    list_remove(&job->link);
    job->run(job);
    if (chance(d, 2))
        list_push_back(&d->finished, &job->link);
    else
        list_push_front(&d->finished, &job->link);
    return true;
}

static size_t sim_reap(struct disk *disk)
{
    struct sim_disk *d = sim_of(disk);
    size_t count = 0;
    while ((d->eager || !chance(d, 3)) && run_one(d)) {
    }
    while (!list_empty(&d->finished) && (d->eager || !chance(d, 3))) {
        struct disk_job *job = CONTAINER_OF(d->finished.next, struct disk_job, link);
        list_remove(&job->link);
        job->done(job);
        count++;
    }
    return count;
}

bool sim_disk_busy(const struct sim_disk *d)
{
    for (size_t i = 0; i < DISK_LANE_COUNT; i++)
        if (!list_empty(&d->waiting[i]))
            return true;
    return !list_empty(&d->finished);
}

/* --- life and death ------------------------------------------------------------------------- */

static const struct disk_ops sim_ops = {
    .open = sim_open,
    .close = sim_close,
    .write = sim_write,
    .read = sim_read,
    .sync = sim_sync,
    .truncate = sim_truncate,
    .size = sim_size,
    .rename = sim_rename,
    .unlink = sim_unlink,
    .mkdir = sim_mkdir,
    .rmdir = sim_rmdir,
    .sync_dir = sim_sync_dir,
    .list = sim_list,
    .lock = sim_lock,
    .submit = sim_submit,
    .reap = sim_reap,
};

static void name_boot(struct sim_disk *d)
{
    d->boots++;
    snprintf(d->disk.boot_id, sizeof(d->disk.boot_id), "boot-%llu", (unsigned long long)d->boots);
}

struct sim_disk *sim_disk_create(uint64_t seed)
{
    struct sim_disk *d = mem_zalloc(1, sizeof(*d));
    d->disk.ops = &sim_ops;
    random_seed(&d->random, seed);
    list_init(&d->inodes);
    for (size_t i = 0; i < DISK_LANE_COUNT; i++)
        list_init(&d->waiting[i]);
    list_init(&d->finished);
    d->root = inode_create(d, true);
    d->root->names_count = 1;
    d->calls_left = -1;
    d->capacity = SIM_SPACE_ENDLESS;
    name_boot(d);
    return d;
}

static void inode_free(struct sim_inode *inode)
{
    ASSERT(inode->handles == 0);
    list_remove(&inode->link);
    buf_deinit(&inode->now);
    buf_deinit(&inode->durable);
    entries_clear(&inode->names);
    entries_clear(&inode->durable_names);
    changes_clear(&inode->changes);
    mem_free(inode);
}

void sim_disk_destroy(struct sim_disk *d)
{
    LIST_EACH (it, &d->inodes) {
        inode_free(CONTAINER_OF(it, struct sim_inode, link));
    }
    mem_free(d);
}

void sim_disk_fair(struct sim_disk *d)
{
    memset(d->odds, 0, sizeof(d->odds));
    d->capacity = SIM_SPACE_ENDLESS;
}

void sim_disk_die_after(struct sim_disk *d, int64_t calls)
{
    d->calls_left = calls;
}

void sim_disk_die(struct sim_disk *d)
{
    d->dead = true;
}

static void come_back(struct sim_disk *d)
{
    ASSERT(d->open_handles == 0);
    ASSERT(!sim_disk_busy(d));
    d->dead = false;
    d->calls_left = -1;
    d->locks = 0;
}

/* The cache takes what the device has. */
static void evict(struct sim_disk *d, struct sim_inode *inode)
{
    if (inode->changes.count > 0)
        return; /* it is dirty again: not all of it can be read back */
    if (!bytes_equal(buf_bytes(&inode->now), buf_bytes(&inode->durable)))
        d->hits[SIM_EVICTED]++;
    buf_clear(&inode->now);
    buf_append_bytes(&inode->now, buf_bytes(&inode->durable));
    inode->forgotten = false;
}

void sim_disk_process_restart(struct sim_disk *d)
{
    come_back(d);
    LIST_EACH (it, &d->inodes) {
        struct sim_inode *inode = CONTAINER_OF(it, struct sim_inode, link);
        if (inode->forgotten && !inode->is_dir && chance(d, 2))
            evict(d, inode);
    }
}

/* Frees what no name leads to. */
static void count_names(struct sim_inode *dir)
{
    for (size_t i = 0; i < dir->names.count; i++) {
        struct sim_inode *inode = dir->names.items[i].inode;
        if (inode->names_count++ == 0 && inode->is_dir)
            count_names(inode);
    }
}

void sim_disk_power_cycle(struct sim_disk *d)
{
    struct keeping k = keeping_choose(d);
    come_back(d);
    LIST_EACH (it, &d->inodes) {
        struct sim_inode *inode = CONTAINER_OF(it, struct sim_inode, link);
        land(d, inode, &k);
        changes_clear(&inode->changes);
        buf_clear(&inode->now);
        buf_append_bytes(&inode->now, buf_bytes(&inode->durable));
        entries_copy(&inode->names, &inode->durable_names);
        inode->forgotten = false;
        inode->names_count = inode == d->root;
    }
    count_names(d->root);
    LIST_EACH (other, &d->inodes) {
        struct sim_inode *inode = CONTAINER_OF(other, struct sim_inode, link);
        if (inode->names_count == 0)
            inode_free(inode);
    }
    name_boot(d);
}

/* --- looking in, and spoiling --------------------------------------------------------------- */

void sim_disk_each_file(struct sim_disk *d, const char *dir, sim_disk_file_fn *fn, void *ctx)
{
    struct sim_inode *above;
    const char *name;
    const struct sim_inode *inode = look_up(d, dir, &above, &name);
    if (inode == NULL || !inode->is_dir)
        return;
    for (size_t i = 0; i < inode->names.count; i++) {
        const struct sim_entry *e = &inode->names.items[i];
        if (!e->inode->is_dir)
            fn(ctx, e->name, buf_bytes(&e->inode->now));
    }
}

bool sim_disk_flip(struct sim_disk *d, const char *path, uint64_t pos, unsigned bit)
{
    struct sim_inode *above;
    const char *name;
    struct sim_inode *inode = look_up(d, path, &above, &name);
    if (inode == NULL || inode->is_dir || inode->forgotten)
        return false;
    if (pos >= inode->durable.len || pos >= inode->now.len)
        return false;
    for (size_t i = 0; i < inode->changes.count; i++) {
        const struct change *c = &inode->changes.items[i];
        if (c->kind == CHANGE_LENGTH || c->sector == pos / SIM_SECTOR_BYTES)
            return false;
    }
    inode->durable.data[pos] = (char)(inode->durable.data[pos] ^ (1 << bit));
    inode->now.data[pos] = inode->durable.data[pos];
    d->hits[SIM_BIT_ROT]++;
    return true;
}
