/* SPDX-License-Identifier: BSD-3-Clause */
#include "sim/sim_ops.h"

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

/* --- dying and faults ----------------------------------------------------------------------- */

enum call_end sim_call_begin(struct sim_disk *d)
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

bool sim_odds_hit(struct sim_disk *d, enum sim_fault fault)
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

uint64_t sim_room(const struct sim_disk *d)
{
    if (d->capacity == SIM_SPACE_ENDLESS)
        return SIM_SPACE_ENDLESS;
    uint64_t used = sim_disk_used(d);
    return used < d->capacity ? d->capacity - used : 0;
}

enum err sim_name_begin(struct sim_disk *d, bool *dies)
{
    enum call_end end = sim_call_begin(d);
    *dies = false;
    if (end == CALL_DEAD)
        return ERR_IO;
    if (end == CALL_DIES) {
        d->hits[SIM_DIED_IN_NAME]++;
        *dies = true;
        return sim_chance(d, 2) ? ERR_OK : ERR_IO; /* done, but nobody hears of it; or not */
    }
    return sim_odds_hit(d, SIM_NAME_EIO) ? ERR_IO : ERR_OK;
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
    if (sim_chance(d, 2))
        list_push_back(&d->finished, &job->link);
    else
        list_push_front(&d->finished, &job->link);
    return true;
}

static size_t sim_reap(struct disk *disk)
{
    struct sim_disk *d = sim_of(disk);
    size_t count = 0;
    while ((d->eager || !sim_chance(d, 3)) && run_one(d)) {
    }
    while (!list_empty(&d->finished) && (d->eager || !sim_chance(d, 3))) {
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
        if (inode->forgotten && !inode->is_dir && sim_chance(d, 2))
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
        inode_land(d, inode, &k);
        inode_changes_clear(&inode->changes);
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
    const struct sim_inode *inode = inode_look_up(d, dir, &above, &name);
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
    struct sim_inode *inode = inode_look_up(d, path, &above, &name);
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
